"""Bodies of megabytes: right whichever way they come, nothing is lost with a worker, and nothing is kept."""

import gzip
import http.client
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import processes
from models import model
from processes import wait_until
from server import Answer
from wire import Connection

MLP = model("mlp")
INFER = "/v2/models/mlp/infer"
ROWS = [n % MLP.count for n in range(1000)]
# What may differ between two looks at an idle process: the allocator's reserves.
SLACK = 4 << 20


def parts(server):
    """The pids of the proxy and of the workers."""
    status = server.status()
    return [status["proxies"][0]["pid"]] + [w["pid"] for w in status["models"][0]["workers"]]


def body_bytes(pid):
    """How much memory for bodies a process has mapped that is there; a proxy and its workers share it."""
    found, counts = 0, False
    with open(f"/proc/{pid}/smaps") as file:
        for line in file:
            if line[0] in "0123456789abcdef" and "-" in line.split()[0]:
                counts = "memfd:apus-body" in line
            elif counts and line.startswith("Rss:"):
                found += int(line.split()[1]) << 10
    return found


def has_body_memory(pid):
    with open(f"/proc/{pid}/maps") as maps:
        return "memfd:apus-body" in maps.read()


def resident_bytes(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def as_json():
    body, headers = MLP.v2_json(ROWS)
    return body, headers


def as_binary():
    return MLP.v2_binary(ROWS)


def packed(way):
    body, headers = way()
    return gzip.compress(body, 1), {**headers, "Content-Encoding": "gzip"}


WAYS = {
    "JSON": as_json,
    "binary": as_binary,
    "JSON, gzip": lambda: packed(as_json),
    "binary, gzip": lambda: packed(as_binary),
}
BODIES = {}


def request(way):
    """Made once: megabytes of JSON take a while."""
    if way not in BODIES:
        BODIES[way] = WAYS[way]()
    return BODIES[way]


def chunked(server, body, headers, byte_count=50_000, pause=0.0):
    """The answer to a body whose length is not told."""
    with Connection(server, timeout=60) as connection:
        lines = [f"{name}: {value}" for name, value in headers.items()]
        connection.send("\r\n".join([
            f"POST {INFER} HTTP/1.1", f"Host: {connection.host}", "Transfer-Encoding: chunked", *lines, "", ""]))
        for start in range(0, len(body), byte_count):
            chunk = body[start:start + byte_count]
            connection.send(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            time.sleep(pause)
        connection.send(b"0\r\n\r\n")
        response = connection.read()
    fields = http.client.HTTPMessage()
    for name, value in response.headers.items():
        fields[name] = value
    return Answer(response.status, fields, response.body)


def check(answer):
    assert answer.status == 200, answer.body[:300]
    MLP.check_v2(ROWS, answer)


@pytest.fixture
def running(serve):
    server = serve(MLP.argument, "--workers", "2", "--proxies", "1")
    wait_until(lambda: len(server.workers("mlp")) == 2)
    return server


@pytest.mark.parametrize("way", WAYS)
def test_a_large_body_is_answered_right(running, way):
    body, headers = request(way)
    for _ in range(3):
        check(running.post(INFER, body, headers))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("byte_count", [1000, 50_000, 1_000_000])
def test_a_large_body_of_unknown_length_is_answered_right(running, way, byte_count):
    body, headers = request(way)
    check(chunked(running, body, headers, byte_count))


def test_many_at_a_time_are_answered_right(running):
    def ask(number):
        body, headers = request(list(WAYS)[number % len(WAYS)])
        for _ in range(3):
            check(running.post(INFER, body, headers, timeout=60))

    for way in WAYS:
        request(way)
    with ThreadPoolExecutor(12) as pool:
        assert len(list(pool.map(ask, range(12)))) == 12


def test_a_body_is_handed_over_in_memory_and_all_is_given_back(running):
    body, headers = request("binary")
    # Until workers have learned how many rows a run should have: ONNX Runtime keeps the memory of its largest run.
    with ThreadPoolExecutor(8) as pool:
        for answer in [pool.submit(running.post, INFER, body, headers, 60) for _ in range(192)]:
            check(answer.result())
    pids = parts(running)
    wait_until(lambda: all(body_bytes(pid) == 0 for pid in pids))
    assert all(has_body_memory(pid) for pid in pids), "each worker has it"
    resting = {pid: (descriptors(pid), resident_bytes(pid)) for pid in pids}

    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda _: running.post(INFER, body, headers, timeout=60), range(64))
        handed = [body_bytes(pid) for pid in pids for _ in range(20) if not time.sleep(0.005)]
        assert [answer.status for answer in answers] == [200] * 64
    assert any(handed), "the bodies went another way"

    wait_until(lambda: all(body_bytes(pid) == 0 for pid in pids), within=5)
    assert parts(running) == pids
    for pid, (count, byte_count) in resting.items():
        assert descriptors(pid) == count
        assert resident_bytes(pid) < byte_count + SLACK, processes.title(pid)


def test_a_worker_killed_while_it_reads_costs_no_request(running):
    body, headers = request("binary")
    stopped = threading.Event()

    def ask(_):
        count = 0
        while not stopped.is_set():
            check(running.post(INFER, body, headers, timeout=60))
            count += 1
        return count

    with ThreadPoolExecutor(4) as pool:
        counts = pool.map(ask, range(4))
        killed = 0
        for _ in range(12):
            time.sleep(0.25)
            workers = [pid for pid in processes.children(running.pid) if processes.title(pid).startswith("apus: worker")]
            if workers:
                processes.kill(workers[killed % len(workers)])
                killed += 1
        stopped.set()
        assert sum(counts) > 20 and killed > 8
    proxy = parts(running)[0]
    wait_until(lambda: body_bytes(proxy) == 0, within=5)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR2], ids=["a reload", "a new binary"])
