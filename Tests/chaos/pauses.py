"""Processes that stand still, and the end of the server: tests 18, 19, 28 and 29."""

import shutil
import signal
import time

import processes
from kills import SLOW
from processes import wait_until
from run import last, test
from subject import IRIS, Subject
from wire import Connection

IDLE = 100
TURNS_PER_SECOND = 1_000_000  # about; the slow model's loop


@test("18", "SIGTERM with a long request and 100 idle connections", short=1, long=10)
def drain(run):
    server = Subject(IRIS.argument, SLOW, "--workers", "1", "--default-model", "iris")
    try:
        idle = [Connection(server) for _ in range(IDLE)]
        for connection in idle:
            assert connection.ask("GET", "/livez").status == 200
        busy = Connection(server, timeout=120)
        turns = run.seconds * TURNS_PER_SECOND
        busy.request("POST", "/models/slow/predict", body=f'{{"x": {turns}}}'.encode())
        assert server.get("/livez").status == 200  # what was sent before has been read by now
        server.kill([server.pid], signal.SIGTERM)
        run.outcome.faults = 1
        answer = busy.read()
        answered = time.monotonic()
        run.count(1, int(answer.status != 200))
        server.process.wait(30)
        run.measure("exit after the answer", round((time.monotonic() - answered) * 1e3), 500, "ms", is_soft=True)
        for connection in idle:
            run.expect(connection.is_closed(), "an idle connection got bytes")
        server.stop()
    finally:
        server.destroy()


@test("19", "SIGSTOP a worker and then a proxy", short=4, long=30)
def stopped(run):
    pause = 1 if run.is_short else 5
    with run.serve(IRIS.argument, "--workers", "2", "--proxies", "2") as server, run.load(server) as load:
        for kind in ("worker", "proxy"):
            pids = server.kind(kind)
            pid = run.random.choice(pids)
            processes.kill(pid, signal.SIGSTOP)
            last(pause)
            processes.kill(pid, signal.SIGCONT)
            run.outcome.faults += 1
            run.expect(load.left > 0, "the load ended too early")
        run.expect(server.lines("exited") == 0, "a process was killed")


@test("28", "the runtime directory is deleted", short=3, long=10)
def deleted(run):
    with run.serve(IRIS.argument, "--workers", "2") as server:
        with run.load(server):
            began = time.monotonic()
            shutil.rmtree(server.runtime)
            # `apus status` finds the server again, and workers that start now find a place for their sockets.
            wait_until(lambda: _answers(server), within=30)
            run.measure("admin socket back after", round(time.monotonic() - began, 3), 5, "s", is_soft=True)
            server.kill(server.kind("worker"))
            run.outcome.faults = 1
            server.settle()


def _answers(server):
    try:
        return server.status()
    except AssertionError:
        return None


@test("29", "all processes stand still, as a suspended machine", short=4, long=20)
def suspended(run):
    pause = 1.5 if run.is_short else 8
    with run.serve(IRIS.argument, "--workers", "2") as server:
        with run.load(server):
            members = processes.tree(server.pid)
            server.kill(members, signal.SIGSTOP)
            last(pause)
            server.kill(members, signal.SIGCONT)
            run.outcome.faults = 1
        run.expect(server.lines("exited") == 0, "a process was killed")
