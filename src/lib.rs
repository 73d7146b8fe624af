//! Discrete-event capacity planning for e-commerce peaks.
//!
//! A scenario describes traffic, services and what is demanded of them. A run simulates one day of
//! it request by request; a study runs many days and judges them. This page goes the whole way; the
//! command line does the same with files. Definitions of all figures stand in MODEL.md, keys of the
//! scenario file in docs/SCENARIO.md, the map of the code in ARCHITECTURE.md.
//!
//! # From text to a document
//!
//! [`scenario::Document::read`] turns the bytes of a file into what it says. Mistakes are told with
//! file, line, column, path and what to write instead:
//!
//! ```
//! use peakday::scenario::Document;
//!
//! let text = "
//! apiVersion: peakday/v1alpha1
//! kind: Scenario
//! metadata: {name: shop}
//! run: {duraton: 10m}
//! traffic: {users: {to: web, class: browse, rate: 90/s}}
//! services: {web: {pools: {p: {replicas: 4, concurrency: 8}}, work: 5ms}}
//! ";
//! let told = Document::read("shop.yaml", text.as_bytes()).unwrap_err().to_string();
//! assert_eq!(
//!     told,
//!     "shop.yaml:5:7: run.duraton: there is no key `duraton` here [PD010]\n  did you mean `duration`?"
//! );
//! ```
//!
//! # From a document to a scenario
//!
//! [`Document::check`](scenario::Document::check) looks at what goes together and what is in range,
//! surveys recorded traffic, and returns a [`scenario::Scenario`]: what can be run. It opens no
//! files itself; whoever calls says how, by [`workload::recorded::TraceFiles`]. Here a trace comes
//! from memory, 200 orders in the first of two minutes and 100 in the second:
//!
//! ```
//! use std::io::{self, Cursor, Read};
//!
//! use peakday::scenario::Document;
//! use peakday::workload::recorded::TraceFiles;
//!
//! #[derive(Debug)]
//! struct Memory;
//!
//! impl TraceFiles for Memory {
//!     fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
//!         match path {
//!             "orders.csv" => Ok(Box::new(Cursor::new("minute,orders\n0,200\n1,100\n"))),
//!             _ => Err(io::ErrorKind::NotFound.into()),
//!         }
//!     }
//! }
//!
//! let text = "
//! apiVersion: peakday/v1alpha1
//! kind: Scenario
//! metadata: {name: replay}
//! run: {duration: 2m, replications: 1, interval: 1m}
//! traffic:
//!   orders:
//!     to: checkout
//!     class: order
//!     rate: {recorded: {file: orders.csv, index: minute, count: orders, interval: 1m, scale: 2}}
//! services:
//!   checkout: {pools: {p: {replicas: 2, concurrency: 4}}, work: {exponential: {mean: 20ms}}}
//! ";
//! let scenario = Document::read("replay.yaml", text.as_bytes())?.check(&Memory)?;
//! assert_eq!(scenario.sources[0].recorded[0].survey.used, 2, "lines");
//!
//! // Exactly so many come, in every replication.
//! let run = peakday::sim::run(&scenario, 1, &Memory, &mut ()).unwrap();
//! assert_eq!(run.row_series[0].offered, [400, 200]);
//! # Ok::<(), peakday::error::Error>(())
//! ```
//!
//! # One day
//!
//! [`sim::run`] simulates one replication. It is a pure function of the scenario and the
//! replication's ordinal, and its result is integers: counts, nanoseconds, histograms. Below is a
//! queue that theory knows: one server, Poisson arrivals, exponential work, load 0.5. Its mean
//! time in the system is mean work / (1 - load) = 20 ms, and its 99th percentile ln 100 times that.
//!
//! ```
//! use peakday::results::{Facts, SUMMARY, Subject};
//! use peakday::scenario::Document;
//! # use peakday::workload::recorded::TraceFiles;
//! # #[derive(Debug)]
//! # struct NoTraces;
//! # impl TraceFiles for NoTraces {
//! #     fn open(&self, _: &str) -> std::io::Result<Box<dyn std::io::Read + Send>> {
//! #         Err(std::io::ErrorKind::NotFound.into())
//! #     }
//! # }
//!
//! let text = "
//! apiVersion: peakday/v1alpha1
//! kind: Scenario
//! metadata: {name: mm1}
//! run: {duration: 20m, warmup: 10s}
//! traffic: {users: {to: web, class: browse, rate: 50/s}}
//! services: {web: {pools: {p: {replicas: 1, concurrency: 1}}, work: {exponential: {mean: 10ms}}}}
//! ";
//! let scenario = Document::read("mm1.yaml", text.as_bytes())?.check(&NoTraces)?;
//! let run = peakday::sim::run(&scenario, 1, &NoTraces, &mut ()).unwrap();
//!
//! // The books balance, in integers.
//! let (ledger, service) = (&run.ledgers[0], &run.services[0]);
//! assert_eq!(ledger.started, ledger.outcomes.iter().sum::<u64>() + ledger.in_progress);
//! assert_eq!(service.in_flight_ns, service.sojourn_ns, "Little's law");
//!
//! // Figures are read off by name.
//! let facts = Facts::new(&scenario.plan, &run, Subject { service: 0, row: None });
//! let figure = |name: &str| {
//!     let column = SUMMARY.iter().find(|column| column.name == name).unwrap();
//!     (column.figure)(&facts).unwrap()
//! };
//! assert!((figure("latency_mean_ms") - 20.0).abs() < 1.0);
//! assert!((figure("p99_ms") - 92.1).abs() < 6.0);
//! assert!((figure("slot_utilization") - 0.5).abs() < 0.02);
//! # Ok::<(), peakday::error::Error>(())
//! ```
//!
//! # Many days, and a verdict
//!
//! [`study::run_study`] runs all replications on all cores, with the same result on any number of
//! them. [`results::summary`] gives means with 95 % intervals, [`results::verdicts`] judges the
//! objectives, and [`report::files`] makes the bytes of every output file. A document may be changed
//! before it is checked, which is how variants are compared: arrivals and demands stay the same.
//!
//! ```
//! use peakday::results::{Verdict, overall, summary, verdicts};
//! use peakday::scenario::Document;
//! use peakday::study::{StudyOptions, run_study};
//! # use peakday::workload::recorded::TraceFiles;
//! # #[derive(Debug)]
//! # struct NoTraces;
//! # impl TraceFiles for NoTraces {
//! #     fn open(&self, _: &str) -> std::io::Result<Box<dyn std::io::Read + Send>> {
//! #         Err(std::io::ErrorKind::NotFound.into())
//! #     }
//! # }
//!
//! let text = "
//! apiVersion: peakday/v1alpha1
//! kind: Scenario
//! metadata: {name: shop}
//! run: {duration: 1m, warmup: 5s}
//! traffic: {users: {to: web, class: browse, rate: 90/s}}
//! services:
//!   web:
//!     pools: {standard: {replicas: 4, concurrency: 8}}
//!     work: {exponential: {mean: 200ms}}
//!     balancer: leastRequest
//! objectives:
//!   - {name: p99, service: web, latency: {percentile: 99, lt: 2s}}
//! ";
//! let mut document = Document::read("shop.yaml", text.as_bytes())?;
//! let scenario = document.check(&NoTraces)?;
//! let study = run_study(&scenario, &NoTraces, StudyOptions::default(), &())?;
//! assert_eq!(study.runs.len(), 5);
//! assert_eq!(overall(&verdicts(&study)), Verdict::Pass);
//! let p99 = summary(&study)[0].figure("p99_ms").unwrap();
//! assert!(p99.lo.unwrap() < p99.mean && p99.hi.unwrap() < 2000.0);
//! let files = peakday::report::files(&study, peakday::report::Lang::En).unwrap();
//! assert!(files.iter().any(|(name, _)| *name == "timeseries.csv"));
//!
//! // Two servers cannot serve what needs 2.25 of them.
//! document.spec.services.0[0].1.pools.0[0].1.replicas = 2;
//! let fewer = run_study(&document.check(&NoTraces)?, &NoTraces, StudyOptions::default(), &())?;
//! assert_eq!(overall(&verdicts(&fewer)), Verdict::Fail);
//! assert_eq!(fewer.runs[0].ledgers[0].started, study.runs[0].ledgers[0].started, "the same customers");
//! # Ok::<(), peakday::error::Error>(())
//! ```
//!
//! # Before anything is simulated
//!
//! [`preview::preview`] answers from theory what a scenario asks of its servers, and says of every
//! figure of waiting how far it can be trusted:
//!
//! ```
//! use peakday::preview::{Basis, preview};
//! use peakday::scenario::Document;
//! # use peakday::workload::recorded::TraceFiles;
//! # #[derive(Debug)]
//! # struct NoTraces;
//! # impl TraceFiles for NoTraces {
//! #     fn open(&self, _: &str) -> std::io::Result<Box<dyn std::io::Read + Send>> {
//! #         Err(std::io::ErrorKind::NotFound.into())
//! #     }
//! # }
//!
//! let text = "
//! apiVersion: peakday/v1alpha1
//! kind: Scenario
//! metadata: {name: mm1}
//! run: {duration: 20m}
//! traffic: {users: {to: web, class: browse, rate: 50/s}}
//! services: {web: {pools: {p: {replicas: 1, concurrency: 1}}, work: {exponential: {mean: 10ms}}}}
//! ";
//! let scenario = Document::read("mm1.yaml", text.as_bytes())?.check(&NoTraces)?;
//! let web = &preview(&scenario, &NoTraces)?.services[0];
//! assert_eq!((web.mean.slot_utilization, web.waiting.basis), (Some(0.5), Basis::Exact));
//! assert!((web.waiting.mean.unwrap().mean_s - 0.01).abs() < 1e-12);
//! # Ok::<(), peakday::error::Error>(())
//! ```
//!
//! # What is below
//!
//! [`des`] is the kernel, [`dist`] and [`workload`] are what comes, [`fleet`] and [`balancer`] who
//! serves it, [`sim`] the wiring, [`results`] what came out, [`theory`] what is known without.
#![forbid(unsafe_code)]
#![warn(missing_docs, missing_debug_implementations, unreachable_pub)]

pub mod autoscaler;
pub mod balancer;
mod choice;
pub mod cli;
pub mod des;
pub mod dist;
pub mod error;
pub mod fleet;
pub mod ids;
pub mod monitoring;
pub mod preview;
pub mod release;
pub mod report;
pub mod results;
pub mod rng;
pub mod scenario;
pub mod sim;
pub mod stats;
pub mod study;
pub mod theory;
pub mod time;
pub mod units;
pub mod workload;
