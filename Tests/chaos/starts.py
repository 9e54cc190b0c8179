"""A start that clients wait for, and new programs in a running one's place: tests 31 and 33."""

import signal
import socket
import sys
import time
from types import SimpleNamespace

from processes import wait_until
from run import test
from subject import IRIS, Subject

# Becomes the server with the socket where a service manager puts it (sd_listen_fds(3)).
PASS_SOCKET = """\
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


@test("31", "clients come to the socket before the server is there", short=4, long=15)
def activation(run):
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener, Notices(run.folder) as notices:
        target = SimpleNamespace(url=f"http://127.0.0.1:{listener.getsockname()[1]}")
        with run.load_of(target.url) as load:
            began = time.monotonic()
            server = Subject(
                IRIS.argument, "--workers", "2",
                wrapper=[sys.executable, "-c", PASS_SOCKET, str(listener.fileno())],
                descriptors=[listener.fileno()], variables={"NOTIFY_SOCKET": notices.path},
            )  # fmt: skip
            try:
                notices.wait_for("READY=1")
                answer = server.post("/v2/models/iris/infer", *IRIS.v2_json([0]))
                run.measure("serves after", round((time.monotonic() - began) * 1e3), 2000, "ms", is_soft=True)
                run.expect(answer.status == 200, f"ready, and answers with {answer.status}")
                run.expect(server.url == target.url, f"it serves at {server.url}")
                run.expect(load.left > 0, "the load ended before the server was ready")
                run.outcome.faults = 1
                # What systemd 253 and later waits for with Type=notify-reload (systemd.service(5)).
                server.kill([server.pid], signal.SIGHUP)
                lines = notices.wait_for("RELOADING=1")
                run.expect(any(one.startswith("MONOTONIC_USEC=") for one in lines), f"a reload is said by {lines}")
                notices.wait_for("READY=1")
                load.finish()
                server.stop()
            finally:
                server.destroy()


class Notices:
    """What a service manager hears (sd_notify(3))."""

    def __init__(self, folder):
        self.path = str(folder / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def wait_for(self, line):
        """The lines that came together with that one."""
        while True:
            lines = self.socket.recv(1 << 16).decode().splitlines()
            if line in lines:
                return lines


@test("33", "a new program by SIGUSR2, again and again", short=4, long=60)
def upgrades(run):
    with run.serve(IRIS.argument, "--workers", "2") as server:
        with run.load(server) as load:
            for _ in run.faults(load, every=0.5 if run.is_short else 2):
                done = server.lines("supervisor upgraded")
                server.kill([server.pid], signal.SIGUSR2)
                wait_until(lambda done=done: server.lines("supervisor upgraded") > done, within=60)
        run.expect(server.status()["supervisor"] == server.pid, "it is another process")
