//! Proxies: the instances that each run the balancer of a service, and what each of them sees.
//!
//! A real service is balanced by many proxies at once. Each knows what it sent itself, perhaps only a subset
//! of the servers, perhaps what others report, late. A service with one proxy that sees everything does without
//! all this.

use std::collections::VecDeque;

use crate::balancer::{Attempt, Balancer, BalancerSpec, Busy, End, Member, Probing, Rotation};
use crate::des::{EventQueue, Lane};
use crate::ids::{ServerId, ServiceId};
use crate::rng::{Bits, Key, Stream, index_below, uniform_closed_open};
use crate::scenario::ProxyPlan;
use crate::sim::Event;
use crate::sim::recent::Recent;
use crate::sim::routes::Routes;
use crate::time::{SimDuration, SimTime};

/// No place.
const NOWHERE: u32 = u32::MAX;

/// The proxies of a service.
#[derive(Debug)]
pub(super) struct Proxies {
    plan: ProxyPlan,
    proxies: Vec<Proxy>,
    /// Names the subsets.
    key: Key,
    /// Chooses who hears of an idle server.
    idle: Stream,
    hears_of_idle: bool,
    /// Servers that serve, in the order in which they came, and those that health checks gave up, of whom
    /// proxies that panic know nothing.
    ready: Vec<Member>,
    lost: Vec<Member>,
    panics: bool,
    /// Counts that all proxies share, seen late; their own, seen at once, where `None`.
    shared: Option<Shared>,
    probing: Option<Probes>,
    /// By server: how long requests took that it served last; where somebody asks.
    recent: Vec<Recent>,
}

/// One proxy.
#[derive(Debug)]
struct Proxy {
    bits: Stream,
    /// Everybody it knows, then those of each zone where it goes by zones.
    fronts: Vec<Front>,
    /// By server: what it sent there that has not ended.
    own: Vec<u32>,
    routes: Option<Routes>,
}

/// A set of servers and the balancer that picks among them.
#[derive(Debug)]
struct Front {
    balancer: Box<dyn Balancer>,
    told: bool,
    rotation: Rotation,
    /// By server: its place.
    places: Vec<u32>,
}

/// Counts in flight that reach the proxies late.
#[derive(Debug)]
struct Shared {
    delay: SimDuration,
    lane: Lane,
    coming: VecDeque<(ServerId, Option<End>)>,
    /// By server, as it is seen.
    seen: Vec<u32>,
}

/// Servers that are asked how busy they are.
#[derive(Debug)]
struct Probes {
    plan: Probing,
    asked: Lane,
    answered: Lane,
    on_the_way: VecDeque<(usize, ServerId)>,
    back: VecDeque<(usize, ServerId, Busy)>,
}

/// Who sent a request, and what it found.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    /// The proxy.
    pub(super) proxy: u16,
    /// Requests at the server when it came.
    pub(super) crowd: u32,
}

impl Proxies {
    pub(super) fn new(
        plan: &ProxyPlan,
        spec: &BalancerSpec,
        key: Key,
        queue: &mut EventQueue<Event>,
    ) -> Self {
        let zones = if plan.zone_aware.is_some() { plan.zones.len() } else { 0 };
        let proxy = |index: usize| Proxy {
            bits: key.named("proxy").child(index as u64).stream(),
            fronts: (0..=zones).map(|_| Front::new(spec)).collect(),
            own: Vec::new(),
            routes: plan.zone_aware.map(|least| Routes::new(least, index % plan.zones.len().max(1))),
        };
        let balancer = spec.build();
        let probing = balancer.probing().map(|plan| Probes::new(plan, queue));
        let shared = plan.signal_delay.map(|delay| Shared {
            delay,
            lane: queue.add_lane(),
            coming: VecDeque::new(),
            seen: Vec::new(),
        });
        Self {
            proxies: (0..plan.instances as usize).map(proxy).collect(),
            plan: plan.clone(),
            key: key.named("subsets"),
            idle: key.named("idle").stream(),
            hears_of_idle: balancer.hears_of_idle(),
            ready: Vec::new(),
            lost: Vec::new(),
            panics: false,
            shared,
            probing,
            recent: Vec::new(),
        }
    }

