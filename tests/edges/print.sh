#!/usr/bin/env bash
# The printable report as a browser and a printer see it: real sealed reports opened in Chromium and printed to PDF, then
# read back by other people's tools (poppler, zbar), and the page's own route of a running server with a real engineer's
# report. Everything that is checked here would be invisible to a test that only reads the HTML.
set -euo pipefail
cd "$(dirname "$0")/../.."
need() { command -v "$1" >/dev/null || packages+=("$2"); }
packages=()
need chromium chromium
need pdftotext poppler-utils
need zbarimg zbar-tools
need curl curl
need fc-list fontconfig
fonts=$(fc-list 2>/dev/null || true)
grep -qi "cjk\|wqy" <<<"$fonts" || packages+=(fonts-noto-cjk)
grep -qi "liberation" <<<"$fonts" || packages+=(fonts-liberation)
if [ ${#packages[@]} -gt 0 ]; then
  echo "installing ${packages[*]}"
  as_root=; [ "$(id -u)" = 0 ] || as_root=sudo
  $as_root apt-get install -y -q --no-install-recommends "${packages[@]}" >/dev/null || {
    $as_root apt-get update -q >/dev/null && $as_root apt-get install -y -q --no-install-recommends "${packages[@]}" >/dev/null
  } || { echo "missing: ${packages[*]}"; exit 1; }
fi
# With a path to keep the pages: PRINT_KEEP=folder tests/edges/print.sh
folder=${PRINT_KEEP:-$(mktemp -d)}
mkdir -p "$folder"
profile=${PRINT_PROFILE:-release}
[ "$profile" = release ] && flag=--release || flag=
target=${CARGO_TARGET_DIR:-target}/$profile
pid=
# Children first: the demo's engineers end with their server.
# Its own status is none of the script's.
cleanup() {
  if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; fi
  [ -n "${PRINT_KEEP:-}" ] || rm -rf "$folder"
}
trap cleanup EXIT
fail() { echo "FAILED: $*"; exit 1; }

cargo build --locked $flag -p fieldseal-core --example printed_reports --example engineer
cargo build --locked $flag -p fieldseal-server
server=$target/fieldseal-server

browser() { timeout 120 chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$folder/chromium" "$@" >/dev/null 2>>"$folder/chromium.log"; }
print_pdf() { browser --print-to-pdf="$2" "$1" && [ -s "$2" ] || fail "not printed: $1"; }

# Two pictures, drawn by the browser itself, as photos.
for n in 1 2; do
  size=$([ "$n" = 1 ] && echo 1200,900 || echo 900,1200)
  echo "<body style='margin:0;height:100vh;background:linear-gradient(${n}35deg,#b9a27e,#3d4c5a)'><div style='margin:25vh auto;width:50vw;height:20vh;background:#20242c;border-radius:5vh;transform:rotate(-${n}1deg)'>" >"$folder/photo$n.html"
  browser --window-size="$size" --screenshot="$folder/photo$n.png" "file://$folder/photo$n.html" || fail "no picture"
done
"$target/examples/printed_reports" --out "$folder" "$folder/photo1.png" "$folder/photo2.png" >"$folder/hashes"

# What a page must be, whatever it says.
check_pdf() { # pdf, text that must be on it…
  local pdf=$1; shift
  grep -q "Page size:.*594.*x 841.*(A4)\|Page size:.*595.*x 84[12].*(A4)" <<<"$(pdfinfo "$pdf")" || fail "$pdf is not A4: $(pdfinfo "$pdf" | grep 'Page size')"
  pdftotext -layout "$pdf" "$pdf.txt"
  # Spaces and line breaks are the layout's.
  tr -d ' \n\f' <"$pdf.txt" >"$pdf.flat"
  local wanted
  for wanted in "$@"; do
    grep -qF -- "$(echo "$wanted" | tr -d ' ')" "$pdf.flat" || fail "$pdf does not say «$wanted»"
  done
  grep -q "printed\.\|warranty_outcome\.\|explain\." "$pdf.txt" && fail "$pdf shows a key instead of a text"
  grep -q . <<<"$(pdffonts "$pdf" | awk 'NR > 2 && $(NF - 4) != "yes"')" && fail "$pdf has a font that is not embedded"
  grep -q $'\xef\xbf\xbd' "$pdf.txt" && fail "$pdf has replacement characters"
  return 0
}

for name in first second refused; do
  for lang in zh-CN en; do
    html=$folder/$name.$lang.html pdf=$folder/$name.$lang.pdf
    "$server" verify --language en "$html" >"$folder/verify" || { cat "$folder/verify"; fail "$html does not verify"; }
    grep -q "What can be read in the file is what was sealed" "$folder/verify" || fail "$html: visible part not compared"
    print_pdf "file://$html" "$pdf"
    pages=$(pdfinfo "$pdf" | awk '/^Pages/ {print $2}')
    if [ "$lang" = en ]; then
      check_pdf "$pdf" "Service report" "Page 1 of $pages" "Customer's opinion" "fieldseal-server verify" "信安印章服务有限公司"
    else
      check_pdf "$pdf" "维修服务报告" "第 1 页 / 共 $pages 页" "客户意见" "封存与校验" "信安印章服务有限公司"
    fi
    # The QR code, read from the printed page by another program.
    pdftoppm -r 150 -png "$pdf" "$pdf"
    sha=$(awk -v name="$name" '$1 == name {print $2}' "$folder/hashes")
    zbarimg -q --raw -Sdisable -Sqrcode.enable "$pdf"-*.png >"$folder/qr" 2>"$folder/zbar.log" || true
    grep -qx "fieldseal:1:sha256:$sha" "$folder/qr" || fail "$pdf: the QR code does not hold the hash"
    [ "$(sha256sum <"$folder/$name.json" | cut -d' ' -f1)" = "$sha" ] || fail "$name: the hash is not the file's"
    echo "$name.$lang: $(stat -c %s "$html") bytes, $pages pages A4, QR code read"
  done
done
# Two photos at hand, each once; the third is told. Nothing of the signature is a picture: strokes are vectors.
images=$(pdfimages -list "$folder/first.zh-CN.pdf" | awk 'NR > 2 && $3 == "image"' | wc -l)
[ "$images" = 2 ] || fail "$images pictures on paper instead of 2"
check_pdf "$folder/first.zh-CN.pdf" "照片在途" "人为损坏" "¥188.00" "设备时钟存疑" "王芳" "K-2001"
check_pdf "$folder/second.en.pdf" "Corrected revision" "数量应为 2" "¥188.00" "¥316.00"
check_pdf "$folder/refused.en.pdf" "The customer refused to sign" "<O'Neil & Sons>" "Zoë O’Neil" "Photography was forbidden" "open"
[ "$(pdfimages -list "$folder/refused.en.pdf" | awk 'NR > 2 && $3 == "image"' | wc -l)" = 0 ] || fail "a picture where none was taken"
# No missing glyph: some installed font has every character that was printed (the browser takes the first that does).
export LC_ALL=C.UTF-8
cat "$folder"/*.pdf.flat | grep -o '[^ -~]' | sort -u >"$folder/characters"
while read -r character; do
  code=$(printf '%x' "'$character")
  [ -n "$(fc-list ":charset=$code" family)" ] || fail "no font has «$character» (U+$code)"
done <"$folder/characters"
echo "$(wc -l <"$folder/characters") characters beyond ASCII, each in a font"
# The file asks nothing of anybody: no request leaves it, no script is in it.
grep -qi "<script\|https\?://[^w]\|url(" "$folder/first.zh-CN.html" && fail "the file refers to something outside"
# One changed figure in what can be read.
sed 's/¥188.00/¥18.00/' "$folder/first.zh-CN.html" >"$folder/changed.html"
"$server" verify --language en "$folder/changed.html" >"$folder/verify" && fail "a changed amount verifies"
grep -q "NOT what was sealed" "$folder/verify" || fail "it is not said that the visible part was changed"

# What a browser makes of the file when it writes it out of its own memory: another file, said to be one, and the sealed
# bytes are still in it.
timeout 120 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$folder/chromium" --dump-dom "file://$folder/first.en.html" >"$folder/saved.html" 2>>"$folder/chromium.log"
"$server" verify --language en "$folder/saved.html" >"$folder/verify" && fail "a page that a browser rewrote verifies whole"
grep -q "The sealed record inside holds" "$folder/verify" || fail "the sealed bytes did not survive a browser"

# The route of a running server, with what the demo's engineers really sealed; and the same bytes from a phone's engine.
port=$((20000 + RANDOM % 20000)); log=$folder/demo.log; jar=$folder/cookies
"$server" demo --listen "127.0.0.1:$port" --data "$folder/data" --speed 20 >"$log" 2>&1 &
pid=$!
# A debug build on a busy machine needs minutes for the demo's month.
for _ in $(seq 6000); do grep -q "one-time link" "$log" && break; kill -0 "$pid" 2>/dev/null || { tail -n 20 "$log"; fail "the demo ended by itself"; }; sleep 0.1; done
grep -q "one-time link" "$log" || fail "no one-time link within ten minutes"
link=$(grep -o -m1 "http://127.0.0.1:$port/link/[A-Za-z0-9_-]*" "$log")
curl -fsS -o /dev/null -c "$jar" -b "$jar" -X POST -d '' "$link"
path=
for order in $(curl -fsS -b "$jar" "http://127.0.0.1:$port/" | grep -o '/orders/[0-9a-f-]\{36\}' | sort -u); do
  page=$(curl -fsS -b "$jar" "http://127.0.0.1:$port$order")
  path=$(grep -o -m1 "$order/report/[0-9a-f]\{64\}" <<<"$page" | head -n 1 || true)
  [ -z "$path" ] || break
done
[ -n "$path" ] || fail "no printable report on any order's page"
[ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port$path")" != 200 ] || fail "the report is open without a login"
for lang in zh-CN en; do
  curl -fsS -b "$jar" -D "$folder/headers" -o "$folder/page.$lang.html" "http://127.0.0.1:$port$path?lang=$lang"
  grep -qi "^content-security-policy: default-src 'none'" "$folder/headers" || fail "no policy on the printable report"
  "$server" verify --language en "$folder/page.$lang.html" >"$folder/verify" || fail "the page's report does not verify"
  grep -q "is what was sealed" "$folder/verify" || fail "the page's report is not compared"
  print_pdf "file://$folder/page.$lang.html" "$folder/page.$lang.pdf"
done
check_pdf "$folder/page.zh-CN.pdf" "维修服务报告" "封存与校验"
check_pdf "$folder/page.en.pdf" "Service report" "Seal"
echo "the running server's report: $(stat -c %s "$folder/page.zh-CN.html") bytes, verifies, prints"
