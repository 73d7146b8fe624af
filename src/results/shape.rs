//! Whether a result read from a file hangs together, so that nothing that reads it can fail.

use crate::results::{LogEntry, Plan, ReleaseRun, RunResult, StudyResult};

/// The largest number of intervals a result may hold: 100 days in seconds.
const MAX_INTERVALS: u64 = 8_640_000;

/// Checks that every index points at something and every series has its length.
///
/// # Errors
///
/// What does not fit, in words.
pub fn check_shape(result: &StudyResult) -> Result<(), String> {
    check_plan(&result.plan)?;
    for run in &result.runs {
        check_run(&result.plan, run).map_err(|what| format!("replication {}: {what}", run.replication))?;
    }
    Ok(())
}

fn check_plan(plan: &Plan) -> Result<(), String> {
    let finite = |x: f64| x.is_finite() && x >= 0.0;
    ensure(plan.interval_ns > 0, "the interval is zero")?;
    ensure(plan.warmup_ns <= plan.duration_ns, "the warm-up is longer than the run")?;
    ensure(plan.duration_ns.div_ceil(plan.interval_ns) <= MAX_INTERVALS, "too many intervals")?;
    for pool in plan.services.iter().flat_map(|service| &service.pools) {
        let price = pool.price_per_hour.is_none_or(finite);
        ensure(finite(pool.speed) && pool.speed > 0.0 && price, "a pool's speed or price is no number")?;
    }
    for row in &plan.rows {
        let known = row.service < plan.services.len() && row.class < plan.classes.len();
        ensure(known, "a row names an unknown service or class")?;
    }
    ensure(plan.rows.is_sorted_by_key(|row| row.service), "rows are not ordered by service")?;
    for objective in &plan.objectives {
        let class = objective.class.is_none_or(|class| class < plan.classes.len());
        ensure(
            objective.service < plan.services.len() && class,
            "an objective names an unknown service or class",
        )?;
    }
    for release in &plan.releases {
        let objectives = release.objectives.iter().all(|&index| index < plan.objectives.len());
        let judged = !release.objectives.is_empty() && objectives;
        ensure(release.service < plan.services.len(), "a release names an unknown service")?;
        ensure(judged, "a release names an unknown objective, or none")?;
        ensure(!release.policies.is_empty(), "a release has no policy")?;
    }
    Ok(())
}

fn check_run(plan: &Plan, run: &RunResult) -> Result<(), String> {
    let intervals = plan.duration_ns.div_ceil(plan.interval_ns) as usize;
    let lengths = [
        ("sources", run.ledgers.len(), plan.sources.len()),
        ("rows", run.rows.len(), plan.rows.len()),
        ("services", run.services.len(), plan.services.len()),
        ("row series", run.row_series.len(), plan.rows.len()),
        ("service series", run.service_series.len(), plan.services.len()),
        ("objectives", run.objectives.len(), plan.objectives.len()),
    ];
    for (what, found, expected) in lengths {
        ensure(found == expected, &format!("{found} {what}, not {expected}"))?;
    }
    for server in &run.servers {
        let pool = plan.services.get(server.service).and_then(|service| service.pools.get(server.pool));
        let zone = server.zone.is_none_or(|zone| zone < plan.zones.len());
        ensure(pool.is_some() && zone, "a server names an unknown service, pool or zone")?;
        ensure(server.version as usize <= run.versions.len(), "a server names an unknown version")?;
    }
    for node in &run.nodes {
        let pool = plan.services.get(node.service).and_then(|service| service.pools.get(node.pool));
        ensure(pool.is_some(), "a node names an unknown service or pool")?;
    }
    let known = |entry: &LogEntry| match (entry.service, entry.pool) {
        (None, pool) => pool.is_none(),
        (Some(service), pool) => plan
            .services
            .get(service)
            .is_some_and(|service| pool.is_none_or(|pool| pool < service.pools.len())),
    };
    ensure(run.events.iter().all(known), "an event names an unknown service or pool")?;
    for decision in &run.decisions {
        let pool = plan.services.get(decision.service).and_then(|service| service.pools.get(decision.pool));
        ensure(pool.is_some(), "a decision names an unknown service or pool")?;
    }
    run.releases.iter().try_for_each(|release| check_release(plan, release))?;
    for series in &run.row_series {
        let counts = series.outcomes.iter().chain([&series.offered, &series.dispatched]);
        let wides = [series.in_flight_ns.len(), series.size_sum_micros.len()];
        let percentiles = [series.p50_ns.len(), series.p99_ns.len()];
        let mut lengths = counts.map(Vec::len).chain(wides).chain(percentiles);
        ensure(lengths.all(|length| length == intervals), "a row's series is not as long as the run")?;
    }
    for series in &run.service_series {
        let wides = [
            &series.desired_ns,
            &series.ordered_ns,
            &series.ready_ns,
            &series.slot_ns,
            &series.cpu_milli_ns,
            &series.queued_ns,
        ];
        let percentiles = [series.p50_ns.len(), series.p99_ns.len()];
        let sent = [&series.sent_total, &series.sent_most, &series.sent_servers].map(Vec::len);
        let mut lengths = wides.map(Vec::len).into_iter().chain(percentiles).chain(sent);
        ensure(lengths.all(|length| length == intervals), "a service's series is not as long as the run")?;
    }
    Ok(())
}

fn check_release(plan: &Plan, run: &ReleaseRun) -> Result<(), String> {
    let known = plan.releases.get(run.release).filter(|release| run.policy < release.policies.len());
    let Some(release) = known else { return Err("a release or its policy is unknown".to_owned()) };
    let judged =
        run.health.len() == release.objectives.len() || run.start_ns.is_none() && run.health.is_empty();
    ensure(judged, "a release is not judged by its objectives")?;
    ensure(
        run.marks.is_sorted_by_key(|mark| mark.at_ns),
        "bad requests of a release are not in order of time",
    )?;
    ensure(run.start_ns.is_none_or(|start| start <= plan.duration_ns), "a release begins after the end")?;
    let series = &run.series;
    let lengths = [
        series.previous_ns.len(),
        series.new_ns.len(),
        series.weight_ppm.len(),
        series.bad.len(),
        series.ended.len(),
        series.seen_ppm.len(),
        series.load_milli.len(),
    ];
    let intervals = plan.duration_ns.div_ceil(plan.interval_ns) as usize;
    let none = run.start_ns.is_none() && lengths == [0; 7];
    ensure(none || lengths == [intervals; 7], "a release's series is not as long as the run")
}

fn ensure(condition: bool, what: &str) -> Result<(), String> {
    if condition { Ok(()) } else { Err(what.to_owned()) }
}
