//! Recorded traffic, read once for all scenarios that are checked together.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::Findings;
use super::run::Frame;
use crate::error::Code;
use crate::ids::ClassId;
use crate::scenario::plan::Recording;
use crate::scenario::suggest;
use crate::time::{SimDuration, SimTime};
use crate::workload::recorded::{ClassOutline, RecordedSpec, Survey, TraceError, TraceFiles};

/// Traces, and what is known of those that were read.
#[derive(Debug)]
pub(in crate::scenario) struct Traces<'a> {
    files: &'a dyn TraceFiles,
    /// By all that a survey depends on beside the file.
    surveys: RefCell<BTreeMap<String, Result<Survey, Refused>>>,
    outlines: RefCell<BTreeMap<String, Outline>>,
}

/// What a trace is expected to bring by class, or why it cannot be read again.
type Outline = Result<Rc<Vec<ClassOutline>>, String>;

/// Why a trace cannot be used.
#[derive(Clone, Debug)]
enum Refused {
    Missing(String),
    Lines(TraceError),
}

/// Which classes a trace may name.
#[derive(Debug)]
pub(super) enum Known<'a> {
    /// These.
    These(Vec<(&'a str, ClassId)>),
    /// Whichever it names: they are not told apart.
    Any,
}

impl Known<'_> {
    fn get(&self, name: &str) -> Option<ClassId> {
        match self {
            Self::These(classes) => classes.iter().find(|(known, _)| *known == name).map(|(_, class)| *class),
            Self::Any => Some(ClassId::new(0)),
        }
    }
}

impl<'a> Traces<'a> {
    pub(in crate::scenario) fn new(files: &'a dyn TraceFiles) -> Self {
        Self { files, surveys: RefCell::default(), outlines: RefCell::default() }
    }

    /// Surveys a trace whose spec has no problems, unless that was done before.
    pub(super) fn survey(
        &self,
        path: &str,
        spec: &RecordedSpec,
        frame: &Frame,
        known: &Known<'_>,
        found: &mut Findings,
    ) -> Option<Survey> {
        let key = format!("{spec:?} {:?} {} {} {known:?}", frame.start, frame.unread_start, frame.duration);
        let mut surveys = self.surveys.borrow_mut();
        let survey = surveys.entry(key).or_insert_with(|| {
            let input = self.files.open(&spec.file).map_err(|error| Refused::Missing(error.to_string()))?;
            let class = |name: &str| known.get(name);
            let resolve = |text: &str| frame.resolve_text(text);
            spec.survey(input, &class, &resolve, SimTime::ZERO + frame.duration).map_err(Refused::Lines)
        });
        let file = suggest::short(&spec.file);
        match survey {
            Ok(survey) => return Some(survey.clone()),
            Err(Refused::Missing(error)) => {
                let remedy = "check the path; it starts at the folder of the scenario file";
                found.add(Code::TraceMissing, path, format!("{file}: {error}"), remedy);
            }
            Err(Refused::Lines(error)) => {
                let line = error.line.map(|line| format!(":{line}")).unwrap_or_default();
                let message = format!("{file}{line}: {}", error.message);
                found.add(Code::TraceLines, path, message, error.remedy.clone());
            }
        }
        None
    }

    /// Returns what a surveyed trace is expected to bring, in steps of this length.
    pub(super) fn outline(
        &self,
        Recording { spec, survey, .. }: &Recording,
        horizon: SimDuration,
        step: SimDuration,
        factor: f64,
    ) -> Outline {
        let key = format!("{spec:?} {survey:?} {horizon} {step} {factor}");
        let mut outlines = self.outlines.borrow_mut();
        let outline = outlines.entry(key).or_insert_with(|| {
            let input = self.files.open(&spec.file).map_err(|why| why.to_string())?;
            spec.outline(survey, input, horizon, step, factor).map(Rc::new).map_err(|why| why.to_string())
        });
        outline.clone()
    }
}
