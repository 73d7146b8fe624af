//! What happens in a run beside requests: faults, and what operators do.

use crate::autoscaler::{Metric, Of};
use crate::balancer::BalancerSpec;
use crate::dist::Distribution;
use crate::ids::{ClassId, ServiceId};
use crate::monitoring::{ServerSignal, Signal};
use crate::time::{SimDuration, SimTime};

/// What operators do.
#[derive(Clone, Debug)]
pub struct Action {
    /// The name it was given; may be empty.
    pub name: String,
    /// Names its randomness.
    pub key: String,
    /// When.
    pub trigger: Trigger,
    /// From the alert until somebody acts, in nanoseconds.
    pub acknowledge: Option<Distribution>,
    /// What is set, in the order of the file, and how it is told.
    pub changes: Vec<(Change, String)>,
}

/// When operators act.
#[derive(Clone, Debug)]
pub enum Trigger {
    /// At a time.
    At(SimTime),
    /// The first time that monitoring shows something for long enough.
    When(Condition),
}

/// What monitoring is to show.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The pipeline; an index into those of the scenario.
    pub pipeline: usize,
    /// Of what.
    pub watch: Watch,
    /// Which figure.
    pub signal: Signal,
    /// Whether more than the bound is waited for, or less.
    pub above: bool,
    /// The bound, in the unit of the signal.
    pub bound: f64,
    /// How long it must show.
    pub hold: SimDuration,
    /// The same in words.
    pub text: String,
}

/// What a consumer of monitoring looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    /// A figure of all that is watched.
    Signal(Signal),
    /// The sum over servers of a figure of each.
    Sum(ServerSignal),
    /// Offered work in servers.
    Scaling,
    /// A figure of every server.
    Each(ServerSignal),
}

impl Figure {
    /// Returns what stands behind a metric of an autoscaler; `None` where servers do not tell it one by
    /// one. `alone` tells whether the pool is the only one of its service: only then are its requests
    /// those that arrive there.
    pub fn of(metric: Metric, scope: Of, alone: bool) -> Option<Self> {
        let signal = match metric {
            Metric::CpuCores => Signal::Cores,
            Metric::CpuUtilization => Signal::Cpu,
            Metric::SlotUtilization => Signal::Slots,
            Metric::RequestRate => Signal::Rate,
            Metric::InFlight => Signal::InFlight,
            Metric::QueueLength => Signal::Queued,
            Metric::Latency(share) => Signal::Latency(share),
            Metric::ErrorRatio => Signal::Errors,
            Metric::ScalingRatio if scope == Of::EachServer => return None,
            Metric::ScalingRatio => return Some(Self::Scaling),
        };
        let each = match signal {
            Signal::Cores => ServerSignal::Cores,
            Signal::Cpu => ServerSignal::Cpu,
            Signal::Slots => ServerSignal::Slots,
            Signal::Rate => ServerSignal::Rate,
            Signal::InFlight => ServerSignal::InFlight,
            Signal::Queued => ServerSignal::Queued,
            _ if scope == Of::EachServer => return None,
            _ => return Some(Self::Signal(signal)),
        };
        match scope {
            Of::EachServer => Some(Self::Each(each)),
            Of::Pool if signal == Signal::Rate && !alone => Some(Self::Sum(each)),
            Of::Pool | Of::Service => Some(Self::Signal(signal)),
        }
    }
}

/// What is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// The service.
    pub service: ServiceId,
    /// One of its pools; all of them where `None`.
    pub pool: Option<usize>,
    /// One class; all of them where `None`.
    pub class: Option<ClassId>,
}

/// What operators set.
#[derive(Clone, Debug)]
pub enum Change {
    /// How many servers a pool is to have, until somebody else decides.
    Replicas(ServiceId, usize, u32),
    /// How few servers a pool may have.
    MinReplicas(ServiceId, usize, u32),
    /// How many servers a pool may have.
    MaxReplicas(ServiceId, usize, u32),
    /// How many may wait; `None` is unlimited.
    QueueLimit(ServiceId, Option<u32>),
    /// Who picks the server.
    Balancer(ServiceId, BalancerSpec),
    /// A source's classes and their cumulated shares; the source by its index.
    Mix(usize, Vec<(ClassId, f64)>),
}

/// Something that breaks.
#[derive(Clone, Debug)]
pub struct Fault {
    /// When, or from when on.
    pub at: SimTime,
    /// The name it was given; may be empty.
    pub name: String,
    /// Names its randomness, so that one fault more does not shift the draws of the others.
    pub key: String,
    /// What.
    pub kind: FaultKind,
}

/// What breaks.
#[derive(Clone, Debug)]
pub enum FaultKind {
    /// Servers of a service fail with all they have; replacements are ordered at once.
    Crash {
        /// The service.
        service: ServiceId,
        /// One of its pools; all of them where `None`.
        pool: Option<usize>,
        /// How many, or which share of those in service.
        victims: Victims,
    },
    /// All servers of a zone fail, and none starts there for a while.
    ZoneOutage {
        /// The zone.
        zone: u16,
        /// For so long; replacements are ordered in the zone when it is back.
        duration: SimDuration,
    },
    /// Servers of a service work slower for a while.
    Slow {
        /// The service.
        service: ServiceId,
        /// One of its pools; all of them where `None`.
        pool: Option<usize>,
        /// How many, or which share of those in service; all, and those who come, where `None`.
        victims: Option<Victims>,
        /// Multiplies the time that work takes.
        factor: f64,
        /// For so long.
        duration: SimDuration,
    },
    /// Some of the requests that a service has served fail all the same, for a while.
    Errors {
        /// The service.
        service: ServiceId,
        /// One class; all of them where `None`.
        class: Option<ClassId>,
        /// Which share of them.
        share: f64,
        /// For so long.
        duration: SimDuration,
    },
    /// Servers of a service fail one by one, each after a time of its own in service.
    Failures {
        /// The service.
        service: ServiceId,
        /// One of its pools; all of them where `None`.
        pool: Option<usize>,
        /// How long a server serves until it fails, in nanoseconds.
        mtbf: Distribution,
        /// Who repairs it; a replacement is ordered at once where `None`.
        repair: Option<Repair>,
    },
    /// Some of the launches that are ordered for a while fail at the end of their start-up.
    FailedLaunches {
        /// The service.
        service: ServiceId,
        /// One of its pools; all of them where `None`.
        pool: Option<usize>,
        /// Which share of them.
        share: f64,
        /// For so long.
        duration: SimDuration,
    },
    /// Monitoring sees nothing for a while.
    MonitoringOutage {
        /// The pipeline; all of them where `None`.
        pipeline: Option<usize>,
        /// For so long.
        duration: SimDuration,
    },
}

/// How broken servers are repaired: after it, a server is ordered in the place of the broken one.
#[derive(Clone, Debug)]
pub struct Repair {
    /// How long a repair takes, in nanoseconds.
    pub time: Distribution,
    /// How many are repaired at once; `None` is all of them.
    pub repairers: Option<u32>,
}

/// How many of the servers in service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Victims {
    /// So many, or all if there are fewer.
    Count(u32),
    /// This share, rounded to nearest.
    Share(f64),
}
