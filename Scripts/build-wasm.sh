#!/usr/bin/env bash
# Builds Web/ordering.wasm from the sources that also compile natively, and checks what comes out: it imports nothing, it
# exports exactly the C interface, and it is small. Building needs the Swift toolchain and nothing else, the checks need node;
# wasm-opt is never used, so that the output does not depend on what happens to be installed.
#   Scripts/build-wasm.sh          build when a source is newer than the output
#   Scripts/build-wasm.sh --force  build anyway
set -euo pipefail
cd "$(dirname "$0")/.."

output=Web/ordering.wasm
budget=122880 # 120 KiB, gzip -9
triple=wasm32-unknown-none-wasm
sources=(Sources/Ordering/*.swift Sources/OrderingWasm/*.swift Scripts/wasm/runtime.c Scripts/build-wasm.sh)

# The compiler decides on the output too, so a new one rebuilds.
stamp=.build-wasm/compiler
compiler=$(swiftc --version 2>/dev/null | head -1)
if [ "${1:-}" != --force ] && [ -f "$output" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$compiler" ] &&
  [ -z "$(find "${sources[@]}" Sources/Ordering Sources/OrderingWasm -newer "$output" -print -quit)" ]; then
  echo "$output is up to date"
  exit 0
fi

mkdir -p .build-wasm Web
# A fixed name, since the compiler's output depends on it; two builds at once are kept apart by the lock.
work=.build-wasm/work
mkdir -p "$work"
exec 9>.build-wasm/lock
command -v flock >/dev/null && flock 9

# A compiler that loops must not hang the build or eat the machine: 300 s and 8 GB are far beyond what it needs.
(
  ulimit -v 8000000 2>/dev/null || true
  timeout 300 swiftc -target $triple -enable-experimental-feature Embedded -wmo -parse-as-library -swift-version 6 -Osize \
    -enable-upcoming-feature InternalImportsByDefault -enable-upcoming-feature ExistentialAny \
    -enable-upcoming-feature MemberImportVisibility \
    -Xfrontend -disable-stack-protector -warnings-as-errors -package-name trueline -module-name TruelineOrdering \
    -c Sources/Ordering/*.swift Sources/OrderingWasm/*.swift -o "$work/ordering.o"
)
clang --target=$triple -O2 -ffreestanding -fno-builtin -Wall -Wextra -Werror -c Scripts/wasm/runtime.c -o "$work/runtime.o"

library=$(swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath" *: *"\([^"]*\)".*/\1/p')/embedded/$triple
functions=$(sed -n 's/^@c(\([a-z_]*\)).*/\1/p' Sources/OrderingWasm/*.swift)
# shellcheck disable=SC2046 # one flag for each function
wasm-ld --no-entry --gc-sections --fatal-warnings --strip-all --stack-first -z stack-size=262144 \
  $(printf -- '--export=%s ' $functions) "$work/ordering.o" "$work/runtime.o" "$library/libswiftUnicodeDataTables.a" \
  -o "$work/ordering.wasm"

if command -v node >/dev/null; then
  wanted=$(printf '%s\n' memory runtime_seed $functions | LC_ALL=C sort | tr '\n' ' ')
  node Scripts/wasm/check-module.mjs "$work/ordering.wasm" "$wanted" $budget
else
  echo "$output is not checked for imports, exports and size: that takes node" >&2
fi
mv "$work/ordering.wasm" "$output"
printf '%s' "$compiler" >"$stamp"
