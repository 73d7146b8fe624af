//! What can be wrong with an autoscaler as written, all of it at once.
//!
//! Rules and most words: pkg/apis/autoscaling/validation/validation.go of Kubernetes. What Kubernetes
//! takes and peakday has no model of is refused by name.

use super::metric::{KNOWN, PER_SERVER, metric_of};
use super::quantity::Quantity;
use super::spec::{
    BehaviorSpec, HorizontalPodAutoscaler, MetricIdentifier, MetricSpec, ObjectReference, RulesSpec,
    SourceType, Spec, Target, TargetType,
};

/// What is wrong, as (path, message, remedy).
type Problem = (String, String, String);

/// Kinds of objects whose metrics are those of the service.
const DESCRIBED: [&str; 7] =
    ["Service", "Ingress", "Gateway", "HTTPRoute", "Deployment", "StatefulSet", "ReplicaSet"];

/// Collects problems under a path.
struct Finder<'a> {
    hpa: &'a HorizontalPodAutoscaler,
    problems: Vec<Problem>,
}

impl Finder<'_> {
    fn say(&mut self, path: impl Into<String>, message: impl Into<String>, remedy: impl Into<String>) {
        self.problems.push((path.into(), message.into(), remedy.into()));
    }
}

/// Returns all that is wrong.
pub(super) fn problems(hpa: &HorizontalPodAutoscaler) -> Vec<Problem> {
    let mut finder = Finder { hpa, problems: Vec::new() };
    finder.manifest();
    let spec = hpa.spec();
    let at = if hpa.spec.is_some() { "spec." } else { "" };
    finder.bounds(at, &spec);
    finder.metrics(at, &spec);
    if let Some(behavior) = &spec.behavior {
        finder.behavior(&format!("{at}behavior"), behavior);
    }
    finder.ours();
    finder.problems
}

