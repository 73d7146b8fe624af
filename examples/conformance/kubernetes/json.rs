//! Fields of cases, leniently: what is missing or of another type is not there.

use peakday::autoscaler::kubernetes::quantity::Quantity;
use serde_json::{Map, Value};

/// Returns the first field that is there.
pub(super) fn get<'a>(object: &'a Map<String, Value>, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().find_map(|&key| object.get(key)).filter(|value| !value.is_null())
}

pub(super) fn text<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    object.get(key)?.as_str()
}

pub(super) fn number(object: &Map<String, Value>, key: &str) -> Option<f64> {
    object.get(key)?.as_f64()
}

pub(super) fn whole(object: &Map<String, Value>, key: &str) -> Option<i32> {
    Some(number(object, key)? as i32)
}

/// Reads true and false, also as the statuses of Kubernetes.
pub(super) fn flag(object: &Map<String, Value>, key: &str) -> Option<bool> {
    truth(object.get(key)?)
}

/// Reads true and false, also as the statuses of Kubernetes.
pub(super) fn truth(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| value.as_str().map(|text| text.ends_with("True")))
}

/// Returns the items of a list; none where it is none.
pub(super) fn list<'a>(object: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = &'a Value> {
    object.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// Reads thousandths from a number, or a quantity from a text.
pub(super) fn milli(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Number(number) => number.as_i64().or_else(|| Some(number.as_f64()? as i64)),
        Value::String(text) => text.parse::<Quantity>().ok().map(|quantity| quantity.milli()),
        _ => None,
    }
}

/// Returns an item's thousandths, or the same for every item.
pub(super) fn at(value: &Value, index: usize) -> Option<i64> {
    match value {
        Value::Array(items) => milli(items.get(index)),
        one => milli(Some(one)),
    }
}
