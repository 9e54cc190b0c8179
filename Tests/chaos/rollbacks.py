"""New versions that only real requests show to be bad: HARDENING.md §4, test 11."""

import json
import time

import onnx
from inputs import POISON, quotient
from run import test
from subject import IRIS
from wire import Connection

GOOD, BAD = 7, -(2**63)


@test("11", "a new version that crashes on real requests only", short=4)
def rollback(run):
    folder = run.folder / "fragile"
    put_version(folder, 1, GOOD)
    arguments = [IRIS.argument, f"fragile={folder}", "--workers", "2", "--default-model", "iris", "--reload", "manual"]
    with run.serve(*arguments, errors="rolling back|worker exited|crash|degraded") as server:
        with run.load(server) as load:
            put_version(folder, 2, BAD)
            run.expect(server.reload() == 0, "version 2 was not taken")
            statuses, seconds = ask_until_answered(server)
            run.expect(load.left > 0, "the load ended before the version was rolled back")
        run.outcome.faults = 1
        run.measure("rolled back after", round(seconds, 3), 2, "s", is_soft=True)
        # Each of those that failed has crashed two workers.
        run.measure("requests failed on probation", len(statuses), server.lines("worker exited") // 2)
        run.expect(set(statuses) <= {500}, f"requests on probation were answered with {sorted(set(statuses))}")
        reason = next(one["reason"] for one in server.status()["models"] if one["name"] == "fragile")
        run.expect("rolled back from version 2" in reason, f"the status says {reason!r}")


def put_version(folder, number, dividend):
    place = folder / str(number)
    place.mkdir(parents=True)
    onnx.save(quotient(dividend), place / "model.onnx")


def ask_until_answered(server):
    """Requests that differ, so that none is refused for another's sake. The statuses before the first 200, and the
    time that it took to come."""
    statuses = []
    began = time.monotonic()
    with Connection(server, timeout=60) as connection:
        for other in range(1, 50):
            tensor = {"name": "x", "shape": [2, 1], "datatype": "INT64", "data": [POISON, other]}
            body = json.dumps({"inputs": [tensor]}).encode()
            answer = connection.ask("POST", "/v2/models/fragile/infer", body=body)
            if answer.status == 200:
                found = json.loads(answer.body)["outputs"][0]["data"][0]
                assert found == -GOOD, answer.body
                return statuses, time.monotonic() - began
            statuses.append(answer.status)
    raise AssertionError("version 1 did not come back")
