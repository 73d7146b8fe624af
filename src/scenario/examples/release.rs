//! What to write in releases.

use super::Block;

const RELEASE: &str = "{service: web, version: \"2026.11.1\", at: 30m, ifBusy: wait, rollback: version, pipeline: \
    {stages: [{name: build, duration: 6m}]}}";
const CI: &str = "{stages: [{name: build, duration: 6m}, {name: test, duration: 12m, catches: 70%}]}";
const STAGES_OF_CI: &str = "[{name: build, duration: 6m}, {name: test, duration: 12m, catches: 70%}]";

pub(super) const BLOCKS: &[Block] = &[
    (
        "ReleaseSpec",
        &[
            ("", RELEASE),
            ("service", "web"),
            ("version", "\"2026.11.1\""),
            ("at", "30m"),
            ("commits", "{every: 2h, from: 1m}"),
            ("faulty", "15%"),
            ("defect", "{errors: {rate: 20%}}"),
            ("configuration", "{propagation: 30s}"),
            ("hotfix", "true"),
            ("pipeline", CI),
            ("ifBusy", "wait"),
            ("rollout", "rolling"),
            ("detection", "[{analysis: {successRate: {min: 99%}, interval: 30s}}]"),
            ("rollback", "version"),
            ("compare", "{restored: {rollback: {snapshot: {restore: 45s, every: 6h, first: 0s}}}}"),
        ],
    ),
    (
        "PolicySpec",
        &[
            ("", "{rollback: version}"),
            ("rollout", "rolling"),
            ("detection", "[{analysis: {successRate: {min: 99%}, interval: 30s}}]"),
            ("rollback", "version"),
        ],
    ),
    (
        "CommitsSpec",
        &[("at", "[30m, 90m]"), ("every", "20m"), ("poisson", "3/h"), ("from", "5m"), ("to", "110m")],
    ),
    ("ConfigurationSpec", &[("propagation", "30s")]),
    ("CiSpec", &[("stages", STAGES_OF_CI), ("fix", "{exponential: {mean: 20m}}")]),
    (
        "StageSpec",
        &[
            ("", "{name: build, duration: 6m, catches: 70%}"),
            ("name", "build"),
            ("duration", "6m"),
            ("parallel", "2"),
            ("flaky", "5%"),
            ("retries", "2"),
            ("catches", "70%"),
        ],
    ),
    (
        "FreezeSpec",
        &[
            ("", "{from: \"08:30\", to: \"09:30\"}"),
            ("from", "\"08:30\""),
            ("to", "\"09:30\""),
            ("services", "[web]"),
            ("allows", "[hotfix]"),
        ],
    ),
    (
        "TaggedRollback",
        &[("version", "{failures: 10%}"), ("snapshot", "{restore: 45s, every: 6h, first: 0s}")],
    ),
    (
        "DefectSpec",
        &[
            ("errors", "{rate: 20%}"),
            ("slowDown", "{factor: 1.5}"),
            ("crash", "{after: {exponential: {mean: 10m}}}"),
            ("leak", "{time: 30m}"),
            ("coldCache", "{factor: 3, requests: 10000}"),
            ("connectionExhaustion", "{connections: 50, lost: 1%}"),
        ],
    ),
    ("Errors", &[("rate", "20%"), ("aboveLoad", "500/s"), ("class", "browse"), ("servers", "25%")]),
    ("SlowDown", &[("factor", "1.5"), ("aboveLoad", "500/s"), ("class", "browse"), ("servers", "25%")]),
    ("ColdCache", &[("factor", "3"), ("time", "10m"), ("requests", "10000")]),
    ("ConnectionExhaustion", &[("connections", "50"), ("lost", "1%")]),
    ("VersionRollback", &[("failures", "10%"), ("retry", "30s"), ("attempts", "3")]),
    (
        "SnapshotRollback",
        &[
            ("restore", "45s"),
            ("parallel", "25%"),
            ("every", "6h"),
            ("first", "0s"),
            ("maxAge", "12h"),
            ("holds", "[version, configuration, cache]"),
            ("failures", "10%"),
            ("retry", "30s"),
            ("attempts", "3"),
        ],
    ),
    (
        "DetectionSpec",
        &[
            ("", "{analysis: {successRate: {min: 99%}, interval: 30s}}"),
            ("analysis", "{successRate: {min: 99%}, interval: 30s}"),
            ("alert", "{errors: 2%, for: 2m}"),
            ("burnRate", "{objective: 99.9%}"),
            ("person", "{acknowledge: {exponential: {mean: 3m}}}"),
        ],
    ),
    (
        "Analysis",
        &[
            ("successRate", "{min: 99%}"),
            ("latency", "{percentile: 99, max: 400ms}"),
            ("interval", "30s"),
            ("count", "5"),
            ("minSample", "50"),
            ("failureLimit", "2"),
            ("class", "browse"),
            ("window", "2m"),
        ],
    ),
    ("SuccessRateBounds", &[("from", "prometheus"), ("min", "99%"), ("maxDrop", "1%")]),
    ("LatencyBounds", &[("from", "prometheus"), ("percentile", "99"), ("max", "400ms"), ("maxRatio", "1.5")]),
    (
        "Alert",
        &[
            ("errors", "2%"),
            ("latency", "{percentile: 99, above: 400ms}"),
            ("for", "2m"),
            ("of", "new"),
            ("class", "browse"),
            ("window", "2m"),
        ],
    ),
    ("LatencyAbove", &[("percentile", "99"), ("above", "400ms")]),
    ("BurnRate", &[("objective", "99.9%"), ("windows", "[{long: 1h, short: 5m, factor: 14.4}]")]),
    (
        "BurnWindow",
        &[("", "{long: 1h, short: 5m, factor: 14.4}"), ("long", "1h"), ("short", "5m"), ("factor", "14.4")],
    ),
    (
        "TaggedStrategy",
        &[
            ("rolling", "{maxSurge: 25%, maxUnavailable: 0}"),
            ("blueGreen", "{scaleDownDelaySeconds: 300}"),
            (
                "canary",
                "{steps: [{setWeight: 5}, {pause: {duration: 5m}}, {setWeight: 50}, {pause: {duration: 5m}}]}",
            ),
            ("progressive", "{interval: 1m, threshold: 5, stepWeight: 10, maxWeight: 50}"),
        ],
    ),
    (
        "Rolling",
        &[
            ("maxSurge", "25%"),
            ("maxUnavailable", "25%"),
            ("minReadySeconds", "10"),
            ("progressDeadlineSeconds", "600"),
        ],
    ),
    ("Canary", &[("steps", "[{setWeight: 5}, {pause: {duration: 5m}}]"), ("trafficRouting", "{}")]),
    (
        "CanaryStep",
        &[
            ("", "{setWeight: 5}"),
            ("setWeight", "5"),
            ("pause", "{duration: 5m}"),
            ("analysis", "{successRate: {min: 99%}, interval: 30s, count: 4}"),
        ],
    ),
    ("Pause", &[("duration", "5m")]),
    (
        "Progressive",
        &[
            ("interval", "1m"),
            ("threshold", "5"),
            ("stepWeight", "10"),
            ("maxWeight", "50"),
            ("analysis", "{successRate: {min: 99%}}"),
        ],
    ),
    ("PersonSpec", &[("acknowledge", "{exponential: {mean: 3m}}"), ("decide", "2m")]),
];
