//! Operators in a run: who is alerted, and what they do then.

use crate::des::EventQueue;
use crate::ids::ServiceId;
use crate::results::EventKind;
use crate::scenario::{Action, Change};
use crate::sim::Event;
use crate::sim::agenda::{Note, Site, What};
use crate::sim::control::Reason;
use crate::sim::flow::nanos;
use crate::sim::watch::Operator;
use crate::sim::world::World;
use crate::time::{SimDuration, SimTime};

impl<const SHARED: bool, const LIMITED: bool, const MORTAL: bool> World<SHARED, LIMITED, MORTAL> {
    /// Operators are alerted, and act when somebody has acknowledged it.
    pub(super) fn alert(
        &mut self,
        now: SimTime,
        operator: usize,
        site: Site,
        text: String,
        queue: &mut EventQueue<Event>,
    ) {
        let Operator { plan, key } = &self.watchers.operators[operator];
        let delay =
            plan.acknowledge.as_ref().map_or(SimDuration::ZERO, |law| nanos(law.sample(&mut key.stream())));
        let name = plan.name.clone();
        self.note(now, Note { name: &name, detail: text, ..Note::new(EventKind::Alert, site) });
        self.agenda.add(now + delay, What::Action(operator), queue);
    }

    /// Tells at the end of conditions that never showed.
    pub(super) fn tell_of_silence(&mut self, end: SimTime) {
        for (service, operator, detail) in self.watchers.silent() {
            let name = self.watchers.operators[operator].plan.name.clone();
            let note = Note::new(EventKind::NeverAlerted, Site::Service(service));
            self.note(end, Note { name: &name, detail, ..note });
        }
    }

    /// Operators act.
    pub(super) fn act(&mut self, now: SimTime, operator: usize, queue: &mut EventQueue<Event>) {
        let Action { name, changes, .. } = self.watchers.operators[operator].plan.clone();
        for (change, text) in changes {
            let site = match &change {
                Change::Replicas(service, pool, _)
                | Change::MinReplicas(service, pool, _)
                | Change::MaxReplicas(service, pool, _) => Site::Pool(self.pool_index(*service, *pool)),
                Change::QueueLimit(service, _) | Change::Balancer(service, _) => Site::Service(*service),
                Change::Mix(..) => Site::Everywhere,
            };
            self.note(now, Note { name: &name, detail: text, ..Note::new(EventKind::Action, site) });
            self.change(now, &name, change, queue);
        }
    }

    fn change(&mut self, now: SimTime, name: &str, change: Change, queue: &mut EventQueue<Event>) {
        match change {
            Change::Replicas(service, pool, replicas) => {
                let pool = self.pool_index(service, pool);
                let raw = Some(replicas);
                self.decide(now, pool, replicas, Reason { raw, ..by_hand(name) }, queue);
            }
            Change::MinReplicas(service, pool, min) => {
                let pool = self.pool_index(service, pool);
                self.pools[pool].bounds.min = min;
                self.decide(now, pool, self.pools[pool].decided, by_hand(name), queue);
            }
            Change::MaxReplicas(service, pool, max) => {
                let pool = self.pool_index(service, pool);
                self.pools[pool].bounds.max = max;
                self.decide(now, pool, self.pools[pool].decided, by_hand(name), queue);
            }
            Change::QueueLimit(service, limit) => {
                self.services[service.index()].limit = limit.unwrap_or(u32::MAX);
            }
            Change::Balancer(service, spec) => {
                let service = &mut self.services[service.index()];
                service.track.exchange(&spec);
                if let Some(canary) = &mut service.canary {
                    canary.track.exchange(&spec);
                }
                service.spec = spec.clone();
                if let Some(proxies) = &mut service.proxies {
                    proxies.exchange(&spec, queue);
                }
            }
            Change::Mix(source, mix) => self.sources[source].set_mix(&mix),
        }
    }

    /// Returns the place of a service's pool among all pools.
    fn pool_index(&self, service: ServiceId, ordinal: usize) -> usize {
        let here = |pool: &super::pool::PoolState| pool.service() == service && pool.ordinal == ordinal;
        self.pools.iter().position(here).expect("the reader knows every pool")
    }
}

/// An operator decides.
fn by_hand(name: &str) -> Reason {
    Reason { policy: "operator".to_owned(), signal: name.to_owned(), ..Reason::default() }
}
