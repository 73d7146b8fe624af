//! Charts as text: what must be written, that nothing is clipped, that the page is well formed.

use super::place::Box;
use super::plot::text_width;
use super::*;
use crate::report::{files, html};
use crate::results::example::{S, one_day, study};
use crate::results::released;
use crate::results::{EventKind, Goal, SERIES, SUMMARY};

/// An element of markup: its name, its attributes, and the text up to the next one.
pub(in crate::report) struct Element<'a> {
    pub(super) name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
    pub(super) text: &'a str,
}

impl Element<'_> {
    pub(super) fn number(&self, name: &str) -> f64 {
        let found = self.attributes.iter().find(|(known, _)| *known == name);
        found.map_or(0.0, |(_, value)| value.parse().unwrap_or_else(|_| panic!("{name}={value}")))
    }

    pub(super) fn attribute(&self, name: &str) -> &str {
        self.attributes.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }
}

/// Reads markup, and fails where tags do not close each other or an attribute is not quoted.
pub(in crate::report) fn elements(markup: &str) -> Vec<Element<'_>> {
    let (mut open, mut found) = (Vec::new(), Vec::new());
    for part in markup.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or_else(|| panic!("no end of <{part}"));
        assert!(!text.contains('>'), "a bare > in {text}");
        if tag.starts_with('!') {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{part}");
            continue;
        }
        let (name, mut rest) = tag.trim_end_matches('/').split_once(' ').unwrap_or((tag, ""));
        if !tag.ends_with('/') && name != "meta" {
            open.push(name);
        }
        let mut attributes = Vec::new();
        while let Some((key, after)) = rest.split_once("=\"") {
            let (value, left) = after.split_once('"').unwrap_or_else(|| panic!("no quote in {tag}"));
            attributes.push((key.trim(), value));
            rest = left;
        }
        assert!(rest.trim().is_empty(), "{rest} in {tag}");
        found.push(Element { name, attributes, text: text.trim() });
    }
    assert!(open.is_empty(), "{open:?} stay open");
    found
}

fn unclipped(picture: &Picture) {
    within(&picture.element(""), (WIDTH, HEIGHT));
}

/// Fails where anything of a picture, its text as wide as it may be, lies outside of it.
pub(super) fn within(markup: &str, (width, height): (i32, i32)) {
    let (width, height) = (f64::from(width * SCALE), f64::from(height * SCALE));
    let elements = elements(markup);
    let title = elements[0].attribute("aria-label").to_owned();
    let inside = |x: f64, y: f64, what: &str| {
        let fits = (0.0..=width).contains(&x) && (0.0..=height).contains(&y);
        assert!(fits, "{x},{y} of {what} is outside: {title}");
    };
    for element in elements.iter().skip(1) {
        let (x, y) = (element.number("x"), element.number("y"));
        match element.name {
            "polyline" | "polygon" => {
                for point in element.attribute("points").split_whitespace() {
                    let (x, y) = point.split_once(',').unwrap();
                    inside(x.parse().unwrap(), y.parse().unwrap(), point);
                }
            }
            "rect" => {
                inside(x, y, "a corner");
                inside(x + element.number("width"), y + element.number("height"), "a corner");
            }
            "line" => {
                inside(element.number("x1"), element.number("y1"), "an end");
                inside(element.number("x2"), element.number("y2"), "an end");
            }
            "text" => {
                let size = element.number("font-size");
                let text = element.text.replace("&lt;", "<").replace("&gt;", ">");
                let long = f64::from(text_width(&text, size as i32));
                let left = match element.attribute("text-anchor") {
                    "start" => x,
                    "middle" => x - long / 2.0,
                    _ => x - long,
                };
                inside(left, y - size / 2.0, element.text);
                inside(left + long, y + size / 2.0, element.text);
            }
            other => panic!("{other} is not looked at"),
        }
    }
}

fn drawn(result: &StudyResult, lang: Lang) -> Vec<Picture> {
    pictures(result, lang).unwrap()
}

fn texts(picture: &Picture) -> Vec<String> {
    let markup = picture.element("");
    let texts = elements(&markup).into_iter().filter(|element| element.name == "text");
    texts.map(|text| text.text.replace("&lt;", "<").replace("&gt;", ">")).collect()
}

/// Stretches a study over so many intervals, its values repeated.
fn stretched(mut study: StudyResult, intervals: usize) -> StudyResult {
    fn repeat<T: Clone>(values: &mut Vec<T>, count: usize) {
        *values = values.iter().cycle().take(count).cloned().collect();
    }
    study.plan.duration_ns = study.plan.interval_ns * intervals as u64;
    study.plan.warmup_ns = study.plan.warmup_ns.min(study.plan.duration_ns);
    for run in &mut study.runs {
        for row in &mut run.row_series {
            let counts = row.outcomes.iter_mut().chain([&mut row.offered, &mut row.dispatched]);
            counts.for_each(|column| repeat(column, intervals));
            [&mut row.in_flight_ns, &mut row.size_sum_micros]
                .into_iter()
                .for_each(|column| repeat(column, intervals));
            [&mut row.p50_ns, &mut row.p99_ns].into_iter().for_each(|column| repeat(column, intervals));
        }
        for service in &mut run.service_series {
            let wides = [
                &mut service.desired_ns,
                &mut service.ordered_ns,
                &mut service.ready_ns,
                &mut service.slot_ns,
                &mut service.cpu_milli_ns,
                &mut service.queued_ns,
            ];
            wides.into_iter().for_each(|column| repeat(column, intervals));
            [&mut service.p50_ns, &mut service.p99_ns]
                .into_iter()
                .for_each(|column| repeat(column, intervals));
            [&mut service.sent_total, &mut service.sent_most, &mut service.sent_servers]
                .into_iter()
                .for_each(|column| repeat(column, intervals));
        }
    }
    study
}

