"""Judges one connecting client on the wire: first-reply.py ADDRESS INTERFACE.

Sends an ICMP echo request to the address every 2 ms from a raw socket, whether there is a route yet or not, and
watches what leaves by the interface. Writes 'ready' when it has begun, and after the first reply one line with two
times in milliseconds since 1970, as the kernel took them: when the first IKE_SA_INIT request left (0 when none was
seen), and when the reply came. Gives up after 30 seconds.
"""

import os
import select
import socket
import struct
import sys
import time

INTERVAL_S = 0.002
GIVE_UP_S = 30
ETH_P_ALL = 3
PACKET_OUTGOING = 4
SO_TIMESTAMPNS = 35
IKE_PORT = 500
NAT_PORT = 4500
IKE_SA_INIT = 34
FLAG_RESPONSE = 0x20


def checksum(octets: bytes) -> int:
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def echo_request(identifier: int, sequence: int) -> bytes:
    head = struct.pack("!BBHHH", 8, 0, 0, identifier, sequence)
    return struct.pack("!BBHHH", 8, 0, checksum(head), identifier, sequence)


def receive(sock: socket.socket) -> tuple[bytes, float, tuple]:
    """A packet, when the kernel got it in milliseconds since 1970, and where it came from."""
    packet, ancillary, _, sender = sock.recvmsg(2048, 64)
    seconds, nanoseconds = struct.unpack("@ll", ancillary[0][2])
    return packet, seconds * 1000 + nanoseconds / 1e6, sender


def is_init_request(ip: bytes) -> bool:
    """On port 500, or on 4500 behind the marker that tells IKE from ESP."""
    header = (ip[0] & 0x0F) * 4
    if ip[0] >> 4 != 4 or ip[9] != socket.IPPROTO_UDP:
        return False
    port = int.from_bytes(ip[header + 2 : header + 4])
    ike = ip[header + 8 :]
    if port == NAT_PORT and ike[:4] == bytes(4):
        ike = ike[4:]
    elif port != IKE_PORT:
        return False
    return len(ike) >= 28 and ike[18] == IKE_SA_INIT and not ike[19] & FLAG_RESPONSE


def main(target: str, interface: str) -> int:
    identifier = os.getpid() & 0xFFFF
    icmp = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    wire.bind((interface, ETH_P_ALL))
    for each in (icmp, wire):
        each.setblocking(False)
        each.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    print("ready", flush=True)
    began = 0.0
    sequence = 0
    next_at = time.monotonic()
    give_up = next_at + GIVE_UP_S
    while (now := time.monotonic()) < give_up:
        if now >= next_at:
            next_at = now + INTERVAL_S
            sequence = (sequence + 1) & 0xFFFF
            try:
                icmp.sendto(echo_request(identifier, sequence), (target, 0))
            except OSError:
                pass  # No route yet, or the tunnel is just being changed.
        watched = [icmp] if began else [icmp, wire]
        readable = select.select(watched, [], [], max(0, next_at - time.monotonic()))[0]
        if wire in readable:
            packet, at, sender = receive(wire)
            if sender[2] == PACKET_OUTGOING and is_init_request(packet):
                began = at
        elif icmp in readable:
            packet, at, sender = receive(icmp)
            kind, _, _, who = struct.unpack_from("!BBHH", packet, (packet[0] & 0x0F) * 4)
            if kind == 0 and who == identifier and sender[0] == target:
                print(began, at, flush=True)
                return 0
    return 1


sys.exit(main(sys.argv[1], sys.argv[2]))
