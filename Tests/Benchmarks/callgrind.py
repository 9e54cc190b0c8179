"""What a callgrind profile says: instructions by object file and function, and allocations.

The format: Valgrind's manual, "Callgrind Format Specification".
"""

import re
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

# Names are written in full where they first stand in a file, and `(number)` afterwards.
NAME = re.compile(r"\((\d+)\)(?: (.*))?")
ALLOCATORS = re.compile(
    r"(malloc|calloc|realloc|aligned_alloc|posix_memalign|memalign|_Zn[wa]m.*|operator new.*)(@.*|'\d+)?"
)


@dataclass
class Profile:
    """Counts since the process's last dump."""

    instructions: Counter = field(default_factory=Counter)  # by (object, function), without callees
    allocations: Counter = field(default_factory=Counter)  # by the object that calls the allocator

    def by_object(self):
        totals = Counter()
        for (owner, _), count in self.instructions.items():
            totals[owner] += count
        return totals


def start(pid):
    """Begins to count in a process that callgrind lets run without counting."""
    _tell(pid, "instrumentation", "on")


def dump(pid, folder):
    """Ends a measured stretch of a process under callgrind. Gives the counts of that stretch."""
    before = _files(pid, folder)
    said = _tell(pid, "dump")
    new = _files(pid, folder) - before
    assert len(new) == 1, f"vgdb left {new or 'nothing'}: {said}"
    return parse(new.pop().read_text())


def _tell(pid, *words):
    command = ["vgdb", f"--pid={pid}", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stderr


def _files(pid, folder):
    return set(Path(folder).glob(f"callgrind.out.{pid}.*"))


def parse(text):
    profile = Profile()
    names = {"ob": {}, "fn": {}}
    owner = function = callee = None
    is_call = False
    for line in text.splitlines():
        key, separator, value = line.partition("=")
        if separator and key in ("ob", "fn", "cob", "cfn"):
            name = _name(names[key[-2:]], value)
            if key == "ob":
                owner = Path(name).name
            elif key == "fn":
                function = name
            elif key == "cfn":
                callee = name
        elif separator and key == "calls":
            if ALLOCATORS.fullmatch(callee) and not ALLOCATORS.fullmatch(function):
                profile.allocations[owner] += int(value.split()[0])
            is_call = True
        elif line[:1] in "0123456789+-*" and line:
            # The line after `calls=` has the callee's cost, which is counted where it arises.
            if not is_call:
                profile.instructions[owner, function] += int(line.split()[1])
            is_call = False
    return profile


def _name(known, text):
    """A name in its short form, `(number)`, or in full, where it becomes known."""
    match = NAME.fullmatch(text)
    if not match:
        return text
    number, name = match.groups()
    return known.setdefault(number, name) if name is not None else known[number]