/// Turns completions into rejections.
fn all_rejected() -> StudyResult {
    let mut study = study();
    for run in &mut study.runs {
        for row in &mut run.row_series {
            row.outcomes.swap(0, 3);
            row.p50_ns.fill(None);
            row.p99_ns.fill(None);
        }
        for row in &mut run.rows {
            row.outcomes.swap(0, 3);
            row.latency = crate::stats::Histogram::default();
        }
        for service in &mut run.service_series {
            service.p50_ns.fill(None);
            service.p99_ns.fill(None);
        }
    }
    study
}

/// A study in which nothing came.
fn idle() -> StudyResult {
    let mut study = one_day();
    for row in &mut study.runs[0].row_series {
        let counts = row.outcomes.iter_mut().chain([&mut row.offered, &mut row.dispatched]);
        counts.for_each(|column| column.fill(0));
        row.p50_ns.fill(None);
        row.p99_ns.fill(None);
    }
    study.runs[0].rows.iter_mut().for_each(|row| *row = crate::results::RowTotals::default());
    study.runs[0].servers.iter_mut().for_each(|server| server.requests = 0);
    for service in &mut study.runs[0].service_series {
        service.p50_ns.fill(None);
        service.p99_ns.fill(None);
    }
    study
}

fn renamed(mut study: StudyResult, length: usize) -> StudyResult {
    for service in &mut study.plan.services {
        service.name = "w".repeat(length);
    }
    for objective in &mut study.plan.objectives {
        objective.name = "m".repeat(length);
    }
    for class in &mut study.plan.classes {
        *class = class.chars().chain("m".repeat(length).chars()).take(length).collect();
    }
    study
}

#[test]
fn nothing_is_clipped_whatever_came() {
    let mut timeless = study();
    timeless.plan.start = None;
    let mut huge = study();
    for row in huge.runs.iter_mut().flat_map(|run| &mut run.row_series) {
        row.offered.fill(123_456_789_012);
    }
    let mut empty = study();
    empty.runs.clear();
    let cases = [
        ("as it is", study()),
        ("one day", one_day()),
        ("no day", empty),
        ("idle", idle()),
        ("all rejected", all_rejected()),
        ("without a clock", timeless),
        ("12 characters", renamed(study(), 12)),
        ("63 characters", renamed(study(), 63)),
        ("one interval", stretched(study(), 1)),
        ("10,000 intervals", stretched(study(), 10_000)),
        ("large numbers", huge),
    ];
    for (what, study) in cases {
        for lang in [Lang::En, Lang::Zh] {
            let pictures = drawn(&study, lang);
            assert_eq!(pictures.len(), 2 * Kind::ALL.len(), "{what}");
            pictures.iter().for_each(unclipped);
        }
    }
}

/// Long names, no clock, a release that never began, no day at all, and one commit after another.
#[test]
fn no_chart_of_a_release_is_clipped() {
    let told = super::rollout::tests::four_ways;
    let mut long = told();
    long.plan.releases[0].version = "v".repeat(63);
    for policy in &mut long.plan.releases[0].policies {
        policy.name = "m".repeat(63);
    }
    long.plan.services[0].name = "w".repeat(63);
    let mut timeless = told();
    timeless.plan.start = None;
    let never = released::study(vec![vec![released::caught()]]);
    for (what, study) in [
        ("as it is", told()),
        ("long names", long),
        ("without a clock", timeless),
        ("never begun", never),
        ("no day", released::study(vec![])),
        ("three days", released::study(vec![vec![released::faulty()]; 3])),
    ] {
        for lang in [Lang::En, Lang::Zh] {
            let charts = releases(&study, lang).unwrap();
            assert_eq!(charts.len(), 2, "{what}");
            for drawing in charts.iter().flat_map(|chart| &chart.pictures) {
                within(&drawing.element(""), drawing.size);
            }
            for chart in &charts {
                elements(&String::from_utf8(release_sheet(&study, chart)).unwrap());
            }
        }
    }
}

