//! Charts of experiments: which there are, that nothing is clipped and no words stand on others, what they show.

use super::holds::edge;
use super::*;
use crate::report::charts::SCALE;
use crate::report::charts::place::Box;
use crate::report::charts::plot::text_width;
use crate::report::charts::tests::{elements, within};
use crate::report::experiment::tests::example;
use crate::report::words::{Lang, Word};
use crate::results::Verdict;
use crate::results::experiment::Experiment;

fn drawn(experiment: &Experiment, lang: Lang) -> Vec<Sheet> {
    sheets(&Found::of(experiment, lang)).unwrap()
}

/// The sheet of a file.
fn sheet(experiment: &Experiment, file: &str) -> Sheet {
    drawn(experiment, Lang::En).into_iter().find(|sheet| sheet.file == file).unwrap()
}

/// The words of a picture, and where they stand in pixels, a little narrower than they may be.
fn words(picture: &Drawing) -> Vec<(String, Box)> {
    let markup = picture.element("");
    let texts = elements(&markup).into_iter().filter(|element| element.name == "text");
    let place = |element: crate::report::charts::tests::Element<'_>| {
        let text = element.text.replace("&lt;", "<").replace("&gt;", ">");
        let size = element.number("font-size") / f64::from(SCALE);
        let width = 0.85 * f64::from(text_width(&text, size as i32));
        let (x, y) = (element.number("x") / f64::from(SCALE), element.number("y") / f64::from(SCALE));
        let left = match element.attribute("text-anchor") {
            "start" => x,
            "middle" => x - width / 2.0,
            _ => x - width,
        };
        (text, Box { left, top: y - 0.4 * size, right: left + width, bottom: y + 0.4 * size })
    };
    texts.map(place).filter(|(text, _)| !text.is_empty()).collect()
}

fn texts(picture: &Drawing) -> Vec<String> {
    words(picture).into_iter().map(|(text, _)| text).collect()
}

/// Examples that could go wrong beside those that look good.
fn awkward() -> Vec<(&'static str, Experiment)> {
    let mut long = example::three();
    for value in long.plan.axes.iter_mut().flat_map(|axis| &mut axis.values) {
        value.label = format!("{}{}", "m".repeat(60), value.label);
    }
    for (axis, letter) in long.plan.axes.iter_mut().zip(["w", "x", "y"]) {
        (axis.short, axis.name) = (letter.repeat(60), letter.repeat(90));
    }
    long.plan.objectives.iter_mut().for_each(|name| *name += &"w".repeat(60));
    let mut none = example::grid();
    none.runs.iter_mut().for_each(Vec::clear);
    let mut once = example::load();
    once.runs.iter_mut().for_each(|runs| runs.truncate(1));
    let mut huge = example::grid();
    for figure in huge.runs.iter_mut().flatten().flat_map(|run| &mut run.figures) {
        figure.0 = figure.0.map(|value| value * 1e9);
    }
    let mut nothing = example::grid();
    nothing.runs.iter_mut().flatten().for_each(|run| run.figures.iter_mut().for_each(|f| f.0 = Some(0.0)));
    let mut beyond = example::grid();
    beyond.runs.iter_mut().flatten().for_each(|run| run.figures[0].0 = Some(f64::INFINITY));
    vec![
        ("long names", long),
        ("no run", none),
        ("one day", once),
        ("huge", huge),
        ("nothing", nothing),
        ("no answer in time", beyond),
    ]
}

