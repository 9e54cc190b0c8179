"""Reads a JUnit XML file.

usage: count_results.py RESULTS.xml             how many tests passed, failed and were skipped
       count_results.py --failed RESULTS.xml    the tests that failed, CLASS/NAME, a line each
"""

import sys
import xml.etree.ElementTree as ElementTree


def cases(path):
    """(CLASS/NAME, outcome) of each test."""
    for case in ElementTree.parse(path).iter("testcase"):
        outcome = "passed"
        if case.find("failure") is not None or case.find("error") is not None:
            outcome = "failed"
        elif case.find("skipped") is not None:
            outcome = "skipped"
        yield f"{case.get('classname', '')}/{case.get('name', '')}", outcome


found = list(cases(sys.argv[-1]))
if sys.argv[1] == "--failed":
    for name, outcome in found:
        if outcome == "failed":
            print(name)
else:
    outcomes = [outcome for _, outcome in found]
    print(*(outcomes.count(outcome) for outcome in ("passed", "failed", "skipped")))