#[test]
fn bars_say_how_long_how_many_and_the_ratio() {
    let charts = releases(&super::rollout::tests::four_ways(), Lang::En).unwrap();
    let markup = charts[0].pictures[0].element("");
    let elements = elements(&markup);
    let texts: Vec<_> = elements.iter().filter(|e| e.name == "text").map(|e| e.text).collect();
    // Detected 147, 89 and 200 s after the first harm, recovered 10, 10 and 310 s later: ratios 157/10, 99/10, 510/310.
    let expected = [
        "Detection and recovery by policy",
        "time from the first harm, minutes",
        "v2 \u{b7} web",
        "1. canary",
        "166 requests harmed \u{b7} rolled back 1 of 1",
        "2m27s",
        "ratio 15.7",
        "2. blue/green",
        "ratio 9.90",
        "3. rolling",
        "5m10s",
        "ratio 1.65",
        "4. recreate",
        "22,800 requests harmed \u{b7} defect escaped 1 of 1",
    ];
    for text in expected {
        assert!(texts.contains(&text), "{text} is not in {texts:?}");
    }
    let rank = |name: &str| texts.iter().position(|text| text.ends_with(name)).unwrap();
    assert!(rank("canary") < rank("blue/green") && rank("rolling") < rank("recreate"));
    // As long as the axis says: detection and recovery of `rolling`, 200 s and 310 s, beside each other.
    let bars: Vec<_> = elements.iter().filter(|e| e.name == "rect" && e.number("height") == 160.0).collect();
    let width = |index: usize| bars[index].number("width");
    assert_eq!(bars.len(), 2 + 3 * 2, "two of the legend");
    assert!((width(7) / width(6) - 1.55).abs() < 0.01, "{} {}", width(6), width(7));
    assert!((bars[6].number("x") + width(6) - bars[7].number("x")).abs() <= 1.0);
}

#[test]
fn the_page_has_the_policies_and_why() {
    let study = super::rollout::tests::four_ways();
    let charts = releases(&study, Lang::En).unwrap();
    let page = String::from_utf8(html::report(&study, &[], &charts, Lang::En)).unwrap();
    elements(&page.replace("<wbr/>", "").replace("<!DOCTYPE html>", "<!DOCTYPE>"));
    let rows = table_of(&page, "v2 \u{b7} web");
    let row: Vec<_> = rows[1].iter().map(|(shown, _)| &**shown).collect();
    let expected = [
        "2",
        "blue/green",
        "1,805",
        "1m39s",
        "1m29s",
        "10s",
        "9.90",
        "0s",
        "5%",
        "1,639",
        "rolled back 1 of 1",
    ];
    assert_eq!(row, expected);
    assert_eq!(rows[3][3].0, "", "nobody took it back");
    assert!(page.contains("<p>canary harmed the fewest requests, 166: decided against 2m27s"), "{page}");
    let none = String::from_utf8(html::report(&self::study(), &[], &[], Lang::En)).unwrap();
    assert!(!none.contains("Releases"), "nothing is said where there are none");
}

#[test]
fn every_chart_names_what_it_shows_and_in_what_unit() {
    let pictures = drawn(&study(), Lang::En);
    let table: [(Kind, &[&str]); 9] = [
        (Kind::Rate, &["web \u{b7} Rate against capacity", "requests/s", "offered", "completed", "capacity"]),
        (
            Kind::Latency,
            &["time in the system, log scale", "p50", "p99", "p99 order", "order-p99: p99 < 400ms", "100 ms"],
        ),
        (Kind::Utilization, &["share of capacity in use", "CPU", "slots", "100%"]),
        (Kind::Queue, &["requests", "waiting", "in flight"]),
        (Kind::Outcomes, &["Requests not completed, by reason", "none"]),
        (Kind::Load, &["requests/s per server", "load"]),
        (Kind::Evenness, &["requests of a server / mean", "there is no series per server"]),
        (Kind::Scaling, &["servers", "needed", "ready", "warm-up"]),
        (Kind::Distribution, &["50%", "90%", "99%", "all", "browse", "order", "order-p99: p99 < 400ms"]),
    ];
    for (kind, expected) in table {
        let picture = pictures.iter().find(|picture| picture.service == 0 && picture.kind == kind).unwrap();
        let texts = texts(picture);
        for text in expected {
            assert!(texts.iter().any(|found| found.ends_with(text)), "{text} is not in {texts:?}");
        }
        let over_time = ![Kind::Evenness, Kind::Distribution].contains(&kind);
        for below in ["1970-01-01", "UTC+08:00"] {
            assert_eq!(texts.iter().any(|text| text == below), over_time, "{kind:?}: {below}");
        }
    }
    let lost = drawn(&all_rejected(), Lang::Zh);
    let texts = texts(lost.iter().find(|picture| picture.kind == Kind::Outcomes).unwrap());
    assert!(texts.contains(&"拒绝".to_owned()) && !texts.contains(&"失败".to_owned()), "{texts:?}");
}

