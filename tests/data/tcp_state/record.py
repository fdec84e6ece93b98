#!/usr/bin/env python3
"""Records what Linux says of a connection while pictures go over it, beside what its reader has
really read: the traces in this folder. README.md says what they hold.

    record.py FOLDER            (as root: makes network namespaces, needs iproute2)
"""

import ctypes
import itertools
import mmap
import multiprocessing
import os
import socket
import struct
import subprocess
import sys
import time

CLONE_NEWNET = 0x40000000
NAMESPACE = "tcp-state"
UNIT_S = 100e-6


class Diag:
    """Asks sock_diag(7) for one connection."""

    def __init__(self, ours, peers):
        self.socket = socket.socket(16, socket.SOCK_RAW, 4)
        family = socket.AF_INET
        ends = b"".join(socket.inet_pton(family, end[0]).ljust(16, b"\0") for end in (ours, peers))
        self.body = (
            struct.pack("=BBBBI", family, socket.IPPROTO_TCP, 1 << 1, 0, 0xFFFFFFFF)
            + struct.pack("!HH", ours[1], peers[1])
            + ends
            + struct.pack("=IQ", 0, 2**64 - 1)
        )

    def ask(self):
        self.socket.send(struct.pack("=IHHII", 16 + len(self.body), 20, 1, 1, 0) + self.body)
        reply = self.socket.recv(8192)[16:]
        (queued,) = struct.unpack_from("=I", reply, 60)
        attributes = reply[72:]
        while True:
            length, kind = struct.unpack_from("=HH", attributes)
            if kind == 2:
                info = attributes[4:length]
                break
            attributes = attributes[(length + 3) & ~3 :]
        (window,) = struct.unpack_from("=I", info, 228)
        (min_rtt_us,) = struct.unpack_from("=I", info, 148)
        return queued, window, 1 << (info[6] & 0xF), min_rtt_us


def read(address, how, namespace, told):
    """The reader, a process of its own: writes into shared memory what it has read."""
    if namespace:
        with open(f"/var/run/netns/{namespace}") as file:
            if ctypes.CDLL(None).setns(file.fileno(), CLONE_NEWNET):
                sys.exit("setns failed")
    stream = socket.create_connection(address)
    kind, *numbers = how.split(":")
    numbers = [float(number) for number in numbers]
    start, total, stood = time.monotonic(), 0, False
    at = start
    while True:
        if kind == "each":
            at += numbers[0] / 1000
            time.sleep(max(0, at - time.monotonic()))
            stream.setblocking(False)
            try:
                while data := stream.recv(1 << 18):
                    total += len(data)
                return
            except BlockingIOError:
                struct.pack_into("=Q", told, 0, total)
                continue
        if kind == "slow":
            at += numbers[1] / 1000
            time.sleep(max(0, at - time.monotonic()))
            data = stream.recv(int(numbers[0] * numbers[1] / 1000))
        else:
            if kind == "stands" and not stood and time.monotonic() - start > 3:
                stood = True
                time.sleep(numbers[0])
            data = stream.recv(1 << 18)
        if not data:
            return
        total += len(data)
        struct.pack_into("=Q", told, 0, total)


