//! Who stands where: servers by their launch ordinals, which stay, and their places, which move.

use crate::balancer::Rotation;

/// No place.
const NONE: u32 = u32::MAX;

/// The place of every launch ordinal and the ordinal at every place; each change costs the same for any
/// fleet.
#[derive(Debug, Default)]
pub(super) struct Places {
    of: Vec<u32>,
    at: Vec<u32>,
}

impl Places {
    /// Learns who is in rotation.
    pub(super) fn renew(&mut self, rotation: &Rotation) {
        for &ordinal in &self.at {
            self.of[ordinal as usize] = NONE;
        }
        self.at.clear();
        for position in 0..rotation.len() {
            self.join(position, rotation);
        }
    }

    /// Learns that a server joined at the last place, and returns its ordinal.
    pub(super) fn join(&mut self, position: usize, rotation: &Rotation) -> usize {
        let ordinal = rotation.members()[position].nth as usize;
        if self.of.len() <= ordinal {
            self.of.resize(ordinal + 1, NONE);
        }
        self.of[ordinal] = position as u32;
        self.at.push(ordinal as u32);
        ordinal
    }

    /// Learns that the server at a place left, the last taking its place, and returns its ordinal.
    pub(super) fn leave(&mut self, position: usize) -> usize {
        let gone = self.at.swap_remove(position) as usize;
        self.of[gone] = NONE;
        if let Some(&moved) = self.at.get(position) {
            self.of[moved as usize] = position as u32;
        }
        gone
    }

    /// Returns the place of a server, if it is in rotation.
    #[inline]
    pub(super) fn of(&self, ordinal: usize) -> Option<usize> {
        self.of.get(ordinal).copied().filter(|&place| place != NONE).map(|place| place as usize)
    }

    /// Returns the ordinal of the server at a place.
    #[inline]
    pub(super) fn at(&self, position: usize) -> usize {
        self.at[position] as usize
    }

    /// Returns how many servers are in rotation.
    pub(super) fn len(&self) -> usize {
        self.at.len()
    }

    /// Returns one more than the largest ordinal that was ever in rotation.
    pub(super) fn bound(&self) -> usize {
        self.of.len()
    }
}
