//! Autoscalers in a run, on paper: when they are asked, what they see by then, and when the servers are there. Every
//! instant and number was worked out by hand.

mod common;

use common::drill::{NoTrace, log, read, run, served};
use peakday::preview::{Concern, preview};
use peakday::results::RunResult;
use peakday::scenario::{Document, Scenario};
use peakday::sim;
use peakday::study::{StudyOptions, run_study};
use peakday::workload::recorded::TraceFiles;

/// Twenty requests a second, evenly, each 100 ms of CPU: two cores' worth of work. Four servers of one core.
fn shop(duration: &str, pool: &str, more: &str) -> Scenario {
    read(&format!(
        "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: s}}\n\
         run: {{duration: {duration}, interval: 10s, replications: 1}}\n\
         traffic: {{users: {{to: web, class: any, arrivals: uniform, rate: 20/s}}}}\n\
         services: {{web: {{pools: {{p: {{{pool}}}}}, work: 100ms, balancer: roundRobin}}}}\n{more}\n"
    ))
}

/// When, who, from and to, the raw recommendation, what limited it, and when the servers were there.
fn decisions(run: &RunResult) -> Vec<String> {
    let seconds = |ns: u64| (ns as f64 / 1e9).to_string();
    let line = |d: &peakday::results::Decision| {
        let raw = d.raw.map_or_else(String::new, |raw| format!(" raw {raw}"));
        let limit = d.limited_by.as_ref().map_or_else(String::new, |limit| format!(" {limit}"));
        let ready = d.ready_ns.map_or_else(String::new, |ns| format!(" ready {}", seconds(ns)));
        format!("{} {} {}->{}{raw}{limit}{ready}", seconds(d.at_ns), d.policy, d.from, d.to)
    };
    run.decisions.iter().map(line).collect()
}

#[test]
fn a_pasted_autoscaler_waits_for_samples_that_count() {
    let manifest = "horizontalPodAutoscaler: {apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, \
                    metadata: {name: web}, spec: {minReplicas: 1, maxReplicas: 20, metrics: [{type: Resource, \
                    resource: {name: cpu, target: {type: Utilization, averageUtilization: 25}}}]}}";
    let pool = "replicas: 4, concurrency: 1, startup: {boot: 10s}, autoscaler: ";
    let run = run(&shop("2m", &format!("{pool}{{{manifest}}}"), ""));
    // Every server burns half a core. The metrics server scrapes at 0, 15, 30 s and shows it 2 s later; its window
    // of 30 s reaches back to when the servers became ready until the sample of 30 s, so that the earlier ones
    // are doubted. At 45 s: 4 x 50 / 25 = 8. The four new ones boot until 55 s; at 60 s theirs count as idle,
    // 4 x 50 / 8 = 25: nothing is to be done, then or later.
    assert_eq!(decisions(&run), ["45 horizontalPodAutoscaler 4->8 raw 8 ready 55"]);
    // The first request comes at 25 ms, so that a hair less than half is burned; percentages are cut.
    assert_eq!(run.decisions[0].signal, "cpu 49% of 25%");
    assert_eq!(served(&run)[4..], [[55.0, 120.0]; 4]);
}

#[test]
fn what_holds_a_decision_back_is_told_once() {
    // Asked every 10 s for what comes over 2 requests a second and server: 20 / 2 = 10, of which six may be. Then an
    // operator takes the lid off.
    let eyes = "monitoring: {eyes: {scrape: 5s, window: 10s, delay: 1s}}\n\
                actions: [{name: lid, at: 41s, set: {services.web.pools.p.autoscaler.maxReplicas: 9}}]";
    let pool = "replicas: 4, concurrency: 1, startup: {boot: 3s}, autoscaler: {maxReplicas: 6, demand: \
                {requestsPerServer: 2/s, period: 10s, from: eyes}}";
    let run = run(&shop("1m", pool, eyes));
    let expected = [
        // The scrapes of 0 and 5 s are seen by 10 s.
        "10 demand 4->6 raw 10 maxReplicas ready 13",
        // At 20, 30 and 40 s the same again.
        "20 demand 6->6 raw 10 maxReplicas",
        "41 operator 6->9 maxReplicas ready 44",
        "50 demand 9->9 raw 10 maxReplicas",
    ];
    assert_eq!(decisions(&run), expected);
}

