//! Random valid scenarios, every part drawn from a seed.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};

use peakday::balancer::BalancerSpec;
use peakday::dist::{Distribution, DistributionSpec, Factor};
use peakday::ids::{ClassId, ServiceId};
use peakday::results::{
    Goal, ObjectivePlan, Plan, PoolPlan, RowPlan, ServicePlan, SourcePlan, UNLIMITED_MILLICORES,
};
use peakday::rng::{Bits, Key, Stream, uniform_closed_open};
use peakday::scenario::{Demand, Order, Pool, Queue, Recording, Scenario, Service, Source};
use peakday::time::{SimDuration, SimTime};
use peakday::workload::recorded::{RecordedSpec, TraceFiles};
use peakday::workload::{ArrivalsSpec, Profile, Segment, StateSpec};

/// Files in memory, by name.
#[derive(Clone, Debug, Default)]
pub struct Files(pub BTreeMap<String, String>);

impl TraceFiles for Files {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        let text = self.0.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(Cursor::new(text.clone().into_bytes())))
    }
}

/// Draws by name of what is wanted.
pub struct Dice(Stream);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(Key::from_seed(seed).named("swarm").stream())
    }

    pub fn unit(&mut self) -> f64 {
        uniform_closed_open(self.0.next_bits())
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Draws an integer between two bounds, both included.
    pub fn int(&mut self, least: u64, most: u64) -> u64 {
        least + (self.unit() * (most - least + 1) as f64) as u64
    }

    pub fn real(&mut self, least: f64, most: f64) -> f64 {
        least + self.unit() * (most - least)
    }

    /// Draws a real number of any order of magnitude between two bounds.
    pub fn scale(&mut self, least: f64, most: f64) -> f64 {
        libm::exp(self.real(libm::log(least), libm::log(most)))
    }

    pub fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.int(0, choices.len() as u64 - 1) as usize].clone()
    }

    pub fn maybe<T>(&mut self, probability: f64, draw: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.chance(probability).then(|| draw(self))
    }
}

/// A scenario and the traces it names.
#[derive(Clone, Debug)]
pub struct Drawn {
    pub scenario: Scenario,
    pub files: Files,
}

/// Draws a scenario: a few services, a few milliseconds, at most some thousand requests.
pub fn drawn(seed: u64) -> Drawn {
    let mut dice = Dice::new(seed);
    let dice = &mut dice;
    let plan = frame(dice);
    let mut drawn = Drawn {
        scenario: Scenario {
            releases: vec![],
            faults: Vec::new(),
            monitoring: vec![],
            actions: vec![],
            cautions: Vec::new(),
            overlays: Vec::new(),
            settings: Vec::new(),
            plan,
            seed,
            sha256: String::new(),
            day_sha256: String::new(),
            resolved: String::new(),
            replications: 1,
            sources: vec![],
            services: vec![],
        },
        files: Files::default(),
    };
    let requests = dice.scale(1.0, 1_500.0).min(drawn.scenario.plan.duration_ns as f64 / 4.0);
    let services = dice.int(1, 4) as usize;
    for index in 0..services {
        add_service(dice, &mut drawn.scenario, index, requests / services as f64);
    }
    let sources = dice.int(1, 4) as usize;
    for index in 0..sources {
        add_source(dice, &mut drawn, index, requests / sources as f64);
    }
    for index in 0..dice.int(0, 4) {
        add_objective(dice, &mut drawn.scenario.plan, index);
    }
    drawn
}

