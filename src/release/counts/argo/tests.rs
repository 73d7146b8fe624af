//! Argo Rollouts' own cases, retyped as tables, and what has to hold of every canary.
//!
//! Source: argoproj/argo-rollouts 9f8d111d, utils/replicaset/canary_test.go.

use super::*;
use crate::rng::{Bits, Key};

fn set(spec: u32, available: u32) -> ReplicaSet {
    ReplicaSet { spec, available }
}

fn weight(weight: u32) -> CanaryStep {
    CanaryStep { set_weight: Some(weight), ..CanaryStep::default() }
}

fn scale(replicas: Option<u32>, weight: Option<u32>, match_traffic_weight: bool) -> Option<SetCanaryScale> {
    Some(SetCanaryScale { replicas, weight, match_traffic_weight })
}

/// A strategy without anything that is not said: no surge, nothing unavailable.
fn plain(steps: &[CanaryStep]) -> CanaryStrategy {
    let none = IntOrPercent::default();
    CanaryStrategy {
        max_surge: none,
        max_unavailable: none,
        steps: steps.to_vec(),
        ..CanaryStrategy::default()
    }
}

fn routed(steps: &[CanaryStep]) -> CanaryStrategy {
    CanaryStrategy { traffic_routing: Some(TrafficRouting::default()), ..plain(steps) }
}

fn rollout(replicas: u32, strategy: &CanaryStrategy) -> Rollout<'_> {
    Rollout { replicas, strategy, status: CanaryStatus::default() }
}

