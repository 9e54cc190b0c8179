"""What /proc says about a server's processes."""

import os
import signal
import time
from pathlib import Path


def stat(pid):
    """(state, parent, session) of a process, or None when it is gone. proc(5), /proc/PID/stat."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text[text.rindex(")") + 2 :].split()
    return fields[0], int(fields[1]), int(fields[3])


def tree(root):
    """The living processes that descend from `root` or are in its session, `root` with them.

    A server is started in a session of its own, so processes that outlive it are found too.
    """
    alive = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (found := stat(entry)) and found[0] not in "ZX":
            alive[int(entry)] = found
    members = {pid for pid, (_, _, session) in alive.items() if session == root or pid == root}
    while True:
        more = {pid for pid, (_, parent, _) in alive.items() if parent in members} - members
        if not more:
            return sorted(members)
        members |= more


def children(pid):
    """The processes whose parent is `pid`, or none when it has ended."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


def title(pid):
    """The title that a process shows in `ps`."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def proportional_bytes(pids):
    """Their memory together (PSS): each page counts once, shared among those who map it."""
    return _sum_bytes(pids, "smaps_rollup", "Pss:")


def resident_bytes(pids):
    """Their memory, where pages that several of them map count for each. proc(5), VmRSS."""
    return _sum_bytes(pids, "status", "VmRSS:")


def _sum_bytes(pids, file, field):
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(int(line.split()[1]) << 10 for line in lines if line.startswith(field))
    return total


def processor_seconds(pids):
    """What they have taken of the processors, and their children that they have waited for. proc(5), /proc/PID/stat."""
    ticks = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        ticks += sum(map(int, text[text.rindex(")") + 2 :].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def kill(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def wait_until(condition, within=10.0, every=0.02):
    """The first true value of `condition()`. Fails with its doc string after `within` seconds."""
    end = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {within} s: {condition.__doc__ or 'the condition'}")
        time.sleep(every)
