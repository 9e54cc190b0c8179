"""New model files under load: HARDENING.md §4, tests 7 to 10."""

import json
import os
import shutil
import signal
import threading
import time
from datetime import datetime

import onnx
import processes
from kills import FOREVER
from onnx import TensorProto, helper
from processes import wait_until
from run import last, test
from subject import IRIS, Sampler
from wire import Connection

SMALL = IRIS.path.parent / "small"
ROW = [1.0, 2.0, 3.0, 4.0]
REFUSED = 77
LOAD_TIMEOUT = 3000  # for a model that never ends; the others take a tenth of it


@test("7", "SIGHUP a hundred times, ten a second", short=3, long=12)
def hangups(run):
    with run.serve(IRIS.argument, "--workers", "2") as server:
        before = server.proportional_bytes()

        def look():
            # A template's own children, which test the model and fork the workers, look as it does.
            ours = [processes.title(pid) for pid in processes.children(server.pid)]
            return tuple(sum(one.startswith(f"apus: {word}") for one in ours) for word in ("worker", "template"))

        with run.load(server) as load, Sampler(look) as sampler:
            for _ in run.faults(load, every=0.1):
                server.kill([server.pid], signal.SIGHUP)
        run.expect(load.connections_opened == 16, f"{load.connections_opened - 16} connections were closed")
        run.expect(server.lines("model reloaded") > 1, "nothing was reloaded")
        run.expect(server.lines("warning") == 0, "there are warnings in the log")
        run.measure("workers at most", max(workers for workers, _ in sampler.seen), 2 * 2, is_soft=True)
        # The retiring one's has its orders and has not ended, the new one's is not ready.
        run.measure("templates at most", max(templates for _, templates in sampler.seen), 2, is_soft=True)
        wait_until(lambda: look() == (2, 1), within=30)
        grown = (server.proportional_bytes() - before) / (1 << 20)
        run.measure("memory grew by", round(max(0, grown), 2), 4, "MiB", is_soft=True)


@test("8", "a new version each moment; every answer wholly one", short=5, long=60)
def versions(run):
    folder = run.folder / "adder"
    add_version(folder, 1)
    with run.serve(IRIS.argument, f"adder={folder}", "--workers", "2", "--default-model", "iris") as server:
        askers = [Asker(server) for _ in range(4)]
        with run.load(server) as load:
            version = 1
            for _ in run.faults(load, every=0.5):
                version += 1
                add_version(folder, version)
                run.expect(server.reload() == 0, f"version {version} was not taken")
        for one in askers:
            one.finish()
            run.count(one.asked, len(one.failures))
            run.outcome.problems += one.failures[:2]
        run.expect(sum(one.switches for one in askers) > 0, "no connection saw a version change")
        taken = len([line for line in server.log().splitlines() if "model reloaded" in line and "adder" in line])
        run.expect(taken >= run.outcome.faults, f"{taken} of {run.outcome.faults} versions were taken")
        wait_until(lambda: server.post("/models/adder/predict", {"x": ROW}).json == {"y": [x + version for x in ROW]})


def adder(number):
    """y = x + number, so that an answer says which version gave it, in each of its elements."""
    tensor = helper.make_tensor_value_info
    constant = helper.make_tensor("n", TensorProto.FLOAT, [1], [number])
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "n"], ["y"])], "adder",
        [tensor("x", TensorProto.FLOAT, [None, 4])], [tensor("y", TensorProto.FLOAT, [None, 4])], [constant],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def add_version(folder, number):
    """A version's folder, which appears whole."""
    folder.mkdir(exist_ok=True)
    new = folder.parent / f"new-{number}"
    new.mkdir()
    onnx.save(adder(number), new / "model.onnx")
    os.rename(new, folder / str(number))


