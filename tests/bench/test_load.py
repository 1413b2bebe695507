# SPDX-License-Identifier: GPL-2.0-or-later
"""udp-load against servers that are made up; python3 -m unittest discover -s tests/bench"""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "demo")]
import staging  # noqa: E402

QUERY = "0000" "0100" "0001" "aabb"
COUNT = 50


class Load(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        staging.compiled(os.path.join(HERE, "udp-load.c"), cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def load(self, request, answers, pattern="constant", gap_us=200, repeat=2):
        """Has each request answered by answers(data); returns what ended it, and how many were answered."""
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", 0))
        log = os.path.join(self.folder.name, "log")

        def serve():
            while True:
                data, peer = server.recvfrom(2048)
                if not data:
                    return
                self.seen.append(data)
                for answer in answers(data):
                    server.sendto(answer, peer)

        self.seen = []
        serving = threading.Thread(target=serve)
        serving.start()
        try:
            done = subprocess.run([os.path.join(self.folder.name, "udp-load"), "127.0.0.1", str(server.getsockname()[1]),
                                   pattern, str(gap_us), str(COUNT), "1", str(repeat), "0", "1", "0", "1", request, log],
                                  capture_output=True, text=True)
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", server.getsockname())
            serving.join()
            server.close()
        if done.returncode:
            return done, 0
        with open(log, encoding="ascii") as lines:
            return done, sum(line.split()[4] != "0" for line in lines)

    def test_own_requests_come_back(self):
        self.assertEqual(self.load("-", lambda data: [data])[1], 2 * COUNT)

    def test_a_given_request_is_known_by_its_number(self):
        _, answered = self.load(QUERY, lambda data: [data[:2] + b"whatever"])
        self.assertEqual(answered, 2 * COUNT)
        # one number after the other, over both repetitions, and the rest as it was given
        self.assertEqual(self.seen, [number.to_bytes(2, "big") + bytes.fromhex(QUERY)[2:] for number in range(2 * COUNT)])

    def test_other_numbers_are_no_answers(self):
        for answer in (b"\xff\xff....", b"\x00", b""):
            self.assertEqual(self.load(QUERY, lambda data, answer=answer: [answer])[1], 0)

    def test_a_request_is_answered_once(self):
        self.assertEqual(self.load(QUERY, lambda data: [data, data])[1], 2 * COUNT)

    def test_what_is_answered_too_late_is_lost(self):
        def answers(data):
            if len(self.seen) == 1:
                time.sleep(1.2)
            return [data]
        _, answered = self.load("-", answers, gap_us=30000, repeat=1)
        # of 50 in 1.5 s those that were sent in the first 0.2
        self.assertTrue(COUNT - 15 < answered < COUNT - 3, answered)

    def test_an_unknown_pattern_is_refused(self):
        done, _ = self.load("-", lambda data: [], pattern="sometimes")
        self.assertEqual(done.returncode, 2)
        self.assertIn("PATTERN is sometimes", done.stderr)

    def test_bad_requests_are_refused(self):
        for bad in ("", "00", "000", "0x00", "00 1", "zz00", "00" * 513):
            done, _ = self.load(bad, lambda data: [])
            self.assertEqual((done.returncode, self.seen), (2, []))
            self.assertIn("2 to 512 bytes", done.stderr)


if __name__ == "__main__":
    unittest.main()
