"""The other end of an ESP tunnel, made of Scapy's IPsec layer.

Reads one JSON array of jobs from standard input and writes one array of answers to standard output.
A job has `suite` (crypt, auth), `cryptKey` and `authKey` in hexadecimal, `spi`, `esn`, and either
`open`: UDP payloads to open, or `seal`: inner packets with `sequence` and, with extended sequence
numbers, `high`. An answer is a list of packets in hexadecimal; one that failed is {"error": text}.
"""

import json
import sys

from scapy.config import conf
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.ipsec import ESP, SecurityAssociation
from scapy.packet import Raw, raw

conf.verb = 0

OUTER = dict(src="192.0.2.1", dst="198.51.100.1")


def association(job):
    return SecurityAssociation(
        ESP,
        spi=job["spi"],
        crypt_algo=job["suite"]["crypt"],
        crypt_key=bytes.fromhex(job["cryptKey"]),
        auth_algo=job["suite"].get("auth"),
        auth_key=bytes.fromhex(job["authKey"]) or None,
        tunnel_header=IP(**OUTER),
        nat_t_header=UDP(sport=4500, dport=4500),
        esn_en=job["esn"],
    )


def open_one(job, payload, high):
    """The datagram is dissected from its octets, so that Scapy itself has to find the ESP packet in it."""
    datagram = IP(raw(IP(**OUTER) / UDP(sport=4500, dport=4500) / Raw(payload)))
    if not datagram.haslayer(ESP):
        raise ValueError("no ESP packet in the datagram: " + datagram.summary())
    return raw(association(job).decrypt(datagram, esn=high))


def seal_one(job, inner, sequence, high):
    packet = (IPv6 if inner[0] >> 4 == 6 else IP)(inner)
    sealed = association(job).encrypt(packet, seq_num=sequence, esn=high)
    return raw(sealed[ESP])


def answer(job):
    for item in job.get("open", []):
        yield lambda item=item: open_one(job, bytes.fromhex(item["packet"]), item["high"])
    for item in job.get("seal", []):
        yield lambda item=item: seal_one(job, bytes.fromhex(item["packet"]), item["sequence"], item["high"])


def attempt(work):
    try:
        return work().hex()
    except Exception as error:  # whatever Scapy thinks of the packet is the answer
        return {"error": "%s: %s" % (type(error).__name__, error)}


print(json.dumps([[attempt(work) for work in answer(job)] for job in json.load(sys.stdin)]))
