//! What happened beside requests.

use serde::{Deserialize, Serialize};

/// Something that happened beside requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogEntry {
    /// When, in nanoseconds.
    pub at_ns: u64,
    /// What.
    pub kind: EventKind,
    /// Index of the service it concerns, where it concerns one.
    pub service: Option<usize>,
    /// Index of the pool within the service, where it concerns one.
    pub pool: Option<usize>,
    /// The name of the fault or the action, where it was given one.
    pub name: String,
    /// How many servers it concerns, where it concerns servers.
    pub servers: Option<u32>,
    /// What else there is to say.
    pub detail: String,
}

/// Declares the kinds with the words that files have for them.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub enum EventKind {
            $($(#[$doc])* $name,)*
        }

        impl EventKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Returns the word that files have for it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

kinds! {
    /// A pool is to have another number of servers.
    Replicas = "replicas";
    /// A pool has as many servers in service as it is to have, after it had too few.
    FullCapacity = "fullCapacity";
    /// Servers that were ordered are in service, and no other is on its way.
    InService = "inService";
    /// Servers failed with all they had.
    Crash = "crash";
    /// A server failed that a process of failures let fail.
    Breakdown = "breakdown";
    /// The place of a broken server was repaired; another is ordered there.
    Repaired = "repaired";
    /// All servers of a zone failed.
    ZoneOutage = "zoneOutage";
    /// Servers start in the zone again.
    ZoneBack = "zoneBack";
    /// Servers work slower.
    Slow = "slow";
    /// They work at full speed again.
    SlowEnds = "slowEnds";
    /// Some requests fail although they were served.
    Errors = "errors";
    /// They no longer do.
    ErrorsEnd = "errorsEnd";
    /// A launch failed.
    LaunchFailed = "launchFailed";
    /// Launches begin to fail more often.
    FailedLaunches = "failedLaunches";
    /// They no longer do.
    LaunchesBack = "launchesBack";
    /// A quota lets no further server be ordered.
    QuotaReached = "quotaReached";
    /// Monitoring sees nothing.
    MonitoringOutage = "monitoringOutage";
    /// It sees again.
    MonitoringBack = "monitoringBack";
    /// Monitoring showed what operators wait for.
    Alert = "alert";
    /// Monitoring never showed, for long enough, what operators waited for.
    NeverAlerted = "neverAlerted";
    /// Operators acted.
    Action = "action";
    /// Health checks took servers that had failed out of the rotation.
    Unhealthy = "unhealthy";
}