fn frame(dice: &mut Dice) -> Plan {
    let duration_ns = match dice.int(0, 19) {
        0 => dice.int(1, 3_000),
        1..=9 => 1_000_000 * dice.int(1, 5),
        _ => dice.int(100_000, 5_000_000),
    };
    let interval_ns = match dice.int(0, 3) {
        0 => duration_ns / dice.int(1, 20),
        1 => 2 * duration_ns,
        _ => dice.int(1, duration_ns),
    };
    let interval_ns = interval_ns.max(duration_ns.div_ceil(100));
    let warmup_ns = match dice.int(0, 5) {
        0..=2 => 0,
        3 => interval_ns * dice.int(0, (duration_ns - 1) / interval_ns),
        4 => duration_ns - 1,
        _ => dice.int(0, duration_ns - 1),
    };
    Plan {
        releases: vec![],
        name: "swarm".into(),
        display_name: None,
        start: None,
        duration_ns,
        warmup_ns,
        warmup_found: false,
        interval_ns,
        classes: (0..dice.int(1, 3)).map(|class| format!("class-{class}")).collect(),
        zones: (0..dice.int(0, 3)).map(|zone| format!("zone-{zone}")).collect(),
        currency: None,
        sources: vec![],
        services: vec![],
        rows: vec![],
        objectives: vec![],
    }
}

fn add_service(dice: &mut Dice, scenario: &mut Scenario, index: usize, requests: f64) {
    let plan = &mut scenario.plan;
    let zones = plan.zones.len() as u16;
    let pools: Vec<Pool> = (0..dice.int(1, 3)).map(|_| pool(dice, zones)).collect();
    let capacity: f64 = pools.iter().map(strength).sum();
    // From idle to hopeless.
    let load = dice.scale(0.1, 4.0);
    let mean = load * capacity * plan.duration_ns as f64 / requests.max(1.0);
    let mut demands: Vec<Option<Demand>> = plan.classes.iter().map(|_| None).collect();
    let sure = dice.int(0, demands.len() as u64 - 1) as usize;
    for (class, demand) in demands.iter_mut().enumerate() {
        if class == sure || dice.chance(0.7) {
            let work = law(dice, mean);
            *demand = Some(Demand { work, wait: dice.maybe(0.25, |dice| law(dice, mean)) });
        }
    }
    for (class, demand) in demands.iter().enumerate() {
        plan.rows.extend(demand.as_ref().map(|demand| RowPlan {
            service: index,
            class,
            work_mean_ns: Some(demand.work.mean()),
            wait_mean_ns: demand.wait.as_ref().map(Distribution::mean),
        }));
    }
    let queue = queue(dice, plan.duration_ns, demands.len());
    let as_planned = |(index, pool): (usize, &Pool)| PoolPlan {
        name: format!("pool-{index}"),
        replicas: pool.replicas,
        concurrency: pool.concurrency,
        millicores: millicores(pool),
        speed: pool.speed,
        price_per_hour: None,
        node_price: None,
        warm_price_per_hour: None,
        billed_at_least_ns: 0,
    };
    plan.services.push(ServicePlan {
        version: None,
        name: format!("service-{index}"),
        pools: pools.iter().enumerate().map(as_planned).collect(),
        queue_limit: queue.limit,
        central_queue: queue.central,
        growing: false,
        no_mean_interval: None,
    });
    scenario.services.push(Service {
        pools,
        queue,
        demands,
        balancer: balancer(dice),
        health: None,
        ladder: None,
        proxies: None,
    });
}

