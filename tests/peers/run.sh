#!/usr/bin/env bash
# Fieldseal and its peers side by side: the same workload (workload.json), the same proxy (tests/src/bin/slow-line.rs), one
# run; ends with a Markdown table (docs/performance.md, «Peers side by side»). Needs cargo, node 20 and npm, and the
# registries of crates.io and npm: versions come from the committed lock files.
#   tests/peers/run.sh                        every side, as many runs as workload.json says, some fifteen minutes
#   tests/peers/run.sh broken                 breaks one document behind every side's back: each must say that contents differ
#   tests/peers/run.sh samod "pouchdb best"   these alone; works with `broken` in front too
#   FIELDSEAL_PEERS_RUNS=2 tests/peers/run.sh for a first look
set -euo pipefail
cd "$(dirname "$0")/../.."
missing=()
for tool in cargo node npm; do
  command -v "$tool" >/dev/null || missing+=("$tool")
done
if ((${#missing[@]})); then
  echo "missing: ${missing[*]}"
  exit 1
fi
if (($(node --print 'process.versions.node.split(".")[0]') < 20)); then
  echo "missing: node 20 or later, this is $(node --version)"
  exit 1
fi

broken=
if [[ ${1:-} == broken ]]; then
  broken=1
  shift
fi
every=(Fieldseal "samod default" "samod best" "automerge-repo default" "automerge-repo best"
  "hocuspocus default" "hocuspocus best" "pouchdb default" "pouchdb best")
sides=()
for side in "${every[@]}"; do
  if (($# == 0)); then
    sides+=("$side")
  fi
  for asked in "$@"; do
    if [[ $side == "$asked" || $side == "$asked "* ]]; then
      sides+=("$side")
    fi
  done
done
if ((${#sides[@]} == 0)); then
  printf 'none of: %s\n' "${every[*]}"
  exit 1
fi

mkdir -p "${CARGO_TARGET_DIR:-target}/peers/node"
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
peers=$target/peers
workload=$PWD/tests/peers/workload.json
echo "building and installing under $peers"
cargo build -q --release --locked -p fieldseal-tests --bin slow-line
cargo bench -q --locked -p fieldseal-tests --bench figures --no-run
CARGO_TARGET_DIR=$peers/samod cargo build -q --release --locked --manifest-path tests/peers/samod/Cargo.toml
cp tests/peers/node/*.mjs tests/peers/node/package.json tests/peers/node/package-lock.json "$peers/node/"
# No install scripts: what is used of them brings its binaries along.
(cd "$peers/node" && npm ci --loglevel=error --no-audit --no-fund --ignore-scripts)

line=$target/release/slow-line
results=$peers/results.jsonl
folder=$(mktemp -d "$peers/run.XXXXXX")
trap 'rm -rf "$folder"' EXIT

measure() {
  local name=$1 config=${2:-}
  case $name in
  Fieldseal) cargo bench -q --locked -p fieldseal-tests --bench figures -- peers ;;
  samod) "$peers/samod/release/samod-peer" "$workload" "$line" "$folder/$name-$config" "$config" ;;
  *) node "$peers/node/peer.mjs" "$name" "$config" "$workload" "$line" "$folder/$name-$config" ;;
  esac
}

if [[ $broken ]]; then
  export FIELDSEAL_PEERS_RUNS=1 FIELDSEAL_PEERS_BROKEN=1
  for side in "${sides[@]}"; do
    # shellcheck disable=SC2086
    if measure $side >"$folder/out" 2>&1; then
      echo "$side: one document differs, and nobody said so"
      exit 1
    fi
    if ! grep -q "the contents of the documents differ between the two sides" "$folder/out"; then
      cat "$folder/out"
      echo "$side: failed, but not for its contents"
      exit 1
    fi
    echo "$side: says that the contents differ"
  done
  exit 0
fi

: >"$results"
for side in "${sides[@]}"; do
  echo "$side"
  # shellcheck disable=SC2086
  measure $side >>"$results"
done
echo
node "$peers/node/table.mjs" "$results" "$workload" tests/peers/samod/Cargo.lock
