//! Charts as SVG: the same arrays as the tables, drawn. The only module that knows plotters.
//!
//! | file | holds |
//! |---|---|
//! | `panels.rs` | what each chart shows |
//! | `plot.rs` | one picture through plotters |
//! | `look.rs` | colours and dashes |
//! | `rollout.rs` | what each chart of a release shows |
//! | `experiment/` | what each chart of an experiment shows |
//! | `bars.rs` | detection and recovery as bars |
//! | `comparison.rs` | differences of two studies |
//! | `axis.rs` | ranges, ticks, labels |
//! | `points.rs` | figures that stand alone, with their intervals |
//! | `signs.rs` | verdicts as signs and patterns |
//! | `place.rs` | where a label is crossed least |
//! | `beside.rs` | labels of marks, bounds and points |
//! | `marks.rs` | what happened, as marks on the time axis |
//! | `thin.rs` | fewer points, every peak kept |
//!
//! There is a chart for every kind and service; a file holds those of one kind, side by side on
//! one time axis.

mod axis;
mod bars;
mod beside;
mod comparison;
pub(super) mod experiment;
mod look;
mod marks;
mod panels;
mod place;
mod plot;
mod points;
mod rollout;
mod signs;
mod thin;

pub(super) use comparison::comparison;
pub(super) use rollout::releases;

use std::fmt::Write as _;
use std::io;

use self::panels::Panels;
use self::plot::{HEIGHT, Plot, SCALE, WIDTH, fitted};
use crate::report::html::escaped;
use crate::report::words::{Lang, Word};
use crate::results::{Series, StudyResult, dependencies, servers};

/// Services with charts: those nearest their limits where there are more.
pub(super) const MAX_SERVICES: usize = 24;
/// Where a sheet has more panels than this, they stand in two columns.
const ONE_COLUMN: usize = 3;
const MARGIN: i32 = 16;
const TITLE: i32 = 20;
const HEAD: i32 = 44;
/// Between the lines of remarks.
const LEADING: i32 = 17;
const CSS: &str = "text{paint-order:stroke;stroke:#fff;stroke-width:.25em;stroke-linejoin:round}\
                   polyline{stroke-linejoin:round}";

/// What a chart is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Rate,
    Latency,
    Utilization,
    Queue,
    Outcomes,
    Load,
    Evenness,
    Scaling,
    Distribution,
}

impl Kind {
    pub(super) const ALL: [Self; 9] = [
        Self::Rate,
        Self::Latency,
        Self::Utilization,
        Self::Queue,
        Self::Outcomes,
        Self::Scaling,
        Self::Load,
        Self::Evenness,
        Self::Distribution,
    ];

    fn title(self) -> Word {
        match self {
            Self::Rate => Word::Rate,
            Self::Latency => Word::Latency,
            Self::Utilization => Word::Utilisation,
            Self::Queue => Word::Queue,
            Self::Outcomes => Word::Losses,
            Self::Load => Word::Load,
            Self::Evenness => Word::Evenness,
            Self::Scaling => Word::Scaling,
            Self::Distribution => Word::Nines,
        }
    }

    /// Returns the name of the file.
    pub(super) fn file(self) -> &'static str {
        match self {
            Self::Rate => "charts/rate.svg",
            Self::Latency => "charts/latency.svg",
            Self::Utilization => "charts/utilization.svg",
            Self::Queue => "charts/queue.svg",
            Self::Outcomes => "charts/outcomes.svg",
            Self::Load => "charts/load.svg",
            Self::Evenness => "charts/evenness.svg",
            Self::Scaling => "charts/scaling.svg",
            Self::Distribution => "charts/distribution.svg",
        }
    }
}

/// What a picture shows.
#[derive(Clone, Debug)]
struct Chart {
    service: usize,
    kind: Kind,
    plot: Plot,
}

/// A picture of one service.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    /// Index of the service.
    pub(super) service: usize,
    /// What it is about.
    pub(super) kind: Kind,
    /// For those who cannot see it.
    pub(super) title: String,
    /// The inside of an SVG element.
    inside: String,
}

impl Picture {
    /// Returns the picture as an element at its place.
    pub(super) fn element(&self, attributes: &str) -> String {
        element(attributes, &self.title, &self.inside, (WIDTH, HEIGHT))
    }
}

/// A chart of releases: a file, and the pictures in it.
#[derive(Clone, Debug)]
pub(super) struct ReleaseChart {
    /// The release it is about; all of them where `None`.
    pub(super) release: Option<usize>,
    title: String,
    remark: String,
    pub(super) pictures: Vec<Drawing>,
    /// So many of them in a row belong together.
    pub(super) together: usize,
}

/// A picture of a size of its own, and where it stands on its sheet, in pixels.
#[derive(Clone, Debug)]
pub(super) struct Drawing {
    title: String,
    inside: String,
    size: (i32, i32),
    at: (i32, i32),
}

impl ReleaseChart {
    /// Returns the name of the file.
    pub(super) fn file(&self) -> String {
        match self.release {
            None => "charts/releases.svg".to_owned(),
            Some(release) => format!("charts/release-{}.svg", release + 1),
        }
    }
}

impl Drawing {
    /// Returns how wide it is, in pixels.
    pub(super) fn width(&self) -> i32 {
        self.size.0
    }

    /// Returns the picture as an element at its place.
    pub(super) fn element(&self, attributes: &str) -> String {
        element(attributes, &self.title, &self.inside, self.size)
    }
}

