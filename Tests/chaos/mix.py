"""All together, at random, with two models: test 34."""

import shutil
import signal

import clients
import processes
from kills import SLOW
from processes import wait_until
from run import last, test
from subject import IRIS, Sampler
from swaps import place

ERRORS = "exited.*Killed|reload refused"


@test("34", "a mix of faults, two models", short=7, long=1200)
def mix(run):
    path = run.folder / "iris.onnx"
    shutil.copy(IRIS.path, path)
    arguments = [f"iris={path}", SLOW, "--workers", "2", "--default-model", "iris", "--probation", "2000"]
    with run.serve(*arguments, errors=ERRORS) as server:
        with run.load(server) as load, Sampler(server.proportional_bytes, every=1) as sampler:
            for _ in run.faults(load, every=0.5 if run.is_short else 2):
                fault = run.random.choice(FAULTS)
                fault(run, server)
        place(path, IRIS.path.read_bytes())
        wait_until(lambda: server.reload() == 0, within=30)
        if not run.is_short:
            run.measure("memory grows by", slope(sampler.seen[60:]), 1, "MiB/min", is_soft=True)


def slope(found):
    """MiB per minute of one figure each second, by least squares."""
    mean_time, mean = (len(found) - 1) / 2, sum(found) / len(found)
    above = sum((time - mean_time) * (value - mean) for time, value in enumerate(found))
    below = sum((time - mean_time) ** 2 for time in range(len(found)))
    return round(max(0, 60 * above / below / (1 << 20)), 3)


def kill_worker(run, server):
    server.kill(run.pick(server.kind("worker")))


def kill_workers(run, server):
    server.kill(server.kind("worker iris@"))


def kill_template(run, server):
    server.kill(server.kind("template iris@"))


def hang_up(run, server):
    server.kill([server.pid], signal.SIGHUP)


def stop_worker(run, server):
    for pid in server.kind("worker iris@")[:1]:
        processes.kill(pid, signal.SIGSTOP)
        last(0.2)
        processes.kill(pid, signal.SIGCONT)


def abort(run, server):
    for _ in range(20):
        clients.slow_body(server).close()


def new_file(run, server):
    """The same model with another description, which is another file (onnx.proto, ModelProto, doc_string)."""
    mark = b"%08x" % run.random.randrange(1 << 32)
    place(run.folder / "iris.onnx", IRIS.path.read_bytes() + b"\x32\x08" + mark)


def bad_file(run, server):
    place(run.folder / "iris.onnx", b"no model")


def one_worker_more(run, server):
    server.kill([server.pid], signal.SIGTTIN)
    server.kill([server.pid], signal.SIGTTOU)


def delete_runtime(run, server):
    shutil.rmtree(server.runtime, ignore_errors=True)


FAULTS = [
    kill_worker, kill_workers, kill_template, hang_up, stop_worker, abort, new_file, bad_file, one_worker_more,
    delete_runtime,
]  # fmt: skip
