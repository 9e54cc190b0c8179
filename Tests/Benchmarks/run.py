"""Counts what one request costs the proxy and the worker, and compares with figures.json.

usage: Tests/Benchmarks/run.sh [--update] [--results FILE.xml] [--functions N] [--keep FOLDER]

The built `apus serve` runs with its proxy and its workers under Valgrind's callgrind, which counts
instructions instead of time, so that a busy machine measures what an idle one does. Requests are
sent one after the other on one connection. A first lot warms up; the counts of the second, divided
by its size, are the figures:

- instructions in our own code: `apus` and Swift's libraries. What other libraries spend depends on
  the processor they find and is shown only. Growth of more than 5 % fails.
- allocations: calls of malloc and its kin by anything but ONNX Runtime. Growth by one in ten
  requests fails; idle timers stay far below that.

--update writes figures.json anew. --functions N shows each case's N dearest functions.
"""

import argparse
import http.client
import json
import os
import re
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "clients"))

import callgrind  # noqa: E402
import processes  # noqa: E402
from models import model  # noqa: E402
from server import Server  # noqa: E402

FIGURES = HERE / "figures.json"
FIXTURES = ["iris", "forest", "tabular", "mlp"]
WARM_UP, COUNTED = 100, 200
GROWTH = 1.05
ALLOCATION = 0.1
OURS = re.compile(r"apus|libswift.*")


def cases():
    """[(name, model, path, (body, headers))]: single rows."""
    infer = "/v2/models/{}/infer".format
    rows = [(f"{name} v2 json", name, infer(name), model(name).v2_json([0])) for name in FIXTURES]
    predict = json.dumps(model("iris").object(0)).encode(), {"Content-Type": "application/json"}
    return rows + [
        ("iris v2 binary", "iris", infer("iris"), model("iris").v2_binary([0])),
        ("iris predict", "iris", "/predict", predict),
    ]


def serve():
    variables = {
        "LD_PRELOAD": os.environ["BENCHMARKS_PRELOAD"],
        "BENCHMARKS_VALGRIND": shutil.which("valgrind"),
    }
    served = [model(name).argument for name in FIXTURES]
    single = ["--proxies", "1", "--workers", "1", "--default-model", "iris", "--batching", "on"]
    return Server(*served, *single, variables=variables, ready_within=180)


class Connection:
    """Sends each request in one piece: a head that comes before its body costs the proxy more."""

    def __init__(self, server):
        self.socket = socket.create_connection((server.host, server.port), 60)
        self.answers = self.socket.makefile("rb")
        self.host = server.address

    def send(self, count, path, body, headers):
        fields = {"Host": self.host, "Content-Length": len(body), **headers}
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        request = "\r\n".join([*lines, "", ""]).encode() + body
        for _ in range(count):
            self.socket.sendall(request)
            self._receive()

    def _receive(self):
        status = self.answers.readline()
        fields = http.client.parse_headers(self.answers)
        answer = self.answers.read(int(fields["Content-Length"]))
        assert b" 200 " in status, f"{status} {answer[:200]}"

    def close(self):
        self.answers.close()
        self.socket.close()


def measure(server, folder):
    """Gives {case: {role: Profile}}."""
    [proxy] = [pid for pid in server.processes() if "proxy" in processes.title(pid)]
    connection = Connection(server)
    workers = {name: server.workers(name)[0] for name in FIXTURES}
    for pid in [proxy, *workers.values()]:
        callgrind.start(pid)
    profiles = {}
    for name, served, path, request in cases():
        roles = {"proxy": proxy, "worker": workers[served]}
        connection.send(WARM_UP, path, *request)
        for pid in roles.values():
            callgrind.dump(pid, folder)
        connection.send(COUNTED, path, *request)
        profiles[name] = {role: callgrind.dump(pid, folder) for role, pid in roles.items()}
    connection.close()
    return profiles


def figures(profile):
    totals = profile.by_object()
    ours = sum(count for owner, count in totals.items() if OURS.fullmatch(owner))
    # C++'s operator new is counted where it is called, not where it calls malloc.
    allocations = sum(
        count for owner, count in profile.allocations.items() if "onnxruntime" not in owner
    )
    return {
        "instructions": round(ours / COUNTED),
        "allocations": round(allocations / COUNTED, 2),
        "elsewhere": round((sum(totals.values()) - ours) / COUNTED),
    }


def compare(found, committed):
    """The sentence of what grew, or None."""
    if committed is None:
        return "figures.json does not have it; run with --update"
    if found["instructions"] > committed["instructions"] * GROWTH:
        grown = 100 * (found["instructions"] / committed["instructions"] - 1)
        return f"{grown:.1f} % more instructions than the {committed['instructions']} committed"
    if found["allocations"] >= committed["allocations"] + ALLOCATION:
        return f"more allocations than the {committed['allocations']} committed"
    return None


def judge(profiles, committed):
    """Prints the table. Gives [(test, failure or None)]."""
    results = []
    heads = ["instructions", "committed", "allocations", "committed", "elsewhere"]
    print(f"{'per request':24}", *(f"{head:>12}" for head in heads))
    for case, roles in profiles.items():
        for role, profile in roles.items():
            found, wanted = figures(profile), committed.get(case, {}).get(role)
            failure = compare(found, wanted)
            name, known = f"{case} {role}", wanted or {}
            cells = [found["instructions"], known.get("instructions", "-")]
            cells += [found["allocations"], known.get("allocations", "-"), found["elsewhere"]]
            failed = f"  FAILED: {failure}" if failure else ""
            print(f"{name:24}", *(f"{cell:>12}" for cell in cells), failed)
            results.append((name, failure))
    return results


def show_functions(profiles, most):
    for case, roles in profiles.items():
        for role, profile in roles.items():
            print(f"\n{case} {role}: allocations {dict(profile.allocations)}")
            for (owner, function), count in profile.instructions.most_common(most):
                print(f"{count / COUNTED:10.1f} {owner} {function}")


def write_results(path, results):
    with open(path, "w") as out:
        out.write("<testsuite>\n")
        for name, failure in results:
            inner = f"<failure message={quoteattr(failure)}/>" if failure else ""
            out.write(f"<testcase name={quoteattr(name)}>{inner}</testcase>\n")
        out.write("</testsuite>\n")


def update(profiles):
    table = {case: {role: figures(p) for role, p in roles.items()} for case, roles in profiles.items()}
    for roles in table.values():
        for found in roles.values():
            del found["elsewhere"]
    FIGURES.write_text(json.dumps(table, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--update", action="store_true", help="write figures.json anew")
    parser.add_argument("--results", help="where to write the results as JUnit XML")
    parser.add_argument("--functions", type=int, default=0, help="dearest functions to show")
    parser.add_argument("--keep", metavar="FOLDER", help="keeps the profiles, for callgrind_annotate")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="apus-benchmarks.") as folder:
        os.chdir(folder)
        with serve() as server:
            profiles = measure(server, folder)
        if arguments.keep:
            shutil.copytree(folder, arguments.keep, dirs_exist_ok=True)
        os.chdir(HERE)
    if arguments.update:
        update(profiles)
    committed = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    results = judge(profiles, committed)
    if arguments.functions:
        show_functions(profiles, arguments.functions)
    if arguments.results:
        write_results(arguments.results, results)
    failed = sum(1 for _, failure in results if failure)
    print(f"{len(results) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
