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

/// A decision about the number of servers of a pool: one that changes it, or one that something held back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decision {
    /// When, in nanoseconds.
    pub at_ns: u64,
    /// Index of the service.
    pub service: usize,
    /// Index of the pool within the service.
    pub pool: usize,
    /// Who decided: the key of a policy, `schedule` or `operator`.
    pub policy: String,
    /// Servers wanted before.
    pub from: u32,
    /// Servers wanted from now on.
    pub to: u32,
    /// What it went by, for people.
    pub signal: String,
    /// What the policy would have wanted without any limit.
    pub raw: Option<u32>,
    /// What held it back.
    pub limited_by: Option<String>,
    /// When as many as wanted were in service, in nanoseconds, for a decision that wants more.
    pub ready_ns: Option<u64>,
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
    /// A cluster autoscaler ordered nodes, removed some, or gave some up.
    Nodes = "nodes";
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
    /// A release was committed.
    Commit = "commit";
    /// A commit passed a stage of its pipeline.
    StagePassed = "stagePassed";
    /// A stage failed without a reason, and begins again.
    StageFlaky = "stageFlaky";
    /// A stage caught a defect.
    DefectCaught = "defectCaught";
    /// A release waits for the end of a freeze.
    Frozen = "frozen";
    /// A rollout began.
    RolloutStarted = "rolloutStarted";
    /// A rollout came to another step.
    RolloutStep = "rolloutStep";
    /// A rollout does not come nearer to its end.
    RolloutStuck = "rolloutStuck";
    /// All servers are of the new version.
    Promoted = "promoted";
    /// A configuration is changed on all servers.
    ConfigurationPushed = "configurationPushed";
    /// A sample of monitoring crossed a detector's bound.
    Crossed = "crossed";
    /// Somebody looks at an alert.
    Acknowledged = "acknowledged";
    /// It was decided to roll back.
    RollbackDecided = "rollbackDecided";
    /// A rollback began.
    RollbackStarted = "rollbackStarted";
    /// An attempt to roll back failed.
    RollbackFailed = "rollbackFailed";
    /// Servers are of the previous version again.
    ServerRestored = "serverRestored";
    /// All servers are of the previous version again.
    RolledBack = "rolledBack";
    /// A release made a request bad, or more of them than there would have been without it, for the first time.
    FirstHarm = "firstHarm";
    /// Users are served well again.
    HealthyAgain = "healthyAgain";
}
