#!/usr/bin/env python3
"""Breaks a server in every way that HARDENING.md §4 lists, while it is asked, and counts.

usage: chaos.py [--long] [--seed N] [--only NUMBER]... [--json FILE] [--junit FILE] [--list]

A test starts a server, loads it with `loadtest` at half of what it carries (every answer is
compared), breaks something at moments that the seed decides, and counts the requests that failed.
At the end no process may be left, descriptors and memory are back where they were, and the log
has no error but the one that the fault is. The short form takes two or three minutes, keeps to a rate
that any machine carries, and judges only what no slow machine can spoil; the long one, which
takes half an hour, judges times too. What a machine does not allow (to mount, to limit memory)
is skipped, and said to be.
"""

import argparse
import random
import resource
import shutil
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "clients"))

import clients  # noqa: E402, F401
import inputs  # noqa: E402, F401
import kills  # noqa: E402, F401
import mix  # noqa: E402, F401
import pauses  # noqa: E402, F401
import resources  # noqa: E402, F401
import rollbacks  # noqa: E402, F401
import starts  # noqa: E402, F401
import swaps  # noqa: E402, F401
from board import Board  # noqa: E402
from run import TESTS, Campaign, Run, Skipped  # noqa: E402


def main():
    asked = arguments()
    tests = sorted(TESTS, key=lambda one: int(one[0]))
    if not asked.long:
        tests = [one for one in tests if one[2]]
    if asked.only:
        tests = [one for one in tests if one[0] in asked.only]
    if asked.list:
        print("\n".join(f"{number:>3}  {title}" for number, title, *_ in tests))
        return 0
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # processes are killed here on purpose
    campaign = Campaign(asked.seed, not asked.long)
    print(f"seed {asked.seed}; {campaign.capacity:.0f} requests/s carried, {campaign.rate:.0f} asked")
    board = Board(asked.seed, judges_all=asked.long)
    for one in tests:
        board.add(perform(one, campaign))
    print(board.summary())
    for path, text in ((asked.json, board.json()), (asked.junit, board.junit())):
        if path:
            Path(path).write_text(text)
    shutil.rmtree(campaign.folder, ignore_errors=True)
    return 1 if board.broken else 0


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS
    )
    parser.add_argument("--long", action="store_true", help="half an hour at half of the capacity, and times are judged")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--only", action="append", default=[], metavar="NUMBER")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--junit", metavar="FILE")
    parser.add_argument("--list", action="store_true", help="the tests, without running them")
    return parser.parse_args()


def perform(one, campaign):
    number, title, short, long, function = one
    run = Run(number, title, short if campaign.is_short else long, campaign)
    try:
        function(run)
    except Skipped as reason:
        run.outcome.skipped = str(reason)
    except Exception as error:
        traceback.print_exc()
        run.outcome.problems.append(f"{type(error).__name__}: {error}"[:2000])
    shutil.rmtree(run.folder, ignore_errors=True)
    return run.outcome


if __name__ == "__main__":
    sys.exit(main())
