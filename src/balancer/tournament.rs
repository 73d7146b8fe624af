//! The least of all places, kept as places change: a tournament.

/// No place.
const NONE: u32 = u32::MAX;

/// A binary tree over places in which the one with the smaller key moves up; of equal keys, which should
/// not occur, the lower place. Finding the least costs one look, every change one way from a leaf to the root.
#[derive(Debug, Default)]
pub(super) struct Tournament {
    keys: Vec<(u64, u64)>,
    /// Node `n` has the children `2 n` and `2 n + 1`; the root is 1, the leaves follow the inner nodes.
    winners: Vec<u32>,
    leaves: usize,
}

impl Tournament {
    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.keys.clear();
        self.winners.clear();
        self.leaves = 0;
    }

    /// Adds a place behind the last.
    pub(super) fn push(&mut self, key: (u64, u64)) {
        self.keys.push(key);
        if self.keys.len() > self.leaves {
            self.leaves = self.keys.len().next_power_of_two();
            self.winners = vec![NONE; 2 * self.leaves];
            for place in 0..self.keys.len() {
                self.winners[self.leaves + place] = place as u32;
            }
            for node in (1..self.leaves).rev() {
                self.winners[node] = self.better(self.winners[2 * node], self.winners[2 * node + 1]);
            }
            return;
        }
        let place = self.keys.len() - 1;
        self.winners[self.leaves + place] = place as u32;
        self.replay(place);
    }

    /// Takes a place out; the last one takes its place.
    pub(super) fn swap_remove(&mut self, place: usize) {
        let last = self.keys.len() - 1;
        self.keys.swap_remove(place);
        self.winners[self.leaves + last] = NONE;
        self.replay(last);
        if place < last {
            self.replay(place);
        }
    }

    /// Changes the key of a place.
    pub(super) fn set(&mut self, place: usize, key: (u64, u64)) {
        self.keys[place] = key;
        self.replay(place);
    }

    /// Returns the place with the least key; 0 where there is none.
    #[inline]
    pub(super) fn least(&self) -> usize {
        self.winners.get(1).map_or(0, |&place| place as usize)
    }

    fn replay(&mut self, place: usize) {
        let mut node = (self.leaves + place) / 2;
        while node > 0 {
            self.winners[node] = self.better(self.winners[2 * node], self.winners[2 * node + 1]);
            node /= 2;
        }
    }

    #[inline]
    fn better(&self, left: u32, right: u32) -> u32 {
        if right == NONE || left != NONE && self.keys[left as usize] <= self.keys[right as usize] {
            left
        } else {
            right
        }
    }
}

/// Maps a non-negative number to bits of the same order.
#[inline]
pub(super) fn ordered(number: f64) -> u64 {
    number.to_bits()
}
