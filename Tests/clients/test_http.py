"""HTTP/1.1 as clients and middle boxes use and misuse it, on raw sockets."""

import gzip
import json
import re
import socket
import time
import zlib

import pytest

from models import model
from wire import Closed, Connection

INFER = "/v2/models/iris/infer"
BODY, _ = model("iris").v2_json([0])


@pytest.fixture
def connection(server):
    with Connection(server) as open_one:
        yield open_one


def check_infer(response, indices=(0,)):
    assert response.status == 200, response.body
    output = json.loads(response.body)["outputs"][0]
    assert output["data"] == [model("iris").labels[i] for i in indices]


# Connections.


def test_a_connection_is_kept_for_the_next_request(connection):
    for _ in range(50):
        check_infer(connection.ask("POST", INFER, body=BODY))


def test_connection_close_is_answered_and_done(connection):
    response = connection.ask("GET", "/livez", "Connection: close")
    assert response.status == 200
    assert response.headers["connection"].lower() == "close"
    assert connection.is_closed()


def test_http_1_0_is_closed_after_the_answer(connection):
    connection.send("GET /livez HTTP/1.0\r\n\r\n")
    assert connection.read().status == 200
    assert connection.is_closed()


def test_http_1_0_is_kept_if_asked(connection):
    for _ in range(2):
        connection.send("GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        response = connection.read()
        assert response.status == 200
        assert response.headers["connection"].lower() == "keep-alive"


def test_pipelined_requests_are_answered_in_order(connection):
    """Slow and fast ones mixed: an answer never overtakes."""
    one = model("iris")
    many, _ = one.v2_json([i % one.count for i in range(500)])
    for index in range(8):
        body, _ = one.v2_json([index])
        connection.request("POST", INFER, body=many if index == 0 else body)
        connection.request("GET", "/livez")
    for index in range(8):
        indices = [i % one.count for i in range(500)] if index == 0 else [index]
        check_infer(connection.read(), indices)
        assert b"inputs" not in connection.read().body


def test_more_pipelined_requests_than_are_queued_all_get_answers(connection):
    for _ in range(100):
        connection.request("GET", "/livez")
    assert [connection.read().status for _ in range(100)] == [200] * 100


def test_a_client_that_shuts_its_sending_side_gets_its_answer(connection):
    connection.request("POST", INFER, body=BODY)
    connection.socket.shutdown(socket.SHUT_WR)
    check_infer(connection.read())
    assert connection.is_closed()


def test_a_client_that_shuts_its_sending_side_gets_the_answers_to_all_that_it_sent(connection):
    for _ in range(3):
        connection.request("POST", INFER, body=BODY)
        connection.request("GET", "/livez")
    connection.socket.shutdown(socket.SHUT_WR)
    for _ in range(3):
        check_infer(connection.read())
        assert connection.read().status == 200
    assert connection.is_closed()


def test_a_client_that_leaves_costs_nothing(server):
    for _ in range(100):
        with Connection(server) as connection:
            connection.request("POST", INFER, body=BODY)
    with Connection(server) as connection:
        check_infer(connection.ask("POST", INFER, body=BODY))


# Bodies.


def chunked(body, size, extension=""):
    pieces = [body[i : i + size] for i in range(0, len(body), size)]
    text = b"".join(f"{len(p):x}{extension}\r\n".encode() + p + b"\r\n" for p in pieces)
    return text + b"0\r\n"


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_chunked_bodies(connection, size):
    connection.request("POST", INFER, "Transfer-Encoding: chunked")
    connection.send(chunked(BODY, size) + b"\r\n")
    check_infer(connection.read())
    check_infer(connection.ask("POST", INFER, body=BODY))


def test_chunk_extensions_and_trailers_are_read_over(connection):
    connection.request("POST", INFER, "Transfer-Encoding: chunked", "Trailer: X-Sum")
    connection.send(chunked(BODY, 10, ';a=b;c="d e"') + b"X-Sum: 1\r\n\r\n")
    check_infer(connection.read())
    check_infer(connection.ask("POST", INFER, body=BODY))


def test_a_body_that_comes_byte_by_byte(connection):
    connection.request("POST", INFER, f"Content-Length: {len(BODY)}")
    for byte in BODY:
        connection.send(bytes([byte]))
    check_infer(connection.read())


def test_every_cut_of_a_request(server):
    with Connection(server) as connection:
        head = f"POST {INFER} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(BODY)}\r\n\r\n"
        request = head.encode() + BODY
        for cut in range(1, len(request)):
            connection.send(request[:cut])
            connection.send(request[cut:])
            check_infer(connection.read())


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "GZIP", "identity"])
def test_compressed_request_bodies(connection, coding):
    packed = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress}
    body = packed.get(coding.lower(), bytes)(BODY)
    check_infer(connection.ask("POST", INFER, f"Content-Encoding: {coding}", body=body))


