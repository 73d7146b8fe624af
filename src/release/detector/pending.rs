//! An alert that waits until its condition has held for long enough.
//!
//! Source: prometheus/prometheus rules/alerting.go (`AlertingRule.Eval`): an alert is pending from the first
//! evaluation whose expression holds, fires from the evaluation on that is `for` or more later, and is forgotten
//! at one whose expression does not hold or has no value.

use super::{Look, Status};
use crate::time::{SimDuration, SimTime};

/// Since when a condition has held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    hold: SimDuration,
    since: Option<SimTime>,
    fired: bool,
}

impl Pending {
    /// Begins with a condition that does not hold; it has to hold for so long.
    pub(super) fn new(hold: SimDuration) -> Self {
        Self { hold, since: None, fired: false }
    }

    /// Takes in a look at which the condition holds where `crossed` says so; what has fired has fired.
    pub(super) fn look(&mut self, now: SimTime, crossed: Option<String>) -> Look {
        match crossed {
            Some(_) => {
                let since = *self.since.get_or_insert(now);
                self.fired |= now - since >= self.hold;
            }
            None => self.since = None,
        }
        Look { status: if self.fired { Status::Failed } else { Status::Running }, crossed }
    }
}
