//! A CPU with fewer cores than slots: requests in a work phase share it equally.
//!
//! Exact by virtual time (Kleinrock 1967; the device of fair queueing, Demers, Keshav & Shenker
//! 1989): while n requests share C cores of speed s, virtual time runs at s x min(1, C/n), the
//! same for all, so a request of demand d ends when virtual time has grown by d, whoever comes
//! and goes meanwhile. One entry per server stands in the event list, and an arrival costs a
//! logarithm of n instead of n.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::ids::RequestId;
use crate::time::{SimDuration, SimTime};

/// Fractional bits of virtual time: at a million requests on one core its rate still has 28
/// significant bits, and 2^79 ns of virtual time fit.
const FRACTION: u32 = 48;

/// What ends next on a shared CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// A request has burned its CPU time.
    Work(RequestId),
    /// A request has waited out its time off the CPU.
    Wait(RequestId),
}

/// The CPU of one server, and the requests that hold its slots.
#[derive(Debug)]
pub struct SharedCpu {
    millicores: u64,
    /// Virtual nanoseconds, in units of 2^-48, per nanosecond, for a request with a core of its own.
    full_rate: u64,
    virtual_now: u128,
    /// When `virtual_now` was read.
    at: SimTime,
    /// Requests in a work phase, by the virtual time at which they end, then by who came first.
    working: BinaryHeap<Reverse<(u128, u64, RequestId)>>,
    /// Requests off the CPU, by the time at which they end.
    waiting: BinaryHeap<Reverse<(SimTime, u64, RequestId)>>,
    started: u64,
    /// The instant of the event that stands for this server; any other is stale.
    planned: SimTime,
    /// Thousandths of a core x ns burned until `at`.
    burned: u128,
}

impl SharedCpu {
    /// Creates an idle CPU. `speed` divides demand.
    pub fn new(millicores: u64, speed: f64) -> Self {
        Self {
            millicores,
            full_rate: fixed(speed),
            virtual_now: 0,
            at: SimTime::ZERO,
            working: BinaryHeap::new(),
            waiting: BinaryHeap::new(),
            started: 0,
            planned: SimTime::MAX,
            burned: 0,
        }
    }

    /// Changes its speed: what is left of every work phase goes on at the new one.
    pub fn set_speed(&mut self, now: SimTime, speed: f64) {
        self.advance(now);
        self.full_rate = fixed(speed);
        self.planned = SimTime::MAX;
    }

    /// Forgets everybody: the server has failed.
    pub fn clear(&mut self, now: SimTime) {
        self.advance(now);
        self.working.clear();
        self.waiting.clear();
        self.planned = SimTime::MAX;
    }

    /// Returns the rate of virtual time: integer, so that looking at the CPU in between changes
    /// nothing.
    fn rate(&self) -> u64 {
        let wanted = 1_000 * self.working.len() as u64;
        if wanted <= self.millicores {
            return self.full_rate;
        }
        // Rounded up: an end that falls on a whole nanosecond must not slip to the next.
        (u128::from(self.full_rate) * u128::from(self.millicores)).div_ceil(u128::from(wanted)) as u64
    }

    fn burning(&self) -> u64 {
        self.millicores.min(1_000 * self.working.len() as u64)
    }

    fn advance(&mut self, now: SimTime) {
        let elapsed = (now - self.at).as_nanos();
        self.burned = self.burned(now);
        self.virtual_now += u128::from(elapsed) * u128::from(self.rate());
        self.at = now;
        if self.working.is_empty() {
            self.virtual_now = 0;
        }
    }

    /// Returns the CPU burned until `now`, in thousandths of a core x ns.
    pub fn burned(&self, now: SimTime) -> u128 {
        self.burned + u128::from((now - self.at).as_nanos()) * u128::from(self.burning())
    }

    /// Lets a request begin its work phase of `work` nanoseconds at speed 1.
    pub fn start_work(&mut self, now: SimTime, id: RequestId, work: SimDuration) {
        self.advance(now);
        let end = self.virtual_now + (u128::from(work.as_nanos()) << FRACTION);
        self.working.push(Reverse((end, self.started, id)));
        self.started += 1;
    }

    /// Lets a request begin its time off the CPU.
    pub fn start_wait(&mut self, now: SimTime, id: RequestId, wait: SimDuration) {
        self.waiting.push(Reverse((now + wait, self.started, id)));
        self.started += 1;
    }

    /// Tells whether an event at `now` is the one that stands for this server, and forgets it.
    pub fn claim(&mut self, now: SimTime) -> bool {
        let valid = self.planned == now;
        if valid {
            self.planned = SimTime::MAX;
        }
        valid
    }

    /// Takes one request whose phase has ended by `now`, if there is one.
    pub fn take_due(&mut self, now: SimTime) -> Option<Due> {
        if let Some(&Reverse((end, _, id))) = self.waiting.peek()
            && end <= now
        {
            self.waiting.pop();
            return Some(Due::Wait(id));
        }
        self.advance(now);
        let &Reverse((end, _, id)) = self.working.peek()?;
        (end <= self.virtual_now).then(|| {
            self.working.pop();
            Due::Work(id)
        })
    }

