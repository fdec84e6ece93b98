"""Sets the quality by the page's socket and says what came: python3 bot.py HOST PORT QUALITY.

Needs nothing but Python's own library. docs/socket.md describes the messages.
"""

import base64
import json
import os
import socket
import struct
import sys


class Socket:
    """A WebSocket (RFC 6455) to a livestream server."""

    def __init__(self, host, port, path="/socket"):
        self.tcp = socket.create_connection((host, port), timeout=20)
        self.read = self.tcp.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        self.tcp.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        status = self.read.readline().decode().strip()
        if " 101 " not in status:
            raise SystemExit(f"no socket: {status}")
        while self.read.readline() not in (b"\r\n", b""):
            pass

    def send_frame(self, opcode, payload):
        length = len(payload)
        head = bytes([0x80 | opcode])
        head += bytes([0x80 | length]) if length < 126 else bytes([0x80 | 126]) + struct.pack(">H", length)
        mask = os.urandom(4)
        self.tcp.sendall(head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload)))

    def send(self, **message):
        self.send_frame(1, json.dumps(message).encode())

    def receive(self):
        """The next message; pings are answered on the way."""
        while True:
            first, length = self.read.read(2)
            if length == 126:
                (length,) = struct.unpack(">H", self.read.read(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", self.read.read(8))
            payload = self.read.read(length)
            opcode = first & 15
            if opcode == 1:
                return json.loads(payload)
            if opcode == 8:
                raise SystemExit(f"closed: {payload[2:].decode()}")
            if opcode == 9:
                self.send_frame(10, payload)


def main():
    host, port, quality = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    server = Socket(host, port)
    server.send(type="viewer", id=1, quality=quality)
    while True:
        message = server.receive()
        if message["type"] == "hello":
            print("the server speaks version", message["version"])
        elif message["type"] == "state":
            print("told of", ", ".join(sorted(set(message) - {"type"})))
        elif message["type"] == "answer":
            print("quality", message["state"]["viewer"]["choice"])
            return
        else:
            raise SystemExit(f"refused: {message['error']}")


if __name__ == "__main__":
    main()
