"""The load during a test: the bundled `loadtest`, open loop, every answer compared."""

import json
import os
import subprocess
import time
from pathlib import Path

from server import ROOT

BINARY = Path(os.environ.get("LOADTEST_BINARY") or ROOT / ".build/release/loadtest")
REQUESTS = ["--distinct", "32", "--seed", "1"]
CONNECTIONS = 16


def capacity(url, model, expected=None, connections=CONNECTIONS, **how):
    """Right answers per second of a closed loop."""
    options = ["--connections", connections, "--duration", "2s", *_check(expected)]
    return _report(_start(url, model, *options, **how))["answered_per_s"]


def write_expected(url, model, path, **how):
    """Asks each of the requests once or more, and keeps the answers as what is right."""
    _report(_start(url, model, "--write-golden", path, "--rate", "50", "--duration", "1s", **how))


class Load:
    """Requests at a constant rate for some seconds. Use it with `with`; then read `failed`."""

    def __init__(
        self, url, model, expected, rate, seconds, options=(), connections=CONNECTIONS, **how
    ):
        self.end = time.monotonic() + seconds
        self.process = _start(
            url, model, *_check(expected), "--rate", f"{rate:.0f}", "--connections", connections,
            "--duration", f"{seconds:g}s", *options, **how,
        )  # fmt: skip
        self.run = None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.process.kill()
            self.process.communicate()
        else:
            self.finish()

    def finish(self):
        """Waits for its end. What it found can be read then."""
        if self.run is None:
            self.run = _report(self.process)

    @property
    def left(self):
        """Seconds until it ends."""
        return self.end - time.monotonic()

    @property
    def requests(self):
        return self.run["due"]

    @property
    def failed(self):
        return self.run["failed"]

    @property
    def failures(self):
        """{kind: count}, with an example of a wrong answer."""
        return {**self.run["failures"], **{"wrong": self.run["wrong_examples"][:1]}}

    @property
    def connections_opened(self):
        return self.run["connections_opened"]


def _check(expected):
    return ["--golden", expected, "--tolerance", "1e-4"] if expected else []


def _start(url, model, *options, requests=REQUESTS, wrapper=()):
    """`wrapper` is a command that becomes the generator."""
    command = [
        *wrapper, BINARY, url, "--model", model, *requests, *map(str, options), "--warm-up", "0s",
        "--metrics", "none", "--quiet", "--json", "-",
    ]  # fmt: skip
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _report(process):
    """Its run. Exit code 3 says that latencies are not to be trusted: it is the counts we want."""
    out, err = process.communicate(timeout=600)
    if process.returncode not in (0, 1, 3):
        raise AssertionError(f"loadtest ended with {process.returncode}: {err.strip()}")
    return json.loads(out)["runs"][0]
