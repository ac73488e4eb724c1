#!/usr/bin/env bash
# README's first command, as a visitor runs it: builds, starts, prints one address and a one-time link, serves the
# page, keeps its data over a kill and a restart, and stops within a second of Ctrl-C with an event stream open.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v curl >/dev/null || { echo "missing: curl"; exit 1; }
cargo build --release --locked -p fieldseal-server
binary=${CARGO_TARGET_DIR:-target}/release/fieldseal-server
folder=$(mktemp -d)
log=$folder/log
port=$((20000 + RANDOM % 20000))
pid=
cleanup() { [ -n "$pid" ] && kill -9 "$pid" 2>/dev/null; pkill -9 -f "$folder" 2>/dev/null || true; rm -rf "$folder"; }
trap cleanup EXIT

fail() { echo "FAILED: $*"; tail -n 40 "$log"; exit 1; }

start() {
  "$binary" demo --listen "127.0.0.1:$port" --data "$folder/data" --speed 20 >"$log" 2>&1 &
  pid=$!
  for _ in $(seq 600); do
    grep -q "http://127.0.0.1:$port/" "$log" && curl -fsS "http://127.0.0.1:$port/healthz" >/dev/null 2>&1 && return
    kill -0 "$pid" 2>/dev/null || fail "the demo ended by itself"
    sleep 0.1
  done
  fail "no address within a minute"
}

link() { grep -o "http://127.0.0.1:$port/[^ ]*" "$log" | grep -m1 '[?/].*[A-Za-z0-9_-]\{16,\}' || fail "no one-time link printed"; }

start
one_time=$(link)
jar=$folder/cookies
board=$(curl -fsSL -c "$jar" -b "$jar" "$one_time") || fail "the one-time link does not open the page"
echo "$board" | grep -qi "<main" || fail "no page behind the one-time link"
[ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/board")" != 200 ] || fail "the board is open without a login"
before=$(curl -fsSL -b "$jar" "http://127.0.0.1:$port/board" | grep -o 'SS20[0-9]*\|TS20[0-9]*' | sort -u)
[ -n "$before" ] || fail "no work order on the board"
echo "board shows $(echo "$before" | wc -l) numbers"

kill -9 "$pid"
wait "$pid" 2>/dev/null || true
start
after=$(curl -fsSL -c "$jar" -b "$jar" "$(link)" >/dev/null; curl -fsSL -b "$jar" "http://127.0.0.1:$port/board" | grep -o 'SS20[0-9]*\|TS20[0-9]*' | sort -u)
missing=$(comm -23 <(echo "$before") <(echo "$after"))
[ -z "$missing" ] || fail "lost after kill -9 and a second start: $missing"
echo "a second start after kill -9 shows every number again"

curl -sN -b "$jar" "http://127.0.0.1:$port/live" >/dev/null &
stream=$!
sleep 0.5
from=$(date +%s%N)
kill -INT "$pid"
for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
kill -0 "$pid" 2>/dev/null && fail "still running 5 s after Ctrl-C"
took=$((($(date +%s%N) - from) / 1000000))
kill "$stream" 2>/dev/null || true
pid=
[ "$took" -le 1500 ] || fail "Ctrl-C took $took ms with an event stream open"
echo "stopped $took ms after Ctrl-C, event stream open"
