//! The checked scenario: everything a run needs, names resolved, nothing left to doubt.

mod happening;
mod release;

use std::sync::Arc;

use crate::autoscaler::cluster_autoscaler::ClusterAutoscaler;
use crate::autoscaler::ladder::Ladder;
use crate::autoscaler::{PolicySpec, PoolFacts};
use crate::balancer::BalancerSpec;
use crate::dist::Distribution;
use crate::ids::{ClassId, ServiceId};
use crate::monitoring::Pipeline;
use crate::results::{OverlayRecord, Plan};
use crate::time::{SimDuration, SimTime};
use crate::workload::{ArrivalsSpec, Profile, Zipf, recorded::RecordedSpec, recorded::Survey};

pub use happening::{Action, Change, Condition, Fault, FaultKind, Figure, Repair, Trigger, Victims, Watch};
pub(super) use release::least;
pub use release::{Commits, Detection, Flaw, Person, Policy, Release, Rollback, Seen, Snapshot};

/// What can be run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Names and static figures, as they also stand in the results.
    pub plan: Plan,
    /// The root of all randomness.
    pub seed: u64,
    /// SHA-256 of the resolved spec as JSON, in hexadecimal.
    pub sha256: String,
    /// The same of what a single run depends on: the number of replications is left out.
    pub day_sha256: String,
    /// The resolved spec as YAML: running it gives the same results.
    pub resolved: String,
    /// How many independent days are simulated.
    pub replications: u32,
    /// Traffic sources, in the order of the file.
    pub sources: Vec<Source>,
    /// Services, in the order of the file.
    pub services: Vec<Service>,
    /// What breaks, in the order of the file.
    pub faults: Vec<Fault>,
    /// How controllers and people see the run.
    pub monitoring: Vec<Pipeline>,
    /// What operators do, in the order of the file.
    pub actions: Vec<Action>,
    /// What is released, in the order of the file.
    pub releases: Vec<Release>,
    /// What is accepted, and yet more likely a slip than meant.
    pub cautions: Vec<Caution>,
    /// What was laid over the file, in order.
    pub overlays: Vec<OverlayRecord>,
    /// The settings `PATH=VALUE` that were applied after them, in order.
    pub settings: Vec<String>,
}

/// Something that is more likely a slip than meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caution {
    /// The service.
    pub of: String,
    /// What it is, and what to write instead.
    pub message: String,
}

/// How balancers learn which servers can be sent requests.
///
/// All servers of a service are checked at the same instants, the multiples of the interval.
#[derive(Clone, Copy, Debug)]
pub struct HealthCheck {
    /// Between two checks.
    pub interval: SimDuration,
    /// So many checks in a row must fail before a server is sent nothing more.
    pub unhealthy: u32,
    /// So many checks in a row must pass before a new server is sent requests.
    pub healthy: u32,
}

impl HealthCheck {
    /// Returns when `count` checks after `at` are done; one at that very instant is not among them.
    pub fn after(&self, at: SimTime, count: u32) -> SimTime {
        let interval = self.interval.as_nanos();
        SimTime::from_nanos((at.as_nanos() / interval + u64::from(count)).saturating_mul(interval))
    }
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
    /// How its requests spread over customers, where anybody asks.
    pub keys: Option<Zipf>,
}

impl Source {
    /// Tells whether it names the customers of its requests.
    pub fn is_keyed(&self) -> bool {
        self.keys.is_some() || self.recorded.iter().any(|recording| recording.spec.key.is_some())
    }
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
    /// How it learns of servers that failed; at once where `None`.
    pub health: Option<HealthCheck>,
    /// Who chooses the size of its servers.
    pub ladder: Option<LadderPlan>,
    /// The proxies that run it, where there are several or they see more than what they sent themselves.
    pub proxies: Option<ProxyPlan>,
}

/// Who chooses the size of a service's servers.
#[derive(Clone, Debug)]
pub struct LadderPlan {
    /// Pools of rising capacity, by their places; one of them has all the servers.
    pub pools: Vec<usize>,
    /// What a server of each can do.
    pub capacities: Vec<f64>,
    /// When to move.
    pub policy: Ladder,
    /// What it is shown.
    pub seen: Vec<(usize, Watch, Figure)>,
}

