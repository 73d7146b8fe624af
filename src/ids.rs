//! Dense identifiers: what they index is said by their names.

/// Declares a `u32` newtype that indexes a dense array.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// A dense index of 32 bits.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $name {
            /// Wraps an index; indices fit 32 bits by the limits the scenario reader states.
            #[inline]
            pub const fn new(index: usize) -> Self {
                debug_assert!(index <= u32::MAX as usize);
                Self(index as u32)
            }

            /// Returns the index into the dense array.
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id!(
    /// A traffic source, in the order of the scenario file.
    SourceId
);
id!(
    /// A service, in the order of the scenario file.
    ServiceId
);
id!(
    /// A server: its launch ordinal over the whole run, never used again.
    ServerId
);
id!(
    /// A slot of the request arena; reused once its request has ended.
    RequestId
);
id!(
    /// A request class, in the order in which the scenario names them.
    ClassId
);
id!(
    /// One service x class pair, the key of every per-request record.
    RowId
);
