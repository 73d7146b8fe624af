//! What to write for a key, by the block in which it stands: the one place of all examples in
//! messages. A test reads every one of them in its place.

mod release;
mod sweep;

use super::schema::{ROOT, Shape};

const LATENCY: &str = "{percentile: 99, lt: 400ms}";
const OBJECTIVE: &str = "{name: p99, service: web, latency: {percentile: 99, lt: 400ms}}";
const OBJECTIVES: &str = "[{name: p99, service: web, latency: {percentile: 99, lt: 400ms}}]";
const POOL: &str = "{replicas: 4, concurrency: 16}";
const POOLS: &str = "{standard: {replicas: 4, concurrency: 16}}";
const SERVICE: &str = "{pools: {standard: {replicas: 4, concurrency: 16}}, work: 5ms}";
const SERVICES: &str = "{web: {pools: {standard: {replicas: 4, concurrency: 16}}, work: 5ms}}";
const SOURCE: &str = "{to: web, class: browse, rate: 90/s}";
const SOURCES: &str = "{users: {to: web, class: browse, rate: 90/s}}";
const STAGES: &str = "{startRate: 3k/s, steps: [{duration: 30m, target: 4k/s}]}";
const EVENT: &str = "{baseline: 90/s, at: 30m, shape: double11-2019, peak: 3.2k/s}";
const STATE: &str = "{factor: 4, mean: 1s}";
const STATES: &str = "{states: [{factor: 0.5, mean: 10s}, {factor: 4, mean: 1s}]}";
const BRANCHES: &str = "[{probability: 90%, mean: 4ms}, {probability: 10%, mean: 14ms}]";
const FACTORS: &str = "[{probability: 90%, mean: 1.0}, {probability: 10%, mean: 1.5}]";

type Block = (&'static str, &'static [(&'static str, &'static str)]);