/// The proxies of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct ProxyPlan {
    /// How many.
    pub instances: u32,
    /// They go by the requests in flight of all of them, so late; each by its own, at once, where `None`.
    pub signal_delay: Option<SimDuration>,
    /// So many servers are known to each; all of them where `None`.
    pub subset: Option<u32>,
    /// They prefer their own zone where there are so many servers at least; never where `None`.
    pub zone_aware: Option<u32>,
    /// Where less than this share of the servers is healthy, health is ignored.
    pub panic_threshold: Option<f64>,
    /// The zones of the servers, in which the proxies stand in turn; indices into the plan's zones.
    pub zones: Vec<u16>,
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
    /// CPU that a server asks for, in thousandths of a core.
    pub request_milli: u64,
    /// Divides demand.
    pub speed: f64,
    /// What balancers that weigh go by.
    pub weight: f64,
    /// Zones, over which replicas are dealt in turn; indices into the plan's zones.
    pub zones: Vec<u16>,
    /// What stands between the order of a server and its full speed.
    pub startup: Startup,
    /// How servers are launched.
    pub launch: LaunchPlan,
    /// How long a server that leaves may finish what it has; `None` is as long as it takes.
    pub drain: Option<SimDuration>,
    /// Never fewer, never more.
    pub bounds: Bounds,
    /// Whether servers are there only while there are requests for them, as in the queue with set-up times
    /// of theory. No key says so: a controller that sees the present does not exist.
    pub on_demand: bool,
    /// How many servers are wanted from when on, in order of time.
    pub schedule: Vec<(SimTime, u32)>,
    /// Who is asked again and again how many are wanted.
    pub scalers: Vec<Scaler>,
}

/// A policy that is asked again and again how many servers a pool is to have.
#[derive(Clone, Debug)]
pub struct Scaler {
    /// Its key in the scenario.
    pub name: String,
    /// As written.
    pub spec: Arc<dyn PolicySpec>,
    /// What it knows of its pool beforehand.
    pub facts: PoolFacts,
    /// What it is shown, in the order of [`PolicySpec::wants`]: the pipeline, of what, and which figure.
    pub seen: Vec<(usize, Watch, Figure)>,
    /// The recorded series that its forecast repeats.
    pub series: Option<Recording>,
}

/// One server with one slot that is always there.
impl Default for Pool {
    fn default() -> Self {
        Self {
            replicas: 1,
            concurrency: Some(1),
            shared_millicores: None,
            request_milli: 1_000,
            speed: 1.0,
            weight: 1.0,
            zones: Vec::new(),
            startup: Startup::default(),
            launch: LaunchPlan::default(),
            drain: None,
            bounds: Bounds::ANY,
            on_demand: false,
            schedule: Vec::new(),
            scalers: Vec::new(),
        }
    }
}

impl Pool {
    /// Tells whether its servers come and go by themselves.
    pub fn is_elastic(&self) -> bool {
        self.on_demand || !self.schedule.is_empty() || !self.scalers.is_empty()
    }

    /// Returns the largest number of servers that are ever wanted.
    pub fn most_replicas(&self) -> u32 {
        self.schedule.iter().map(|step| step.1).fold(self.replicas, u32::max)
    }

    /// Returns how many serve from when on, as far as theory knows: those of the schedule, each after the mean
    /// of its start-up, as if it were alone.
    pub fn expected_replicas(&self) -> Vec<(SimTime, u32)> {
        let mean = |law: &Option<Distribution>| law.as_ref().map_or(0.0, Distribution::mean);
        let pull = self.startup.image.map_or(0, |image| image.pull.as_nanos());
        let delay =
            SimDuration::from_nanos(pull + (mean(&self.startup.provision) + mean(&self.startup.boot)) as u64);
        let mut steps = vec![(SimTime::ZERO, self.replicas)];
        for (index, &(at, wanted)) in self.schedule.iter().enumerate() {
            let before = steps.last().map_or(0, |step| step.1);
            // Who is ordered and given back before it serves never does.
            let overtaken = self.schedule.get(index + 1).is_some_and(|next| next.0 <= at + delay);
            if wanted <= before {
                steps.push((at, wanted));
            } else if !overtaken {
                steps.push((at + delay, wanted));
            }
        }
        steps
    }

