"""A neighbour in the group of multicast DNS: a pipe, which knows nothing of what passes.

    neighbour.py DEVICE IPV4

Each datagram that comes in is a line "v4|v6|one ADDRESS PORT HEX" (`one`: at the port of a program
that knows nothing of multicast DNS). Lines "v4|v6|one HEX" on standard input go out to the group;
"flood COUNT" sends so many that are made up.
"""

import os
import random
import selectors
import socket
import struct
import sys

PORT, GROUP_V4, GROUP_V6 = 5353, "224.0.0.251", "ff02::fb"


def open_sockets(device, address):
    index = socket.if_nametoindex(device)
    v4 = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    v4.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    v4.bind(("", PORT))
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind((address, 0))
    mreqn = struct.pack("4s4si", socket.inet_aton(GROUP_V4), socket.inet_aton(address), index)
    v4.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, mreqn)
    for each in (v4, one):
        each.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
        each.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        each.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
    v6 = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    v6.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    v6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    v6.bind(("::", PORT))
    joined = socket.inet_pton(socket.AF_INET6, GROUP_V6) + struct.pack("i", index)
    v6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, joined)
    v6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    v6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    v6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
    return {"v4": v4, "v6": v6, "one": one}


def flood(out, count):
    """Noise, headers that promise too much, and answers that another would remember for years."""
    chance = random.Random(6762)
    for number in range(count):
        kind = number % 3
        if kind == 0:
            data = chance.randbytes(chance.randrange(0, 1400))
        elif kind == 1:
            data = struct.pack("!6H", 0, 0x8400, *(chance.randrange(65536) for _ in range(4)))
            data += bytes(chance.choice((0, 1, 12, 0xC0)) for _ in range(chance.randrange(600)))
        else:
            record = struct.pack("!HHIH", 1, 1, 0x7FFFFFFF, 4) + chance.randbytes(4)
            names = [b"\x10%016x\x05local\x00" % (number * 40 + at) for at in range(40)]
            data = struct.pack("!6H", 0, 0x8400, 0, 40, 0, 0) + b"".join(n + record for n in names)
        out.sendto(data, (GROUP_V4, PORT))


def main():
    sockets = open_sockets(sys.argv[1], sys.argv[2])
    waiting = selectors.DefaultSelector()
    for name, each in sockets.items():
        waiting.register(each, selectors.EVENT_READ, name)
    waiting.register(sys.stdin, selectors.EVENT_READ, "stdin")
    print("ready", flush=True)
    rest = b""
    while True:
        for key, _ in waiting.select():
            if key.data != "stdin":
                data, source = key.fileobj.recvfrom(9000)
                print(key.data, source[0], source[1], data.hex(), flush=True)
                continue
            came = os.read(0, 65536)
            if not came:
                return
            *lines, rest = (rest + came).split(b"\n")
            for line in lines:
                name, what = line.decode().split(" ")
                if name == "flood":
                    flood(sockets["v4"], int(what))
                    print("flooded", flush=True)
                else:
                    group = GROUP_V6 if name == "v6" else GROUP_V4
                    sockets[name].sendto(bytes.fromhex(what), (group, PORT))


main()
