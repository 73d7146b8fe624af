//! Sweeps: a base scenario, axes along which it is varied, and the cells that they make.
//!
//! [`SweepDocument::read`] turns bytes into a document that knows how many cells there are and what each sets;
//! [`SweepDocument::check`] turns every cell into a scenario that can be run. An axis sets a node of the base's
//! tree, as `--set` does: whatever a scenario may say can be varied.
//!
//! | file | holds |
//! |---|---|
//! | `quantity.rs` | numbers with units, and ranges of them |
//! | `spec.rs` | the file's keys |
//! | `axis.rs` | axes and the values on them |
//! | `combine.rs`, `sobol.rs` | which values come together |
//! | `design.rs` | how many replications cells get |
//! | `read.rs` | the file and its base, to a document |
//! | `check.rs` | cells, to scenarios |

mod axis;
mod check;
mod combine;
mod design;
mod quantity;
mod read;
mod sobol;
mod spec;

use super::source::Broken;
use super::tree::{At, Node};
use crate::error::{Code, Problem};

pub use check::{Sweep, SweepCell};
pub use quantity::{MAX_VALUES, Quantity, QuantityKind, Scale, Span};
pub use read::{Input, SweepDocument};
pub(super) use spec::SweepSpec;

/// Problems of the sweep file's own keys.
#[derive(Debug)]
struct Findings<'a> {
    tree: &'a Node,
    broken: Vec<Broken>,
}

impl Findings<'_> {
    /// Adds a problem at a path of the file.
    fn add(
        &mut self,
        code: Code,
        path: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let path = path.into();
        let at: At = self.tree.locate(&path);
        self.broken.push((code, at, Problem::new(path, message, remedy)));
    }
}