/// Lines stand where the table's figures say.
#[test]
fn lines_are_drawn_from_the_figures_of_the_table() {
    let mut day = one_day();
    // The last interval is half as long as the others.
    day.plan.duration_ns = 25 * S;
    let mut series = Series::new(&day);
    let servers = servers(&day);
    let panels = Panels::of(&mut series, &day, &servers, 0, Lang::En);
    let plot = panels.chart(Kind::Rate).plot;
    let column = |name: &str| SERIES.iter().position(|column| column.name == name).unwrap();
    let mut figures = Vec::new();
    series.figures(0, 1, |figure| figures.push(figure.map(|figure| figure.mean)));
    let at = |label: &str, middle: f64| {
        let line = plot.lines.iter().find(|line| line.label == label).unwrap();
        line.runs[0].iter().find(|point| (point.0 - middle).abs() < 1e-9).unwrap().1
    };
    let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found} not {expected}");
    near(at("capacity", 0.6), figures[column("capacity_per_s")].unwrap());
    near(at("offered", 0.6), figures[column("offered")].unwrap() / 10.0);
    near(at("completed", 0.6), 59.5);
    near(at("offered", 0.9), 100.0);
    let nines = panels.chart(Kind::Distribution).plot;
    let summary = crate::results::summary(&day);
    let p90 = SUMMARY.iter().position(|column| column.name == "p90_ms").unwrap();
    let expected = summary[0].figures[p90].unwrap().mean;
    let x = nines.x.share(1.0);
    near(nines.lines[0].runs[0].iter().find(|point| (point.0 - x).abs() < 1e-9).unwrap().1, expected);
}

#[test]
fn bounds_stand_over_the_stretch_they_are_judged_in() {
    let mut study = study();
    study.plan.objectives[0].to_ns = Some(20 * S);
    let mut series = Series::new(&study);
    let panels = Panels::of(&mut series, &study, &[], 0, Lang::En);
    let bounds = panels.chart(Kind::Latency).plot.bounds;
    assert_eq!(bounds.len(), 1, "the success objective has no latency");
    assert_eq!((bounds[0].value, bounds[0].from, bounds[0].to), (400.0, 1.0 / 3.0, 2.0 / 3.0));
    study.plan.objectives[0].goal = Goal::Latency { percentile: 95.0, bound_ns: S, inclusive: true };
    let mut series = Series::new(&study);
    let plot = Panels::of(&mut series, &study, &[], 0, Lang::En).chart(Kind::Latency).plot;
    assert_eq!(plot.lines.len(), 2, "there is no series of this percentile");
    assert_eq!(plot.bounds[0].label, "order-p99: p95 <= 1s");
}

/// In nines a bound reaches to its percentile: what lies beyond is not asked for.
#[test]
fn bounds_in_nines_end_at_their_percentile() {
    let mut study = study();
    let (all, half) =
        (study.plan.objectives[0].clone(), Goal::Latency { percentile: 50.0, bound_ns: S, inclusive: true });
    study.plan.objectives.push(crate::results::ObjectivePlan { goal: half, ..all });
    let mut series = Series::new(&study);
    let plot = Panels::of(&mut series, &study, &[], 0, Lang::En).chart(Kind::Distribution).plot;
    let ends: Vec<_> = plot.bounds.iter().map(|bound| (bound.from, bound.to)).collect();
    let tick = |label: &str| plot.x.ticks.iter().find(|(_, text)| text == label).unwrap().0;
    assert_eq!(ends.len(), 2);
    assert!((ends[0].1 - tick("99%")).abs() < 1e-9 && ends[0].0 == 0.0, "{ends:?}");
    // Long enough to be seen.
    assert!(tick("50%") == 0.0 && ends[1].1 == 0.02, "{ends:?}");
}

/// Of bounds at one height, labels stood on each other; one in front of a line hid it.
#[test]
fn labels_of_bounds_do_not_cover_each_other() {
    let mut study = study();
    let objective = study.plan.objectives[0].clone();
    for (i, bound_ms) in [410, 420, 390, 405].into_iter().enumerate() {
        let goal = Goal::Latency { percentile: 99.0, bound_ns: bound_ms * 1_000_000, inclusive: false };
        study.plan.objectives.push(crate::results::ObjectivePlan {
            name: format!("more-{i}"),
            goal,
            ..objective.clone()
        });
    }
    let pictures = drawn(&study, Lang::En);
    for kind in [Kind::Latency, Kind::Distribution] {
        let markup = pictures.iter().find(|picture| picture.kind == kind).unwrap().element("");
        let elements = elements(&markup);
        let labels =
            elements.iter().filter(|element| element.name == "text" && element.text.contains(": p99 "));
        let boxes: Vec<_> = labels
            .map(|label| {
                let size = label.number("font-size");
                let long = f64::from(text_width(&label.text.replace("&lt;", "<"), size as i32));
                (label.number("x"), label.number("y"), long, size)
            })
            .collect();
        assert_eq!(boxes.len(), 5);
        for (i, a) in boxes.iter().enumerate() {
            for b in &boxes[i + 1..] {
                let apart = a.0 + a.2 <= b.0 + 1.0 || b.0 + b.2 <= a.0 + 1.0 || (a.1 - b.1).abs() >= a.3;
                assert!(apart, "{kind:?}: {boxes:?}");
            }
        }
    }
}

/// Boxes of the texts inside the plotting area, as wide as they may be: those of bounds, marks, and of what is
/// said where there is nothing.
fn inner_boxes(picture: &Picture, said: &[&str]) -> Vec<(String, Box)> {
    let markup = picture.element("");
    let elements = elements(&markup);
    let own = elements.iter().filter(|element| {
        element.name == "text" && said.iter().any(|said| element.text.replace("&lt;", "<").contains(said))
    });
    own.map(|element| {
        let text = element.text.replace("&lt;", "<");
        let (x, size) = (element.number("x"), element.number("font-size"));
        let long = f64::from(text_width(&text, size as i32));
        let left = match element.attribute("text-anchor") {
            "start" => x,
            "middle" => x - long / 2.0,
            _ => x - long,
        };
        (text, Box::around(left, element.number("y"), long, size))
    })
    .collect()
}

