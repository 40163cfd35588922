#!/usr/bin/env bash
# run.sh trueline|har|otlp|redux|chrome|any [RUNS] [SEED]: fuzzes one importer with libFuzzer and the address sanitizer, beginning with
# the files in Fixtures/traces. A crash, a hang of 10 s, more than 2 GB, or a trace that depends on how the file is cut end it and leave
# the input in .build-fuzz. 100 to 900 inputs a second where nothing else runs; the recordings of whole pages are left out,
# as inputs of 12 KB take ten times as long.
set -euo pipefail
cd "$(dirname "$0")/.."
format=${1:?which importer: trueline, har, otlp, redux, chrome or any}
swift build -c release --package-path Fuzz --scratch-path .build-fuzz --product TraceFuzz
corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT
case $format in
  trueline) cp Fixtures/traces/shop.*.trace.jsonl "$corpus" ;;
  any) cp Fixtures/traces/shop.* "$corpus" ;;
  *) cp Fixtures/traces/shop.*"$format"* "$corpus" ;;
esac
SWIFT_BACKTRACE=enable=no TRUELINE_FUZZ=$format .build-fuzz/release/TraceFuzz "$corpus" -runs="${2:-100000}" -seed="${3:-7}" -max_len=20000 -timeout=10 \
  -rss_limit_mb=2048 -artifact_prefix=.build-fuzz/ -print_final_stats=1 -verbosity=0