    /// Returns how many are wanted on average over a run.
    pub fn mean_replicas(&self, duration: SimDuration) -> f64 {
        let end = SimTime::ZERO + duration;
        let steps = std::iter::once((SimTime::ZERO, self.replicas)).chain(self.schedule.iter().copied());
        let ends = self.schedule.iter().map(|step| step.0).chain([end]);
        let wanted = steps.zip(ends).map(|((from, replicas), to)| {
            f64::from(replicas) * ((to - SimTime::ZERO).as_nanos() - (from - SimTime::ZERO).as_nanos()) as f64
        });
        wanted.sum::<f64>() / duration.as_nanos().max(1) as f64
    }
}

/// How many servers a pool may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Never fewer.
    pub min: u32,
    /// Never more.
    pub max: u32,
}

impl Bounds {
    /// Any number.
    pub const ANY: Self = Self { min: 0, max: u32::MAX };

    /// Returns the nearest number within; the upper bound where they contradict each other.
    pub fn clamp(self, replicas: u32) -> u32 {
        replicas.max(self.min).min(self.max)
    }
}

/// What stands between the order of a server and its full speed.
#[derive(Clone, Debug, Default)]
pub struct Startup {
    /// From the order to a machine, in nanoseconds.
    pub provision: Option<Distribution>,
    /// From the machine to service, in nanoseconds.
    pub boot: Option<Distribution>,
    /// What is pulled between the two.
    pub image: Option<Image>,
    /// Slower service at first.
    pub slow_start: Option<SlowStart>,
    /// The share of its CPU that a server burns while it boots, as monitoring sees it.
    pub boot_cpu: f64,
}

/// An image that every server pulls from one registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// How long a pull takes alone.
    pub pull: SimDuration,
    /// So many pulls at once are as fast as one alone; more of them share what these get.
    pub parallel: u32,
}

/// How a pool's servers are launched.
#[derive(Clone, Debug, Default)]
pub struct LaunchPlan {
    /// Launches begin so far apart at least.
    pub apart: Option<SimDuration>,
    /// Servers that are not gone, at most.
    pub quota: Option<u32>,
    /// The share of launches that fail at the end of the start-up.
    pub failures: f64,
    /// From a failed launch to the next order.
    pub retry: SimDuration,
    /// Machines that wait, provisioned, for a launch.
    pub warm: u32,
    /// The nodes that servers stand on.
    pub nodes: Option<Nodes>,
}

/// Nodes that hold several servers of a pool.
#[derive(Clone, Debug)]
pub struct Nodes {
    /// How many each holds.
    pub servers: u32,
    /// From the order of a node until servers can start there, in nanoseconds.
    pub provision: Option<Distribution>,
    /// How long a node is kept on which nobody stands.
    pub keep: SimDuration,
    /// Who orders and removes them; whoever needs one, and time, where `None`.
    pub scaler: Option<ClusterAutoscaler>,
}

/// Slower service at first.
#[derive(Clone, Copy, Debug)]
pub struct SlowStart {
    /// For so long.
    pub window: SimDuration,
    /// At this share of the full speed.
    pub speed: f64,
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
    /// Tells whether servers come and go, or requests are ended from outside.
    pub fn is_mortal(&self) -> bool {
        let pools = self.services.iter().flat_map(|service| &service.pools);
        let proxied =
            self.services.iter().any(|service| service.proxies.is_some() || service.ladder.is_some());
        let changing = !self.faults.is_empty() || !self.actions.is_empty() || !self.releases.is_empty();
        changing || proxied || pools.into_iter().any(Pool::is_elastic)
    }

    /// Returns how many runs a replication takes on average: its own, one for every further way of a release, and one
    /// without each of its commits.
    pub fn runs_a_day(&self) -> f64 {
        1.0 + self.releases.iter().map(Release::runs_beside).sum::<f64>()
    }

    /// Returns the end of the run: nothing happens at or after it.
    pub fn horizon(&self) -> SimTime {
        SimTime::ZERO + self.plan.duration()
    }
}