impl Finder<'_> {
    fn manifest(&mut self) {
        let hpa = self.hpa;
        if hpa.status.is_some() {
            self.say("status", "`status` tells what a cluster did, not what is wanted", "leave it out");
        }
        if hpa.spec.is_none() {
            let manifest = [("apiVersion", hpa.api_version.is_some()), ("kind", hpa.kind.is_some())];
            for (key, _) in manifest.into_iter().filter(|&(_, there)| there) {
                let remedy =
                    format!("add the manifest's `spec`, or leave `{key}` out and write its fields here");
                self.say(key, "a manifest without `spec`", remedy);
            }
            return;
        }
        let wrong = |text: &Option<String>, right: &[&str]| {
            text.as_ref().is_some_and(|it| !right.contains(&it.as_str()))
        };
        if wrong(&hpa.api_version, &["autoscaling/v2", "autoscaling/v1"]) {
            let remedy = "write apiVersion: autoscaling/v2, or let `kubectl get hpa -o yaml` convert it";
            self.say("apiVersion", "only autoscaling/v2 and autoscaling/v1 are known", remedy);
        }
        if wrong(&hpa.kind, &["HorizontalPodAutoscaler"]) {
            self.say("kind", "this is another kind of object", "write kind: HorizontalPodAutoscaler");
        }
        let beside = [
            ("scaleTargetRef", hpa.scale_target_ref.is_some()),
            ("minReplicas", hpa.min_replicas.is_some()),
            ("maxReplicas", hpa.max_replicas.is_some()),
            ("metrics", hpa.metrics.is_some()),
            ("behavior", hpa.behavior.is_some()),
            ("targetCPUUtilizationPercentage", hpa.target_cpu_utilization_percentage.is_some()),
        ];
        for (key, _) in beside.into_iter().filter(|&(_, there)| there) {
            self.say(
                key,
                format!("`{key}` stands beside `spec`"),
                format!("write it as spec.{key}, or drop `spec`"),
            );
        }
    }

    fn bounds(&mut self, at: &str, spec: &Spec) {
        let max_at = format!("{at}maxReplicas");
        let min = spec.min_replicas.unwrap_or(1);
        match spec.max_replicas {
            // The pool may have one.
            None => {}
            Some(max) if max < 1 => {
                self.say(&max_at, "must be greater than 0", "write for example maxReplicas: 20")
            }
            Some(max) if max < min => {
                let message = "must be greater than or equal to `minReplicas`";
                self.say(
                    &max_at,
                    message,
                    format!("write maxReplicas: {min} or more, or a smaller minReplicas"),
                );
            }
            Some(_) => {}
        }
        let min_at = format!("{at}minReplicas");
        let whole = |metric: &MetricSpec| matches!(metric.source, SourceType::Object | SourceType::External);
        if min < 0 {
            self.say(min_at, "must be greater than or equal to 0", "write minReplicas: 1");
        } else if min == 0 && !spec.metrics.iter().flatten().any(whole) {
            let message =
                "must specify at least one Object or External metric to support scaling to zero replicas";
            self.say(min_at, message, "write minReplicas: 1, or add such a metric");
        }
        if let Some(target) = &spec.scale_target_ref {
            self.reference(&format!("{at}scaleTargetRef"), target);
        }
    }

    fn reference(&mut self, at: &str, reference: &ObjectReference) {
        for (key, text) in [("kind", &reference.kind), ("name", &reference.name)] {
            if text.is_empty() {
                self.say(
                    format!("{at}.{key}"),
                    format!("`{key}` is empty"),
                    format!("write the object's {key}"),
                );
            }
        }
    }

    fn metrics(&mut self, at: &str, spec: &Spec) {
        let percent_at = format!("{at}targetCPUUtilizationPercentage");
        if let Some(percent) = spec.target_cpu_utilization_percentage {
            if percent < 1 {
                self.say(&percent_at, "must be greater than 0", "write for example 80");
            }
            if spec.metrics.is_some() {
                let remedy = "leave it out, or leave `metrics` out: the former is of autoscaling/v1";
                self.say(percent_at, "stands beside `metrics`", remedy);
            }
        }
        for (index, metric) in spec.metrics.iter().flatten().enumerate() {
            self.metric(&format!("{at}metrics[{index}]"), metric);
        }
    }

    fn metric(&mut self, at: &str, metric: &MetricSpec) {
        let blocks = [
            (SourceType::Resource, "resource", metric.resource.is_some()),
            (SourceType::ContainerResource, "containerResource", metric.container_resource.is_some()),
            (SourceType::Pods, "pods", metric.pods.is_some()),
            (SourceType::Object, "object", metric.object.is_some()),
            (SourceType::External, "external", metric.external.is_some()),
        ];
        for (source, key, there) in blocks {
            if source == metric.source && !there {
                let remedy = format!("add `{key}`, or name the type of the block that is there");
                self.say(
                    format!("{at}.{key}"),
                    "must populate information for the given metric source",
                    remedy,
                );
            } else if source != metric.source && there {
                self.say(
                    format!("{at}.{key}"),
                    "must populate the given metric source only",
                    format!("make it an entry of its own, of type {source:?}"),
                );
            }
        }
        if let Some(resource) = &metric.resource {
            let at = format!("{at}.resource");
            self.resource(&at, &resource.name, &resource.target);
        }
        if let Some(resource) = &metric.container_resource {
            let at = format!("{at}.containerResource");
            self.resource(&at, &resource.name, &resource.target);
            if resource.container.is_empty() {
                self.say(format!("{at}.container"), "must specify a container", "write the container's name");
            }
        }
        if let Some(pods) = &metric.pods {
            let at = format!("{at}.pods");
            self.identifier(&at, &pods.metric, true);
            self.target(&at, &pods.target, &[TargetType::AverageValue]);
        }
        if let Some(object) = &metric.object {
            let at = format!("{at}.object");
            self.described(&format!("{at}.describedObject"), &object.described_object);
            self.identifier(&at, &object.metric, false);
            self.target(&at, &object.target, &[TargetType::Value, TargetType::AverageValue]);
        }
        if let Some(external) = &metric.external {
            let at = format!("{at}.external");
            self.identifier(&at, &external.metric, false);
            self.target(&at, &external.target, &[TargetType::Value, TargetType::AverageValue]);
        }
    }

    fn resource(&mut self, at: &str, name: &str, target: &Target) {
        match name {
            "cpu" => {}
            "" => self.say(format!("{at}.name"), "must specify a resource name", "write name: cpu"),
            "memory" => {
                let message = "peakday models no memory of servers";
                self.say(format!("{at}.name"), message, "leave this metric out, or write name: cpu");
            }
            _ => self.say(
                format!("{at}.name"),
                format!("there is no resource `{name}` here"),
                "write name: cpu",
            ),
        }
        self.target(at, target, &[TargetType::Utilization, TargetType::AverageValue]);
    }

    fn described(&mut self, at: &str, object: &ObjectReference) {
        self.reference(at, object);
        if !object.kind.is_empty() && !DESCRIBED.contains(&object.kind.as_str()) {
            let message = format!("peakday knows no metrics of a {}", object.kind);
            let known = DESCRIBED.join(", ");
            self.say(
                format!("{at}.kind"),
                message,
                format!("describe the service, as one of {known}; or use External"),
            );
        }
    }

    fn identifier(&mut self, at: &str, metric: &MetricIdentifier, per_server: bool) {
        if metric.selector.is_some() {
            let remedy = "leave it out; what it selects must be the metric of this pool's service";
            self.say(format!("{at}.metric.selector"), "metrics have no labels here", remedy);
        }
        let at = format!("{at}.metric.name");
        let known = if per_server { PER_SERVER } else { KNOWN };
        match metric_of(&self.hpa.metric_names, &metric.name) {
            _ if metric.name.is_empty() => self.say(at, "must specify a metric name", choose(known)),
            Some((name, _)) if !known.contains(&name) => {
                let message = format!("`{name}` is of the whole service, not of a pod");
                self.say(at, message, "use type Object or External");
            }
            Some(_) => {}
            // A wrong name in the map is told there.
            None if self.hpa.metric_names.contains_key(&metric.name) => {}
            None => {
                let remedy = format!(
                    "say what it is, for example metricNames: {{{}: requests_per_second}}; {}",
                    metric.name,
                    choose(known)
                );
                self.say(at, format!("there is no metric `{}` here", metric.name), remedy);
            }
        }
    }

    fn target(&mut self, at: &str, target: &Target, allowed: &[TargetType]) {
        let at = format!("{at}.target");
        let fields = [
            (TargetType::Utilization, "averageUtilization", target.average_utilization.is_some()),
            (TargetType::Value, "value", target.value.is_some()),
            (TargetType::AverageValue, "averageValue", target.average_value.is_some()),
        ];
        if !allowed.contains(&target.target) {
            let names: Vec<String> = allowed.iter().map(|it| format!("type: {it:?}")).collect();
            let remedy = format!("write {}", names.join(" or "));
            self.say(
                format!("{at}.type"),
                format!("{:?} is no target of such a metric", target.target),
                remedy,
            );
            return;
        }
        for (kind, key, there) in fields {
            if kind == target.target && !there {
                let remedy = format!(
                    "write for example {key}: {}",
                    if kind == TargetType::Utilization { "60" } else { "\"500m\"" }
                );
                self.say(format!("{at}.{key}"), format!("type {kind:?} goes with `{key}`"), remedy);
            } else if kind != target.target && there {
                let message = format!("may not be set beside type {:?}", target.target);
                let remedy = if allowed.contains(&kind) {
                    format!("leave it out, or write type: {kind:?}")
                } else {
                    "leave it out".to_owned()
                };
                self.say(format!("{at}.{key}"), message, remedy);
            }
        }
        if target.average_utilization.is_some_and(|percent| percent < 1) {
            let remedy = "write a percentage of the request, for example 60";
            self.say(format!("{at}.averageUtilization"), "must be greater than 0", remedy);
        }
        for (key, quantity) in [("value", &target.value), ("averageValue", &target.average_value)] {
            if quantity.as_ref().is_some_and(|quantity| !quantity.is_positive()) {
                self.say(format!("{at}.{key}"), "must be positive", "write for example \"500m\"");
            }
        }
    }

    fn behavior(&mut self, at: &str, behavior: &BehaviorSpec) {
        for (key, rules) in [("scaleUp", &behavior.scale_up), ("scaleDown", &behavior.scale_down)] {
            if let Some(rules) = rules {
                self.rules(&format!("{at}.{key}"), rules);
            }
        }
    }

    fn rules(&mut self, at: &str, rules: &RulesSpec) {
        let window = rules.stabilization_window_seconds;
        if window.is_some_and(|seconds| !(0..=3600).contains(&seconds)) {
            let message = "must be greater than or equal to zero, and less than or equal to 3600";
            self.say(format!("{at}.stabilizationWindowSeconds"), message, "write for example 300");
        }
        if rules.policies.as_ref().is_some_and(Vec::is_empty) {
            let remedy =
                "write for example [{type: Percent, value: 100, periodSeconds: 15}], or leave `policies` out";
            self.say(format!("{at}.policies"), "must specify at least one Policy", remedy);
        }
        for (index, rule) in rules.policies.iter().flatten().enumerate() {
            let at = format!("{at}.policies[{index}]");
            if rule.value < 1 {
                self.say(format!("{at}.value"), "must be greater than zero", "write for example value: 4");
            }
            if !(1..=1800).contains(&rule.period_seconds) {
                let message = "must be greater than zero, and less than or equal to 1800";
                self.say(format!("{at}.periodSeconds"), message, "write for example periodSeconds: 15");
            }
        }
        let tolerance_at = format!("{at}.tolerance");
        match &rules.tolerance {
            Some(_) if !self.hpa.kubernetes.has_tolerances() => {
                let message =
                    format!("Kubernetes {} has no tolerance of its own per autoscaler", self.hpa.kubernetes);
                self.say(
                    tolerance_at,
                    message,
                    "write kubernetes: \"1.33\" or later, or `tolerance` beside `kubernetes`",
                );
            }
            Some(tolerance) if Quantity::is_negative(tolerance) => {
                self.say(
                    tolerance_at,
                    "must be greater than or equal to 0",
                    "write for example tolerance: 0.05",
                );
            }
            _ => {}
        }
    }

    fn ours(&mut self) {
        let hpa = self.hpa;
        if hpa.horizontal_pod_autoscaler_sync_period.is_some_and(|period| period.is_zero()) {
            let remedy = "write for example 15s";
            self.say("horizontalPodAutoscalerSyncPeriod", "it would decide without end", remedy);
        }
        for (name, meaning) in &hpa.metric_names {
            if !KNOWN.contains(&meaning.as_str()) {
                let message = format!("there is no metric `{meaning}` here");
                self.say(format!("metricNames.{name}"), message, choose(KNOWN));
            }
        }
    }
}

fn choose(known: &[&str]) -> String {
    format!("known are {}", known.join(", "))
}
