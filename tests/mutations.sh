#!/bin/sh
# Breaks the simulator in one place at a time and asserts that a test notices.
#
#     sh tests/mutations.sh            all of them: a quarter of an hour on two cores
#     sh tests/mutations.sh 'mser|des' only those whose name or file matches the pattern
#
# Works in a copy (MUTATIONS_DIR, default target/mutations) that keeps its build between mutants.
# A mutation whose pattern no longer fits, or that does not compile, counts as an error: it would
# prove nothing. A mutant that runs for two minutes or fills 4 GB is stopped and counts as noticed.
# Exit code 1 if any mutant survives or any mutation is in error.
set -u

root=$(cd "$(dirname "$0")/.." && pwd)
work=${MUTATIONS_DIR:-$root/target/mutations}
only=${1:-.}
tree=$work/tree
if [ -z "${PEAKDAY_SHARED:-}" ] && [ -d "$root/../shared" ]; then
    PEAKDAY_SHARED=$(cd "$root/../shared" && pwd)
fi
export PEAKDAY_SHARED="${PEAKDAY_SHARED:-}"
# Compiled often and run briefly.
export CARGO_TARGET_DIR="$work/target" CARGO_INCREMENTAL=1
export CARGO_PROFILE_TEST_OPT_LEVEL=1 CARGO_PROFILE_TEST_DEBUG=0

rm -rf "$tree"
mkdir -p "$tree"
# With fresh time stamps: what an earlier run left compiled may be a mutant.
(cd "$root" && tar -cf - --exclude=target --exclude=./.git --exclude=./output .) | (cd "$tree" && tar -xmf -)
cd "$tree" || exit 1

killed=0 survived=0 errors=0

verdict() {
    printf '%-9s %-52s %-34s %s\n' "$1" "$2" "$3" "$4"
}

# unbroken TEST...: asserts, once, that what is to notice passes without any mutation.
passing=
unbroken() {
    [ "$1" = --lib ] && set -- --lib
    case "$passing" in *"<$*>"*) return ;; esac
    if ! cargo test --quiet "$@" > "$work/log" 2>&1; then
        tail -n 40 "$work/log"
        echo "cargo test $* fails without any mutation"
        exit 1
    fi
    passing="$passing<$*>"
}

# mutate NAME FILE SED TEST...: applies the sed expression to the file; `cargo test TEST...` must fail.
mutate() {
    name=$1 file=$2 expression=$3
    shift 3
    printf '%s %s' "$name" "$file" | grep -Eq "$only" || return
    unbroken "$@"
    cp "$file" "$work/original"
    sed -e "$expression" "$work/original" > "$file"
    if cmp -s "$file" "$work/original"; then
        verdict ERROR "$name" "$file" "the pattern fits nothing"
        errors=$((errors + 1))
    elif ! cargo test --quiet "$@" --no-run > "$work/log" 2>&1; then
        verdict ERROR "$name" "$file" "does not compile"
        tail -n 20 "$work/log"
        errors=$((errors + 1))
    elif (ulimit -v 4000000; timeout 120 cargo test --quiet "$@") > "$work/log" 2>&1; then
        verdict SURVIVED "$name" "$file" "$*"
        survived=$((survived + 1))
    else
        verdict killed "$name" "$file" "$*"
        killed=$((killed + 1))
    fi
    # A fresh time stamp, so that the original is compiled again.
    cat "$work/original" > "$file"
}

# both NAME FILE SED CASES STORY...: what answers the cases of a real system decides in a run, too. With the
# mutation each must fail: `cargo test --test CASES`, through the example, and `cargo test STORY...`.
both() {
    name=$1 file=$2 expression=$3 cases=$4
    shift 4
    printf '%s %s' "$name" "$file" | grep -Eq "$only" || return
    mutate "$name, in a run" "$file" "$expression" "$@"
    cp "$file" "$work/original"
    sed -e "$expression" "$work/original" > "$file"
    if ! cargo build --quiet --example conformance > "$work/log" 2>&1; then
        verdict ERROR "$name, in cases" "$file" "does not compile"
        errors=$((errors + 1))
    elif cargo test --quiet --test "$cases" > "$work/log" 2>&1; then
        verdict SURVIVED "$name, in cases" "$file" "$cases"
        survived=$((survived + 1))
    else
        verdict killed "$name, in cases" "$file" "$cases"
        killed=$((killed + 1))
    fi
    cat "$work/original" > "$file"
}

