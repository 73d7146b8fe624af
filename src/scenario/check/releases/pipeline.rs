//! Continuous integration: stages, and what they catch.

use std::collections::BTreeSet;

use super::super::join;
use super::Checker;
use crate::error::Code;
use crate::release::defect::DefectSpec;
use crate::release::pipeline::{Pipeline, Stage};
use crate::scenario::spec::{CatchesSpec, CiSpec, StageSpec};
use crate::scenario::suggest;
use crate::units::Ratio;

/// The most stages of a pipeline.
const MAX_STAGES: usize = 100;
/// The most often that a run of a stage is repeated.
const MAX_RETRIES: u32 = 1_000;

impl Checker<'_> {
    /// Returns a pipeline.
    pub(super) fn pipeline(&mut self, path: &str, spec: &CiSpec) -> Option<Pipeline> {
        let at = join(path, "stages");
        if spec.stages.is_empty() {
            let remedy = "write for example stages: [{name: build, duration: 6m}]";
            self.found.add(Code::Nothing, &at, "a pipeline without stages does nothing", remedy);
        } else if spec.stages.len() > MAX_STAGES {
            let message = format!("there are {} stages", spec.stages.len());
            self.found.add(Code::TooMuch, &at, message, format!("keep to {MAX_STAGES}"));
            return None;
        }
        let mut names = BTreeSet::new();
        let mut stages = Some(Vec::new());
        for (index, stage) in spec.stages.iter().enumerate() {
            let path = format!("{at}[{index}]");
            if !names.insert(&stage.name) {
                let message = format!("the name `{}` is given twice", suggest::short(&stage.name));
                let remedy = "give every stage a name of its own";
                self.found.add(Code::DuplicateName, join(&path, "name"), message, remedy);
            }
            match (self.stage(&path, stage), &mut stages) {
                (Some(stage), Some(stages)) => stages.push(stage),
                _ => stages = None,
            }
        }
        let fix = match &spec.fix {
            None => None,
            Some(law) => {
                let path = join(path, "fix");
                if spec.stages.iter().all(|stage| stage.catches.is_none()) {
                    let message = "no stage catches anything, so there is nothing to mend";
                    let remedy = "write for example catches: 70% at a stage, or remove fix";
                    self.found.add(Code::Contradiction, &path, message, remedy);
                }
                Some(self.law(&path, law)?)
            }
        };
        Some(Pipeline { stages: stages?, fix })
    }

    fn stage(&mut self, path: &str, spec: &StageSpec) -> Option<Stage> {
        self.found.name(&join(path, "name"), &spec.name);
        let duration = self.law(&join(path, "duration"), &spec.duration);
        if spec.parallel == Some(0) {
            let message = "a stage that works on no commit passes none";
            let remedy = "write 1 or more, or leave it out: all at once";
            self.found.add(Code::OutOfRange, join(path, "parallel"), message, remedy);
        }
        let flaky = self.chance(&join(path, "flaky"), spec.flaky, false);
        let retries = spec.retries.unwrap_or(0);
        if retries > 0 && spec.flaky.is_none() {
            let message = "nothing fails by chance here, so nothing is repeated";
            let remedy = "write for example flaky: 5%, or remove retries";
            self.found.add(Code::Contradiction, join(path, "retries"), message, remedy);
        } else if retries > MAX_RETRIES {
            let message = format!("{retries} repetitions are too many");
            self.found.add(
                Code::OutOfRange,
                join(path, "retries"),
                message,
                format!("keep to {MAX_RETRIES}"),
            );
        }
        let catches = match &spec.catches {
            None => Vec::new(),
            Some(CatchesSpec::Any(share)) => {
                self.chance(&join(path, "catches"), Some(*share), true);
                let kinds = DefectSpec::examples().into_iter();
                kinds.map(|(kind, _)| (kind.to_owned(), share.0)).collect()
            }
            Some(CatchesSpec::ByKind(shares)) => {
                for (kind, share) in shares.iter() {
                    self.chance(&join(path, &format!("catches.{kind}")), Some(*share), true);
                }
                shares.iter().map(|(kind, Ratio(share))| (kind.to_owned(), *share)).collect()
            }
        };
        Some(Stage {
            name: spec.name.clone(),
            duration: duration?,
            parallel: spec.parallel,
            flaky,
            retries,
            catches,
        })
    }
}
