//! Ctrl-C: the first one asks for an end, the second one is the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells whether a signal came.
#[derive(Clone, Debug, Default)]
pub(super) struct Signals(Arc<AtomicBool>);

impl Signals {
    /// Begins to listen. Where that is not possible, Ctrl-C ends the process as it always did.
    pub(super) fn listen() -> Self {
        let signals = Self::default();
        #[cfg(unix)]
        signals.register();
        signals
    }

    #[cfg(unix)]
    fn register(&self) {
        use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
        use signal_hook::flag;

        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal finds the flag down and raises it.
            let _ = flag::register_conditional_shutdown(
                signal,
                super::Exit::Interrupted as i32,
                Arc::clone(&self.0),
            );
            let _ = flag::register(signal, Arc::clone(&self.0));
        }
        // A file that reaches the limit of its size shall be an error of the write, not the end.
        let _ = flag::register(SIGXFSZ, Arc::default());
    }

    /// Tells whether a signal came.
    pub(super) fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
