"""Processes that are killed: HARDENING.md §4, tests 1 to 5 and 16."""

import os
import statistics
import time

import processes
from faults import CRASH, Fault
from processes import wait_until
from run import last, test, yielding
from subject import IRIS, Subject
from wire import Connection

ROOT_MODELS = IRIS.path.parent
SLOW = f"slow={ROOT_MODELS / 'small/slow.onnx'}"
FOREVER = 1e12


@test("1", "kill -9 a worker each second")
def worker(run):
    with run.serve(IRIS.argument, "--workers", "2", "--log-level", "debug") as server:
        with run.load(server) as load, yielding():
            for _ in run.faults(load, every=1):
                server.kill(run.pick(server.kind("worker")))
        server.settle()
        run.expect_lines(server, "worker exited", run.outcome.faults)
        back = server.milliseconds_to("worker ready", after="worker exited")
        run.measure("half of the places were filled after", statistics.median(back), 20, "ms", is_soft=True)
        run.measure("each was after", max(back), 100, "ms", is_soft=True)
        run.measure_latency(load, "added to the p99")
        run.expect("killed" in server.exits("iris")[0]["cause"], f"the status says {server.exits('iris')}")


@test("2", "kill -9 all workers of a model at once", short=4)
def all_workers(run):
    with run.serve(IRIS.argument, "--workers", "4") as server:
        with run.load(server) as load:
            killed = sum(
                server.kill(server.kind("worker")) for _ in run.faults(load, every=1.5 if run.is_short else 5)
            )
        server.settle()
        run.expect_lines(server, "worker exited", killed)
        stall = load.run["latency"]["max_us"] / 1e3
        run.measure("the longest answer took", round(stall, 1), 100, "ms", is_soft=True)


@test("3", "kill -9 the template each two seconds", short=4)
def template(run):
    arguments = [IRIS.argument, "--workers", "2", "--log-level", "debug"]
    with run.serve(*arguments, errors="template exited.*Killed") as server:
        with run.load(server) as load:
            for _ in run.faults(load, every=2):
                server.kill(server.kind("template"))
                server.kill(server.kind("worker")[:1])
        server.settle()
        run.expect_lines(server, "template exited", run.outcome.faults)
        first = server.milliseconds_to("model loaded", after=" starting ")[0]
        back = server.milliseconds_to("worker ready", after="template exited")
        run.measure("forks again after", max(back), first + 200, "ms", is_soft=True)


@test("4", "kill -9 a proxy each five seconds", short=3)
def proxy(run):
    with run.serve(IRIS.argument, "--workers", "2", "--proxies", "2", errors="proxy exited.*Killed") as server:
        with run.load(server) as load:
            back = []
            for _ in run.faults(load, every=2 if run.is_short else 5):
                killed = run.pick(server.kind("proxy"))
                server.kill(killed)
                began = time.monotonic()
                wait_until(lambda killed=killed: proxies_are_there(server, killed), every=0.002)
                back.append((time.monotonic() - began) * 1e3)
        # Those that were under way on its connections; no new connection is refused.
        run.outcome.allowed = 16 * run.outcome.faults
        run.expect("cannot connect" not in str(load.failures), f"refused: {load.failures}")
        run.expect(not load.run["wrong_examples"], f"wrong answers: {load.failures}")
        run.expect_lines(server, "proxy exited", run.outcome.faults)
        run.measure("accepts again after", round(max(back), 1), 50, "ms", is_soft=True)


def proxies_are_there(server, but):
    proxies = server.status_at_once()["proxies"]
    return all(one["state"] == "ready" and one["pid"] not in but for one in proxies)


@test("5", "kill -9 the supervisor; start again on its port")
def supervisor(run):
    first = Subject(IRIS.argument, SLOW, "--workers", "2")
    second = None
    try:
        with Connection(first) as spinning:
            spinning.request("POST", "/models/slow/predict", body=f'{{"x": {FOREVER}}}'.encode())
            members = processes.tree(first.pid)
            began = time.monotonic()
            first.kill([first.pid])
            run.outcome.faults = 1
            wait_until(lambda: not any(is_alive(pid) for pid in members), within=20, every=0.002)
            run.measure("processes gone after", (time.monotonic() - began) * 1e3, 100, "ms", is_soft=True)
        began = time.monotonic()
        # In the same runtime directory, with the sockets and the lock that are left in it.
        run.expect(os.listdir(first.runtime), "nothing was left in the runtime directory")
        second = Subject(IRIS.argument, "--workers", "2", "--listen", first.address, runtime=first.runtime)
        load_time = second.milliseconds_to("model loaded", after=" starting ")[0]
        run.measure("serves again after", round((time.monotonic() - began) * 1e3), load_time + 1000, "ms", is_soft=True)
        answer = second.post("/v2/models/iris/infer", *IRIS.v2_json([0]))
        run.count(1, int(answer.status != 200))
        second.stop()
    finally:
        first.destroy()
        if second:
            second.destroy()


def is_alive(pid):
    found = processes.stat(pid)
    return found is not None and found[0] not in "ZX"


@test("16", "a worker that dies whenever it is forked", short=4, long=60)
def crash_loop(run):
    fault = Fault(run.folder, CRASH)
    arguments = [IRIS.argument, SLOW, "--workers", "1", "--default-model", "iris"]
    with run.serve(*arguments, errors="slow", variables=fault.variables) as server:
        fault.begin()
        server.kill(server.kind("worker slow@"))
        with run.load(server) as load:
            wait_until(lambda: server.lines("model degraded") > 0, within=30)
            reason = next(one["reason"] for one in server.status()["models"] if one["name"] == "slow")
            run.expect("degraded" in reason and "exit code 1" in reason, f"the status says {reason!r}")
            refusals = [seconds_to_refuse(server) for _ in range(50)]
            # Those that fork, and what was forked: the supervisor reaps it.
            loop = [server.pid, *server.kind("template slow@")]
            began, before = time.monotonic(), processes.processor_seconds(loop)
            last(max(0, load.left - 0.2))
            share = (processes.processor_seconds(loop) - before) / (time.monotonic() - began)
        run.outcome.faults = server.lines("worker exited")
        run.measure("forks per minute", round(60 * run.outcome.faults / run.seconds), 19, is_soft=True)
        run.measure("of one processor", round(100 * share, 2), 1, "%", is_soft=True)
        run.measure("half of the refusals took", round(statistics.median(refusals) * 1e3, 2), 2, "ms", is_soft=True)
        fault.end()
        wait_until(lambda: server.post("/models/slow/predict", {"x": 1}).status == 200, within=60)


def seconds_to_refuse(server):
    began = time.monotonic()
    status = server.post("/models/slow/predict", {"x": 1}).status
    assert status == 503, f"a model without workers answered with {status}"
    return time.monotonic() - began
