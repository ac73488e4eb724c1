#!/usr/bin/env bash
# The dispatcher's page in a real browser (Debian's Chromium by Playwright): the visitor's story, both languages,
# keyboard only, two browsers on one order, a killed server with the page open, no script, 200 open orders, axe clean.
#
#   tests/edges/browser.sh [story …]      stories are the files of browser/stories; none means all
#
# FIELDSEAL_SERVER names a binary to use instead of building one, FIELDSEAL_SHOTS a folder for screenshots
# (target/browser by default), FIELDSEAL_SHOTS_ALL=1 takes every page in both languages and themes at three widths.
set -euo pipefail
cd "$(dirname "$0")/../.."
repository=$PWD

missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
fc-list 2>/dev/null | grep -qi "noto.*cjk" || missing+=(fontconfig fonts-noto-cjk)
if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || { echo "missing: ${missing[*]}"; exit 1; }
  as_root=
  [ "$(id -u)" = 0 ] || as_root=sudo
  $as_root apt-get -o DPkg::Lock::Timeout=300 update -qq
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

binary=${FIELDSEAL_SERVER:-}
if [ -z "$binary" ]; then
  cargo build --release --locked -p fieldseal-server
  binary=${CARGO_TARGET_DIR:-target}/release/fieldseal-server
fi
binary=$(readlink -f "$binary")

(cd tests/edges/browser && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --silent; })
shots=${FIELDSEAL_SHOTS:-target/browser}
mkdir -p "$shots"
# The stories bound themselves; this is for a browser that hangs.
exec timeout --kill-after=10 "${FIELDSEAL_BROWSER_SECONDS:-600}" \
  node "$repository/tests/edges/browser/run.mjs" --server "$binary" --shots "$shots" "$@"
