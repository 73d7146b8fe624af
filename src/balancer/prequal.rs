//! The best of those asked lately, by requests in flight and latency: Google's Prequal.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::balancer::places::Places;
use crate::balancer::{Attempt, Balancer, Busy, Pick, Policy, Probing, Problem, Rotation};
use crate::ids::ServerId;
use crate::rng::{Bits, index_below};
use crate::time::{SimDuration, SimTime};

/// Asks some servers at random after every request how many requests they have in hand (RIF) and how long
/// one takes now, keeps the answers in a pool, and picks by them (Wydrowski et al., "Load is not what you
/// should balance: Introducing Prequal", NSDI 2024).
///
/// An answer is hot where its RIF is above the `hotQuantile` of the RIF of late answers. Among answers that
/// are not hot the one of the least latency is picked, where all are hot the one of the least RIF. A picked
/// answer counts one request more. It leaves the pool after as many uses as
/// max(1, (1 + delta) / ((1 - poolSize / servers) x probesPerRequest - removeRate)), when it is older than
/// `maxAge`, when a newer one needs its place, or when it is the oldest or the worst, in turn, of which
/// `removeRate` leave at every request. With fewer than two answers a server is picked at random.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Prequal {
    /// How many servers are asked after each request; a fraction is a chance.
    #[schemars(range(min = 0, max = MAX_PROBES))]
    probes_per_request: f64,
    /// From a question to its answer.
    probe_delay: SimDuration,
    /// How many answers are kept.
    #[schemars(range(min = 2, max = MAX_POOL))]
    pool_size: u32,
    /// How long an answer is kept.
    max_age: SimDuration,
    /// How many answers leave the pool at every request.
    #[schemars(range(min = 0, max = MAX_PROBES))]
    remove_rate: f64,
    /// By how much the pool would grow were answers used no oftener than others leave.
    #[schemars(range(min = 0, max = MAX_PROBES))]
    delta: f64,
    /// The share of late answers whose RIF is not hot.
    #[schemars(range(min = 0, max = 1))]
    hot_quantile: f64,
}

const MAX_PROBES: u32 = 64;
const MAX_POOL: u32 = 1_024;
/// How many late answers the quantile is taken of; the paper names no number.
const LATE: usize = 128;

impl Default for Prequal {
    /// The paper's testbed (section 5), with a quantile of 2^-0.25.
    fn default() -> Self {
        Self {
            probes_per_request: 3.0,
            probe_delay: SimDuration::from_nanos(1_000_000),
            pool_size: 16,
            max_age: SimDuration::from_secs(1),
            remove_rate: 1.0,
            delta: 1.0,
            hot_quantile: 0.84,
        }
    }
}

impl Policy for Prequal {
    fn build(&self) -> Box<dyn Balancer> {
        Box::new(State {
            spec: self.clone(),
            pool: Vec::new(),
            late: Late::default(),
            places: Places::default(),
            removals: 0.0,
            uses: 0.0,
            worst_next: false,
        })
    }

    fn example() -> Self {
        Self::default()
    }

    fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let rates = [
            ("probesPerRequest", self.probes_per_request, f64::from(MAX_PROBES), "3"),
            ("removeRate", self.remove_rate, f64::from(MAX_PROBES), "1"),
            ("delta", self.delta, f64::from(MAX_PROBES), "1"),
            ("hotQuantile", self.hot_quantile, 1.0, "0.84"),
        ];
        for (key, value, most, example) in rates {
            if !(0.0..=most).contains(&value) {
                let message = format!("{value} is not between 0 and {most}");
                found.push((key, message, format!("write for example {key}: {example}")));
            }
        }
        if !(2..=MAX_POOL).contains(&self.pool_size) {
            let message = format!("{} answers are not between 2 and {MAX_POOL}", self.pool_size);
            found.push(("poolSize", message, "write for example poolSize: 16".to_owned()));
        }
        found
    }

    fn sees_load(&self) -> bool {
        true
    }
}

/// An answer.
#[derive(Clone, Copy, Debug)]
struct Answer {
    ordinal: usize,
    rif: u32,
    latency: SimDuration,
    at: SimTime,
    /// How often it may still be used.
    uses: u32,
}

/// The RIF of the last answers, as they came and in order.
#[derive(Debug, Default)]
struct Late {
    came: Vec<u32>,
    next: usize,
    sorted: Vec<u32>,
}

