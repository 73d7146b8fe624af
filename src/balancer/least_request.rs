//! The least in flight of a few chosen at random: power of d choices.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::balancer::edf::Edf;
use crate::balancer::places::Places;
use crate::balancer::slow_start::SlowStart;
use crate::balancer::{Attempt, Balancer, Pick, Policy, Problem, Rotation};
use crate::ids::ServerId;
use crate::rng::{Bits, index_below};
use crate::time::SimTime;

/// Draws `choiceCount` servers with replacement, as Envoy does, and picks the one with the fewest
/// attempts in flight; on a tie the one drawn first.
///
/// Limit for many servers: the supermarket model (Mitzenmacher 1996; Vvedenskaya, Dobrushin &
/// Karpelevich 1996).
///
/// Where the weights of servers in rotation differ, or `activeRequestBias` or `slowStart` is written, it
/// draws nothing: turns are scheduled by weight / (in flight + 1)^activeRequestBias, times the factor of the
/// slow start (Envoy, `LeastRequestLoadBalancer::hostWeight` as of commit 0a31a547fa09; before it a bias had no
/// effect among equal weights).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LeastRequest {
    /// How many servers are drawn, with replacement.
    #[schemars(range(min = 1, max = MAX_CHOICES))]
    choice_count: u32,
    /// How much requests in flight lessen a weight: 0 not at all, 1 in proportion, the default among
    /// unequal weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    active_request_bias: Option<f64>,
    /// How new servers get less at first.
    #[serde(skip_serializing_if = "Option::is_none")]
    slow_start: Option<SlowStart>,
}

/// More choices than this cost time and gain nothing over `leastConnections`.
const MAX_CHOICES: u32 = 64;

impl Default for LeastRequest {
    fn default() -> Self {
        Self { choice_count: 2, active_request_bias: None, slow_start: None }
    }
}

impl LeastRequest {
    /// Returns how many servers are drawn.
    pub fn choice_count(&self) -> u32 {
        self.choice_count
    }

    /// Tells whether servers of equal weight are drawn at random.
    pub fn draws(&self) -> bool {
        self.active_request_bias.is_none() && self.slow_start.is_none()
    }
}

impl Policy for LeastRequest {
    fn build(&self) -> Box<dyn Balancer> {
        let turns = Turns::new(self);
        match self.choice_count {
            2 => Box::new(TwoChoices(turns)),
            choices => Box::new(Choices(choices, turns)),
        }
    }

    fn example() -> Self {
        Self::default()
    }

    fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        if !(1..=MAX_CHOICES).contains(&self.choice_count) {
            let message = format!("{} choices are not between 1 and {MAX_CHOICES}", self.choice_count);
            let remedy = "write for example choiceCount: 2, or use leastConnections".to_owned();
            found.push(("choiceCount", message, remedy));
        }
        if let Some(bias) = self.active_request_bias
            && !(0.0..=100.0).contains(&bias)
        {
            let message = format!("{bias} is not between 0 and 100");
            found.push(("activeRequestBias", message, "write for example activeRequestBias: 1.0".to_owned()));
        }
        found.extend(self.slow_start.iter().flat_map(SlowStart::problems));
        found
    }

    fn sees_load(&self) -> bool {
        true
    }
}

/// The common case: one draw gives both choices, and neither is taken by a branch (which of two
/// random servers has less in flight is what a branch predictor cannot know).
#[derive(Debug)]
struct TwoChoices(Turns);

impl Balancer for TwoChoices {
    fn pick(&mut self, attempt: &Attempt, rotation: &Rotation, bits: &mut dyn Bits) -> Pick {
        if self.0.needed {
            return self.0.pick(attempt, rotation);
        }
        let draw = bits.next_bits();
        let first = index_below((draw >> 32) as u32, rotation.len());
        let second = index_below(draw as u32, rotation.len());
        let in_flight = rotation.in_flight();
        let less = usize::from(in_flight[second] < in_flight[first]);
        Pick { position: first ^ ((first ^ second) & less.wrapping_neg()) }
    }

    fn on_membership(&mut self, rotation: &Rotation) {
        self.0.on_membership(rotation);
    }

    fn on_join(&mut self, position: usize, rotation: &Rotation) {
        self.0.on_join(position, rotation);
    }

    fn on_leave(&mut self, position: usize, _moved: Option<ServerId>, _rotation: &Rotation) {
        self.0.on_leave(position);
    }
}

#[derive(Debug)]
struct Choices(u32, Turns);

