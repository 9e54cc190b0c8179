"""The server that the faults are for, and what is known about its processes."""

import json
import os
import signal
import socket
import subprocess
import threading
from datetime import datetime

import processes
import server
from models import model
from processes import wait_until
from server import Server

IRIS = model("iris")
DESCRIPTORS_SPARE = 8
MEMORY_SPARE = 16 << 20


class Subject(Server):
    """A server that notes what it uses when it is settled, to compare at the end."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.settle()
        self.descriptors_before = self.descriptors()
        self.memory_before = self.proportional_bytes()

    def settle(self, within=30):
        """Waits until every wanted process does its work."""

        def all_work():
            """a process of the server is not ready"""
            status = self.status()
            workers = [worker for one in status["models"] for worker in one["workers"]]
            states = {one["state"] for one in workers}, {one["state"] for one in status["proxies"]}
            return status["state"] == "ready" and states == ({"serving"}, {"ready"})

        wait_until(all_work, within=within)

    def connection_count(self):
        """The clients' connections that are open now, with the one that asks."""
        lines = self.get("/metrics").body.decode().splitlines()
        return sum(int(line.split()[-1]) for line in lines if line.startswith("apus_connections_open"))

    def kind(self, word):
        """The pids of the processes of one kind: `worker`, `worker iris@`, `template`, `proxy`."""
        found = []
        for pid in processes.tree(self.pid):
            if processes.title(pid).startswith(f"apus: {word}"):
                found.append(pid)
        return found

    def kill(self, pids, number=signal.SIGKILL):
        for pid in pids:
            processes.kill(pid, number)
        return len(pids)

    def descriptors(self):
        """The open files of the supervisor and the proxies; other processes come and go."""
        total = 0
        for pid in [self.pid, *self.kind("proxy")]:
            try:
                total += len(os.listdir(f"/proc/{pid}/fd"))
            except OSError:
                continue
        return total

    def check_nothing_grew(self):
        """Sentences about what is not back where it was. Closing takes a turn or two."""
        try:
            self.settle()
            wait_until(lambda: self.descriptors() <= self.descriptors_before + DESCRIPTORS_SPARE)
            # A replaced version's template is kept for half a minute, in case that it has to come back.
            wait_until(lambda: self.proportional_bytes() <= self.memory_before + MEMORY_SPARE, within=45)
        except AssertionError:
            return [
                f"descriptors {self.descriptors_before} -> {self.descriptors()}, "
                f"memory {self.memory_before >> 10} -> {self.proportional_bytes() >> 10} KiB"
            ]
        return []

    def lines(self, text):
        """How many lines of the log have it."""
        return sum(text in line for line in self.log().splitlines())

    def times(self, text):
        """When each line of the log that has it was written, in seconds."""
        lines = [line.split()[0] for line in self.log().splitlines() if text in line]
        return [datetime.fromisoformat(time).timestamp() for time in lines]

    def milliseconds_to(self, text, after):
        """From each line of the log that has `after` to the next that has `text`."""
        ends = self.times(text)
        nexts = [[end for end in ends if end >= began][:1] for began in self.times(after)]
        return [round(1e3 * (end[0] - began)) for began, end in zip(self.times(after), nexts, strict=True) if end]

    def status_at_once(self):
        """As `status()`, without a process for it."""
        with socket.socket(socket.AF_UNIX) as admin:
            admin.connect(f"{self.runtime}/admin.sock")
            admin.sendall(b"status\n")
            with admin.makefile("rb") as file:
                assert file.readline() == b"ok\n"
                return json.load(file)

    def reason(self, model):
        """What the status says of it."""
        return next(one["reason"] for one in self.status()["models"] if one["name"] == model)

    def exits(self, model):
        """How the status says that its workers ended."""
        workers = next(one["workers"] for one in self.status()["models"] if one["name"] == model)
        return [worker["last_exit"] for worker in workers if "last_exit" in worker]

    def reload(self, *options):
        """`apus reload --wait`: its exit code."""
        arguments = ["reload", "--wait", *options, "--runtime-dir", self.runtime]
        return server.run(*arguments, timeout=60).returncode


class Sampler(threading.Thread):
    """Looks again and again, and keeps what it saw. Use it with `with`."""

    def __init__(self, look, every=0.02):
        super().__init__()
        self.look, self.every, self.seen = look, every, []
        self.ends = threading.Event()

    def run(self):
        while not self.ends.wait(self.every):
            self.seen.append(self.look())

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.join()


def limited_to(descriptors):
    """A command that lowers the limit on open files and becomes its arguments."""
    return ["prlimit", f"--nofile={descriptors}:{descriptors}", "--"]


def has_prlimit():
    return subprocess.run(["prlimit", "--version"], capture_output=True).returncode == 0
