//! Stories of servers that come and go, told in seconds through the scenario reader.

use std::io;

use peakday::results::RunResult;
use peakday::scenario::{Document, Scenario};
use peakday::sim;
use peakday::workload::recorded::TraceFiles;

/// No trace.
#[derive(Debug)]
pub struct NoTrace;

impl TraceFiles for NoTrace {
    fn open(&self, path: &str) -> io::Result<Box<dyn io::Read + Send>> {
        Err(io::Error::other(path.to_owned()))
    }
}

/// Half a minute in which one request comes every second, the first at 0.5 s, and takes ten seconds.
pub fn story(pool: &str, service: &str, more: &str) -> Scenario {
    let text = format!(
        "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: s}}\n\
         run: {{duration: 30s, interval: 1s, replications: 1}}\n\
         traffic: {{users: {{to: web, class: any, arrivals: uniform, rate: 1/s}}}}\n\
         services: {{web: {{pools: {{p: {{{pool}}}}}, work: 10s{service}}}}}\n{more}\n"
    );
    read(&text)
}

pub fn read(text: &str) -> Scenario {
    let read = Document::read("s.yaml", text.as_bytes()).and_then(|read| read.check(&NoTrace));
    read.unwrap_or_else(|error| panic!("{error}\n{text}"))
}

pub fn run(scenario: &Scenario) -> RunResult {
    sim::run(scenario, 1, &NoTrace, &mut ()).expect("a result")
}

/// When, what, and the rest of every event.
pub fn log(run: &RunResult) -> Vec<String> {
    let line = |event: &peakday::results::LogEntry| {
        let mut line = format!("{} {}", event.at_ns as f64 / 1e9, event.kind.name());
        let servers = event.servers.map(|count| count.to_string()).unwrap_or_default();
        for part in [&event.name, &servers, &event.detail] {
            if !part.is_empty() {
                line += &format!(" {part}");
            }
        }
        line
    };
    run.events.iter().map(line).collect()
}

/// In service from and to, in seconds.
pub fn served(run: &RunResult) -> Vec<[f64; 2]> {
    run.servers.iter().map(|server| [server.from_ns, server.to_ns].map(|ns| ns as f64 / 1e9)).collect()
}
