//! How long requests wait at a steady rate, where a formula says so, and how far to trust it.

use serde::Serialize;

use super::demand::{Gaps, Stream};
use super::split::{Arriving, Lot, lots};
use crate::scenario::{Order, Scenario, Service};
use crate::theory::{
    GiM1, Mmc, Mmck, allen_cunneen, pollaczek_khinchine, shared_cpu_sojourn, supermarket_sojourn,
};
use crate::time::SimTime;

/// Why there is no wait: no assumption, but what is so.
pub(crate) const UNSTEADY: &str = "no steady state where more is offered than can be served";
/// Why a wait is infinite.
pub(crate) const ENDLESS: &str = "work of infinite variance has an infinite mean wait";

/// How far a figure of waiting can be trusted; from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Basis {
    /// The formula describes this very scenario.
    Exact,
    /// The formula's assumptions are not quite those of the scenario: they are named.
    Approximation,
    /// Nobody waits less than this on average; how much more is not known.
    LowerBound,
    /// All servers are taken as one behind one queue, and more is not quite so: requests wait longer than
    /// this where servers fill unevenly or traffic comes in bursts.
    OneQueue,
    /// No formula: simulate.
    None,
}

/// What theory says of a service's waiting.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// How far to trust it.
    pub basis: Basis,
    /// The formula; empty without one.
    pub formula: String,
    /// What is taken for granted and not quite so, or why there is no formula.
    pub because: Vec<String>,
    /// At the mean rate over [warm-up, end); `None` without a steady state.
    pub mean: Option<WaitFigures>,
    /// At the rate of the busiest minute; `None` without a steady state.
    pub busiest: Option<WaitFigures>,
}

/// Waits in a steady state: time in the system beyond what a request needs when it is alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WaitFigures {
    /// Mean, in seconds.
    pub mean_s: f64,
    /// 99th percentile, in seconds, where the formula has one.
    pub p99_s: Option<f64>,
    /// The share that waits at all, where the formula has it.
    pub share_waiting: Option<f64>,
    /// The share that is turned away, where the queue is limited.
    pub share_rejected: Option<f64>,
}

/// A line's formula and what it gives.
struct Answer {
    basis: Basis,
    formula: String,
    because: Vec<&'static str>,
    figures: Option<WaitFigures>,
}

/// Says how long requests of a service wait over the whole run and in its busiest minute.
pub(super) fn waiting(
    scenario: &Scenario,
    service: usize,
    streams: &[&Stream],
    spans: [(SimTime, SimTime); 2],
) -> Waiting {
    let station = &scenario.services[service];
    let [mean, busiest] = spans.map(|(from, to)| at(station, streams, from, to));
    let basis = mean.basis.max(busiest.basis);
    let texts = |because: Vec<&str>| because.into_iter().map(str::to_owned).collect();
    if basis == Basis::None {
        // A formula for one of the stretches says nothing of the run.
        let unknown = if mean.basis == Basis::None { mean } else { busiest };
        let because = texts(unknown.because);
        return Waiting { basis, formula: String::new(), because, mean: None, busiest: None };
    }
    let mut told = Waiting {
        basis,
        formula: busiest.formula,
        because: texts(busiest.because),
        mean: mean.figures,
        busiest: busiest.figures,
    };
    let mut assume = |so: bool, text: &str| {
        if so {
            told.basis = told.basis.max(Basis::Approximation);
            told.because.push(text.to_owned());
        }
    };
    assume(
        streams.iter().any(|stream| !stream.rate.is_constant()),
        "a rate that stays as it is, with no backlog from before",
    );
    assume(streams.iter().any(|stream| stream.uncertain), "`uncertainty` at its mean");
    assume(
        streams.iter().any(|stream| stream.gaps == Gaps::Counted),
        "recorded counts scattered at random (Poisson)",
    );
    assume(station.queue.timeout.is_some(), "no timeout");
    told
}

fn none(why: &'static str) -> Answer {
    Answer { basis: Basis::None, formula: String::new(), because: vec![why], figures: None }
}

