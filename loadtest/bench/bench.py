#!/usr/bin/env python3
"""Measures Apus beside nginx, FastAPI and ONNX Runtime itself, in one run, and prints a table.

usage: bench.py --apus PROGRAM --onnxruntime LIBRARY --constant PROGRAM [--loadtest PROGRAM] [--out DIR]
                [--seconds S] [--rounds N] [PART…]

Every figure is the median of N rounds; the servers take turns within a round, so that a change of the machine's
speed meets all of them. CPU is user and system time of a server's whole process tree, divided by the requests.
Loads come from wrk on loopback: one thread, connections kept alive; at a fixed rate from loadtest.
PART is one of iris, forest, tabular, mlp, large-requests, batching, scale, crowds and tail; without any all are measured.
"""
import argparse
import functools
import json
import os
import platform
import re
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, "..", "..", "Tests", "Fixtures")
MODELS = ("iris", "forest", "tabular", "mlp")
TICK = os.sysconf("SC_CLK_TCK")


def fixture(model):
    with open(os.path.join(FIXTURES, model + ".json")) as f:
        return json.load(f)


def request(model, rows=1):
    """A V2 JSON request of that many rows."""
    data = fixture(model)
    chosen = [data["rows"][i % len(data["rows"])] for i in range(rows)]
    if data.get("columns"):
        kinds = {"string": "BYTES", "float32": "FP32"}
        inputs = [
            {"name": spec["name"], "shape": [rows, 1], "datatype": kinds[spec["type"]], "data": [row[i] for row in chosen]}
            for i, spec in enumerate(data["onnx_inputs"])]
    else:
        flat = [value for row in chosen for value in row]
        inputs = [{"name": "X", "shape": [rows, len(chosen[0])], "datatype": "FP32", "data": flat}]
    return json.dumps({"inputs": inputs}, separators=(",", ":")).encode()


def binary_request(model, rows):
    """A V2 request with its one matrix in binary: the body and the length of its JSON."""
    data = fixture(model)
    flat = [value for i in range(rows) for value in data["rows"][i % len(data["rows"])]]
    raw = struct.pack(f"<{len(flat)}f", *flat)
    head = json.dumps({
        "inputs": [{"name": "X", "shape": [rows, len(data["rows"][0])], "datatype": "FP32",
                    "parameters": {"binary_data_size": len(raw)}}],
        "parameters": {"binary_data_output": True}}, separators=(",", ":")).encode()
    return head + raw, len(head)


RUNNING = []


