//! What the codes of problems mean, each with a wrong and a right example.
//!
//! Examples are parts of a scenario or of a sweep, or settings (`--set ..`); tests complete and read them all.

use crate::error::Code;

/// What a code means.
#[derive(Clone, Copy, Debug)]
pub struct Explanation {
    /// The code.
    pub code: Code,
    /// What is wrong, and why it is refused.
    pub meaning: &'static str,
    /// A part of a scenario that is refused with the code.
    pub wrong: &'static str,
    /// What to write instead.
    pub right: &'static str,
}

/// Returns what a code means.
pub fn explain(code: Code) -> Option<&'static Explanation> {
    EXPLANATIONS.iter().find(|explanation| explanation.code == code)
}

const fn entry(code: Code, meaning: &'static str, wrong: &'static str, right: &'static str) -> Explanation {
    Explanation { code, meaning, wrong, right }
}

const EXPLANATIONS: &[Explanation] = &[
    entry(
        Code::NotText,
        "A scenario is text in UTF-8. The place is that of the first byte that is none. Editors save
other encodings when told to, and a recording or an archive may have been named by mistake.",
        "a file saved as UTF-16",
        "the same file saved as UTF-8",
    ),
    entry(
        Code::Syntax,
        "The file is not YAML 1.2, of which JSON is a part. Common slips: tabs for indentation, brackets
that are not closed, an alias (*name) without its anchor (&name), a text with `: ` or ` #` in it
without quotes.",
        "run: {duration: 10m",
        "run: {duration: 10m}",
    ),
    entry(
        Code::TooLarge,
        "A file has at most 4 MiB, 250,000 values (those behind aliases counted at every use) and 64
levels; a scenario is made of at most 256 files, overlays and settings.",
        "a file of 5 MiB",
        "several services with equal pools as one service with more replicas; traffic in CSV files",
    ),
    entry(
        Code::Empty,
        "There is nothing in the file but blanks and comments.",
        "# to be written",
        "run: {duration: 10m}",
    ),
    entry(
        Code::DuplicateKey,
        "A key is given twice in one map. YAML would leave open which one counts.",
        "run: {duration: 10m, duration: 20m}",
        "run: {duration: 20m}",
    ),
    entry(
        Code::More,
        "Only the first fifty problems are told. The others come up when these are mended.",
        "a file with a hundred misspelt keys",
        "the same file without them",
    ),
    entry(
        Code::UnknownKey,
        "The key is not known where it stands: misspelt, in another case, one level too deep or too high, or
of something that this version does not model. docs/SCENARIO.md lists every key. Top-level keys that begin
with x- are ignored.",
        "run: {duration: 10m, warmUp: 1m}",
        "run: {duration: 10m, warmup: 1m}",
    ),
    entry(
        Code::MissingKey,
        "A key without a default is not there. The place is that of the block that lacks it. A file without
apiVersion and kind is taken for an overlay, which is laid over a scenario with -f.",
        "run: {seed: 7}",
        "run: {seed: 7, duration: 10m}",
    ),
    entry(
        Code::WrongType,
        "A map, a list, a number or a text stands where another of them is expected. A number in quotes
is a text.",
        "run: {duration: 10m, seed: \"7\"}",
        "run: {duration: 10m, seed: 7}",
    ),
    entry(
        Code::WrongForm,
        "A quantity is not written as such. Durations, rates and prices carry their unit: 250ms, 90/s,
0.23 USD/h. `m` is minutes. A ratio is 0.85 or 85%. A choice that needs parameters is a map.",
        "run: {duration: 600}",
        "run: {duration: 600s}",
    ),
    entry(
        Code::UnknownWord,
        "The word is not among those that may stand there.",
        "traffic: {users: {to: web, class: browse, rate: {ramp: {}}}}",
        "traffic: {users: {to: web, class: browse, rate: {stages: {steps: [{duration: 5m, target: 90/s}]}}}}",
    ),
    entry(
        Code::WrongChoice,
        "One of several things is chosen by a map with one key, its name. Here is more than one key, or
none. In an overlay the other choice replaces the first, so there one key is enough.",
        "services: {web: {pools: {p: {replicas: 4, concurrency: 8}}, work: {exponential: {mean: 5ms}, gamma: {}}}}",
        "services: {web: {pools: {p: {replicas: 4, concurrency: 8}}, work: {exponential: {mean: 5ms}}}}",
    ),
    entry(
        Code::NoValue,
        "A key stands alone, or with null. Only in an overlay and with --set does null mean something:
it removes the key.",
        "run: {duration: 10m, warmup: null}",
        "run: {duration: 10m, warmup: 0s}",
    ),
    entry(
        Code::Include,
        "`include` lists files of which the scenario is made, later ones over earlier ones and the file
itself over all of them. Their paths start at the folder of the file that names them. A file may not
take in itself, and a chain of them ends after eight.",
        "include: [missing.yaml]",
        "include: [fleet.yaml]",
    ),
    entry(
        Code::Set,
        "`--set PATH=VALUE` names a key by the keys above it, joined with points, and an element of a list
by its index or its name in brackets. A key with a point in it may stand in quotes. A new service, pool,
source or class is set whole: a longer path through a name that nothing bears is a slip of the pen.",
        "--set objectives[missing].every=1m",
        "--set run.duration=20m",
    ),
    entry(
        Code::Name,
        "A name is made of 1 to 63 of a-z, 0-9 and -. It becomes part of file names, columns and labels.
A class may not bear the name of a distribution. Free text goes into metadata.displayName.",
        "metadata: {name: Singles Day}",
        "metadata: {name: singles-day, displayName: Singles Day}",
    ),
    entry(
        Code::DuplicateName,
        "Two things of one kind bear the same name, or one thing is listed twice.",
        "services: {web: {pools: {p: {replicas: 4, concurrency: 8, zones: [a, b, a]}}, work: 5ms}}",
        "services: {web: {pools: {p: {replicas: 4, concurrency: 8, zones: [a, b]}}, work: 5ms}}",
    ),
    entry(
        Code::UnknownName,
        "What is referred to is not there: a service that nobody defines, a class that a service takes no
work for. A service whose `work` is a map takes the classes of that map.",
        "traffic: {users: {to: wbe, class: browse, rate: 90/s}}",
        "traffic: {users: {to: web, class: browse, rate: 90/s}}",
    ),
    entry(
        Code::OutOfRange,
        "The value is of the right kind, and out of its range. docs/SCENARIO.md states the ranges.",
        "run: {duration: 10m, replications: 0}",
        "run: {duration: 10m, replications: 5}",
    ),
    entry(
        Code::Contradiction,
        "Keys exclude one another, or one of them would do nothing. A key without effect is refused, since
whoever wrote it expects one.",
        "traffic: {users: {to: web, class: browse, mix: {browse: 100%}, rate: 90/s}}",
        "traffic: {users: {to: web, mix: {browse: 100%}, rate: 90/s}}",
    ),
    entry(
        Code::Nothing,
        "There is nothing to simulate, to serve with, or to judge.",
        "services: {web: {pools: {p: {replicas: 0, concurrency: 8}}, work: 5ms}}",
        "services: {web: {pools: {p: {replicas: 4, concurrency: 8}}, work: 5ms}}",
    ),
    entry(
        Code::Instant,
        "An instant lies outside of the run, or is a wall clock without run.start. A wall clock is its
first occurrence at or after run.start.",
        "objectives: [{name: a, service: web, success: {gte: 99%}, during: {from: 30s, to: 11m}}]",
        "objectives: [{name: a, service: web, success: {gte: 99%}, during: {from: 30s, to: 10m}}]",
    ),
    entry(
        Code::Shares,
        "The shares of a mix add up to 100 %.",
        "traffic: {users: {to: web, mix: {browse: 90%, order: 8%}, rate: 90/s}}",
        "traffic: {users: {to: web, mix: {browse: 92%, order: 8%}, rate: 90/s}}",
    ),
    entry(
        Code::TooMuch,
        "More than can be counted, or kept in memory. The limits are stated in docs/SCENARIO.md.",
        "run: {duration: 10m, interval: 100us}",
        "run: {duration: 10m, interval: 1s}",
    ),
    entry(
        Code::Distribution,
        "The parameters of a distribution do not go together, or are out of range. Each can be written
in one of a few ways: by mean and cv, by two percentiles, or by parameters of its own.",
        "services: {web: {pools: {p: {replicas: 4, concurrency: 8}}, work: {lognormal: {mean: 5ms}}}}",
        "services: {web: {pools: {p: {replicas: 4, concurrency: 8}}, work: {lognormal: {mean: 5ms, cv: 1.2}}}}",
    ),
    entry(
        Code::Rate,
        "The parameters of a rate do not go together, or are out of range.",
        "traffic: {users: {to: web, class: browse, rate: {stages: {steps: []}}}}",
        "traffic: {users: {to: web, class: browse, rate: {stages: {steps: [{duration: 5m, target: 90/s}]}}}}",
    ),
    entry(
        Code::Arrivals,
        "The parameters of the arrivals are out of range.",
        "traffic: {users: {to: web, class: browse, rate: 90/s, arrivals: {gamma: {cv: 1000}}}}",
        "traffic: {users: {to: web, class: browse, rate: 90/s, arrivals: {gamma: {cv: 2}}}}",
    ),
    entry(
        Code::Balancer,
        "The parameters of a balancer are out of range.",
        "services: {web: {pools: {p: {replicas: 4, concurrency: 8}}, work: 5ms, balancer: {leastRequest: {choiceCount: 0}}}}",
        "services: {web: {pools: {p: {replicas: 4, concurrency: 8}}, work: 5ms, balancer: {leastRequest: {choiceCount: 2}}}}",
    ),
    entry(
        Code::Policy,
        "The parameters of a scaling policy do not go together, or are out of range.",
        "services: {web: {pools: {p: {replicas: 4, concurrency: 8, autoscaler: {demand: {requestsPerServer: 0/s}}}}, work: 5ms}}",
        "services: {web: {pools: {p: {replicas: 4, concurrency: 8, autoscaler: {demand: {requestsPerServer: 400/s}}}}, work: 5ms}}",
    ),
    entry(
        Code::Rollout,
        "The parameters of a rollout do not go together, or are out of range.",
        "releases: [{service: web, version: b, at: 5m, rollout: {rolling: {maxSurge: 0, maxUnavailable: 0}}}]",
        "releases: [{service: web, version: b, at: 5m, rollout: {rolling: {maxSurge: 1, maxUnavailable: 0}}}]",
    ),
    entry(
        Code::Defect,
        "The parameters of a defect do not go together, or are out of range.",
        "releases: [{service: web, version: b, at: 5m, defect: {errors: {rate: 120%}}}]",
        "releases: [{service: web, version: b, at: 5m, defect: {errors: {rate: 20%}}}]",
    ),
    entry(
        Code::Detector,
        "The parameters of whoever looks at a release do not go together, or are out of range.",
        "releases: [{service: web, version: b, at: 5m, rollback: version, detection: [{analysis: {}}]}]",
        "releases: [{service: web, version: b, at: 5m, rollback: version, detection: [{analysis: {successRate: {min: 99%}}}]}]",
    ),
    entry(
        Code::Recorded,
        "The keys of recorded traffic do not go together, or are out of range: a file of instants needs
the column `time`, one of counts or rates the length of their `interval`.",
        "traffic: {users: {to: web, class: browse, rate: {recorded: {file: log.csv}}}}",
        "traffic: {users: {to: web, class: browse, rate: {recorded: {file: log.csv, time: t}}}}",
    ),
    entry(
        Code::TraceMissing,
        "A trace cannot be opened. Its path starts at the folder of the file that names it.",
        "traffic: {users: {to: web, class: browse, rate: {recorded: {file: missing.csv, time: t}}}}",
        "traffic: {users: {to: web, class: browse, rate: {recorded: {file: log.csv, time: t}}}}",
    ),
    entry(
        Code::TraceLines,
        "A trace cannot be used: a column is not there, too many lines are unusable, instants are not in
ascending order. The line is that of the trace.",
        "traffic: {users: {to: web, class: browse, rate: {recorded: {file: log.csv, time: when}}}}",
        "traffic: {users: {to: web, class: browse, rate: {recorded: {file: log.csv, time: t}}}}",
    ),
    entry(
        Code::Objective,
        "An objective demands one thing, a latency percentile or a share of successes, with a bound that
can be both met and missed.",
        "objectives: [{name: a, service: web, success: {gte: 101%}}]",
        "objectives: [{name: a, service: web, success: {gte: 99.9%}}]",
    ),
    entry(
        Code::Release,
        "A release cannot be rolled out, judged or taken back as it is written: two releases of a service may
meet and nothing says what happens then, no image exists that could be restored, somebody may decide to roll
back and nothing says how, or it stands beside something with which it is not modelled.",
        "releases: [{service: web, version: b, at: 4m}, {service: web, version: c, at: 5m}]",
        "releases: [{service: web, version: b, at: 4m}, {service: web, version: c, at: 5m, ifBusy: wait}]",
    ),
    entry(
        Code::Sweep,
        "A file of kind Sweep stands where one scenario is expected, or the other way round. A cell of a sweep
is a scenario: --cell names one.",
        "kind: Sweep",
        "kind: Scenario",
    ),
    entry(
        Code::Base,
        "The scenario that a sweep varies cannot be read, or is a sweep itself. Its path starts at the folder
of the sweep file; the scenario may stand in the sweep file, too.",
        "base: shops.yaml",
        "base: shop.yaml",
    ),
    entry(
        Code::Axis,
        "What an axis varies is not there, or its values cannot be set out: its path is written as --set takes
it, its values differ, and its range has two ends of one kind and a step or a number of values.",
        "axes: [{path: services.wbe.work, values: [4ms, 5ms]}]",
        "axes: [{path: services.web.work, values: [4ms, 5ms]}]",
    ),
    entry(
        Code::Cells,
        "Axes do not make cells as they are written: lists that are zipped differ in length, a constraint is
neither exclude nor sum, or no combination is left.",
        "constraints: [{exclude: {load: [1.0, 1.2]}}]",
        "constraints: [{exclude: {load: [1.2]}}]",
    ),
];
