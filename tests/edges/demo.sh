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
    grep -q "one-time link" "$log" && curl -fsS "http://127.0.0.1:$port/healthz" >/dev/null 2>&1 && return
    kill -0 "$pid" 2>/dev/null || fail "the demo ended by itself"
    sleep 0.1
  done
  fail "no address within a minute"
}

link() { grep -o -m1 "http://127.0.0.1:$port/link/[A-Za-z0-9_-]*" "$log" || fail "no one-time link printed"; }

# Opening the link never uses it up; its button does.
sign_in() {
  local one_time
  one_time=$(link)
  grep -q '<form method="post"' <<<"$(curl -fsS "$one_time")" || fail "the one-time link shows no button"
  [ "$(curl -s -o /dev/null -w '%{http_code}' -c "$jar" -b "$jar" -X POST -d '' "$one_time")" = 303 ] || fail "the one-time link does not sign in"
  [ "$(curl -s -o /dev/null -w '%{redirect_url}' -X POST -d '' "$one_time")" != "http://127.0.0.1:$port/" ] || fail "the one-time link works twice"
}
numbers() { curl -fsS -b "$jar" "http://127.0.0.1:$port/" | grep -o '[ST]S20[0-9]*' | sort -u; }

jar=$folder/cookies
start
[ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/")" != 200 ] || fail "the board is open without a login"
sign_in
before=$(numbers)
[ "$(echo "$before" | wc -l)" -ge 20 ] || fail "fewer than 20 work orders on the board"
echo "board shows $(echo "$before" | wc -l) numbers"

engineer=$(pgrep -f "demo-engineer --folder $folder" | head -n 1)
[ -n "$engineer" ] || fail "no engineer's process"
kill -9 "$engineer"
sleep 2
[ "$(pgrep -fc "demo-engineer --folder $folder")" = 3 ] || fail "a killed engineer did not come back"
echo "a killed engineer came back"

kill -9 "$pid"
wait "$pid" 2>/dev/null || true
sleep 1
pgrep -f "demo-engineer --folder $folder" >/dev/null && fail "engineers outlive a killed server"
start
sign_in
after=$(numbers)
missing=$(comm -23 <(echo "$before") <(echo "$after"))
[ -z "$missing" ] || fail "lost after kill -9 and a second start: $missing"
echo "a second start after kill -9 shows every number again"

curl -sN -b "$jar" "http://127.0.0.1:$port/v1/live" >/dev/null &
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
