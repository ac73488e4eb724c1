#!/usr/bin/env bash
# The generated Kotlin, compiled by a real kotlinc and run against the real library and a real server: enrol, the
# server killed, one work order done offline to the sealed report, the server back, exchanged, and found there.
# Needs: Rust, a C compiler, curl, node with npm (for kotlinc, whole as one package), a JDK 17 and JNA (both by apt).
set -euo pipefail
cd "$(dirname "$0")/../.."
as_root=; [ "$(id -u)" = 0 ] || as_root=sudo
install() {
  echo "installing $*"
  $as_root apt-get install -y -q --no-install-recommends "$@" >/dev/null || {
    $as_root apt-get update -q >/dev/null && $as_root apt-get install -y -q --no-install-recommends "$@" >/dev/null
  } || { echo "missing: $*"; exit 1; }
}
command -v curl >/dev/null || { echo "missing: curl"; exit 1; }
command -v npm >/dev/null || install nodejs npm
command -v java >/dev/null || install openjdk-17-jre-headless
jna=${JNA_JAR:-/usr/share/java/jna.jar}
[ -e "$jna" ] || install libjna-java

# The core is free of uniffi, and the server of the bindings.
tree() { cargo tree --locked --edges normal --prefix none "$@"; }
grep -q '^uniffi' <<<"$(tree -p fieldseal-core)" && { echo "FAILED: the core depends on uniffi"; exit 1; }
grep -q '^fieldseal-bindings' <<<"$(tree -p fieldseal-server)" && { echo "FAILED: the server depends on the bindings"; exit 1; }
grep -q '^uniffi v' <<<"$(tree -p fieldseal-bindings)" || { echo "FAILED: the check for uniffi finds it nowhere"; exit 1; }

[ -d tests/edges/kotlin/node_modules/kotlin-compiler ] || npm ci --no-audit --no-fund --ignore-scripts --prefix tests/edges/kotlin
kotlin=$PWD/tests/edges/kotlin/node_modules/kotlin-compiler
cargo build --locked -p fieldseal-bindings -p fieldseal-server --features fieldseal-bindings/bindgen
target=$(cd "${CARGO_TARGET_DIR:-target}/debug" && pwd)
server=$target/fieldseal-server
out=$target/kotlin
rm -rf "$out"; mkdir -p "$out"
"$target/uniffi-bindgen" generate --no-format --config bindings/uniffi.toml --language kotlin --out-dir "$out/generated" "$target/libfieldseal_bindings.so"
from=$SECONDS
bash "$kotlin/bin/kotlinc" -jvm-target 17 -nowarn -cp "$jna:$kotlin/lib/kotlinx-coroutines-core-jvm.jar" \
  -d "$out/scenario.jar" "$out/generated/fieldseal/ffi/fieldseal_bindings.kt" bindings/kotlin/Scenario.kt
echo "compiled in $((SECONDS - from)) s"

folder=$(mktemp -d)
pid=
cleanup() { [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true; rm -rf "$folder"; }
trap cleanup EXIT
log=$folder/log
fail() { echo "FAILED: $*"; tail -n 20 "$log" 2>/dev/null; exit 1; }

start() {
  "$server" demo --listen "127.0.0.1:$1" --data "$folder/data" >"$log" 2>&1 &
  pid=$!
  for _ in $(seq 900); do
    if grep -q "one-time link" "$log"; then
      port=$(grep -o -m1 'http://127.0.0.1:[0-9]*/link' "$log" | grep -o ':[0-9][0-9]*/' | tr -d ':/')
      return
    fi
    kill -0 "$pid" 2>/dev/null || fail "the server ended by itself"
    sleep 0.2
  done
  fail "no address within three minutes"
}
stop() {
  kill -9 "$pid"
  wait "$pid" 2>/dev/null || true
  pid=
}
phone() {
  timeout 300 java -Xms96m -Xmx96m -XX:+AlwaysPreTouch -Djna.library.path="$target" \
    -cp "$out/scenario.jar:$jna:$kotlin/lib/kotlin-stdlib.jar:$kotlin/lib/kotlinx-coroutines-core-jvm.jar" \
    ScenarioKt "$@" || fail "Kotlin: $*"
}
by_hand() { "$server" --data "$folder/data/server" "$@"; }

mkdir "$folder/phone"
phone errors "$folder/phone"
start 0
code=$(by_hand device code you)
phone enrol "$folder/phone" "http://127.0.0.1:$port" "$code"
stop
phone offline "$folder/phone" "$folder/report.json"
start "$port"
phone sync "$folder/phone"
phone listeners "$folder/phone"

jar=$folder/cookies
link=$(grep -o -m1 "http://127.0.0.1:$port/link/[A-Za-z0-9_-]*" "$log")
curl -fsS -o /dev/null -c "$jar" -b "$jar" -X POST -d '' "$link"
curl -fsS -b "$jar" "http://127.0.0.1:$port/orders/$(cat "$folder/report.json.order")" >"$folder/page"
grep -q "no answer from the chip" "$folder/page" || fail "the server's page does not show the report"
echo "the server's page shows the report"
stop
by_hand check | tee "$folder/checked"
grep -q "everything is as it must be" "$folder/checked" || fail "check"
"$server" verify "$folder/report.json" || fail "the sealed file does not verify"
device=$(by_hand device list | grep Kotlin | cut -d ' ' -f 1)
by_hand device revoke "$device" --reason "lost"
start "$port"
code=$(by_hand device code you)
phone revoked "$folder/phone" "http://127.0.0.1:$port" "$code"
stop
echo "Kotlin: everything held"