class Tree:
    """A server: its first process and all that came from it."""

    def __init__(self, name, argv, url, env=None, ready=None):
        self.name, self.url = name, url
        RUNNING.append(self)
        self.log = open(os.path.join(OUT, name.replace(" ", "-") + ".log"), "w")
        self.process = subprocess.Popen(argv, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE if ready else self.log,
                                        stderr=self.log)
        if ready:
            line = self.process.stdout.readline().decode()
            if not line.startswith("ready "):
                raise SystemExit(f"bench: {name} did not start; see {self.log.name}")
            self.url = line.split()[1] + url

    def pids(self):
        children = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    with open(f"/proc/{entry}/stat") as f:
                        children.setdefault(int(f.read().rsplit(")", 1)[1].split()[1]), []).append(int(entry))
                except OSError:
                    pass
        found, queue = [], [self.process.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            queue += children.get(pid, [])
        return found

    def cpu_seconds(self):
        ticks = 0
        for pid in self.pids():
            try:
                with open(f"/proc/{pid}/stat") as f:
                    fields = f.read().rsplit(")", 1)[1].split()
                ticks += int(fields[11]) + int(fields[12])
            except OSError:
                pass
        return ticks / TICK

    def pss_bytes(self):
        total = 0
        for pid in self.pids():
            try:
                with open(f"/proc/{pid}/smaps_rollup") as f:
                    total += int(re.search(r"^Pss:\s+(\d+)", f.read(), re.M).group(1)) * 1024
            except OSError:
                pass
        return total

    def stop(self):
        RUNNING.remove(self)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def wait_for(url, body=None):
    for _ in range(200):
        try:
            urllib.request.urlopen(urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"}), timeout=5).read()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"bench: {url} does not answer")


def wrk(tree, body, connections, seconds, headers=()):
    """One closed-loop load: requests a second, CPU µs a request, p50 and p99 µs."""
    script = os.path.join(OUT, "wrk.lua")
    with open(os.path.join(OUT, "wrk.body"), "wb") as f:
        f.write(body)
    lines = ["wrk.method = 'POST'", f"wrk.body = io.open('{OUT}/wrk.body', 'rb'):read('*a')",
             "wrk.headers['Content-Type'] = 'application/json'"]
    lines += [f"wrk.headers['{name}'] = '{value}'" for name, value in headers]
    lines += ["done = function(s, l) io.write(string.format('RESULT %d %d %d %d %d\\n', s.requests, s.duration,",
              " s.errors.status + s.errors.read + s.errors.timeout, l:percentile(50), l:percentile(99))) end"]
    with open(script, "w") as f:
        f.write("\n".join(lines))
    before = tree.cpu_seconds()
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "-s", script, tree.url],
                         capture_output=True, text=True, check=True).stdout
    after = tree.cpu_seconds()
    count, duration, errors, p50, p99 = map(int, re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", out).groups())
    if errors:
        print(f"bench: {tree.name} gave {errors} errors", file=sys.stderr)
    return {"rps": count / (duration / 1e6), "cpu_us": (after - before) / max(count, 1) * 1e6, "p50_us": p50, "p99_us": p99}


def rounds(trees, body_of, connections, seconds, count, headers=()):
    """Medians by name; the servers take turns."""
    found = {tree.name: [] for tree in trees}
    for _ in range(count):
        for tree in trees:
            found[tree.name].append(wrk(tree, body_of, connections, seconds, headers))
    return {name: {key: statistics.median(r[key] for r in results) for key in results[0]} for name, results in found.items()}


def apus(name, models, *flags):
    named = [model if isinstance(model, tuple) else (model, model) for model in models]
    argv = [ARGS.apus, "serve", *[f"{name}={os.path.join(FIXTURES, file + '.onnx')}" for name, file in named],
            "--listen", "127.0.0.1:0", "--onnxruntime", ARGS.onnxruntime, "--log-level", "error", *flags]
    return Tree(name, argv, f"/v2/models/{named[0][0]}/infer", ready=True)


def nginx(body_bytes):
    """nginx that passes every request to a constant answer on a Unix socket."""
    socket_path = os.path.join(OUT, "constant.sock")
    if os.path.exists(socket_path):
        os.unlink(socket_path)
    backend = Tree("constant", [ARGS.constant, socket_path, str(body_bytes)], "")
    while not os.path.exists(socket_path):
        time.sleep(0.01)
    os.chmod(socket_path, 0o666)  # nginx's worker is another user
    port = 18000 + os.getpid() % 1000
    config = os.path.join(OUT, "nginx.conf")
    with open(config, "w") as f:
        f.write(f"""daemon off; master_process on; worker_processes 1; pid {OUT}/nginx.pid; error_log {OUT}/nginx.err;
events {{ worker_connections 4096; }}
http {{ access_log off; client_body_buffer_size 128k; client_body_temp_path {OUT}/body; proxy_temp_path {OUT}/proxy;
fastcgi_temp_path {OUT}/f; uwsgi_temp_path {OUT}/u; scgi_temp_path {OUT}/s; keepalive_requests 100000000;
upstream worker {{ server unix:{socket_path}; keepalive 128; keepalive_requests 100000000; }}
server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ proxy_pass http://worker; proxy_http_version 1.1;
proxy_set_header Connection ""; proxy_buffering on; }} }} }}""")
    front = Tree("nginx-proxy", ["nginx", "-c", config, "-p", OUT], f"http://127.0.0.1:{port}/v2/models/m/infer")
    wait_for(front.url, b"{}")
    # The backend's time belongs to the pair.
    own = front.pids
    front.pids = lambda: own() + [backend.process.pid]
    return front, backend


def fastapi(model):
    port = 19000 + os.getpid() % 1000
    tree = Tree("FastAPI", [sys.executable, "-m", "uvicorn", "fastapi_app:app", "--app-dir", HERE, "--workers", "2", "--port", str(port),
                            "--log-level", "warning", "--no-access-log"],
                f"http://127.0.0.1:{port}/v2/models/m/infer", env={"BENCH_MODEL": os.path.join(FIXTURES, model + ".onnx")})
    wait_for(tree.url, request(model))
    return tree


class RawSession:
    """ONNX Runtime in this process, one thread for each run."""

    def __init__(self, model):
        import numpy as np
        import onnxruntime as ort
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = ort.InferenceSession(os.path.join(FIXTURES, model + ".onnx"), options, providers=["CPUExecutionProvider"])
        self.rows = np.array(fixture(model)["rows"], dtype=np.float32)

    def inputs(self, count):
        return {"X": self.rows[[i % len(self.rows) for i in range(count)]]}

    def run_seconds(self, rows, seconds=1.0):
        """How long a run takes."""
        inputs = self.inputs(rows)
        self.session.run(None, inputs)
        times = []
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            began = time.perf_counter()
            self.session.run(None, inputs)
            times.append(time.perf_counter() - began)
        return statistics.median(times)

    def runs_per_second(self, rows, threads, seconds):
        """What threads do together; they share the machine's memory as a server's workers do."""
        inputs = self.inputs(rows)
        self.session.run(None, inputs)
        counts = [0] * threads

        def work(index):
            while time.perf_counter() < end:
                self.session.run(None, inputs)
                counts[index] += 1

        workers = [threading.Thread(target=work, args=(index,)) for index in range(threads)]
        began = time.perf_counter()
        end = began + seconds
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return sum(counts) / (time.perf_counter() - began)


def start_milliseconds():
    """From exec to the first right answer."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        tree = apus("start", ["iris"])
        urllib.request.urlopen(urllib.request.Request(tree.url, data=request("iris")), timeout=10).read()
        times.append((time.perf_counter() - began) * 1e3)
        tree.stop()
    return statistics.median(times)


ROWS = []


def row(what, value, bar, goal, lower, unit=""):
    met = "goal" if (value <= goal if lower else value >= goal) else "bar" if (value <= bar if lower else value >= bar) else "missed"
    sign = "≤" if lower else "≥"
    ROWS.append({"what": what, "value": value, "bar": bar, "goal": goal, "verdict": met})
    print(f"| {what} | {value:.3g}{unit} | {sign} {bar:g} | {sign} {goal:g} | {met} |", flush=True)


def single_rows(model):
    bars = {"iris": (0.55, 0.35, 1.7, 2.5), "forest": (0.6, 0.4, 1.6, 2.3), "tabular": (0.9, 0.6, 1.1, 1.6), "mlp": (1.1, 0.9, 0.8, 1.1)}
    body = request(model)
    ours = apus("apus", [model])
    front, backend = nginx(212)
    trees = [ours, front] + ([fastapi(model)] if model in ("iris", "mlp") else [])
    at64 = rounds(trees, body, 64, ARGS.seconds, ARGS.rounds)
    show(model, 64, at64)
    a, n = at64["apus"], at64["nginx-proxy"]
    cpu_bar, cpu_goal, rps_bar, rps_goal = bars[model]
    row(f"{model}: CPU a request ÷ nginx-proxy, 64 connections", a["cpu_us"] / n["cpu_us"], cpu_bar, cpu_goal, True)
    row(f"{model}: requests/s ÷ nginx-proxy, 64 connections", a["rps"] / n["rps"], rps_bar, rps_goal, False)
    if "FastAPI" in at64:
        bar, goal = (8, 14) if model == "iris" else (6, 9)
        row(f"{model}: CPU a request, FastAPI ÷ Apus, 64 connections", at64["FastAPI"]["cpu_us"] / a["cpu_us"], bar, goal, False)
    if model == "iris":
        at16 = rounds(trees, body, 16, ARGS.seconds, ARGS.rounds)
        show(model, 16, at16)
        row("iris: CPU a request, FastAPI ÷ Apus, 16 connections", at16["FastAPI"]["cpu_us"] / at16["apus"]["cpu_us"], 6, 9, False)
        at1 = rounds(trees[:2], body, 1, ARGS.seconds, ARGS.rounds)
        show(model, 1, at1)
        run = RawSession(model).run_seconds(1) * 1e6
        row("iris: p50 at 1 connection − nginx-proxy's − raw run, µs", at1["apus"]["p50_us"] - at1["nginx-proxy"]["p50_us"] - run, 20, 0, True)
        row("iris: memory of the tree, 2 workers, MB (PSS)", ours.pss_bytes() / 1e6, 60, 40, True)
    for tree in trees + [backend]:
        tree.stop()


def show(model, connections, results):
    for name, r in results.items():
        print(f"    {model}, {connections} connections, {name}: {r['rps']:.0f} requests/s, {r['cpu_us']:.1f} µs CPU, "
              f"p50 {r['p50_us']} µs, p99 {r['p99_us']} µs", flush=True)


def large_requests():
    ours = apus("large", ["mlp"])
    raw = RawSession("mlp")
    threads = os.cpu_count()
    body, head = binary_request("mlp", 1000)
    found = []
    for _ in range(ARGS.rounds):
        runs = raw.runs_per_second(1000, threads, ARGS.seconds)
        # Two connections for each worker: one request runs while the next one comes.
        binary = wrk(ours, body, 2 * threads, ARGS.seconds, [("Inference-Header-Content-Length", head)])
        as_json = wrk(ours, request("mlp", 1000), 2 * threads, ARGS.seconds)
        found.append((runs, binary["rps"], as_json["rps"]))
    runs, binary, as_json = (statistics.median(values) for values in zip(*found))
    print(f"    mlp, 1000 rows, {2 * threads} connections: {threads} raw threads {runs:.0f} runs/s, "
          f"binary {binary:.0f} requests/s, JSON {as_json:.0f}", flush=True)
    row(f"mlp: rows/s ÷ raw ONNX Runtime ({threads} threads), V2 binary, 1000 rows", binary / runs, 0.85, 0.95, False)
    row(f"mlp: rows/s ÷ raw ONNX Runtime ({threads} threads), JSON, 1000 rows", as_json / runs, 0.4, 0.7, False)
    ours.stop()


def batching():
    on, off = apus("batching on", ["mlp"]), apus("batching off", ["mlp"], "--batching", "off")
    at64 = rounds([on, off], request("mlp"), 64, ARGS.seconds, ARGS.rounds)
    show("mlp", 64, at64)
    row("mlp: requests/s at 64 connections, batching on ÷ off", at64["batching on"]["rps"] / at64["batching off"]["rps"], 1.4, 2, False)
    at1 = rounds([on, off], request("mlp"), 1, ARGS.seconds, ARGS.rounds)
    row("mlp: p50 at 1 connection, batching on ÷ off", at1["batching on"]["p50_us"] / at1["batching off"]["p50_us"], 1.02, 1.0, True)
    on.stop()
    off.stop()


def scale():
    plain, wide = apus("apus", ["iris"]), apus("32 workers", ["iris"], "--workers", "32")
    at64 = rounds([plain, wide], request("iris"), 64, ARGS.seconds, ARGS.rounds)
    show("iris", 64, at64)
    row("iris: CPU a request, 32 workers ÷ 2", at64["32 workers"]["cpu_us"] / at64["apus"]["cpu_us"], 1.15, 1.05, True)
    row("iris: memory of a further worker, MB (PSS)", (wide.pss_bytes() - plain.pss_bytes()) / 30 / 1e6, 3, 1, True)
    plain.stop()
    wide.stop()
    row("iris: start to first right answer, ms", start_milliseconds(), 150, 60, True)


class Idle:
    """Connections that each had one answer and are kept open."""

    def __init__(self, tree, count, body):
        host, port = re.search(r"//([\d.]+):(\d+)", tree.url).groups()
        head = f"POST {tree.url.split(port, 1)[1]} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.sockets = []
        for _ in range(count):
            connection = socket.create_connection((host, int(port)))
            connection.sendall(head.encode() + body)
            self.sockets.append(connection)
            if b" 200 " not in connection.recv(65536):
                raise SystemExit("bench: an idle connection's request was refused")

    def close(self):
        for connection in self.sockets:
            connection.close()


def crowds():
    """Many models, and many connections that say nothing."""
    body = request("iris")
    plain = apus("apus", ["iris"], "--workers", "1")
    many = apus("200 models", [(f"iris{number}", "iris") for number in range(200)], "--workers", "1")
    at64 = rounds([plain, many], body, 64, ARGS.seconds, ARGS.rounds)
    show("iris", 64, at64)
    row("iris: CPU a request, 200 models ÷ 1", at64["200 models"]["cpu_us"] / at64["apus"]["cpu_us"], 1.15, 1.05, True)
    many.stop()
    crowded = apus("10,000 idle connections", ["iris"], "--workers", "1", "--idle-timeout", "600000")
    idle = Idle(crowded, 10_000, body)
    at64 = rounds([plain, crowded], body, 64, ARGS.seconds, ARGS.rounds)
    show("iris", 64, at64)
    row("iris: CPU a request, 10,000 idle connections ÷ none", at64[crowded.name]["cpu_us"] / at64["apus"]["cpu_us"],
        1.15, 1.05, True)
    idle.close()
    crowded.stop()
    plain.stop()


def loadtest(tree, body, *options):
    """One run of loadtest. A run that it does not call valid, or in which a request failed, is no figure."""
    out = subprocess.run(
        [ARGS.loadtest, tree.url, "--method", "POST", "--body", body.decode(), *options, "--json", "-", "--quiet"],
        capture_output=True, text=True)
    run = json.loads(out.stdout)["runs"][0] if out.stdout else None
    if run is None or not run["valid"] or run["failed"]:
        raise SystemExit(f"bench: loadtest {' '.join(options)} of {tree.name}: {out.stderr.strip() or out.stdout[:2000]}")
    return run


def tail():
    """At half of what a closed loop of the same generator gets, by a schedule that waits for nobody."""
    ours = apus("apus", ["iris"])
    front, backend = nginx(212)
    body = request("iris")
    found = {ours: [], front: []}
    for _ in range(ARGS.rounds):
        for tree, runs in found.items():
            closed = loadtest(tree, body, "--connections", "64", "--duration", f"{ARGS.seconds}s")
            rate = int(closed["answered_per_s"] / 2)
            latency = loadtest(tree, body, "--rate", str(rate), "--duration", "30s")["latency"]
            p50, p99 = latency["p50_us"], latency["p99_us"]
            print(f"    iris, {tree.name}, {rate} requests/s for 30 s, open loop: p50 {p50:.0f} µs, p99 {p99:.0f} µs", flush=True)
            runs.append(p99 / p50)
    print(f"    p99 ÷ p50 of nginx-proxy, the same way: {statistics.median(found[front]):.3g}")
    row("iris: p99 ÷ p50 at half of saturation, open loop", statistics.median(found[ours]), 4, 2, True)
    for tree in (ours, front, backend):
        tree.stop()


def machine():
    with open("/proc/cpuinfo") as f:
        cpu = re.search(r"model name\s*:\s*(.*)", f.read())
    return f"{os.cpu_count()} × {cpu.group(1) if cpu else platform.machine()}, Linux {platform.release()}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apus", required=True)
    parser.add_argument("--onnxruntime", required=True)
    parser.add_argument("--constant", required=True)
    parser.add_argument("--loadtest", help="the release build; only for tail")
    parser.add_argument("--out", default=None)
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    ARGS = parser.parse_args()
    OUT = ARGS.out or tempfile.mkdtemp(prefix="apus-bench-")
    os.makedirs(OUT, exist_ok=True)
    os.chmod(OUT, 0o755)  # nginx's worker is another user
    print(f"Machine: {machine()}; medians of {ARGS.rounds} rounds of {ARGS.seconds} s.\n")
    print("| figure | measured | bar | goal | |\n|---|---|---|---|---|", flush=True)
    try:
        parts = {**{model: functools.partial(single_rows, model) for model in MODELS}, "large-requests": large_requests, "batching": batching, "scale": scale,
                 "crowds": crowds, "tail": tail}
        for name in ARGS.parts or parts:
            parts[name]()
    finally:
        for tree in list(RUNNING):
            tree.stop()
    missed = [r for r in ROWS if r["verdict"] == "missed"]
    print(f"\n{len(ROWS) - len(missed)} of {len(ROWS)} figures at their bar or better")
