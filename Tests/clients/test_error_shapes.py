"""Errors that no codec made: they have the form of the protocol whose path was asked, with its codes."""

import json
import os
import select
import signal

import pytest

from models import FIXTURES, model
from processes import wait_until
from server import Answer, Server
from wire import Connection

# A path of each protocol that takes a body, and the headers that it wants.
PATHS = {
    "openInference": ("/v2/models/{}/infer", {}),
    "predict": ("/models/{}/predict", {}),
    "tensorFlow": ("/v1/models/{}:predict", {}),
    "mlflow": ("/models/{}/invocations", {"Content-Type": "application/json"}),
    "torchServe": ("/predictions/{}", {}),
}
CODES = {
    404: "RESOURCE_DOES_NOT_EXIST", 405: "ENDPOINT_NOT_FOUND", 413: "INVALID_PARAMETER_VALUE", 415: "BAD_REQUEST",
    503: "TEMPORARILY_UNAVAILABLE", 504: "DEADLINE_EXCEEDED", 400: "BAD_REQUEST",
}  # fmt: skip
TYPES = {
    404: "ModelNotFoundException", 405: "MethodNotAllowedException", 413: "BadRequestException",
    415: "BadRequestException", 503: "ServiceUnavailableException", 504: "InternalServerException",
    400: "BadRequestException",
}  # fmt: skip


def check(protocol, answer, status):
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"] == "application/json"
    said = answer.json
    if protocol == "mlflow":
        assert set(said) == {"error_code", "message"} and said["error_code"] == CODES[status]
    elif protocol == "torchServe":
        assert set(said) == {"code", "type", "message"}
        assert (said["code"], said["type"]) == (status, TYPES[status])
    else:
        assert set(said) == {"error"}
        opening = b'{ "error": "' if protocol == "tensorFlow" else b'{"error":"'
        assert answer.body.startswith(opening)


@pytest.fixture(scope="module")
def server():
    with Server(model("iris").argument, "--workers", "1", "--max-body", "4KiB") as running:
        yield running


@pytest.mark.parametrize("protocol", PATHS)
def test_what_the_proxy_refuses(server, protocol):
    path, headers = PATHS[protocol]
    for status, asked, method, more, body in (
        (404, "none", "POST", {}, b"{}"),
        (405, "iris", "DELETE", {}, None),
        (413, "iris", "POST", {}, b" " * 5000),
        (415, "iris", "POST", {"Content-Encoding": "br"}, b"{}"),
        (400, "iris", "POST", {}, b"{"),
    ):
        answer = server.request(method, path.format(asked), body, headers | more)
        check(protocol, answer, status)


def test_what_comes_too_late(serve):
    """The only worker is stopped, so nothing is answered before the deadline. Then it is replaced: one request at a
    time, or the next worker would still be in time for a later one."""
    running = serve(model("iris").argument, "--workers", "1", "--timeout", "200")
    running.allowed_errors = "."  # the supervisor ends the worker, and says so
    for protocol, (path, headers) in PATHS.items():
        (worker,) = running.workers()
        os.kill(worker, signal.SIGSTOP)
        check(protocol, running.post(path.format("iris"), b"{}", headers), 504)
        assert wait_until(lambda: running.workers() not in ([], [worker]), within=60)


def test_what_finds_the_queue_full(serve):
    """The only worker runs for longer than the test, and whoever comes finds the queue full at once."""
    running = serve(f"slow={FIXTURES}/small/slow.onnx", "--workers", "1", "--queue", "1", "--batching", "off",
                    "--drain-timeout", "100")  # fmt: skip
    running.allowed_errors = "."  # the worker is ended in its run
    endless = {"inputs": [{"name": "x", "shape": [1, 1], "datatype": "FP32", "data": [2_000_000_000]}]}
    waiting, is_full = [], False
    try:
        while not is_full and len(waiting) < 6:
            waiting.append(Connection(running))
            waiting[-1].request("POST", "/v2/models/slow/infer", body=json.dumps(endless).encode())
            for _ in range(2):
                running.get("/livez")  # a turn of the proxy's loop has ended since
            is_full = bool(select.select([waiting[-1].socket], [], [], 0)[0])
        assert is_full
        for protocol, (path, headers) in PATHS.items():
            answer = running.post(path.format("slow"), b"{}", headers)
            check(protocol, answer, 503)
            assert answer.headers["Retry-After"] == "1"
    finally:
        for connection in waiting:
            connection.socket.close()


@pytest.mark.parametrize("protocol", PATHS)
def test_a_body_that_breaks_its_framing(server, protocol):
    path, headers = PATHS[protocol]
    fields = [f"{name}: {value}" for name, value in headers.items()]
    with Connection(server) as connection:
        connection.request("POST", path.format("iris"), *fields, "Transfer-Encoding: chunked")
        connection.send("zz\r\n")
        response = connection.read()
    check(protocol, Answer(response.status, {"Content-Type": response.headers["content-type"]}, response.body), 400)
