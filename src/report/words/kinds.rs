//! The words for kinds of things that results hold.

use super::{Lang, Word};
use crate::results::{EventKind, ReleaseOutcome};

impl Lang {
    /// Returns the word for what became of a release.
    pub(in crate::report) fn outcome(self, outcome: ReleaseOutcome) -> &'static str {
        self.word(match outcome {
            ReleaseOutcome::Promoted => Word::OutPromoted,
            ReleaseOutcome::RolledBack => Word::OutRolledBack,
            ReleaseOutcome::Stuck => Word::OutStuck,
            ReleaseOutcome::DefectEscaped => Word::OutEscaped,
            ReleaseOutcome::FalseAlarm => Word::OutFalseAlarm,
            ReleaseOutcome::Censored => Word::OutCensored,
            ReleaseOutcome::Caught => Word::OutCaught,
            ReleaseOutcome::Waiting => Word::OutWaiting,
            ReleaseOutcome::Skipped => Word::OutSkipped,
        })
    }

    /// Returns the word for something that happened.
    pub(in crate::report) fn event(self, kind: EventKind) -> &'static str {
        self.word(match kind {
            EventKind::Replicas => Word::EvReplicas,
            EventKind::FullCapacity => Word::EvFullCapacity,
            EventKind::InService => Word::EvInService,
            EventKind::NeverAlerted => Word::EvNeverAlerted,
            EventKind::Crash => Word::EvCrash,
            EventKind::Breakdown => Word::EvBreakdown,
            EventKind::Repaired => Word::EvRepaired,
            EventKind::ZoneOutage => Word::EvZoneOutage,
            EventKind::ZoneBack => Word::EvZoneBack,
            EventKind::Slow => Word::EvSlow,
            EventKind::SlowEnds => Word::EvSlowEnds,
            EventKind::Errors => Word::EvErrors,
            EventKind::ErrorsEnd => Word::EvErrorsEnd,
            EventKind::LaunchFailed => Word::EvLaunchFailed,
            EventKind::FailedLaunches => Word::EvFailedLaunches,
            EventKind::LaunchesBack => Word::EvLaunchesBack,
            EventKind::Nodes => Word::EvNodes,
            EventKind::QuotaReached => Word::EvQuotaReached,
            EventKind::MonitoringOutage => Word::EvMonitoringOutage,
            EventKind::MonitoringBack => Word::EvMonitoringBack,
            EventKind::Alert => Word::EvAlert,
            EventKind::Action => Word::EvAction,
            EventKind::Unhealthy => Word::EvUnhealthy,
            EventKind::Commit => Word::EvCommit,
            EventKind::StagePassed => Word::EvStagePassed,
            EventKind::StageFlaky => Word::EvStageFlaky,
            EventKind::DefectCaught => Word::EvDefectCaught,
            EventKind::Frozen => Word::EvFrozen,
            EventKind::RolloutStarted => Word::EvRolloutStarted,
            EventKind::RolloutStep => Word::EvRolloutStep,
            EventKind::RolloutStuck => Word::EvRolloutStuck,
            EventKind::Promoted => Word::EvPromoted,
            EventKind::ConfigurationPushed => Word::EvConfigurationPushed,
            EventKind::Crossed => Word::EvCrossed,
            EventKind::Acknowledged => Word::EvAcknowledged,
            EventKind::RollbackDecided => Word::EvRollbackDecided,
            EventKind::RollbackStarted => Word::EvRollbackStarted,
            EventKind::RollbackFailed => Word::EvRollbackFailed,
            EventKind::ServerRestored => Word::EvServerRestored,
            EventKind::RolledBack => Word::EvRolledBack,
            EventKind::FirstHarm => Word::EvFirstHarm,
            EventKind::HealthyAgain => Word::EvHealthyAgain,
        })
    }
}
