#!/usr/bin/env bash
# What sweeps cost beside their runs: prints figures, asserts nothing.
#
#   benches/sweep.sh [ROUNDS]
#
# Parallel efficiency on two cores, medians of ROUNDS (5): T1 / (2 T2) by the wall clock, which means something only
# where nobody else wants the cores; how much more CPU two threads take than one, and how often they waited for
# anything (voluntary context switches), which hold on a busy machine, too; and two threads against two processes
# of one thread side by side, which cannot see threads that wait where less than two cores are to be had.
# Overhead: 1,000 cells x 5 runs of 100 requests, kept in files, against as many requests in one long run.
# Peak memory with ten times the requests, and with ten times the cells. PEAKDAY_BINARY names another program
# than that of the release build. Folders are removed at the end: a file system may look twice at what was just
# removed before it creates a file.
set -euo pipefail
case ${1:-5} in '' | *[!0-9]*) sed -n '2,13p' "$0"; exit 2 ;; esac
rounds=${1:-5}
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
peakday=${PEAKDAY_BINARY:-}
if [ -z "$peakday" ]; then
  cargo build --release --locked --quiet
  peakday=$PWD/target/release/peakday
fi

# Writes a scenario of 100 requests a second.
base() { # name run
  printf 'apiVersion: peakday/v1alpha1\nkind: Scenario\nmetadata: {name: %s}\nrun: {%s}\n' "$1" "$2"
  printf 'traffic:\n  users: {to: web, class: any, rate: 100/s}\nservices:\n  web:\n'
  printf '    pools: {p: {replicas: 4, concurrency: 1}}\n    work: {exponential: {mean: 20ms}}\n    balancer: leastRequest\n'
} >"$scratch/$1-base.yaml"
loads() { # cells
  seq -s ', ' -f '%.5f' 0.5 "$(awk -v n="$1" 'BEGIN { print 1 / n }')" 1.49999999
}
# Writes a sweep of so many loads around 1.
write() { # name run cells replications
  base "$1" "$2"
  printf 'apiVersion: peakday/v1alpha1\nkind: Sweep\nmetadata: {name: %s}\nbase: %s-base.yaml\naxes:\n' "$1" "$1" >"$scratch/$1.yaml"
  printf '  - {path: run.load, values: [%s]}\nreplications: %s\n' "$(loads "$3")" "$4" >>"$scratch/$1.yaml"
}
folders=0
# Runs a sweep in a folder of its own; prints seconds of the wall clock, of the processors, and KiB at the peak.
measure() { # name threads
  folders=$((folders + 1))
  /usr/bin/time -f '%e %U %S %M %w' "$peakday" sweep run "$scratch/$1.yaml" -o "$scratch/out-$folders-$RANDOM" \
    --threads "$2" --yes -q 2>&1 >/dev/null | tail -n 1
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

write wide 'duration: 200s, interval: 10s' 20 40
for _ in $(seq "$rounds"); do
  measure wide 1 >"$scratch/beside" &
  one=$(measure wide 1)
  wait
  echo "$one $(cat "$scratch/beside") $(measure wide 1) $(measure wide 2)"
done | awk '{
  print $11 / $16 / 2 >> dir "/plain"
  print ($17 + $18) / ($12 + $13) >> dir "/cpu"
  print $20 >> dir "/waits"
  print ($1 + $6) / 4 / $16 >> dir "/beside"
}' dir="$scratch"
echo "800 runs of 20,000 requests on 2 threads: T1 / (2 T2) $(median <"$scratch/plain"), CPU against 1 thread" \
  "$(median <"$scratch/cpu"), waited $(median <"$scratch/waits") times, against 2 processes $(median <"$scratch/beside")"

write tiny 'duration: 1s, interval: 1s' 1000 5
write once 'duration: 5000s, interval: 5000s' 1 1
read -r alone _ <<<"$(measure once 1)"
for _ in $(seq "$rounds"); do
  measure tiny 1
done | while read -r wall user system _; do
  awk -v w="$wall" -v u="$user" -v s="$system" -v a="$alone" 'BEGIN {
    printf "overhead a run, 1,000 cells x 5 runs of 100 requests: %.3f ms (%.3f user, %.3f system)\n", (w - a) / 5, (u - a) / 5, s / 5
  }'
done

write more 'duration: 10s, interval: 1s' 1000 5
write many 'duration: 1s, interval: 1s' 10000 5
for name in tiny more many; do
  read -r _ _ _ memory _ <<<"$(measure "$name" 2)"
  awk -v n="$name" -v m="$memory" 'BEGIN {
    what["tiny"] = "1,000 cells x 5 runs of 100 requests"
    what["more"] = "ten times the requests"
    what["many"] = "ten times the cells"
    printf "peak memory, %s: %.1f MiB\n", what[n], m / 1024
  }'
done
