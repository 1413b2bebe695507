# SPDX-License-Identifier: GPL-2.0-or-later
"""python3 -m unittest discover -s tests/demo"""

import os
import random
import statistics
import struct
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import analyse  # noqa: E402
import calls  # noqa: E402
import results  # noqa: E402


class Percentile(unittest.TestCase):
    def test_nearest_rank(self):
        ordered = list(range(1, 101))
        for percent, value in ((50, 50), (90, 90), (99, 99), (100, 100)):
            self.assertEqual(analyse.percentile(ordered, percent), value)
        self.assertEqual(analyse.percentile([15, 20, 35, 40, 50], 30), 20)
        self.assertEqual(analyse.percentile([7], 99), 7)

    def test_summary(self):
        found = analyse.summary([2, 4, 4, 4, 5, 5, 7, 9])
        self.assertEqual((found["n"], found["mean"], found["stddev"], found["max"]), (8, 5, 2, 9))
        self.assertIsNone(analyse.summary([])["mean"])


class Ratio(unittest.TestCase):
    def test_is_of_medians(self):
        found = analyse.ratio([1, 2, 9], [4, 4, 4])
        self.assertEqual(found["value"], 0.5)
        self.assertLessEqual(found["low"], found["value"])
        self.assertGreaterEqual(found["high"], found["value"])

    def test_interval_covers_the_rounds_and_repeats(self):
        rounds = [1.0, 1.1, 0.9, 1.05]
        found = analyse.ratio(rounds, [2.0, 2.0, 2.0])
        self.assertGreaterEqual(found["low"], 0.45)
        self.assertLessEqual(found["high"], 0.55)
        self.assertEqual(found, analyse.ratio(rounds, [2.0, 2.0, 2.0]))

    def test_no_rounds_no_ratio(self):
        self.assertIsNone(analyse.ratio([], [1]))


class Paired(unittest.TestCase):
    """What intervals are worth: how many of them have the truth in it, 1.0, of rounds that vary together."""

    def covered(self, rounds, paired, alike):
        chance, found = random.Random(1), []
        for _ in range(200):
            pairs = [(chance.gauss(0, 5), chance.gauss(0, 5), chance.gauss(0, 5)) for _ in range(rounds)]
            samples = [[100 + alike * of_all + (1 - alike ** 2) ** 0.5 * own[n] for of_all, *own in pairs] for n in (0, 1)]
            found.append(analyse.ratio(*samples, paired))
        good = sum(one["low"] <= 1 <= one["high"] for one in found) / len(found)
        return good, statistics.fmean(one["high"] - one["low"] for one in found)

    def test_intervals(self):
        with mock.patch.object(analyse, "RESAMPLES", 200):
            for alike in (0, 0.9):
                self.assertLess(self.covered(3, True, alike)[0], 0.8) # why so few are not paired
                self.assertGreater(self.covered(3, False, alike)[0], 0.85)
                self.assertGreater(self.covered(6, True, alike)[0], 0.9)
            # narrower where rounds are alike
            self.assertLess(self.covered(6, True, 0.9)[1], 0.6 * self.covered(6, False, 0.9)[1])


class ExtraCpuShare(unittest.TestCase):
    def test_share(self):
        found = analyse.extra_cpu_share([0.6, 0.6, 0.6], [0.5, 0.5, 0.5], [1.0, 1.0, 1.0])
        self.assertAlmostEqual(found["value"], 0.2)

    def test_noise_gives_null_with_a_reason(self):
        found = analyse.extra_cpu_share([0.6, 0.6, 0.6], [0.4, 0.5, 0.6], [0.5, 0.6, 0.7])
        self.assertIsNone(found["value"])
        self.assertIn("3 MAD", found["reason"])


def frame(payload):
    ip = bytes([0x45]) + bytes(8) + bytes([17]) + bytes(10)
    return bytes(12) + b"\x08\x00" + ip + bytes(8) + payload


def message(first, call, cseq):
    return frame(f"{first}\r\nCall-ID: {call}\r\nCSeq: {cseq}\r\n\r\nbody".encode())


class Calls(unittest.TestCase):
    INVITE, BYE, OK = "INVITE sip:a@b SIP/2.0", "BYE sip:a@b SIP/2.0", "SIP/2.0 200 OK"

    def read(self, messages, cut=0):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "c.pcap")
            data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 512, 1)
            for time_us, content in messages:
                data += struct.pack("<IIII", time_us // 10**6, time_us % 10**6, len(content), len(content)) + content
            with open(path, "wb") as out:
                out.write(data[:len(data) - cut])
            return calls.read(path)

    def call(self):
        return [(100, message(self.INVITE, "x", "1 INVITE")), (200, message("SIP/2.0 100 Trying", "x", "1 INVITE")),
                (1100, message(self.OK, "x", "1 INVITE")), (1200, message("ACK sip:a@b SIP/2.0", "x", "1 ACK")),
                (2000, message(self.BYE, "x", "2 BYE")), (2600, message(self.OK, "x", "2 BYE"))]

    def test_times(self):
        call, = self.read(self.call())
        self.assertEqual((call.rtt_us, call.call_us, call.retransmissions), (1000, 2500, 0))

    def test_retransmissions_are_from_the_first_sending(self):
        messages = self.call()
        messages.insert(2, (600, message(self.INVITE, "x", "1 INVITE")))
        messages.append((2700, message(self.OK, "x", "2 BYE")))
        call, = self.read(messages)
        self.assertEqual((call.rtt_us, call.call_us, call.retransmissions), (1000, 2500, 1))

    def test_a_torn_capture_ends_early(self):
        self.assertEqual(calls.successful(self.read(self.call(), cut=5)), [])

    def test_no_capture(self):
        with self.assertRaises(calls.CaptureError):
            with tempfile.NamedTemporaryFile() as empty:
                calls.read(empty.name)


class Medians(unittest.TestCase):
    def test_failed_rounds_are_left_out(self):
        rounds = [{"round": 1, "rtt_us": {"mean": 1}, "host_busy_s": 2}, {"round": 2, "failed": "why"},
                  {"round": 3, "rtt_us": {"mean": 3}, "host_busy_s": 4}]
        self.assertEqual(results.median_of(rounds), {"rtt_us": {"mean": 2}, "host_busy_s": 3})
        self.assertIsNone(results.median_of([{"round": 1, "failed": "why"}]))


if __name__ == "__main__":
    unittest.main()
