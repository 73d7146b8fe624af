//! What arrives at a service in a stretch of time, and the lines into which its servers split it.

use super::demand::{Gaps, Stream};
use crate::balancer::BalancerSpec;
use crate::scenario::{Pool, Service};
use crate::time::SimTime;

/// Mean rates of a stretch.
#[derive(Clone, Debug)]
pub(super) struct Arriving {
    /// Requests per second.
    pub(super) rate: f64,
    /// Class, requests per second, mean size.
    classes: Vec<(usize, f64, f64)>,
    gaps: Gaps,
    /// Whether sizes vary.
    pub(super) sized: bool,
}

/// Servers that are alike to those who arrive: one line with its own slots.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lot {
    /// Share of the requests that go to lines like this one.
    pub(super) share: f64,
    /// Requests per second at one of them.
    pub(super) rate: f64,
    /// `None` is unlimited.
    pub(super) slots: Option<u64>,
    /// Cores, where requests share them.
    pub(super) cores: Option<f64>,
    /// Mean CPU time, in seconds.
    pub(super) work_s: f64,
    /// Mean time that a slot is held, in seconds.
    pub(super) hold_s: f64,
    /// Squared coefficient of variation of that time.
    pub(super) scv: f64,
    /// Whether that time is exponential, for every class the same.
    pub(super) exponential: bool,
    /// How arrivals at this line scatter.
    pub(super) gaps: Gaps,
    /// Squared coefficient of variation of the gaps between them.
    pub(super) gap_scv: f64,
    /// Among how many servers a Poisson stream is dealt in turn.
    pub(super) turns: Option<u64>,
    /// Among how many servers, drawn at random, the least busy is chosen.
    pub(super) choices: Option<u32>,
    /// Whether several servers are taken as one.
    pub(super) pooled: bool,
}

impl Arriving {
    /// Gathers the mean rates of a stretch; `None` where nothing comes.
    ///
    /// # Errors
    /// Where arrivals scatter in a way that no formula knows.
    pub(super) fn over(
        station: &Service,
        streams: &[&Stream],
        from: SimTime,
        to: SimTime,
    ) -> Result<Option<Self>, &'static str> {
        let length = (to - from).as_secs_f64();
        let mut arriving = Self { rate: 0.0, classes: Vec::new(), gaps: Gaps::Poisson, sized: false };
        // Whitt, The Queueing Network Analyzer, 1983: merged streams by their shares.
        let (mut scv, mut poisson) = (0.0, true);
        for stream in streams {
            let rate = stream.rate.expected(from, to) / length;
            if rate <= 0.0 {
                continue;
            }
            let own = match stream.gaps {
                Gaps::Poisson | Gaps::Counted => 1.0,
                Gaps::Renewal(scv) => scv,
                Gaps::Bursts(what) => return Err(what),
            };
            scv += rate * own;
            // Streams that vary by 1 on average only need not be Poisson: each has to be.
            poisson &= own == 1.0;
            arriving.rate += rate;
            arriving.sized |= stream.sized;
            for &(class, share) in &stream.shares {
                if station.demands[class].is_some() {
                    arriving.classes.push((class, rate * share, stream.size));
                }
            }
        }
        if !poisson {
            arriving.gaps = Gaps::Renewal(scv / arriving.rate);
        }
        Ok((arriving.rate > 0.0).then_some(arriving))
    }

    /// Returns a line at a server of this pool; `share` of all requests go to it.
    fn lot(&self, station: &Service, pool: &Pool, share: f64, gaps: Gaps) -> Lot {
        let (mut work_s, mut hold_s, mut square) = (0.0, 0.0, 0.0);
        let mut laws = Vec::new();
        for &(class, rate, size) in &self.classes {
            let Some(demand) = &station.demands[class] else { continue };
            let (share, factor) = (rate / self.rate, size / pool.speed / 1e9);
            let work = demand.work.mean() * factor;
            let wait = demand.wait.as_ref().map_or(0.0, |wait| wait.mean() / 1e9);
            let spread = demand.work.variance() * factor * factor
                + demand.wait.as_ref().map_or(0.0, |wait| wait.variance() / 1e18);
            work_s += share * work;
            hold_s += share * (work + wait);
            square += share * (spread + (work + wait) * (work + wait));
            // One of the two is exponential and the other nothing.
            let only_work = wait == 0.0 && demand.work.is_exponential();
            let only_wait = work == 0.0 && demand.wait.as_ref().is_some_and(|wait| wait.is_exponential());
            laws.push((only_work || only_wait, work + wait));
        }
        let same =
            |&(exponential, mean): &(bool, f64)| exponential && (mean - hold_s).abs() <= 1e-12 * hold_s;
        Lot {
            share,
            rate: self.rate * share,
            slots: pool.concurrency.map(u64::from),
            cores: pool.shared_millicores.map(|milli| milli as f64 / 1_000.0),
            work_s,
            hold_s,
            scv: if hold_s > 0.0 { (square / (hold_s * hold_s) - 1.0).max(0.0) } else { 0.0 },
            exponential: !self.sized && !laws.is_empty() && laws.iter().all(same),
            gaps,
            gap_scv: match gaps {
                Gaps::Renewal(scv) => scv,
                _ => 1.0,
            },
            turns: None,
            choices: None,
            pooled: false,
        }
    }

    /// Returns how a share of the arrivals scatters that is drawn at random (Whitt 1983).
    fn thinned(&self, share: f64) -> Gaps {
        match self.gaps {
            Gaps::Renewal(scv) => Gaps::Renewal(share * scv + 1.0 - share),
            other => other,
        }
    }
}

