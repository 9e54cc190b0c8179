"""The pool: what dies is replaced, nobody notices, and workers share the model's memory."""

import json
import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import processes
from models import NAMES, model
from processes import wait_until
from server import Server
from wire import Connection

IRIS = model("iris")
INFER = "/v2/models/iris/infer"
CONNECTIONS = 16


class Load:
    """Sixteen connections that ask for rows of iris, one after the other, and check each answer."""

    def __init__(self, server):
        self.server = server
        self.stopped = threading.Event()
        self.answered = 0
        self.failures = []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._run, args=(n,)) for n in range(CONNECTIONS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def _run(self, seed):
        order = random.Random(seed)
        count = 0
        try:
            with Connection(self.server, timeout=15) as connection:
                while not self.stopped.is_set():
                    self._ask(connection, order.randrange(IRIS.count))
                    count += 1
        except Exception as error:
            self.failures.append(f"{type(error).__name__}: {error}")
        with self.lock:
            self.answered += count

    def _ask(self, connection, index):
        body, _ = IRIS.v2_json([index])
        response = connection.ask("POST", INFER, body=body)
        assert response.status == 200, response.body
        label, probabilities = json.loads(response.body)["outputs"]
        assert label["data"] == [IRIS.labels[index]]
        wanted = IRIS.probabilities[index]
        assert np.abs(np.array(probabilities["data"]) - wanted).max() < 1e-5


def is_ready(server):
    return server.get("/readyz").status == 200


def kill_a_worker_each(server, count, every=0.2):
    """Kills `count` workers, one after another. The load's threads may slow this one down: that takes longer."""
    killed, end = 0, time.monotonic() + 10 * count * every
    while killed < count and time.monotonic() < end:
        workers = [pid for pid in processes.children(server.pid) if processes.title(pid).startswith("apus: worker")]
        if workers:
            processes.kill(random.choice(workers))
            killed += 1
        time.sleep(every)
    return killed


def test_a_worker_killed_each_200_ms_costs_no_request(serve):
    running = serve(IRIS.argument, "--workers", "4")
    with Load(running) as load:
        killed = kill_a_worker_each(running, count=100)
    assert load.failures == []
    assert killed == 100 and load.answered > 1000
    wait_until(lambda: len(running.workers("iris")) == 4)
    assert sum(w["restarts"] for w in running.status()["models"][0]["workers"]) >= killed / 2


def test_the_last_worker_killed_costs_no_request(serve):
    running = serve(IRIS.argument, "--workers", "1")
    with Load(running) as load:
        kill_a_worker_each(running, count=6, every=0.5)
    assert load.failures == []


def test_a_killed_template_is_replaced_and_costs_no_request(serve):
    running = serve(IRIS.argument, "--workers", "2")
    running.allowed_errors = "template exited.*Killed"
    template = running.status()["models"][0]["template"]["pid"]
    with Load(running) as load:
        time.sleep(0.3)
        processes.kill(template)
        wait_until(lambda: running.status()["models"][0]["template"]["pid"] not in (None, template))
        for worker in running.workers():
            processes.kill(worker)
        wait_until(lambda: len(running.workers()) == 2)
        time.sleep(0.3)
    assert load.failures == []


def test_status_shows_who_is_there(serve):
    running = serve(IRIS.argument, model("tabular").argument, "--workers", "3", "--proxies", "2")
    wait_until(lambda: len(running.workers()) == 6)
    status = running.status()
    assert status["supervisor"] == running.pid
    assert status["listen"].endswith(running.address)
    assert len({proxy["pid"] for proxy in status["proxies"]}) == 2
    assert [one["name"] for one in status["models"]] == ["iris", "tabular"]
    for one in status["models"]:
        assert len({worker["pid"] for worker in one["workers"]}) == 3
        assert all(worker["private_bytes"] > 0 for worker in one["workers"])
    known = {running.pid} | {proxy["pid"] for proxy in status["proxies"]}
    for one in status["models"]:
        known |= {one["template"]["pid"]} | {worker["pid"] for worker in one["workers"]}
    assert known == set(running.processes()), "each process is in the status"


def test_titles_tell_the_processes_apart(serve):
    running = serve(IRIS.argument, "--workers", "2")
    wait_until(lambda: len(running.workers()) == 2)
    found = sorted(processes.title(pid) for pid in running.processes())
    version = running.status()["models"][0]["version"]
    assert found == sorted([
        "apus: supervisor", "apus: proxy 0", f"apus: template iris@{version}",
        f"apus: worker iris@{version} #0", f"apus: worker iris@{version} #1",
    ])  # fmt: skip


def test_nothing_outlives_a_supervisor_that_was_killed():
    server = Server(IRIS.argument, model("tabular").argument, "--workers", "4", "--proxies", "2")
    try:
        with Load(server) as load:
            time.sleep(0.5)
            processes.kill(server.pid)
            wait_until(lambda: not processes.tree(server.pid), within=2)
        assert load.failures, "the load was cut off"
    finally:
        server.destroy()


def test_the_port_and_folder_of_a_killed_server_serve_the_next():
    first = Server(IRIS.argument, "--workers", "1")
    second = None
    try:
        processes.kill(first.pid)
        wait_until(lambda: not processes.tree(first.pid), within=2)
        second = Server(IRIS.argument, "--workers", "1", "--listen", first.address)
        IRIS.check_v2([0], second.post(INFER, *IRIS.v2_json([0])))
        second.stop()
    finally:
        first.destroy()
        if second:
            second.destroy()


def test_several_servers_side_by_side(serve):
    running = [serve(IRIS.argument, "--workers", "1") for _ in range(3)]
    assert len({one.port for one in running}) == 3
    for one in running:
        IRIS.check_v2([0], one.post(INFER, *IRIS.v2_json([0])))


def test_two_servers_without_a_runtime_dir_of_their_own(tmp_path):
    """The default folder is one for each server."""
    from server import run

    with Server(IRIS.argument, "--workers", "1") as one, Server(IRIS.argument, "--workers", "1") as two:
        assert run("status", "--json", "--runtime-dir", one.runtime).returncode == 0
        assert one.status()["supervisor"] != two.status()["supervisor"]


def test_two_proxies_and_all_models_under_load(serve):
    running = serve(*(model(name).argument for name in NAMES), "--workers", "2", "--proxies", "2")

    def ask(number):
        one = model(NAMES[number % len(NAMES)])
        indices = [number % one.count]
        one.check_v2(indices, running.post(f"/v2/models/{one.name}/infer", *one.v2_binary(indices)))

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(ask, range(500)))


