//! How many servers of each version there are to be, and when a release has passed: the arithmetic of
//! Kubernetes' Deployments, of Argo Rollouts and of Flagger.
//!
//! Pure functions over plain numbers, asked every time something changes. They know neither servers nor
//! time: who is launched or stopped, and when, is decided where they are called.

pub mod analysis;
pub mod argo;
pub mod flagger;
pub mod int_or_percent;
pub mod kubernetes;

pub use int_or_percent::IntOrPercent;

/// The servers of one version, as a controller sees them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplicaSet {
    /// How many there are to be (`.spec.replicas`).
    pub spec: u32,
    /// How many are available (`.status.availableReplicas`).
    pub available: u32,
}

/// Returns how many there are to be in some sets together.
pub(crate) fn replicas_of(sets: &[ReplicaSet]) -> u32 {
    sets.iter().fold(0, |sum: u32, set| sum.saturating_add(set.spec))
}
