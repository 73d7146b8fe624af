//! Which zone a proxy sends a request to: its own, as far as that has servers for it.

/// How a proxy spreads requests over zones, as Envoy's zone-aware routing does.
///
/// A proxy keeps to its own zone while the zone's share of the servers is at least its share of the proxies.
/// Otherwise it sends there what the zone can bear, share of servers / share of proxies, and the rest to zones
/// that have more servers than proxies, in proportion to how many more (envoyproxy/envoy,
/// `zone_aware_load_balancer_base`, `calculateLocalityPercentages` and its callers).
#[derive(Debug)]
pub(super) struct Routes {
    /// With fewer servers than this no zone is preferred.
    least: u32,
    /// The zone of the proxy, by place in the list of zones.
    home: usize,
    /// Cumulated shares of the zones; empty where no zone is preferred.
    shares: Vec<f64>,
}

impl Routes {
    pub(super) fn new(least: u32, home: usize) -> Self {
        Self { least, home, shares: Vec::new() }
    }

    /// Settles the shares: of so many servers each zone has its share, and `proxies` stand in the zones in
    /// turn.
    pub(super) fn settle(&mut self, servers: usize, zones: &[f64], proxies: usize) {
        self.shares.clear();
        if zones.len() < 2 || servers < self.least as usize {
            return;
        }
        let standing = |zone: usize| (proxies + zones.len() - 1 - zone) / zones.len();
        let local: Vec<f64> = (0..zones.len()).map(|zone| standing(zone) as f64 / proxies as f64).collect();
        let kept = (zones[self.home] / local[self.home]).min(1.0);
        let spare: Vec<f64> =
            zones.iter().zip(&local).map(|(servers, proxies)| (servers - proxies).max(0.0)).collect();
        let all: f64 = spare.iter().sum();
        let mut sum = 0.0;
        for (zone, spare) in spare.iter().enumerate() {
            let rest = match (zone == self.home, all > 0.0) {
                (true, _) => kept,
                (false, true) => (1.0 - kept) * spare / all,
                // Nobody has any to spare: what is too much goes everywhere alike.
                (false, false) => (1.0 - kept) / (zones.len() - 1) as f64,
            };
            sum += rest;
            self.shares.push(sum);
        }
    }

    /// Chooses a zone by a uniform draw from [0, 1); `None` where none is preferred.
    pub(super) fn choose(&self, u: f64) -> Option<usize> {
        let last = self.shares.last()?;
        self.shares.iter().position(|share| u * last < *share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(home: usize, zones: &[f64], proxies: usize) -> Vec<f64> {
        let mut routes = Routes::new(6, home);
        routes.settle(12, zones, proxies);
        let before = std::iter::once(&0.0).chain(&routes.shares);
        routes.shares.iter().zip(before).map(|(to, from)| to - from).collect()
    }

    #[test]
    fn what_a_zone_cannot_bear_goes_where_servers_are_to_spare() {
        let near = |found: Vec<f64>, expected: &[f64]| {
            let close = found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-12);
            assert!(close && found.len() == expected.len(), "{found:?}, not {expected:?}");
        };
        // As many servers as proxies everywhere: nothing leaves its zone.
        near(shares(1, &[0.25; 4], 8), &[0.0, 1.0, 0.0, 0.0]);
        // A third of the proxies stand in a zone with a sixth of the servers: half is kept, the rest goes to
        // the one zone that has more servers than proxies.
        near(shares(0, &[1.0 / 6.0, 1.0 / 3.0, 0.5], 3), &[0.5, 0.0, 0.5]);
        // The zone is empty: two zones share by what they have to spare, a sixth and a sixth.
        near(shares(2, &[0.5, 0.5, 0.0], 3), &[0.5, 0.5, 0.0]);
        // A zone with more than its share keeps all.
        near(shares(0, &[0.6, 0.4], 2), &[1.0, 0.0]);
    }

    #[test]
    fn few_servers_prefer_no_zone() {
        let mut routes = Routes::new(6, 0);
        routes.settle(5, &[0.5, 0.5], 2);
        assert_eq!(routes.choose(0.3), None);
        routes.settle(6, &[0.5, 0.5], 2);
        assert_eq!(routes.choose(0.3), Some(0));
        routes.settle(6, &[1.0], 2);
        assert_eq!(routes.choose(0.3), None, "one zone");
    }
}
