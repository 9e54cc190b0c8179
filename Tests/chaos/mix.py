"""All together, at random, with two models: test 34."""

import signal

import clients
import processes
from kills import SLOW
from run import last, test
from subject import IRIS


@test("34", "a mix of faults, two models", short=7, long=1200)
def mix(run):
    arguments = [IRIS.argument, SLOW, "--workers", "2", "--default-model", "iris"]
    with run.serve(*arguments, errors="exited.*Killed|reload|cannot be loaded") as server, run.load(server) as load:
        for _ in run.faults(load, every=0.5 if run.is_short else 2):
            fault = run.random.choice(FAULTS)
            fault(run, server)


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


FAULTS = [kill_worker, kill_workers, kill_template, hang_up, stop_worker, abort]
