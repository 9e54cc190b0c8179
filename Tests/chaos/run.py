"""What a test is given: a server, a load, chance, and a place for what it finds."""

import os
import random
import statistics
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import load
from board import Measure, Outcome
from faults import Skipped  # noqa: F401
from processes import wait_until
from subject import IRIS, Subject

TESTS = []
SHORT_RATE = 200  # so that a busy machine's speed decides nothing


def test(number, title, *, short=3, long=30):
    """Marks a test with its number in the scoreboard, and how many seconds it loads the server:
    in the short form (0: it is not part of it) and in the long one."""

    def mark(function):
        TESTS.append((number, title, short, long, function))
        return function

    return mark


class Run:
    """One test's run. `seconds` is how long it is to load the server."""

    def __init__(self, number, title, seconds, campaign):
        self.outcome = Outcome(number, title)
        self.seconds = seconds
        self.is_short = campaign.is_short
        self.campaign = campaign
        # Each test has a seed of its own: running one of them alone gives the same faults.
        self.random = random.Random(f"{campaign.seed}/{number}")
        self.folder = Path(tempfile.mkdtemp(prefix="apus-chaos.", dir="/tmp"))

    @contextmanager
    def serve(self, *arguments, errors=None, **options):
        """A server that has to end well: exit code 0, nothing left, no error but `errors`."""
        with Subject(*map(str, arguments), **options) as server:
            server.allowed_errors = errors
            yield server
            self.outcome.problems += server.check_nothing_grew()

    @contextmanager
    def load(self, server, *options):
        """Half of the capacity, for the test's time, under way when this begins; what fails is counted."""
        with self.load_of(server.url, *options) as one:
            wait_until(lambda: server.connection_count() > load.CONNECTIONS // 2, within=30)
            yield one

    @contextmanager
    def load_of(self, url, *options):
        """The same for a server that need not be there yet."""
        campaign = self.campaign
        with load.Load(url, "iris", campaign.expected, campaign.rate, self.seconds, options) as one:
            yield one
        self.outcome.requests += one.requests
        self.outcome.failed += one.failed
        if one.failed:
            print(f"     failures: {one.failures}", flush=True)

    def faults(self, one, every):
        """Comes round about each `every` seconds while the load goes on, at random moments."""
        while one.left > 0.5:
            yield
            self.outcome.faults += 1
            last(min(every * self.random.uniform(0.7, 1.3), max(one.left, 0)))

    def pick(self, pids):
        """One of them, as a list; none when there is none at the moment."""
        return [self.random.choice(pids)] if pids else []

    def expect_lines(self, server, text, count):
        """One line of the log for each fault."""
        self.measure(f"lines '{text}' too many or few", abs(server.lines(text) - count), 0, is_soft=True)

    def measure_latency(self, one, name, added=1.0):
        """How much longer than without faults it took, with the calm figure times `added` as its bar."""
        calm = self.campaign.calm()
        found = usual_p99(one) - calm
        self.measure(name, round(max(0, found), 3), round(calm * added, 3), "ms", is_soft=True)

    def measure(self, name, found, bar, unit="", *, is_soft=False):
        self.outcome.measures.append(Measure(name, found, bar, unit, is_soft))

    def expect(self, holds, sentence):
        if not holds:
            self.outcome.problems.append(sentence)

    def count(self, requests, failed):
        self.outcome.requests += requests
        self.outcome.failed += failed


@contextmanager
def yielding():
    """This driver takes no processor that what is measured wants; what it starts is not concerned."""
    if os.geteuid() != 0:  # it could not come back
        yield
        return
    os.sched_setscheduler(0, os.SCHED_IDLE | os.SCHED_RESET_ON_FORK, os.sched_param(0))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def last(seconds):
    """For as long as a state is to last: the length of a fault, the pace of a load. Not for what will happen: see
    `wait_until`."""
    time.sleep(seconds)


class Campaign:
    """All tests of one call: the seed, the measured capacity, and the right answers."""

    def __init__(self, seed, is_short):
        self.seed = seed
        self.is_short = is_short
        self.folder = Path(tempfile.mkdtemp(prefix="apus-chaos.", dir="/tmp"))
        self.expected = self.folder / "expected.json"
        with Subject(IRIS.argument, "--workers", "2") as server:
            self.capacity = load.capacity(server.url, "iris")
            load.write_expected(server.url, "iris", self.expected)
        self._calm = None
        half = self.capacity / 2
        self.rate = min(SHORT_RATE, half) if is_short else half

    def calm(self):
        """What the load's answers take while nothing is broken."""
        if self._calm is None:
            with Subject(IRIS.argument, "--workers", "2") as server:
                with load.Load(server.url, "iris", self.expected, self.rate, 2 if self.is_short else 10) as one:
                    pass
            self._calm = usual_p99(one)
        return self._calm


def usual_p99(one):
    """Of the seconds of a load the median, in milliseconds: one in which the machine did something else does not
    count."""
    return statistics.median(part["p99_us"] for part in one.run["intervals"] if not part["drain"]) / 1e3
