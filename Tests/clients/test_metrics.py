"""`/metrics` is read by Prometheus's own parser; it is the sum over all proxies, and what it counts
never goes backwards. The probes tell the truth about live workers."""


import pytest
from prometheus_client.parser import text_string_to_metric_families

import processes
from models import model
from processes import wait_until
from wire import Connection

IRIS = model("iris")
INFER = "/v2/models/iris/infer"
STAGES = ["request", "queue", "decode", "compute", "encode"]


def scrape(server, path="/metrics"):
    """{family: {(sample, labels): value}} as a Prometheus server reads it."""
    answer = server.get(path)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    families = {}
    for family in text_string_to_metric_families(answer.body.decode()):
        assert family.name not in families, "each family stands once"
        assert family.documentation and family.type != "unknown", family.name
        samples = {(s.name, tuple(sorted(s.labels.items()))): s.value for s in family.samples}
        assert len(samples) == len(family.samples), f"{family.name} repeats a series"
        families[family.name] = (family.type, samples)
    return families


def total(families, sample, **labels):
    return sum(
        value
        for _, samples in families.values()
        for (name, found), value in samples.items()
        if name == sample and labels.items() <= dict(found).items()
    )


def monotonic(families):
    """The samples that may only rise."""
    return {
        key: value
        for kind, samples in families.values()
        for key, value in samples.items()
        if kind in ("counter", "histogram")
    }


def assert_no_step_back(before, after):
    now = monotonic(after)
    back = {key: (v, now.get(key)) for key, v in monotonic(before).items() if now.get(key, -1) < v}
    assert back == {}


def ask(server, count):
    for number in range(count):
        indices = [number % IRIS.count]
        IRIS.check_v2(indices, server.post(INFER, *IRIS.v2_json(indices)))


def test_each_family_is_well_formed(server):
    ask(server, 3)
    families = scrape(server)
    assert all(name.startswith("apus_") for name in families)
    for kind, samples in families.values():
        if kind == "histogram":
            check_histogram(samples)


def check_histogram(samples):
    """Buckets rise and end in +Inf, which is the count; the sum lies between what they allow."""
    by_labels = {}
    for (name, labels), value in samples.items():
        rest = tuple(pair for pair in labels if pair[0] != "le")
        if name.endswith("_bucket"):
            by_labels.setdefault(rest, []).append((float(dict(labels)["le"]), value))
    for rest, buckets in by_labels.items():
        buckets.sort()
        assert [v for _, v in buckets] == sorted(v for _, v in buckets)
        (count,) = [v for (n, found), v in samples.items() if n.endswith("_count") and found == rest]
        (amount,) = [v for (n, found), v in samples.items() if n.endswith("_sum") and found == rest]
        assert buckets[-1] == (float("inf"), count)
        least = sum(
            (now - before) * lower
            for (lower, before), (_, now) in zip([(0.0, 0)] + buckets, buckets)
        )
        assert amount >= least * 0.999, rest


def test_requests_are_counted_by_model_version_protocol_and_code(server):
    before = scrape(server)
    ask(server, 5)
    for _ in range(3):
        server.post("/models/iris/predict", IRIS.object(0))
    for _ in range(2):
        assert server.post(INFER, {"inputs": []}).status == 400
    after = scrape(server)

    def more(**labels):
        return total(after, "apus_requests_total", **labels) - total(
            before, "apus_requests_total", **labels
        )

    assert more(model="iris", code="200") == 8
    assert more(model="iris", code="400") == 2
    protocols = {dict(labels)["protocol"] for _, labels in after["apus_requests"][1]}
    per_protocol = sorted(more(model="iris", code="200", protocol=p) for p in protocols)
    assert per_protocol[-2:] == [3, 5]
    assert more(model="tabular") == 0
    versions = {dict(labels)["version"] for _, labels in after["apus_requests"][1]}
    assert versions - {""} == {"1"}


def test_every_stage_of_a_request_has_a_histogram(server):
    before = scrape(server)
    ask(server, 5)
    after = scrape(server)
    for stage in STAGES:
        count = f"apus_{stage}_duration_seconds_count"
        assert total(after, count, model="iris") - total(before, count, model="iris") == 5, stage
        assert total(after, f"apus_{stage}_duration_seconds_sum", model="iris") > 0


def test_workers_and_their_restarts(serve):
    running = serve(IRIS.argument, "--workers", "3")
    wait_until(lambda: total(scrape(running), "apus_workers", model="iris", state="serving") == 3)
    assert total(scrape(running), "apus_worker_restarts_total", model="iris") == 0
    processes.kill(running.workers()[0])
    wait_until(lambda: total(scrape(running), "apus_worker_restarts_total", model="iris") == 1)
    wait_until(lambda: total(scrape(running), "apus_workers", model="iris", state="serving") == 3)


