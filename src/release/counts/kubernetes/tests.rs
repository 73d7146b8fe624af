//! Kubernetes' own cases, retyped as tables, and what has to hold of every rolling update.
//!
//! Source: kubernetes/kubernetes v1.20.2, pkg/controller/deployment/rolling_test.go, sync_test.go,
//! util/deployment_util_test.go.

use super::*;
use crate::rng::{Bits, Key};

fn rolling(replicas: u32, max_surge: u32, max_unavailable: u32) -> Deployment {
    let (max_surge, max_unavailable) = (IntOrPercent::Count(max_surge), IntOrPercent::Count(max_unavailable));
    Deployment { replicas, strategy: DeploymentStrategy::RollingUpdate { max_surge, max_unavailable } }
}

fn set(spec: u32, available: u32) -> ReplicaSet {
    ReplicaSet { spec, available }
}

/// `TestResolveFenceposts`, without those texts that are refused when read.
#[test]
fn fenceposts_round_apart_and_are_never_both_nothing() {
    let none = IntOrPercent::default();
    let percent = IntOrPercent::Percent;
    let rows = [
        (percent(0), percent(0), 0, 0, 1),
        (percent(39), percent(39), 10, 4, 3),
        (none, percent(39), 10, 0, 3),
        (percent(39), none, 10, 4, 0),
        (none, none, 10, 0, 1),
        // Kubernetes' own defaults.
        (percent(25), percent(25), 4, 1, 1),
        (percent(25), percent(25), 1, 1, 0),
    ];
    for (max_surge, max_unavailable, desired, surge, unavailable) in rows {
        let got = resolve_fenceposts(max_surge, max_unavailable, desired);
        assert_eq!(got, Fenceposts { surge, unavailable }, "{max_surge} {max_unavailable} of {desired}");
    }
}

/// `TestMaxUnavailable`, whose surge is always 1.
#[test]
fn no_more_are_unavailable_than_there_are() {
    let (count, percent) = (IntOrPercent::Count, IntOrPercent::Percent);
    let rows = [
        (10, count(5), 5),
        (10, count(10), 10),
        (5, count(10), 5),
        (0, count(10), 0),
        (10, percent(50), 5),
        (10, percent(100), 10),
        (5, percent(100), 5),
    ];
    for (replicas, max_unavailable, most) in rows {
        let strategy = DeploymentStrategy::RollingUpdate { max_surge: count(1), max_unavailable };
        assert_eq!(
            Deployment { replicas, strategy }.max_unavailable(),
            most,
            "{max_unavailable} of {replicas}"
        );
    }
    let recreated = Deployment { replicas: 10, strategy: DeploymentStrategy::Recreate };
    assert_eq!((recreated.max_unavailable(), recreated.max_surge()), (0, 0));
}

/// `TestNewRSNewReplicas`: five replicas of all versions, the new one not among them.
#[test]
fn a_new_version_grows_as_far_as_the_surge_allows() {
    assert_eq!(rolling(1, 1, 1).new_rs_new_replicas(5, 5), 5);
    assert_eq!(rolling(6, 10, 1).new_rs_new_replicas(2, 5), 6);
    let recreated = Deployment { replicas: 3, strategy: DeploymentStrategy::Recreate };
    assert_eq!(recreated.new_rs_new_replicas(1, 5), 3);
}

/// `TestDeploymentController_reconcileNewReplicaSet`: wanted, surge, old, new, and new afterwards.
#[test]
fn new_versions_are_reconciled_as_in_kubernetes() {
    let rows =
        [(10, 0, 10, 0, 0), (10, 2, 10, 0, 2), (10, 2, 5, 0, 7), (10, 2, 10, 2, 2), (10, 2, 2, 11, 10)];
    for (replicas, surge, old, new, after) in rows {
        assert_eq!(rolling(replicas, surge, 0).reconcile_new(new, old + new), after, "{old} {new}");
    }
}

/// `TestDeploymentController_reconcileOldReplicaSets`: the unavailable that are borne; old, ready among them,
/// new (none of which is ready), and old afterwards.
#[test]
fn old_versions_are_reconciled_as_in_kubernetes() {
    let rows = [(0, 10, 10, 0, 9), (2, 10, 10, 0, 8), (2, 10, 8, 0, 8), (2, 10, 9, 0, 8), (2, 8, 8, 2, 8)];
    for (max_unavailable, old, ready, new, after) in rows {
        let mut sets = [set(old, ready)];
        let removed = rolling(10, 0, max_unavailable).reconcile_old(set(new, 0), &mut sets);
        assert_eq!((sets[0].spec, removed), (after, old - after), "{max_unavailable} {old} {ready} {new}");
    }
}

