//! Connections that are never given back, until a server has none.

use super::scope::{Wrong, check_ratio, check_scope, scoped, wrong};
use super::{Defect, Host, Scope};
use crate::rng::Key;
use crate::units::Ratio;

/// Shares of a connection are counted in so many parts: exact as written, to nine places.
const PARTS: u64 = 1_000_000_000;

scoped! {
    /// A server has a number of connections, for example to its database. A request in hand holds one; some are
    /// lost for good; a request that finds none free is refused.
    ConnectionExhaustion {
        /// How many a server has.
        connections: u32 = 50,
        /// The share of a connection that every request loses: floor(requests x share) are lost.
        lost: Ratio = Ratio(0.01),
    }
}

impl ConnectionExhaustion {
    /// Returns how many are lost after so many requests.
    ///
    /// In whole parts: 100 x 0.29 are 29, and not the 28.999999999999996 of floating point.
    fn lost_after(&self, served: u64) -> u64 {
        let parts = (self.lost.0.clamp(0.0, 1.0) * PARTS as f64 + 0.5) as u64;
        (u128::from(served) * u128::from(parts) / u128::from(PARTS)) as u64
    }
}

impl Defect for ConnectionExhaustion {
    fn scope(&self) -> Scope {
        self.hits()
    }

    fn problems(&self) -> Vec<Wrong> {
        let mut found = check_scope(&self.hits());
        if self.connections == 0 {
            let message = "a server without connections refuses every request";
            found.push(wrong("connections", message, "write for example connections: 50"));
        }
        found.extend(check_ratio("lost", self.lost, "1%"));
        found
    }

    fn refuses(&self, host: &Host, _key: Key) -> bool {
        let taken = self.lost_after(host.served).saturating_add(u64::from(host.in_hand));
        taken >= u64::from(self.connections)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SimDuration;

    #[test]
    fn a_request_is_refused_where_no_connection_is_free() {
        // Ten connections, one lost in every hundred requests.
        let pool = ConnectionExhaustion { connections: 10, ..ConnectionExhaustion::default() };
        for (served, in_hand, refused) in [
            (0, 9, false),
            (0, 10, true),
            (99, 9, false),
            (100, 8, false),
            (100, 9, true),
            (899, 1, false),
            (999, 0, false),
            (1_000, 0, true),
            (u64::MAX, u32::MAX, true),
        ] {
            let host = Host { age: SimDuration::ZERO, served, in_hand };
            assert_eq!(pool.refuses(&host, Key::from_seed(1)), refused, "{served} served, {in_hand} in hand");
        }
    }

    #[test]
    fn what_is_lost_is_counted_in_whole_connections_as_written() {
        for (share, served, lost) in
            [(0.29, 100, 29), (0.07, 700, 49), (0.01, 99, 0), (1.0, 7, 7), (0.0, 1_000_000, 0), (0.5, 3, 1)]
        {
            let pool = ConnectionExhaustion { lost: Ratio(share), ..ConnectionExhaustion::default() };
            assert_eq!(pool.lost_after(served), lost, "{served} x {share}");
        }
        let pool =
            ConnectionExhaustion { connections: 0, lost: Ratio(1.5), ..ConnectionExhaustion::default() };
        let paths: Vec<String> = pool.problems().into_iter().map(|(path, ..)| path).collect();
        assert_eq!(paths, ["connections", "lost"]);
    }
}
