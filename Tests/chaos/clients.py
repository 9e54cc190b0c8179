"""Clients that behave badly, and many of them: tests 21, 22, 23 and 30."""

import socket

from processes import proportional_bytes, wait_until
from run import last, test
from subject import IRIS, has_prlimit, limited_to

TIMEOUTS = [
    "--header-timeout", "4000", "--first-byte-timeout", "4000", "--body-grace", "4000",
    "--write-timeout", "4000",
]  # fmt: skip


@test("21", "slow headers, slow bodies, slow readers", short=7)
def slowloris(run):
    count = 50 if run.is_short else 300
    with run.serve(IRIS.argument, "--workers", "2", *TIMEOUTS) as server:
        with run.load(server) as load:
            attackers = [start(server) for start in (slow_head, slow_body, slow_reader) for _ in range(count)]
            run.outcome.faults = len(attackers)
            cut = sum(is_cut(one) for one in attackers[: 2 * count])
            run.expect(load.left > 0, "the load ended before the attackers were cut")
        run.measure("attackers not cut", 2 * count - cut, 0)
        for one in attackers:
            one.close()


def connect(server):
    return socket.create_connection((server.host, server.port), 10)


def slow_head(server):
    attacker = connect(server)
    attacker.sendall(b"POST /v2/models/iris/infer HTTP/1.1\r\nHost: a\r\nX-")
    return attacker


def slow_body(server):
    attacker = connect(server)
    attacker.sendall(b"POST /v2/models/iris/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{")
    return attacker


def slow_reader(server):
    """Asks for more than its buffers hold, and reads nothing."""
    attacker = connect(server)
    attacker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    attacker.sendall(b"GET /docs HTTP/1.1\r\nHost: a\r\n\r\n" * 8)
    return attacker


def is_cut(attacker):
    attacker.settimeout(10)
    try:
        while attacker.recv(65536):
            pass
    except ConnectionError:
        return True
    except OSError:
        return False
    return True


@test("22", "many idle connections", short=3, long=15)
def idle(run):
    count = 500 if run.is_short else 10_000
    with run.serve(IRIS.argument, "--workers", "2") as server:
        before = proportional_bytes(server.kind("proxy"))
        with run.load(server, "--idle", count) as load:
            wait_until(lambda: server.connection_count() >= count, within=30)
            grown = proportional_bytes(server.kind("proxy")) - before
        run.outcome.faults = load.run["idle_opened"]
        run.expect(load.run["idle_left"] == load.run["idle_opened"], "idle connections were closed")
        run.measure("memory of each", round(grown / count), 4096, "bytes", is_soft=True)


@test("23", "more clients than descriptors", short=4)
def descriptors(run):
    run.expect(has_prlimit(), "prlimit (util-linux) is missing")
    with run.serve(IRIS.argument, "--workers", "1", wrapper=limited_to(128)) as server:
        clients = [connect(server) for _ in range(300)]
        run.outcome.faults = len(clients)
        request = b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        answered = 0
        for client in clients:
            client.sendall(request)
        for client in clients:
            client.settimeout(30)
            answered += client.recv(12)[:12] in (b"HTTP/1.1 200", b"HTTP/1.1 503")
            client.close()
        run.count(len(clients), len(clients) - answered)
        wait_until(lambda: server.get("/livez").status == 200)


@test("30", "clients that leave in the middle of a request", short=3)
def aborts(run):
    body = b"POST /v2/models/iris/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n{"
    with run.serve(IRIS.argument, "--workers", "2") as server, run.load(server) as load:
        while load.left > 0.5:
            for _ in range(20):
                client = connect(server)
                client.sendall(body[: run.random.randrange(1, len(body))])
                client.close()
                run.outcome.faults += 1
            last(0.02)