    /// Lets another balancer go on with the requests in hand.
    pub(super) fn exchange(&mut self, spec: &BalancerSpec, queue: &mut EventQueue<Event>) {
        for front in self.proxies.iter_mut().flat_map(|proxy| &mut proxy.fronts) {
            front.balancer = spec.build();
            front.told = front.balancer.follows_attempts();
            front.balancer.on_membership(&front.rotation);
        }
        let balancer = spec.build();
        self.hears_of_idle = balancer.hears_of_idle();
        // Answers on their way to a balancer that asked nobody are lost.
        self.probing = balancer.probing().map(|plan| Probes::new(plan, queue));
    }

    /// Takes in the servers of the start.
    pub(super) fn begin(&mut self, members: impl Iterator<Item = Member>) {
        self.ready.extend(members);
        self.settle();
        for index in 0..self.ready.len() {
            self.idle(self.ready[index].server);
        }
    }

    /// A server came into service.
    pub(super) fn join(&mut self, member: Member) {
        self.ready.push(member);
        // Whoever comes replaces who was lost first.
        if !self.lost.is_empty() {
            self.lost.remove(0);
        }
        self.settle();
        self.idle(member.server);
    }

    /// A server left service; `dead` tells whether health checks gave it up.
    pub(super) fn leave(&mut self, server: ServerId, dead: bool) {
        if let Some(at) = self.ready.iter().position(|member| member.server == server) {
            let member = self.ready.remove(at);
            if dead {
                self.lost.push(member);
            }
        }
        self.settle();
    }

    /// Settles whom every proxy knows.
    fn settle(&mut self) {
        let all = self.ready.len() + self.lost.len();
        self.panics =
            self.plan.panic_threshold.is_some_and(|least| (self.ready.len() as f64) < least * all as f64);
        let mut known = self.ready.clone();
        if self.panics {
            known.extend(&self.lost);
        }
        known.sort_unstable_by_key(|member| member.server);
        let seen = self.shared.as_ref().map(|shared| &*shared.seen);
        for (index, proxy) in self.proxies.iter_mut().enumerate() {
            let subset = self.plan.subset.filter(|&size| (size as usize) < known.len());
            let own = subset.map(|size| subset_of(&known, index, size as usize, self.key));
            proxy.know(own.as_deref().unwrap_or(&known), &self.plan.zones, seen);
        }
        let shares: Vec<f64> = self.plan.zones.iter().map(|zone| share(&known, *zone)).collect();
        let instances = self.proxies.len();
        for proxy in &mut self.proxies {
            if let Some(routes) = &mut proxy.routes {
                routes.settle(known.len(), &shares, instances);
            }
        }
    }

    /// Chooses a server for a request, and who chose it; `None` where the proxy knows nobody.
    pub(super) fn pick(&mut self, attempt: &Attempt, request: Key) -> Option<(ServerId, usize)> {
        // Which proxy a customer meets does not depend on what any balancer does.
        let index = index_below((request.draw(0) >> 32) as u32, self.proxies.len());
        let proxy = &mut self.proxies[index];
        let zone = match &proxy.routes {
            Some(routes) => routes.choose(uniform_closed_open(proxy.bits.next_bits())),
            None => None,
        };
        let front = zone.map_or(0, |zone| zone + 1);
        let front = if proxy.fronts[front].rotation.is_empty() { 0 } else { front };
        let Front { balancer, rotation, .. } = &mut proxy.fronts[front];
        if rotation.is_empty() {
            return None;
        }
        let position = balancer.pick(attempt, rotation, &mut proxy.bits).position;
        Some((rotation.server(position), index))
    }

    /// Counts a request that a proxy sent.
    pub(super) fn sent(
        &mut self,
        now: SimTime,
        service: ServiceId,
        index: usize,
        server: ServerId,
        queue: &mut EventQueue<Event>,
    ) {
        *entry(&mut self.proxies[index].own, server) += 1;
        match &mut self.shared {
            None => self.proxies[index].sent(server),
            Some(shared) => {
                shared.coming.push_back((server, None));
                queue.append(shared.lane, now + shared.delay, Event::Signal(service));
            }
        }
        self.ask(now, service, index, queue);
    }

