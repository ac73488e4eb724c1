#!/usr/bin/env bash
# The phone's file under SQLCipher with a raw key: header not plain, a wrong key a clear error. A build of its own,
# because SQLCipher links the system's OpenSSL, which the first build shall not ask for.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! dpkg -s libssl-dev >/dev/null 2>&1; then
  echo "installing libssl-dev"
  as_root=; [ "$(id -u)" = 0 ] || as_root=sudo
  $as_root apt-get install -y -q libssl-dev || { $as_root apt-get update -q && $as_root apt-get install -y -q libssl-dev; } || { echo "missing: libssl-dev"; exit 1; }
fi
out=$(mktemp); trap 'rm -f "$out"' EXIT
cargo test --locked -p fieldseal-core --lib --features sqlcipher sqlcipher_ 2>&1 | tee "$out"
# A filter that finds nothing passes too; this test must have run.
grep -q "^test .*sqlcipher_.* ok$" "$out" || { echo "FAILED: no test under SQLCipher ran"; exit 1; }
