//! Which classes there are, and which of them a service takes.

use std::collections::{BTreeMap, BTreeSet};

use super::Findings;
use crate::dist;
use crate::error::Code;
use crate::scenario::forms::{OrderSpec, PerClass, TrafficRateSpec};
use crate::scenario::spec::{ScenarioSpec, SourceSpec};
use crate::workload::recorded::RecordedSpec;

/// The classes of a scenario, in the order in which it names them.
#[derive(Debug)]
pub(super) struct Classes {
    pub(super) names: Vec<String>,
    index: BTreeMap<String, usize>,
    services: BTreeMap<String, usize>,
    /// Per service: the classes it takes, by index.
    pub(super) of_service: Vec<Vec<usize>>,
}

impl Classes {
    /// Collects the names: those of the traffic first, then those of the services.
    pub(super) fn collect(spec: &ScenarioSpec, found: &mut Findings) -> Self {
        let mut classes = Self {
            names: Vec::new(),
            index: BTreeMap::new(),
            services: spec
                .services
                .names()
                .enumerate()
                .map(|(index, name)| (name.to_owned(), index))
                .collect(),
            of_service: Vec::new(),
        };
        for (name, source) in spec.traffic.iter() {
            if let Some(class) = &source.class {
                classes.add(class, &format!("traffic.{name}.class"), found);
            }
            for class in source.mix.iter().flat_map(|mix| mix.names()) {
                classes.add(class, &format!("traffic.{name}.mix.{class}"), found);
            }
        }
        for (name, service) in spec.services.iter() {
            if let PerClass::Each(work) = &service.work {
                for class in work.names() {
                    classes.add(class, &format!("services.{name}.work.{class}"), found);
                }
            }
            if let Some(OrderSpec::Priority(order)) = service.queue.as_ref().map(|queue| &queue.order)
                && matches!(service.work, PerClass::All(_))
            {
                for (place, class) in order.iter().enumerate() {
                    classes.add(class, &format!("services.{name}.queue.order.priority[{place}]"), found);
                }
            }
        }
        classes.of_service = classes.taken(spec);
        classes
    }

    fn add(&mut self, class: &str, path: &str, found: &mut Findings) {
        if self.index.contains_key(class) {
            return;
        }
        found.name(path, class);
        if dist::NAMES.contains(&class) {
            let message = format!("`{class}` is the name of a distribution, so it cannot name a class");
            found.add(Code::Name, path, message, "give the class another name");
        }
        self.index.insert(class.to_owned(), self.names.len());
        self.names.push(class.to_owned());
    }

    /// Returns the index of a class.
    pub(super) fn get(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// Returns the index of a service.
    pub(super) fn service(&self, name: &str) -> Option<usize> {
        self.services.get(name).copied()
    }

    /// Tells whether a service takes a class.
    pub(super) fn takes(&self, service: usize, class: usize) -> bool {
        self.of_service[service].binary_search(&class).is_ok()
    }

    /// Returns the names of the classes that a service takes.
    pub(super) fn names_of(&self, service: usize) -> impl Iterator<Item = &str> {
        self.of_service[service].iter().map(|&class| self.names[class].as_str())
    }

    /// A service with one work for all classes takes those that are sent to it; where a trace
    /// names them, every class of the scenario may be.
    fn taken(&self, spec: &ScenarioSpec) -> Vec<Vec<usize>> {
        let mut taken: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); spec.services.len()];
        let index = |class: &str| self.get(class);
        for (set, (_, service)) in taken.iter_mut().zip(spec.services.iter()) {
            if let PerClass::Each(work) = &service.work {
                set.extend(work.names().filter_map(index));
            }
        }
        for (_, source) in spec.traffic.iter() {
            let Some(to) = self.service(&source.to) else { continue };
            if matches!(spec.services.0[to].1.work, PerClass::Each(_)) {
                continue;
            }
            taken[to].extend(source.class.as_deref().and_then(index));
            taken[to].extend(source.mix.iter().flat_map(|mix| mix.names()).filter_map(index));
            if recorded(source).iter().any(|part| part.class.is_some()) {
                taken[to].extend(0..self.names.len());
            }
        }
        taken.into_iter().map(|set| set.into_iter().collect()).collect()
    }
}

/// Returns the recorded parts of a source.
pub(super) fn recorded(source: &SourceSpec) -> Vec<&RecordedSpec> {
    parts(&source.rate, "rate").into_iter().filter_map(|(_, part)| part.err()).collect()
}

/// A rate that is no sum: synthetic, or recorded.
pub(super) type Part<'a> = Result<&'a crate::workload::RateSpec, &'a RecordedSpec>;

/// Returns the parts of a rate, with their paths below the source.
pub(super) fn parts<'a>(rate: &'a TrafficRateSpec, path: &str) -> Vec<(String, Part<'a>)> {
    match rate {
        TrafficRateSpec::Synthetic(spec) => vec![(path.to_owned(), Ok(spec))],
        TrafficRateSpec::Recorded(spec) => vec![(format!("{path}.recorded"), Err(spec))],
        TrafficRateSpec::Sum(list) => {
            let nested = |(index, part)| parts(part, &format!("{path}.sum[{index}]"));
            list.iter().enumerate().flat_map(nested).collect()
        }
    }
}