def test_a_change_under_large_bodies_costs_none(running, number):
    body, headers = request("binary")
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(running.post, INFER, body, headers, 60) for _ in range(60)]
        for _ in range(3):
            running.process.send_signal(number)
            time.sleep(0.4)
        for answer in answers:
            check(answer.result())


def trickle(server, body, headers, byte_count, every):
    """The answer to a body that begins quickly and then comes in small pieces."""
    with Connection(server, timeout=30) as connection:
        lines = [f"{name}: {value}" for name, value in headers.items()]
        connection.send("\r\n".join([
            f"POST {INFER} HTTP/1.1", f"Host: {connection.host}", f"Content-Length: {len(body)}", *lines, "", ""]))
        connection.send(body[:200_000])
        try:
            for start in range(200_000, len(body), byte_count):
                time.sleep(every)
                connection.send(body[start:start + byte_count])
        except OSError:
            pass
        return connection.read()


def test_a_large_body_that_comes_slowly_is_judged_by_what_has_come(serve):
    server = serve(
        MLP.argument, "--workers", "1", "--body-grace", "300", "--min-body-rate", "400KiB")
    body, headers = request("binary")
    # More than is asked for, but in a second less than the proxy is woken for.
    assert trickle(server, body, headers, 90_000, every=0.2).status == 200
    began = time.monotonic()
    assert trickle(server, body, headers, 20_000, every=0.2).status == 408
    assert time.monotonic() - began < 5


def test_requests_behind_a_large_body_are_read_as_they_come(running):
    body, headers = request("binary")
    lines = [f"{name}: {value}" for name, value in headers.items()]
    with Connection(running) as connection:
        for _ in range(3):
            assert connection.ask("POST", INFER, *lines, body=body).status == 200
            assert connection.ask("GET", "/livez").status == 200


def test_a_client_that_leaves_in_the_middle_of_a_large_body_is_noticed(running):
    body, headers = request("binary")
    proxy = parts(running)[0]
    wait_until(lambda: body_bytes(proxy) == 0, within=5)
    before = descriptors(proxy)
    for part in (200_000, 1_000_000, len(body) - 1):
        with Connection(running) as connection:
            connection.send(f"POST {INFER} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n")
            connection.send(body[:part])
            time.sleep(0.1)
    wait_until(lambda: body_bytes(proxy) == 0 and descriptors(proxy) == before, within=5)


def test_who_announces_a_large_body_and_sends_little_holds_no_memory(running):
    proxy = parts(running)[0]
    before = resident_bytes(proxy)
    connections = []
    try:
        for _ in range(100):
            connection = Connection(running)
            connections.append(connection)
            connection.send(f"POST {INFER} HTTP/1.1\r\nHost: a\r\nContent-Length: 60000000\r\n\r\n{'x' * 1000}")
        assert running.get("/readyz").status == 200
        time.sleep(0.3)
        assert body_bytes(proxy) == 0
        assert resident_bytes(proxy) < before + SLACK
    finally:
        for connection in connections:
            connection.socket.close()


