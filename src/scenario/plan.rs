//! The checked scenario: everything a run needs, names resolved, nothing left to doubt.

use crate::balancer::BalancerSpec;
use crate::dist::Distribution;
use crate::ids::{ClassId, ServiceId};
use crate::results::Plan;
use crate::time::{SimDuration, SimTime};
use crate::workload::{ArrivalsSpec, Profile, recorded::RecordedSpec, recorded::Survey};

/// What can be run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Names and static figures, as they also stand in the results.
    pub plan: Plan,
    /// The root of all randomness.
    pub seed: u64,
    /// SHA-256 of the resolved spec as JSON, in hexadecimal.
    pub sha256: String,
    /// The resolved spec as YAML: running it gives the same results.
    pub resolved: String,
    /// How many independent days are simulated.
    pub replications: u32,
    /// Traffic sources, in the order of the file.
    pub sources: Vec<Source>,
    /// Services, in the order of the file.
    pub services: Vec<Service>,
}

/// Where requests come from.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name; also names its randomness.
    pub name: String,
    /// The service it calls.
    pub to: ServiceId,
    /// Classes and their cumulated shares, the last of which is 1.
    pub mix: Vec<(ClassId, f64)>,
    /// The shape of randomness.
    pub arrivals: ArrivalsSpec,
    /// The sum of its synthetic rates, `run.load` included; empty where all traffic is recorded.
    pub profile: Option<Profile>,
    /// Its recorded parts.
    pub recorded: Vec<Recording>,
    /// Multiplies the source, drawn once per replication.
    pub uncertainty: Option<Distribution>,
}

/// A recorded part of a source.
#[derive(Clone, Debug)]
pub struct Recording {
    /// As written in the scenario.
    pub spec: RecordedSpec,
    /// What the first pass over the file found.
    pub survey: Survey,
    /// Multiplies its scale: `run.load`.
    pub factor: f64,
}

/// A fleet of servers behind a balancer.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its pools, in the order of the file.
    pub pools: Vec<Pool>,
    /// How requests wait.
    pub queue: Queue,
    /// Own time per class of the plan; `None` where the service knows no such class.
    pub demands: Vec<Option<Demand>>,
    /// Who picks the server.
    pub balancer: BalancerSpec,
}

/// Servers of one kind.
#[derive(Clone, Debug)]
pub struct Pool {
    /// How many there are at the start.
    pub replicas: u32,
    /// Requests in hand at once; `None` is unlimited.
    pub concurrency: Option<u32>,
    /// Cores in thousandths, where they are fewer than the slots: requests share them.
    pub shared_millicores: Option<u64>,
    /// Divides demand.
    pub speed: f64,
    /// What balancers that weigh go by.
    pub weight: f64,
    /// Zones, over which replicas are dealt in turn; indices into the plan's zones.
    pub zones: Vec<u16>,
}

/// How requests wait for a slot.
#[derive(Clone, Debug)]
pub struct Queue {
    /// One queue for the service instead of one per server.
    pub central: bool,
    /// How many may wait; `None` is unlimited.
    pub limit: Option<u32>,
    /// How long they wait at most.
    pub timeout: Option<SimDuration>,
    /// Who is next.
    pub order: Order,
}

/// Which of the waiting requests is next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Who waited longest.
    Fifo,
    /// Who came last.
    Lifo,
    /// The lowest level first, within a level who waited longest; one level per class of the plan.
    Priority(Vec<u16>),
}

/// A class's own time at a service.
#[derive(Clone, Debug)]
pub struct Demand {
    /// CPU time at speed 1, in nanoseconds.
    pub work: Distribution,
    /// Time that holds the slot and burns no CPU, in nanoseconds.
    pub wait: Option<Distribution>,
}

impl Scenario {
    /// Returns the end of the run: nothing happens at or after it.
    pub fn horizon(&self) -> SimTime {
        SimTime::ZERO + self.plan.duration()
    }
}