mutate "sign in the logarithm" src/dist/exponential.rs \
    's/(rest - r)$/(rest + r)/' --lib dist
mutate "sign in the lognormal mean" src/dist/moments.rs \
    's/libm::exp(mu + sigma \* sigma \/ 2.0)/libm::exp(mu - sigma * sigma \/ 2.0)/' --lib dist
mutate "variance for deviation" src/dist/build.rs \
    's/- sigma2 \/ 2.0, libm::sqrt(sigma2))/- sigma2 \/ 2.0, sigma2)/' --lib dist
mutate "product for quotient in the Pareto" src/dist/sampler.rs \
    's/unit_exponential(bits.next_bits()) \/ alpha)/unit_exponential(bits.next_bits()) * alpha)/' --lib dist
mutate "n for n - 1 in the variance" src/stats/interval.rs \
    's/squares \/ (n - 1.0)/squares \/ n/' --lib stats
mutate "percentile one rank too high" src/stats/histogram.rs \
    's/while seen >= wanted {/while seen > wanted {/' --lib stats
mutate "floor for ceiling in the rank" src/stats/histogram.rs \
    's/(exact - exact \* 1e-12).ceil()/(exact - exact * 1e-12).floor()/' --lib stats
mutate "sign in the moment of a gauge" src/stats/gauge.rs \
    '/pub fn increment/,/^    }/s/wrapping_add/wrapping_sub/' --lib stats
mutate "one event past the horizon" src/des.rs \
    's/if at >= until {/if at > until {/' --lib des
mutate "ceiling for rounding of times" src/sim/flow.rs \
    's/(value + 0.5) as i64/value.ceil() as i64/' --test worked
mutate "last in, first out" src/fleet/mod.rs \
    's/Discipline::Fifo => server.line.pop_front(arena)/Discipline::Fifo => server.line.pop_back(arena)/' --test worked
mutate "the central queue last in, first out" src/fleet/mod.rs \
    's/Discipline::Lifo => service.central\[0\].pop_back/Discipline::Lifo | Discipline::Fifo => service.central[0].pop_back/; s/Discipline::Fifo | Discipline::Priority => pop_first(&mut service.central/Discipline::Priority => pop_first(\&mut service.central/' --test worked
mutate "one slot more" src/fleet/life.rs \
    's/launch.slots.unwrap_or(u32::MAX)/launch.slots.map_or(u32::MAX, |slots| slots + 1)/' --test worked
mutate "one more in the queue" src/fleet/mod.rs \
    's/server.waiting < limit/server.waiting <= limit/' --test worked
mutate "who gives up stays in the queue" src/sim/flow.rs \
    '/self.fleet.abandon(service, server/d' --test worked
mutate "arrivals before completions at one instant" src/sim/event.rs \
    's/\(Self::Completion(server, request) => pack(\)2,/\115,/; s/\(Self::Arrival(source) => pack(\)15,/\12,/; s/ 2 => Self::Completion/ 15 => Self::Completion/' --test worked
mutate "a shared CPU slower than its cores" src/fleet/shared.rs \
    's/if wanted <= self.millicores {/if self.working.len() <= 1 {/' --lib fleet
mutate "a shared CPU without limit" src/fleet/shared.rs \
    's/if wanted <= self.millicores {/if wanted > 0 {/' --test worked shared_cores
mutate "strays of the warm-up not taken off" src/results/recorder.rs \
    '/latency.subtract(&self.strays.latency);/d' --test worked
mutate "the last interval dropped" src/results/recorder.rs \
    's/if now == self.next_interval {/if now == self.next_interval \&\& now < self.end {/' --test worked
mutate "the larger of two choices" src/balancer/least_request.rs \
    's/in_flight\[second\] < in_flight\[first\]/in_flight[second] > in_flight[first]/' --lib balancer
