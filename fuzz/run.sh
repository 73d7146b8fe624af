#!/usr/bin/env bash
# Runs every fuzz target, one after the other: fuzz/run.sh [SECONDS_PER_TARGET]
# Needs `cargo install cargo-fuzz`; a stable toolchain will do. What breaks is left in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-150}
export RUSTC_BOOTSTRAP=1
for target in scenario trace_instants trace_intervals result; do
  mkdir -p "fuzz/corpus/$target"
  cp fuzz/seeds/"$target"/* "fuzz/corpus/$target/"
  # Every mistake that people are known to make, too: its messages are looked for by what stands around it.
  if [ "$target" = scenario ]; then cp tests/wrong/*.yaml scenarios/*.yaml "fuzz/corpus/$target/"; fi
  printf '\n== %s\n' "$target" >&2
  cargo fuzz run --sanitizer none "$target" -- -max_total_time="$seconds" \
    -rss_limit_mb=2048 -timeout=10 -max_len=65536 -print_final_stats=1
done