@pytest.mark.parametrize("accepted, coding", [
    ("gzip", "gzip"),
    ("deflate", "deflate"),
    ("gzip;q=0, deflate", "deflate"),
    ("br, gzip;q=0.5", "gzip"),
    ("*", None),
    ("identity", None),
    ("gzip;q=0", None),
])  # fmt: skip
def test_answers_are_compressed_as_accepted(connection, accepted, coding):
    one = model("iris")
    indices = [i % one.count for i in range(200)]
    body, _ = one.v2_json(indices)
    response = connection.ask("POST", INFER, f"Accept-Encoding: {accepted}", body=body)
    found = response.headers.get("content-encoding")
    if coding is None and accepted == "*":
        assert found in (None, "gzip", "deflate")
    else:
        assert found == coding
    unpack = {"gzip": gzip.decompress, "deflate": zlib.decompress, None: bytes}[found]
    response.body = unpack(response.body)
    check_infer(response, indices)


def test_an_unknown_content_coding_is_refused_with_those_known(connection):
    response = connection.ask("POST", INFER, "Content-Encoding: br", body=BODY)
    assert response.status == 415
    assert response.headers["accept-encoding"].replace(" ", "") == "gzip,deflate"
    assert "br" in json.loads(response.body)["error"] or "gzip" in json.loads(response.body)["error"]


# Expect: 100-continue.


def test_expect_100_continue_is_answered_before_the_body(connection):
    fields = [f"Content-Length: {len(BODY)}", "Expect: 100-continue"]
    connection.request("POST", INFER, *fields)
    assert connection.read().status == 100
    connection.send(BODY)
    check_infer(connection.read())


@pytest.mark.parametrize("target, length, status", [
    (INFER, 1 << 30, 413),
    ("/v2/repository/index", 1 << 30, 413),
    ("/v2/models/nobody/infer", len(BODY), 404),
    ("/nowhere", len(BODY), 404),
])  # fmt: skip
def test_what_will_be_refused_is_refused_before_100(connection, target, length, status):
    connection.request("POST", target, f"Content-Length: {length}", "Expect: 100-continue")
    assert connection.read().status == status


def test_another_expectation_is_417(connection):
    assert connection.ask("POST", INFER, "Expect: miracles", body=BODY).status == 417


# Methods.


@pytest.mark.parametrize("path", ["/livez", "/v2", "/v2/models/iris", "/metrics", "/v2/health/live"])
def test_head_has_gets_headers_and_no_body(connection, path):
    get = connection.ask("GET", path)
    head = connection.ask("HEAD", path)
    assert (head.status, head.headers["content-type"]) == (get.status, get.headers["content-type"])
    if path != "/metrics":
        assert head.headers["content-length"] == get.headers["content-length"]
    assert connection.ask("GET", "/livez").status == 200


@pytest.mark.parametrize("method, path, allow", [
    ("GET", INFER, {"POST", "OPTIONS"}),
    ("PUT", INFER, {"POST", "OPTIONS"}),
    ("DELETE", "/v2/models/iris", {"GET", "HEAD", "OPTIONS"}),
    ("POST", "/livez", {"GET", "HEAD", "OPTIONS"}),
    ("GET", "/predict", {"POST", "OPTIONS"}),
])  # fmt: skip
def test_the_wrong_method_is_405_with_those_allowed(connection, method, path, allow):
    response = connection.ask(method, path)
    assert response.status == 405
    allowed = set(response.headers["allow"].replace(" ", "").split(","))
    assert allowed | {"OPTIONS"} == allow
    assert isinstance(json.loads(response.body)["error"], str)


def test_options_names_the_methods(connection):
    for target in (INFER, "*"):
        response = connection.ask("OPTIONS", target)
        assert response.status in (200, 204)
        assert "POST" in response.headers["allow"]


