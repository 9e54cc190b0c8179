"""Processes that stand still, and the end of the server: tests 18, 19, 28 and 29."""

import shutil
import signal
import time
from email.utils import parsedate_to_datetime

import processes
from faults import CLOCK, Fault
from kills import FOREVER, SLOW
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
        wait_until(lambda: "draining" in server.log())
        late = idle.pop().ask("GET", "/livez")
        answer = busy.read()
        answered = time.monotonic()
        run.count(1, int(answer.status != 200))
        server.process.wait(30)
        run.expect(late.headers.get("connection") == "close", "a connection was to be kept while the server drains")
        run.measure("exit after the answer", round((time.monotonic() - answered) * 1e3), 500, "ms", is_soft=True)
        for connection in idle:
            run.expect(connection.is_closed(), "an idle connection got bytes")
        server.stop()
    finally:
        server.destroy()
    second_signal(run)


def second_signal(run):
    """One who cannot wait asks twice."""
    server = Subject(IRIS.argument, SLOW, "--workers", "1", "--default-model", "iris")
    try:
        busy = Connection(server, timeout=120)
        busy.request("POST", "/models/slow/predict", body=f'{{"x": {FOREVER}}}'.encode())
        assert server.get("/livez").status == 200
        server.kill([server.pid], signal.SIGTERM)
        wait_until(lambda: "draining" in server.log())
        server.kill([server.pid], signal.SIGTERM)
        began = time.monotonic()
        server.process.wait(30)
        run.measure("exit after a second TERM", round((time.monotonic() - began) * 1e3), 1000, "ms", is_soft=True)
        run.expect(not processes.tree(server.pid), "processes are left")
    finally:
        server.destroy()


@test("19", "SIGSTOP a worker and then a proxy", short=7, long=30)
def stopped(run):
    pause = 2.5 if run.is_short else 5
    with run.serve(IRIS.argument, "--workers", "2", "--proxies", "2") as server, run.load(server) as load:
        for kind in ("worker", "proxy"):
            pids = server.kind(kind)
            pid = run.random.choice(pids)
            processes.kill(pid, signal.SIGSTOP)
            last(pause)
            processes.kill(pid, signal.SIGCONT)
            run.outcome.faults += 1
            run.expect(load.left > 0, "the load ended too early")
        # The worker is replaced; a proxy that stands still has clients, and goes on.
        run.expect(server.lines("proxy exited") == 0, "a proxy was killed")
        run.expect_lines(server, "worker exited", 1)
        run.expect("SIGSTOP" in str(server.exits("iris")), f"the status says {server.exits('iris')}")


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
        run.expect_lines(server, "the runtime directory was gone", 1)


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
    clock_steps(run)


def clock_steps(run):
    """The wall clock steps a day forth and a day back while the server works."""
    fault = Fault(run.folder, CLOCK)
    with run.serve(IRIS.argument, "--workers", "2", variables=fault.variables) as server:
        with run.load(server) as load:
            for _ in run.faults(load, every=1):
                fault.begin()
                ahead = parsedate_to_datetime(server.get("/livez").headers["date"]).timestamp() - time.time()
                run.expect(ahead > 80_000, f"the clock stepped by {ahead:.0f} s")
                run.expect(server.reload() == 0, "a reload failed with another time")
                last(min(0.5, max(0, load.left)))
                fault.end()
        run.expect(load.connections_opened == 16, f"{load.connections_opened - 16} connections were closed")
        run.expect(server.lines("exited") == 0, "a process was killed")
        run.expect(server.lines("warning") == 0, "there are warnings in the log")