#[test]
fn the_largest_of_several_counts() {
    // The schedule wants 12 from 20 s to 40 s, demand always 5.
    let eyes = "monitoring: {eyes: {scrape: 5s, window: 10s, delay: 1s}}";
    let pool = "replicas: 4, concurrency: 1, autoscaler: {schedule: {steps: [{at: 20s, replicas: 12}, {at: 40s, \
                replicas: 2}]}, demand: {requestsPerServer: 4/s, period: 10s, scaleDownDelay: 0s, from: eyes}}";
    let run = run(&shop("1m", pool, eyes));
    let expected = [
        "10 demand 4->5 raw 5 ready 10",
        "20 schedule 5->12 raw 12 ready 20",
        "20 demand 12->12 raw 5 largest",
        "40 schedule 12->5 raw 2 largest",
    ];
    assert_eq!(decisions(&run), expected);
}

#[test]
fn idle_servers_are_fewer_than_the_least_that_work() {
    // Twenty requests a second until 20 s, then none. A trigger is active above 1/s; one poll after 10 s without
    // any activity only one server stays, though two are the least that work.
    let text = "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {name: s}\n\
         run: {duration: 1m, interval: 10s, replications: 1}\n\
         traffic: {users: {to: web, class: any, arrivals: uniform, rate: {stages: {startRate: 20/s, steps: \
         [{duration: 20s, target: 20/s}, {duration: 0s, target: 0/s}]}}}}\n\
         services: {web: {pools: {p: {replicas: 4, concurrency: 1, autoscaler: {minReplicas: 2, maxReplicas: 9, keda: \
         {pollingInterval: 5, cooldownPeriod: 10, idleReplicaCount: 1, triggers: [{type: requestRate, threshold: 5/s, \
         activationThreshold: 1/s}], from: eyes}}}}, work: 100ms}}\n\
         monitoring: {eyes: {scrape: 5s, window: 5s, delay: 1s}}";
    let run = run(&read(text));
    let last = run.decisions.last().expect("a decision");
    assert_eq!((last.policy.as_str(), last.to), ("keda", 1), "{:?}", decisions(&run));
    // The scrape of 25 s is the first without a request, seen at 26 s; the poll of 25 s still saw that of 20 s.
    assert!((35.0..=40.0).contains(&(last.at_ns as f64 / 1e9)), "{:?}", decisions(&run));
}

/// A trace of two minutes: 600 and 2,400 orders.
#[derive(Debug)]
struct LastWeek;

impl TraceFiles for LastWeek {
    fn open(&self, _path: &str) -> std::io::Result<Box<dyn std::io::Read + Send>> {
        Ok(Box::new(std::io::Cursor::new("minute,orders\n0,600\n1,2400\n")))
    }
}

#[test]
fn a_forecast_repeats_what_was_recorded() {
    let text = "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {name: s}\n\
         run: {duration: 2m, replications: 1}\n\
         traffic: {users: {to: web, class: any, rate: 1/s}}\n\
         services: {web: {pools: {p: {replicas: 1, concurrency: 1, autoscaler: {predictive: {requestsPerServer: 4/s, \
         lead: 30s, period: 20s, error: 10%, recorded: {file: last-week.csv, index: minute, rate: orders, per: 1m, \
         interval: 1m}}}}}, work: 100ms}}";
    let document = Document::read("s.yaml", text.as_bytes()).expect("a document");
    let scenario = document.check(&LastWeek).expect("a scenario");
    let run = sim::run(&scenario, 1, &LastWeek, &mut ()).expect("a result");
    // 10/s and from 1 min on 40/s, each a tenth more, over 4/s: 2.75 and 11. At 20 s the next half minute has the
    // first alone, at 40 s the second as well. Nothing of it came.
    assert_eq!(decisions(&run), ["20 predictive 1->3 raw 3 ready 20", "40 predictive 3->11 raw 11 ready 40"]);
    let result = run_study(&scenario, &LastWeek, StudyOptions { threads: 1 }, &()).expect("a study");
    assert_eq!(result.provenance.traces[0].file, "last-week.csv", "its hash is part of the provenance");
}