/// `TestDeploymentController_cleanupUnhealthyReplicas`: ready of ten, at most, and how many went.
#[test]
fn unhealthy_replicas_go_up_to_a_limit() {
    for (ready, most, removed) in [(8, 1, 1), (8, 3, 2), (8, 0, 0), (10, 3, 0)] {
        let mut old = [set(10, ready)];
        assert_eq!(cleanup_unhealthy(&mut old, most), Some(removed), "{ready} {most}");
        assert_eq!(old[0].spec, 10 - removed);
    }
    let mut several = [set(0, 0), set(3, 1), set(4, 4), set(2, 0)];
    assert_eq!(cleanup_unhealthy(&mut several, 3), Some(3));
    assert_eq!(several.map(|set| set.spec), [0, 1, 4, 1]);
}

/// More available than wanted: the controller gives up for this time, but what it did stays done.
#[test]
fn a_version_that_still_shrinks_stops_the_cleaning() {
    let mut old = [set(3, 1), set(2, 4), set(5, 0)];
    assert_eq!(cleanup_unhealthy(&mut old, 9), None);
    assert_eq!(old.map(|set| set.spec), [1, 2, 5]);
    let mut old = [set(2, 4)];
    assert_eq!(rolling(2, 1, 1).reconcile_old(set(2, 2), &mut old), 0);
    assert_eq!(old, [set(2, 4)]);
}

/// `TestDeploymentController_scaleDownOldReplicaSetsForRollingUpdate`: ready, old, and old afterwards.
#[test]
fn old_versions_go_as_long_as_enough_are_available() {
    let rows = [(0, 10, 10, 9), (2, 10, 10, 8), (2, 8, 10, 10), (2, 10, 0, 0), (2, 1, 10, 10)];
    for (max_unavailable, ready, old, after) in rows {
        let mut sets = [set(old, ready)];
        let removed = rolling(10, 0, max_unavailable).scale_down_old(&mut sets, ready);
        assert_eq!((sets[0].spec, removed), (after, old - after), "{max_unavailable} {ready} {old}");
    }
    let mut several = [set(2, 2), set(5, 5), set(6, 6)];
    assert_eq!(rolling(10, 0, 2).scale_down_old(&mut several, 13), 5);
    assert_eq!(several.map(|set| set.spec), [0, 2, 6], "the oldest goes first");
}

/// What an older version was told when it was scaled last.
fn scaled(spec: u32, desired: u32, max: u32) -> Scaled {
    Scaled { set: set(spec, 0), desired, max }
}