/// Returns the lines of a service: one behind a central queue, else one per server, alike ones
/// together.
///
/// # Errors
/// Why no formula describes them.
pub(super) fn lots(station: &Service, arriving: &Arriving) -> Result<Vec<Lot>, &'static str> {
    let pools: Vec<&Pool> = station.pools.iter().filter(|pool| pool.replicas > 0).collect();
    let count: u64 = pools.iter().map(|pool| u64::from(pool.replicas)).sum();
    let first = *pools.first().ok_or("there is no server")?;
    let alike = |pool: &&Pool| {
        (pool.concurrency, pool.shared_millicores, pool.speed)
            == (first.concurrency, first.shared_millicores, first.speed)
    };
    let equal = pools.iter().all(alike);
    let weights_differ = pools.iter().any(|pool| pool.weight != first.weight);
    let several = station.proxies.as_ref().is_some_and(|proxies| proxies.instances > 1);
    let weigh: fn(&Pool) -> f64 = match &station.balancer {
        _ if count == 1 => |_| 1.0,
        _ if station.queue.central && !equal => return Err("servers that differ stand behind one queue"),
        _ if station.queue.central && first.shared_millicores.is_some() => {
            return Err("servers that share CPU stand behind one queue");
        }
        _ if station.queue.central => return Ok(vec![pooled(station, arriving, first, count, false)]),
        BalancerSpec::Random(_) => |_| 1.0,
        _ if several => return Err("several proxies choose the server, each by what it sees"),
        BalancerSpec::WeightedRandom(_) => |pool| pool.weight,
        BalancerSpec::LeastRequest(spec) if weights_differ || !spec.draws() => {
            return Err("turns of unequal weight have no formula");
        }
        BalancerSpec::LeastRequest(spec) if spec.choice_count() == 1 => |_| 1.0,
        BalancerSpec::RoundRobin(_) => return Ok(in_turn(station, arriving, &pools, count)),
        BalancerSpec::SmoothWeightedRoundRobin(_) | BalancerSpec::PingoraWeighted(_) if !weights_differ => {
            return Ok(in_turn(station, arriving, &pools, count));
        }
        BalancerSpec::SmoothWeightedRoundRobin(_) => {
            return Err("turns of unequal weight have no formula");
        }
        other if other.needs_key() => return Err("the customers' keys choose the server"),
        other if !other.sees_load() => return Err("turns of unequal weight have no formula"),
        _ if !equal => return Err("servers that differ are chosen by their load"),
        _ => return Ok(vec![chosen(station, arriving, first, count)]),
    };
    let total: f64 = pools.iter().map(|pool| f64::from(pool.replicas) * weigh(pool)).sum();
    let lot = |pool: &&Pool| {
        let share = weigh(pool) / total;
        together(arriving.lot(station, pool, share, arriving.thinned(share)), pool)
    };
    Ok(merged(pools.iter().map(lot)))
}

/// Returns the lines of servers that get requests one after the other: of a Poisson stream every
/// n-th, so that the gaps are sums of n exponentials.
fn in_turn(station: &Service, arriving: &Arriving, pools: &[&Pool], count: u64) -> Vec<Lot> {
    let lot = |pool: &&Pool| {
        let scv = match arriving.gaps {
            Gaps::Renewal(scv) => scv,
            _ => 1.0,
        };
        let gaps = Gaps::Renewal(scv / count as f64);
        let mut lot = arriving.lot(station, pool, 1.0 / count as f64, gaps);
        lot.turns = (arriving.gaps == Gaps::Poisson).then_some(count);
        together(lot, pool)
    };
    merged(pools.iter().map(lot))
}

/// Counts all servers of a pool into the share of their lot.
fn together(lot: Lot, pool: &Pool) -> Lot {
    Lot { share: lot.share * f64::from(pool.replicas), ..lot }
}

fn merged(lots: impl Iterator<Item = Lot>) -> Vec<Lot> {
    let mut kept: Vec<Lot> = Vec::new();
    for lot in lots {
        let same = |other: &&mut Lot| Lot { share: lot.share, ..(**other).clone() } == lot;
        match kept.iter_mut().find(same) {
            Some(other) => other.share += lot.share,
            None => kept.push(lot),
        }
    }
    kept
}

/// Returns the line at servers that are chosen by their load: in the supermarket model where that
/// describes them, else as if all were one.
fn chosen(station: &Service, arriving: &Arriving, pool: &Pool, count: u64) -> Lot {
    if let BalancerSpec::LeastRequest(spec) = &station.balancer {
        let lot = arriving.lot(station, pool, 1.0 / count as f64, arriving.gaps);
        let single = lot.slots == Some(1) && lot.cores.is_none() && station.queue.limit.is_none();
        if single && lot.exponential && lot.gaps == Gaps::Poisson {
            return Lot { share: 1.0, choices: Some(spec.choice_count()), ..lot };
        }
    }
    pooled(station, arriving, pool, count, true)
}

/// Returns one line with the slots and cores of all servers, which are alike.
fn pooled(station: &Service, arriving: &Arriving, pool: &Pool, count: u64, bound: bool) -> Lot {
    let lot = arriving.lot(station, pool, 1.0, arriving.gaps);
    Lot {
        slots: lot.slots.map(|slots| slots * count),
        cores: lot.cores.map(|cores| cores * count as f64),
        pooled: bound,
        ..lot
    }
}