impl Late {
    fn add(&mut self, rif: u32) {
        if self.came.len() < LATE {
            self.came.push(rif);
        } else {
            let gone = std::mem::replace(&mut self.came[self.next], rif);
            self.next = (self.next + 1) % LATE;
            self.sorted.remove(self.sorted.partition_point(|&other| other < gone));
        }
        self.sorted.insert(self.sorted.partition_point(|&other| other < rif), rif);
    }

    /// Returns the quantile by nearest rank.
    fn quantile(&self, q: f64) -> u32 {
        let rank = (q * self.sorted.len() as f64).ceil() as usize;
        self.sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
    }
}

/// The pool is in the order in which answers came.
#[derive(Debug)]
struct State {
    spec: Prequal,
    pool: Vec<Answer>,
    late: Late,
    places: Places,
    /// What is owed of fractions of removals and of uses.
    removals: f64,
    uses: f64,
    worst_next: bool,
}

impl State {
    /// Returns the index of the best or, reversed, of the worst answer: cold before hot, cold ones by
    /// latency, hot ones by RIF; of equals the one that came first.
    fn extreme(&self, worst: bool) -> usize {
        let threshold = self.late.quantile(self.spec.hot_quantile);
        let rank = |answer: &Answer| match answer.rif > threshold {
            false => (0, answer.latency.as_nanos()),
            true => (1, u64::from(answer.rif)),
        };
        let mut found = 0;
        for index in 1..self.pool.len() {
            let (a, b) = (rank(&self.pool[index]), rank(&self.pool[found]));
            let beyond = if worst { a > b } else { a < b };
            if beyond {
                found = index;
            }
        }
        found
    }

    /// Takes answers out at the rate of the removals: the oldest and the worst, in turn.
    fn remove(&mut self) {
        self.removals += self.spec.remove_rate;
        while self.removals >= 1.0 {
            self.removals -= 1.0;
            if self.pool.is_empty() {
                continue;
            }
            let index = if self.worst_next { self.extreme(true) } else { 0 };
            self.pool.remove(index);
            self.worst_next = !self.worst_next;
        }
    }

    /// Returns how often a new answer may be used: on average the paper's number, which grows without
    /// bound as the pool holds all servers.
    fn budget(&mut self) -> u32 {
        let kept = 1.0 - f64::from(self.spec.pool_size) / (self.places.len() as f64);
        let gain = kept * self.spec.probes_per_request - self.spec.remove_rate;
        if gain <= 0.0 {
            return u32::MAX;
        }
        self.uses += ((1.0 + self.spec.delta) / gain).max(1.0);
        let whole = self.uses as u32;
        self.uses -= f64::from(whole);
        whole
    }
}

impl Balancer for State {
    fn pick(&mut self, attempt: &Attempt, rotation: &Rotation, bits: &mut dyn Bits) -> Pick {
        let oldest = attempt.now.as_nanos().saturating_sub(self.spec.max_age.as_nanos());
        self.pool.retain(|answer| answer.at.as_nanos() >= oldest);
        if self.pool.len() < 2 {
            return Pick { position: index_below((bits.next_bits() >> 32) as u32, rotation.len()) };
        }
        let best = self.extreme(false);
        let answer = &mut self.pool[best];
        let position = self.places.of(answer.ordinal).unwrap_or(0);
        answer.rif += 1;
        answer.uses -= 1;
        if answer.uses == 0 {
            self.pool.remove(best);
        }
        self.remove();
        Pick { position }
    }

    fn probing(&self) -> Option<Probing> {
        Some(Probing { per_pick: self.spec.probes_per_request, delay: self.spec.probe_delay })
    }

    fn on_probe(&mut self, position: usize, busy: Busy, _rotation: &Rotation) {
        self.late.add(busy.in_flight);
        if self.pool.len() >= self.spec.pool_size as usize {
            self.pool.remove(0);
        }
        let answer = Answer {
            ordinal: self.places.at(position),
            rif: busy.in_flight,
            latency: busy.latency.unwrap_or(SimDuration::ZERO),
            at: busy.at,
            uses: self.budget(),
        };
        self.pool.push(answer);
    }

    fn on_membership(&mut self, rotation: &Rotation) {
        self.places.renew(rotation);
        self.pool.retain(|answer| self.places.of(answer.ordinal).is_some());
    }

    fn on_join(&mut self, position: usize, rotation: &Rotation) {
        self.places.join(position, rotation);
    }

    fn on_leave(&mut self, position: usize, _moved: Option<ServerId>, _rotation: &Rotation) {
        let gone = self.places.leave(position);
        self.pool.retain(|answer| answer.ordinal != gone);
    }
}