def test_an_unknown_method_is_501(connection):
    assert connection.ask("BREW", "/livez").status == 501


def test_a_body_nobody_asked_for_is_not_the_next_request(server):
    """CL.0: what stands in GET's body must not be read as a request."""
    hidden = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    with Connection(server) as connection:
        connection.request("GET", "/livez", body=hidden)
        first = connection.read()
        if first.status == 200:
            assert connection.ask("GET", "/v2/health/live").body == b'{"live":true}'
        else:
            assert first.status == 400 and connection.is_closed()


# Other protocols.


def test_upgrades_are_ignored(connection):
    fields = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"]
    assert connection.ask("GET", "/livez", *fields).status == 200
    fields = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
    assert connection.ask("GET", "/livez", *fields).status == 200


def test_the_http_2_preface_is_505(connection):
    connection.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert connection.read().status == 505
    assert connection.is_closed()


def test_tls_is_not_answered_with_a_hang(connection):
    connection.send(bytes.fromhex("16030100f8010000f40303") + bytes(240))
    try:
        assert connection.read().status == 400
    except (Closed, ConnectionResetError):
        pass


# Refused requests: the framing is in doubt, so the connection ends. RFC 9112.

HOST = "Host: x\r\n"
REFUSED = {
    "content-length and transfer-encoding": (
        f"POST /predict HTTP/1.1\r\n{HOST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    "two content-lengths": (
        f"POST /predict HTTP/1.1\r\n{HOST}Content-Length: 3\r\nContent-Length: 4\r\n\r\n", 400),
    "content-length with a sign": (f"POST /predict HTTP/1.1\r\n{HOST}Content-Length: +3\r\n\r\n", 400),
    "content-length beyond 63 bits": (
        f"POST /predict HTTP/1.1\r\n{HOST}Content-Length: 99999999999999999999\r\n\r\n", 400),
    "transfer-encoding xchunked": (
        f"POST /predict HTTP/1.1\r\n{HOST}Transfer-Encoding: xchunked\r\n\r\n", (400, 501)),
    "transfer-encoding in 1.0": ("POST /predict HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    "a folded field": (f"GET /livez HTTP/1.1\r\n{HOST}A: b\r\n c\r\n\r\n", 400),
    "a space before the colon": (f"GET /livez HTTP/1.1\r\n{HOST}A : b\r\n\r\n", 400),
    "bare line feeds": ("GET /livez HTTP/1.1\nHost: x\n\n", 400),
    "a NUL in a value": (f"GET /livez HTTP/1.1\r\n{HOST}A: \0\r\n\r\n", 400),
    "no host": ("GET /livez HTTP/1.1\r\n\r\n", 400),
    "two hosts": (f"GET /livez HTTP/1.1\r\n{HOST}{HOST}\r\n", 400),
    "content_length": (f"POST /predict HTTP/1.1\r\n{HOST}Content_Length: 3\r\n\r\n", 400),
    "a chunk size with a sign": (
        f"POST /predict HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n", 400),
    "CONNECT": ("CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n", 501),
    "HTTP/3.0": (f"GET /livez HTTP/3.0\r\n{HOST}\r\n", 505),
    "a long target": (f"GET /{'a' * 9000} HTTP/1.1\r\n{HOST}\r\n", 414),
    "a long field": (f"GET /livez HTTP/1.1\r\n{HOST}A: {'a' * 20000}\r\n\r\n", 431),
    "too many fields": (f"GET /livez HTTP/1.1\r\n{HOST}{'A: b' + chr(13) + chr(10)}" + "A: b\r\n" * 120 + "\r\n", 431),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_doubtful_requests_are_refused_and_the_connection_ends(connection, name):
    request, statuses = REFUSED[name]
    connection.send(request)
    connection.send("GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
    response = connection.read()
    assert response.status in (statuses if isinstance(statuses, tuple) else (statuses,))
    assert connection.is_closed()


# What every answer carries.


def test_a_well_formed_request_id_comes_back(connection):
    response = connection.ask("POST", INFER, "X-Request-Id: run-17.b_c", body=BODY)
    assert response.headers["x-request-id"] == "run-17.b_c"


@pytest.mark.parametrize("given", ["", "a b", "<script>", "a" * 300, "é", 'a";b'])
def test_any_other_request_id_is_replaced(connection, given):
    first = connection.ask("GET", "/livez", f"X-Request-Id: {given}").headers["x-request-id"]
    second = connection.ask("GET", "/livez").headers["x-request-id"]
    assert re.fullmatch(r"[A-Za-z0-9._-]{8,}", first) and first != given
    assert first != second


def test_an_answer_says_which_model_and_how_long(connection):
    response = connection.ask("POST", INFER, body=BODY)
    assert re.fullmatch(r"iris/\d+", response.headers["x-apus-model"])
    timing = response.headers["server-timing"]
    stages = dict(re.findall(r"(\w+);dur=([0-9.]+)", timing))
    assert set(stages) >= {"queue", "decode", "batch", "compute", "encode"}, timing
    assert all(0 <= float(value) < 10_000 for value in stages.values())


def test_errors_have_an_id_and_are_json(connection):
    response = connection.ask("GET", "/nowhere")
    assert response.status == 404
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"]
    assert json.loads(response.body)["error"]


def test_date_and_server_headers_do_not_leak_versions(connection):
    server_field = connection.ask("GET", "/livez").headers.get("server", "")
    assert not re.search(r"\d", server_field)


# Deadlines: absolute, so that a byte now and then does not lengthen them.


@pytest.fixture(scope="module")
def hasty():
    from server import Server

    flags = {"first-byte-timeout": 600, "header-timeout": 600, "body-grace": 400,
             "min-body-rate": 10_000, "write-timeout": 800, "idle-timeout": 600}  # fmt: skip
    arguments = [part for name, value in flags.items() for part in (f"--{name}", value)]
    with Server(model("iris").argument, "--workers", "1", *arguments) as running:
        yield running


def drip(connection, text, every=0.05, limit=5.0):
    """Sends byte by byte until the server answers or closes; gives back the seconds it took."""
    began = time.monotonic()
    connection.socket.settimeout(every)
    for byte in text:
        try:
            connection.send(bytes([byte]))
            connection.buffer += connection.socket.recv(1 << 16)
            break
        except TimeoutError:
            pass
        except (ConnectionResetError, BrokenPipeError):
            break
        assert time.monotonic() - began < limit, "the connection is still open"
    connection.socket.settimeout(10)
    return time.monotonic() - began


def test_a_silent_connection_is_closed(hasty):
    with Connection(hasty) as connection:
        began = time.monotonic()
        assert connection.is_closed()
        assert 0.4 < time.monotonic() - began < 3


def test_slow_headers_are_cut_at_the_deadline(hasty):
    with Connection(hasty) as connection:
        connection.send("GET /livez HTTP/1.1\r\n")
        seconds = drip(connection, b"A" * 1000)
        assert 0.4 < seconds < 3
        if connection.buffer:
            assert connection.read().status == 408


def test_a_slow_body_is_cut(hasty):
    with Connection(hasty) as connection:
        connection.request("POST", INFER, "Content-Length: 1000")
        assert 0.3 < drip(connection, b" " * 1000) < 3
        if connection.buffer:
            assert connection.read().status == 408


def test_an_idle_kept_connection_is_closed(hasty):
    with Connection(hasty) as connection:
        assert connection.ask("GET", "/livez").status == 200
        began = time.monotonic()
        assert connection.is_closed()
        assert 0.4 < time.monotonic() - began < 3


def test_a_reader_that_stops_is_cut(hasty):
    """A client that asks for much and reads nothing must not hold the answers for ever."""
    one = model("iris")
    body, _ = one.v2_json([i % one.count for i in range(2000)])
    with Connection(hasty) as connection:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.socket.settimeout(1)
        began = time.monotonic()
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            while time.monotonic() - began < 15:
                try:
                    connection.request("POST", INFER, body=body)
                except TimeoutError:
                    continue
        assert time.monotonic() - began < 10


def test_good_clients_do_not_notice_slow_ones(hasty):
    slow = [Connection(hasty) for _ in range(100)]
    try:
        for one in slow:
            one.send("POST /predict HTTP/1.1\r\nHost:")
        for _ in range(20):
            with Connection(hasty) as connection:
                check_infer(connection.ask("POST", INFER, body=BODY))
    finally:
        for one in slow:
            one.socket.close()