mutate "ties to the last of equals" src/balancer/smooth_weighted_round_robin.rs \
    's/a.0 == b.0 \&\& a.2 < b.2/a.0 == b.0 \&\& a.2 > b.2/' --test truth nginx
mutate "remainders of recorded counts dropped" src/workload/recorded/spread.rs \
    's/self.remainder = due % WHOLE;/self.remainder = 0;/' --lib recorded
mutate "evenly spaced from a whole gap on" src/workload/synthetic.rs \
    's/self.block\[0\] = 0.5;/self.block[0] = 1.0;/' --lib workload
mutate "the first half of evenly spaced gaps in every block" src/workload/synthetic.rs \
    's/if !std::mem::replace(begun, true) {/if !*begun {/' --lib workload
mutate "an increment of a block given twice" src/workload/synthetic.rs \
    's/unit_exponential(self.draws.next_bits()));/&\n                self.block[BLOCK - 1] = self.block[0];/' --lib workload
mutate "an increment of a block of gammas given twice" src/workload/synthetic.rs \
    's/unit_gamma(\*shape, &mut self.draws) \* \*scale);/&\n                self.block[BLOCK - 1] = self.block[0];/' --lib workload
mutate "the size left out of the demand" src/sim/flow.rs \
    '/work \*= incoming.size/d; s/let mut work = row.work/let work = row.work/' --test traces
mutate "the demand drawn from the balancer's stream" src/sim/flow.rs \
    's/&mut incoming.key.stream_from(WORK_DRAW)/\&mut self.services[row.service.index()].bits/' --test swarm
mutate "n for n^2 in MSER-5" src/stats/mser.rs \
    's/\/ (n \* n)$/\/ n/' --lib stats
mutate "MSER-5 content with the edge" src/stats/mser.rs \
    's/(best.1 < last).then_some/(best.1 <= last).then_some/' --lib stats
mutate "the warm-up found and not used" src/study/mod.rs \
    's/scenario.to_mut().plan.warmup_ns = warmup::find(&scenario.plan, &pilots)?.as_nanos();/warmup::find(\&scenario.plan, \&pilots)?;/' --test study
mutate "the warm-up of the last service" src/study/warmup.rs \
    's/longest = longest.max(settled as u64);/longest = settled as u64;/' --test study
mutate "balancer draws from the source's stream" src/sim/world.rs \
    's/key.named("balancer").named(name)/key.named("source").named(name).named("arrivals")/' \
    --test truth quick_formulas

mutate "a check at the very instant of a failure" src/scenario/plan.rs \
    's/at.as_nanos() \/ interval + u64::from(count)/at.as_nanos().div_ceil(interval) + u64::from(count) - 1/' --test drill
mutate "one repairer more than there are" src/sim/fault.rs \
    's/state.repairing >= repairers/state.repairing > repairers/' --test drill
mutate "missing servers counted from the last change" src/sim/staffing.rs \
    's/self.since.get_or_insert(now);/self.since = Some(now);/' --lib staffing
mutate "a window that holds the scrape before it" src/monitoring/mod.rs \
    's/skip_while(|scrape| scrape.at < begin)/skip_while(|scrape| scrape.at + self.window < begin)/' --lib monitoring
mutate "an alert at the first sample" src/sim/watch.rs \
    's/if now - since < condition.hold {/if false {/' --test drill
mutate "what is seen is seen at once" src/sim/watch.rs \
    's/queue.append(watch_state.lane, now + delay,/queue.append(watch_state.lane, now + delay - delay,/' --test drill
mutate "pulls that do not share" src/sim/launch.rs \
    's/(f64::from(self.image.parallel) \/ self.pulls.len() as f64).min(1.0)/1.0/' --lib launch
mutate "turns that are not taken" src/sim/launch.rs \
    's/self.turn = begins + apart;/self.turn = begins;/' --test launch
mutate "a bill without its rounding" src/results/fleet_mean.rs \
    's/within + life.next_multiple_of(NANOS_PER_SEC).max(least) - life/within/' --lib fleet_mean
mutate "faults that draw by their place" src/sim/agenda.rs \
    's/key.named("fault").named(name)/key.named("fault")/' --test mortal