/// Answers for the mean rates of one stretch.
fn at(station: &Service, streams: &[&Stream], from: SimTime, to: SimTime) -> Answer {
    if station.pools.iter().any(|pool| pool.is_elastic()) {
        return none("the number of servers changes");
    }
    let arriving = match Arriving::over(station, streams, from, to) {
        Ok(Some(arriving)) => arriving,
        Ok(None) => return none("nothing comes"),
        Err(why) => return none(why),
    };
    let lots = match lots(station, &arriving) {
        Ok(lots) => lots,
        Err(why) => return none(why),
    };
    combined(lots.iter().map(|lot| (lot.share, of_lot(station, lot, arriving.sized))).collect())
}

/// Puts the lines of different pools together, each by its share of the requests.
fn combined(mut answers: Vec<(f64, Answer)>) -> Answer {
    if answers.len() == 1 {
        return answers.remove(0).1;
    }
    let mean = |figure: fn(&WaitFigures) -> Option<f64>| {
        let terms = answers.iter().map(|(share, answer)| Some(share * figure(answer.figures.as_ref()?)?));
        terms.sum::<Option<f64>>()
    };
    let figures = mean(|figures| Some(figures.mean_s)).map(|mean_s| WaitFigures {
        mean_s,
        p99_s: None,
        share_waiting: mean(|figures| figures.share_waiting),
        share_rejected: mean(|figures| figures.share_rejected),
    });
    let basis = answers.iter().map(|(_, answer)| answer.basis).max().unwrap_or(Basis::None);
    let worst = answers.into_iter().map(|(_, answer)| answer).max_by_key(|answer| answer.basis);
    let (formula, because) = worst.map(|answer| (answer.formula, answer.because)).unwrap_or_default();
    Answer { basis, formula: format!("{formula}, pool by pool"), because, figures }
}

/// Answers for one line: the slots of a server, or of all behind one queue.
fn of_lot(station: &Service, lot: &Lot, sized: bool) -> Answer {
    let mut answer = match (lot.cores, lot.slots) {
        (Some(cores), _) => shared(lot, cores),
        (None, Some(slots)) => in_order(station, lot, slots),
        // However requests are dealt, and however large: nothing below can matter.
        (None, None) => return unhindered(),
    };
    if answer.basis == Basis::None {
        return answer;
    }
    if sized {
        answer.basis = answer.basis.max(Basis::Approximation);
        answer.because.push("every request of the mean size");
    }
    if lot.cores.is_none() && !lot.exponential && matches!(station.queue.order, Order::Priority(_)) {
        answer.basis = answer.basis.max(Basis::Approximation);
        answer.because.push("no priorities");
    }
    if lot.pooled {
        // Who is turned away or leaves makes the others wait less.
        let bounded = station.queue.limit.is_some() || station.queue.timeout.is_some();
        let proven = answer.basis == Basis::Exact && lot.exponential && !bounded;
        answer.basis = if proven { Basis::LowerBound } else { Basis::OneQueue };
        answer.because.push("one queue shared by all servers, so that none is idle while a request waits");
        // What holds for the mean need not hold for the rest.
        let mean = |figures: WaitFigures| WaitFigures { p99_s: None, share_waiting: None, ..figures };
        answer.figures = answer.figures.map(mean);
    }
    if answer.figures.is_none() {
        answer.because.push(UNSTEADY);
    }
    answer
}

/// Requests that share a CPU: beyond their own time they lose what others take.
fn shared(lot: &Lot, cores: f64) -> Answer {
    let load = lot.rate * lot.work_s;
    let mut because = Vec::new();
    if lot.gaps != Gaps::Poisson {
        because.push("arrivals at random (Poisson), without bursts");
    }
    if lot.slots.is_some() {
        because.push("no limit of concurrency");
    }
    let figures = shared_cpu_sojourn(load, cores).map(|sojourn| WaitFigures {
        mean_s: (sojourn - 1.0) * lot.work_s,
        p99_s: None,
        share_waiting: None,
        share_rejected: None,
    });
    let basis = if because.is_empty() { Basis::Exact } else { Basis::Approximation };
    Answer { basis, formula: "processor sharing".to_owned(), because, figures }
}

