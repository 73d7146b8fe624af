//! The scenarios that come with the program, for `init`: the files of `scenarios/`.

/// A scenario to begin with.
#[derive(Debug)]
pub(super) struct Template {
    pub name: &'static str,
    /// What it shows, in one line.
    pub about: &'static str,
    text: &'static str,
    /// Files that belong to it: where they lie beside it, and what is in them.
    pub files: &'static [(&'static str, &'static str)],
}

/// All of them, the one to begin with first.
pub(super) const TEMPLATES: [Template; 16] = [
    Template {
        name: "quickstart",
        about: "ten lines: one service, steady traffic, one objective",
        text: include_str!("../../scenarios/quickstart.yaml"),
        files: &[],
    },
    Template {
        name: "first-question",
        about: "from the figures of a load test to a verdict on the peak",
        text: include_str!("../../scenarios/first-question.yaml"),
        files: &[],
    },
    Template {
        name: "singles-day",
        about: "an hour around midnight: three services, a published sale shape, pools, queues",
        text: include_str!("../../scenarios/singles-day.yaml"),
        files: &[],
    },
    Template {
        name: "size-singles-day",
        about: "how many servers that takes, and how much more they could: a search over days",
        text: include_str!("../../scenarios/size-singles-day.yaml"),
        files: &[("singles-day.yaml", include_str!("../../scenarios/singles-day.yaml"))],
    },
    Template {
        name: "which-balancer",
        about: "a sweep: which balancer, with how many servers, for the opening of a sale",
        text: include_str!("../../scenarios/which-balancer.yaml"),
        files: &[],
    },
    Template {
        name: "replay",
        about: "last year's orders per minute from a CSV file, at 40 times the volume",
        text: include_str!("../../scenarios/replay.yaml"),
        files: &[(
            "traces/orders-per-minute.csv",
            include_str!("../../scenarios/traces/orders-per-minute.csv"),
        )],
    },
    Template {
        name: "zone-outage",
        about: "a zone lost at the peak: health checks, alerts, people, servers that start",
        text: include_str!("../../scenarios/zone-outage.yaml"),
        files: &[],
    },
    Template {
        name: "pre-scaling",
        about: "servers ordered by the clock before the sale, in time and, by an overlay, too late",
        text: include_str!("../../scenarios/pre-scaling.yaml"),
        files: &[(
            "overlays/five-minutes-late.yaml",
            include_str!("../../scenarios/overlays/five-minutes-late.yaml"),
        )],
    },
    Template {
        name: "drill",
        about: "a game day: crashes, slow servers, errors, blind monitoring, and operators who act",
        text: include_str!("../../scenarios/drill.yaml"),
        files: &[],
    },
    Template {
        name: "autoscaling",
        about: "a pasted Horizontal Pod Autoscaler on the night of a sale: too late, by the clock, both",
        text: include_str!("../../scenarios/autoscaling.yaml"),
        files: &[
            ("overlays/scheduled.yaml", include_str!("../../scenarios/overlays/scheduled.yaml")),
            ("overlays/scheduled-too.yaml", include_str!("../../scenarios/overlays/scheduled-too.yaml")),
        ],
    },
    Template {
        name: "balancers",
        about: "one fleet under any balancer, behind one proxy or sixteen",
        text: include_str!("../../scenarios/balancers.yaml"),
        files: &[],
    },
    Template {
        name: "bad-release",
        about: "a bad release before midnight, rolled out in four ways and ranked by requests harmed",
        text: include_str!("../../scenarios/bad-release.yaml"),
        files: &[],
    },
    Template {
        name: "snapshot-or-version",
        about: "two ways back: images restored in place, or the previous version rolled out again",
        text: include_str!("../../scenarios/snapshot-or-version.yaml"),
        files: &[],
    },
    Template {
        name: "flag-push",
        about: "a flag that passes the freeze and slows every server down",
        text: include_str!("../../scenarios/flag-push.yaml"),
        files: &[],
    },
    Template {
        name: "short-canary",
        about: "a canary too short to see 2 % of errors, and one that is long enough",
        text: include_str!("../../scenarios/short-canary.yaml"),
        files: &[],
    },
    Template {
        name: "rollback-trap",
        about: "the old fleet is gone when the defect shows",
        text: include_str!("../../scenarios/rollback-trap.yaml"),
        files: &[],
    },
];

/// Where editors find the schemas in this repository; beside a user's file they have the name alone.
const SCHEMAS: &str = "../schemas/";

impl Template {
    /// Returns a template by its name.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        TEMPLATES.iter().find(|template| template.name == name)
    }

    /// Returns what simulates it.
    pub(super) fn command(&self) -> &'static str {
        if self.is_sweep() { "peakday sweep run" } else { "peakday run" }
    }

    fn is_sweep(&self) -> bool {
        self.text.lines().any(|line| line == "kind: Sweep")
    }

    /// Returns the file as it is written for a user, whose schema lies elsewhere.
    pub(super) fn text(&self) -> String {
        let (modeline, rest) = self.text.split_once('\n').unwrap_or_default();
        let kind = if self.is_sweep() { "--kind sweep > sweep" } else { "> scenario" };
        format!(
            "{}\n# The line above lets editors complete and check this file, once its schema lies beside it:\n\
             #   peakday schema {kind}.v1alpha1.json\n{rest}",
            modeline.replace(SCHEMAS, "")
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_scenario_that_comes_along_is_a_template_and_documented() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let entries = fs::read_dir(root.join("scenarios")).unwrap().map(|entry| entry.unwrap().path());
        let files: BTreeSet<String> = entries
            .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        let names: BTreeSet<String> = TEMPLATES.iter().map(|template| template.name.to_owned()).collect();
        assert_eq!(names, files);
        let page = fs::read_to_string(root.join("docs/SCENARIO.md")).unwrap();
        for template in &TEMPLATES {
            let row = format!("| `{}` | {} |", template.name, template.about);
            assert!(page.contains(&row), "docs/SCENARIO.md has no row {row}");
        }
    }

    #[test]
    fn every_template_names_its_schema_first() {
        for template in &TEMPLATES {
            let kind = if template.name == "which-balancer" { "sweep" } else { "scenario" };
            let modeline =
                |folder: &str| format!("# yaml-language-server: $schema={folder}{kind}.v1alpha1.json\n");
            assert!(template.text.starts_with(&modeline("../schemas/")), "{}", template.text);
            let text = template.text();
            assert!(text.starts_with(&(modeline("") + "# The line above ")), "{text}");
            assert!(
                text.lines().nth(2).is_some_and(|line| line.ends_with(&format!("> {kind}.v1alpha1.json"))),
                "{text}"
            );
        }
    }
}
