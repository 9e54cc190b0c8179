"""A running `apus serve`, and the end that every test of it must come to."""

import http.client
import json
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import processes

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("APUS_BINARY") or ROOT / ".build/release/apus")
LIBRARY = Path(
    os.environ.get("APUS_ONNXRUNTIME")
    or ROOT / ".build/onnxruntime/libonnxruntime.so.1.28.0"
)
ERROR_LINE = re.compile(r'^\S+ (error|critical)\b|"level":"(error|critical)"')


def environment(**variables):
    """This process's environment, with no APUS_ variable but those given and the library's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("APUS_")}
    return {**kept, "APUS_ONNXRUNTIME": str(LIBRARY), **variables}


def run(*arguments, variables=None, timeout=30):
    """Runs `apus ARGUMENTS` to its end."""
    return subprocess.run(
        [BINARY, *map(str, arguments)],
        env=environment(**(variables or {})),
        capture_output=True,
        text=True,
        timeout=timeout,
    )


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Server:
    """Use it with `with`: leaving asserts that it ends well and leaves nothing behind.

    `wrapper` is a command that becomes the server after it has changed its own limits, say. `place` is where its
    files are, its log included; `descriptors` stay open in it. `runtime` is a runtime directory that is used again.
    A test that provokes error lines on purpose clears or sets `allowed_errors`, a regular
    expression for the lines that may stand in the log.
    """

    def __init__(
        self, *arguments, variables=None, wrapper=(), ready_within=90, place="/tmp", descriptors=(), runtime=None
    ):
        self.folder = tempfile.mkdtemp(prefix="apus.", dir=place)
        self.runtime = runtime or f"{self.folder}/r"
        self.log_path = Path(self.folder, "log")
        self.allowed_errors = None
        command = [*wrapper, BINARY, "serve", *map(str, arguments), "--runtime-dir", self.runtime]
        if "--listen" not in command and not (variables or {}).keys() & {"SAGEMAKER_BIND_TO_PORT", "AIP_HTTP_PORT"}:
            command += ["--listen", "127.0.0.1:0"]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                command,
                env=environment(**(variables or {})),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                pass_fds=descriptors,
            )
        self.pid = self.process.pid
        try:
            self.url = self._ready_line(ready_within)
        except BaseException:
            self.destroy()
            raise
        self.host, port = self.url.removeprefix("http://").rsplit(":", 1)
        self.port = int(port)
        self.address = f"{self.host}:{port}"

    def _ready_line(self, within):
        readable, _, _ = select.select([self.process.stdout], [], [], within)
        line = self.process.stdout.readline().decode() if readable else ""
        match = re.fullmatch(r"ready (http://\S+:\d+)\n", line)
        assert match, f"expected the ready line within {within} s, got {line!r}; log:\n{self.log()}"
        return match[1]

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            print(f"--- log of {self.url}\n{self.log()[-20000:]}")
            self.destroy()
        else:
            self.stop()

    def stop(self, within=40):
        """Ends the server by SIGTERM; it exits with 0, leaves no process and no error line."""
        try:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
            status = self.process.wait(within)
            rest = self.process.stdout.read().decode()
            left = [f"{pid} {processes.title(pid)}" for pid in processes.tree(self.pid)]
            assert status == 0, f"exit code {status}; log:\n{self.log()[-20000:]}"
            assert rest == "", "standard output has one line only"
            assert left == [], "processes are left over"
            assert self.errors() == []
        finally:
            self.destroy()

    def destroy(self):
        """Ends whatever is left of the server."""
        for pid in processes.tree(self.pid):
            processes.kill(pid)
        self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def errors(self):
        """The log's lines at level error or above, less those that the test allows."""
        lines = [line for line in self.log().splitlines() if ERROR_LINE.search(line)]
        allowed = self.allowed_errors
        return [line for line in lines if not (allowed and re.search(allowed, line))]

    def processes(self):
        return processes.tree(self.pid)

    def proportional_bytes(self):
        return processes.proportional_bytes(self.processes())

    def status(self):
        """What `apus status --json` says."""
        done = run("status", "--json", "--runtime-dir", self.runtime)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def workers(self, model=None):
        """The pids of the workers that serve, of one model or of all."""
        models = [m for m in self.status()["models"] if model in (None, m["name"])]
        return [w["pid"] for m in models for w in m["workers"] if w["state"] == "serving"]

    def request(self, method, path, body=None, headers=None, timeout=30):
        """One request on a connection of its own. A body that is no bytes is sent as JSON."""
        if body is not None and not isinstance(body, (bytes, bytearray)):
            body = json.dumps(body).encode()
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path, headers=None):
        return self.request("GET", path, headers=headers)

    def post(self, path, body=b"", headers=None, timeout=30):
        return self.request("POST", path, body, headers, timeout)
