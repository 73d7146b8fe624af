//! Requests that are served fail all the same.

use super::scope::{Wrong, check_ratio, check_scope, scoped};
use super::{Defect, Host, Scope, draw};
use crate::rng::{Key, uniform_closed_open};
use crate::units::Ratio;

scoped! {
    /// A share of the requests fails after it has been served.
    Errors {
        /// Which share of them.
        rate: Ratio = Ratio(0.2),
    }
}

impl Defect for Errors {
    fn scope(&self) -> Scope {
        self.hits()
    }

    fn problems(&self) -> Vec<Wrong> {
        let mut found = check_scope(&self.hits());
        found.extend(check_ratio("rate", self.rate, "20%"));
        found
    }

    fn fails(&self, _host: &Host, key: Key) -> bool {
        uniform_closed_open(key.draw(draw::FAILS)) < self.rate.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{FRESH, share};
    use super::*;

    #[test]
    fn the_share_that_is_written_fails_and_nothing_else_happens() {
        for rate in [0.0, 0.02, 0.5, 1.0] {
            let errors = Errors { rate: Ratio(rate), ..Errors::default() };
            share(rate, |key| errors.fails(&FRESH, key));
            let key = Key::from_seed(1);
            assert!(!errors.refuses(&FRESH, key) && !errors.crashes(&FRESH, key));
            assert_eq!((errors.slowness(&FRESH), errors.lifetime(key)), (1.0, None));
        }
    }
}
