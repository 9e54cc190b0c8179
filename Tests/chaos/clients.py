"""Clients that behave badly, and many of them: tests 21, 22, 23 and 30."""

import json
import socket
import time

from kills import SLOW
from load import CONNECTIONS, Load
from processes import proportional_bytes, wait_until
from run import last, test, usual_p99
from subject import IRIS, has_prlimit, limited_to
from wire import Connection

TIMEOUTS = [
    "--header-timeout", "4000", "--first-byte-timeout", "4000", "--body-grace", "4000",
    "--write-timeout", "4000", "--idle-timeout", "4000",
]  # fmt: skip


@test("21", "slow headers, slow bodies, slow readers", short=11, long=18)
def slowloris(run):
    count = 50 if run.is_short else 1000
    with run.serve(IRIS.argument, "--workers", "2", *TIMEOUTS) as server:
        with run.load(server) as load:
            attackers = attack(server, count)
            run.outcome.faults = len(attackers)
            began = time.monotonic()
            cut = sum(is_cut(one) for one in attackers[: 2 * count])
            run.measure("their deadline was passed by", round(time.monotonic() - began - 4, 1), 2, "s", is_soft=True)
            # Those who read nothing see nothing: the server does not count them any more.
            wait_until(lambda: server.connection_count() <= CONNECTIONS + 1, within=15)
            run.expect(load.left > 0, "the load ended before the attackers were cut")
        for one in attackers:
            one.close()
        run.measure("attackers not cut", 2 * count - cut, 0)
        run.measure_latency(load, "added to the p99", added=0.2)


def attack(server, count):
    """So many of each kind, some hundred a second as slowhttptest opens them; those who see their end come first.
    A few ask for more than the kernel takes."""
    attackers = []
    for start in [slow_head] * count + [slow_body] * count + [slow_reader] * count + [hoarder] * 4:
        attackers.append(start(server))
        last(0.0015)
    return attackers


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


def slow_reader(server, answers=1):
    """Asks for more than its buffers hold, 32 kB each, and reads nothing."""
    attacker = connect(server)
    attacker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    attacker.sendall(b"GET /docs HTTP/1.1\r\nHost: a\r\n\r\n" * answers)
    return attacker


def hoarder(server):
    return slow_reader(server, answers=300)


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


@test("22", "many idle connections", short=1, long=6)
def idle(run):
    count = 500 if run.is_short else 10_000
    # They are silent from the start.
    with run.serve(IRIS.argument, "--workers", "2", "--first-byte-timeout", 600_000) as server:
        calm = least_p99(run, server)
        before = proportional_bytes(server.kind("proxy"))
        seconds = 4 * run.seconds + (3 if run.is_short else 20)
        with Load(server.url, "iris", run.campaign.expected, 20, seconds, ["--idle", count]) as keeper:
            wait_until(lambda: server.connection_count() >= count, within=60)
            grown = proportional_bytes(server.kind("proxy")) - before
            crowded = least_p99(run, server)
            run.expect(keeper.left > 0, "the idle connections were left before the load ended")
        run.outcome.faults = keeper.run["idle_opened"]
        run.count(keeper.requests, keeper.failed)
        run.expect(keeper.run["idle_left"] == keeper.run["idle_opened"], "idle connections were closed")
        run.measure("added to the p99", round(max(0, 100 * (crowded / calm - 1)), 1), 5, "%", is_soft=True)
        run.measure("memory of each", round(grown / count), 4096, "bytes", is_soft=True)


def least_p99(run, server):
    """Of three loads: what else the machine does makes it larger, never smaller."""
    found = []
    for _ in range(3):
        with run.load_of(server.url) as load:
            pass
        found.append(usual_p99(load))
    return min(found)


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
        began = time.monotonic()
        wait_until(lambda: server.get("/livez").status == 200)
        run.measure("heals after", round(time.monotonic() - began, 3), 1, "s", is_soft=True)
        run.expect(server.lines("error") == 0, "there are errors in the log")


@test("30", "clients that leave in the middle of a request", short=3)
def aborts(run):
    body = b"POST /v2/models/iris/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n{"
    with run.serve(IRIS.argument, SLOW, "--workers", "1", "--default-model", "iris") as server:
        with run.load(server) as load:
            while load.left > 0.5:
                for _ in range(20):
                    client = connect(server)
                    client.sendall(body[: run.random.randrange(1, len(body))])
                    client.close()
                    run.outcome.faults += 1
                last(0.02)
        leave_the_queue(run, server)


def leave_the_queue(run, server, count=200):
    """Clients whose request waits behind another's, and who leave: nobody works for them."""
    turns = 1_000_000
    before = inferences(server)
    with Connection(server, timeout=60) as first:
        first.request("POST", "/models/slow/predict", body=json.dumps({"x": turns}).encode())
        leavers = [Connection(server) for _ in range(count)]
        for one in leavers:
            one.request("POST", "/models/slow/predict", body=json.dumps({"x": turns}).encode())
        assert server.get("/livez").status == 200  # what was sent before has been read by now
        for one in leavers:
            one.socket.close()
        run.outcome.faults += count
        status = first.read().status
        run.count(1, int(status != 200))
    answer = server.post("/models/slow/predict", {"x": 1})
    run.count(1, int(answer.status != 200))
    run.measure(f"of {count} who left a queue were worked for", inferences(server) - before - 2, 0, is_soft=True)


def inferences(server):
    return server.get("/v2/models/slow/stats").json["model_stats"][0]["inference_count"]