class Asker(threading.Thread):
    """One connection that asks the adder again and again, and notes what is not as it should be:
    an answer of two versions, a header that names another, a version older than the last."""

    def __init__(self, server):
        super().__init__()
        self.server, self.asked, self.failures, self.switches = server, 0, [], 0
        self.ends = threading.Event()
        self.start()

    def run(self):
        last = 0
        try:
            with Connection(self.server, timeout=15) as connection:
                # Not as fast as it can: four of them would take the processors from the server.
                while not self.ends.wait(0.01):
                    last = self.ask(connection, last)
        except Exception as error:
            self.failures.append(f"{type(error).__name__}: {error}")

    def ask(self, connection, last):
        answer = connection.ask("POST", "/models/adder/predict", body=json.dumps({"x": ROW}).encode())
        self.asked += 1
        if answer.status != 200:
            self.failures.append(f"status {answer.status}: {answer.body[:200]}")
            return last
        found = {y - x for x, y in zip(ROW, json.loads(answer.body)["y"], strict=True)}
        named = answer.headers["x-apus-model"]
        if len(found) != 1 or named != f"adder/{int(min(found))}" or min(found) < last:
            self.failures.append(f"versions {found} after {last}, named {named}")
        self.switches += last not in (0, min(found))
        return min(found)

    def finish(self):
        self.ends.set()
        self.join()


@test("9", "models that are corrupt, cut off, too new, crash or never end", short=6)
def bad_models(run):
    path = run.folder / "model.onnx"
    good = IRIS.path.read_bytes()
    place(path, good)
    errors = "reload refused|did not load in time"
    with run.serve(f"iris={path}", "--workers", "2", "--load-timeout", LOAD_TIMEOUT, errors=errors) as server:
        with run.load(server) as load:
            push_endless(run, server, path)
            kinds = bad_kinds(run, good)
            for _ in run.faults(load, every=0.2):
                name, content = kinds[run.outcome.faults % len(kinds)]
                place(path, content)
                status = server.reload()
                run.expect(status == REFUSED, f"a reload of a model that is {name} ended with {status}")
                run.expect(server.status()["models"][0].get("reason"), f"no reason in the status: {name}")
        # One line for each, and the one that never ends; none is tried again by itself.
        run.expect_lines(server, "reload refused; the old version serves on", run.outcome.faults + 1)
        run.expect(server.lines("refused for now") == 0, "a bad model was tried again")
        place(path, good)
        wait_until(lambda: server.reload() == 0, within=30)
        run.expect(server.reason("iris") == "", f"a reason is left: {server.reason('iris')}")


def push_endless(run, server, path):
    """A model that never ends its self-test: it is run on the request that lies beside it."""
    request = path.parent / "request.json"
    request.write_text(json.dumps({"x": FOREVER}))
    place(path, (SMALL / "slow.onnx").read_bytes())
    began = time.monotonic()
    status = server.reload("--allow-schema-change")
    late = (time.monotonic() - began) * 1e3 - LOAD_TIMEOUT
    reason = server.status()["models"][0].get("reason", "")
    run.expect(status == REFUSED, f"a reload of a model that never ends was ended with {status}")
    run.expect(f"within {LOAD_TIMEOUT} ms" in reason, f"the status says {reason!r} of a model that never ends")
    run.measure("it was refused after its time by", round(max(0, late)), 1000, "ms", is_soft=True)
    request.unlink()


