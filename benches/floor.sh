#!/usr/bin/env bash
# How far from the bare event loop: runs the loop and the program in turn on one core, and prints
# the ratio of their requests a second (1 is as fast as the loop; all outputs are written).
#
#   benches/floor.sh LOOP_FOLDER [ROUNDS]
#
# LOOP_FOLDER holds the crate of the bare loop; it is copied and built in a temporary folder.
# Ratios are taken pair by pair, so that a machine that drifts does not matter; the median counts.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,9p' "$0"; exit 2; }
loop=$(cd "$1" && pwd)
rounds=${2:-5}
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cargo build --release --locked --quiet
cp -r "$loop" "$scratch/loop"
(cd "$scratch/loop" && cargo build --release --quiet 2>/dev/null)
pin=()
command -v taskset >/dev/null && pin=(taskset -c 1)

loop_ns() { # workload servers
  "${pin[@]}" "$scratch/loop/target/release/floor" run "$1" b4o "$2" 20000000 1 1 |
    sed -nE 's/^b4o .* ([0-9.]+) ns\/req.*/\1/p'
}
our_ns() { # scenario; all of it: reading, simulating, writing
  local from=$EPOCHREALTIME
  "${pin[@]}" target/release/peakday run "benches/$1.yaml" --threads 1 -q -o "$scratch/out" >/dev/null
  awk -v from="$from" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.2f", (to - from) * 1e9 / 20e6 }'
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

printf '%-10s %10s %10s %8s\n' workload 'loop ns' 'ours ns' ratio
for row in "w1 w1 100" "w2 w2 1000" "w2-small w2 100" "w2-large w2 10000"; do
  read -r scenario workload servers <<<"$row"
  : >"$scratch/ratios"
  for _ in $(seq "$rounds"); do
    floor=$(loop_ns "$workload" "$servers")
    ours=$(our_ns "$scenario")
    awk -v a="$floor" -v b="$ours" 'BEGIN { printf "%.3f\n", a / b }' >>"$scratch/ratios"
    printf '%-10s %10s %10s %8s\n' "$scenario" "$floor" "$ours" "$(tail -n 1 "$scratch/ratios")"
  done
  printf '%-10s median ratio %s\n' "$scenario" "$(median <"$scratch/ratios")"
done
