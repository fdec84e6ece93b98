#!/usr/bin/env bash
# Runs livestream in a virtual machine whose kernel has cameras, and looks at it from outside.
#
#   tests/vm/run.sh BINARY           all scenarios, a table of what was seen; exit code 1 if one failed
#   tests/vm/run.sh BINARY NAME…     only these (functions of scenarios.sh)
#   tests/vm/run.sh --shell BINARY   cameras and server up for a browser, and a prompt for the guest
#
# For hosts without a camera, or without media drivers: only the guest's kernel needs those. Two
# drivers make the cameras: vivid (a webcam with raw formats, which can be unplugged) and
# v4l2loopback (a webcam that gives JPEG, because ffmpeg feeds it; stopping ffmpeg is a stall).
# Made for Debian 12. All that is fetched or built lies in target/vm; remove that to start afresh.
# VM_ACCEL=kvm or tcg overrides the choice of qemu's accelerator.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "$here/../.." && pwd)/target/vm

say() { printf '%s\n' "$*" >&2; }
die() { say "run.sh: $*"; exit 1; }

install_tools() {
  local missing=() tool
  # Each tool with the Debian package it is in; libelf is for the kernel's objtool.
  while read -r tool package; do
    command -v "$tool" >/dev/null || [[ -e $tool ]] || missing+=("$package")
  done <<'TOOLS'
qemu-system-x86_64 qemu-system-x86
busybox busybox-static
cpio cpio
/usr/sbin/modprobe kmod
v4l2-ctl v4l-utils
ffmpeg ffmpeg
curl curl
jq jq
perl perl-base
/usr/sbin/mkfs.ext4 e2fsprogs
gcc gcc
make make
/usr/lib/x86_64-linux-gnu/libelf.so.1 libelf1
TOOLS
  ((${#missing[@]})) || return 0
  local install=(apt-get install -y --no-install-recommends "${missing[@]}")
  ((EUID == 0)) || die "missing programs; install them with: sudo ${install[*]}"
  say "installing ${missing[*]}"
  DEBIAN_FRONTEND=noninteractive "${install[@]}" >"$work/apt.log" 2>&1 || die "apt-get failed, see $work/apt.log"
}

# Debian's kernel, unpacked and not installed, with v4l2loopback built for it.
fetch_kernel() {
  [[ -e $work/kernel/release ]] && return
  say "fetching Debian's kernel and building v4l2loopback (90 MB, once)"
  local release packages
  rm -rf "$work/kernel" "$work/deb"
  mkdir -p "$work/kernel" "$work/deb"
  release=$(depends_of linux-image-amd64 | sed -n 's/^linux-image-//p') || true
  [[ $release ]] || die "apt knows no linux-image-amd64: run apt-get update, on Debian"
  mapfile -t packages < <(depends_of "linux-headers-$release" | grep '^linux-')
  (cd "$work/deb" && apt-get download "linux-image-$release" "linux-headers-$release" "${packages[@]}" v4l2loopback-dkms) \
    >"$work/apt.log" 2>&1 || die "download failed, see $work/apt.log"
  local deb
  for deb in "$work"/deb/*.deb; do dpkg -x "$deb" "$work/kernel"; done
  # The headers expect to lie in /usr/src.
  sed -i "s#/usr/src/#$work/kernel/usr/src/#" "$work/kernel/usr/src/linux-headers-$release/Makefile"
  local loopback
  loopback=$(echo "$work"/kernel/usr/src/v4l2loopback-*)
  make -C "$work/kernel/usr/src/linux-headers-$release" M="$loopback" CC=gcc modules >"$work/build.log" 2>&1 ||
    die "v4l2loopback does not build, see $work/build.log"
  install -D "$loopback/v4l2loopback.ko" "$work/kernel/lib/modules/$release/extra/v4l2loopback.ko"
  /usr/sbin/depmod -b "$work/kernel" "$release"
  rm -r "$work/deb"
  echo "$release" >"$work/kernel/release"
}

depends_of() { apt-cache depends "$1" 2>/dev/null | sed -n 's/^ *Depends: //p'; }

build_initramfs() {
  local release root module
  release=$(cat "$work/kernel/release")
  root=$work/root
  rm -rf "$root"
  mkdir -p "$root"/{bin,dev,etc,lib,proc,share,sys,tmp,usr}
  for module in virtio_pci virtio_blk virtio_net virtio-rng 9pnet_virtio 9p crc32c_generic ext4 vivid v4l2loopback; do
    /usr/sbin/modprobe -d "$work/kernel" -S "$release" --show-depends "$module"
  done | sed -n 's/^insmod \(\S*\).*/\1/p' | sort -u | while read -r module; do
    install -D "$module" "$root/${module#"$work/kernel/"}"
    strip --strip-debug "$root/${module#"$work/kernel/"}"
  done
  cp "$work/kernel/lib/modules/$release"/modules.{builtin,order,builtin.modinfo} "$root/lib/modules/$release/"
  /usr/sbin/depmod -b "$root" "$release"
  # Where programs look for their libraries, apart from /usr, which the guest mounts from the host.
  ln -s usr/lib64 "$root/lib64"
  ln -s /usr/lib/x86_64-linux-gnu "$root/lib/x86_64-linux-gnu"
  cp -a /etc/alternatives /etc/ld.so.cache "$root/etc/"
  cp "$(command -v busybox)" "$root/bin/busybox"
  install "$here/init" "$here/guest.sh" "$root/"
  (cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >"$work/initramfs.gz"
}

# What the guest's JPEG camera shows; and the same as many real ones give it, without Huffman tables.
make_clips() {
  local huffman
  mkdir -p "$work/share"
  [[ -e $work/share/no-tables.avi && -e $work/share/bars.avi ]] && return
  for huffman in optimal default; do
    ffmpeg -y -loglevel error -f lavfi -i testsrc2=size=1280x720:rate=30 -t 4 \
      -c:v mjpeg -huffman "$huffman" -q:v 4 -pix_fmt yuvj422p "$work/$huffman.mjpeg"
  done
  perl -0777 -ne 'while (/\G(.*?)\xff\xc4(..)/sgc) { print $1; pos() += unpack("n", $2) - 2 } print substr $_, pos() // 0' \
    "$work/default.mjpeg" >"$work/bare.mjpeg"
  ffmpeg -y -loglevel error -framerate 30 -f mjpeg -i "$work/optimal.mjpeg" -c copy "$work/share/clip.avi"
  ffmpeg -y -loglevel error -framerate 30 -f mjpeg -i "$work/bare.mjpeg" -c copy "$work/share/no-tables.avi"
  # Bars of 75 %, as vivid has them: white, yellow, cyan, green, magenta, red, blue, black.
  ffmpeg -y -loglevel error -f lavfi -i color=black:size=640x360:rate=30 -t 0.5 -c:v mjpeg -q:v 2 -pix_fmt yuvj444p \
    -vf "format=gbrp,geq=r='191*lt(mod(floor(8*X/W),4),2)':g='191*lt(X,W/2)':b='191*lt(mod(floor(8*X/W),2),1)'" \
    "$work/share/bars.avi"
  rm "$work"/{optimal,default,bare}.mjpeg
}

# Hides formats from the server (see only.c).
build_only() { gcc -O2 -Wall -shared -fPIC -o "$work/share/only.so" "$here/only.c" -ldl; }

boot() {
  local accel=tcg console=$work/console.log start=$SECONDS
  # A /dev/kvm without the processor's own help (nested, in software) does not boot a stock kernel.
  if [[ -w /dev/kvm ]] && grep -qwE 'vmx|svm' /proc/cpuinfo; then accel=kvm; fi
  accel=${VM_ACCEL:-$accel}
  http_port=$(free_port)
  control_port=$(free_port)
  : >"$console"
  qemu-system-x86_64 -accel "$accel" -cpu max -smp 2 -m 1024 -nodefaults -no-user-config -no-reboot \
    -display none -serial "file:$console" \
    -kernel "$work/kernel/boot/vmlinuz-$(cat "$work/kernel/release")" -initrd "$work/initramfs.gz" \
    -append "console=ttyS0 quiet panic=-1" \
    -nic "user,model=virtio-net-pci,restrict=on,hostfwd=tcp:127.0.0.1:$http_port-:8081,hostfwd=tcp:127.0.0.1:$control_port-:2323" \
    -device virtio-rng-pci \
    -drive "file=$work/disk.img,if=virtio,format=raw" \
    -virtfs local,path=/usr,mount_tag=usr,security_model=none,readonly=on,multidevs=remap \
    -virtfs "local,path=$work/share,mount_tag=share,security_model=none,readonly=on" \
    </dev/null >"$work/qemu.log" 2>&1 &
  qemu=$!
  until grep -a '^guest ready' "$console" >&2; do
    kill -0 "$qemu" 2>/dev/null || die "qemu ended: $(tail -n 3 "$work/qemu.log")"
    ((SECONDS - start < 60)) || die "no guest after 60 s with $accel, see $console (VM_ACCEL=tcg needs no KVM)"
    sleep 0.2
  done
  url=http://127.0.0.1:$http_port
  say "qemu with $accel; the guest's port 8081 is $url, its shell is 127.0.0.1:$control_port"
}

# As if somebody pulled the plug: what the guest had not written to its disk is gone.
cut_off_guest() {
  kill -KILL "$qemu"
  wait "$qemu" 2>/dev/null || true
}

empty_disk() {
  rm -f "$work/disk.img"
  truncate -s 64M "$work/disk.img"
  /usr/sbin/mkfs.ext4 -q "$work/disk.img"
}

free_port() {
  local port
  while port=$((20000 + RANDOM % 40000)); (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo "$port"
}

guest() { # COMMAND: runs one line in the guest (see guest.sh); its output and exit code
  local answer fd
  exec {fd}<>"/dev/tcp/127.0.0.1/$control_port"
  printf '%s\n' "$*" >&"$fd"
  answer=$(timeout 40 cat <&"$fd" | tr -d '\0') || true
  exec {fd}>&-
  [[ $answer == *rc=* ]] || { say "no answer from the guest to: $*"; return 125; }
  printf '%s' "${answer%rc=*}"
  return "${answer##*rc=}"
}

prompt() {
  guest 'load_vivid; load_loopback; feed clip.avi; start --source /dev/video0; log' || true
  say "Open $url/ in a browser. Each line typed here runs in the guest: unplug_vivid, plug_vivid, stall,"
  say "resume, stop, start OPTIONS, log, v4l2-ctl --list-devices, … (see guest.sh); end of input ends it all."
  local line
  while read -r -e -p "guest# " line; do
    guest "$line" || say "exit code $?"
  done
}

mode=scenarios
if [[ ${1-} == --shell ]]; then mode=prompt; shift; fi
[[ -x ${1-} ]] || die "usage: run.sh [--shell] BINARY [SCENARIO…] (BINARY: target/release/livestream)"
binary=$(realpath "$1")
shift
mkdir -p "$work"
install_tools
fetch_kernel
make_clips
install "$binary" "$work/share/livestream"
build_only
build_initramfs
qemu='' viewer=''
empty_disk
trap '[[ -z $viewer ]] || kill "$viewer" 2>/dev/null; [[ -z $qemu ]] || kill "$qemu" 2>/dev/null' EXIT
boot
if [[ $mode == prompt ]]; then prompt; exit; fi
. "$here/scenarios.sh"
run_scenarios "$@"
