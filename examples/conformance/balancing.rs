//! Cases of proxies and load balancers.

mod finagle;
mod hashing;
mod picking;

use serde_json::{Map, Value};

use crate::Place;

/// What is computed for a case; `None` where the object is none of these.
pub(crate) type Got = Option<Map<String, Value>>;

/// Answers a case; `None` where the object is none of these.
pub(crate) fn answer(place: &Place<'_>) -> Got {
    let within = |name: &str| place.path.iter().any(|key| key.contains(name));
    if within("ketama") {
        hashing::ketama(place)
    } else if within("ring_hash") {
        hashing::ring(place)
    } else if within("maglev") {
        hashing::maglev(place)
    } else if within("finagle") {
        finagle::evenness(place)
    } else if within("nginx") {
        picking::in_turn(place, r#"{"smoothWeightedRoundRobin": {}}"#)
    } else if within("haproxy") {
        picking::haproxy(place)
    } else if within("pingora") {
        picking::in_turn(place, r#"{"pingoraWeighted": {}}"#)
    } else if within("least_request") {
        picking::least_request(place)
    } else if within("round_robin") {
        picking::round_robin(place)
    } else {
        None
    }
}

/// Returns an answer with one key.
fn got(key: &str, value: impl Into<Value>) -> Got {
    Some(Map::from_iter([(key.to_owned(), value.into())]))
}

/// Returns the value of a key of the object or of the nearest around it that has one.
fn nearest<'a>(place: &'a Place<'a>, keys: &[&str]) -> Option<&'a Value> {
    let outward = std::iter::once(place.object).chain(place.around.iter().rev().copied());
    outward.flat_map(|object| keys.iter().filter_map(|key| object.get(*key))).next()
}

/// Returns a list of numbers.
fn numbers(value: Option<&Value>) -> Option<Vec<f64>> {
    value?.as_array()?.iter().map(Value::as_f64).collect()
}

/// Returns a list of names; numbers are written out.
fn names(value: Option<&Value>) -> Option<Vec<String>> {
    let name = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Some(value?.as_array()?.iter().map(name).collect())
}

/// Returns a whole number, also where it is written as text.
fn whole(value: Option<&Value>) -> Option<u64> {
    let value = value?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}
