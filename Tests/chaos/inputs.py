"""Requests that break a worker, and bodies that are too large: tests 12, 13, 20 and 24."""

import json
import os
import statistics
import threading
import time

import load
import onnx
from kills import FOREVER, SLOW
from onnx import TensorProto, helper
from processes import resident_bytes, wait_until
from run import last, test
from subject import IRIS, Sampler
from wire import Connection

POISON, HARMLESS = -1, 2
GIBIBYTE = 1 << 30
IMPATIENT = """\
default-model: iris
models:
  - iris={iris}
  - name: slow
    path: {slow}
    timeout: 1000
"""


def fragile(path):
    """y = -2^63 / x: with x = -1 the quotient has no 64-bit form, and the processor traps."""
    onnx.save(quotient(-(2**63)), path)
    return f"fragile={path}"


def quotient(dividend):
    """y = dividend / x."""
    tensor = helper.make_tensor_value_info
    constant = helper.make_tensor("dividend", TensorProto.INT64, [1], [dividend])
    graph = helper.make_graph(
        [helper.make_node("Div", ["dividend", "x"], ["y"])], "quotient",
        [tensor("x", TensorProto.INT64, [None, 1])], [tensor("y", TensorProto.INT64, [None, 1])], [constant],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@test("12", "an input that crashes the worker, ten a second", short=4)
def poison(run):
    model = fragile(run.folder / "fragile.onnx")
    arguments = [IRIS.argument, model, "--workers", "2", "--default-model", "iris"]
    with run.serve(*arguments, errors="worker exited|crash|poison|degraded") as server:
        statuses, healthy = [], Healthy(server)
        with run.load(server) as load:
            for _ in run.faults(load, every=0.1):
                statuses.append(server.post("/models/fragile/predict", {"x": POISON}).status)
        healthy.finish()
        run.count(healthy.asked, len(healthy.failures))
        run.outcome.problems += healthy.failures[:2]
        others = set(statuses) - {500, 422, 503}
        run.expect(not others, f"the poison was answered with {sorted(others)}")
        run.expect_lines(server, "a request that ended two workers is refused for a while", 1)
        run.expect("a fault in" in str(server.exits("fragile")), f"the status says {server.exits('fragile')}")
        run.measure("workers lost to one input", server.lines("worker exited"), 2, is_soft=True)


class Healthy(threading.Thread):
    """Asks the fragile model what does it no harm."""

    def __init__(self, server):
        super().__init__()
        self.server, self.asked, self.failures = server, 0, []
        self.ends = threading.Event()
        self.start()

    def run(self):
        body = json.dumps({"x": HARMLESS}).encode()
        try:
            with Connection(self.server, timeout=20) as connection:
                while not self.ends.wait(0.02):
                    answer = connection.ask("POST", "/models/fragile/predict", body=body)
                    self.asked += 1
                    if answer.status != 200 or json.loads(answer.body) != {"y": -(2**62)}:
                        self.failures.append(f"harmless: {answer.status} {answer.body[:200]}")
        except Exception as error:
            self.failures.append(f"harmless: {type(error).__name__}: {error}")

    def finish(self):
        self.ends.set()
        self.join()


@test("13", "an input that never ends", short=4)
def hang(run):
    path = run.folder / "apus.yaml"
    path.write_text(IMPATIENT.format(iris=IRIS.path, slow=SLOW.removeprefix("slow=")))
    with run.serve("--config", path, "--workers", "1", errors="worker exited|deadline") as server:
        late = []
        with run.load(server) as load:
            for _ in run.faults(load, every=0.1):
                began = time.monotonic()
                answer = server.post("/models/slow/predict", {"x": FOREVER})
                late.append(abs(time.monotonic() - began - 1) * 1e3)
                run.expect(answer.status == 504, f"it was answered with {answer.status}")
        run.measure("504 off its deadline by", round(max(late)), 50, "ms", is_soft=True)
        wait_until(lambda: server.post("/models/slow/predict", {"x": 1}).status == 200)
        run.expect_lines(server, "worker stuck in a run past its deadline is killed", run.outcome.faults)
        run.expect_lines(server, "worker exited", run.outcome.faults)
        run.expect("past its deadline" in str(server.exits("slow")), f"the status says {server.exits('slow')}")
        run.expect(server.reason("slow") == "", f"the status says {server.reason('slow')!r}")


@test("20", "three times what it carries", short=3, long=60)
def overload(run):
    """A model that takes a few milliseconds, and four times as many clients as its queue is long: most of the load has
    to be refused. The server has one half of the processors and the generator the other, so that what it costs to send
    three times as much is not taken from the server; what is carried is measured so, too."""
    queue = 64
    expected, requests = run.folder / "expected.json", run.folder / "requests.jsonl"
    body = slow_body(turns=4000)
    requests.write_bytes(body + b"\n")
    servers, clients = halves()
    how = {"requests": ["--requests", requests], "wrapper": clients}
    with run.serve(SLOW, "--workers", "2", "--queue", queue, "--batching", "off", wrapper=servers) as server:
        load.write_expected(server.url, "slow", expected, **how)
        carried = load.capacity(server.url, "slow", expected, **how)
        prober = Prober(server, body)
        with load.Load(
            server.url, "slow", expected, 3 * carried, run.seconds, connections=4 * queue, **how
        ) as one:
            pass
        began = time.monotonic()
        wait_until(lambda: server.post("/models/slow/predict", {"x": 1}).status == 200)
        run.measure("back to normal after", round(time.monotonic() - began, 3), 1, "s", is_soft=True)
        prober.finish()
        run.outcome.faults = 1
        run.outcome.requests = one.requests
        others = {code for code in one.run["statuses"] if code not in ("200", "503")}
        run.expect(not others, f"answers with {sorted(others)}")
        run.expect(one.run["statuses"].get("503", 0) > 0, "nothing was refused")
        run.expect(not one.run["wrong_examples"], "wrong answers")
        lost = 1 - one.run["answered_per_s"] / carried
        run.measure("goodput lost", round(100 * lost, 1), 5, "%", is_soft=True)
        run.measure("p99 of what was answered", one.run["service"]["p99_us"] / 1e3, 30_000, "ms", is_soft=True)
        refused = [time for status, time in prober.answers if status == 503]
        run.measure("half of the refusals took", round(statistics.median(refused or [0]), 2), 5, "ms", is_soft=True)


def slow_body(turns):
    tensor = {"name": "x", "shape": [1, 1], "datatype": "FP32", "data": [turns]}
    return json.dumps({"inputs": [tensor]}).encode()


def halves():
    """Commands that keep a program to one half of the processors, and to the other."""
    all_of_them = sorted(os.sched_getaffinity(0))
    middle = len(all_of_them) // 2
    if middle == 0:
        return [], []
    lists = [",".join(map(str, part)) for part in (all_of_them[:middle], all_of_them[middle:])]
    return [["taskset", "-c", one] for one in lists]


class Prober(threading.Thread):
    """One more client, which notes how long each answer takes."""

    def __init__(self, server, body):
        super().__init__()
        self.server, self.body, self.answers = server, body, []
        self.ends = threading.Event()
        self.start()

    def run(self):
        with Connection(self.server, timeout=60) as connection:
            while not self.ends.wait(0.01):
                began = time.monotonic()
                status = connection.ask("POST", "/v2/models/slow/infer", body=self.body).status
                self.answers.append((status, (time.monotonic() - began) * 1e3))

    def finish(self):
        self.ends.set()
        self.join()


@test("24", "a body of 1 GiB, announced and in chunks", short=3, long=5)
def huge(run):
    with run.serve(IRIS.argument, "--workers", "1", "--max-body", str(1 << 19)) as server:
        proxies = server.kind("proxy")
        with run.load(server):
            last(1)  # for the buffers that the load itself takes
            before = resident_bytes(proxies)
            with Sampler(lambda: resident_bytes(proxies), every=0.005) as sampler:
                statuses = [announced(server), announced(server, "Expect: 100-continue"), chunked(server)]
            run.outcome.faults = len(statuses)
        run.expect(statuses == [413] * 3, f"answered with {statuses}")
        grown = (max([*sampler.seen, resident_bytes(proxies)]) - before) / (1 << 20)
        run.measure("the proxy grew by", round(grown, 2), 1, "MiB", is_soft=True)


def announced(server, *fields):
    with Connection(server) as connection:
        lines = ["POST /v2/models/iris/infer HTTP/1.1", f"Host: {server.address}", *fields]
        connection.send("\r\n".join([*lines, f"Content-Length: {GIBIBYTE}", "", ""]))
        return connection.read().status


def chunked(server):
    """Sends until it is told to stop, at most 1 GiB."""
    with Connection(server) as connection:
        lines = ["POST /v2/models/iris/infer HTTP/1.1", f"Host: {server.address}", "Transfer-Encoding: chunked"]
        connection.send("\r\n".join([*lines, "", ""]))
        chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
        try:
            for _ in range(GIBIBYTE // 0x10000):
                connection.send(chunk)
        except OSError:
            pass  # it closed: the answer is there to be read
        return connection.read().status
