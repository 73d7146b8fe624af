//! The scenario: the text, what it says, and what can be run.

mod plan;

pub use plan::{Demand, Order, Pool, Queue, Recording, Scenario, Service, Source};
