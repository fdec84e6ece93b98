#!/usr/bin/env python3
"""Watches an MJPEG stream as one kind of reader, and tells of each picture.

    reader.py HOST PORT PATH READER SECONDS

READER is `once` (all at once), `each:MS` (all there is, so often), `slow:BYTES:MS` (so many bytes a
second, in pieces of so many milliseconds) or `stands:AT:SECONDS` (at once, but for one stall). Prints
for each picture when it was read whole, in milliseconds since the start, how many milliseconds that
was after its X-Timestamp (or -1), and its bytes. An empty path asks for nothing.
"""

import re
import socket
import sys
import time

HEAD = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
STAMP = re.compile(rb"x-timestamp: *([\d.]+)", re.IGNORECASE)


class Parts:
    """Finds the pictures in what comes."""

    def __init__(self):
        self.head, self.left, self.size, self.stamp = b"", 0, 0, None

    def take(self, data):
        """The sizes and times of the pictures that end in `data`."""
        at, ended = 0, []
        while at < len(data):
            if self.left:
                some = min(self.left, len(data) - at)
                self.left -= some
                at += some
                if not self.left:
                    ended.append((self.size, self.stamp))
                continue
            before = len(self.head)
            self.head += data[at : at + 4096]
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                at += len(self.head) - before
                continue
            at += end + 4 - before
            head, self.head = self.head[:end], b""
            length = HEAD.search(head)
            if length:
                self.left = self.size = int(length[1])
                stamp = STAMP.search(head)
                self.stamp = float(stamp[1]) if stamp else None
        return ended


def pieces(stream, how, seconds):
    """What is read, as this reader reads it."""
    kind, *numbers = how.split(":")
    numbers = [float(number) for number in numbers]
    start = at = time.monotonic()
    stood = kind != "stands"
    while (now := time.monotonic() - start) < seconds:
        if kind == "each":
            at += numbers[0] / 1000
            time.sleep(max(0, at - time.monotonic()))
            stream.setblocking(False)
            try:
                while data := stream.recv(1 << 18):
                    yield data
                return
            except BlockingIOError:
                continue
        most = 1 << 18
        if kind == "slow":
            at += numbers[1] / 1000
            time.sleep(max(0, at - time.monotonic()))
            most = int(numbers[0] * numbers[1] / 1000)
        elif not stood and now >= numbers[0]:
            stood = True
            time.sleep(numbers[1])
        try:
            data = stream.recv(most)
        except TimeoutError:
            continue
        if not data:
            return
        yield data


def main():
    host, port, path, how, seconds = sys.argv[1:]
    stream = socket.create_connection((host, int(port)), timeout=10)
    stream.settimeout(0.25)
    if path:
        stream.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    parts, start = Parts(), time.monotonic()
    for data in pieces(stream, how, float(seconds)):
        now = time.monotonic() - start
        for size, stamp in parts.take(data):
            behind = (time.time() - stamp) * 1000 if stamp else -1
            print(f"{now * 1000:.1f} {behind:.1f} {size}", flush=True)


main()