def test_a_hundred_at_a_time_leave_nothing_behind(serve):
    server = serve(MLP.argument, "--workers", "1", "--proxies", "1", "--queue", "200")
    body, headers = request("binary")
    proxy = parts(server)[0]
    before = descriptors(proxy)
    with ThreadPoolExecutor(100) as pool:
        answers = [pool.submit(server.post, INFER, body, headers, 90) for _ in range(100)]
        most = max(body_bytes(proxy) for _ in range(20) if not time.sleep(0.02))
        for answer in answers:
            check(answer.result())
    assert len(body) < most < 101 * (len(body) + 8192)
    wait_until(lambda: body_bytes(proxy) == 0 and descriptors(proxy) == before, within=5)


@pytest.mark.parametrize("way", WAYS)
def test_where_address_space_is_limited_bodies_go_by_the_socket(serve, way):
    server = serve(MLP.argument, "--workers", "1", "--proxies", "1", wrapper=["prlimit", f"--as={64 << 30}"])
    assert not any(has_body_memory(pid) for pid in parts(server))
    body, headers = request(way)
    with ThreadPoolExecutor(4) as pool:
        for answer in [pool.submit(server.post, INFER, body, headers, 90) for _ in range(12)]:
            check(answer.result())


def test_with_few_descriptors_each_connection_still_has_one(serve):
    server = serve(
        MLP.argument, "--workers", "1", "--proxies", "1", wrapper=["prlimit", "--nofile=40:40"])
    body, headers = request("binary")
    with ThreadPoolExecutor(16) as pool:
        for answer in [pool.submit(server.post, INFER, body, headers, 90) for _ in range(64)]:
            check(answer.result())


def test_a_body_over_the_limit_is_refused_as_before(serve):
    server = serve(MLP.argument, "--workers", "1", "--max-body", "1MiB")
    body, _ = request("binary")
    with Connection(server) as connection:
        connection.send(f"POST {INFER} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n")
        assert connection.read().status == 413
    with Connection(server) as connection:
        connection.send(f"POST {INFER} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            for start in range(0, len(body), 100_000):
                chunk = body[start:start + 100_000]
                connection.send(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        except OSError:
            pass
        assert connection.read().status == 413


class Part:
    """A request whose body is announced and comes in parts."""

    def __init__(self, server, announced):
        self.connection = Connection(server, timeout=30)
        self.head = f"POST {INFER} HTTP/1.1\r\nHost: {self.connection.host}\r\nContent-Length: {announced}\r\n\r\n"
        self.connection.send(self.head)

    def send(self, byte_count):
        self.connection.send(bytes(byte_count))
        return byte_count


def test_a_body_whose_last_bytes_are_too_much_for_all_is_refused_and_no_more(running):
    limit, tail = 512 << 20, 50_000
    pid = running.status()["proxies"][0]["pid"]
    parts = []

    def bodies():
        """How many bytes of bodies were read, but for some questions of ours."""
        text = running.get("/metrics").body.decode()
        total = next(line for line in text.splitlines() if line.startswith("apus_received_bytes_total"))
        return int(float(total.split()[-1])) - sum(len(part.head) for part in parts)

    def arrived(byte_count, within):
        wait_until(lambda: bodies() >= byte_count - within)
        return bodies()

    sent = 0
    for _ in range(8):
        parts.append(Part(running, 64 << 20))
        sent += parts[-1].send(63 << 20)
    # Of each some may wait in the kernel, until there is more to read at once.
    held = arrived(sent, within=8 * (512 << 10))
    while (missing := limit - tail // 2 - held - 100_000) > 0:
        parts.append(Part(running, 250_000))
        held = arrived(held + parts[-1].send(min(missing, 200_000)), within=0)
    last = Part(running, 100_000 + tail)
    parts.append(last)
    arrived(held + last.send(100_000), within=0)
    last.send(tail)
    answer = last.connection.read()
    assert answer.status == 503 and b"too many bytes" in answer.body, answer.body
    for part in parts:
        part.connection.socket.close()
    wait_until(lambda: running.post(INFER, *request("binary")).status == 200)
    assert running.status()["proxies"][0]["pid"] == pid, "the same proxy goes on"