/// The points of all lines of a colour.
fn strokes(picture: &Picture, colour: &str) -> Vec<Vec<(f64, f64)>> {
    let markup = picture.element("");
    let elements = elements(&markup);
    let own = elements.iter().filter(|line| line.name == "polyline" && line.attribute("stroke") == colour);
    let point = |point: &str| point.split_once(',').map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()));
    own.map(|line| line.attribute("points").split_whitespace().filter_map(point).collect()).collect()
}

/// The words of marks stood on the labels of bounds and on what is said in an empty picture, and those left of
/// their line stood away from it.
#[test]
fn words_of_marks_stand_beside_their_line_and_on_no_other_words() {
    let event = |at_ns, kind, name: &str| crate::results::LogEntry {
        at_ns,
        kind,
        service: Some(0),
        pool: None,
        name: name.to_owned(),
        servers: None,
        detail: "4 -> 6".to_owned(),
    };
    let kinds = [EventKind::Crash, EventKind::Alert, EventKind::FullCapacity, EventKind::Replicas];
    let crowded = |mut study: StudyResult| {
        let all = kinds.into_iter().cycle().zip(2..14);
        study.runs[0].events = all.map(|(kind, i)| event(i * 2 * S + S, kind, "")).collect();
        study.runs[0].events.push(event(29 * S, EventKind::Action, "avoid-slow-servers"));
        study
    };
    let said =
        ["crash", "alert", "full capacity", "4 \u{2192} 6", "action", ": p99 <", "none", "nothing", "no re"];
    for study in [crowded(study()), crowded(idle()), crowded(all_rejected())] {
        for picture in drawn(&study, Lang::En).iter().filter(|picture| picture.service == 0) {
            let boxes = inner_boxes(picture, &said);
            for (i, (a, one)) in boxes.iter().enumerate() {
                for (b, other) in &boxes[i + 1..] {
                    let width = one.right.min(other.right) - one.left.max(other.left);
                    let height = one.bottom.min(other.bottom) - one.top.max(other.top);
                    // In tenths of pixels; boxes of text are a little higher than the text.
                    assert!(width <= 10.0 || height <= 40.0, "{}: {a} on {b}: {boxes:?}", picture.title);
                }
            }
            if boxes.iter().any(|(text, _)| text == "crash") {
                let last = boxes.iter().find(|(text, _)| text == "action avoid-slow-servers");
                let last = last.unwrap_or_else(|| panic!("{}: {boxes:?}", picture.title)).1;
                let marks = strokes(picture, "#999999");
                let near = marks.iter().any(|mark| (mark[0].0 - last.right).abs() < 40.0);
                assert!(near, "{}: {last:?} is away from its line", picture.title);
            }
        }
    }
}

/// The bound of a short window was two dots, its label somewhere beside it.
#[test]
fn the_bound_of_a_short_window_has_ends_and_its_label_is_at_it() {
    let mut study = study();
    let objective = &mut study.plan.objectives[0];
    (objective.from_ns, objective.to_ns) = (Some(15 * S), Some(15 * S + S / 5));
    let pictures = drawn(&study, Lang::En);
    let picture = pictures.iter().find(|picture| picture.kind == Kind::Latency).unwrap();
    let markup = picture.element("");
    let caps = strokes(picture, "#222222");
    assert_eq!(caps.len(), 2, "{markup}");
    let (_, label) = inner_boxes(picture, &["order-p99"])[0];
    let level = (caps[0][0].0, caps[0][0].1 + 40.0);
    let at = label.nearest(level);
    let away = (at.0 - level.0).abs().max((at.1 - level.1).abs());
    let leader = strokes(picture, "#BBBBBB").iter().any(|ends| (ends[1].1 - level.1).abs() < 2.0);
    assert!(away < 90.0 || leader, "{label:?} is {away} away from {level:?}");
}

/// A label stood above the next higher bound, as if it were that one's.
#[test]
fn no_label_stands_beyond_another_bound() {
    let mut study = study();
    let objective = study.plan.objectives[0].clone();
    study.plan.objectives.clear();
    // 15, 20 and 23 pixels apart.
    for (name, bound_ms) in [("a", 1_500), ("b", 600), ("c", 900), ("d", 300)] {
        let goal = Goal::Latency { percentile: 99.0, bound_ns: bound_ms * 1_000_000, inclusive: false };
        let name = format!("objective-{name}");
        study.plan.objectives.push(crate::results::ObjectivePlan { name, goal, ..objective.clone() });
    }
    let pictures = drawn(&study, Lang::En);
    let picture = pictures.iter().find(|picture| picture.kind == Kind::Distribution).unwrap();
    let levels: Vec<f64> = strokes(picture, "#222222").iter().map(|cap| cap[0].1 + 40.0).collect();
    let labels = inner_boxes(picture, &["objective-"]);
    assert_eq!((labels.len(), levels.len()), (4, 4));
    for ((label, at), own) in labels.iter().zip(&levels) {
        for other in levels.iter().filter(|other| (*other - own).abs() > 120.0) {
            assert!((other - own) * (other - at.middle()) > 0.0, "{label} at {at:?}: {levels:?}");
        }
    }
}