    /// Counts a request that ended; `crowd` is how many were at its server when it came.
    pub(super) fn done(
        &mut self,
        service: ServiceId,
        sent: Sent,
        server: ServerId,
        end: End,
        queue: &mut EventQueue<Event>,
    ) {
        let proxy = &mut self.proxies[usize::from(sent.proxy)];
        *entry(&mut proxy.own, server) -= 1;
        match &mut self.shared {
            None => proxy.done(server, end),
            Some(shared) => {
                shared.coming.push_back((server, Some(end)));
                queue.append(shared.lane, end.at + shared.delay, Event::Signal(service));
            }
        }
        if self.probing.is_some() {
            if self.recent.len() <= server.index() {
                self.recent.resize_with(server.index() + 1, Recent::default);
            }
            self.recent[server.index()].add(sent.crowd, end.latency);
        }
    }

    /// What happened to a server's count reaches the proxies.
    pub(super) fn on_signal(&mut self) {
        let Some(shared) = &mut self.shared else { return };
        let Some((server, end)) = shared.coming.pop_front() else { return };
        let count = entry(&mut shared.seen, server);
        *count = if end.is_none() { *count + 1 } else { *count - 1 };
        for proxy in &mut self.proxies {
            match end {
                None => proxy.sent(server),
                Some(end) => proxy.done(server, end),
            }
        }
    }

    /// A server has nothing left to do: it tells one proxy.
    pub(super) fn idle(&mut self, server: ServerId) {
        if !self.hears_of_idle {
            return;
        }
        let index = index_below((self.idle.next_bits() >> 32) as u32, self.proxies.len());
        for Front { balancer, rotation, places, .. } in &mut self.proxies[index].fronts {
            if let Some(place) = place(places, server) {
                balancer.on_idle(place, rotation);
            }
        }
    }

    /// Asks some servers how busy they are.
    fn ask(&mut self, now: SimTime, service: ServiceId, index: usize, queue: &mut EventQueue<Event>) {
        let Some(probes) = &mut self.probing else { return };
        let Proxy { bits, fronts, .. } = &mut self.proxies[index];
        let rotation = &fronts[0].rotation;
        let Probing { per_pick, delay } = probes.plan;
        let more = uniform_closed_open(bits.next_bits()) < per_pick - libm::floor(per_pick);
        let count = (per_pick as usize + usize::from(more)).min(rotation.len());
        let mut asked: Vec<usize> = Vec::with_capacity(count);
        // Different servers: Floyd's sampling without replacement.
        for last in rotation.len() - count..rotation.len() {
            let drawn = index_below((bits.next_bits() >> 32) as u32, last + 1);
            asked.push(if asked.contains(&drawn) { last } else { drawn });
        }
        for position in asked {
            probes.on_the_way.push_back((index, rotation.server(position)));
            queue.append(probes.asked, now + half(delay), Event::Probe(service));
        }
    }

    /// Returns the server that a question reaches now.
    pub(super) fn asked(&mut self) -> Option<ServerId> {
        self.probing.as_ref()?.on_the_way.front().map(|question| question.1)
    }

    /// A server answers how busy it is.
    pub(super) fn answer(
        &mut self,
        now: SimTime,
        service: ServiceId,
        in_flight: u32,
        queue: &mut EventQueue<Event>,
    ) {
        let Some(probes) = &mut self.probing else { return };
        let Some((index, server)) = probes.on_the_way.pop_front() else { return };
        let back = probes.plan.delay.as_nanos() - half(probes.plan.delay).as_nanos();
        let at = now + SimDuration::from_nanos(back);
        let latency = self.recent.get(server.index()).and_then(|recent| recent.expected(in_flight));
        probes.back.push_back((index, server, Busy { at, in_flight, latency }));
        queue.append(probes.answered, at, Event::Answer(service));
    }

    /// An answer reaches the proxy that asked.
    pub(super) fn on_answer(&mut self) {
        let Some((index, server, busy)) = self.probing.as_mut().and_then(|probes| probes.back.pop_front())
        else {
            return;
        };
        for Front { balancer, rotation, places, .. } in &mut self.proxies[index].fronts {
            if let Some(place) = place(places, server) {
                balancer.on_probe(place, busy, rotation);
            }
        }
    }
}

impl Probes {
    fn new(plan: Probing, queue: &mut EventQueue<Event>) -> Self {
        let (asked, answered) = (queue.add_lane(), queue.add_lane());
        Self { plan, asked, answered, on_the_way: VecDeque::new(), back: VecDeque::new() }
    }
}

