//! Where something is said to happen: services, pools and classes by their names.

use std::collections::BTreeSet;

use serde::Serialize;

use super::Findings;
use super::classes::Classes;
use crate::error::Code;
use crate::ids::ClassId;
use crate::scenario::spec::ScenarioSpec;
use crate::scenario::suggest;

/// Finds what names stand for, and tells of those that stand for nothing.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    pub(super) spec: &'a ScenarioSpec,
    pub(super) classes: &'a Classes,
}

impl Places<'_> {
    /// Returns the index of a service; `path` is that of its name.
    pub(super) fn service(&self, path: &str, name: &str, found: &mut Findings) -> Option<usize> {
        let index = self.classes.service(name);
        if index.is_none() {
            let message = format!("there is no service `{}`", suggest::short(name));
            found.add(Code::UnknownName, path, message, suggest::known(name, self.spec.services.names()));
        }
        index
    }

    /// Returns the index of a pool within a service.
    pub(super) fn pool(&self, path: &str, service: usize, name: &str, found: &mut Findings) -> Option<usize> {
        let (service, spec) = &self.spec.services.0[service];
        let ordinal = spec.pools.names().position(|known| known == name);
        if ordinal.is_none() {
            let message = format!("`{service}` has no pool `{}`", suggest::short(name));
            found.add(Code::UnknownName, path, message, suggest::known(name, spec.pools.names()));
        }
        ordinal
    }

    /// Returns a class that a service takes.
    pub(super) fn class(
        &self,
        path: &str,
        service: usize,
        name: &str,
        found: &mut Findings,
    ) -> Option<ClassId> {
        let known = self.classes.get(name).filter(|&class| self.classes.takes(service, class));
        if known.is_none() {
            let message =
                format!("`{}` takes no class `{}`", self.spec.services.0[service].0, suggest::short(name));
            found.add(Code::UnknownName, path, message, suggest::known(name, self.classes.names_of(service)));
        }
        known.map(ClassId::new)
    }
}

/// Names the randomness of something by what it says: another beside it does not change it. Of those that
/// say the same each has draws of its own.
pub(super) fn key_of(said: &impl Serialize, keys: &mut BTreeSet<String>) -> String {
    let mut key = serde_json::to_string(said).unwrap_or_default();
    while !keys.insert(key.clone()) {
        key.push('+');
    }
    key
}