/// Requests that find a slot and a core at once.
fn unhindered() -> Answer {
    let figures =
        WaitFigures { mean_s: 0.0, p99_s: Some(0.0), share_waiting: Some(0.0), share_rejected: None };
    let formula = "nobody waits: unlimited slots, each with a core".to_owned();
    Answer { basis: Basis::Exact, formula, because: vec![], figures: Some(figures) }
}

/// Requests in order at slots that each have a core.
fn in_order(station: &Service, lot: &Lot, slots: u64) -> Answer {
    let (load, unit) = (lot.rate * lot.hold_s, lot.hold_s);
    let first_come = station.queue.order == Order::Fifo;
    let p99 = |wait: f64| first_come.then_some(wait * unit);
    let figures = |mean: f64, waiting, p99_s, share_rejected| WaitFigures {
        mean_s: mean * unit,
        p99_s,
        share_waiting: waiting,
        share_rejected,
    };
    let exact = |formula: String, figures| Answer { basis: Basis::Exact, formula, because: vec![], figures };
    if let Some(choices) = lot.choices {
        let wait = supermarket_sojourn(load, choices).map(|sojourn| figures(sojourn - 1.0, None, None, None));
        let formula = format!("supermarket, {choices} choices");
        let because = vec!["very many servers"];
        return Answer { basis: Basis::Approximation, formula, because, figures: wait };
    }
    match (lot.gaps, station.queue.limit) {
        (_, Some(_)) if lot.pooled => approximate(station, lot, slots, load),
        (Gaps::Poisson, None) if lot.exponential => {
            let line = Mmc::new(load, slots);
            let told = |line: Mmc| {
                figures(line.mean_wait(), Some(line.p_wait()), p99(line.wait_quantile(0.99)), None)
            };
            exact(format!("M/M/{slots} (Erlang C)"), line.map(told))
        }
        (Gaps::Poisson, Some(limit)) if lot.exponential => {
            let line = Mmck::new(load, slots, limit.into());
            let told = figures(line.mean_wait(), Some(line.p_wait()), None, Some(line.blocking()));
            exact(format!("M/M/{slots}/{}", slots + u64::from(limit)), Some(told))
        }
        (Gaps::Poisson, None) if slots == 1 => {
            let line = pollaczek_khinchine(load, lot.scv);
            let told = |wait| figures(wait, Some(load), None, None);
            exact("M/G/1 (Pollaczek-Khinchine)".to_owned(), line.map(told))
        }
        _ => match lot.turns {
            Some(turns) if slots == 1 && lot.exponential && station.queue.limit.is_none() => {
                let line = GiM1::in_turn(load, turns);
                let told = |line: GiM1| {
                    figures(line.mean_wait(), Some(line.p_wait()), p99(line.wait_quantile(0.99)), None)
                };
                exact(format!("E_{turns}/M/1"), line.map(told))
            }
            _ => approximate(station, lot, slots, load),
        },
    }
}

/// Everything else, by the formula of Allen and Cunneen.
fn approximate(station: &Service, lot: &Lot, slots: u64, load: f64) -> Answer {
    let mut because = vec!["of gaps and work the mean and the variation alone, without bursts"];
    if station.queue.limit.is_some() {
        because.push("no limit of the queue");
    }
    let wait = allen_cunneen(load, slots, lot.gap_scv, lot.scv);
    let figures = wait.map(|wait| WaitFigures {
        mean_s: wait * lot.hold_s,
        p99_s: None,
        share_waiting: None,
        share_rejected: None,
    });
    if !lot.scv.is_finite() {
        because.push(ENDLESS);
    }
    Answer { basis: Basis::Approximation, formula: format!("G/G/{slots} (Allen-Cunneen)"), because, figures }
}