impl Balancer for Choices {
    fn pick(&mut self, attempt: &Attempt, rotation: &Rotation, bits: &mut dyn Bits) -> Pick {
        if self.1.needed {
            return self.1.pick(attempt, rotation);
        }
        let in_flight = rotation.in_flight();
        let mut draw = || index_below((bits.next_bits() >> 32) as u32, rotation.len());
        let mut best = draw();
        for _ in 1..self.0 {
            let other = draw();
            if in_flight[other] < in_flight[best] {
                best = other;
            }
        }
        Pick { position: best }
    }

    fn on_membership(&mut self, rotation: &Rotation) {
        self.1.on_membership(rotation);
    }

    fn on_join(&mut self, position: usize, rotation: &Rotation) {
        self.1.on_join(position, rotation);
    }

    fn on_leave(&mut self, position: usize, _moved: Option<ServerId>, _rotation: &Rotation) {
        self.1.on_leave(position);
    }
}

/// Turns by weight, and whether they are needed. They are scheduled from the moment they are needed first.
#[derive(Debug)]
struct Turns {
    needed: bool,
    always: bool,
    bias: f64,
    slow: Option<SlowStart>,
    /// The last pick.
    now: SimTime,
    /// By place.
    weights: Vec<f64>,
    /// The weights in rotation and how many servers have each: few, one a pool.
    kinds: Vec<(f64, usize)>,
    schedule: Option<(Edf, Places)>,
}

impl Turns {
    fn new(spec: &LeastRequest) -> Self {
        Self {
            needed: false,
            always: !spec.draws(),
            bias: spec.active_request_bias.unwrap_or(1.0),
            slow: spec.slow_start.clone(),
            now: SimTime::ZERO,
            weights: Vec::new(),
            kinds: Vec::new(),
            schedule: None,
        }
    }

    #[inline(never)]
    fn pick(&mut self, attempt: &Attempt, rotation: &Rotation) -> Pick {
        self.now = attempt.now;
        let Some((mut edf, places)) = self.schedule.take() else { return Pick { position: 0 } };
        let weight = |place| self.weight(attempt.now, place, rotation);
        let picked = edf.pick(|ordinal| places.of(ordinal).map_or(1.0, weight));
        let position = picked.and_then(|ordinal| places.of(ordinal)).unwrap_or(0);
        self.schedule = Some((edf, places));
        Pick { position }
    }

    /// The weight of a server before the attempt counts, as Envoy takes it.
    fn weight(&self, now: SimTime, place: usize, rotation: &Rotation) -> f64 {
        let member = &rotation.members()[place];
        let active = f64::from(rotation.in_flight()[place]) + 1.0;
        let lessened = match self.bias {
            0.0 => member.weight,
            1.0 => member.weight / active,
            bias => member.weight / libm::pow(active, bias),
        };
        self.slow.as_ref().map_or(lessened, |slow| lessened * slow.factor(now, member.since))
    }

    fn on_membership(&mut self, rotation: &Rotation) {
        self.weights.clear();
        self.kinds.clear();
        self.schedule = None;
        rotation.members().iter().for_each(|member| self.count(member.weight));
        self.judge(rotation);
    }

    fn on_join(&mut self, position: usize, rotation: &Rotation) {
        let member = &rotation.members()[position];
        self.count(member.weight);
        if let Some((mut edf, mut places)) = self.schedule.take() {
            let now = self.now.max(member.since);
            edf.add(places.join(position, rotation), self.weight(now, position, rotation));
            self.schedule = Some((edf, places));
        }
        self.judge(rotation);
    }

    fn on_leave(&mut self, position: usize) {
        let weight = self.weights.swap_remove(position);
        if let Some(index) = self.kinds.iter().position(|kind| kind.0 == weight) {
            self.kinds[index].1 -= 1;
            if self.kinds[index].1 == 0 {
                self.kinds.remove(index);
            }
        }
        if let Some((edf, places)) = &mut self.schedule {
            edf.remove(places.leave(position));
        }
        self.needed = self.always || self.kinds.len() > 1;
    }

    fn count(&mut self, weight: f64) {
        self.weights.push(weight);
        match self.kinds.iter_mut().find(|kind| kind.0 == weight) {
            Some(kind) => kind.1 += 1,
            None => self.kinds.push((weight, 1)),
        }
    }

    fn judge(&mut self, rotation: &Rotation) {
        self.needed = self.always || self.kinds.len() > 1;
        if self.needed && self.schedule.is_none() {
            let (mut edf, mut places) = (Edf::default(), Places::default());
            places.renew(rotation);
            for position in 0..rotation.len() {
                let now = self.now.max(rotation.members()[position].since);
                edf.add(places.at(position), self.weight(now, position, rotation));
            }
            self.schedule = Some((edf, places));
        }
    }
}
