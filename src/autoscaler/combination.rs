//! Several policies of one pool: the largest number wins.
//!
//! Kubernetes ("the largest of the desired replica counts"), KEDA and AWS ("the policy that provides the largest
//! capacity") agree on that; and on who cannot see voting against fewer servers.

use super::{Advice, Limit};

/// What several policies come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Combined {
    /// Which of the policies won, by its place; the first of those that want the same.
    pub winner: usize,
    /// How many servers.
    pub replicas: u32,
    /// What held the winner back, or kept fewer servers from being enough.
    pub limited_by: Option<Limit>,
}

/// Returns what several policies come to, where there are `current` servers; `None` where none says anything.
///
/// A policy without readings ([`Limit::NoMetric`] and no number) keeps servers from being removed, not from
/// being added. One that says nothing for another reason has no vote.
pub fn combined(advice: &[(String, Advice)], current: u32) -> Option<Combined> {
    let numbers =
        advice.iter().enumerate().filter_map(|(place, (_, advice))| Some((place, advice.replicas?)));
    // The first of the largest: max_by_key would return the last.
    let (winner, replicas) =
        numbers.fold(None, |best: Option<(usize, u32)>, (place, replicas)| match best {
            Some((_, most)) if most >= replicas => best,
            _ => Some((place, replicas)),
        })?;
    let blind = |(_, advice): &(String, Advice)| {
        advice.replicas.is_none() && advice.limited_by == Some(Limit::NoMetric)
    };
    if replicas < current
        && let Some(place) = advice.iter().position(blind)
    {
        return Some(Combined { winner: place, replicas: current, limited_by: Some(Limit::NoMetric) });
    }
    Some(Combined { winner, replicas, limited_by: advice[winner].1.limited_by })
}

/// Returns what limited one of the policies, seen beside the others: it is outvoted where another wants more.
pub fn limit_of(advice: &Advice, combined: &Combined) -> Option<Limit> {
    match advice.replicas {
        Some(replicas) if replicas < combined.replicas => Some(Limit::Combination),
        _ => advice.limited_by,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(replicas: Option<u32>, limited_by: Option<Limit>) -> (String, Advice) {
        ("policy".to_owned(), Advice { replicas, limited_by, ..Advice::default() })
    }

    /// "if one policy adds 3, another 200 per cent of 10, 30 are wanted" (Application Auto Scaling).
    #[test]
    fn the_largest_wins_and_who_cannot_see_keeps_servers() {
        let blind = advice(None, Some(Limit::NoMetric));
        let silent = advice(None, Some(Limit::Disabled));
        for (policies, expected) in [
            (
                vec![advice(Some(13), None), advice(Some(30), Some(Limit::Rate))],
                Some((1, 30, Some(Limit::Rate))),
            ),
            (vec![advice(Some(9), None), advice(Some(9), Some(Limit::Rate))], Some((0, 9, None))),
            (vec![advice(Some(9), None), blind.clone()], Some((1, 10, Some(Limit::NoMetric)))),
            (vec![advice(Some(11), None), blind.clone()], Some((0, 11, None))),
            (vec![silent.clone(), advice(Some(9), None)], Some((1, 9, None))),
            (vec![silent, blind], None),
            (vec![], None),
        ] {
            let combined = combined(&policies, 10).map(|c| (c.winner, c.replicas, c.limited_by));
            assert_eq!(combined, expected, "{policies:?}");
        }
    }

    #[test]
    fn who_wants_less_is_outvoted() {
        let combined = Combined { winner: 1, replicas: 30, limited_by: None };
        assert_eq!(limit_of(&advice(Some(13), None).1, &combined), Some(Limit::Combination));
        assert_eq!(limit_of(&advice(Some(30), Some(Limit::Rate)).1, &combined), Some(Limit::Rate));
        assert_eq!(limit_of(&advice(None, Some(Limit::NoMetric)).1, &combined), Some(Limit::NoMetric));
    }
}
