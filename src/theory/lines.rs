//! Poisson arrivals at several servers: Erlang B and C, M/M/c, M/M/c/K, shared CPU.
//!
//! Sources: Erlang, Post Office Electrical Engineers' Journal 10 (1917); Gross, Shortle, Thompson &
//! Harris, Fundamentals of Queueing Theory, 4th ed., 2.3 to 2.5; Kelly, Reversibility and
//! Stochastic Networks, 1979, 3.3 (shared CPU).

use super::fall;

/// Longer queues than this are taken to be this long.
const MOST_PLACES: u64 = 1_000_000;

/// Returns the sum over n <= `servers` of p(n) / p(servers) for p(n) = `load`^n / n!, the inverse of
/// Erlang B; infinite where it does not fit.
///
/// Summed from the full state down, 1 + c/a + c (c - 1)/a^2 + ..: all terms are positive, so nothing
/// cancels, and what matters are some multiples of the root of the servers, however many there are.
fn states(load: f64, servers: u64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for busy in (1..=servers).rev() {
        let ratio = busy as f64 / load;
        term *= ratio;
        sum += term;
        if sum >= 1e300 {
            return f64::INFINITY;
        }
        if ratio < 1.0 && term < 1e-17 * sum * (1.0 - ratio) {
            break;
        }
    }
    sum
}

/// Returns Erlang B: the share of arrivals that find all servers busy where nobody waits. `load` in
/// erlangs, not negative; 1 without servers.
pub fn erlang_b(load: f64, servers: u64) -> f64 {
    1.0 / states(load, servers)
}

/// Returns Erlang C: the share of arrivals that have to wait in M/M/c; 1 where the load reaches the
/// servers. C = B / (1 - rho (1 - B)).
pub fn erlang_c(load: f64, servers: u64) -> f64 {
    let rho = load / servers as f64;
    if !(0.0..1.0).contains(&rho) {
        return 1.0;
    }
    1.0 / (states(load, servers) * (1.0 - rho) + rho)
}

/// M/M/c: Poisson arrivals, exponential work, one unlimited queue, first come first served.
///
/// The mean and the share that waits also hold for every order that does not look at the work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mmc {
    /// Erlang C.
    p_wait: f64,
    /// Free servers on average: the rate at which waits decay.
    spare: f64,
}

impl Mmc {
    /// Describes the line at this load in erlangs; `None` where the load reaches the servers, since
    /// there is no steady state then.
    pub fn new(load: f64, servers: u64) -> Option<Self> {
        let spare = servers as f64 - load;
        (spare > 0.0 && load >= 0.0).then(|| Self { p_wait: erlang_c(load, servers), spare })
    }

    /// Returns the share of arrivals that have to wait.
    pub fn p_wait(&self) -> f64 {
        self.p_wait
    }

    /// Returns the mean wait, those who do not wait included.
    pub fn mean_wait(&self) -> f64 {
        self.p_wait / self.spare
    }

    /// Returns the share of arrivals that wait longer than `time`.
    pub fn wait_beyond(&self, time: f64) -> f64 {
        self.p_wait * libm::exp(-self.spare * time)
    }

    /// Returns what a share `p` of the arrivals waits at most.
    pub fn wait_quantile(&self, p: f64) -> f64 {
        libm::log(self.p_wait / (1.0 - p)).max(0.0) / self.spare
    }

    /// Returns the share of arrivals that are longer than `time` in the system.
    pub fn sojourn_beyond(&self, time: f64) -> f64 {
        let (c, th) = (self.p_wait, self.spare);
        let (service, line) = (libm::exp(-time), libm::exp(-th * time));
        // Wait and service of one rate add up to a gamma of shape 2; near it the quotient cancels.
        let both = match (th - 1.0).abs() {
            gap if gap < 1e-6 => service * (1.0 + time),
            _ => (th * service - line) / (th - 1.0),
        };
        (1.0 - c) * service + c * both
    }

    /// Returns what a share `p` of the arrivals is in the system at most.
    pub fn sojourn_quantile(&self, p: f64) -> f64 {
        fall(1.0 - p, |time| self.sojourn_beyond(time))
    }
}

/// M/M/c/K: as [`Mmc`], with room for so many; whoever finds it full is turned away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mmck {
    blocking: f64,
    /// Requests waiting on average.
    queue: f64,
    load: f64,
    p_wait: f64,
}

impl Mmck {
    /// Describes the line at this load in erlangs, which may exceed the servers; `places` is how many
    /// may wait, the servers aside.
    pub fn new(load: f64, servers: u64, places: u64) -> Self {
        let (rho, places) = (load / servers as f64, places.min(MOST_PLACES));
        // Relative to the likeliest end, so that no power overflows.
        let (mut waiting, mut queue, mut term) = (0.0, 0.0, 1.0);
        let full = if rho <= 1.0 {
            for place in 1..=places {
                term *= rho;
                waiting += term;
                queue += place as f64 * term;
                if term == 0.0 {
                    break;
                }
            }
            term
        } else {
            for place in (1..=places).rev() {
                waiting += term;
                queue += place as f64 * term;
                term /= rho;
                if term == 0.0 {
                    break;
                }
            }
            1.0
        };
        // The weight of the state with every server busy and nobody waiting.
        let busy = if rho <= 1.0 { 1.0 } else { term };
        let below = if busy > 0.0 { busy * states(load, servers) } else { 0.0 };
        let all = below + waiting;
        let (blocking, queue) = (full / all, queue / all);
        let p_wait = (busy + waiting - full) / all / (1.0 - blocking);
        Self { blocking, queue, load, p_wait: if places == 0 { 0.0 } else { p_wait } }
    }

    /// Returns the share of arrivals that are turned away.
    pub fn blocking(&self) -> f64 {
        self.blocking
    }

    /// Returns the share of those admitted that have to wait.
    pub fn p_wait(&self) -> f64 {
        self.p_wait
    }

    /// Returns the mean wait of those admitted (Little's law over the queue).
    pub fn mean_wait(&self) -> f64 {
        let admitted = self.load * (1.0 - self.blocking);
        if admitted > 0.0 { self.queue / admitted } else { 0.0 }
    }
}

/// Returns the mean time in the system under Poisson arrivals where all requests at a server share
/// `cores` equally, none getting more than one; `None` where the load reaches them.
///
/// Insensitive: it depends on the work's mean alone. With one core it is 1 / (1 - load), the M/G/1
/// queue under processor sharing; with whole cores it equals that of M/M/c.
pub fn shared_cpu_sojourn(load: f64, cores: f64) -> Option<f64> {
    let rho = load / cores;
    if !(0.0..1.0).contains(&rho) {
        return None;
    }
    // So many run at full speed; from there on the rate of the whole is `cores`.
    let whole = cores.floor();
    let below = states(load, whole as u64);
    if !below.is_finite() || load <= 0.0 {
        return Some(1.0);
    }
    let above = rho / (1.0 - rho);
    let present = load * (below - 1.0) + whole * above + above / (1.0 - rho);
    Some(present / (below + above) / load)
}