#[test]
fn which_charts_there_are_follows_from_the_plan() {
    let table = [
        (example::grid(), "ranking heat axis-1 axis-2 cost-risk holds-2"),
        (example::words(), "ranking axis-1"),
        (example::load(), "ranking heat axis-1 axis-2 cost-risk holds-1 holds-2"),
        (example::times(), "ranking heat freeze-1 axis-2"),
        (example::three(), "ranking heat axis-1 axis-2 axis-3 cost-risk holds-2 holds-3"),
        // What was drawn at random makes no grid, and no two points differ in one axis alone.
        (example::sampled(), "ranking axis-1 axis-2 cost-risk"),
    ];
    for (experiment, expected) in table {
        let sheets = drawn(&experiment, Lang::En);
        let names = sheets
            .iter()
            .map(|sheet| sheet.file.strip_prefix("charts/").unwrap().strip_suffix(".svg").unwrap());
        assert_eq!(names.collect::<Vec<_>>().join(" "), expected);
    }
}

#[test]
fn nothing_is_clipped_and_no_words_stand_on_others() {
    for (what, experiment) in example::all().into_iter().chain(awkward()) {
        for lang in [Lang::En, Lang::Zh] {
            for sheet in drawn(&experiment, lang) {
                for remark in &sheet.remarks {
                    assert!(
                        text_width(remark, 12) <= sheet.width().max(WIDTH) + 60,
                        "{what}: {remark} is cut"
                    );
                }
                for picture in &sheet.pictures {
                    within(&picture.element(""), picture.size);
                    let words = words(picture);
                    for (i, (a, place)) in words.iter().enumerate() {
                        for (b, other) in &words[i + 1..] {
                            let shared = place.shared(other);
                            assert!(shared < 1.0, "{what}, {}: `{a}` and `{b}` share {shared}", sheet.file);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn pictures_of_a_sheet_do_not_cover_each_other() {
    for (what, experiment) in example::all() {
        for sheet in drawn(&experiment, Lang::En) {
            let place = |of: &Drawing| {
                let [left, top, width, height] = [of.at.0, of.at.1, of.size.0, of.size.1].map(f64::from);
                Box { left, top, right: left + width, bottom: top + height }
            };
            for (i, picture) in sheet.pictures.iter().enumerate() {
                for other in &sheet.pictures[i + 1..] {
                    assert!(place(picture).shared(&place(other)) == 0.0, "{what}: {}", sheet.file);
                }
            }
        }
    }
}

#[test]
fn the_heat_map_has_every_figure_and_a_sign_for_every_verdict() {
    let experiment = example::grid();
    let rows = crate::results::experiment::cell_rows(&experiment);
    let sheet = sheet(&experiment, "charts/heat.svg");
    assert_eq!(sheet.pictures.len(), 3);
    let shown = texts(&sheet.pictures[2]);
    for row in &rows {
        let cost = format!("{:.1}", row.figures[2].unwrap().mean);
        assert!(shown.contains(&cost), "{cost} of {shown:?}");
    }
    // One more of each in the legend.
    let count = |verdict| 1 + rows.iter().filter(|row| row.verdict == verdict).count();
    assert_eq!(shown.iter().filter(|text| *text == "?").count(), count(Verdict::Inconclusive));
    let markup = sheet.pictures[2].element("");
    let strokes = |colour: &str| {
        let of = elements(&markup).into_iter().filter(|element| element.name.starts_with("poly"));
        of.filter(|element| element.attribute("stroke") == colour).count()
    };
    assert_eq!(strokes("#00694D"), count(Verdict::Pass));
    let crosses = markup.matches("stroke=\"#A84A00\"").count();
    assert_eq!(crosses, 2 * count(Verdict::Fail));
}

#[test]
fn lines_go_through_the_means_of_their_cells() {
    let experiment = example::grid();
    let rows = crate::results::experiment::cell_rows(&experiment);
    let sheet = sheet(&experiment, "charts/axis-2.svg");
    let markup = sheet.pictures[0].element("");
    let of_random = elements(&markup)
        .into_iter()
        .filter(|element| element.name == "polyline" && element.attribute("stroke") == "#0072B2")
        .map(|element| element.attribute("points").to_owned())
        .find(|points| points.split_whitespace().count() == 4)
        .unwrap();
    let heights: Vec<f64> =
        of_random.split_whitespace().map(|point| point.split_once(',').unwrap().1.parse().unwrap()).collect();
    // From 274 pixels down at 0 to 64 at the top of the axis, which is linear: differences are in proportion.
    let means: Vec<f64> = rows[..4].iter().map(|row| row.figures[0].unwrap().mean).collect();
    let scale = (heights[0] - heights[3]) / (means[0] - means[3]);
    for (height, mean) in heights.iter().zip(&means) {
        assert!((height - heights[0] - scale * (mean - means[0])).abs() < 2.0, "{heights:?} {means:?}");
    }
    assert!((heights[0] - 2740.0 - scale * means[0]).abs() < 3.0, "the axis begins at 0");
    assert!(texts(&sheet.pictures[0]).contains(&"p99 < 400ms".to_owned()));
}

#[test]
fn holding_ends_or_begins_at_one_value() {
    use Verdict::{Fail, Inconclusive, Pass};
    type Edge = Option<(usize, Word)>;
    let table: [(&[Verdict], Edge); 8] = [
        (&[Pass, Pass, Fail], Some((1, Word::LastThatHolds))),
        (&[Pass, Inconclusive, Fail], Some((0, Word::LastThatHolds))),
        (&[Fail, Inconclusive, Pass, Pass], Some((2, Word::FirstThatHolds))),
        (&[Pass, Pass], None),
        (&[Fail], None),
        (&[], None),
        (&[Pass, Fail, Pass], None),
        (&[Fail, Pass, Inconclusive], None),
    ];
    for (verdicts, expected) in table {
        assert_eq!(edge(verdicts), expected, "{verdicts:?}");
    }
}

#[test]
fn the_last_load_that_holds_is_marked() {
    let sheet = sheet(&example::load(), "charts/holds-1.svg");
    let shown: Vec<Vec<String>> = sheet.pictures.iter().map(texts).collect();
    assert!(shown[0].contains(&"last that holds: 1.2".to_owned()), "{shown:?}");
    assert!(shown[1].contains(&"last that holds: 1.6".to_owned()), "{shown:?}");
    assert!(shown.iter().all(|words| words.contains(&"demanded: 90%".to_owned())));
}

#[test]
fn the_front_is_named_and_nobody_else() {
    let experiment = example::grid();
    let rows = crate::results::experiment::cell_rows(&experiment);
    let found = Found::of(&experiment, Lang::En);
    let shown = texts(&sheet(&experiment, "charts/cost-risk.svg").pictures[0]);
    for row in rows {
        assert_eq!(shown.contains(&found.names.cell(row.cell)), row.pareto, "{}", found.names.cell(row.cell));
    }
}

#[test]
fn bars_of_harm_begin_at_nothing_and_name_the_least_and_the_most() {
    let experiment = example::times();
    let found = Found::of(&experiment, Lang::En);
    let all = hours(&found, 0);
    // Rolling and canary; traffic is least at 04:00 and most twelve hours later.
    assert_eq!(all.iter().map(|of| &*of.part).collect::<Vec<_>>(), ["rolling", "canary"]);
    for (of, picture) in all.iter().zip(&sheet(&experiment, "charts/freeze-1.svg").pictures) {
        let (least, most) = of.ends().unwrap();
        assert_eq!((&*of.hours[least].label, &*of.hours[most].label), ("04:00", "16:00"));
        let shown = texts(picture);
        assert!(shown.iter().any(|text| text.starts_with("least: ")), "{shown:?}");
        assert!(shown.iter().any(|text| text.starts_with("most: ")), "{shown:?}");
        let markup = picture.element("");
        let bars: Vec<_> =
            elements(&markup).into_iter().filter(|element| element.attribute("fill") == "#56B4E9").collect();
        assert_eq!(bars.len(), 12);
        assert!(bars.iter().all(|bar| bar.attribute("points").contains(",2740 ")), "from the bottom");
    }
}