/// Returns a picture of so many pixels as an element at its place.
fn element(attributes: &str, title: &str, inside: &str, (width, height): (i32, i32)) -> String {
    let title = escaped(title);
    format!(
        "<svg {attributes} viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{title}\">\n{inside}</svg>\n",
        width * SCALE,
        height * SCALE,
    )
}

/// Draws every chart of the services shown, service by service.
///
/// # Errors
///
/// Where plotters cannot write, which does not happen in memory.
pub(super) fn pictures(result: &StudyResult, lang: Lang) -> io::Result<Vec<Picture>> {
    let mut series = Series::new(result);
    let servers = servers(result);
    let mut pictures = Vec::new();
    for service in shown(result) {
        let panels = Panels::of(&mut series, result, &servers, service, lang);
        for kind in Kind::ALL {
            let Chart { service, kind, plot } = panels.chart(kind);
            let inside = plot::draw(&plot)?;
            pictures.push(Picture { service, kind, title: plot.title, inside });
        }
    }
    Ok(pictures)
}

/// Returns the services with charts, in the order of the file.
pub(super) fn shown(result: &StudyResult) -> Vec<usize> {
    let count = result.plan.services.len();
    let mut margins = vec![f64::INFINITY; count];
    for row in dependencies(result) {
        let margin = row.margin.unwrap_or(f64::INFINITY);
        margins[row.service] = margins[row.service].min(margin);
    }
    let mut services: Vec<usize> = (0..count).collect();
    services.sort_by(|&a, &b| margins[a].total_cmp(&margins[b]));
    services.truncate(MAX_SERVICES);
    services.sort_unstable();
    services
}

/// Returns what is to be known about all charts.
pub(super) fn remarks(result: &StudyResult, lang: Lang) -> Vec<&'static str> {
    let plan = &result.plan;
    let mut remarks = vec![lang.word(if result.runs.len() > 1 { Word::Bands } else { Word::OneDay })];
    if plan.duration_ns.div_ceil(plan.interval_ns) > 2 * plot::COLUMNS as u64 {
        remarks.push(lang.word(Word::Thinned));
    }
    if result.runs.first().is_some_and(|run| !run.events.is_empty()) {
        remarks.push(lang.word(Word::MarksOf));
    }
    if plan.services.len() > MAX_SERVICES {
        remarks.push(lang.word(Word::NearestShown));
    }
    remarks
}

/// Returns the file of a kind: the pictures of all services shown.
pub(super) fn sheet(result: &StudyResult, pictures: &[Picture], kind: Kind, lang: Lang) -> Vec<u8> {
    let own: Vec<_> = pictures.iter().filter(|picture| picture.kind == kind).collect();
    let columns = if own.len() > ONE_COLUMN { 2 } else { 1 };
    let rows = own.len().div_ceil(columns as usize) as i32;
    let remarks = remarks(result, lang);
    page(named(result), lang.word(kind.title()), &remarks, (columns * WIDTH, rows * HEIGHT), |left, top| {
        let place = |(i, picture): (usize, &&Picture)| {
            let (column, row) = (i as i32 % columns, i as i32 / columns);
            let (x, y) = (left + column * WIDTH, top + row * HEIGHT);
            picture.element(&format!("x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\""))
        };
        own.iter().enumerate().map(place).collect()
    })
}

/// Returns the file of a chart of releases.
pub(super) fn release_sheet(result: &StudyResult, chart: &ReleaseChart) -> Vec<u8> {
    placed(named(result), &chart.title, &[&chart.remark], &chart.pictures)
}

fn named(result: &StudyResult) -> &str {
    result.plan.display_name.as_deref().unwrap_or(&result.plan.name)
}

/// Returns a file of pictures, each at its place.
fn placed(name: &str, title: &str, remarks: &[&str], pictures: &[Drawing]) -> Vec<u8> {
    let ends = pictures.iter().map(|drawing| (drawing.at.0 + drawing.size.0, drawing.at.1 + drawing.size.1));
    let size = ends.fold((WIDTH, 0), |size, end| (size.0.max(end.0), size.1.max(end.1)));
    page(name, title, remarks, size, |left, top| {
        let place = |drawing: &Drawing| {
            let ((x, y), (width, height)) = (drawing.at, drawing.size);
            let (x, y) = (left + x, top + y);
            drawing.element(&format!("x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\""))
        };
        pictures.iter().map(place).collect()
    })
}

/// Returns a file: the name of what was studied, remarks, and below them something of a size in pixels, put where it is told
/// to begin.
fn page(
    name: &str,
    title: &str,
    remarks: &[&str],
    (width, height): (i32, i32),
    inside: impl FnOnce(i32, i32) -> String,
) -> Vec<u8> {
    let head = HEAD + LEADING * remarks.len() as i32;
    let (width, height) = (width + 2 * MARGIN, height + head + MARGIN);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\">\n\
         <title>{}: {}</title>\n<style>{CSS}</style>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"{MARGIN}\" y=\"30\" font-size=\"{TITLE}\" fill=\"#222\">{}</text>\n",
        escaped(name),
        escaped(title),
        escaped(&fitted(name, TITLE, width - 2 * MARGIN)),
    );
    for (i, remark) in remarks.iter().enumerate() {
        let (y, remark) = (HEAD + 8 + LEADING * i as i32, escaped(remark));
        let _ =
            writeln!(text, "<text x=\"{MARGIN}\" y=\"{y}\" font-size=\"12\" fill=\"#666\">{remark}</text>");
    }
    text += &inside(MARGIN, head);
    text += "</svg>\n";
    text.into_bytes()
}

#[cfg(test)]
pub(super) use tests::elements;
#[cfg(test)]
mod tests;
