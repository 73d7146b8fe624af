//! How releases are taken back: by the previous version, or by images that are there and young enough.

use super::super::join;
use super::Checker;
use super::commits::Start;
use crate::error::Code;
use crate::scenario::plan::{Rollback, Snapshot, Victims};
use crate::scenario::spec::{
    Held, ReleaseSpec, RollbackSpec, Servers, SnapshotRollback, TaggedRollback, VersionRollback,
};
use crate::time::{SimDuration, SimTime};
use crate::units::Ratio;

/// From an attempt that failed to the next, and so many attempts, where nothing else is written.
const RETRY: SimDuration = SimDuration::from_secs(60);
const ATTEMPTS: u32 = 3;
/// The most attempts.
const MAX_ATTEMPTS: u32 = 1_000;

impl Checker<'_> {
    /// Returns how a release is taken back.
    pub(super) fn rollback(
        &mut self,
        path: &str,
        spec: &RollbackSpec,
        release: &ReleaseSpec,
        start: Option<&Start>,
    ) -> Option<Rollback> {
        let path = join(path, spec.name());
        match &spec.0 {
            TaggedRollback::Version(VersionRollback { failures, retry, attempts }) => {
                Some(self.attempts(&path, None, *failures, *retry, *attempts))
            }
            TaggedRollback::Snapshot(spec) => {
                let snapshot = self.snapshot(&path, spec, release, start);
                let built = self.attempts(&path, None, spec.failures, spec.retry, spec.attempts);
                Some(Rollback { snapshot: Some(snapshot?), ..built })
            }
        }
    }

    fn attempts(
        &mut self,
        path: &str,
        snapshot: Option<Snapshot>,
        failures: Option<Ratio>,
        retry: Option<SimDuration>,
        attempts: Option<u32>,
    ) -> Rollback {
        let failures = self.chance(&join(path, "failures"), failures, true);
        let attempts = attempts.unwrap_or(ATTEMPTS);
        if !(1..=MAX_ATTEMPTS).contains(&attempts) {
            let message = format!("{attempts} attempts are not between 1 and {MAX_ATTEMPTS}");
            let remedy = "write for example attempts: 3";
            self.found.add(Code::OutOfRange, join(path, "attempts"), message, remedy);
        }
        Rollback { snapshot, failures, retry: retry.unwrap_or(RETRY), attempts }
    }

    fn snapshot(
        &mut self,
        path: &str,
        spec: &SnapshotRollback,
        release: &ReleaseSpec,
        start: Option<&Start>,
    ) -> Option<Snapshot> {
        self.held(&join(path, "holds"), spec.holds.as_deref(), release.configuration.is_some());
        let parallel = spec.parallel.map(|servers| self.parallel(&join(path, "parallel"), servers));
        let restore = self.law(&join(path, "restore"), &spec.restore);
        if spec.every.is_zero() {
            let message = "images 0s apart never end";
            self.found.add(Code::OutOfRange, join(path, "every"), message, "write for example every: 6h");
            return None;
        }
        let first = match &spec.first {
            None => SimTime::ZERO + spec.every,
            Some(first) => {
                let frame = self.around.frame;
                *frame.instants(&join(path, "first"), first, None, self.found).first()?
            }
        };
        if let Some(start) = start.filter(|_| !self.around.frame.duration.is_zero()) {
            self.exists(path, spec, first, start);
        }
        Some(Snapshot {
            restore: restore?,
            parallel,
            first,
            every: spec.every,
            max_age: spec.max_age,
            warm: spec.holds.as_ref().is_some_and(|held| held.contains(&Held::Cache)),
        })
    }

    /// An image must hold what the release changes.
    fn held(&mut self, path: &str, holds: Option<&[Held]>, configuration: bool) {
        let Some(holds) = holds else { return };
        if (1..holds.len()).any(|place| holds[..place].contains(&holds[place])) {
            self.found.add(Code::DuplicateName, path, "one thing is held twice", "name it once");
        }
        let (needed, what) =
            if configuration { (Held::Configuration, "configuration") } else { (Held::Version, "version") };
        if !holds.contains(&needed) {
            let message = format!("the release changes the {what}, which the image does not hold");
            let names: Vec<&str> = [Held::Version, Held::Configuration, Held::Cache]
                .into_iter()
                .filter(|held| *held == needed || holds.contains(held))
                .map(word)
                .collect();
            let remedy = format!("write holds: [{}]", names.join(", "));
            self.found.add(Code::Release, path, message, remedy);
        }
    }

    fn parallel(&mut self, path: &str, servers: Servers) -> Victims {
        match servers {
            Servers::Count(count) => {
                if count == 0 {
                    let remedy = "write 1 or more, or a share, or leave it out: all at once";
                    self.found.add(Code::OutOfRange, path, "no server is ever restored", remedy);
                }
                Victims::Count(count)
            }
            Servers::Share(share) => {
                self.share(path, share);
                Victims::Share(share.0)
            }
        }
    }

    /// There must be an image before the rollout, and one that is young enough.
    fn exists(&mut self, path: &str, spec: &SnapshotRollback, first: SimTime, start: &Start) {
        // Of commits that come by chance the last is the one that has an image most likely.
        let begins = if start.known.is_empty() { start.last.max(start.earliest) } else { start.earliest };
        // The image of that very instant is one of the previous version.
        let age = |at: SimTime| SimDuration::from_nanos((at - first).as_nanos() % spec.every.as_nanos());
        if first > begins {
            let (saved, begins) = (self.told(first), self.told(begins));
            let message = format!(
                "there is no image to restore: the first is saved at {saved}, and the rollout begins at {begins}"
            );
            let remedy = match spec.first {
                None => "write for example first: 0s, or save images more often",
                Some(_) => "save the first one earlier, for example first: 0s",
            };
            let key = if spec.first.is_some() { "first" } else { "every" };
            self.found.add(Code::Release, join(path, key), message, remedy);
            return;
        }
        let Some(most) = spec.max_age else { return };
        let best = start.known.iter().filter(|&&at| at >= first).map(|&at| age(at)).min();
        let met = best.map_or(!most.is_zero(), |best| best <= most);
        if !met {
            let (message, remedy) = match best {
                Some(best) => (
                    format!(
                        "the newest image is {best} old when the rollout begins, so none is young enough"
                    ),
                    format!("write {best} or more, or save images more often"),
                ),
                None => ("no image is 0s old".to_owned(), "write for example maxAge: 12h".to_owned()),
            };
            self.found.add(Code::Release, join(path, "maxAge"), message, remedy);
        }
    }
}

fn word(held: Held) -> &'static str {
    match held {
        Held::Version => "version",
        Held::Configuration => "configuration",
        Held::Cache => "cache",
    }
}
