#!/usr/bin/env bash
# How long one waits before and after a simulation: prints figures, asserts nothing.
#
#   benches/startup.sh [ROUNDS]
#
# Start-up of every command that does not simulate, reading a scenario of 500 services, and writing
# all outputs of a day at intervals of 10 s with 20 services. Medians of ROUNDS runs (20), in
# milliseconds, each from the start of the process to its end. PEAKDAY_BINARY names another program than
# that of the release build.
set -euo pipefail
case ${1:-20} in '' | *[!0-9]*) sed -n '2,9p' "$0"; exit 2 ;; esac
rounds=${1:-20}
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
peakday=${PEAKDAY_BINARY:-}
if [ -z "$peakday" ]; then
  cargo build --release --locked --quiet
  peakday=$PWD/target/release/peakday
fi

# Prints the median time of a command whatever it answers, and what it is.
median() { # what command..
  local what=$1 from
  shift
  for _ in $(seq "$rounds"); do
    from=$EPOCHREALTIME
    "$@" >/dev/null 2>&1 || true
    awk -v from="$from" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.3f\n", (to - from) * 1e3 }'
  done | sort -n | awk -v what="$what" '{ v[NR] = $1 } END { printf "%-58s %8.1f ms\n", what, v[int((NR + 1) / 2)] }'
}

# Prints a scenario of so many services, each with its own source and objective.
scenario() { # name services run rate
  printf 'apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {name: %s}\nrun: {%s}\ntraffic:\n' "$1" "$3"
  for i in $(seq "$2"); do
    printf '  users-%d: {to: service-%d, mix: {browse: 92%%, order: 8%%}, rate: %s}\n' "$i" "$i" "$4"
  done
  printf 'services:\n'
  for i in $(seq "$2"); do
    printf '  service-%d:\n    pools: {standard: {replicas: 12, concurrency: 8, cpu: {cores: 4}, zones: [a, b, c]}}\n' "$i"
    printf '    queue: {limit: 200, timeout: 1s}\n'
    printf '    work: {browse: {lognormal: {mean: 4ms, cv: 1.2}}, order: {lognormal: {p50: 5ms, p99: 30ms}}}\n'
    printf '    balancer: {leastRequest: {choiceCount: 2}}\n'
  done
  printf 'objectives:\n'
  for i in $(seq "$2"); do
    printf '  - {name: p99-%d, service: service-%d, latency: {percentile: 99, lt: 400ms}, every: 1m}\n' "$i" "$i"
  done
}

large=$scratch/large.yaml
scenario large 500 'duration: 1h' '90/s' >"$large"
diurnal='{diurnal: {mean: 90/s, peak: 150/s, peakAt: 12h}}'
varying=$scratch/varying.yaml
scenario varying 500 'duration: 1d, interval: 1m, replications: 1' "$diurnal" >"$varying"

echo "start-up"
median "peakday --version" "$peakday" --version
# Every command the program knows; those that take no file are asked for their help as well.
for command in $("$peakday" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
  median "peakday $command --help" "$peakday" "$command" --help
  case $command in
  help | run) ;;
  validate | plan) median "peakday $command scenarios/quickstart.yaml" "$peakday" "$command" scenarios/quickstart.yaml ;;
  init) ;; # it writes
  *) median "peakday $command" "$peakday" "$command" ;;
  esac
done
median "peakday run of an invalid scenario" "$peakday" run Cargo.toml

echo "reading a scenario of 500 services ($(wc -c <"$large") bytes)"
for command in validate plan; do
  if "$peakday" "$command" --help >/dev/null 2>&1; then
    median "peakday $command, steady traffic" "$peakday" "$command" "$large"
    median "peakday $command, traffic that changes by the minute for a day" "$peakday" "$command" "$varying"
  fi
done

echo "writing all outputs of a day at intervals of 10 s, 20 services"
# Hardly any traffic, so that little but closing intervals is simulated.
day='duration: 1d, replications: 1'
scenario day 20 "$day, interval: 10s" '0.01/s' >"$scratch/day.yaml"
scenario day 20 "$day, interval: 1d" '0.01/s' >"$scratch/whole.yaml"
for outputs in "files" "files and OpenMetrics"; do
  more=()
  [ "$outputs" = files ] || more=(--export-openmetrics "$scratch/metrics.txt")
  for length in day whole; do
    intervals=8,640
    [ "$length" = day ] || intervals=1
    median "$outputs, $intervals intervals" \
      "$peakday" run "$scratch/$length.yaml" -q -o "$scratch/out-$length" "${more[@]}"
  done
done
median "peakday report: result.json read, all others written" "$peakday" report "$scratch/out-day"
du -ch "$scratch/out-day" "$scratch/metrics.txt" | awk 'END { print "bytes written: " $1 }'
