//! What to write for the keys of a sweep.

use super::Block;

const AXIS: &str = "{path: run.load, values: [1.0, 1.2]}";
const RANGE: &str = "{from: 1.0, to: 1.5, count: 6}";
const CONSTRAINT: &str = "{sum: {load: 1}, lte: 1.1}";

pub(super) const BLOCKS: &[Block] = &[
    (
        crate::scenario::schema::SWEEP_ROOT,
        &[
            ("apiVersion", "peakday/v1alpha1"),
            ("kind", "Sweep"),
            ("metadata", "{name: my-sweep}"),
            ("base", "shop.yaml"),
            ("axes", "[{path: run.load, values: [1.0, 1.2]}]"),
            ("combine", "grid"),
            ("seed", "7"),
            ("constraints", "[{sum: {load: 1}, lte: 1.1}]"),
            ("baseline", "{load: 1.0}"),
            ("replications", "20"),
            ("precision", "{metric: web.p99_ms, relative: 2%}"),
            ("holdsIn", "95%"),
            ("metrics", "[web.p99_ms]"),
            ("rankBy", "server_hours"),
        ],
    ),
    (
        "AxisSpec",
        &[("", AXIS), ("path", "run.load"), ("name", "load"), ("values", "[1.0, 1.2]"), ("range", RANGE)],
    ),
    ("RangeSpec", &[("", RANGE), ("from", "1.0"), ("to", "1.5"), ("step", "0.1"), ("count", "6")]),
    ("SamplesSpec", &[("samples", "64")]),
    ("ConstraintSpec", &[("", CONSTRAINT), ("sum", "{load: 1}"), ("lte", "1.1"), ("gte", "1.0")]),
    ("BetweenSpec", &[("min", "10"), ("max", "160")]),
    ("PrecisionSpec", &[("metric", "web.p99_ms"), ("relative", "2%")]),
];
