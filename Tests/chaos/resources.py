"""What a machine runs out of: tests 14, 15, 17, 27 and 35."""

import json
import threading

import numpy
import onnx
from faults import FORK, LEAK, Fault, fill, little_memory, small_disk
from onnx import TensorProto, helper, numpy_helper
from processes import proportional_bytes, wait_until
from run import last, test
from subject import IRIS, Subject
from swaps import ROW, SMALL, adder, place
from wire import Connection

MEBIBYTE = 1 << 20
LIMIT = 128  # MiB, of a worker that leaks


class Asker(threading.Thread):
    """Asks the same again and again, at a pace, and notes what is not answered as it should be."""

    def __init__(self, server, path, fields, body, is_right, pause=0.02):
        super().__init__()
        self.server, self.request, self.is_right = server, (path, fields, body), is_right
        self.pause, self.asked, self.failures = pause, 0, []
        self.ends = threading.Event()
        self.start()

    def run(self):
        path, fields, body = self.request
        try:
            with Connection(self.server, timeout=30) as connection:
                while not self.ends.wait(self.pause):
                    answer = connection.ask("POST", path, *fields, body=body)
                    self.asked += 1
                    if answer.status != 200 or not self.is_right(answer.body):
                        self.failures.append(f"{answer.status} {answer.body[:200]}")
        except Exception as error:
            self.failures.append(f"{type(error).__name__}: {error}")

    def finish(self, run):
        self.ends.set()
        self.join()
        run.count(self.asked, len(self.failures))
        run.outcome.problems += self.failures[:2]


@test("14", "a worker that keeps 10 MB of each request", short=3)
def leak(run):
    fault = Fault(run.folder, LEAK)
    path = run.folder / "leaky.onnx"
    onnx.save(adder(1), path)
    arguments = [IRIS.argument, f"leaky={path}", "--workers", "2", "--default-model", "iris"]
    with run.serve(*arguments, "--max-worker-memory", f"{LIMIT}MiB", variables=fault.variables) as server:
        most = 0
        with run.load(server) as load:
            fault.begin()
            right = [x + 1 for x in ROW]
            asker = Asker(
                server, "/models/leaky/predict", [], json.dumps({"x": ROW}).encode(),
                lambda body: json.loads(body)["y"] == right,
            )  # fmt: skip
            while load.left > 0.5:
                most = max([most, *(proportional_bytes([pid]) for pid in server.kind("worker leaky@"))])
                last(0.01)
            wait_until(lambda: server.lines("worker is replaced") > 0, within=30)
            fault.end()
            asker.finish(run)
        run.outcome.faults = server.lines("worker is replaced")
        run.measure("memory of a worker at most", round(most / MEBIBYTE), LIMIT, "MiB", is_soft=True)
        server.kill(server.kind("worker leaky@"))  # they hold what they keep


@test("15", "workers that the kernel kills for their memory", short=3)
def out_of_memory(run):
    model = f"wide={SMALL / 'identity_float.onnx'}"
    arguments = [IRIS.argument, model, "--workers", "2", "--default-model", "iris"]
    count = 12 * MEBIBYTE  # beyond 32 MiB each request takes its memory anew (mallopt(3), M_MMAP_THRESHOLD)
    header = json.dumps({
        "parameters": {"binary_data_output": True},
        "inputs": [{
            "name": "x", "shape": [1, count], "datatype": "FP32", "parameters": {"binary_data_size": 4 * count},
        }],
    }).encode()  # fmt: skip
    tensor = numpy.arange(count, dtype="<f4").tobytes()
    fields = [f"Inference-Header-Content-Length: {len(header)}"]
    with little_memory(4 * MEBIBYTE) as add, run.serve(*arguments) as server:
        with run.load(server) as load:
            asker = Asker(
                server, "/v2/models/wide/infer", fields, header + tensor, lambda body: body.endswith(tensor), 0.1
            )
            for _ in run.faults(load, every=0.7):
                before = server.kind("worker wide@")
                for pid in before:
                    add(pid)
                wait_until(lambda before=before: set(before) - set(server.kind("worker wide@")), within=30)
            asker.finish(run)
        server.kill(server.kind("worker wide@"))
        run.expect(server.lines("worker exited") >= run.outcome.faults, "no worker was killed")


