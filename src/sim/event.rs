//! Everything that can happen, in the order in which it happens at one instant.

use crate::des;
use crate::ids::{RequestId, ServerId, ServiceId, SourceId};

/// What happens. The order of the variants is the rank: at one instant the books are closed
/// first, then requests end, then they give up, and last new ones arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// An interval, the warm-up or an objective's window ends.
    Cut,
    /// A request has burned its CPU time on a core of its own and goes on to wait off the CPU.
    WorkDone(ServerId, RequestId),
    /// A request has been served on a core of its own.
    Completion(ServerId, RequestId),
    /// Something may be due on a shared CPU.
    SharedDue(ServerId),
    /// The first of a service's waiting requests may have waited as long as it is allowed to.
    WaitLimit(ServiceId),
    /// The next transition in a server's life may be due.
    Life(ServerId),
    /// An entry of the agenda is due.
    Agenda(u32),
    /// A pipeline of monitoring scrapes.
    Scrape(u32),
    /// What a scrape found is seen.
    Sample(u32),
    /// A controller decides how many servers there are to be.
    Control(u32),
    /// What happened to the requests in flight at a server reaches the proxies of a service.
    Signal(ServiceId),
    /// A proxy of a service asks a server how busy it is.
    Probe(ServiceId),
    /// The answer reaches the proxy.
    Answer(ServiceId),
    /// The pending arrival of a source is due.
    Arrival(SourceId),
}

const RANK_SHIFT: u32 = 60;
const ENTITY_SHIFT: u32 = 32;
const ENTITY_MASK: u64 = (1 << (RANK_SHIFT - ENTITY_SHIFT)) - 1;

/// Servers and sources are packed into 28 bits; the scenario reader keeps fleets far below.
pub(super) const MAX_ENTITIES: usize = 1 << 28;

#[inline]
fn pack(rank: u64, entity: usize, rest: usize) -> u64 {
    debug_assert!(entity < MAX_ENTITIES);
    (rank << RANK_SHIFT) | ((entity as u64) << ENTITY_SHIFT) | rest as u64
}

impl des::Event for Event {
    #[inline]
    fn pack(self) -> u64 {
        match self {
            Self::Cut => pack(0, 0, 0),
            Self::WorkDone(server, request) => pack(1, server.index(), request.index()),
            Self::Completion(server, request) => pack(2, server.index(), request.index()),
            Self::SharedDue(server) => pack(3, server.index(), 0),
            Self::WaitLimit(service) => pack(4, service.index(), 0),
            Self::Life(server) => pack(5, server.index(), 0),
            Self::Agenda(entry) => pack(6, entry as usize, 0),
            Self::Scrape(pipeline) => pack(7, pipeline as usize, 0),
            Self::Sample(watch) => pack(8, watch as usize, 0),
            Self::Control(controller) => pack(9, controller as usize, 0),
            Self::Signal(service) => pack(10, service.index(), 0),
            Self::Probe(service) => pack(11, service.index(), 0),
            Self::Answer(service) => pack(12, service.index(), 0),
            Self::Arrival(source) => pack(15, source.index(), 0),
        }
    }

    #[inline]
    fn unpack(bits: u64) -> Self {
        let entity = ((bits >> ENTITY_SHIFT) & ENTITY_MASK) as usize;
        let request = || RequestId::new((bits & 0xFFFF_FFFF) as usize);
        match bits >> RANK_SHIFT {
            0 => Self::Cut,
            1 => Self::WorkDone(ServerId::new(entity), request()),
            2 => Self::Completion(ServerId::new(entity), request()),
            3 => Self::SharedDue(ServerId::new(entity)),
            4 => Self::WaitLimit(ServiceId::new(entity)),
            5 => Self::Life(ServerId::new(entity)),
            6 => Self::Agenda(entity as u32),
            7 => Self::Scrape(entity as u32),
            8 => Self::Sample(entity as u32),
            9 => Self::Control(entity as u32),
            10 => Self::Signal(ServiceId::new(entity)),
            11 => Self::Probe(ServiceId::new(entity)),
            12 => Self::Answer(ServiceId::new(entity)),
            _ => Self::Arrival(SourceId::new(entity)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::des::Event as _;

    #[test]
    fn every_event_survives_packing_and_ranks_as_declared() {
        let (server, request) = (ServerId::new(MAX_ENTITIES - 1), RequestId::new(u32::MAX as usize - 3));
        let all = [
            Event::Cut,
            Event::WorkDone(server, request),
            Event::Completion(server, request),
            Event::SharedDue(server),
            Event::WaitLimit(ServiceId::new(70)),
            Event::Life(server),
            Event::Agenda(3),
            Event::Scrape(2),
            Event::Sample(5),
            Event::Control(4),
            Event::Signal(ServiceId::new(2)),
            Event::Probe(ServiceId::new(2)),
            Event::Answer(ServiceId::new(2)),
            Event::Arrival(SourceId::new(9)),
        ];
        for event in all {
            assert_eq!(Event::unpack(event.pack()), event);
        }
        assert!(all.windows(2).all(|pair| pair[0].pack() < pair[1].pack()));
    }
}
