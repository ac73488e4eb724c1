#!/usr/bin/env bash
# A real tus client (npm tus-js-client) against the server's upload lane, through a line that breaks: it resumes where
# the server says, and what comes down again is what went up (B49, I9). Needs cargo, node and npm (installed by apt-get
# where they are missing and that is possible); the client comes from the npm registry by the committed lock file.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo "node or npm is missing: installing"
  apt-get install -y --no-install-recommends nodejs npm >/dev/null || { echo "missing: node, npm"; exit 1; }
fi
target=${CARGO_TARGET_DIR:-target}
modules=$target/edges/tus
mkdir -p "$modules"
cp tests/edges/tus/package.json tests/edges/tus/package-lock.json tests/edges/tus/tus.mjs "$modules/"
(cd "$modules" && npm ci --silent --no-audit --no-fund)
cargo build -q --locked -p fieldseal-tests --bin blobs-under-test
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 120 node "$modules/tus.mjs" "$target/debug/blobs-under-test" "$folder"
