//! What a server knows of its own pace, for those who ask how busy it is.

use std::collections::VecDeque;

use crate::time::SimDuration;

/// Answers of a server go by this many requests that found as many there, up to so many there.
const RECENT: usize = 8;
const LEVELS: usize = 128;

/// How long requests took that a server served last, by how many they found there.
#[derive(Debug, Default)]
pub(super) struct Recent(Vec<VecDeque<SimDuration>>);

impl Recent {
    pub(super) fn add(&mut self, crowd: u32, latency: SimDuration) {
        let level = (crowd as usize).min(LEVELS - 1);
        if self.0.len() <= level {
            self.0.resize(level + 1, VecDeque::new());
        }
        let level = &mut self.0[level];
        if level.len() == RECENT {
            level.pop_front();
        }
        level.push_back(latency);
    }

    /// Returns what a server expects a request to take that comes now: the median of those that found about
    /// as many there, the nearest number first, as Prequal does (Wydrowski et al., NSDI 2024, section 4).
    pub(super) fn expected(&self, in_flight: u32) -> Option<SimDuration> {
        let known = self.0.iter().enumerate().filter(|(_, level)| !level.is_empty());
        let (_, nearest) = known.min_by_key(|(crowd, _)| crowd.abs_diff(in_flight as usize))?;
        let mut latencies: Vec<SimDuration> = nearest.iter().copied().collect();
        latencies.sort_unstable();
        latencies.get(latencies.len() / 2).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_now_is_expected_to_take_as_long_as_those_who_found_as_many() {
        let ms = SimDuration::from_nanos;
        let mut recent = Recent::default();
        assert_eq!(recent.expected(3), None);
        for (crowd, latency) in [(0, 5), (0, 9), (0, 7), (4, 40), (9, 100)] {
            recent.add(crowd, ms(latency));
        }
        // The median at none; 1 is nearer to 0, 3 to 4; beyond the largest it counts.
        let expected = [(0, 7), (1, 7), (3, 40), (4, 40), (7, 100), (50, 100)];
        for (crowd, latency) in expected {
            assert_eq!(recent.expected(crowd), Some(ms(latency)), "{crowd} there");
        }
        // Only the last eight at a level count.
        (0..8).for_each(|_| recent.add(4, ms(60)));
        assert_eq!(recent.expected(4), Some(ms(60)));
    }
}
