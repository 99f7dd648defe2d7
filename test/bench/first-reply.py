"""Prints when the first reply comes: first-reply.py ADDRESS.

Sends an ICMP echo request every 2 ms from a raw socket, whether there is a route yet or not, writes 'ready' when
it has begun, and after the first reply the time of it in milliseconds since 1970. Gives up after 30 seconds.
"""

import os
import select
import socket
import struct
import sys
import time

INTERVAL_S = 0.002
GIVE_UP_S = 30


def checksum(octets: bytes) -> int:
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def echo_request(identifier: int, sequence: int) -> bytes:
    head = struct.pack("!BBHHH", 8, 0, 0, identifier, sequence)
    return struct.pack("!BBHHH", 8, 0, checksum(head), identifier, sequence)


def main(target: str) -> int:
    identifier = os.getpid() & 0xFFFF
    icmp = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    icmp.setblocking(False)
    print("ready", flush=True)
    sequence = 0
    give_up = time.monotonic() + GIVE_UP_S
    while time.monotonic() < give_up:
        sequence = (sequence + 1) & 0xFFFF
        try:
            icmp.sendto(echo_request(identifier, sequence), (target, 0))
        except OSError:
            pass  # No route yet, or the tunnel is just being changed.
        next_at = time.monotonic() + INTERVAL_S
        while (left := next_at - time.monotonic()) > 0:
            if not select.select([icmp], [], [], left)[0]:
                break
            packet, sender = icmp.recvfrom(2048)
            kind, _, _, who = struct.unpack_from("!BBHH", packet, (packet[0] & 0x0F) * 4)
            if kind == 0 and who == identifier and sender[0] == target:
                print(time.time() * 1000, flush=True)
                return 0
    return 1


sys.exit(main(sys.argv[1]))