/// `TestScale`: wanted now and before; sizes before and after, the new version first and then ever older
/// ones, as they are listed there.
#[test]
fn a_resized_deployment_shares_out_as_in_kubernetes() {
    type Row = (&'static str, (u32, u32), (u32, u32), &'static [u32], &'static [u32]);
    let rows: [Row; 15] = [
        ("normal 10 -> 12", (12, 0), (10, 0), &[10], &[12]),
        ("normal 10 -> 5", (5, 0), (10, 0), &[10], &[5]),
        ("proportional 5 -> 10", (10, 0), (5, 0), &[2, 3], &[4, 6]),
        ("proportional 5 -> 3", (3, 0), (5, 0), &[2, 3], &[1, 2]),
        ("proportional 9 -> 4", (4, 0), (9, 0), &[8, 1], &[4, 0]),
        ("proportional 7 -> 10", (10, 0), (7, 0), &[2, 3, 2], &[3, 4, 3]),
        ("proportional 13 -> 8", (8, 0), (13, 0), &[2, 8, 3], &[1, 5, 2]),
        ("leftover 3 -> 4", (4, 0), (3, 0), &[1, 1, 1], &[2, 1, 1]),
        ("leftover 3 -> 2", (2, 0), (3, 0), &[1, 1, 1], &[1, 1, 0]),
        ("proportional 6 -> 0", (0, 0), (6, 0), &[3, 2, 1], &[0, 0, 0]),
        ("from nothing to 6", (6, 0), (6, 0), &[0, 0, 0], &[6, 0, 0]),
        ("with surge", (20, 2), (10, 2), &[6, 6], &[11, 11]),
        ("surge and size", (50, 6), (10, 3), &[5, 8], &[22, 34]),
        ("broken new version", (2, 1), (2, 1), &[2, 1], &[2, 1]),
        ("nothing to do", (5, 0), (5, 0), &[2, 3], &[2, 3]),
    ];
    for (name, (replicas, surge), (before, surge_before), sizes, after) in rows {
        let version = |&spec: &u32| scaled(spec, before, before + surge_before);
        let old: Vec<Scaled> = sizes[1..].iter().rev().map(version).collect();
        let got = rolling(replicas, surge, 1).scale(sizes.first().map(version), &old);
        let got: Vec<u32> = got.new.into_iter().chain(got.old.into_iter().rev()).collect();
        assert_eq!(got, after, "{name}");
    }
}

/// The cases of `TestScale` that are not told by sizes alone.
#[test]
fn a_resize_goes_by_what_each_version_was_told() {
    // No new version yet: the latest old one grows first, and a changed template changes nothing.
    let old = [scaled(2, 4, 4), scaled(2, 4, 4)];
    assert_eq!(rolling(5, 0, 1).scale(None, &old), Scale { new: None, old: vec![2, 3] });
    let old = [scaled(3, 10, 10), scaled(7, 10, 10)];
    assert_eq!(rolling(14, 0, 1).scale(None, &old), Scale { new: None, old: vec![4, 10] });
    // "failed rs update": one version missed the resize before and makes up for it.
    let old = [scaled(1, 5, 5), scaled(1, 3, 3)];
    let got = rolling(5, 0, 1).scale(Some(scaled(2, 5, 5)), &old);
    assert_eq!(got, Scale { new: Some(2), old: vec![1, 2] });
}

#[test]
fn nothing_old_stays_beside_a_complete_new_version() {
    let whole = Scaled { set: set(3, 3), desired: 3, max: 4 };
    let old = [scaled(1, 3, 4), scaled(0, 3, 4)];
    assert_eq!(rolling(3, 1, 1).scale(Some(whole), &old), Scale { new: Some(3), old: vec![0, 0] });
    let behind = Scaled { desired: 2, ..whole };
    assert_eq!(rolling(3, 1, 1).scale(Some(behind), &old), Scale { new: Some(3), old: vec![1, 0] });
}

#[test]
fn what_has_no_versions_or_is_recreated_is_left_alone() {
    assert_eq!(rolling(3, 1, 1).scale(None, &[]), Scale::default());
    let recreated = Deployment { replicas: 8, strategy: DeploymentStrategy::Recreate };
    let got = recreated.scale(Some(scaled(2, 4, 4)), &[scaled(2, 4, 4)]);
    assert_eq!(got, Scale { new: Some(2), old: vec![2] });
}

/// Draws whole numbers below others, on which a property is tried.
fn draws(seed: u64) -> impl FnMut(u32) -> u32 {
    let mut stream = Key::from_seed(seed).stream();
    move |below| (stream.next_bits() % u64::from(below)) as u32
}

/// Old replicas are all available, new ones become so a few at a time: there are never more than wanted and
/// surge together, never fewer available than is asked for, and the update ends.
#[test]
fn a_rolling_update_stays_within_its_fenceposts_and_ends() {
    for seed in 0..2_000 {
        let mut draw = draws(seed);
        let deployment = rolling(1 + draw(20), draw(6), draw(6));
        let mut new = set(0, 0);
        let mut old = [set(0, 0); 2];
        old[0] = set(deployment.replicas, deployment.replicas);
        if draw(2) == 0 {
            // An update that overtakes another.
            let moved = draw(deployment.replicas);
            old = [set(deployment.replicas - moved, deployment.replicas - moved), set(moved, moved)];
        }
        let mut passes = 0;
        while new != set(deployment.replicas, deployment.replicas) || replicas_of(&old) > 0 {
            new.spec = deployment.reconcile_new(new.spec, new.spec + replicas_of(&old));
            assert!(new.spec + replicas_of(&old) <= deployment.max_total(), "{deployment:?} {new:?} {old:?}");
            deployment.reconcile_old(new, &mut old);
            old.iter_mut().for_each(|set| set.available = set.available.min(set.spec));
            let available = new.available + old.iter().map(|set| set.available).sum::<u32>();
            assert!(available >= deployment.min_available(), "{deployment:?} {new:?} {old:?}");
            new.available += draw(new.spec - new.available + 1);
            passes += 1;
            assert!(passes < 2_000, "{deployment:?} {new:?} {old:?}");
        }
    }
}

/// Whatever the sizes, what is shared out adds up, and no version shrinks when all are to grow.
#[test]
fn shares_add_up() {
    for seed in 0..2_000 {
        let mut draw = draws(seed);
        let before = rolling(1 + draw(30), draw(4), 1);
        let mut left = before.max_total();
        let mut sizes: [u32; 3] = [0; 3];
        for size in &mut sizes[1..] {
            *size = draw(left + 1);
            left -= *size;
        }
        sizes[0] = left;
        let after = rolling(draw(60), draw(4), 1);
        let version = |spec| scaled(spec, before.replicas, before.max_total());
        let got = after.scale(Some(version(sizes[0])), &[version(sizes[1]), version(sizes[2])]);
        let got = [got.new.unwrap(), got.old[0], got.old[1]];
        let (total, sum): (u32, u32) = (sizes.iter().sum(), got.iter().sum());
        if sizes.iter().filter(|&&size| size > 0).count() < 2 {
            continue;
        }
        let allowed = if after.replicas == 0 { 0 } else { after.max_total() };
        assert_eq!(sum, allowed, "{sizes:?} {after:?} {got:?}");
        if allowed > total {
            assert!(sizes.iter().zip(got).all(|(&size, after)| after >= size), "{sizes:?} {got:?}");
        }
    }
}
