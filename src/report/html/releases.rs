//! The releases: which policy harmed the fewest requests and why, and their rollouts over time.

use std::fmt::Write as _;

use super::{Cell, Page, escaped, with_ends};
use crate::report::charts::ReleaseChart;
use crate::report::number::grouped;
use crate::report::released;
use crate::report::words::Word;
use crate::results::{PolicyRow, StudyResult, release_policies};
use crate::stats::Interval;

/// A figure of a policy: its head, its column, and how it is shown.
type Figure = (Word, &'static str, fn(f64) -> String);

const COLUMNS: [Figure; 7] = [
    (Word::Harmed, "requests_harmed", released::count),
    (Word::FailureTime, "failure_time_s", released::duration),
    (Word::DetectionTime, "detection_time_s", released::duration),
    (Word::RecoveryTime, "recovery_time_s", released::duration),
    (Word::RollbackRatio, "rollback_ratio", |ratio| grouped(ratio, 3)),
    (Word::TrapTime, "rollback_trap_s", released::duration),
    (Word::Exposed, "exposed", |share| format!("{}%", released::count(share * 100.0))),
];

impl Page {
    /// What became of the releases; nothing where there are none.
    pub(super) fn releases(&mut self, result: &StudyResult, charts: &[ReleaseChart]) {
        if result.plan.releases.is_empty() {
            return;
        }
        self.section(Word::Releases);
        let _ = writeln!(self.text, "<p><small>{}</small></p>", self.lang.word(Word::ReleasesOf));
        self.release_charts(charts, None);
        for rows in release_policies(result).chunk_by(|a, b| a.release == b.release) {
            let (index, lang) = (rows[0].release, self.lang);
            let plan = &result.plan.releases[index];
            let (name, service) = (escaped(&plan.version), escaped(&result.plan.services[plan.service].name));
            let _ = writeln!(self.text, "<h3>{name} \u{b7} {service}</h3>");
            if let Some(said) = released::sentence(result, rows, lang) {
                let _ = writeln!(self.text, "<p>{}</p>", escaped(&said));
            }
            self.policies(result, rows);
            if charts.iter().any(|chart| chart.release == Some(index)) {
                let _ = writeln!(self.text, "<p><small>{}</small></p>", lang.word(Word::RolloutOf));
            }
            self.release_charts(charts, Some(index));
        }
    }

    fn policies(&mut self, result: &StudyResult, rows: &[PolicyRow]) {
        let mut heads = vec![Word::Rank, Word::Policy];
        heads.extend(COLUMNS.map(|(head, ..)| head));
        heads.extend([Word::BeyondFirst, Word::Outcomes]);
        let number = |figure: Option<Interval>, shown: fn(f64) -> String| {
            Cell::Number(figure.map_or_else(String::new, |figure| with_ends(figure, shown)))
        };
        let row = |row: &PolicyRow| {
            let name = &result.plan.releases[row.release].policies[row.policy].name;
            let mut cells = vec![Cell::Number(row.rank.to_string()), Cell::text(name)];
            cells.extend(
                COLUMNS.map(|(_, column, shown)| number(row.figure(column).map(|figure| figure.mean), shown)),
            );
            cells.push(number(row.behind, released::count));
            cells.push(Cell::text(&released::outcomes(row, self.lang)));
            cells
        };
        let rows = rows.iter().map(row).collect();
        self.table(&heads, rows);
    }

    fn release_charts(&mut self, charts: &[ReleaseChart], release: Option<usize>) {
        let own = charts.iter().filter(|chart| chart.release == release);
        // Bars alone would be as wide as the page.
        let width = if release.is_none() { " style=\"max-width:760px\"" } else { "" };
        let _ = write!(self.text, "<div class=\"charts\"{width}>");
        for group in own.flat_map(|chart| chart.pictures.chunks(chart.together)) {
            self.text += "<div>";
            for picture in group {
                self.text +=
                    &picture.element("xmlns=\"http://www.w3.org/2000/svg\" font-family=\"sans-serif\"");
            }
            self.text += "</div>\n";
        }
        self.text += "</div>\n";
    }
}
