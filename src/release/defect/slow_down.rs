//! Every request takes longer, or less: another version may be better.

use super::scope::{Wrong, check_factor, check_scope, scoped};
use super::{Defect, Host, Scope};

scoped! {
    /// The work of every request is multiplied.
    SlowDown {
        /// By so much; a factor below 1 is a version that is faster.
        factor: f64 = 1.5,
    }
}

impl Defect for SlowDown {
    fn scope(&self) -> Scope {
        self.hits()
    }

    fn problems(&self) -> Vec<Wrong> {
        let mut found = check_scope(&self.hits());
        found.extend(check_factor("factor", self.factor, 0.0, 1.5));
        found
    }

    fn slowness(&self, _host: &Host) -> f64 {
        self.factor
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::FRESH;
    use super::*;

    #[test]
    fn every_request_is_slower_or_faster_from_the_first_on() {
        for factor in [0.8, 1.0, 3.0] {
            let slow = SlowDown { factor, ..SlowDown::default() };
            assert_eq!((slow.slowness(&FRESH), slow.problems()), (factor, vec![]));
        }
        for factor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(SlowDown { factor, ..SlowDown::default() }.problems().len(), 1, "{factor}");
        }
    }
}