/// `TestCalculateReplicaCountsForCanary` without traffic routing: name, wanted, weight, (surge, unavailable),
/// (stable, available), (canary, available), older; (stable, canary) afterwards.
#[test]
fn basic_canaries_are_sized_as_in_argo() {
    type Pair = (u32, u32);
    type Row = (&'static str, u32, u32, (&'static str, &'static str), Pair, Pair, u32, Pair);
    let rows: [Row; 31] = [
        ("spec below available", 10, 100, ("3", "0"), (7, 8), (6, 3), 0, (7, 6)),
        ("surge as a number", 10, 20, ("2", "0"), (10, 10), (0, 0), 0, (10, 2)),
        ("surge as a percentage", 10, 20, ("20%", "0"), (10, 10), (0, 0), 0, (10, 2)),
        ("extra stable replicas go", 10, 20, ("20%", "0"), (10, 10), (2, 2), 0, (8, 2)),
        ("not past the surge", 10, 30, ("2", "0"), (10, 10), (0, 0), 0, (10, 2)),
        ("unavailable as a number", 10, 20, ("0", "2"), (10, 10), (0, 0), 0, (8, 0)),
        ("unavailable as a percentage", 10, 20, ("0", "20%"), (10, 10), (0, 0), 0, (8, 0)),
        ("not past the unavailable", 10, 30, ("0", "2"), (10, 10), (0, 0), 0, (8, 0)),
        ("both", 10, 50, ("2", "1"), (10, 10), (0, 0), 0, (9, 2)),
        ("no canary at 0 %", 10, 0, ("1", "1"), (10, 10), (1, 1), 0, (10, 0)),
        ("no stable at 100 %", 10, 100, ("1", "1"), (1, 1), (10, 10), 0, (0, 10)),
        ("a canary at 20 % of one", 1, 20, ("1", "0"), (1, 1), (0, 0), 0, (1, 1)),
        ("a stable at 90 % of one", 1, 90, ("1", "0"), (1, 1), (0, 0), 0, (1, 1)),
        ("no canary below half of one", 1, 49, ("0", "1"), (1, 1), (0, 0), 0, (1, 0)),
        ("no stable from half of one", 1, 51, ("0", "1"), (1, 1), (0, 0), 0, (0, 0)),
        ("then the canary", 1, 51, ("0", "1"), (0, 0), (0, 0), 0, (0, 1)),
        ("stable before canary", 10, 30, ("1", "0"), (1, 1), (0, 0), 3, (7, 1)),
        ("both shrink", 10, 30, ("0", "3"), (8, 5), (4, 4), 0, (7, 3)),
        ("both available", 10, 100, ("1", "0"), (10, 2), (10, 8), 0, (2, 9)),
        ("older ones first", 10, 30, ("0", "1"), (8, 6), (4, 2), 3, (8, 4)),
        ("uneven weight", 10, 5, ("0", "1"), (10, 10), (0, 0), 0, (9, 0)),
        ("uneven weight, part 2", 10, 5, ("0", "1"), (9, 9), (0, 0), 0, (9, 1)),
        ("neither surge nor unavailable", 10, 10, ("0%", "0%"), (10, 10), (0, 0), 0, (9, 0)),
        ("stable unavailable, surging", 4, 100, ("1", "0"), (4, 1), (0, 0), 0, (4, 1)),
        ("down to the unavailable", 3, 99, ("0", "2"), (3, 3), (0, 0), 0, (1, 0)),
        ("down to the unavailable, part 2", 3, 99, ("0", "2"), (1, 1), (0, 0), 0, (1, 2)),
        ("stable unavailable, shrinking", 4, 100, ("1", "0"), (4, 1), (1, 1), 0, (3, 1)),
        ("back, part 1", 4, 0, ("1", "0"), (0, 0), (4, 4), 0, (1, 4)),
        ("back, part 2", 4, 0, ("1", "0"), (1, 0), (4, 4), 0, (1, 4)),
        ("back, part 3", 4, 0, ("1", "0"), (1, 1), (4, 4), 0, (1, 3)),
        ("nothing wanted", 0, 50, ("1", "1"), (0, 0), (0, 0), 0, (0, 0)),
    ];
    for (name, replicas, to, (surge, unavailable), stable, canary, older, after) in rows {
        let strategy = CanaryStrategy {
            max_surge: surge.parse().unwrap(),
            max_unavailable: unavailable.parse().unwrap(),
            ..plain(&[weight(to)])
        };
        let versions =
            Versions { canary: Some(set(canary.0, canary.1)), stable: Some(set(stable.0, stable.1)) };
        let got = rollout(replicas, &strategy).counts(versions, &[set(older, older)], None);
        assert_eq!((got.stable, got.canary), after, "{name}");
    }
}

/// The cases of that test with steps that are skipped, and with a size that needs traffic routing.
#[test]
fn promotions_in_full_ask_for_no_weight() {
    let full = CanaryStatus { promote_full: true, ..CanaryStatus::default() };
    let versions = Versions { canary: Some(set(0, 0)), stable: Some(set(4, 4)) };
    for (surge, unavailable, stable, canary) in [(4, 4, 0, 4), (3, 0, 4, 3)] {
        let strategy = CanaryStrategy {
            max_surge: IntOrPercent::Count(surge),
            max_unavailable: IntOrPercent::Count(unavailable),
            ..plain(&[weight(1)])
        };
        let got = Rollout { status: full, ..rollout(4, &strategy) }.counts(versions, &[], None);
        assert_eq!(got, CanaryCounts { canary, stable });
    }
    let step = CanaryStep { set_canary_scale: scale(Some(9), Some(100), false), ..weight(20) };
    let strategy = CanaryStrategy { max_surge: IntOrPercent::Percent(20), ..plain(&[step]) };
    let versions = Versions { canary: Some(set(0, 0)), stable: Some(set(10, 10)) };
    let got = rollout(10, &strategy).counts(versions, &[], None);
    assert_eq!(got, CanaryCounts { canary: 2, stable: 10 });
}

/// `TestCalculateReplicaCountsForNewDeployment` and `...StableRSdEdgeCases`: without a stable version all go to
/// the new one.
#[test]
fn a_first_version_has_no_steps() {
    let strategy = CanaryStrategy { max_unavailable: IntOrPercent::Count(1), ..plain(&[weight(10)]) };
    let settled = CanaryStatus { fully_promoted: true, ..CanaryStatus::default() };
    for (status, spec, available) in [(CanaryStatus::default(), 10, 0), (settled, 9, 9)] {
        let versions = Versions { canary: Some(set(spec, available)), stable: None };
        let got = Rollout { status, ..rollout(10, &strategy) }.counts(versions, &[], None);
        assert_eq!(got, CanaryCounts { canary: 10, stable: 0 });
    }
}

/// `TestApproximateWeightedNewStableReplicaCounts`: wanted, weight of 100, surge; canary and stable.
#[test]
fn weights_are_approximated_as_in_argo() {
    let rows = [
        (0, 0, 0, 0, 0),
        (0, 50, 0, 0, 0),
        (0, 100, 0, 0, 0),
        (0, 0, 1, 0, 0),
        (0, 50, 1, 0, 0),
        (0, 100, 1, 0, 0),
        (1, 0, 0, 0, 1),
        (1, 1, 0, 0, 1),
        (1, 49, 0, 0, 1),
        (1, 50, 0, 1, 0),
        (1, 99, 0, 1, 0),
        (1, 100, 0, 1, 0),
        (1, 0, 1, 0, 1),
        (1, 1, 1, 1, 1),
        (1, 49, 1, 1, 1),
        (1, 50, 1, 1, 1),
        (1, 99, 1, 1, 1),
        (1, 100, 1, 1, 0),
        (2, 0, 0, 0, 2),
        (2, 1, 0, 1, 1),
        (2, 50, 0, 1, 1),
        (2, 99, 0, 1, 1),
        (2, 100, 0, 2, 0),
        (2, 0, 1, 0, 2),
        (2, 1, 1, 1, 2),
        (2, 50, 1, 1, 1),
        (2, 99, 1, 2, 1),
        (2, 100, 1, 2, 0),
        (3, 10, 0, 1, 2),
        (3, 25, 0, 1, 2),
        (3, 33, 0, 1, 2),
        (3, 34, 0, 1, 2),
        (3, 49, 0, 1, 2),
        (3, 50, 0, 2, 1),
        (3, 10, 1, 1, 3),
        (3, 25, 1, 1, 3),
        (3, 33, 1, 1, 2),
        (3, 34, 1, 1, 2),
        (3, 49, 1, 2, 2),
        (3, 50, 1, 2, 2),
        (10, 0, 1, 0, 10),
        (10, 1, 0, 1, 9),
        (10, 14, 0, 1, 9),
        (10, 15, 0, 2, 8),
        (10, 16, 0, 2, 8),
        (10, 99, 0, 9, 1),
        (10, 100, 1, 10, 0),
        (10, 1, 1, 1, 10),
        (10, 18, 1, 2, 9),
        (10, 19, 1, 2, 9),
        (10, 20, 1, 2, 8),
        (10, 23, 1, 2, 8),
        (10, 24, 1, 3, 8),
        (10, 25, 1, 3, 8),
        (10, 99, 1, 10, 1),
    ];
    for (replicas, weight, surge, canary, stable) in rows {
        let got = approximate_weighted_counts(replicas, weight, 100, surge);
        assert_eq!(got, CanaryCounts { canary, stable }, "{replicas} {weight} {surge}");
    }
    // Weights that make no sense still give numbers.
    assert_eq!(approximate_weighted_counts(3, 5, 0, 1).stable, 0);
    assert_eq!(approximate_weighted_counts(u32::MAX, 50, 100, 1).canary, u32::MAX / 2 + 1);
}

/// `TestTrafficWeightToReplicas`.
#[test]
fn weights_need_replicas_rounded_up() {
    let rows = [
        (10, 0, 100, 0),
        (10, 20, 100, 2),
        (10, 25, 100, 3),
        (10, 33, 100, 4),
        (10, 99, 100, 10),
        (10, 100, 100, 10),
        (23, 100_000_000, 100_000_000, 23),
    ];
    for (replicas, weight, max, needed) in rows {
        assert_eq!(traffic_weight_to_replicas(replicas, weight, max), needed, "{weight} of {max}");
    }
    assert_eq!(traffic_weight_to_replicas(u32::MAX, u32::MAX, 0), u32::MAX);
}

/// `TestCalculateReplicaCountsForCanary` with traffic routing, and `...ForCanaryTrafficRouting`.
#[test]
fn routed_canaries_are_sized_as_in_argo() {
    let secs = |count| Some(SimDuration::from_secs(count));
    let sized = |to, set_canary_scale| CanaryStep { set_canary_scale, ..weight(to) };
    let with = |step| routed(&[step]);
    let least = |strategy, pods| CanaryStrategy { min_pods_per_replica_set: Some(pods), ..strategy };
    let delayed = |seconds| CanaryStrategy {
        abort_scale_down_delay: secs(seconds),
        ..with(sized(0, scale(Some(1), None, false)))
    };
    let goes_on = CanaryStatus::default();
    let aborted = CanaryStatus { abort: true, ..goes_on };
    let full = CanaryStatus { promote_full: true, ..goes_on };
    let rows = [
        ("replicas", 1, with(sized(100, scale(Some(9), None, false))), goes_on, 1, 9),
        ("weight", 4, with(sized(100, scale(None, Some(200), false))), goes_on, 4, 8),
        ("matched", 10, with(sized(20, scale(Some(9), Some(100), true))), goes_on, 10, 2),
        ("aborted for good", 1, delayed(0), aborted, 1, 1),
        ("aborted for a while", 1, delayed(30), aborted, 1, 0),
        ("least", 10, least(with(weight(5)), 2), goes_on, 10, 2),
        ("least of one", 1, least(with(weight(100)), 2), full, 1, 1),
        ("plain", 10, with(weight(10)), goes_on, 10, 1),
    ];
    for (name, replicas, strategy, status, stable, canary) in rows {
        let rollout = Rollout { status, ..rollout(replicas, &strategy) };
        let got = rollout.counts(Versions::default(), &[], None);
        assert_eq!(got, CanaryCounts { canary, stable }, "{name}");
    }
}

/// `TestCalculateReplicaCountsForCanaryTrafficRoutingDynamicScale`: name, weight of the first step, aborted,
/// whether another step to 60 follows, weight of the canary now, its replicas, (stable, available); (canary,
/// stable) afterwards.
#[test]
fn a_stable_version_that_follows_the_traffic_is_sized_as_in_argo() {
    type Row = (&'static str, u32, bool, bool, u32, u32, (u32, u32), (u32, u32));
    let rows: [Row; 8] = [
        ("next step of the canary", 20, true, true, 60, 6, (4, 4), (6, 8)),
        ("fewer canaries than expected", 20, true, true, 60, 1, (4, 4), (6, 8)),
        ("stable not yet available", 20, true, true, 60, 2, (8, 4), (6, 8)),
        ("nothing passed", 20, true, true, 60, 0, (0, 0), (6, 10)),
        ("stable shrinks", 10, false, false, 10, 0, (0, 0), (1, 9)),
        ("desired above actual", 20, false, false, 10, 0, (0, 0), (2, 9)),
        ("traffic to the aborted canary", 20, true, false, 20, 0, (0, 0), (2, 10)),
        ("less traffic to it", 20, true, false, 10, 0, (0, 0), (1, 10)),
    ];
    for (name, first, abort, second, canary_weight, canary, stable, after) in rows {
        let steps = if second { vec![weight(first), weight(60)] } else { vec![weight(first)] };
        let strategy = CanaryStrategy { dynamic_stable_scale: true, ..routed(&steps) };
        let status = CanaryStatus { abort, ..CanaryStatus::default() };
        let versions = Versions {
            canary: (canary > 0).then_some(set(canary, canary)),
            stable: (stable.0 > 0).then_some(set(stable.0, stable.1)),
        };
        let weights = TrafficWeights { canary: canary_weight, stable: 100 - canary_weight };
        let got = Rollout { status, ..rollout(10, &strategy) }.counts(versions, &[], Some(weights));
        assert_eq!((got.canary, got.stable), after, "{name}");
    }
}

/// `TestGetDesiredCanaryWeightOnAbortWithScaleDownDelay`.
#[test]
fn an_aborted_canary_gives_its_traffic_back_step_by_step() {
    let aborted = CanaryStatus { abort: true, ..CanaryStatus::default() };
    let strategy = |seconds: Option<u64>| CanaryStrategy {
        dynamic_stable_scale: true,
        abort_scale_down_delay: seconds.map(SimDuration::from_secs),
        ..routed(&[weight(10), weight(50)])
    };
    for (seconds, available, expected) in
        [(None, 9, 10), (Some(30), 5, 10), (Some(30), 9, 0), (Some(0), 9, 10)]
    {
        let strategy = strategy(seconds);
        let rollout = Rollout { status: aborted, ..rollout(10, &strategy) };
        let versions = Versions { canary: Some(set(5, 5)), stable: Some(set(available, available)) };
        assert_eq!(rollout.desired_canary_weight(versions), expected, "{seconds:?} {available}");
    }
    let strategy = strategy(Some(30));
    let versions = Versions { canary: Some(set(5, 5)), stable: Some(set(9, 9)) };
    let weights = TrafficWeights { canary: 10, stable: 90 };
    let rollout = Rollout { status: aborted, ..rollout(10, &strategy) };
    assert_eq!(rollout.counts(versions, &[], Some(weights)).stable, 10);
}

/// `TestGetCurrentSetWeight`, `TestGetCurrentCanaryStep` and `TestGetCanaryReplicasOrWeight`.
#[test]
fn the_last_weight_and_the_last_size_count() {
    let at = |current_step_index| CanaryStatus { current_step_index, ..CanaryStatus::default() };
    let aborted = CanaryStatus { abort: true, ..at(0) };
    let strategy = routed(&[weight(10), CanaryStep::default()]);
    for (status, expected) in [(at(0), 10), (at(1), 10), (at(2), 100), (at(usize::MAX), 100), (aborted, 0)] {
        assert_eq!(Rollout { status, ..rollout(10, &strategy) }.current_set_weight(), expected, "{status:?}");
    }
    let (paused, none) = (routed(&[CanaryStep::default()]), routed(&[]));
    assert_eq!(rollout(10, &paused).current_set_weight(), 0);
    assert_eq!(rollout(10, &none).current_set_weight(), 100);
    let full = CanaryStatus { promote_full: true, ..at(1) };
    let settled = CanaryStatus { fully_promoted: true, ..at(1) };
    let rows = [
        (at(1), scale(None, Some(20), false), CanaryScale::Weight(20)),
        (at(1), scale(Some(5), None, false), CanaryScale::Replicas(5)),
        (at(1), scale(Some(5), Some(20), false), CanaryScale::Replicas(5)),
        (at(1), scale(Some(5), None, true), CanaryScale::Weight(10)),
        (at(1), scale(None, None, false), CanaryScale::Weight(10)),
        (at(0), scale(Some(5), None, false), CanaryScale::Weight(10)),
        (at(2), scale(Some(5), None, false), CanaryScale::Weight(100)),
        (full, scale(Some(5), None, false), CanaryScale::Weight(100)),
        (settled, scale(Some(5), None, false), CanaryScale::Weight(100)),
    ];
    for (status, set_canary_scale, expected) in rows {
        let strategy = routed(&[weight(10), CanaryStep { set_canary_scale, ..CanaryStep::default() }]);
        let rollout = Rollout { status, ..rollout(10, &strategy) };
        assert_eq!(rollout.canary_scale(Versions::default()), expected, "{status:?} {set_canary_scale:?}");
    }
}

#[test]
fn weights_add_up_to_what_the_router_says() {
    let routing = Some(TrafficRouting { max_traffic_weight: 1000 });
    let strategy = CanaryStrategy { traffic_routing: routing, ..plain(&[weight(15)]) };
    assert_eq!(rollout(100, &strategy).counts(Versions::default(), &[], None).canary, 2);
    let past = CanaryStatus { current_step_index: 1, ..CanaryStatus::default() };
    assert_eq!(Rollout { status: past, ..rollout(100, &strategy) }.current_set_weight(), 1000);
}

/// `TestAllReplicaProgressThresholdMet` and `TestAllDesiredAreAvailable`.
#[test]
fn enough_of_a_canary_lets_the_next_step_begin() {
    use ReplicaProgressThreshold::{Percentage, Pods};
    let rows = [
        (Some(Percentage(90)), Some(set(0, 9)), 10, true),
        (Some(Pods(9)), Some(set(0, 9)), 10, true),
        (Some(Percentage(90)), Some(set(0, 8)), 10, false),
        (Some(Pods(8)), Some(set(0, 7)), 10, false),
        (None, Some(set(10, 10)), 10, true),
        (None, Some(set(10, 9)), 10, false),
        (None, Some(set(5, 10)), 10, false),
        (None, Some(set(1, 10)), 10, false),
        (None, Some(set(1, 1)), 1, true),
        (None, None, 10, false),
        (Some(Pods(5)), None, 10, false),
        (Some(Percentage(100)), Some(set(0, 100)), 10, true),
        (Some(Percentage(90)), Some(set(0, 0)), 0, true),
    ];
    for (threshold, canary, desired, met) in rows {
        let got = step::progress_threshold_met(threshold, canary, desired);
        assert_eq!(got, met, "{threshold:?} {canary:?} {desired}");
    }
}

/// `TestAtDesiredReplicaCountsForCanary`, without the cases in which replicas are yet to be created; older
/// versions and traffic routing are of our own.
#[test]
fn a_step_is_done_when_the_numbers_are_there() {
    let one = IntOrPercent::Count(1);
    let basic = |to| CanaryStrategy { max_surge: one, max_unavailable: one, ..plain(&[weight(to)]) };
    let rows = [
        (basic(50), (2, 2), (2, 2), 0, true),
        (basic(50), (2, 1), (2, 2), 0, false),
        (basic(75), (3, 3), (2, 2), 0, false),
        (basic(75), (3, 3), (1, 0), 0, true),
        (basic(50), (2, 2), (2, 2), 1, false),
        (routed(&[weight(50)]), (2, 2), (2, 2), 0, false),
        (routed(&[weight(50)]), (2, 2), (4, 4), 1, true),
        (CanaryStrategy { dynamic_stable_scale: true, ..routed(&[weight(50)]) }, (2, 2), (3, 3), 1, true),
    ];
    for (strategy, canary, stable, older, done) in rows {
        let versions =
            Versions { canary: Some(set(canary.0, canary.1)), stable: Some(set(stable.0, stable.1)) };
        let got = rollout(4, &strategy).at_desired_counts(versions, &[set(0, older)], None);
        assert_eq!(got, done, "{canary:?} {stable:?} {older} {strategy:?}");
    }
}

/// Draws whole numbers below others, on which a property is tried.
fn draws(seed: u64) -> impl FnMut(u32) -> u32 {
    let mut stream = Key::from_seed(seed).stream();
    move |below| (stream.next_bits() % u64::from(below)) as u32
}

/// New replicas become available a few at a time: there are never more than wanted and surge together, never
/// fewer available than is asked for, and the weight is reached.
#[test]
fn a_basic_canary_stays_within_its_bounds_and_gets_there() {
    for seed in 0..2_000 {
        let mut draw = draws(seed);
        let replicas = 1 + draw(20);
        let strategy = CanaryStrategy {
            max_surge: IntOrPercent::Count(draw(5)),
            max_unavailable: IntOrPercent::Count(draw(5)),
            ..plain(&[weight(draw(101)), weight(draw(101)), weight(100)])
        };
        let bounds = rollout(replicas, &strategy).limits();
        let (mut canary, mut stable) = (set(0, 0), set(replicas, replicas));
        for current_step_index in 0..3 {
            let status = CanaryStatus { current_step_index, ..CanaryStatus::default() };
            let rollout = Rollout { status, ..rollout(replicas, &strategy) };
            for pass in 0.. {
                let versions = Versions { canary: Some(canary), stable: Some(stable) };
                if rollout.at_desired_counts(versions, &[], None) && pass > 0 {
                    break;
                }
                let counts = rollout.counts(versions, &[], None);
                assert!(
                    counts.canary + counts.stable <= bounds.max_total(),
                    "{rollout:?} {versions:?} {counts:?}"
                );
                canary = set(counts.canary, canary.available.min(counts.canary));
                stable = set(counts.stable, stable.available.min(counts.stable));
                let available = canary.available + stable.available;
                assert!(available >= bounds.min_available(), "{rollout:?} {versions:?} {counts:?}");
                canary.available += draw(canary.spec - canary.available + 1);
                stable.available += draw(stable.spec - stable.available + 1);
                assert!(pass < 2_000, "{rollout:?} {versions:?} {counts:?}");
            }
        }
        assert_eq!((canary, stable), (set(replicas, replicas), set(0, 0)));
    }
}
