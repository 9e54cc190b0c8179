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
    """One test's end. `failed` counts requests without the right answer, `allowed` is its bar.
    `skipped` says what this machine does not have that the test needs; else it is empty."""

    number: str
    title: str
    requests: int = 0
    failed: int = 0
    allowed: int = 0
    faults: int = 0
    measures: list = field(default_factory=list)
    problems: list = field(default_factory=list)
    skipped: str = ""

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
        head = f"{one.number:>3}  {one.title:<52} "
        if one.skipped:
            return f"{head}skipped: {one.skipped}"
        word = "pass" if one.passed(self.judges_all) else "FAIL"
        head += f"{one.faults:>5} faults  {one.failed:>3} of {one.requests:>6} failed (bar {one.allowed})  {word}"
        return "\n".join([head, *(f"       {x}" for x in [*map(str, one.measures), *one.problems])])

    def summary(self):
        skipped = sum(bool(one.skipped) for one in self.outcomes)
        passed = len(self.outcomes) - len(self.broken) - skipped
        text = f"{passed} of {len(self.outcomes)} tests passed"
        return f"{text}, {skipped} skipped, seed {self.seed}" if skipped else f"{text}, seed {self.seed}"

    def json(self):
        tests = [{**asdict(one), "passed": one.passed(self.judges_all)} for one in self.outcomes]
        return json.dumps({"seed": self.seed, "tests": tests}, indent=1) + "\n"

    def junit(self):
        cases = [self._case(one) for one in self.outcomes]
        return f'<testsuite name="chaos">\n{"".join(cases)}</testsuite>\n'

    def _case(self, one):
        head = f'<testcase classname="chaos" name={quoteattr(f"{one.number} {one.title}")}>'
        inner = ""
        if one.skipped:
            inner = f"<skipped message={quoteattr(one.skipped)}/>"
        elif not one.passed(self.judges_all):
            inner = f"<failure message={quoteattr(self.line(one))}/>"
        return f"{head}{inner}</testcase>\n"
