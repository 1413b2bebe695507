# SPDX-License-Identifier: GPL-2.0-or-later
"""The scenario's shell, with guests that are made up; python3 -m unittest discover -s tests/bench"""

import os
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
MEASURE = os.path.join(os.path.dirname(HERE), "measure")

# Commands of the lab: a guest is the file "alive", which says with which options it runs
COMMANDS = {
    "guest-start": """
        case "$*" in *$BROKEN*) exit 1 ;; esac
        echo "$*" >alive
        echo "start $*" >>told
        echo 10.9.0.2
    """,
    "guest-run": '[ -e alive ] && case $(cat alive) in *"${DEAF:-nobody}"*) exit 255 ;; esac',
    "guest-pid": "[ -e alive ] && echo 1",
    "save-results": ":",
    "timeout": 'shift; "$@"',
}

PRELUDE = """
set -u
ME=bench RESULTS=$PWD WORK=$PWD NR_CPUS=5 STOCK_POLL_NS=580000 STOCK_GROW_START_NS=29000 GUEST_APPEND_ARGS=
WORKLOAD=test ROUND_S=1 STEPS=99
. $MEASURE/settings.sh
. $MEASURE/interleave.sh
. $HERE/scenario/guests.sh
. $HERE/scenario/$KIND.sh
. $HERE/scenario/rounds.sh
kill() { rm -f alive; return 1; }
find_guest() { [ -e alive ] || die "no route to the guest"; }
check_attached() { [ -z "${DETACHED-}" ] || die "no VM is attached"; }
set_config() { config_now=$1; }
measured() { wall_ns=1000000000 idle_cs=400 kept=0; "$@"; measured_rc=$?; return $measured_rc; }
add_busy() { :; }
sleep() { :; }
echo plain >alive
"""