impl Proxy {
    /// Knows these servers, in launch order, and no others.
    fn know(&mut self, known: &[Member], zones: &[u16], seen: Option<&[u32]>) {
        let Self { fronts, own, .. } = self;
        let counts = seen.unwrap_or(own);
        let count = |server: ServerId| counts.get(server.index()).copied().unwrap_or(0);
        let (all, by_zone) = fronts.split_at_mut(1);
        all[0].know(known.iter(), count);
        for (front, zone) in by_zone.iter_mut().zip(zones) {
            front.know(known.iter().filter(|member| member.zone == *zone), count);
        }
    }

    fn sent(&mut self, server: ServerId) {
        for front in &mut self.fronts {
            if let Some(place) = place(&front.places, server) {
                front.rotation.sent(place);
                if front.told {
                    front.balancer.on_sent(place, &front.rotation);
                }
            }
        }
    }

    fn done(&mut self, server: ServerId, end: End) {
        for front in &mut self.fronts {
            if let Some(place) = place(&front.places, server) {
                front.rotation.done(place);
                if front.told {
                    front.balancer.on_done(place, end, &front.rotation);
                }
            }
        }
    }
}

impl Front {
    fn new(spec: &BalancerSpec) -> Self {
        let mut balancer = spec.build();
        let rotation = Rotation::default();
        balancer.on_membership(&rotation);
        Self { told: balancer.follows_attempts(), balancer, rotation, places: Vec::new() }
    }

    /// Lets those leave that are not among `known`, and the others join, in launch order.
    fn know<'a>(
        &mut self,
        known: impl Iterator<Item = &'a Member> + Clone,
        in_flight: impl Fn(ServerId) -> u32,
    ) {
        let mut stays = vec![false; self.places.len()];
        for member in known.clone() {
            if let Some(stay) = stays.get_mut(member.server.index()) {
                *stay = true;
            }
        }
        let (mut changes, mut single) = (0, None);
        for server in (0..self.places.len()).map(ServerId::new) {
            if stays[server.index()] {
                continue;
            }
            let Some(place) = place(&self.places, server) else { continue };
            let moved = self.rotation.leave(place);
            if let Some(moved) = moved {
                self.places[moved.index()] = place as u32;
            }
            self.places[server.index()] = NOWHERE;
            (changes, single) = (changes + 1, Some((place, Some(moved))));
        }
        for member in known {
            let index = member.server.index();
            if self.places.len() <= index {
                self.places.resize(index + 1, NOWHERE);
            }
            if self.places[index] == NOWHERE {
                let place = self.rotation.join(*member, in_flight(member.server));
                self.places[index] = place as u32;
                (changes, single) = (changes + 1, Some((place, None)));
            }
        }
        match (changes, single) {
            (1, Some((place, None))) => self.balancer.on_join(place, &self.rotation),
            (1, Some((place, Some(moved)))) => self.balancer.on_leave(place, moved, &self.rotation),
            (0, _) => {}
            _ => self.balancer.on_membership(&self.rotation),
        }
    }
}

/// Deals servers to proxies, `size` to each, so that every server has as many proxies as any other, give or take
/// one: deterministic subsetting (Google's SRE book, ch. 20), each round shuffled by draws of its own.
fn subset_of(known: &[Member], proxy: usize, size: usize, key: Key) -> Vec<Member> {
    let per_round = known.len() / size;
    let (round, place) = (proxy / per_round, proxy % per_round);
    let mut bits = key.child(round as u64).stream();
    let mut dealt = known.to_vec();
    for last in (1..dealt.len()).rev() {
        dealt.swap(last, index_below((bits.next_bits() >> 32) as u32, last + 1));
    }
    let mut own = dealt[place * size..(place + 1) * size].to_vec();
    own.sort_unstable_by_key(|member| member.server);
    own
}

fn share(known: &[Member], zone: u16) -> f64 {
    known.iter().filter(|member| member.zone == zone).count() as f64 / known.len().max(1) as f64
}

fn half(delay: SimDuration) -> SimDuration {
    SimDuration::from_nanos(delay.as_nanos() / 2)
}

fn place(places: &[u32], server: ServerId) -> Option<usize> {
    places.get(server.index()).copied().filter(|&place| place != NOWHERE).map(|place| place as usize)
}

fn entry(counts: &mut Vec<u32>, server: ServerId) -> &mut u32 {
    if counts.len() <= server.index() {
        counts.resize(server.index() + 1, 0);
    }
    &mut counts[server.index()]
}

#[cfg(test)]
mod tests;