pub fn balancer(dice: &mut Dice) -> BalancerSpec {
    let (_, spec) = dice.one_of(&BalancerSpec::examples());
    let several =
        |choices| serde_json::from_str(&format!(r#"{{"leastRequest": {{"choiceCount": {choices}}}}}"#));
    dice.maybe(0.1, |dice| several(dice.int(1, 5)).expect("a balancer")).unwrap_or(spec)
}

pub fn millicores(pool: &Pool) -> u64 {
    let dedicated = pool.concurrency.map(|slots| 1_000 * u64::from(slots));
    pool.shared_millicores.or(dedicated).unwrap_or(UNLIMITED_MILLICORES)
}

/// Returns how much demand the servers of a pool serve at once.
fn strength(pool: &Pool) -> f64 {
    f64::from(pool.replicas) * pool.speed * (millicores(pool).min(4_000) as f64 / 1_000.0)
}

pub fn pool(dice: &mut Dice, zones: u16) -> Pool {
    let concurrency = dice.maybe(0.8, |dice| dice.int(1, 6) as u32);
    let most = concurrency.map_or(3_000, |slots| 1_000 * u64::from(slots) - 1);
    Pool {
        replicas: dice.int(1, 4) as u32,
        concurrency,
        shared_millicores: dice.maybe(0.3, |dice| dice.int(50, most)),
        speed: if dice.chance(0.5) { 1.0 } else { dice.scale(0.2, 5.0) },
        weight: if dice.chance(0.5) { 1.0 } else { dice.scale(0.1, 10.0) },
        zones: (0..zones).filter(|_| dice.chance(0.5)).collect(),
        ..Pool::default()
    }
}

pub fn queue(dice: &mut Dice, duration_ns: u64, classes: usize) -> Queue {
    Queue {
        central: dice.chance(0.4),
        limit: dice.maybe(0.5, |dice| dice.int(0, 12) as u32),
        timeout: dice.maybe(0.4, |dice| match dice.int(0, 9) {
            0 => SimDuration::from_nanos(1),
            1 => SimDuration::from_nanos(duration_ns),
            _ => SimDuration::from_nanos(dice.scale(10.0, duration_ns.max(20) as f64) as u64),
        }),
        order: match dice.int(0, 2) {
            0 => Order::Fifo,
            1 => Order::Lifo,
            _ => Order::Priority((0..classes).map(|_| dice.int(0, 3) as u16).collect()),
        },
    }
}

/// Draws a distribution of about this mean, in nanoseconds.
fn law(dice: &mut Dice, mean: f64) -> Distribution {
    let mean = mean.max(1e-3);
    let text = match dice.int(0, 9) {
        0 => "0".to_owned(),
        1 => format!("{mean}"),
        // Whole and round: many things end at one instant.
        2 => format!("{}", (mean / 1e3).ceil() * 1e3),
        3 => format!(r#"{{"exponential": {{"mean": {mean}}}}}"#),
        4 => format!(r#"{{"uniform": {{"min": 0, "max": {}}}}}"#, 2.0 * mean),
        5 => format!(r#"{{"lognormal": {{"mean": {mean}, "cv": 1.5}}}}"#),
        6 => format!(r#"{{"gamma": {{"mean": {mean}, "cv": 0.7}}}}"#),
        7 => format!(r#"{{"pareto": {{"alpha": 1.5, "mean": {mean}}}}}"#),
        8 => format!(r#"{{"hyperexponential": {{"mean": {mean}, "cv": 3}}}}"#),
        _ => format!(r#"{{"empirical": {{"values": [0, {mean}, {}]}}}}"#, 2.0 * mean),
    };
    let spec: DistributionSpec<Factor> = serde_json::from_str(&text).expect("a distribution");
    spec.build().expect("a valid distribution")
}

fn add_source(dice: &mut Dice, drawn: &mut Drawn, index: usize, requests: f64) {
    let plan = &mut drawn.scenario.plan;
    let horizon = SimDuration::from_nanos(plan.duration_ns);
    let to = dice.int(0, plan.services.len() as u64 - 1) as usize;
    let known: Vec<usize> = plan.rows_of(to).map(|row| plan.rows[row].class).collect();
    let mut mix: Vec<usize> = known.iter().copied().filter(|_| dice.chance(0.6)).collect();
    if mix.is_empty() {
        mix.push(dice.one_of(&known));
    }
    let parts = mix.len() as f64;
    let share = |(at, class): (usize, &usize)| (ClassId::new(*class), (at + 1) as f64 / parts);
    let recordings = if plan.duration_ns < 10_000 { 0 } else { dice.int(0, 5).saturating_sub(3) };
    let profile = (recordings == 0 || dice.chance(0.5)).then(|| profile(dice, requests, horizon));
    let mut recorded = Vec::new();
    for part in 0..recordings {
        let file = format!("trace-{index}-{part}.csv");
        let (text, rows) = trace(dice, plan, &file, requests / recordings as f64);
        let spec: RecordedSpec = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(spec.problems(), [], "{text}");
        drawn.files.0.insert(file.clone(), rows);
        let class = |name: &str| plan.classes.iter().position(|class| class == name).map(ClassId::new);
        let resolve = |text: &str| text.parse::<SimDuration>().map(|length| length.as_nanos() as i64);
        let input = drawn.files.open(&file).expect("the file just written");
        let survey = spec.survey(input, &class, &resolve, SimTime::ZERO + horizon);
        let survey = survey.unwrap_or_else(|error| panic!("{text}: {error}\n{}", drawn.files.0[&file]));
        recorded.push(Recording { spec, survey, factor: dice.one_of(&[1.0, 1.0, 0.5, 1.7]) });
    }
    plan.sources.push(SourcePlan { name: format!("source-{index}"), recorded: recordings > 0 });
    drawn.scenario.sources.push(Source {
        name: format!("source-{index}"),
        to: ServiceId::new(to),
        mix: mix.iter().enumerate().map(share).collect(),
        arrivals: arrivals(dice, plan.duration_ns),
        profile,
        recorded,
        keys: None,
        uncertainty: dice.maybe(0.2, |dice| {
            let spec = match dice.chance(0.5) {
                true => r#"{"uniform": {"min": 0.5, "max": 1.5}}"#,
                false => r#"{"lognormal": {"p50": 1, "p90": 1.3}}"#,
            };
            serde_json::from_str::<DistributionSpec<Factor>>(spec).expect("a factor").build().expect("valid")
        }),
    });
}

fn arrivals(dice: &mut Dice, duration_ns: u64) -> ArrivalsSpec {
    match dice.int(0, 3) {
        0 => ArrivalsSpec::Poisson,
        1 => ArrivalsSpec::Uniform,
        2 => ArrivalsSpec::Gamma { cv: dice.scale(0.1, 4.0) },
        _ => ArrivalsSpec::Mmpp {
            states: (0..dice.int(1, 3))
                .map(|state| StateSpec {
                    factor: if state == 0 { 1.0 } else { dice.one_of(&[0.0, 0.2, 5.0]) },
                    mean: SimDuration::from_nanos(1 + (duration_ns as f64 * dice.scale(0.01, 1.0)) as u64),
                })
                .collect(),
        },
    }
}

/// Draws a rate with about so many arrivals: level stretches, ramps, jumps, pauses.
fn profile(dice: &mut Dice, requests: f64, horizon: SimDuration) -> Profile {
    let rate = requests / horizon.as_secs_f64();
    let pieces = dice.int(1, 4);
    let (mut from, mut last, mut segments) = (SimTime::ZERO, rate, Vec::new());
    for piece in 1..=pieces {
        let length = SimDuration::from_nanos(dice.int(1, 2 * horizon.as_nanos() / pieces + 1));
        let to = if piece == pieces { SimTime::MAX } else { from + length };
        let start_rate = if dice.chance(0.7) { last } else { rate * dice.real(0.0, 2.0) };
        let end_rate = match dice.int(0, 2) {
            _ if piece == pieces => start_rate,
            0 => start_rate,
            1 => 0.0,
            _ => rate * dice.real(0.0, 2.0),
        };
        segments.push(Segment { from, to, start_rate, end_rate });
        (from, last) = (to, end_rate);
    }
    Profile::new(segments, horizon)
}

/// Draws a trace: how it is to be read, and its text.
fn trace(dice: &mut Dice, plan: &Plan, file: &str, requests: f64) -> (String, String) {
    let (sized, classed) = (dice.chance(0.4), dice.chance(0.4));
    let mut keys = vec![format!(r#""file": "{file}""#)];
    let extra = |dice: &mut Dice| {
        let mut cells = String::new();
        if sized {
            cells += &format!(",{}", dice.one_of(&["1", "0", "0.25", "3.5", "12"]));
        }
        if classed {
            cells += &format!(",{}", dice.one_of(&plan.classes));
        }
        cells
    };
    let form = dice.int(0, 2);
    let mut text = String::from(if form == 0 { "t" } else { "i,n" });
    text += if sized { ",size" } else { "" };
    text += if classed { ",class\n" } else { "\n" };
    if form == 0 {
        keys.push(r#""time": "t""#.into());
        let mut at = 0;
        let gap = plan.duration_ns as f64 / requests.max(1.0);
        for _ in 0..requests.ceil() as u64 {
            at += if dice.chance(0.2) { 0 } else { dice.real(0.0, 2.5 * gap) as u64 };
            text += &format!("{}.{:09}{}\n", at / 1_000_000_000, at % 1_000_000_000, extra(dice));
        }
    } else {
        let lines = dice.int(1, 20);
        let interval = (plan.duration_ns / dice.int(lines.div_ceil(2), 2 * lines)).max(1);
        let each = requests / lines as f64;
        keys.push(format!(r#""index": "i", "interval": "{interval}ns""#));
        keys.push(if form == 1 { r#""count": "n""# } else { r#""rate": "n", "per": "1ms""# }.to_owned());
        let mut index = 0;
        for _ in 0..lines {
            index += dice.one_of(&[1, 1, 1, 3]);
            let count = match form {
                1 if dice.chance(0.8) => dice.real(0.0, 2.0 * each).round(),
                1 => dice.real(0.0, 2.0 * each),
                _ => dice.real(0.0, 2.0 * each) * 1e6 / interval as f64,
            };
            text += &format!("{index},{count:.6}{}\n", extra(dice));
        }
    }
    if sized {
        keys.push(r#""size": "size""#.into());
    }
    if classed {
        keys.push(r#""class": "class""#.into());
    }
    keys.extend(dice.maybe(0.3, |dice| format!(r#""scale": {:.3}"#, dice.scale(0.3, 3.0))));
    keys.extend(dice.maybe(0.3, |dice| format!(r#""speed": {:.3}"#, dice.scale(0.5, 2.0))));
    keys.extend(dice.maybe(0.3, |dice| {
        let to = dice.int(0, plan.duration_ns / 2);
        format!(r#""align": {{"recorded": "{}ns", "scenario": "{to}ns"}}"#, dice.int(0, plan.duration_ns / 2))
    }));
    (format!("{{{}}}", keys.join(", ")), text)
}

fn add_objective(dice: &mut Dice, plan: &mut Plan, index: u64) {
    let service = dice.int(0, plan.services.len() as u64 - 1) as usize;
    let classes: Vec<usize> = plan.rows_of(service).map(|row| plan.rows[row].class).collect();
    let goal = match dice.chance(0.6) {
        true => Goal::Latency {
            percentile: dice.one_of(&[50.0, 90.0, 99.0, 99.9]),
            bound_ns: dice.int(0, plan.duration_ns),
            inclusive: dice.chance(0.5),
        },
        false => Goal::Success { at_least: dice.one_of(&[0.9, 0.999, 1.0]), inclusive: dice.chance(0.5) },
    };
    let from_ns = dice.maybe(0.4, |dice| dice.int(0, plan.duration_ns - 1));
    let start = from_ns.unwrap_or(plan.warmup_ns);
    plan.objectives.push(ObjectivePlan {
        name: format!("objective-{index}"),
        service,
        class: dice.maybe(0.5, |dice| dice.one_of(&classes)),
        goal,
        every_ns: dice.maybe(0.5, |dice| dice.int(plan.duration_ns.div_ceil(50), plan.duration_ns)),
        from_ns,
        to_ns: dice.maybe(0.3, |dice| dice.int(start + 1, plan.duration_ns)),
        holds_in: None,
    });
}