class Scenario(unittest.TestCase):
    def run_rounds(self, configs, kind="udp", rounds=2, more="", **env):
        """Returns ({configuration: its rounds' errors}, {configuration: why it is not available})."""
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "bin"))
            for name, text in COMMANDS.items():
                path = os.path.join(folder, "bin", name)
                with open(path, "w", encoding="utf-8") as out:
                    out.write("#!/bin/sh\n" + text)
                os.chmod(path, 0o755)
            script = PRELUDE + f"CONFIGS='{configs}' ROUNDS={rounds}\n" + more + "\nfirst_guest\nrun_rounds\n"
            env = {"BROKEN": "no-such-option", "HERE": HERE, "MEASURE": MEASURE, "KIND": kind,
                   "PATH": os.path.join(folder, "bin") + ":" + os.environ["PATH"], **env}
            done = subprocess.run(["sh", "-c", script], cwd=folder, env=env, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
            self.told = self.lines(folder, "told")
            ran = {}
            for line in self.lines(folder, "rounds.tsv"):
                fields = line.split("\t")
                ran.setdefault(fields[0], []).append(fields[6])
            return ran, dict(line.split("\t") for line in self.lines(folder, "unavailable.tsv"))

    @staticmethod
    def lines(folder, name):
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as text:
            return text.read().splitlines()

    NOTHING = "prepare() { :; }\nload() { : >\"$1\"; }\n"

    def test_all_goes_well(self):
        ran, missing = self.run_rounds("stock idle-poll hint", more=self.NOTHING)
        self.assertEqual((ran, missing), ({name: ["", ""] for name in ("stock", "idle-poll", "hint")}, {}))

    def test_after_a_guest_that_does_not_start_there_is_another(self):
        ran, missing = self.run_rounds("stock idle-poll hint", more=self.NOTHING, BROKEN="idle=poll")
        self.assertEqual(ran, {"stock": ["", ""], "hint": ["", ""]})
        self.assertEqual(missing, {"idle-poll": "its guest does not start"})
        self.assertEqual(len(self.told), 1) # a plain one, for hint

    def test_a_server_that_does_not_start_is_that_configuration_s(self):
        more = self.NOTHING + "prepare() { case $(cat alive) in *idle=poll*) die 'no server' ;; esac; }\n"
        ran, missing = self.run_rounds("stock idle-poll cpu-pm hint", more=more)
        self.assertEqual((sorted(ran), missing), (["cpu-pm", "hint", "stock"], {"idle-poll": "no server"}))

    def test_a_guest_that_is_not_attached_is_that_configuration_s(self):
        # the first is; the one after idle-poll is not
        more = self.NOTHING + "start_guest() { echo $1 >alive; GUEST_IP=1 DETACHED=1; }\n"
        ran, missing = self.run_rounds("stock idle-poll hint", rounds=2, more=more)
        self.assertEqual((ran, missing), ({"stock": [""], "hint": [""], "idle-poll": ["", ""]},
                                          {"hint": "no VM is attached", "stock": "no VM is attached"}))

    def test_what_dies_in_a_round_is_that_round(self):
        more = self.NOTHING + "load() { [ $config_now = stock ] || die 'sipp failed'; : >\"$1\"; }\n"
        ran, _ = self.run_rounds("stock hint", more=more)
        self.assertEqual(ran, {"stock": ["", ""], "hint": ["sipp failed"] * 2})

    def test_what_runs_beside_a_load_is_not_measured(self):
        more = self.NOTHING + """
            before_load() { echo before >>told; }
            after_load() { echo after >>told; }
            load() { echo load >>told; }
            measured() { echo begin >>told; wall_ns=1 idle_cs=1 kept=0; "$@"; measured_rc=$?; echo end >>told; }
        """
        self.run_rounds("stock", rounds=1, more=more)
        self.assertEqual(self.told, ["before", "begin", "load", "end", "after"])

    def test_order(self):
        def order(turn):
            return subprocess.run(["sh", "-c", f". {MEASURE}/interleave.sh; echo $(order {turn} a b c d)"],
                                  capture_output=True, text=True, check=True).stdout.split()
        self.assertEqual([order(turn) for turn in (1, 2, 3, 4, 5)],
                         [list(text) for text in ("abcd", "badc", "cdab", "dcba", "abcd")])

    def test_each_guest_is_started_once_in_a_round(self):
        self.run_rounds("stock idle-poll hint cpu-pm zeroed", rounds=3, more=self.NOTHING)
        guests = ["idle" if "idle=poll" in line else "pm" if "cpu-pm" in line else "plain" for line in self.told]
        self.assertEqual(guests, ["idle", "pm", "plain", "pm", "idle", "plain", "idle", "pm"])

    def test_what_the_first_guest_lacks_ends_the_workload(self):
        with self.assertRaisesRegex(AssertionError, "no server"):
            self.run_rounds("stock", more=self.NOTHING + "prepare() { die 'no server'; }\n")

    def test_a_guest_that_does_not_answer_makes_no_round(self):
        ran, _ = self.run_rounds("stock", more=self.NOTHING, DEAF="plain")
        self.assertEqual(ran, {"stock": ["the guest does not answer any more"] * 2})

    def test_idle_sees_that_the_guest_has_ended(self):
        ran, _ = self.run_rounds("stock hint", kind="idle", rounds=1, more="sleep() { rm -f alive; }\n")
        self.assertEqual(ran["stock"], ["the guest has ended"])

    def test_what_blind_is_set_to(self):
        script = """
            ME=bench BLIND_KEEP_US=2000 BLIND_SHARE_KEEP_US=1700 BLIND_SHARE_PERIOD_US=17000 blind_period_us=90000
            STOCK_POLL_NS=580000 STOCK_GROW_START_NS=29000 mode_before=off
            . $MEASURE/settings.sh
            POLL=poll GROW_START=start HINT=.
            set_max_keep() { :; }
            sleep() { :; }
            for name in blind blind-10pct hint; do
                set_config $name
                echo $name $(cat mode test_blind_period_us test_blind_keep_us)
            done
        """
        with tempfile.TemporaryDirectory() as folder:
            said = subprocess.run(["sh", "-c", script], cwd=folder, env={**os.environ, "MEASURE": MEASURE},
                                  capture_output=True, text=True).stdout.splitlines()
        self.assertEqual(said, ["blind hint 90000 2000", "blind-10pct hint 17000 1700", "hint hint 0 0"])


if __name__ == "__main__":
    unittest.main()
