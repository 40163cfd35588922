#!/usr/bin/env bash
# The WebAssembly core against the native one: builds it, tests Web/ordering.js on it, records a transcript of random events
# under two hash seeds, and has the native build repeat it, byte by byte, through the same C interface.
#   Scripts/check-wasm.sh [EVENTS] [SEED]
# SWIFT_TEST_FLAGS is added to `swift test`, for instance "--scratch-path .build-core" with TRUELINE_CORE=1.
set -euo pipefail
cd "$(dirname "$0")/.."

events=${1:-120000}
seed=${2:-1}
transcript=$(mktemp "${TMPDIR:-/tmp}/trueline-transcript.XXXXXX")
trap 'rm -f "$transcript"' EXIT

Scripts/build-wasm.sh
node --test --test-reporter=dot Tests/Wasm
echo
node Tests/Wasm/replay.mjs Web/ordering.wasm "$transcript" "$events" "$seed"
# shellcheck disable=SC2086 # several flags
TRUELINE_TRANSCRIPT=$transcript TRUELINE_TRANSCRIPT_EVENTS=$events \
  swift test ${SWIFT_TEST_FLAGS:-} --filter OrderingTests.TranscriptTests