#[test]
fn a_ladder_replaces_servers_one_by_one() {
    // One request in hand on each server half of the time: 50 % of the slots, and 25 % on servers twice as fast.
    let text = "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {name: s}\n\
         run: {duration: 90s, interval: 10s, replications: 1}\n\
         traffic: {users: {to: web, class: any, arrivals: uniform, rate: 20/s}}\n\
         services: {web: {pools: {small: {replicas: 4, concurrency: 1}, large: {replicas: 0, concurrency: 1, \
         speed: 2, startup: {boot: 5s}, launch: {rate: 30/min}}}, work: 100ms, balancer: roundRobin, \
         ladder: {pools: [small, large], policy: {metric: slotUtilization, above: 40%, below: 10%, for: 10s, \
         cooldown: 1m, period: 10s, from: eyes}}}}\n\
         monitoring: {eyes: {scrape: 5s, window: 10s, delay: 1s}}";
    let run = run(&read(text));
    // Above 40 % at 10 s for the first time, for 10 s at 20 s. Launches begin 2 s apart.
    let ladder: Vec<String> =
        decisions(&run).into_iter().filter(|line| !line.contains("stabilization")).collect();
    let expected = [
        "20 ladder 0->4 raw 4 ready 31",
        "25 ladder 4->3 raw 3",
        "27 ladder 3->2 raw 2",
        "29 ladder 2->1 raw 1",
        "31 ladder 1->0 raw 0",
    ];
    assert_eq!(ladder, expected);
    let small: Vec<f64> = served(&run)[..4].iter().map(|[_, to]| *to).collect();
    assert_eq!(small, [31.0, 29.0, 27.0, 25.0], "the last to come is the first to go");
    assert_eq!(run.rows[0].outcomes[0] + run.rows[0].in_flight_end, 1_800, "nobody is lost");
}

#[test]
fn nodes_are_ordered_at_scans_and_emptied_when_hardly_used() {
    // Two servers a node; the node of the start holds both. Two more are wanted at 3 s, none of them at 30 s.
    let nodes = "nodes: {servers: 2, provision: 4s, clusterAutoscaler: {scanInterval: 5s, \
                 scaleDownDelayAfterAdd: 10s, scaleDownUnneededTime: 5s}}";
    let pool = format!(
        "replicas: 2, concurrency: 4, startup: {{boot: 1s}}, {nodes}, autoscaler: {{schedule: {{steps: \
         [{{at: 3s, replicas: 5}}, {{at: 30s, replicas: 3}}]}}}}"
    );
    let run = run(&shop("1m", &pool, ""));
    // Three wait for places: two nodes are ordered at the scan of 5 s, there at 9 s; the servers serve at 10 s.
    assert_eq!(served(&run)[2..].iter().map(|life| life[0]).collect::<Vec<_>>(), [10.0; 3]);
    // At 30 s the last two go: one from each of the new nodes' places. The third node is empty: unneeded at the
    // scan of 30 s, for more than 5 s at that of 40 s.
    let nodes: Vec<String> = log(&run).into_iter().filter(|line| line.contains(" nodes ")).collect();
    assert_eq!(nodes, ["5 nodes 2 ordered", "40 nodes 1 removed"]);
    let gone: Vec<f64> = run.nodes.iter().map(|node| node.gone_ns as f64 / 1e9).collect();
    assert_eq!(gone, [60.0, 60.0, 40.0]);
}

#[test]
fn servers_that_are_given_back_before_the_peak_are_told_beforehand() {
    let scenario = |min: u32| {
        read(&format!(
            "apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {{name: s}}\n\
             run: {{duration: 40m, replications: 1}}\n\
             traffic: {{users: {{to: web, class: any, rate: {{stages: {{startRate: 20/s, steps: [{{duration: 20m, \
             target: 20/s}}, {{duration: 10s, target: 300/s}}]}}}}}}}}\n\
             services: {{web: {{pools: {{p: {{replicas: 40, concurrency: 1, autoscaler: {{maxReplicas: 60, \
             horizontalPodAutoscaler: {{minReplicas: {min}}}}}}}}}, work: 100ms}}}}\n"
        ))
    };
    let removed = |min: u32| {
        let told = preview(&scenario(min), &NoTrace).expect("a preview");
        let warning = told.warnings.into_iter().find(|warning| warning.concern == Concern::Removed);
        warning.map(|warning| warning.message)
    };
    // Two cores' worth of work on forty: 5 % of 80 % wants three, and may have them when the first recommendation
    // is five minutes old.
    let message = removed(1).expect("a warning");
    assert!(
        message.starts_with("horizontalPodAutoscaler begins to give back the 40 servers of p at 5m"),
        "{message}"
    );
    assert!(
        message.contains("wants 3 when the peak comes at 20m10s; write autoscaler.minReplicas: 40"),
        "{message}"
    );
    assert_eq!(removed(40), None);
}