/// Examples by definition of the schema and by key; those of an element or entry stand under "".
const BLOCKS: &[Block] = &[
    (
        ROOT,
        &[
            ("apiVersion", "peakday/v1alpha1"),
            ("kind", "Scenario"),
            ("metadata", "{name: my-scenario}"),
            ("run", "{duration: 10m}"),
            ("traffic", SOURCES),
            ("services", SERVICES),
            ("faults", "[{at: 5m, crash: {service: web, servers: 1}}]"),
            ("monitoring", "{prometheus: {scrape: 15s, window: 1m}}"),
            ("actions", "[{at: 5m, set: {services.web.queue.limit: 200}}]"),
            ("releases", "[{service: web, version: \"2026.11.1\", at: 30m, defect: {errors: {rate: 20%}}}]"),
            ("freezes", "[{from: \"08:30\", to: \"09:30\"}]"),
            ("objectives", OBJECTIVES),
        ],
    ),
    ("MetadataSpec", &[("name", "my-scenario"), ("displayName", "My scenario")]),
    (
        "RunSpec",
        &[
            ("start", "2026-11-10T23:30:00+08:00"),
            ("duration", "10m"),
            ("warmup", "1m"),
            ("seed", "7"),
            ("replications", "20"),
            ("interval", "10s"),
            ("load", "1.2"),
        ],
    ),
    (
        "SourceSpec",
        &[
            ("", SOURCE),
            ("to", "web"),
            ("class", "browse"),
            ("mix", "{browse: 92%, order: 8%}"),
            ("arrivals", "poisson"),
            ("rate", "90/s"),
            ("uncertainty", "{lognormal: {p50: 1.0, p90: 1.2}}"),
        ],
    ),
    (
        "ServiceSpec",
        &[
            ("", SERVICE),
            ("pools", POOLS),
            ("queue", "{limit: 200}"),
            ("work", "{exponential: {mean: 5ms}}"),
            ("wait", "{exponential: {mean: 40ms}}"),
            ("balancer", "leastRequest"),
            ("healthCheck", "{interval: 5s}"),
        ],
    ),
    (
        "PoolSpec",
        &[
            ("", POOL),
            ("replicas", "4"),
            ("concurrency", "16"),
            ("cpu", "{cores: 4}"),
            ("speed", "1.2"),
            ("weight", "2"),
            ("zones", "[a, b, c]"),
            ("price", "0.23 USD/h"),
            ("billedAtLeast", "1h"),
            ("startup", "{provision: 90s, boot: 30s}"),
            ("launch", "{rate: 20/min, quota: 400}"),
            ("warmPool", "{size: 10}"),
            ("nodes", "{servers: 8}"),
            ("drain", "30s"),
            ("autoscaler", "{schedule: {steps: [{at: 30m, replicas: 12}]}}"),
        ],
    ),
    (
        "StartupSpec",
        &[
            ("provision", "90s"),
            ("boot", "30s"),
            ("image", "{pull: 12s, parallel: 20}"),
            ("slowStart", "{window: 1m, speed: 30%}"),
        ],
    ),
    ("ImageSpec", &[("pull", "12s"), ("parallel", "20")]),
    ("LaunchSpec", &[("rate", "20/min"), ("quota", "400"), ("failures", "2%"), ("retry", "30s")]),
    ("WarmPoolSpec", &[("size", "10")]),
    ("NodesSpec", &[("servers", "8")]),
    ("SlowStartSpec", &[("window", "1m"), ("speed", "30%")]),
    (
        "AutoscalerSpec",
        &[
            ("minReplicas", "2"),
            ("maxReplicas", "40"),
            ("schedule", "{steps: [{at: 30m, replicas: 12}]}"),
            (
                "stepScaling",
                "{metric: cpuUtilization, threshold: 50%, scaleOut: [{lower: 0%, adjustment: 10}]}",
            ),
            ("trend", "{metric: requestRate, target: 400/s}"),
            ("keda", "{triggers: [{type: queueLength, threshold: 5}]}"),
            ("predictive", "{requestsPerServer: 400/s}"),
        ],
    ),
    (
        "ScheduleSpec",
        &[
            ("timeZone", "Asia/Shanghai"),
            ("steps", "[{at: 30m, replicas: 12}]"),
            ("rules", "[{start: \"15 9 * * *\", end: \"45 9 * * *\", replicas: 12}]"),
        ],
    ),
    ("KeysSpec", &[("zipf", "{population: 1000000, exponent: 1}")]),
    (
        "Performance",
        &[("cpuUtilization", "{above: 70%, below: 40%}"), ("latency", "{above: 300ms, below: 50ms}")],
    ),
    ("HorizontalPodAutoscaler", &[("scaleTargetRef", "{kind: Deployment, name: web}")]),
    ("HorizontalPodAutoscalerSpec", &[("scaleTargetRef", "{kind: Deployment, name: web}")]),
    ("BalancerSlowStart", &[("window", "60s")]),
    (
        "ContainerResourceMetricSource",
        &[("name", "cpu"), ("container", "app"), ("target", "{type: Utilization, averageUtilization: 60}")],
    ),
    ("CpuBand", &[("above", "70%"), ("below", "40%")]),
    ("CrossVersionObjectReference", &[("kind", "Deployment"), ("name", "web")]),
    ("Fallback", &[("failureThreshold", "3"), ("replicas", "10")]),
    (
        "HPAScalingPolicy",
        &[
            ("", "{type: Percent, value: 100, periodSeconds: 15}"),
            ("type", "Percent"),
            ("value", "100"),
            ("periodSeconds", "15"),
        ],
    ),
    (
        "Keda",
        &[
            ("triggers", "[{type: queueLength, threshold: 5}]"),
            ("fallback", "{failureThreshold: 3, replicas: 10}"),
        ],
    ),
    ("LadderSpec", &[("pools", "[small, large]")]),
    ("LatencyBand", &[("above", "300ms"), ("below", "50ms")]),
    ("MetricIdentifier", &[("name", "requests_per_second")]),
    (
        "MetricSpec",
        &[
            (
                "",
                "{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}",
            ),
            ("type", "Resource"),
            ("resource", "{name: cpu, target: {type: Utilization, averageUtilization: 60}}"),
            (
                "containerResource",
                "{name: cpu, container: app, target: {type: Utilization, averageUtilization: 60}}",
            ),
            (
                "pods",
                "{metric: {name: requests_per_second}, target: {type: AverageValue, averageValue: 100}}",
            ),
            (
                "object",
                "{describedObject: {kind: Ingress, name: web}, metric: {name: requests_per_second}, target: {type: Value, value: 10k}}",
            ),
            ("external", "{metric: {name: queue_length}, target: {type: AverageValue, averageValue: 5}}"),
        ],
    ),
    ("MetricTarget", &[("type", "Utilization")]),
    (
        "ObjectMetricSource",
        &[
            ("describedObject", "{kind: Ingress, name: web}"),
            ("metric", "{name: requests_per_second}"),
            ("target", "{type: Value, value: 10k}"),
        ],
    ),
    (
        "PodsMetricSource",
        &[("metric", "{name: requests_per_second}"), ("target", "{type: AverageValue, averageValue: 100}")],
    ),
    ("Predictive", &[("requestsPerServer", "400/s")]),
    ("ResourceMetricSource", &[("name", "cpu"), ("target", "{type: Utilization, averageUtilization: 60}")]),
    (
        "ScheduleRule",
        &[
            ("", "{start: \"15 9 * * *\", end: \"45 9 * * *\", replicas: 12}"),
            ("start", "\"15 9 * * *\""),
            ("end", "\"45 9 * * *\""),
            ("replicas", "12"),
        ],
    ),
    ("StepAdjustment", &[("", "{lower: 0%, adjustment: 10}"), ("adjustment", "10")]),
    ("StepScaling", &[("metric", "cpuUtilization"), ("threshold", "50%")]),
    ("Trend", &[("metric", "requestRate"), ("target", "400/s")]),
    ("Trigger", &[("", "{type: queueLength, threshold: 5}"), ("type", "queueLength"), ("threshold", "5")]),
    ("ZipfSpec", &[("population", "1000000"), ("exponent", "1")]),
    ("ScheduleStep", &[("", "{at: 30m, replicas: 12}"), ("at", "30m"), ("replicas", "12")]),
    ("HealthCheckSpec", &[("interval", "5s"), ("unhealthyThreshold", "3"), ("healthyThreshold", "1")]),
    (
        "FaultSpec",
        &[
            ("", "{at: 5m, crash: {service: web, servers: 1}}"),
            ("name", "first-crash"),
            ("at", "5m"),
            ("crash", "{service: web, servers: 1}"),
            ("zoneOutage", "{zone: a, duration: 5m}"),
            ("slow", "{service: web, factor: 3, duration: 5m}"),
            ("errors", "{service: web, share: 10%, duration: 5m}"),
            ("failures", "{service: web, mtbf: {exponential: {mean: 12h}}}"),
            ("failedLaunches", "{service: web, share: 50%, duration: 5m}"),
            ("monitoringOutage", "{duration: 5m}"),
        ],
    ),
    ("MonitoringOutageSpec", &[("pipeline", "prometheus"), ("duration", "5m")]),
    (
        "PipelineSpec",
        &[
            ("", "{scrape: 15s, window: 1m}"),
            ("scrape", "15s"),
            ("phase", "5s"),
            ("window", "1m"),
            ("delay", "5s"),
        ],
    ),
    (
        "ActionSpec",
        &[
            ("", "{at: 5m, set: {services.web.queue.limit: 200}}"),
            ("name", "shed-load"),
            ("at", "5m"),
            ("when", "{from: prometheus, service: web, cpuUtilization: {above: 80%}}"),
            ("acknowledge", "{exponential: {mean: 3m}}"),
            ("set", "{services.web.queue.limit: 200}"),
        ],
    ),
    (
        "ConditionSpec",
        &[
            ("from", "prometheus"),
            ("service", "web"),
            ("pool", "standard"),
            ("class", "browse"),
            ("rate", "{above: 5k/s}"),
            ("errors", "{above: 1%}"),
            ("latency", "{percentile: 99, above: 400ms}"),
            ("cpuUtilization", "{above: 80%}"),
            ("slotUtilization", "{above: 80%}"),
            ("queued", "{above: 100}"),
            ("ready", "{below: 4}"),
            ("for", "1m"),
        ],
    ),
    ("LatencyLimit", &[("percentile", "99"), ("above", "400ms"), ("below", "400ms")]),
    ("CrashSpec", &[("service", "web"), ("pool", "standard"), ("servers", "1")]),
    ("ZoneOutageSpec", &[("zone", "a"), ("duration", "5m")]),
    (
        "SlowSpec",
        &[("service", "web"), ("pool", "standard"), ("servers", "1"), ("factor", "3"), ("duration", "5m")],
    ),
    ("FailedLaunchesSpec", &[("service", "web"), ("pool", "standard"), ("share", "50%"), ("duration", "5m")]),
    ("MonitoringOutageSpec", &[("pipeline", "prometheus"), ("duration", "5m")]),
    ("ErrorsSpec", &[("service", "web"), ("class", "browse"), ("share", "10%"), ("duration", "5m")]),
    (
        "FailuresSpec",
        &[
            ("service", "web"),
            ("pool", "standard"),
            ("mtbf", "{exponential: {mean: 12h}}"),
            ("mttr", "{exponential: {mean: 1h}}"),
            ("repairers", "2"),
        ],
    ),
    ("CpuSpec", &[("cores", "4")]),
    (
        "QueueSpec",
        &[
            ("scope", "service"),
            ("limit", "200"),
            ("timeout", "1s"),
            ("order", "{priority: [order, browse]}"),
        ],
    ),
    ("OrderSpec", &[("priority", "[order, browse]")]),
    (
        "ObjectiveSpec",
        &[
            ("", OBJECTIVE),
            ("name", "p99"),
            ("service", "web"),
            ("class", "browse"),
            ("latency", LATENCY),
            ("success", "{gte: 99.9%}"),
            ("every", "1m"),
            ("during", "{from: 1m, to: 5m}"),
            ("holdsIn", "95%"),
        ],
    ),
    ("LatencySpec", &[("percentile", "99"), ("lt", "400ms"), ("lte", "400ms")]),
    ("SuccessSpec", &[("gte", "99.9%"), ("gt", "99%")]),
    ("DuringSpec", &[("from", "1m"), ("to", "5m")]),
    (
        "RateSpec",
        &[
            ("stages", STAGES),
            ("diurnal", "{mean: 2k/s, peak: 3k/s, peakAt: \"21:00\"}"),
            ("event", EVENT),
            ("recorded", "{file: orders.csv, time: minute, count: orders, interval: 1m}"),
            ("sum", "[90/s, {stages: {steps: [{duration: 30m, target: 4k/s}]}}]"),
        ],
    ),
    ("StagesSpec", &[("startRate", "3k/s"), ("steps", "[{duration: 30m, target: 4k/s}]")]),
    ("StepSpec", &[("", "{duration: 30m, target: 4k/s}"), ("duration", "30m"), ("target", "4k/s")]),
    ("DiurnalSpec", &[("mean", "2k/s"), ("peak", "3k/s"), ("peakAt", "\"21:00\"")]),
    ("EventSpec", &[("baseline", "90/s"), ("at", "30m"), ("shape", "double11-2019"), ("peak", "3.2k/s")]),
    (
        "RecordedSpec",
        &[
            ("file", "orders.csv"),
            ("interval", "1m"),
            ("select", "{column: site, value: eu}"),
            ("window", "{from: 0s, to: 2m}"),
            ("align", "{recorded: 0s, scenario: 1m}"),
        ],
    ),
    ("Select", &[("column", "site"), ("value", "eu")]),
    ("Align", &[("recorded", "0s"), ("scenario", "1m")]),
    ("ArrivalsSpec", &[("gamma", "{cv: 2}"), ("mmpp", STATES)]),
    ("StateSpec", &[("", STATE), ("factor", "4"), ("mean", "1s")]),
    ("BalancerSpec", &[("leastRequest", "{choiceCount: 2}")]),
    ("LeastRequest", &[("choiceCount", "2")]),
    (
        "DistributionOfDuration",
        &[
            ("constant", "4ms"),
            ("exponential", "{mean: 4ms}"),
            ("uniform", "{min: 4ms, max: 6ms}"),
            ("lognormal", "{mean: 4ms, cv: 1.2}"),
            ("gamma", "{mean: 4ms, cv: 0.5}"),
            ("erlang", "{k: 3, mean: 4ms}"),
            ("weibull", "{mean: 4ms, cv: 1.5}"),
            ("pareto", "{alpha: 2.5, mean: 4ms}"),
            ("hyperexponential", "{mean: 4ms, cv: 2}"),
            ("empirical", "{values: [4ms, 9ms, 30ms]}"),
        ],
    ),
    (
        "DistributionOfFactor",
        &[
            ("exponential", "{mean: 1.0}"),
            ("uniform", "{min: 0.8, max: 1.2}"),
            ("lognormal", "{p50: 1.0, p90: 1.2}"),
            ("gamma", "{mean: 1.0, cv: 0.2}"),
            ("erlang", "{k: 9, mean: 1.0}"),
            ("weibull", "{mean: 1.0, cv: 0.2}"),
            ("pareto", "{alpha: 5, mean: 1.0}"),
            ("hyperexponential", "{mean: 1.0, cv: 2}"),
            ("empirical", "{values: [0.8, 1.0, 1.3]}"),
        ],
    ),
    ("HyperexponentialSpecOfDuration", &[("branches", BRANCHES)]),
    ("HyperexponentialSpecOfFactor", &[("branches", FACTORS)]),
    (
        "BranchSpecOfDuration",
        &[("", "{probability: 90%, mean: 4ms}"), ("probability", "90%"), ("mean", "4ms")],
    ),
    ("BranchSpecOfFactor", &[("", "{probability: 90%, mean: 1.0}"), ("probability", "90%"), ("mean", "1.0")]),
];

/// Returns all blocks with their examples.
fn blocks() -> impl Iterator<Item = &'static Block> {
    BLOCKS.iter().chain(release::BLOCKS).chain(sweep::BLOCKS)
}

/// Returns an example of what stands under a key of a block, or, under "", of a whole block.
pub(super) fn of(block: Shape, key: &str) -> Option<&'static str> {
    let names = block.names();
    let rows = blocks().filter(|(name, _)| names.contains(name)).flat_map(|(_, rows)| *rows);
    rows.into_iter().find(|(known, _)| *known == key).map(|(_, example)| *example)
}

/// Returns a name for an entry of a map of names.
pub(super) fn name_of(entry: Shape) -> &'static str {
    const NAMES: [(&str, &str); 5] = [
        ("PoolSpec", "standard"),
        ("ServiceSpec", "web"),
        ("SourceSpec", "users"),
        ("PipelineSpec", "prometheus"),
        ("PolicySpec", "restored"),
    ];
    let names = entry.names();
    NAMES.iter().find(|(block, _)| names.contains(block)).map_or("browse", |(_, name)| name)
}

#[cfg(test)]
mod tests;