def test_the_second_path_of_prometheus(server):
    names = set(scrape(server, "/monitoring/prometheus/metrics"))
    assert names == set(scrape(server))


def test_the_sum_over_proxies_whichever_answers(serve):
    """Requests go to both proxies; each proxy's `/metrics` tells all of them."""
    running = serve(IRIS.argument, "--workers", "2", "--proxies", "2")
    ask(running, 60)
    totals = {total(scrape(running), "apus_requests_total", model="iris") for _ in range(20)}
    assert totals == {60}


def test_nothing_counts_backwards_when_processes_die(serve):
    running = serve(IRIS.argument, "--workers", "2", "--proxies", "2")
    running.allowed_errors = "proxy exited.*Killed"
    ask(running, 40)
    before = scrape(running)
    for round in range(4):
        victims = running.workers() if round % 2 else [p["pid"] for p in running.status()["proxies"]]
        processes.kill(victims[0])
        wait_until(is_whole(running))
        ask(running, 20)
        after = scrape(running)
        assert_no_step_back(before, after)
        before = after
    assert total(before, "apus_requests_total", model="iris", code="200") == 120
    assert total(before, "apus_proxy_restarts_total") == 2
    assert total(before, "apus_connections_total") >= 120


def is_whole(running):
    def both_are_there():
        """two proxies and two workers serve"""
        status = running.status()
        return [p["state"] for p in status["proxies"]] == ["ready"] * 2 and len(running.workers()) == 2

    return both_are_there


def test_open_connections_are_a_gauge(serve):
    running = serve(IRIS.argument, "--workers", "1")
    open_ones = [Connection(running) for _ in range(10)]
    for one in open_ones:
        assert one.ask("GET", "/livez").status == 200
    assert total(scrape(running), "apus_connections_open") == 11
    for one in open_ones:
        one.socket.close()
    wait_until(lambda: total(scrape(running), "apus_connections_open") == 1)


# Probes.


def test_probes_when_all_is_well(server):
    for path in ("/livez", "/readyz", "/healthz", "/v2/health/live", "/v2/health/ready"):
        answer = server.get(path)
        assert answer.status == 200, path
        assert answer.headers["Content-Type"] == "application/json"
        assert isinstance(answer.json, dict)
    assert server.get("/v2/health/live").json == {"live": True}
    ready = server.get("/v2/health/ready").json
    assert ready["ready"] is True and ready["live"] is True
    one = server.get("/v2/models/iris/ready").json
    assert one["name"] == "iris" and one["ready"] is True


def test_ready_says_no_while_a_model_has_no_worker(serve):
    """Stopped workers keep their sockets, so the truth shows only when they are killed."""
    running = serve(IRIS.argument, "--workers", "1")
    running.allowed_errors = "template|worker"
    template = running.status()["models"][0]["template"]["pid"]
    processes.kill(template, processes.signal.SIGSTOP)
    try:
        processes.kill(running.workers()[0])
        answer = wait_until(lambda: (a := running.get("/readyz")).status == 503 and a)
        assert isinstance(answer.json, dict)
        assert int(answer.headers["Retry-After"]) >= 1
        assert running.get("/livez").status == 200, "the server itself lives"
        assert running.get("/v2/health/ready").status == 503
        assert running.get("/v2/models/iris/ready").status == 503
    finally:
        processes.kill(template, processes.signal.SIGCONT)
    wait_until(lambda: running.get("/readyz").status == 200)


def test_ready_says_no_while_draining(serve):
    running = serve(IRIS.argument, "--workers", "1")
    with Connection(running) as kept:
        assert kept.ask("GET", "/readyz").status == 200
        slow, _ = model("iris").v2_json([0])
        with Connection(running) as busy:
            busy.request("POST", INFER, f"Content-Length: {len(slow)}", "Expect: 100-continue")
            assert busy.read().status == 100, "its request has begun"
            busy.send(slow[:10])
            running.process.terminate()
            answer = wait_until(lambda: (a := kept.ask("GET", "/readyz")).status == 503 and a)
            assert answer.headers["connection"].lower() == "close"
            busy.send(slow[10:])
            assert busy.read().status == 200, "what had begun is finished"


def test_metrics_can_be_asked_while_loaded(serve):
    running = serve(IRIS.argument, "--workers", "1")
    with Connection(running) as connection:
        for number in range(200):
            body, _ = IRIS.v2_json([number % IRIS.count])
            connection.request("POST", INFER, body=body)
            connection.request("GET", "/metrics")
            assert connection.read().status == 200
            assert connection.read().status == 200
