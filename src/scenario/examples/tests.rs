//! Every example is read in its place.

use std::collections::VecDeque;
use std::io::{self, Cursor, Read};

use super::super::check;
use super::super::decode::decode;
use super::super::merge::lay;
use super::super::schema::json_schema;
use super::super::spec::ScenarioSpec;
use super::super::tree::{self, At, Node, Value};
use super::*;
use crate::error::{Code, Error};
use crate::scenario::SweepDocument;
use crate::workload::recorded::TraceFiles;

const BASE: &str = "\
apiVersion: peakday/v1alpha1
kind: Scenario
metadata: {name: base}
run: {start: 2026-11-10T08:00:00+08:00, duration: 2h}
traffic: {users: {to: web, class: browse, rate: 90/s}, buyers: {to: web, class: order, rate: 9/s}}
services: {web: {pools: {standard: {replicas: 4, concurrency: 8, zones: [a, b]}}, work: {browse: 5ms, order: 5ms}}}
objectives: [{name: most, service: web, success: {gte: 99%}}]
";

#[derive(Debug)]
struct Orders;

impl TraceFiles for Orders {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        assert_eq!(path, "orders.csv", "the only file that examples name");
        Ok(Box::new(Cursor::new("minute,orders,site\n0,3,eu\n60,4,eu\n120,5,us\n")))
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Key(&'static str),
    Name,
    Item,
}

/// Finds the shortest way to a definition.
fn way(definition: &str) -> (Vec<Step>, Shape) {
    let sweep = sweep::BLOCKS.iter().any(|(block, _)| *block == definition);
    let mut open = VecDeque::from([(Vec::new(), if sweep { Shape::sweep() } else { Shape::root() })]);
    while let Some((steps, shape)) = open.pop_front() {
        if shape.names().contains(&definition) {
            return (steps, shape);
        }
        assert!(steps.len() < 12, "no way to {definition}");
        let mut push = |step, below| open.push_back(([steps.clone(), vec![step]].concat(), below));
        shape.keys().for_each(|key| push(Step::Key(key), shape.under(key)));
        if shape.items_only() {
            push(Step::Item, shape.item());
        } else if shape.is_map_of_names() {
            push(Step::Name, shape.under(""));
        }
    }
    panic!("no way to {definition}");
}

fn parsed(text: &str) -> Node {
    tree::parse(text, 0).unwrap_or_else(|error| panic!("{text}: {}", error.message))
}

/// Lays a value over the example of a block.
fn over(example: Option<&str>, value: Node, shape: Shape) -> Node {
    let Some(mut node) = example.map(parsed) else { return value };
    lay(&mut node, value, shape);
    node
}

/// Puts a value in its place, the blocks on the way completed by their own examples.
fn placed(steps: &[Step], shape: Shape, value: Node, path: &mut String) -> Node {
    let Some((step, rest)) = steps.split_first() else { return value };
    let map = |key: &str, node| Node {
        at: At::default(),
        value: Value::Map(vec![(key.to_owned(), At::default(), node)]),
    };
    match step {
        Step::Key(key) => {
            *path += &format!(".{key}");
            let below = placed(rest, shape.under(key), value, path);
            let example = if rest.is_empty() { None } else { of(shape, key) };
            map(key, over(example, below, shape.under(key)))
        }
        Step::Name => {
            let name = name_of(shape.under(""));
            *path += &format!(".{name}");
            map(name, placed(rest, shape.under(name), value, path))
        }
        Step::Item => {
            *path += "[0]";
            let below = placed(rest, shape.item(), value, path);
            let item = over(of(shape.item(), ""), below, shape.item());
            Node { at: At::default(), value: Value::List(vec![item]) }
        }
    }
}

#[test]
fn every_example_is_accepted_in_its_place() {
    let mut checked = 0;
    for (block, rows) in BLOCKS.iter().chain(release::BLOCKS) {
        let (steps, _) = way(block);
        for (key, example) in *rows {
            let steps =
                if key.is_empty() { steps.clone() } else { [steps.clone(), vec![Step::Key(key)]].concat() };
            let mut path = String::new();
            let overlay = placed(&steps, Shape::root(), parsed(example), &mut path);
            let path = path.trim_start_matches('.');
            let mut root = parsed(BASE);
            lay(&mut root, overlay, Shape::root());
            let spec: ScenarioSpec = decode(&root, Shape::root(), 9)
                .unwrap_or_else(|errors| panic!("{path}: {example}: {errors:?}"));
            let problems = check::check(&spec, &check::Traces::new(&Orders)).err().unwrap_or_default();
            let here = problems.iter().filter(|(code, problem)| {
                // An example may exclude what stands beside it; one branch is no mixture; a ladder names pools; steps in go down.
                let beside = *code == Code::Contradiction
                    || path.contains("branches[0]")
                    || path.contains("ladder.pools")
                    || path.contains("scaleIn")
                    || problem.message == "must populate the given metric source only"
                    || problem.message == "an alert goes by one figure, not by two";
                problem.path.starts_with(path) && !beside
            });
            assert_eq!(here.count(), 0, "{path}: {example}: {problems:?}");
            checked += 1;
        }
    }
    assert!(checked > 100, "{checked} examples");
}

const SWEEP: &str = "{apiVersion: peakday/v1alpha1, kind: Sweep, metadata: {name: s}, base: shop.yaml, \
    axes: [{path: run.load, values: [1.0, 1.2]}]}";

#[derive(Debug)]
struct Shop;

impl TraceFiles for Shop {
    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send>> {
        assert_eq!(path, "shop.yaml", "the only file that examples name");
        Ok(Box::new(Cursor::new(BASE)))
    }
}

#[test]
fn every_example_of_a_sweep_is_accepted_in_its_place() {
    for (block, rows) in sweep::BLOCKS {
        let (steps, _) = way(block);
        for (key, example) in *rows {
            let steps =
                if key.is_empty() { steps.clone() } else { [steps.clone(), vec![Step::Key(key)]].concat() };
            let mut path = String::new();
            let overlay = placed(&steps, Shape::sweep(), parsed(example), &mut path);
            let mut root = parsed(SWEEP);
            lay(&mut root, overlay, Shape::sweep());
            let text = tree::line(&root);
            let read = SweepDocument::read("s.yaml", text.as_bytes(), &[], &[], &Shop);
            let Err(Error::Invalid(mut issues)) = read.and_then(|sweep| sweep.check(&Shop)) else { continue };
            // An example may exclude what stands beside it.
            issues.retain(|issue| issue.code != Code::Contradiction && path.contains(&issue.path));
            assert!(issues.is_empty(), "{path}: {example}: {issues:?}");
        }
    }
}

#[test]
fn every_key_that_a_block_needs_has_an_example() {
    let definitions = json_schema()["$defs"].as_object().expect("definitions").keys().map(String::as_str);
    let sweeps = sweep::BLOCKS.iter().map(|(block, _)| *block);
    for block in definitions.chain([ROOT]).chain(sweeps) {
        for key in super::super::schema::required(block) {
            let (_, shape) = way(block);
            assert!(of(shape, key).or_else(|| shape.under(key).example()).is_some(), "{block}.{key}");
        }
    }
}