/// Bands are cut only where they would press everything else to the bottom.
#[test]
fn bands_are_shown_whole_up_to_half_as_much_again() {
    let mut study = study();
    study.runs.truncate(2);
    for (day, offered) in study.runs.iter_mut().zip([1_000, 1_010]) {
        day.row_series.iter_mut().for_each(|row| row.offered.fill(offered));
    }
    let highest = |study: &StudyResult| {
        let mut series = Series::new(study);
        let plot = Panels::of(&mut series, study, &[], 0, Lang::En).chart(Kind::Rate).plot;
        let offered = plot.lines.iter().find(|line| line.label == "offered").unwrap();
        let band = offered.bands.iter().flatten().map(|point| point.2).fold(0.0, f64::max);
        (plot.y.shows(band), plot.y.shows(offered.runs[0][0].1))
    };
    // Two classes: 2,000 and 2,020 in 10 s, 12.7 x 1 wide; then 2,000 and 20.
    assert_eq!(highest(&study), (true, true));
    study.runs[1].row_series.iter_mut().for_each(|row| row.offered.fill(10));
    assert_eq!(highest(&study), (false, true));
}

#[test]
fn lines_are_told_apart_without_colour() {
    for picture in drawn(&study(), Lang::En) {
        let markup = picture.element("");
        for element in elements(&markup).iter().filter(|element| element.name == "polyline") {
            let dashed = !element.attribute("stroke-dasharray").is_empty();
            let plain = ["#0072B2", "#E2E2E2", "#666666", "#BBBBBB", "#222222"]
                .contains(&element.attribute("stroke"));
            assert_ne!(dashed, plain, "{}", element.attribute("stroke"));
        }
    }
}

#[test]
fn of_many_services_those_nearest_their_limits_are_drawn() {
    let mut many = one_day();
    let service = many.plan.services[1].clone();
    many.plan.services.extend((0..30).map(|i| {
        let mut service = service.clone();
        service.name = format!("idle-{i}");
        service.pools[0].concurrency = Some(4);
        service
    }));
    let run = &mut many.runs[0];
    run.services.resize(32, Default::default());
    run.service_series.resize(32, run.service_series[1].clone());
    run.services[20].peak_slots.value = 7;
    let shown = shown(&many);
    assert_eq!(shown.len(), MAX_SERVICES);
    assert!(shown.contains(&0) && shown.contains(&20) && shown.is_sorted(), "{shown:?}");
    assert!(!shown.contains(&1), "it has no limit");
    let pictures = drawn(&many, Lang::En);
    let sheet = String::from_utf8(sheet(&many, &pictures, Kind::Rate, Lang::En)).unwrap();
    assert!(sheet.contains(Lang::En.word(Word::NearestShown)));
    let root = &elements(&sheet)[0];
    assert_eq!(
        (root.number("width"), root.number("height")),
        (1472.0, f64::from(12 * HEIGHT + 44 + 2 * 17 + 16))
    );
}

#[test]
fn titles_keep_their_characters_and_are_escaped() {
    let mut study = study();
    study.plan.display_name = Some("双十一 <b> & \"c\"".into());
    let pictures = drawn(&study, Lang::Zh);
    let sheet = String::from_utf8(sheet(&study, &pictures, Kind::Load, Lang::Zh)).unwrap();
    elements(&sheet);
    assert!(sheet.contains(">双十一 &lt;b&gt; &amp; &quot;c&quot;</text>"), "{sheet}");
    assert!(sheet.contains("web \u{b7} 负载比"));
    study.plan.display_name = Some("很长的名字".repeat(50));
    let long = String::from_utf8(super::sheet(&study, &pictures, Kind::Load, Lang::Zh)).unwrap();
    let title = elements(&long).into_iter().find(|element| element.name == "text").unwrap().text.to_owned();
    assert!(title.ends_with('\u{2026}') && text_width(&title, 20) <= WIDTH, "{title}");
}