def bad_kinds(run, good):
    noise = bytes(run.random.randrange(256) for _ in range(4096))
    return [
        ("noise", noise),
        ("empty", b""),
        ("cut off", good[: len(good) // 2]),
        ("too new", (SMALL / "opset_too_new.onnx").read_bytes()),
        ("of an unknown operator", (SMALL / "unknown_operator.onnx").read_bytes()),
        ("of another schema", (SMALL / "scalar.onnx").read_bytes()),
        ("crashing when it is loaded", crashing_at_load().SerializeToString()),
    ]


def crashing_at_load():
    """Folding the constants -2^63 / -1 traps on x86-64, as that quotient has no 64-bit form."""
    tensor = helper.make_tensor_value_info
    constants = [
        helper.make_tensor("least", TensorProto.INT64, [1], [-(2**63)]),
        helper.make_tensor("minus_one", TensorProto.INT64, [1], [-1]),
    ]
    nodes = [
        helper.make_node("Div", ["least", "minus_one"], ["q"]),
        helper.make_node("Cast", ["q"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["x", "f"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes, "crash", [tensor("x", TensorProto.FLOAT, [None, 4])],
        [tensor("y", TensorProto.FLOAT, [None, 4])], constants,
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def place(path, content):
    """A file in another's place, by a rename."""
    new = path.with_suffix(".new")
    new.write_bytes(content)
    os.rename(new, path)


@test("10", "a model file written in place, piece by piece", short=4)
def half_written(run):
    path = run.folder / "model.onnx"
    good = (IRIS.path.parent / "forest.onnx").read_bytes()
    shutil.copy(IRIS.path, path)
    # Without probation no version is kept in memory for half a minute.
    arguments = [f"iris={path}", "--workers", "2", "--allow-schema-change", "--probation", "0"]
    with run.serve(*arguments) as server:
        with run.load(server) as load:
            with open(path, "wb", buffering=0) as file:
                piece = len(good) // 20
                for at in range(0, 10 * piece, piece):
                    file.write(good[at : at + piece])
                    server.kill([server.pid], signal.SIGHUP)
                    run.outcome.faults += 1
                    last(max(0.0, load.left - 2) / 10)
            place(path, IRIS.path.read_bytes())
            wait_until(lambda: server.reload() == 0, within=30)
            closed = write_slowly(path, IRIS.path.read_bytes())
            late = seconds_to_reload(server, closed)
            moved = time.time()
            place(path, IRIS.path.read_bytes())
            late_after_rename = seconds_to_reload(server, moved)
        run.measure("from the close of a file to its reload", round(late, 3), 1, "s", is_soft=True)
        run.measure("from its rename", round(late_after_rename, 3), 1, "s", is_soft=True)
        run.expect(server.lines("refused") == 0, "half a file was looked at")
    link_flip(run)


def link_flip(run):
    """A link that leads to the next folder from one moment to the other."""
    folder = run.folder / "link"
    for name, number in (("a", 1), ("b", 2)):
        (folder / name).mkdir(parents=True)
        onnx.save(adder(number), folder / name / "model.onnx")
    (folder / "now").symlink_to("a")
    with run.serve(f"adder={folder / 'now'}", "--workers", "1", "--probation", "0") as server:
        (folder / "new").symlink_to("b")
        flipped = time.time()
        os.rename(folder / "new", folder / "now")
        run.outcome.faults += 1
        late = seconds_to_reload(server, flipped)
        wait_until(lambda: server.post("/models/adder/predict", {"x": ROW}).json == {"y": [x + 2 for x in ROW]})
        run.measure("from the flip of a link", round(late, 3), 1, "s", is_soft=True)


def write_slowly(path, content):
    """Overwrites a file in place, as another one. The time at which it was closed."""
    with open(path, "wb", buffering=0) as file:
        for at in range(0, len(content), 1 + len(content) // 5):
            file.write(content[at : at + 1 + len(content) // 5])
            last(0.1)
        file.write(b"\x32\x03new")  # its doc_string (onnx.proto, ModelProto, field 6)
    return time.time()


def seconds_to_reload(server, closed):
    """From that time to the first reload after it that nobody asked for by hand, as the log's times say."""

    def found():
        """no reload began by itself"""
        lines = [line for line in server.log().splitlines() if "reloading" in line and "files_changed=true" in line]
        times = [datetime.fromisoformat(line.split()[0]).timestamp() for line in lines]
        return [time - closed for time in times if time >= closed - 0.001]  # they are cut to milliseconds

    return wait_until(found, within=30)[0]
