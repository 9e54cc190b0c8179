"""Prints what the machine wrote as JUnit XML; ends with 1 when a check failed or the script did not come to its end.

usage: results.py RESULTS
"""

import sys
from xml.sax.saxutils import quoteattr

cases, failed, ended = [], 0, False
for line in open(sys.argv[1], encoding="utf-8", errors="replace"):
    verdict, _, rest = line.rstrip("\n").partition(" ")
    ended = ended or verdict == "end"
    if verdict == "pass":
        cases.append(f"<testcase name={quoteattr(rest)}/>")
    elif verdict == "fail":
        failed += 1
        name, _, why = rest.partition(": ")
        cases.append(f"<testcase name={quoteattr(name)}><failure message={quoteattr(why)}/></testcase>")
if not ended:
    failed += 1
    cases.append('<testcase name="the script comes to its end"><failure message="it did not"/></testcase>')
print("<testsuite name=\"systemd\">" + "\n".join(cases) + "</testsuite>")
sys.exit(failed > 0)