#[test]
fn the_report_is_well_formed_and_needs_nothing_else() {
    let mut hostile = study();
    let evil = "<script src=\"http://x\">&'";
    hostile.plan.display_name = Some(evil.into());
    hostile.plan.objectives[0].name = evil.into();
    hostile.plan.classes[1] = evil.into();
    hostile.provenance.resolved = evil.into();
    hostile.plan.currency = Some(evil.into());
    hostile.plan.services[1].no_mean_interval = Some(evil.into());
    let mut bare = one_day();
    bare.plan.objectives.clear();
    bare.runs.iter_mut().for_each(|run| run.objectives.clear());
    let mut empty = study();
    empty.runs.clear();
    for (study, verdict) in
        [(&hostile, "inconclusive"), (&bare, "no objective"), (&empty, "inconclusive"), (&idle(), "fail")]
    {
        for lang in [Lang::En, Lang::Zh] {
            let page = String::from_utf8(html::report(
                study,
                &drawn(study, lang),
                &releases(study, lang).unwrap(),
                lang,
            ))
            .unwrap();
            let style = page.find("<style>").unwrap()..page.find("</style>").unwrap();
            let mut unstyled = page.clone();
            unstyled.replace_range(style, "<style>");
            let unstyled = unstyled.as_str();
            for element in elements(unstyled) {
                assert!(
                    !["script", "link", "img", "iframe", "object"].contains(&element.name),
                    "{}",
                    element.name
                );
                for (name, value) in element.attributes {
                    assert!(!["src", "href"].contains(&name) && !name.starts_with("on"), "{name}");
                    assert!(
                        !value.contains("http") || name == "xmlns" || name == "aria-label",
                        "{name}={value}"
                    );
                }
            }
            assert!(!page.contains("url(") && !page.contains("@import"));
            if lang == Lang::En {
                let told = page.split_once("</p>").unwrap().0.rsplit_once('>').unwrap().1;
                assert!(["inconclusive", "pass", "fail", "no objective"].contains(&told));
                assert!(told == verdict || verdict == "fail", "{told} instead of {verdict}");
            }
        }
    }
}

#[test]
fn the_report_holds_the_figures_of_the_tables() {
    let study = study();
    let page = String::from_utf8(html::report(&study, &drawn(&study, Lang::En), &[], Lang::En)).unwrap();
    let expected = [
        "<p>3 days simulated \u{b7} 1970-01-01T08:00:00+08:00 + 30s</p>",
        "<p class=\"said\">0 of 2 objectives hold; order-p99 is undecided, it holds on 2 of 3 days: more than 1% of \
         the requests of the worst 10s got no answer in time at 08:00:20 on day 3, bound 400ms; ",
        "<div><span>order-p99</span><small>web/<wbr/>order</small></div></td>",
        // Where the percentile has no value a note says so.
        "<div><span>p99 &lt; 400ms</span></div></td><td class=\"n\" data-head=\"value\"></td>\
         <td data-head=\"held in\"><div><span>2 of 3 days</span><small><span>asked 50%</span></small>\
         <small><span>shown 13.5%</span> <span>\u{2013} 98.3%</span></small></div></td>",
        "<div>no p99: on 1 of 3 days more than 1% of the requests of the worst 10s got no answer in time; the days alone decide</div>",
        // Times of day were broken at their hyphens, the days held in at every letter.
        "<div>from <span>1970-01-01T08:00:10+08:00</span> to 08:00:30+08:00, the worst 10s counts<small>worst window of the first \
         broken day, from: <span>1970-01-01T08:00:20+08:00</span></small></div>",
        "data-head=\"requests judged a day\"><div>170</div></td><td class=\"n\" data-head=\"of them lost or too late\"><div>11.8%",
        "<div>web</div></td><td data-head=\"resource\"><div>CPU</div></td><td class=\"n\" data-head=\"limit\"><div>12.0</div></td>",
        "<div>browse</div></td><td class=\"n\" data-head=\"offered/s\"><div>50.0<small>37.6 \u{2013} 62.4</small></div></td>",
        "<pre>metadata:\n  name: example\n</pre>",
        "<tr><th>seed</th><td><code>7</code></td></tr>",
    ];
    for text in expected {
        assert!(page.contains(text), "{text} is not in the page");
    }
}

#[test]
fn the_language_changes_charts_and_report_alone() {
    let (english, chinese) = (files(&study(), Lang::En).unwrap(), files(&study(), Lang::Zh).unwrap());
    for ((name, en), (_, zh)) in english.iter().zip(&chinese) {
        let worded = name.starts_with("charts/") || *name == "report.html";
        assert_eq!(en != zh, worded, "{name}");
    }
}

#[test]
fn texts_are_cut_to_fit() {
    let table = [
        ("abc", 100, "abc"),
        ("a\u{7}b", 100, "a b"),
        ("abcdefghij", 40, "abc\u{2026}"),
        ("", 9, ""),
        ("x", 0, "\u{2026}"),
    ];
    for (text, width, expected) in table {
        assert_eq!(fitted(text, 12, width), expected);
    }
}

/// Returns what every `td` of a section's table says before any other tag, and its `small` text.
fn table_of(page: &str, title: &str) -> Vec<Vec<(String, String)>> {
    let head = format!("{title}</h");
    let section = page.split_once(&head).unwrap_or_else(|| panic!("no {head}")).1;
    let table = section.split_once("</table>").expect("a table").0;
    let mut rows = Vec::new();
    for row in table.split("<tr>").skip(1) {
        let cells = row.split("<td").skip(1).map(|cell| {
            let cell = cell.split_once('>').expect("a cell").1.split_once("</td>").expect("its end").0;
            let cell = cell.replace("<span>", "").replace("</span>", "").replace("<wbr/>", "");
            let cell = cell.trim_start_matches("<div>").trim_end_matches("</div>");
            let (value, small) = cell.split_once("<small>").unwrap_or((cell, ""));
            (value.to_owned(), small.trim_end_matches("</small>").to_owned())
        });
        rows.push(cells.collect());
    }
    rows
}

