//! Values with more than one way to write them.

mod schema;

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::named::Named;
use super::suggest;
use crate::balancer::BalancerSpec;
use crate::choice;
use crate::dist::{self, DistributionSpec};
use crate::time::SimDuration;
use crate::units;
use crate::workload::recorded::RecordedSpec;
use crate::workload::{DiurnalSpec, EventSpec, RateSpec, StagesSpec};

/// What is left out of statistics at the beginning: a duration, or `auto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warmup {
    /// So long.
    Given(SimDuration),
    /// Found by MSER-5 before the run.
    Auto,
}

impl Default for Warmup {
    fn default() -> Self {
        Self::Given(SimDuration::ZERO)
    }
}

impl FromStr for Warmup {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "auto" => Ok(Self::Auto),
            length => length.parse().map(Self::Given).map_err(|error: String| error + ", or auto"),
        }
    }
}

impl fmt::Display for Warmup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(length) => length.fmt(f),
            Self::Auto => f.write_str("auto"),
        }
    }
}

impl Serialize for Warmup {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Warmup {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        units::from_text(deserializer)
    }
}

/// Requests in hand at once: a number, or `unlimited`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concurrency {
    /// So many slots.
    Limit(u32),
    /// As many as come.
    Unlimited,
}

const CONCURRENCY: &str = "a whole number of requests, or `unlimited`";

impl Serialize for Concurrency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Limit(slots) => serializer.serialize_u32(*slots),
            Self::Unlimited => serializer.serialize_str("unlimited"),
        }
    }
}

impl<'de> Deserialize<'de> for Concurrency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Slots;

        impl Visitor<'_> for Slots {
            type Value = Concurrency;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(CONCURRENCY)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Concurrency, E> {
                match text {
                    "unlimited" => Ok(Concurrency::Unlimited),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Concurrency, E> {
                let slots = u32::try_from(value).ok().filter(|&slots| slots < u32::MAX);
                let large = || E::custom(format!("{value} slots are too many; write `unlimited`"));
                slots.map(Concurrency::Limit).ok_or_else(large)
            }
        }
        deserializer.deserialize_any(Slots)
    }
}

/// A number of cores; a decimal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cores(pub f64);

/// Who of the waiting is next.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields, transform = choice::words_are_maps)]
pub enum OrderSpec {
    /// Who waited longest.
    #[default]
    Fifo,
    /// Who came last.
    Lifo,
    /// By class, first to last; classes that are not named come after all others.
    Priority(Vec<String>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum TaggedOrder {
    Fifo {},
    Lifo {},
    Priority(Vec<String>),
}

impl From<TaggedOrder> for OrderSpec {
    fn from(tagged: TaggedOrder) -> Self {
        match tagged {
            TaggedOrder::Fifo {} => Self::Fifo,
            TaggedOrder::Lifo {} => Self::Lifo,
            TaggedOrder::Priority(classes) => Self::Priority(classes),
        }
    }
}

impl<'de> Deserialize<'de> for OrderSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        choice::read::<D, TaggedOrder, Self>(deserializer, "one of fifo, lifo, {priority: [..]}", |text| {
            match text {
                "fifo" => Ok(Self::Fifo),
                "lifo" => Ok(Self::Lifo),
                "priority" => Err("`priority` needs its classes; write priority: [first, second]".to_owned()),
                _ => {
                    let remedy = suggest::known(text, ["fifo", "lifo", "priority"].into_iter());
                    Err(format!("`{}` is not an order; {remedy}", suggest::short(text)))
                }
            }
        })
    }
}

/// A balancer: a bare name, or a map from the name to its parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct BalancerChoice(pub BalancerSpec);

impl From<BalancerSpec> for BalancerChoice {
    fn from(spec: BalancerSpec) -> Self {
        Self(spec)
    }
}

impl<'de> Deserialize<'de> for BalancerChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        choice::read::<D, BalancerSpec, Self>(deserializer, "a balancer such as roundRobin", bare_balancer)
    }
}

/// A bare name is the balancer with its parameters left out.
fn bare_balancer(name: &str) -> Result<BalancerChoice, String> {
    let map = serde_json::Map::from_iter([(name.to_owned(), serde_json::json!({}))]);
    BalancerSpec::deserialize(serde_json::Value::Object(map)).map(BalancerChoice).map_err(|_| {
        let names = BalancerSpec::examples();
        let remedy = suggest::known(name, names.iter().map(|(name, _)| *name));
        format!("`{}` is not a balancer; {remedy}", suggest::short(name))
    })
}