    /// Returns the instant at which a new event must stand for this server, if the one that
    /// stands already comes too late. One that comes too early stays: it finds nothing due and
    /// plans anew.
    pub fn plan(&mut self) -> Option<SimTime> {
        let work = self.working.peek().map_or(SimTime::MAX, |&Reverse((end, ..))| {
            let missing = end.saturating_sub(self.virtual_now);
            let nanos = missing.div_ceil(u128::from(self.rate().max(1)));
            self.at + SimDuration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
        });
        let wait = self.waiting.peek().map_or(SimTime::MAX, |&Reverse((end, ..))| end);
        let next = work.min(wait);
        (next < self.planned).then(|| {
            self.planned = next;
            next
        })
    }
}

/// Virtual nanoseconds per nanosecond, in units of 2^-48.
fn fixed(speed: f64) -> u64 {
    (speed * (1_u64 << FRACTION) as f64 + 0.5) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Drives a CPU by hand: (when, demand) of each request in, (when, request) out.
    fn ends(mut cpu: SharedCpu, arrivals: &[(u64, u64)]) -> Vec<(u64, usize)> {
        let (mut out, mut next, mut event) = (Vec::new(), 0, None);
        loop {
            let arrival = arrivals.get(next).map(|a| a.0);
            let Some(now) = arrival.into_iter().chain(event).min() else { return out };
            let at = SimTime::from_nanos(now);
            if event == Some(now) {
                event = None;
                assert!(cpu.claim(at));
                while let Some(Due::Work(id)) = cpu.take_due(at) {
                    out.push((now, id.index()));
                }
            }
            if arrival == Some(now) {
                cpu.start_work(at, RequestId::new(next), SimDuration::from_nanos(arrivals[next].1));
                next += 1;
            }
            if let Some(planned) = cpu.plan() {
                event = Some(planned.as_nanos());
            }
        }
    }

    #[test]
    fn one_core_is_shared_equally() {
        // Worked by hand: A (demand 100) alone until 50 has 50 left; with B (100) each runs at
        // half speed, A ends at 150 with B having 50 left, and B alone ends at 200.
        assert_eq!(ends(SharedCpu::new(1_000, 1.0), &[(0, 100), (50, 100)]), [(150, 0), (200, 1)]);
    }

    #[test]
    fn nobody_gets_more_than_a_core() {
        // Two cores: two requests do not slow each other down, three run at 2/3. At 60 each of
        // the first two has 40 left; at 120 they are done, C has burned 40 of 100, and ends at 180.
        assert_eq!(
            ends(SharedCpu::new(2_000, 1.0), &[(0, 100), (0, 100), (60, 100)]),
            [(120, 0), (120, 1), (180, 2)]
        );
    }

    #[test]
    fn half_a_core_and_double_speed() {
        assert_eq!(ends(SharedCpu::new(500, 1.0), &[(0, 100)]), [(200, 0)]);
        assert_eq!(ends(SharedCpu::new(1_000, 2.0), &[(0, 100)]), [(50, 0)]);
    }

    #[test]
    fn work_and_time_off_the_cpu() {
        let at = SimTime::from_nanos;
        let mut cpu = SharedCpu::new(1_000, 1.0);
        cpu.start_work(at(0), RequestId::new(0), SimDuration::from_nanos(10));
        cpu.start_wait(at(0), RequestId::new(1), SimDuration::from_nanos(25));
        assert_eq!(cpu.plan(), Some(at(10)));
        assert!(!cpu.claim(at(9)), "no event stands at 9: it would be stale");
        assert!(cpu.claim(at(10)));
        assert_eq!(cpu.take_due(at(10)), Some(Due::Work(RequestId::new(0))));
        assert_eq!(cpu.take_due(at(10)), None);
        assert_eq!(cpu.plan(), Some(at(25)));
        assert_eq!(cpu.burned(at(25)), 10_000, "10 ns of one core; waiting burns none");
    }

    #[test]
    fn what_is_left_goes_on_at_another_speed() {
        let at = SimTime::from_nanos;
        let mut cpu = SharedCpu::new(1_000, 1.0);
        // Two of demand 100 have 70 left each at 60; at half speed they are done 280 later, at 340.
        for request in 0..2 {
            cpu.start_work(at(0), RequestId::new(request), SimDuration::from_nanos(100));
        }
        assert_eq!(cpu.plan(), Some(at(200)));
        cpu.set_speed(at(60), 0.5);
        assert!(!cpu.claim(at(200)), "the event of before is stale");
        assert_eq!(cpu.plan(), Some(at(340)));
        assert_eq!(cpu.burned(at(340)), 340_000, "a slow core burns like a fast one");
        cpu.set_speed(at(200), 2.0);
        // 35 left each: 70 of work at double speed.
        assert_eq!(cpu.plan(), Some(at(235)));
        assert!(cpu.claim(at(235)));
        assert_eq!(
            (cpu.take_due(at(235)), cpu.take_due(at(235))),
            (Some(Due::Work(RequestId::new(0))), Some(Due::Work(RequestId::new(1))),)
        );
    }

    #[test]
    fn nothing_of_a_failed_cpu_is_due() {
        let at = SimTime::from_nanos;
        let mut cpu = SharedCpu::new(1_000, 1.0);
        cpu.start_work(at(0), RequestId::new(0), SimDuration::from_nanos(100));
        cpu.start_wait(at(0), RequestId::new(1), SimDuration::from_nanos(50));
        assert_eq!(cpu.plan(), Some(at(50)));
        cpu.clear(at(30));
        assert!(!cpu.claim(at(50)));
        assert_eq!((cpu.plan(), cpu.take_due(at(100))), (None, None));
        assert_eq!(cpu.burned(at(100)), 30_000);
    }
}
