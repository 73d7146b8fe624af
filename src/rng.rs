//! Keyed randomness: every draw is named by who draws and how often, never by when.
//!
//! Keys form a tree, seed -> replication -> source -> request, and the k-th draw of a key is a
//! mix of the key and k. Nothing is seeded, nothing is shared: two policies that draw different
//! numbers of times still meet the same customers with the same demands.
//!
//! The mixer is the finaliser of SplitMix64 (Steele, Lea & Flood, OOPSLA 2014, with Stafford's
//! "Mix13" constants): a bijection of 64 bits that passes the usual batteries over a Weyl
//! sequence, which is how it is used here.

/// Weyl increment of a key's draws (2^64 divided by the golden ratio, odd).
const DRAW_STEP: u64 = 0x9E37_79B9_7F4A_7C15;
/// Weyl increment of a key's children; another odd constant, so that no child equals a draw.
const CHILD_STEP: u64 = 0xD1B5_4A32_D192_ED03;

/// Mixes 64 bits so that every output bit depends on every input bit.
#[inline]
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A node of the key tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(u64);

impl Key {
    /// Creates the root of the tree from a scenario's seed.
    pub const fn from_seed(seed: u64) -> Self {
        Self(mix(seed ^ 0x7065_616B_6461_7931))
    }

    /// Returns the child with this ordinal, for example a source's n-th request.
    #[inline]
    pub const fn child(self, ordinal: u64) -> Self {
        Self(mix(self.0.rotate_left(29).wrapping_add(ordinal.wrapping_add(1).wrapping_mul(CHILD_STEP))))
    }

    /// Returns the child with this name; names keep a node's randomness apart from its position
    /// in the scenario file, so that adding a source does not change the others.
    pub fn named(self, name: &str) -> Self {
        // FNV-1a, 64 bits: the names are few and short, and the mixer does the rest.
        let hash = name
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3));
        Self(mix(self.0.wrapping_add(mix(hash))))
    }

    /// Returns the k-th draw of this key.
    #[inline]
    pub const fn draw(self, k: u64) -> u64 {
        mix(self.0.wrapping_add(k.wrapping_add(1).wrapping_mul(DRAW_STEP)))
    }

    /// Returns the draws of this key in order, beginning with draw 0.
    #[inline]
    pub const fn stream(self) -> Stream {
        Stream { state: self.0 }
    }

    /// Returns the draws of this key in order, beginning with draw `k`.
    #[inline]
    pub const fn stream_from(self, k: u64) -> Stream {
        Stream { state: self.0.wrapping_add(k.wrapping_mul(DRAW_STEP)) }
    }
}

/// A source of uniform random bits: what policies and samplers draw from.
pub trait Bits {
    /// Returns the next 64 uniform bits.
    fn next_bits(&mut self) -> u64;
}

/// The draws of one key, one after the other.
#[derive(Clone, Debug)]
pub struct Stream {
    state: u64,
}

impl Bits for Stream {
    #[inline]
    fn next_bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(DRAW_STEP);
        mix(self.state)
    }
}

/// Maps bits to a uniform number in (0, 1], on a grid of 2^-53: never 0, so that it has a logarithm.
#[inline]
pub fn uniform_open_closed(bits: u64) -> f64 {
    ((bits >> 11) + 1) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// Maps bits to a uniform number in [0, 1), on a grid of 2^-53.
#[inline]
pub fn uniform_closed_open(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// Maps 32 uniform bits to an index below `n`, by multiplication (Lemire, TOMACS 2019, without
/// the rejection step: the bias is below n / 2^32).
#[inline]
pub fn index_below(bits: u32, n: usize) -> usize {
    ((u64::from(bits) * n as u64) >> 32) as usize
}
