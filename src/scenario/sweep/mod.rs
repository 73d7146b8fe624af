//! Sweeps: a base scenario, axes along which it is varied, and the cells that they make.
//!
//! | file | holds |
//! |---|---|
//! | `quantity.rs` | numbers with units, and ranges of them |

mod quantity;

pub use quantity::{MAX_VALUES, Quantity, QuantityKind, Scale, Span};