both "a pod fewer than Kubernetes wants" src/autoscaler/kubernetes/calculator.rs \
    's/replicas.ceil() as i32/replicas.floor() as i32/' conformance_kubernetes --test control
both "a step of AWS taken away from zero" src/autoscaler/step_scaling.rs \
    's/let change = rounded(capacity as f64 \* adjustment \/ 100.0);/let change = (capacity as f64 * adjustment \/ 100.0).ceil() as i64;/' conformance_scaling --lib step_scaling
both "turns of Envoy that are all alike" src/balancer/edf.rs \
    's/1.0 \/ weight(id)/1.0/; s/1.0 \/ weight;/1.0;/' conformance_balancing --lib balancer
mutate "the smallest of several wishes" src/autoscaler/combination.rs \
    's/Some((_, most)) if most >= replicas => best,/Some((_, most)) if most <= replicas => best,/' --test control
mutate "old servers given back before the new ones serve" src/sim/ladder.rs \
    's/wanted.saturating_sub(serving)/0_u32.saturating_sub(serving)/' --test control
mutate "a server that promises what it could do idle" src/sim/recent.rs \
    's/crowd.abs_diff(in_flight as usize)/crowd/' --lib recent

mutate "what ends at the instant of a decision counts before it" src/sim/release/ledger.rs \
    's/if self.before.0 == now { self.before.1 } else { self.bad }/self.bad/' --test releases
mutate "traffic routed the other way round" src/sim/release/split.rs \
    's/if draw < canary.weight/if draw >= canary.weight/' --test releases
mutate "an image that is older than it is" src/sim/release/back.rs \
    's/let age = now - saved;/let age = (now - saved) + (now - saved);/' --test releases
mutate "all servers restored at once" src/sim/release/back.rs \
    's/for _ in 0..parallel.max(1)/for _ in 0..parallel.max(9)/' --test releases
mutate "a freeze that lets through whoever waited" src/sim/release/rollout.rs \
    's/if thaws > now {/if thaws > now + SimDuration::from_secs(999) {/' --test releases
mutate "a version that serves on and counts as gone" src/sim/release/ledger.rs \
    's/runs \&\& (at.busy() + at.waiting() > 0 || at.state().serves() \&\& !idle_route)/runs \&\& at.busy() + at.waiting() > 0/' --test releases
mutate "a rollback that forgets to retry" src/sim/release/back.rs \
    's/if nth >= rollback.attempts {/if nth >= 1 {/' --test releases
mutate "a defect that draws by the run" src/release/defect/errors.rs \
    's/< self.rate.0/< self.rate.0 \/ 2.0/' --test releases
mutate "harm that the day without the release had, too" src/study/pairs.rs \
    's/mark.without = at.and_then(|at| unharmed.bad.get(at).copied());/mark.without = at.map(|_| 0);/' --test releases
both "a rolling update that forgets the surge" src/release/counts/kubernetes/mod.rs \
    's/self.replicas.saturating_add(self.max_surge())/self.replicas/' conformance_releases --test releases

mutate "Sobol' points without their polynomial" src/scenario/sweep/sobol.rs \
    's/v\[bit\] ^= ((inner/v[bit] \&= ((inner/' --lib sobol
mutate "a Latin hypercube that draws every part anew" src/scenario/sweep/combine.rs \
    's/(part as f64 + uniform_closed_open/(0.0 * part as f64 + count as f64 * uniform_closed_open/' --test sweep_file
mutate "a constraint that leaves out what fits anywhere" src/scenario/sweep/combine.rs \
    's/!axes.iter().all(|(axis, values)|/!axes.iter().any(|(axis, values)|/' --test sweep_file
mutate "times of day that begin anew" src/scenario/sweep/axis.rs \
    's/passed += DAY/passed += 0.0 * DAY/' --test sweep_file
mutate "a trace that every cell reads" src/scenario/check/traces.rs \
    's/let survey = surveys.entry(key)/surveys.clear();\n        let survey = surveys.entry(key)/' --test sweep_file

echo "$killed killed, $survived survived, $errors in error"
[ $((survived + errors)) -eq 0 ]