@test("17", "no process can be forked", short=3)
def no_fork(run):
    fault = Fault(run.folder, FORK)
    with run.serve(IRIS.argument, "--workers", "3", errors="cannot fork", variables=fault.variables) as server:
        with run.load(server) as load:
            for _ in run.faults(load, every=1 if run.is_short else 5):
                refused = server.lines("cannot fork a worker")
                fault.begin()
                server.kill(server.kind("worker")[:2])
                wait_until(lambda refused=refused: server.lines("cannot fork a worker") > refused, within=30)
                reason = server.status()["models"][0]["reason"]
                run.expect("no more workers for now" in reason, f"the status says {reason!r}")
                fault.end()
                server.settle()


@test("27", "a disk that is full: the log, the copies, the sockets", short=3)
def full_disk(run):
    path = run.folder / "model.onnx"
    good = IRIS.path.read_bytes()
    place(path, good)
    with small_disk(run.folder / "disk", 4 * MEBIBYTE) as disk:
        arguments = [f"iris={path}", "--workers", "2", "--reload", "manual"]
        with run.serve(*arguments, errors="reload refused for now", place=disk) as server:
            with run.load(server) as load:
                for _ in run.faults(load, every=1):
                    fill(disk / "filler")
                    run.expect(server.reload() == 77, "a model was loaded with no room for its copy")
                    reason = server.status()["models"][0]["reason"]
                    run.expect("ENOSPC" in reason and "tried again" in reason, f"the status says {reason!r}")
                    server.kill(server.kind("worker"))
                    server.settle()
                    generation = server.status()["generation"]
                    (disk / "filler").unlink()
                    # It is tried again by itself.
                    wait_until(lambda before=generation: server.status()["generation"] > before, within=30)
                    run.expect(server.status()["models"][0]["reason"] == "", "a reason is left in the status")


@test("35", "memory of a further worker", short=1, long=1)
def memory(run):
    found = {}
    for workers in (1, 4) if run.is_short else (1, 4, 16):
        with Subject(IRIS.argument, "--workers", workers) as server:
            for _ in range(50):
                answer = server.post("/v2/models/iris/infer", *IRIS.v2_json([0]))
                run.count(1, int(answer.status != 200))
            found[workers] = proportional_bytes(server.kind("worker") + server.kind("template"))
    most = max(found)
    run.measure("each", round((found[most] - found[1]) / (most - 1) / MEBIBYTE, 2), 3, "MiB", is_soft=True)
    if not run.is_short:
        large(run)


def large(run):
    """Sixteen workers of a model of 500 MB against one."""
    path = run.folder / "table.onnx"
    onnx.save(table(500_000_000), path)
    found = {}
    for workers in (1, 16):
        with Subject(f"table={path}", "--workers", workers) as server:
            for row in range(100):
                answer = server.post("/models/table/predict", {"row": row})
                run.count(1, int(answer.status != 200 or answer.json["values"][0] != row))
            found[workers] = proportional_bytes(server.kind("worker") + server.kind("template"))
    run.measure("16 workers of 500 MB to one", round(found[16] / found[1], 3), 1.3, is_soft=True)
    each = (found[16] - found[1]) / 15 / MEBIBYTE
    run.measure("each of them", round(each, 2), 3, "MiB", is_soft=True)


def table(byte_count):
    """values = the row of that number of a table of so many bytes, which begins with the number."""
    width = 1000
    values = numpy.zeros((byte_count // 4 // width, width), "<f4")
    values[:, 0] = numpy.arange(len(values))
    tensor = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "row"], ["values"])], "table",
        [tensor("row", TensorProto.INT64, [None])], [tensor("values", TensorProto.FLOAT, [None, width])],
        [numpy_helper.from_array(values, "table")],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
