# What must hold with real cameras: one function a scenario, sourced by run.sh.
# The server closes a camera that nobody watches, so a stream stays open while a scenario looks on.

all=(no_camera list_cameras raw_pictures raw_formats every_format every_meaning odd_rate nearest_size
  controls marked_pictures unplug_and_replug other_number busy denied
  jpeg_untouched jpeg_without_tables stall feeder_restarts broken_pictures idle_closes_camera cut_off)
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

# A machine that is cut off CUTS times right behind an answer keeps each donation that was answered.
cut_off() {
  local cuts=${CUTS:-20} round number answered=$work/seen/answered.txt kept=$work/seen/kept.txt
  : >"$answered"
  for ((round = 1; round <= cuts; round++)); do
    guest mount_disk || { row FAIL "the disk can be mounted, cut $round" ""; return 0; }
    serve --source pattern --size 160x120 --data /tmp/disk/data >/dev/null || { row FAIL "it starts, cut $round" ""; return 0; }
    for ((number = 1; number <= 5; number++)); do
      [[ $(curl -s -o /dev/null -w '%{http_code}' --max-time 20 -d "message=$round.$number" "$url/donate") == 303 ]] || break
      echo "$round.$number" >>"$answered"
    done
    cut_off_guest
    boot 2>/dev/null
  done
  guest 'mount_disk; /share/livestream donations --data /tmp/disk/data' | cut -f 5 >"$kept" || true
  local lost
  lost=$( (grep -vxFf "$kept" "$answered" || true) | tr '\n' ' ')
  if [[ -s $answered && -z $lost ]]; then
    row ok "what was answered outlives $cuts cuts of the power" "$(wc -l <"$answered") donations"
  else
    row FAIL "what was answered outlives $cuts cuts of the power" "lost: $lost"
  fi
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
  # vivid has dozens of formats: each is listed, and none left out.
  expect "it names what cannot be read" 0 grep -q "can't be read here" "$list"
  expect "it names controls with their ranges" 0 grep -qE 'brightness +0 to 255' "$list"
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

# A camera that has one raw format alone, fed by ffmpeg's conversion: its bars have their colours.
# ffmpeg writes no NV21, YV12 or Bayer to a device; tests/suite/cameras has those.
raw_formats() {
  local code format
  while read -r code format; do
    guest "load_loopback; feed bars.avi -c:v rawvideo -pix_fmt $format" || true
    serve --source webcam --size 640x360 || return 0
    watch
    expect "$code is live" 5 source_is format "$code"
    expect "$code: the bars have their colours" 3 colour_bars
    unwatch
    expect_stop
    guest reset >/dev/null || true
  done <<'FORMATS'
YUYV yuyv422
UYVY uyvy422
YU12 yuv420p
NV12 nv12
RGB3 rgb24
BGR3 bgr24
RGBP rgb565le
FORMATS
}

# Rates that are no whole numbers: 29.97 of capture cards, 7.5, and 12.5, which vivid has.
odd_rate() {
  local rate told
  while read -r rate told; do
    guest "load_loopback; feed bars.avi -c:v rawvideo -pix_fmt uyvy422; pace $rate" ||
      { row FAIL "the bench: v4l2loopback is fed" ""; return 0; }
    serve --source webcam || return 0
    watch
    expect "$rate is live at $told" 5 live_at "640x360@$told"
    unwatch
    expect_stop
    guest reset >/dev/null || true
  done <<'RATES'
30000/1001 29.97
15/2 7.5
RATES
  guest load_vivid || true
  serve --source webcam --size 1280x720 --fps 12 || return 0
  watch
  expect "12.5 a second is live" 5 live_at 1280x720@12.5
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
  done <<'SIZES'
320x180@30 --size 300x200 --fps 30
640x480@25 --size 640x480 --fps 60
640x360@15 --size 650x370 --fps 14
1280x720@12.5 --size 1280x720 --fps 30
SIZES
}

# Each format of vivid's that can be read, as if it were the only one; the others are listed as such.
every_format() {
  guest load_vivid || true
  local codes code
  codes=$(guest "v4l2-ctl -d /dev/video0 --list-formats" | sed -n "s/.*]: '\(....\)'.*/\1/p" | sort -u)
  expect "each of its $(wc -l <<<"$codes") formats is listed" 0 all_listed "$codes"
  for code in YUYV UYVY YVYU VYUY NV12 NV21 YU12 YV12 RGB3 BGR3 RGBP BA81 GBRG GRBG RGGB GREY; do
    guest "RUN_AS='env ONLY=$code LD_PRELOAD=/share/only.so' start --source webcam --size 640x360" >/dev/null ||
      { row FAIL "the server starts with $code alone" ""; continue; }
    watch
    expect "$code is live" 5 source_is format "$code"
    if [[ $code == GREY ]]; then
      expect "its gray bars have their levels" 1 colour_bars 5 "$gray_bars"
    else
      expect "its colour bars have their colours" 1 colour_bars 5
    fi
    unwatch
    guest stop >/dev/null || row FAIL "SIGTERM ends it with 0" ""
  done
  guest "ONLY=NV16,HSV3 LD_PRELOAD=/share/only.so /share/livestream --list-cameras" >"$work/seen/unreadable.txt" 2>&1 || true
  expect "with formats alone that can't be read it is listed" 0 grep -q "NV16 .*can't be read" "$work/seen/unreadable.txt"
  guest "RUN_AS='env ONLY=NV16,HSV3 LD_PRELOAD=/share/only.so' start" || true
  watch
  expect "and shown as such" 5 trouble_is missing
  expect_stop
}

# What luma and chroma mean, set on vivid by this server's own option.
every_meaning() {
  guest load_vivid || true
  local encoding range code
  for code in UYVY NV12; do
    for encoding in 'ITU-R 601' 'Rec. 709' BT.2020 'SMPTE 240M'; do
      for range in 'Full Range' 'Limited Range'; do
        guest "RUN_AS='env ONLY=$code LD_PRELOAD=/share/only.so' start --source webcam --size 640x360" \
          "--control 'y_cbcr_encoding=$encoding' --control 'quantization=$range'" >/dev/null ||
          { row FAIL "the server starts" ""; continue; }
        watch
        expect "$code of $encoding, $range is live" 5 source_is status live
        expect "its colour bars have their colours" 1 colour_bars 5
        unwatch
        guest stop >/dev/null || row FAIL "SIGTERM ends it with 0" ""
      done
    done
  done
}

controls() {
  guest load_vivid || true
  serve --source webcam --size 640x360 --control brightness=200 --control "'test_pattern=100% Blue'" \
    --control bitmask=0x80000010 --control brightnes=1 || return 0
  expect "what it does not have is told at once" 3 logged 'no control .brightnes'
  watch
  expect "vivid is live" 5 source_is status live
  expect "brightness is 200" 1 control_is brightness 200
  expect "bits are those" 1 control_is bitmask -2147483632
  expect "another test pattern" 1 control_is test_pattern 9
  guest unplug_vivid || true
  expect "unplugged" 3 trouble_is unplugged
  guest plug_vivid || true
  expect "replugged: live within 3 s" 3 source_is status live
  expect "it has forgotten, and is set again" 1 control_is brightness 200
  expect_stop
}

# vivid marks a buffer as broken when it is told to.
marked_pictures() {
  guest load_vivid || true
  serve --source webcam --size 640x360 || return 0
  watch
  expect "vivid is live" 5 source_is status live
  guest 'v4l2-ctl -d /dev/video0 -c inject_v4l2_buf_flag_error=1' || true
  expect "a picture that is marked is counted" 3 source_has_broken
  expect "and nothing else comes of it" 0 changing 4 1
  guest 'v4l2-ctl -d /dev/video0 -c inject_fatal_streaming_error=1' || true
  expect "an error of the stream: live again within 3 s" 3 live_with_no_trouble
  expect "pictures change again" 0 changing 4 1
  expect_stop
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
  # Each has Huffman tables of its own, and is decoded before it is passed on: an emulated processor
  # does that some four times a second.
  expect "pictures change, 2 or more a second" 0 changing 4 2
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
  expect "pictures go on" 0 changing 2 2
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
source_has_broken() { state && field .broken && (($(field .broken) > 0)); }
live_with_no_trouble() { trouble_is null && source_is status live; }
all_listed() { # CODES: each stands in the list, as what can be read or as what can't
  local list missing='' code
  list=$(guest '/share/livestream --list-cameras')
  while read -r code; do
    grep -qF "  ${code%% *}" <<<"$list" || missing+=" $code"
  done <<<"$1"
  echo "$(grep -c "can't be read" <<<"$list") as unreadable; missing:${missing:- none}"
  [[ -z $missing ]]
}
control_is() { # NAME VALUE
  local seen
  seen=$(guest "v4l2-ctl -d /dev/video0 -C $1")
  echo "$seen"
  seen=${seen##*: }
  ((${seen%% *} == $2))
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
# bottom, where no text is; the middle of each bar.
bars='191,191,191 191,191,0 0,191,191 0,191,0 191,0,191 191,0,0 0,0,191 0,0,0'
# In GREY it has Rec. 709's luma of them, from 0 to 255.
gray_bars='190,190,190 176,176,176 149,149,149 136,136,136 54,54,54 40,40,40 13,13,13 0,0,0'
colour_bars() { # [SLACK [BARS]]: wide bounds by default, about swapped or lost planes and not shades
  snapshot || { echo "no snapshot"; return 1; }
  local seen
  seen=$(ffmpeg -nostdin -v error -i "$work/snapshot.jpg" -vf 'format=gbrp,crop=iw:ih/8:0:ih*7/8,scale=8:1:flags=area' \
    -f rawvideo -pix_fmt rgb24 - | od -An -v -tu1 -w3 | awk '{print $1 "," $2 "," $3}' | paste -sd ' ')
  echo "$seen"
  awk -v seen="$seen" -v bars="${2:-$bars}" -v slack="${1:-28}" 'BEGIN {
    split(bars, want, /[ ,]/)
    if (split(seen, got, /[ ,]/) != 24) exit 1
    for (i in want) if ((got[i] - want[i]) ^ 2 > slack ^ 2) exit 1
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
