"""Runs the built `loadtest`, and the servers that it is judged against."""

import json
import os
import re
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("LOADTEST_BINARY") or ROOT / ".build/release/loadtest")
TARGET = Path(os.environ.get("LOADTEST_TARGET") or ROOT / ".build/release/loadtest-target")
SCENARIOS = ROOT / "loadtest/scenarios"


def loadtest(*arguments, timeout=170):
    """Runs `loadtest ARGUMENTS` to its end."""
    return subprocess.run(
        [BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=timeout
    )


def report(*arguments, statuses=(0,), timeout=170):
    """The JSON report of a run that ends with one of `statuses`."""
    done = loadtest(*arguments, "--quiet", "--json", "-", timeout=timeout)
    assert done.returncode in statuses, f"exit code {done.returncode}\n{done.stderr}{done.stdout}"
    return json.loads(done.stdout)


@contextmanager
def target(*arguments):
    """The URL of a server whose behaviour is known by construction (Tests/LoadtestTarget)."""
    process = subprocess.Popen(
        [TARGET, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        line = process.stdout.readline().decode()
        match = re.fullmatch(r"ready (\d+)\n", line)
        assert match, f"expected the ready line, got {line!r}"
        yield f"http://127.0.0.1:{match[1]}"
    finally:
        process.stdin.close()  # it ends with its standard input
        process.wait(10)
        process.stdout.close()


class ModelServer:
    """A small V2 server whose answers a test spoils by setting `answer`."""

    METADATA = {
        "name": "iris",
        "versions": ["1"],
        "platform": "test",
        "inputs": [{"name": "X", "datatype": "FP32", "shape": [-1, 4]}],
        "outputs": [
            {"name": "label", "datatype": "INT64", "shape": [-1]},
            {"name": "sum", "datatype": "FP32", "shape": [-1, 1]},
        ],
    }

    def __init__(self, answer=None):
        self.answer = answer or self.right
        self.requests = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def reply(self, status, value):
                body = value if isinstance(value, bytes) else json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Server-Timing", "queue;dur=1.5, compute;dur=2")
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                if self.path == "/metrics":
                    page = f"# TYPE requests_total counter\nrequests_total {len(owner.requests)}\n"
                    return self.reply(200, page.encode())
                known = self.path == "/v2/models/iris"
                self.reply(200 if known else 404, owner.METADATA if known else {"error": "unknown"})

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                if self.path == "/v2/repository/index":
                    return self.reply(200, [{"name": "iris", "version": "1", "state": "READY"}])
                owner.requests.append((self.path, self.headers, body))
                self.reply(200, owner.answer(json.loads(body)))

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever)

    @staticmethod
    def right(request):
        """The true answer: each row's sum, and whether it is above 16."""
        tensor = request["inputs"][0]
        rows, width = tensor["shape"]
        sums = [sum(tensor["data"][r * width : (r + 1) * width]) for r in range(rows)]
        return {
            "model_name": "iris",
            "outputs": [
                {"name": "label", "datatype": "INT64", "shape": [rows], "data": [int(s > 16) for s in sums]},
                {"name": "sum", "datatype": "FP32", "shape": [rows, 1], "data": sums},
            ],
        }

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
