"""What a test takes from the server: calls that fail, a small disk, little memory. Each says so when it cannot."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import processes

PROLOGUE = """\
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
static int is_on(void) { return access("%s", F_OK) == 0; }
"""

FORK = """
pid_t fork(void) {
    if (is_on()) { errno = EAGAIN; return -1; }
    return ((pid_t (*)(void))dlsym(RTLD_NEXT, "fork"))();
}
"""

BEGINS = """
static int begins(const char *wanted) {
    char title[64] = "";
    int file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t count = read(file, title, sizeof title - 1);
    close(file);
    return count > 0 && strncmp(title, wanted, strlen(wanted)) == 0;
}
"""

# A worker of the model `leaky` keeps 10 MB more for each request, which is what it answers on a link: its reports to
# the supervisor go by sendmsg.
LEAK = BEGINS + """
ssize_t send(int socket, const void *bytes, size_t count, int flags) {
    static void *volatile kept;
    if (is_on() && begins("apus: worker leaky@")) kept = memset(malloc(10 << 20), 1, 10 << 20);
    return ((ssize_t (*)(int, const void *, size_t, int))dlsym(RTLD_NEXT, "send"))(socket, bytes, count, flags);
}
"""

# A worker of the model `slow` ends before it waits for its first request.
CRASH = BEGINS + """
int ppoll(struct pollfd *all, nfds_t count, const struct timespec *time, const sigset_t *set) {
    typedef int (*function)(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *);
    if (is_on() && begins("apus: worker slow@")) _exit(1);
    return ((function)dlsym(RTLD_NEXT, "ppoll"))(all, count, time, set);
}
"""


# The wall clock is a day ahead.
CLOCK = """
#include <sys/time.h>
#include <time.h>
static const time_t day = 86400;
int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, time);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) && is_on()) time->tv_sec += day;
    return result;
}
int gettimeofday(struct timeval *time, void *zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *time = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}
time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}
"""


class Skipped(Exception):
    """This machine does not have what the test needs."""


class Fault:
    """A library in front of the C library's (ld.so(8), LD_PRELOAD) whose function does harm while it is on."""

    def __init__(self, folder, function):
        compiler = shutil.which("clang") or shutil.which("cc")
        if not compiler:
            raise Skipped("there is no C compiler")
        self.switch = folder / "on"
        source, self.library = folder / "fault.c", folder / "fault.so"
        source.write_text(PROLOGUE % self.switch + function)
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", self.library, source, "-ldl"], check=True)

    @property
    def variables(self):
        return {"LD_PRELOAD": str(self.library)}

    def begin(self):
        self.switch.touch()

    def end(self):
        self.switch.unlink()


@contextmanager
def small_disk(folder, byte_count):
    """A folder that holds so much."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={byte_count}", "tmpfs", folder]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise Skipped(f"a tmpfs cannot be mounted: {done.stderr.strip() or done.returncode}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(path):
    """Writes to the file until the disk takes nothing more."""
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue


@contextmanager
def little_memory(byte_count):
    """A control group whose processes are killed when they take more than that beyond what they have now:
    `add(pid)` moves one there."""
    group = _group()

    def write(name, value):
        try:
            (group / name).write_text(str(value))
        except OSError as error:
            raise Skipped(f"the control group does not take {name}: {error}") from error

    try:
        is_new = (group / "memory.max").exists()
        write("memory.max" if is_new else "memory.limit_in_bytes", byte_count)
        if (group / "memory.swap.max").exists():
            write("memory.swap.max", 0)
        if not _kills(lambda pid: write("cgroup.procs", pid), 2 * byte_count):
            raise Skipped("the kernel kills no process for what its control group holds")
        yield lambda pid: write("cgroup.procs", pid)
    finally:
        # What it has left was forked by a process outside, and ends with the server.
        processes.wait_until(lambda: not (group / "cgroup.procs").read_text().strip(), within=30)
        group.rmdir()


def _kills(add, byte_count):
    """Whether a process that takes so much in the group is killed: where there is swap it may not be."""
    program = f"input(); bytearray({byte_count}).find(1)"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) as process:
        add(process.pid)
        process.communicate(b"\n", timeout=60)
    return process.returncode == -signal.SIGKILL


def _group():
    """A new group of the memory controller: of version 2, or of version 1 (cgroups(7))."""
    root = Path("/sys/fs/cgroup")
    parent = root if (root / "cgroup.controllers").exists() else root / "memory"
    group = parent / f"apus-chaos-{os.getpid()}"
    try:
        if parent == root and "memory" not in (root / "cgroup.subtree_control").read_text():
            (root / "cgroup.subtree_control").write_text("+memory")
        group.mkdir()
    except OSError as error:
        raise Skipped(f"no control group can be made: {error}") from error
    if not (group / "cgroup.procs").exists():
        group.rmdir()
        raise Skipped("there is no memory controller")
    return group