/// How many requests come: the forms of a rate, and recorded traffic.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum TrafficRateSpec {
    /// Replayed from a file.
    Recorded(Box<RecordedSpec>),
    /// Several added.
    Sum(Vec<TrafficRateSpec>),
    /// Any other form.
    #[serde(untagged)]
    Synthetic(RateSpec),
}

impl TrafficRateSpec {
    /// Tells whether all of it is replayed from files that name customers.
    pub fn is_keyed(&self) -> bool {
        match self {
            Self::Recorded(spec) => spec.key.is_some(),
            Self::Sum(parts) => !parts.is_empty() && parts.iter().all(Self::is_keyed),
            Self::Synthetic(_) => false,
        }
    }

    /// Tells whether all of it is replayed from files.
    pub fn is_recorded_only(&self) -> bool {
        match self {
            Self::Recorded(_) => true,
            Self::Sum(parts) => !parts.is_empty() && parts.iter().all(Self::is_recorded_only),
            Self::Synthetic(_) => false,
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
enum TaggedRate {
    /// Linear from target to target, the last one held.
    Stages(StagesSpec),
    /// The same every day.
    Diurnal(DiurnalSpec),
    /// A published sales event over a baseline.
    Event(EventSpec),
    /// Replayed from a file.
    Recorded(Box<RecordedSpec>),
    /// Several added.
    Sum(Vec<TrafficRateSpec>),
}

impl From<TaggedRate> for TrafficRateSpec {
    fn from(tagged: TaggedRate) -> Self {
        match tagged {
            TaggedRate::Stages(spec) => Self::Synthetic(RateSpec::Stages(spec)),
            TaggedRate::Diurnal(spec) => Self::Synthetic(RateSpec::Diurnal(spec)),
            TaggedRate::Event(spec) => Self::Synthetic(RateSpec::Event(spec)),
            TaggedRate::Recorded(spec) => Self::Recorded(spec),
            TaggedRate::Sum(parts) => Self::Sum(parts),
        }
    }
}

impl<'de> Deserialize<'de> for TrafficRateSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        choice::read::<D, TaggedRate, Self>(
            deserializer,
            "a rate such as 20k/s, or one of stages, diurnal, event, recorded, sum",
            |text| text.parse().map(|rate| Self::Synthetic(RateSpec::Constant(rate))),
        )
    }
}

/// One distribution for all classes, or one for each.
///
/// A map is a distribution where its first key is the name of one; hence no class bears such a name.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum PerClass {
    /// The same for every class.
    All(DistributionSpec<SimDuration>),
    /// By class.
    Each(Named<DistributionSpec<SimDuration>>),
}

impl<'de> Deserialize<'de> for PerClass {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrEach)
    }
}

struct OneOrEach;

impl<'de> Visitor<'de> for OneOrEach {
    type Value = PerClass;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as 5ms, a distribution, or a map from class to distribution")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<PerClass, E> {
        DistributionSpec::deserialize(StrDeserializer::new(text)).map(PerClass::All)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<PerClass, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<PerClass, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<PerClass, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PerClass, A::Error> {
        let Some(first) = map.next_key::<String>()? else {
            return Err(A::Error::custom("there is no class; write for example 5ms, or {order: 5ms}"));
        };
        let distribution = dist::NAMES.contains(&first.as_str());
        let whole = Rejoined { first: Some(first.clone()), map };
        let whole = MapAccessDeserializer::new(whole);
        if distribution {
            return DistributionSpec::deserialize(whole).map(PerClass::All);
        }
        // What is no class either may be a distribution with a slip of the pen, or without its name.
        let nameless = dist::nameless::<SimDuration>;
        let misspelt = suggest::near(&first, dist::NAMES.into_iter()).is_some();
        match Named::<DistributionSpec<SimDuration>>::deserialize(whole) {
            Ok(each) => match each.names().map(nameless).collect::<Option<Vec<_>>>() {
                Some(told) => Err(A::Error::custom(&told[0])),
                None => Ok(PerClass::Each(each)),
            },
            Err(error) => Err(match nameless(&first) {
                Some(told) => A::Error::custom(told),
                None if misspelt => A::Error::unknown_variant(&first, &dist::NAMES),
                None => error,
            }),
        }
    }
}

/// A map whose first key was already taken.
struct Rejoined<A> {
    first: Option<String>,
    map: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Rejoined<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        match self.first.take() {
            Some(key) => seed.deserialize(key.into_deserializer()).map(Some),
            None => self.map.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}
