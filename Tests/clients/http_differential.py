#!/usr/bin/env python3
"""Compares Apus's HTTP/1.1 parser with llhttp (httptools) and h11 on mutated requests.

    python http_differential.py PATH_TO_http-verdict [--count N] [--seed N] [--show N]

Each sample is a request from the corpus, changed in up to four places, with a sentinel request behind it: who
sees the sentinel where another sees a body has found another end. All three read the same bytes. Their verdicts
are lists of requests (method, target, body) with an ending. Where ours differs from one of theirs, the difference
has to fall in one of the classes below, each of which checks in the bytes themselves that its reason is present.
A request that we accept and both others refuse has no class: it is always a failure.

Same seed, same samples. The exit code is 1 when a difference has no explanation. Under pytest it is one test, for
the http-verdict that was built beside APUS_BINARY.
"""

import argparse
import collections
import multiprocessing
import os
import pathlib
import sys

from http_differential_classes import explain
from http_differential_corpus import samples
from http_differential_peers import read_with_h11, read_with_llhttp
from http_differential_ours import read_with_ours

SAMPLE_COUNT = 200_000
SEED = 20260101
if "pytest" in sys.modules:
    # A minute of both cores, many on a machine that is busy otherwise.
    pytestmark = sys.modules["pytest"].mark.timeout(1200)
PEERS = {"llhttp": read_with_llhttp, "h11": read_with_h11}


def first_difference(ours, theirs):
    """The first pair of items that differ, or None. An item is (kind, method, target, body)."""
    for one, other in zip(ours, theirs):
        if one[0] == other[0] == "refused":
            return None
        if one[1:] != other[1:] or one[0] != other[0]:
            return one, other
    return None


def compare(job):
    """Runs one share of the samples.

    Returns the number of samples, a counter of explained classes, and the unexplained differences.
    """
    binary, seed, count = job
    streams = list(samples(seed, count))
    ours = read_with_ours(binary, streams)
    classes = collections.Counter()
    failures = []
    for number, (stream, (our_items, starts)) in enumerate(zip(streams, ours)):
        found = {}
        for name, read in PEERS.items():
            difference = first_difference(our_items, read(stream))
            if difference is not None:
                found[name] = difference
        for reason in judge(stream, found, starts, our_items, classes):
            failures.append(((seed, number), stream, reason, our_items))
    return len(streams), classes, failures


def judge(stream, found, starts, our_items, classes):
    """Counts what is explained in `classes`; yields a sentence for what is not."""
    laxer = [ours for ours, theirs in found.values() if theirs[0] == "refused"]
    if len(laxer) == len(PEERS) and all(ours is laxer[0] for ours in laxer):
        yield f"not refused here, refused by both others: {laxer[0]}"
        return
    for name, (ours, theirs) in found.items():
        index = next(i for i, item in enumerate(our_items) if item is ours)
        previous = starts[index - 1] if index else starts[index]
        label = explain(stream[previous:], stream[starts[index]:], ours, theirs, name)
        if label is None:
            yield f"{name}: ours {ours}, theirs {theirs}"
        else:
            classes[f"{label} [{name}]"] += 1


def run(binary, count, seed, show):
    """Compares `count` samples and prints what came of it. Returns how many failed."""
    share = 5000
    jobs = [(binary, seed + first, min(share, count - first)) for first in range(0, count, share)]
    total, classes, failures = 0, collections.Counter(), []
    with multiprocessing.Pool(2) as pool:
        for compared, counted, failed in pool.imap_unordered(compare, jobs):
            total += compared
            classes += counted
            failures += failed

    print(f"http differential: {total} samples, seed {seed}")
    for label, number in sorted(classes.items(), key=lambda item: -item[1]):
        print(f"{number:8}  {label}")
    for _, stream, reason, items in failures[:show]:
        print(f"unexplained: {reason}\n    {stream!r}\n    ours: {items}")
    failed = len({number for number, *_ in failures}) + count - total
    print(f"{total - failed} passed, {failed} failed")
    return failed


def test_every_difference_from_llhttp_and_h11_is_explained():
    binary = pathlib.Path(os.environ["APUS_BINARY"]).with_name("http-verdict")
    assert run(binary, SAMPLE_COUNT, SEED, show=10) == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", help="the built http-verdict")
    parser.add_argument("--count", type=int, default=SAMPLE_COUNT)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--show", type=int, default=10, help="how many failures to print")
    arguments = parser.parse_args()
    return 1 if run(arguments.binary, arguments.count, arguments.seed, arguments.show) else 0


if __name__ == "__main__":
    sys.exit(main())