def number(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def record(path, sizes, fps, how, seconds, namespace=None):
    told = mmap.mmap(-1, 4096)
    listener = socket.socket()
    listener.bind(("10.77.0.1" if namespace else "127.0.0.1", 0))
    listener.listen()
    arguments = (listener.getsockname(), how, namespace, told)
    reader = multiprocessing.Process(target=read, args=arguments, daemon=True)
    reader.start()
    stream, peer = listener.accept()
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 128 * 1024)
    stream.setsockopt(socket.IPPROTO_TCP, 25, 16 * 1024)  # TCP_NOTSENT_LOWAT
    stream.setblocking(False)
    diag = Diag(stream.getsockname(), peer)
    step = diag.ask()[2]
    out = bytearray()
    last = (0, 0, 0, 0, 0)
    sizes = itertools.cycle(sizes)
    rest, written, min_rtt_us = b"", 0, 0
    start = time.monotonic()
    due, write_at, ticks = start + 0.01, None, 0
    asked = min(0.01, 0.4 / fps)
    while (now := time.monotonic()) < start + seconds:
        event = 0
        if rest:
            pass
        elif write_at is None and now >= due:
            event, write_at, due = 1, now + asked, due + 1 / fps
        elif write_at is not None and now >= write_at:
            event = 2
        (has_read,) = struct.unpack_from("=Q", told, 0)
        queued, window, _, rtt = diag.ask()
        min_rtt_us = rtt if rtt != 2**32 - 1 else min_rtt_us
        state = (written, has_read, queued, window // step)
        if event or state != last[1:]:
            tick = int((now - start) / UNIT_S)
            for value in (
                (tick - last[0]) << 2 | event,
                written - last[1],
                written - has_read,
                queued,
                window // step,
                min_rtt_us // 10,
            ):
                out += number(max(0, value))
            last = (tick, *state)
        if event == 1:
            rest = b"?"
        elif event == 2:
            rest, write_at = bytes(next(sizes)), None
        if now > due + 1 / fps:
            due = now
        if rest:
            try:
                sent = stream.send(rest)
                written, rest = written + sent, rest[sent:]
            except BlockingIOError:
                pass
        time.sleep(0.0015)
    reader.terminate()
    with open(path, "wb") as file:
        words = " ".join(str(size) for size in SIZES[path.split("-")[-4].split("/")[-1]])
        file.write(f"{step} {fps} {how} {words}\n".encode())
        file.write(out)
    print(path, len(out), flush=True)


SIZES = {
    "tiny": [400],
    "tinies": [600, 590, 610, 585, 640, 570, 700, 560],
    "small": [2000, 8000, 3000, 5000],
    "middle": [20_000],
    "large": [70_000],
    "huge": [3_000_000],
    "alternating": [400, 3_000_000],
    "mixed": [400, 600, 2000, 8000, 70_000, 300_000, 1000],
}


def scenarios():
    for sizes, fps in [
        ("tiny", 100), ("tinies", 30), ("small", 30), ("middle", 60), ("large", 30),
        ("huge", 5), ("alternating", 10), ("mixed", 30), ("large", 1),
    ]:
        yield sizes, fps, "once", 6
    for sizes, fps in [("tinies", 30), ("small", 100), ("large", 30), ("mixed", 30)]:
        yield sizes, fps, "each:10", 5
        yield sizes, fps, "each:100", 5
    for sizes, fps in [("tinies", 100), ("small", 30), ("middle", 30), ("large", 30)]:
        yield sizes, fps, "slow:50000:10", 8
    yield "middle", 30, "slow:50000:100", 8
    for stood in [0.5, 1, 2, 5, 15]:
        yield "large", 30, f"stands:{stood}", 3 + stood + 4


def sh(*words):
    subprocess.run(words, check=True)


def main():
    folder = sys.argv[1]
    for sizes, fps, how, seconds in scenarios():
        name = f"{sizes}-{fps}-{how.replace(':', '_')}-lo.tcp"
        record(f"{folder}/{name}", SIZES[sizes], fps, how, seconds)
    sh("ip", "netns", "add", NAMESPACE)
    try:
        sh("ip", "link", "add", "tcp-state", "type", "veth", "peer", "ours", "netns", NAMESPACE)
        sh("ip", "addr", "add", "10.77.0.1/24", "dev", "tcp-state")
        sh("ip", "link", "set", "tcp-state", "up")
        sh("ip", "-n", NAMESPACE, "addr", "add", "10.77.0.2/24", "dev", "ours")
        sh("ip", "-n", NAMESPACE, "link", "set", "ours", "up")
        for mbit in [5, 50]:
            tbf = f"root tbf rate {mbit}mbit burst 16k latency 50ms".split()
            sh("tc", "qdisc", "replace", "dev", "tcp-state", *tbf)
            for sizes, fps, how, seconds in [
                ("tinies", 30, "once", 6), ("middle", 30, "once", 6), ("large", 30, "once", 6),
                ("mixed", 30, "once", 6), ("large", 30, "each_100", 5), ("large", 30, "slow:50000:10", 8),
                ("large", 30, "stands:2", 9),
            ]:
                how = how.replace("_", ":")
                name = f"{sizes}-{fps}-{how.replace(':', '_')}-{mbit}mbit.tcp"
                record(f"{folder}/{name}", SIZES[sizes], fps, how, seconds, NAMESPACE)
    finally:
        sh("ip", "netns", "del", NAMESPACE)


main()