def test_a_killed_proxy_is_replaced(serve):
    running = serve(IRIS.argument, "--workers", "1", "--proxies", "2")
    running.allowed_errors = "proxy exited.*Killed"
    pids = [proxy["pid"] for proxy in running.status()["proxies"]]
    processes.kill(pids[0])
    wait_until(lambda: [p["restarts"] for p in running.status()["proxies"]] == [1, 0])
    wait_until(lambda: is_ready(running))
    for _ in range(20):
        IRIS.check_v2([0], running.post(INFER, *IRIS.v2_json([0])))


def test_a_full_queue_answers_at_once(serve):
    """More at once than may wait: some get 503 with Retry-After, none an error of another kind."""
    running = serve(model("mlp").argument, "--workers", "1", "--queue", "1", "--batching", "off")
    body, headers = model("mlp").v2_binary([0] * 300)

    def ask(_):
        answer = running.post("/v2/models/mlp/infer", body, headers)
        if answer.status == 503:
            assert int(answer.headers["Retry-After"]) >= 1
            assert "queue" in answer.json["error"]
        return answer.status

    with ThreadPoolExecutor(24) as pool:
        statuses = list(pool.map(ask, range(96)))
    assert set(statuses) == {200, 503}


# Memory.


def large_model(path, megabytes=100):
    """A chain of matrix products with random weights: a model whose memory is its weights."""
    side, layers = 1024, megabytes // 4
    random_values = np.random.default_rng(1)
    nodes, weights, last = [], [], "x"
    for layer in range(layers):
        values = random_values.normal(0, 1 / 32, (side, side)).astype(np.float32)
        weights.append(numpy_helper.from_array(values, f"w{layer}"))
        nodes.append(helper.make_node("MatMul", [last, f"w{layer}"], [f"h{layer}"]))
        last = f"h{layer}"
    nodes.append(helper.make_node("Identity", [last], ["y"]))
    tensor = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "large",
        [tensor("x", TensorProto.FLOAT, [None, side])],
        [tensor("y", TensorProto.FLOAT, [None, side])],
        weights,
    )  # fmt: skip
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=9), path)


def serving_cost(path, workers, requests=20):
    """PSS of a model's workers and template after each worker has surely run."""
    with Server(f"large={path}", "--workers", workers) as running:
        body = np.ones((1, 1024), np.float32).tobytes()
        headers = {"Inference-Header-Content-Length": "0"}

        def ask(_):
            assert running.post("/v2/models/large/infer", body, headers).status == 200

        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(ask, range(requests * workers)))
        one = running.status()["models"][0]
        pids = [worker["pid"] for worker in one["workers"]]
        assert len(pids) == workers
        return processes.proportional_bytes(pids + [one["template"]["pid"]])


def test_16_workers_of_a_100_mb_model_cost_less_than_1_3_times_one(tmp_path):
    path = tmp_path / "large.onnx"
    large_model(path)
    assert os.path.getsize(path) > 100_000_000
    one, sixteen = serving_cost(path, 1), serving_cost(path, 16)
    print(f"\nPSS: 1 worker {one >> 20} MiB, 16 workers {sixteen >> 20} MiB, {sixteen / one:.2f} x")
    assert one > 100 << 20
    assert sixteen < 1.3 * one


@pytest.mark.long
def test_killing_for_five_minutes_leaks_nothing(serve):
    running = serve(IRIS.argument, "--workers", "4")
    with Load(running) as load:
        kill_a_worker_each(running, count=50)
        before, files = running.proportional_bytes(), open_files(running)
        kill_a_worker_each(running, count=1450)
    assert load.failures == []
    wait_until(lambda: len(running.workers("iris")) == 4)
    assert running.proportional_bytes() - before < 5 << 20
    assert open_files(running) <= files + 20


def open_files(running):
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in running.processes())


def test_what_the_server_inherits_reaches_none_of_its_processes():
    inherit = ("bash", "-c", 'exec 15</dev/zero; exec "$@"', "bash")
    with Server(IRIS.argument, wrapper=inherit) as server:
        assert os.readlink(f"/proc/{server.pid}/fd/15") == "/dev/zero"
        others = [pid for pid in processes.tree(server.pid) if pid != server.pid]
        assert len(others) >= 3, "a proxy, a template and a worker"
        for pid in others:
            links = [os.readlink(entry.path) for entry in os.scandir(f"/proc/{pid}/fd")]
            assert "/dev/zero" not in links, processes.title(pid)
