"""Whether the graph answers as the estimator does."""

import os
from dataclasses import dataclass

import numpy as np

from .errors import ExportError
from .estimator import LABEL

# Releases from 1.29 on upload usage data unless told otherwise before they are loaded.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime  # noqa: E402

ROWS_AT_ONCE = 10_000


@dataclass
class Comparison:
    """How far a graph's answers are from the estimator's, over `rows` rows.

    `difference` is the largest one of a probability, or of a prediction in parts of the largest
    prediction where that is above 1. `labels_differ` counts rows, `first` is the first of them.
    """

    rows: int
    labels_differ: int
    difference: float
    first: int | None = None

    def agrees(self, tolerance):
        return self.labels_differ == 0 and self.difference <= tolerance

    def __str__(self):
        if self.labels_differ:
            labels = f"{self.labels_differ} of {self.rows} labels differ"
            return f"{labels}, the first in row {self.first}"
        return f"the largest difference over {self.rows} rows is {self.difference:.2g}"


def compare(graph, table, wanted):
    """Runs the table through ONNX Runtime and compares with `wanted`, the estimator's answers."""
    found = run(graph, table)
    labels, first, difference = 0, None, 0.0
    for name, values in wanted.items():
        ours = found[name]
        if name == LABEL:
            differing = np.flatnonzero(ours != _plain(values))
            labels, first = len(differing), int(differing[0]) if len(differing) else None
        else:
            difference = _difference(ours, values)
    return Comparison(len(table.frame), labels, difference, first)


def run(graph, table):
    """{output: array} of the graph; probabilities in the order of the classes."""
    session = _session(graph.model)
    feed = graph.feed(table)
    parts = [
        session.run(None, {name: values[at : at + ROWS_AT_ONCE] for name, values in feed.items()})
        for at in range(0, len(table.frame), ROWS_AT_ONCE)
    ]
    return {
        output.name: np.concatenate([_array(part[index], output) for part in parts])
        for index, output in enumerate(graph.outputs)
    }


def _session(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # a failure comes as an exception, once
    try:
        return onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # its exceptions share no base but this
        reason = str(error).strip().split("\n")[0][:300]
        raise ExportError(f"ONNX Runtime does not load the graph: {reason}") from error


def _array(values, output):
    if output.kind == "map":
        return np.array([list(row.values()) for row in values], np.float64).reshape(len(values), -1)
    values = np.asarray(values)
    return values.ravel() if output.name == LABEL else values


def _plain(labels):
    labels = np.asarray(labels).ravel()
    return labels.astype(np.int64) if labels.dtype.kind in "biu" else labels.astype(object)


def _difference(found, wanted):
    wanted = np.asarray(wanted, np.float64).reshape(found.shape)
    scale = max(1.0, float(np.abs(wanted).max(initial=0.0)))
    difference = np.abs(found - wanted).max(initial=0.0) / scale
    return float("inf") if np.isnan(difference) else float(difference)
