#!/bin/sh
# Runs in the guest: reads one line, runs it, and ends its answer with a line `rc=N`.
# What a scenario does to the cameras and to the server stands here as functions; any other shell
# command works as well. Whatever goes on in the background is redirected: it would otherwise keep
# the connection, and the host waiting.
export PATH=/bin:/usr/bin:/usr/sbin RUST_BACKTRACE=1 RUST_LOG=${RUST_LOG:-info}

# vivid as one plain webcam: no radio, no TV tuner, video capture only.
load_vivid() { modprobe vivid n_devs=1 node_types=1 num_inputs=1 input_types=0 && settle; }
# Unbinding the driver while the camera streams is what pulling the plug is: the node goes, and
# whoever has it open gets errors.
unplug_vivid() { echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind; }
plug_vivid() { echo vivid.0 >/sys/bus/platform/drivers/vivid/bind; }
# While somebody has the old node open its number is taken, and a camera that comes back gets another.
hold() { sleep 1000 <"$1" >/dev/null 2>&1 & echo $! >/tmp/hold.pid; settle; }
unhold() { kill "$(cat /tmp/hold.pid)"; }
# Another program has the camera: who streams owns the buffers, everybody else gets EBUSY.
occupy() { v4l2-ctl -d "$1" --stream-mmap --stream-count=0 >/tmp/occupy.log 2>&1 & echo $! >/tmp/occupy.pid; sleep 1; }
vacate() { kill "$(cat /tmp/occupy.pid)"; }

# exclusive_caps: it is a camera only as long as somebody feeds it.
load_loopback() { modprobe v4l2loopback devices=1 exclusive_caps=1 card_label="Loopback" && settle; }
# A webcam that gives JPEG: the clip's pictures as they are, at the clip's rate.
feed() { # CLIP [FFMPEG OPTIONS]
  clip=$1; shift
  rm -f /tmp/feed.progress
  ffmpeg -nostdin -loglevel error -stats_period 0.1 -progress /tmp/feed.progress -re -stream_loop -1 -i "/share/$clip" -c copy "$@" -f v4l2 "$(node_of Loopback)" \
    >/tmp/feed.log 2>&1 &
  echo $! >/tmp/feed.pid
  within 20 grep -qs '^frame=[1-9]' /tmp/feed.progress || { cat /tmp/feed.log; return 1; }
}
pace() { # RATE: what v4l2loopback says of its camera
  node=$(node_of Loopback)
  echo "@$1" >"/sys/class/video4linux/${node##*/}/format"
}
stall() { kill -STOP "$(cat /tmp/feed.pid)"; }
resume() { kill -CONT "$(cat /tmp/feed.pid)"; }
unfeed() { kill -KILL "$(cat /tmp/feed.pid)"; }

node_of() { # NAME: the node of the camera whose name begins so
  grep -l "^$1" /sys/class/video4linux/video*/name | sed 's,.*/\(video[0-9]*\)/name,/dev/\1,' | head -n 1
}

start() { # OPTIONS: the server, until it says that it listens; as $RUN_AS if that is set
  rm -f /tmp/server.code /tmp/server.pid /tmp/out.log
  (
    ${RUN_AS-} /share/livestream --no-mdns "$@" 8081 >/tmp/out.log 2>/tmp/err.log &
    echo $! >/tmp/server.pid
    wait $!
    echo $? >/tmp/server.code
  ) >/dev/null 2>&1 &
  within 15 grep -qs "^listening on" /tmp/out.log || { log; return 1; }
}
mount_disk() { mkdir -p /tmp/disk && modprobe crc32c_generic; modprobe ext4 && mount -t ext4 /dev/vda /tmp/disk; }
stop() { # prints the server's exit code
  kill -TERM "$(cat /tmp/server.pid)"
  within 5 test -s /tmp/server.code || { echo "still there 5 s after SIGTERM"; kill -KILL "$(cat /tmp/server.pid)"; return 1; }
  cat /tmp/server.code
}
log() { cat /tmp/out.log /tmp/err.log; }
# Has the server a camera open?
camera_open() { ls -l "/proc/$(cat /tmp/server.pid)/fd" | grep -q /dev/video; }

# No scenario inherits a process or a camera from another.
reset() {
  for pid in server feed occupy hold; do
    kill -KILL "$(cat /tmp/$pid.pid 2>/dev/null)" 2>/dev/null
  done
  rm -f /tmp/*.pid
  within 3 modprobe -r vivid v4l2loopback 2>/dev/null
}

within() { # SECONDS COMMAND: tries until it succeeds
  tries=$(($1 * 10)); shift
  until "$@"; do
    tries=$((tries - 1)); [ $tries -gt 0 ] || return 1
    sleep 0.1
  done
}
settle() { sleep 0.2; }

read -r line
eval "$line"
echo "rc=$?"
