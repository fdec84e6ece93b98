# What must hold with real cameras: one function a scenario, sourced by run.sh.
# The server closes a camera that nobody watches, so a stream stays open while a scenario looks on.

all=(no_camera list_cameras raw_pictures nearest_size unplug_and_replug other_number busy denied
  jpeg_untouched jpeg_without_tables stall feeder_restarts broken_pictures idle_closes_camera)
failed=0

run_scenarios() {
  local scenario
  (($#)) || set -- "${all[@]}"
  mkdir -p "$work/seen"
  printf '%-4s  %-62s  %s\n' '' WHAT SEEN
  for scenario; do
    declare -F "$scenario" >/dev/null || die "no scenario $scenario; there are: ${all[*]}"
    printf -- '----  %s\n' "$scenario"
    "$scenario"
    unwatch
    guest 'log; dmesg | tail -n 20' >"$work/seen/$scenario.log" 2>&1 || true
    guest reset >/dev/null || row FAIL "the bench: the guest is clean again" ""
  done
  if ((failed)); then say "$failed failed; logs and pictures: $work/seen"; else say "all as expected"; fi
  ((failed == 0))
}

no_camera() {
  serve || return 0
  expect "without a camera: the test pattern" 3 source_is kind pattern
  expect "and says so in the log" 1 logged 'camera|webcam'
  expect_stop
}

list_cameras() {
  guest 'load_vivid; load_loopback; feed clip.avi' || true
  local list=$work/seen/list.txt
  if guest 'timeout 10 /share/livestream --list-cameras </dev/null' >"$list" 2>&1; then
    row ok "--list-cameras ends with 0" "$(wc -l <"$list") lines"
  else
    row FAIL "--list-cameras ends with 0" "exit code $?"
  fi
  local words
  for words in vivid Loopback /dev/video0 /dev/video1 'YUYV' 'MJPE?G' '1280 ?[x×] ?720'; do
    expect "it names $words" 0 grep -qiE "$words" "$list"
  done
}

raw_pictures() {
  guest load_vivid || true
  serve --source webcam --size 640x360 --fps 30 || return 0
  watch
  expect "vivid is live" 5 source_is status live
  expect "pictures change, 4 or more a second" 0 changing 8 2
  expect "the snapshot is 640x360 and whole" 0 whole_picture 640x360
  expect "its colour bars have their colours" 0 colour_bars
  expect_stop
}

# vivid's sizes and their fastest rates: 320x180 at 60, 640x360 at 40, 640x480 at 25, 1280x720 at 12.5.
nearest_size() {
  guest load_vivid || true
  local asked want
  while read -r want asked; do
    # shellcheck disable=SC2086 -- options and their values
    serve --source webcam $asked || return 0
    watch
    expect "$asked gives $want" 5 live_at "$want"
    unwatch
    expect_stop
  # At 1280x720 vivid also offers 12.5 a second, which nokhwa leaves out of its list.
  done <<'SIZES'
320x180@30 --size 300x200 --fps 30
640x480@25 --size 640x480 --fps 60
640x360@15 --size 650x370 --fps 14
1280x720@10 --size 1280x720 --fps 30
SIZES
}

unplug_and_replug() {
  guest load_vivid || true
  serve --source webcam --size 640x360 || return 0
  watch
  expect "vivid is live" 5 source_is status live
  local round
  for round in first second; do
    guest unplug_vivid || true
    expect "$round unplug: /state says unplugged" 3 trouble_is unplugged
    expect "the card is shown, and whole" 3 whole_picture
    cp "$work/snapshot.jpg" "$work/seen/unplugged.jpg"
    sleep 1
    guest plug_vivid || true
    expect "replugged: live within 3 s" 3 source_is status live
    expect "no trouble is left" 1 trouble_is null
    expect "pictures change again" 0 changing 4 1
  done
  expect "the same stream stayed open throughout" 0 kill -0 "$viewer"
  expect_stop
}

other_number() {
  guest load_vivid || true
  serve --source webcam --size 640x360 || return 0
  watch
  expect "vivid is live" 5 source_is status live
  guest 'hold /dev/video0; unplug_vivid; sleep 2; plug_vivid; test ! -e /dev/video0' ||
    row FAIL "the bench: vivid comes back under another number" ""
  expect "back as /dev/video1: live within 3 s" 3 source_is status live
  expect "pictures change again" 0 changing 4 1
  expect_stop
}

busy() {
  guest 'load_vivid; occupy /dev/video0' || true
  serve --source webcam --size 640x360 || return 0
  watch
  expect "somebody else streams: /state says busy" 5 trouble_is busy
  expect "the card is shown, and whole" 1 whole_picture
  cp "$work/snapshot.jpg" "$work/seen/busy.jpg"
  guest vacate || true
  expect "released: live within 3 s" 3 source_is status live
  expect_stop
}

denied() {
  guest load_vivid || true
  # Root may open everything; so for once the server is somebody else.
  guest 'RUN_AS="/usr/bin/setpriv --reuid 65534 --regid 65534 --clear-groups" start --source /dev/video0' ||
    { row FAIL "the server starts as nobody" ""; return 0; }
  watch
  expect "no right to open it: /state says denied" 5 trouble_is denied
  guest 'chmod 666 /dev/video0' || true
  expect "allowed: live within 3 s" 3 source_is status live
  expect_stop
}

jpeg_untouched() {
  with_loopback clip.avi || return 0
  expect "as MJPEG 1280x720 at 30" 1 live_at 1280x720@30
  expect "pictures change, 20 or more a second" 0 changing 40 2
  expect "they are the camera's, byte for byte" 0 untouched clip.avi
  expect_stop
}

jpeg_without_tables() {
  with_loopback no-tables.avi || return 0
  expect "pictures change, 20 or more a second" 0 changing 40 2
  # Browsers' decoders want the tables that such a camera leaves out.
  expect "the snapshot is whole, and has Huffman tables" 0 has_tables
  expect_stop
}

stall() {
  with_loopback clip.avi || return 0
  guest stall || true
  expect "the camera goes quiet: /state says stalled" 10 trouble_is stalled
  expect "the card is shown, and whole" 3 whole_picture
  cp "$work/snapshot.jpg" "$work/seen/stalled.jpg"
  guest resume || true
  expect "it goes on: live within 3 s" 3 source_is status live
  expect "pictures change again" 0 changing 4 1
  guest stall || true
  # The thread that waits for the camera must not keep the server from ending.
  expect_stop
}

feeder_restarts() {
  with_loopback clip.avi || return 0
  guest unfeed || true
  expect "the feeding program dies: /state has a trouble" 10 in_trouble
  guest 'feed clip.avi' || true
  expect "it is back: live within 3 s" 3 source_is status live
  expect_stop
}

broken_pictures() {
  # About one byte in 100 000 is wrong: whole and broken pictures by turns.
  with_loopback clip.avi -bsf:v noise=amount=100000 || return 0
  expect "pictures go on" 0 changing 8 2
  expect "the server is well" 1 curl -sf --max-time 2 -o /dev/null "$url/healthz"
  expect_stop
}

idle_closes_camera() {
  guest load_vivid || true
  serve --source webcam --size 640x360 || return 0
  watch
  expect "vivid is live" 5 source_is status live
  expect "the camera is open" 0 guest camera_open
  unwatch
  expect "10 s after the last viewer it is closed" 14 camera_is_closed
  expect "/state says idle" 1 source_is status idle
  watch
  expect "a new viewer: live within 3 s" 3 source_is status live
  expect_stop
}

# --- acting

serve() { # OPTIONS; a scenario whose server does not start is over
  local log
  log=$(guest "start $*") || { row FAIL "the server starts with: $*" "$log"; return 1; }
}
with_loopback() { # CLIP [OPTIONS of ffmpeg]: served and watched
  guest "load_loopback; feed $*" || { row FAIL "the bench: v4l2loopback is fed" ""; return 1; }
  serve --source webcam --bandwidth unlimited || return
  watch
  expect "v4l2loopback is live" 5 source_is status live
}
watch() { curl -sN -o /dev/null "$url/stream?quality=100" & viewer=$!; }
unwatch() {
  [[ $viewer ]] || return 0
  kill "$viewer" 2>/dev/null || true
  wait "$viewer" 2>/dev/null || true
  viewer=''
}
expect_stop() {
  local code
  code=$(guest stop) || true
  if [[ $code == 0* ]]; then row ok "SIGTERM ends it with 0" ""; else row FAIL "SIGTERM ends it with 0" "$code"; fi
}

# --- looking: each prints what it saw and succeeds if that is as it should be

state() { curl -sf --max-time 2 "$url/state" | jq .source >"$work/state.json"; }
field() { jq -r "$1" "$work/state.json"; }
source_is() {
  state && field '"\(.kind) \(.status) \(.format) \(.width)x\(.height)@\(.nominal_fps)"' && [[ $(field ".$1") == "$2" ]]
}
trouble_is() { # CODE, or null
  state && field 'if .trouble then .trouble | "\(.code): \(.title). \(.detail)" else "none" end' &&
    [[ $(field '.trouble | if . then .code else "null" end') == "$1" ]]
}
in_trouble() { trouble_is null && return 1; [[ $(field '.trouble') != null ]]; }
live_at() { # WxH@FPS, the rate rounded to a tenth
  state && field '"\(.status) \(.format) \(.width)x\(.height)@\(.nominal_fps)"' &&
    [[ $(field '"\(.status) \(.width)x\(.height)@\(.nominal_fps)"') == "live $1" ]]
}
logged() { guest log | grep -iE "$1"; }
camera_is_closed() { ! guest camera_open; }

# What another viewer gets in so many seconds: one md5 for each picture.
capture() {
  curl -sN --max-time "$1" -o "$work/stream" "$url/stream?quality=100" || true
  # The last picture is cut off.
  ffmpeg -loglevel quiet -f mpjpeg -i "$work/stream" -c copy -f framemd5 - | awk '!/^#/ {print $NF}' | sed '$d' >"$work/hashes"
}
changing() { # AT LEAST so many different pictures, in SECONDS
  capture "$2"
  local different
  different=$(sort -u "$work/hashes" | wc -l)
  echo "$different different of $(wc -l <"$work/hashes") in $2 s"
  ((different >= $1))
}
untouched() { # CLIP: every picture of the last capture is one of the clip's
  ffmpeg -loglevel error -i "$work/share/$1" -c copy -f framemd5 - | awk '!/^#/ {print $NF}' | sort -u >"$work/clip-hashes"
  local all same
  all=$(wc -l <"$work/hashes")
  same=$(grep -cFf "$work/clip-hashes" "$work/hashes") || true
  echo "$same of $all"
  ((all > 0 && same == all))
}
snapshot() { curl -sf --max-time 3 -o "$work/snapshot.jpg" "$url/snapshot?quality=100"; }
whole_picture() { # [WxH]
  snapshot || { echo "no snapshot"; return 1; }
  local size complaints
  size=$(ffprobe -v error -show_entries stream=width,height -of csv=p=0:s=x "$work/snapshot.jpg")
  complaints=$(ffmpeg -nostdin -v error -i "$work/snapshot.jpg" -f null - 2>&1)
  echo "$size $(stat -c %s "$work/snapshot.jpg") bytes ${complaints:0:60}"
  [[ $size && -z $complaints && $size == "${1:-$size}" ]]
}
has_tables() {
  whole_picture && perl -0777 -ne 'exit !/\xff\xc4/' "$work/snapshot.jpg"
}
# vivid's pattern: white, yellow, cyan, green, magenta, red, blue, black, at 75 %. A row near the
# bottom, where no text is. Wide bounds: this is about swapped or lost planes and not about shades.
colour_bars() {
  snapshot || { echo "no snapshot"; return 1; }
  local seen
  seen=$(ffmpeg -nostdin -v error -i "$work/snapshot.jpg" -vf 'format=gbrp,crop=iw:ih/8:0:ih*7/8,scale=8:1:flags=area' \
    -f rawvideo -pix_fmt rgb24 - | od -An -v -tu1 -w3 | awk '{print $1 "," $2 "," $3}' | paste -sd ' ')
  echo "$seen"
  awk -v seen="$seen" 'BEGIN {
    split("191,191,191 191,191,0 0,191,191 0,191,0 191,0,191 191,0,0 0,0,191 0,0,0", want, /[ ,]/)
    if (split(seen, got, /[ ,]/) != 24) exit 1
    for (i in want) if ((got[i] - want[i]) ^ 2 > 28 ^ 2) exit 1
  }'
}

# --- the table

expect() { # WHAT SECONDS COMMAND…: tries until it succeeds or the time is up; a row either way
  local what=$1 bound_ms=$(($2 * 1000)) start seen took
  start=$(now_ms)
  shift 2
  while :; do
    if seen=$("$@" 2>/dev/null); then
      took=$(($(now_ms) - start))
      row ok "$what" "$( ((bound_ms == 0)) || printf '%d.%d s  ' $((took / 1000)) $((took % 1000 / 100)))$seen"
      return
    fi
    (($(now_ms) - start < bound_ms)) || { row FAIL "$what" "$seen"; return; }
    sleep 0.1
  done
}
now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
row() {
  [[ $1 == ok ]] || failed=$((failed + 1))
  printf '%-4s  %-62s  %s\n' "$1" "$2" "${3//$'\n'/ }"
}
