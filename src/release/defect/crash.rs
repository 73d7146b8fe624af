//! Servers that fail with all they have in hand.

use super::scope::{Wrong, check_ratio, check_scope, scoped, wrong};
use super::{Defect, Host, Scope, draw};
use crate::dist::DistributionSpec;
use crate::rng::{Key, uniform_closed_open};
use crate::time::SimDuration;
use crate::units::Ratio;

/// What stands where a length or a share should.
const EITHER: &str =
    "write after, such as after: {exponential: {mean: 10m}}, or perRequest, such as perRequest: 0.01%";

scoped! {
    /// A server crashes, after a time, at a request, or both.
    Crash {
        /// How long a server serves until it crashes, each anew; not by itself where left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<DistributionSpec<SimDuration>> =
            Some(DistributionSpec::Exponential { mean: SimDuration::from_secs(600) }),
        /// How likely a server crashes at the end of a request; no request does that where left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        per_request: Option<Ratio> = None,
    }
}

impl Defect for Crash {
    fn scope(&self) -> Scope {
        self.hits()
    }

    fn problems(&self) -> Vec<Wrong> {
        let mut found = check_scope(&self.hits());
        if self.after.is_none() && self.per_request.is_none() {
            found.push(wrong("", "nothing says when a server crashes", EITHER));
        }
        found.extend(self.per_request.and_then(|share| check_ratio("perRequest", share, "0.01%")));
        match self.after.as_ref().map(DistributionSpec::build) {
            Some(Ok(law)) if law.mean() == 0.0 => found.push(wrong(
                "after",
                "a server would crash before it serves anything",
                "write for example after: {exponential: {mean: 10m}}",
            )),
            Some(Err(problems)) => found.extend(problems.into_iter().map(|problem| {
                let point = if problem.path.is_empty() { "" } else { "." };
                (format!("after{point}{}", problem.path), problem.message, problem.remedy)
            })),
            _ => {}
        }
        found
    }

    fn crashes(&self, _host: &Host, key: Key) -> bool {
        self.per_request.is_some_and(|Ratio(share)| uniform_closed_open(key.draw(draw::CRASHES)) < share)
    }

    /// Built anew for every server: servers are few beside requests.
    fn lifetime(&self, key: Key) -> Option<SimDuration> {
        let law = self.after.as_ref()?.build().ok()?;
        Some(SimDuration::from_nanos((law.sample(&mut key.stream()) + 0.5) as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{FRESH, share};
    use super::*;

    fn read(yaml: serde_json::Value) -> Crash {
        serde_json::from_value(yaml).expect("a crash")
    }

    #[test]
    fn a_server_lives_as_long_as_its_law_says() {
        let key = Key::from_seed(7);
        let after = read(serde_json::json!({"after": "90s"}));
        assert_eq!(after.lifetime(key), Some(SimDuration::from_secs(90)));
        let after = read(serde_json::json!({"after": {"exponential": {"mean": "10m"}}}));
        let n = 4_000;
        let lives = (0..n).map(|server| after.lifetime(key.child(server)).expect("a life").as_secs_f64());
        // Mean of 4,000 exponentials of 600 s: its standard error is 600 / sqrt(4000) = 9.5 s.
        let mean = lives.sum::<f64>() / n as f64;
        assert!((mean - 600.0).abs() < 4.0 * 9.5, "{mean}");
        assert_eq!(after.lifetime(key.child(3)), after.lifetime(key.child(3)));
        assert!(!after.crashes(&FRESH, key));
    }

    #[test]
    fn a_request_crashes_its_server_as_often_as_is_written() {
        let crash = read(serde_json::json!({"perRequest": "5%"}));
        share(0.05, |key| crash.crashes(&FRESH, key));
        assert_eq!(crash.lifetime(Key::from_seed(1)), None);
    }

    #[test]
    fn what_is_wrong_is_told_at_once() {
        let paths = |crash: &Crash| crash.problems().into_iter().map(|(path, ..)| path).collect::<Vec<_>>();
        let none = Crash { after: None, ..Crash::default() };
        assert_eq!(paths(&none), [""]);
        assert_eq!(paths(&read(serde_json::json!({"after": "0s"}))), ["after"]);
        let all = serde_json::json!({"after": {"exponential": {"mean": "0s"}}, "perRequest": "101%",
            "servers": "200%"});
        assert_eq!(paths(&read(all)), ["servers", "perRequest", "after.exponential.mean"]);
    }
}