/// Fails where what is shown is not the figure, rounded to three digits.
fn shows(shown: &str, figure: &str, factor: f64, what: &str) {
    let read = |text: &str| text.replace(',', "").parse::<f64>().unwrap_or_else(|_| panic!("{what}: {text}"));
    let (shown, figure) = (read(shown), read(figure) * factor);
    assert!((shown - figure).abs() <= figure.abs() * 0.005 + 1e-5, "{what}: {shown} for {figure}");
}

#[test]
fn every_row_of_the_report_has_the_figures_of_the_csv() {
    let columns = [
        ("offered_per_s", 1.0),
        ("goodput_per_s", 1.0),
        ("latency_mean_ms", 1.0),
        ("p50_ms", 1.0),
        ("p95_ms", 1.0),
        ("p99_ms", 1.0),
        ("p999_ms", 1.0),
        ("cpu_utilization", 100.0),
        ("slot_utilization", 100.0),
        ("load_ratio", 1.0),
        ("scaling_ratio", 1.0),
        ("servers_ready", 1.0),
        ("availability", 100.0),
        ("cost", 1.0),
        ("cost_wasted", 1.0),
    ];
    for study in [study(), one_day(), all_rejected(), renamed(study(), 63)] {
        let csv = crate::report::summary_csv(&study).unwrap();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&*csv);
        let records: Vec<_> = reader.records().map(Result::unwrap).collect();
        let at = |name: &str| records[0].iter().position(|known| known == name).unwrap();
        // A column that applies nowhere is not shown, nor a row without any of them.
        let told = |name: &str| records[1..].iter().any(|record| !record[at(name)].is_empty());
        let page = String::from_utf8(html::report(&study, &[], &[], Lang::En)).unwrap();
        for (title, columns) in
            [(Word::TrafficAndLatency, &columns[..7]), (Word::UseOfServers, &columns[7..])]
        {
            let columns: Vec<_> = columns.iter().filter(|(name, _)| told(name)).collect();
            let rows = table_of(&page, Lang::En.word(title));
            let own =
                |record: &&csv::StringRecord| columns.iter().any(|(name, _)| !record[at(name)].is_empty());
            let records_shown: Vec<_> = records[1..].iter().filter(own).collect();
            assert_eq!(rows.len(), records_shown.len());
            for (row, record) in rows.iter().zip(records_shown) {
                assert_eq!((&*row[0].0, &*row[1].0), (&record[0], &record[1]));
                assert_eq!(row.len(), 2 + columns.len());
                for ((shown, ends), (name, factor)) in row[2..].iter().zip(&columns) {
                    let figure = |end: &str| &record[at(&format!("{name}{end}"))];
                    let what = format!("{name} of {}/{}", &record[0], &record[1]);
                    if figure("").is_empty() {
                        assert_eq!(shown, "", "{what}");
                        continue;
                    }
                    shows(shown, figure(""), *factor, &what);
                    assert_eq!(ends.is_empty(), figure("_lo").is_empty(), "{what}");
                    if let Some((lo, hi)) = ends.split_once(" \u{2013} ") {
                        shows(lo, figure("_lo"), *factor, &what);
                        shows(hi, figure("_hi"), *factor, &what);
                    }
                }
            }
        }
    }
}

/// Ticks of the axis of time beside each other, as wide as their text may be.
#[test]
fn labels_of_time_never_overlap() {
    let minute = 60 * S;
    for length in [S / 1_000, S, 7 * S, 119 * S, 54 * minute, 1_441 * minute, 9_999 * minute, 99_999 * minute]
    {
        for clock in [false, true] {
            let mut study = one_day();
            (study.plan.duration_ns, study.plan.interval_ns, study.plan.warmup_ns) =
                (length, length.div_ceil(3), 0);
            study.plan.start = study.plan.start.filter(|_| clock);
            let pictures = drawn(&study, Lang::En);
            let picture = pictures.iter().find(|picture| picture.kind == Kind::Rate).unwrap();
            let markup = picture.element("");
            // Times, and the dates below them.
            let elements = elements(&markup);
            let dated = |element: &Element<'_>| element.text.len() == 10 && element.text.starts_with("1970-");
            let place = |element: &Element<'_>| {
                let long = f64::from(text_width(element.text, element.number("font-size") as i32));
                let left = match element.attribute("text-anchor") {
                    "middle" => element.number("x") - long / 2.0,
                    _ => element.number("x"),
                };
                (left, left + long)
            };
            let row = |of_dates: bool| -> Vec<(f64, f64)> {
                let texts = elements.iter().filter(|element| element.name == "text");
                let own = texts.filter(|element| dated(element) == of_dates);
                own.filter(|element| of_dates || element.attribute("text-anchor") == "middle")
                    .map(place)
                    .collect()
            };
            let (ticks, dates) = (row(false), row(true));
            assert!(ticks.len() > 1, "{length} {clock}");
            assert_eq!(dates.is_empty(), !clock || length > 1_440 * minute, "{length} {clock}");
            for pair in ticks.windows(2).chain(dates.windows(2)) {
                assert!(pair[0].1 <= pair[1].0, "{length} ns, by the clock: {clock}: {:?}", texts(picture));
            }
        }
    }
}
