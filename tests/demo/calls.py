# SPDX-License-Identifier: GPL-2.0-or-later
"""SIP calls from a packet capture.

The times are taken where the packets pass the tap, by the kernel that sends and
receives them: sipp's own clock ticks in milliseconds, and what sipp itself does
on its CPU is no part of the guest's answer.
"""
import struct

LINKTYPE_ETHERNET = 1
ETHERTYPE_IPV4 = 0x0800
IPPROTO_UDP = 17
MAGICS = {0xA1B2C3D4: 1, 0xA1B23C4D: 1000}	# units per microsecond


class CaptureError(Exception):
    """The capture cannot be read."""


class Call:
    """One call as seen from the caller: send and arrival times in microseconds."""
    __slots__ = ("invite_us", "answer_us", "ack_us", "bye_us", "end_us", "retransmissions")

    def __init__(self, invite_us):
        self.invite_us = invite_us
        self.answer_us = None
        self.ack_us = None
        self.bye_us = None
        self.end_us = None
        self.retransmissions = 0

    @property
    def rtt_us(self):
        """INVITE to its 200."""
        return self.answer_us - self.invite_us

    @property
    def call_us(self):
        """INVITE to the 200 of BYE."""
        return self.end_us - self.invite_us


def packets(path):
    """Yield (time in us, frame) of a pcap file; a torn last record ends it."""
    with open(path, "rb") as capture:
        head = capture.read(24)
        if len(head) < 24:
            raise CaptureError(f"{path}: too short for a capture")
        for order in "<>":
            magic, = struct.unpack(order + "I", head[:4])
            if magic in MAGICS:
                break
        else:
            raise CaptureError(f"{path}: not a pcap file")
        link, = struct.unpack(order + "I", head[20:24])
        if link != LINKTYPE_ETHERNET:
            raise CaptureError(f"{path}: link type {link}, need Ethernet")
        record = struct.Struct(order + "IIII")
        while True:
            head = capture.read(record.size)
            if len(head) < record.size:
                return
            seconds, fraction, length, _ = record.unpack(head)
            frame = capture.read(length)
            if len(frame) < length:
                return
            yield seconds * 1_000_000 + fraction / MAGICS[magic], frame


def udp_payload(frame):
    """The UDP payload of an Ethernet frame, None if it has none."""
    if len(frame) < 42 or struct.unpack_from("!H", frame, 12)[0] != ETHERTYPE_IPV4:
        return None
    header = (frame[14] & 15) * 4
    if frame[14 + 9] != IPPROTO_UDP:
        return None
    return frame[14 + header + 8:]


def sip_fields(payload):
    """(first line, call id, method of CSeq) of a SIP message, None if it is none."""
    lines = payload.split(b"\r\n")
    call_id = method = None
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        name = name.strip().lower()
        if name in (b"call-id", b"i"):
            call_id = value.strip()
        elif name == b"cseq":
            method = value.split()[-1] if value.split() else None
        elif not line:
            break
    if call_id is None or method is None:
        return None
    return lines[0], call_id, method


def see_request(calls, method, call_id, now):
    """The caller sent a request: note its first sending, count the others."""
    call = calls.get(call_id)
    if method == b"INVITE":
        if call is None:
            calls[call_id] = Call(now)
        else:
            call.retransmissions += 1
    elif call is not None and method == b"ACK":
        if call.ack_us is None:
            call.ack_us = now
    elif call is not None and method == b"BYE":
        if call.bye_us is None:
            call.bye_us = now
        else:
            call.retransmissions += 1


def see_response(calls, status, method, call_id, now):
    """The server answered."""
    call = calls.get(call_id)
    if call is None or status != b"200":
        return
    if method == b"INVITE" and call.answer_us is None:
        call.answer_us = now
    elif method == b"BYE" and call.end_us is None:
        call.end_us = now


def read(path):
    """All calls of a capture, in the order of their INVITEs."""
    calls = {}
    for now, frame in packets(path):
        payload = udp_payload(frame)
        fields = sip_fields(payload) if payload else None
        if fields is None:
            continue
        first, call_id, method = fields
        if first.startswith(b"SIP/2.0 "):
            see_response(calls, first.split()[1], method, call_id, now)
        else:
            see_request(calls, method, call_id, now)
    return list(calls.values())


def successful(calls):
    """Those that were answered and ended."""
    return [call for call in calls if call.answer_us is not None and call.end_us is not None]
