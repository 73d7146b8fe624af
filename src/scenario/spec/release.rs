//! Releases: what is changed, what is wrong with it, how it comes into service, and how it is taken back.

mod catches;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::Servers;
use crate::choice;
use crate::dist::DistributionSpec;
use crate::release::defect::DefectSpec;
use crate::release::detector::DetectionSpec;
use crate::release::strategy::RolloutSpec;
use crate::scenario::named::Named;
use crate::time::SimDuration;
use crate::units::{Rate, Ratio, When};

/// A release of a service: a new version, or another configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseSpec {
    /// The service.
    pub service: String,
    /// The version, in free text.
    pub version: String,
    /// When it is committed, where it passes a pipeline; else when its rollout begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<When>,
    /// Many such releases, instead of one at a time; their versions are numbered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commits: Option<CommitsSpec>,
    /// The share of its commits that have the defect; all of them where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faulty: Option<Ratio>,
    /// What is wrong with it; nothing where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defect: Option<DefectSpec>,
    /// It changes the servers where they stand, within a time; new servers take their place where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<ConfigurationSpec>,
    /// Whether it mends what another release broke: it may pass a freeze that allows hotfixes, and counts as
    /// rework.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hotfix: bool,
    /// What a commit passes before its rollout; nothing where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<CiSpec>,
    /// What it does where another release of the service is under way; needed where that can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_busy: Option<IfBusy>,
    /// How servers of the new version take the place of the others; a rolling update where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<RolloutSpec>,
    /// Who notices that something is wrong, beside the analyses of the rollout; nobody where left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub detection: Vec<DetectionSpec>,
    /// How it is taken back once that is decided; never where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<RollbackSpec>,
    /// Further ways to roll it out, each simulated beside the run; what a way leaves out is that of the release.
    #[serde(default, skip_serializing_if = "Named::is_empty")]
    pub compare: Named<PolicySpec>,
}

/// Another way to roll a release out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicySpec {
    /// How servers of the new version take the place of the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<RolloutSpec>,
    /// Who notices that something is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detection: Option<Vec<DetectionSpec>>,
    /// How it is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<RollbackSpec>,
}

/// When releases are committed: one of the keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommitsSpec {
    /// At these times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Vec<When>>,
    /// At equal distances, the first one distance after `from`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<SimDuration>,
    /// As a Poisson process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poisson: Option<Rate>,
    /// From then on; the start of the run where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<When>,
    /// Until then; the end of the run where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<When>,
}

/// A change of servers where they stand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfigurationSpec {
    /// From the first server that has it to the last.
    pub propagation: SimDuration,
}

/// What a commit passes before its rollout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CiSpec {
    /// Stages, in order.
    pub stages: Vec<StageSpec>,
    /// From a defect that was caught to the commit that mends it; nobody mends it where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<DistributionSpec<SimDuration>>,
}

/// A stage of a pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StageSpec {
    /// Its name.
    pub name: String,
    /// How long it takes.
    pub duration: DistributionSpec<SimDuration>,
    /// How many commits it works on at once, first come first served; all of them where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<u32>,
    /// The share of its runs that fail although nothing is wrong; none where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flaky: Option<Ratio>,
    /// How often such a run is repeated before the commit is given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// How likely it catches a defect: any, or by the defect's key; nothing is caught where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catches: Option<CatchesSpec>,
}

/// A stretch in which nothing is rolled out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FreezeSpec {
    /// From then on; the start of the run where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<When>,
    /// Until then; the end of the run where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<When>,
    /// The services that are frozen; all of them where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<String>>,
    /// What passes all the same; nothing where left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allows: Vec<Passes>,
}

/// What passes a freeze.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Passes {
    /// Releases that mend what another broke.
    Hotfix,
    /// Changes of servers where they stand.
    Configuration,
}

/// What a release does where another of its service is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum IfBusy {
    /// It waits until the other is in service or has been rolled back.
    Wait,
    /// It is dropped.
    Skip,
}

/// How a release is taken back: the name of a way, or a map from the name to its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct RollbackSpec(pub TaggedRollback);

/// How a release is taken back, as a map with one key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(transform = version_is_a_word)]
pub enum TaggedRollback {
    /// The previous version is rolled out, by the rollout's own rules.
    Version(VersionRollback),
    /// A saved image is restored on every server of the new version.
    Snapshot(SnapshotRollback),
}

impl RollbackSpec {
    /// Returns the name that it is written by.
    pub fn name(&self) -> &'static str {
        match &self.0 {
            TaggedRollback::Version(_) => "version",
            TaggedRollback::Snapshot(_) => "snapshot",
        }
    }
}

impl From<TaggedRollback> for RollbackSpec {
    fn from(tagged: TaggedRollback) -> Self {
        Self(tagged)
    }
}

impl<'de> Deserialize<'de> for RollbackSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        choice::read::<D, TaggedRollback, Self>(deserializer, "a rollback such as version", bare)
    }
}

/// A bare name is the way with its parameters left out.
fn bare(name: &str) -> Result<RollbackSpec, String> {
    match name {
        "version" => Ok(RollbackSpec(TaggedRollback::Version(VersionRollback::default()))),
        "snapshot" => {
            Err("`snapshot` needs parameters; write {snapshot: {restore: 45s, every: 6h}}".to_owned())
        }
        _ => Err(format!("`{name}` is not a rollback; write one of version, snapshot")),
    }
}

/// Adds the one way that needs no parameters as a word.
fn version_is_a_word(schema: &mut schemars::Schema) {
    if let Some(ways) = schema.get_mut("oneOf").and_then(serde_json::Value::as_array_mut) {
        ways.push(serde_json::json!({
            "type": "string",
            "const": "version",
            "description": "The previous version is rolled out, by the rollout's own rules.",
        }));
    }
}

/// The previous version is rolled out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VersionRollback {
    /// The share of attempts that fail; none where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<Ratio>,
    /// From an attempt that failed to the next; one minute where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<SimDuration>,
    /// So many attempts at most; three where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
}

/// A saved image is restored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SnapshotRollback {
    /// How long it takes to restore a server, after which it boots.
    pub restore: DistributionSpec<SimDuration>,
    /// How many servers are restored at once, or which share of those with the new version, rounded up; all of
    /// them where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<Servers>,
    /// Between two images.
    pub every: SimDuration,
    /// When the first is saved; one distance after the start of the run where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<When>,
    /// An image that is older is not restored; any age will do where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<SimDuration>,
    /// What it holds; version and configuration where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<Vec<Held>>,
    /// The share of attempts that fail; none where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<Ratio>,
    /// From an attempt that failed to the next; one minute where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<SimDuration>,
    /// So many attempts at most; three where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
}

/// What an image holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Held {
    /// The version.
    Version,
    /// The configuration.
    Configuration,
    /// Warm caches: who is restored needs no slow start.
    Cache,
}

/// How likely a stage catches defects: a share, or shares by the keys of defects.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum CatchesSpec {
    /// Any defect.
    Any(Ratio),
    /// By key; others pass unseen.
    ByKind(Named<Ratio>),
}
