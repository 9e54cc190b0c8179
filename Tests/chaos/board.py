"""What the tests found: a table to read, JSON and JUnit XML to keep."""

import json
from dataclasses import asdict, dataclass, field
from xml.sax.saxutils import quoteattr


@dataclass
class Measure:
    """A number that was measured, and its bar. A soft one, as a time is, is judged in the long
    form only: a short run on a busy machine says nothing about it."""

    name: str
    found: float
    bar: float
    unit: str = ""
    is_soft: bool = False

    @property
    def holds(self):
        return self.found <= self.bar

    def __str__(self):
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.name} {self.found:g}{unit} (bar {self.bar:g})"


@dataclass
class Outcome:
    """One test's end. `failed` counts requests without the right answer, `allowed` is its bar."""

    number: str
    title: str
    requests: int = 0
    failed: int = 0
    allowed: int = 0
    faults: int = 0
    measures: list = field(default_factory=list)
    problems: list = field(default_factory=list)

    def passed(self, judges_all):
        measures = [one for one in self.measures if judges_all or not one.is_soft]
        return self.failed <= self.allowed and not self.problems and all(m.holds for m in measures)


class Board:
    def __init__(self, seed, judges_all):
        self.seed = seed
        self.judges_all = judges_all
        self.outcomes = []

    @property
    def broken(self):
        return [one for one in self.outcomes if not one.passed(self.judges_all)]

    def add(self, outcome):
        self.outcomes.append(outcome)
        print(self.line(outcome), flush=True)

    def line(self, one):
        word = "pass" if one.passed(self.judges_all) else "FAIL"
        head = f"{one.number:>3}  {one.title:<52} {one.faults:>5} faults  "
        head += f"{one.failed:>3} of {one.requests:>6} failed (bar {one.allowed})  {word}"
        return "\n".join([head, *(f"       {x}" for x in [*map(str, one.measures), *one.problems])])

    def summary(self):
        passed = len(self.outcomes) - len(self.broken)
        return f"{passed} of {len(self.outcomes)} tests passed, seed {self.seed}"

    def json(self):
        tests = [{**asdict(one), "passed": one.passed(self.judges_all)} for one in self.outcomes]
        return json.dumps({"seed": self.seed, "tests": tests}, indent=1) + "\n"

    def junit(self):
        cases = [self._case(one) for one in self.outcomes]
        return f'<testsuite name="chaos">\n{"".join(cases)}</testsuite>\n'

    def _case(self, one):
        head = f'<testcase classname="chaos" name={quoteattr(f"{one.number} {one.title}")}>'
        failure = "" if one.passed(self.judges_all) else f"<failure message={quoteattr(self.line(one))}/>"
        return f"{head}{failure}</testcase>\n"
