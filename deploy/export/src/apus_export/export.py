"""The export itself: converts, verifies, and gathers the files."""

from dataclasses import dataclass, field

import numpy as np

from . import baseline, mlmodel
from .errors import ExportError
from .estimator import PREDICTION
from .graph import convert
from .verify import compare

DEFAULT_OPSET = 17
DEFAULT_TOLERANCE = 1e-4
GOLDEN_ROWS = 8
GOLDEN_TOLERANCE = 1e-4


@dataclass
class Options:
    """What may be chosen; the command line's `--help` says what each is."""

    name: str
    opset: int = DEFAULT_OPSET
    matrix: bool = False
    precision: str = "auto"
    tolerance: float = DEFAULT_TOLERANCE
    valid: dict = field(default_factory=dict)


def export(estimator, table, options, *, test=None, say=lambda sentence: None):
    """{file name: bytes} of the model folder. `say` is told what a person may want to know.

    Raises ExportError when the estimator cannot be converted, or when its ONNX form gives other
    labels, or numbers that are further off than the tolerance.
    """
    for column in options.valid:
        if column not in table.columns:
            raise ExportError(f"--valid names '{column}', which is no column of the features")
    whole = table.complete()
    if len(whole.frame) < len(table.frame):
        say(f"{len(table.frame) - len(whole.frame)} rows lack a text, which ONNX cannot be told; "
            "they count as missing and are not compared")  # fmt: skip
    if whole.frame.empty:
        raise ExportError("each row lacks a text; some complete rows are needed")
    answers = estimator.answers(whole.frame)
    graph, comparison = verified(estimator, whole, answers, options, say)
    say(f"checked against {estimator.name}: {comparison}")
    return files(estimator, table, whole, graph, answers, comparison, options, test)


def verified(estimator, table, answers, options, say):
    """The first graph, in float32 or else in float64, that answers as the estimator does."""
    failure = None
    for dtype in _precisions(options, table):
        try:
            graph = convert(
                estimator, table, dtype=dtype, opset=options.opset, matrix=options.matrix,
                name=options.name,
            )  # fmt: skip
            comparison = compare(graph, table, answers)
        except ExportError as error:
            say(f"in {np.dtype(dtype).name}: {error}")
            failure = failure or error
            continue
        if comparison.agrees(options.tolerance):
            return graph, comparison
        failure = ExportError(
            f"the ONNX model does not answer as {estimator.name} does: {comparison}, where at "
            f"most {options.tolerance:g} is allowed; nothing is written"
        )
        say(f"in {np.dtype(dtype).name}: {comparison}")
    raise failure


def _precisions(options, table):
    if options.precision == "auto":
        return [np.float64] if table.needs_float64 else [np.float32, np.float64]
    return [np.float32 if options.precision == "32" else np.float64]


def files(estimator, table, whole, graph, answers, comparison, options, test):
    """Everything that the folder holds."""
    rows = baseline.golden_rows(len(whole.frame), answers, GOLDEN_ROWS)
    document = baseline.baseline(
        options.name, graph, table, answers, estimator.classes, valid=options.valid,
        golden=[
            baseline.golden(graph, whole, answers, row, golden_tolerance(answers, row, comparison))
            for row in rows
        ],
        performance=_performance(estimator, whole, answers, test),
    )  # fmt: skip
    model = graph.model.SerializeToString()
    texts = {
        "MLmodel": mlmodel.mlmodel(graph, table, len(model)),
        "baseline.json": baseline.text(document),
        **mlmodel.examples(whole, rows[0]),
        **mlmodel.environment(),
    }
    return {"model.onnx": model, **{name: text.encode() for name, text in texts.items()}}


def golden_tolerance(answers, row, comparison):
    """What a golden answer may be off: room for another processor's rounding, and for what this
    one was off already. A difference of predictions is in parts of the largest of all."""
    largest = scale = 1.0
    if PREDICTION in answers:
        predictions = np.abs(np.asarray(answers[PREDICTION], np.float64))
        largest, scale = (max(1.0, float(one.max())) for one in (predictions, predictions[row]))
    return float(f"{max(GOLDEN_TOLERANCE * scale, 4 * comparison.difference * largest):.1g}")


def _performance(estimator, whole, answers, test):
    if test is not None:
        test = test.complete()
        answers = estimator.answers(test.frame)
    table = whole if test is None else test
    if table.target is None:
        return None
    return baseline.performance(answers, table.target, estimator.classes)
