"""`baseline.json`: what a model remembers of its training data, for self-test, gate and drift.

A numeric column is remembered as a histogram whose `edges` are quantiles of the data. A value
belongs to the bin after the last edge that is ≤ it; NaN to none. `counts` and `sums` are per bin.
"""

import hashlib
import json

import numpy as np
import pandas as pd

from .estimator import LABEL, PREDICTION, PROBABILITIES
from .table import INTEGER, NUMBER, TEXT

FORMAT = "apus.baseline/1"
DECILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
QUANTILES = [
    0.001, 0.005, 0.01, 0.025, 0.05, *(n / 100 for n in range(10, 95, 5)),
    0.95, 0.975, 0.99, 0.995, 0.999,
]  # fmt: skip
MAX_VALUES = 256
TEXT_FEATURES = ["chars", "words", "upper_ratio", "nonalnum_ratio"]
CALIBRATION_BINS = 10


def schema_sha256(inputs, outputs):
    """The digest of what a graph takes and gives, over its inputs and then its outputs in order.

    It is the SHA-256, in lower-case hex, of the UTF-8 text made of a line for each:

        input\\tNAME\\tDTYPE\\tRANK\\tKIND\\n
        output\\tNAME\\tDTYPE\\tRANK\\tKIND\\n

    with one tab between the fields and a line feed after each, the last too. DTYPE is the Open
    Inference Protocol's word (FP32, FP64, INT64, BOOL, BYTES …). RANK counts the dimensions, that
    of the rows included. KIND is `tensor`, or `map` for an output that is a sequence of maps from
    class to number (ZipMap): its DTYPE is that of the numbers and its RANK is 2.
    """
    lines = [f"input\t{one.name}\t{one.dtype}\t{len(one.shape)}\ttensor\n" for one in inputs]
    lines += [f"output\t{one.name}\t{one.dtype}\t{len(one.shape)}\t{one.kind}\n" for one in outputs]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def baseline(name, graph, table, answers, classes, *, valid, golden, performance=None):
    """The whole document as a dict. `answers` are the estimator's, one for each row of `table`."""
    document = {
        "format": FORMAT,
        "model": name,
        "rows": len(table.frame),
        "schema_sha256": schema_sha256(graph.inputs, graph.outputs),
        "inputs": [
            {"name": one.name, "dtype": one.dtype, "shape": one.shape, "columns": one.columns}
            for one in graph.inputs
        ],
        "features": [feature(table, column, graph, valid.get(column)) for column in table.columns],
        "outputs": outputs(answers, classes),
    }
    if performance:
        document["performance"] = performance
    return {**document, "golden": golden}


# Features.


def feature(table, name, graph, valid):
    column, kind = table.frame[name], table.kinds[name]
    dtype = next(one.dtype for one in graph.inputs if name in one.columns)
    head = {"name": name, "kind": "numeric", "dtype": dtype, "required": True}
    counted = {"count": len(column), "missing": int(column.isna().sum())}
    if kind in (NUMBER, INTEGER):
        values = column.to_numpy(np.float64)
        return {**head, **counted, **moments(values), **_valid(valid), **histogram(values)}
    if kind == TEXT and is_free_text(column):
        found = text_features(column.dropna()).items()
        distributions = {key: {**moments(values), **histogram(values)} for key, values in found}
        text = {"kind": "text", "derived": TEXT_FEATURES, "distributions": distributions}
        return {**head, **counted, **text}
    return {**head, **counted, "kind": "categorical", **shares(column.dropna())}


def _valid(bounds):
    return {"valid": {"min": bounds[0], "max": bounds[1]}} if bounds else {}


def moments(values):
    """Mean, standard deviation (of the population), least and greatest of the finite values."""
    values = values[np.isfinite(values)]
    if not len(values):
        return {"mean": None, "std": None, "min": None, "max": None}
    found = {"mean": values.mean(), "std": values.std(), "min": values.min(), "max": values.max()}
    return {key: float(value) for key, value in found.items()}


def histogram(values):
    """Edges, counts, sums and coarse edges. Fewer edges where quantiles repeat."""
    values = values[~np.isnan(values)]
    finite = values[np.isfinite(values)]
    if not len(finite):
        return {"edges": [], "counts": [len(values)], "sums": [0.0], "coarse": []}
    # A quantile that is a value of the data, not one between two: whole numbers stay whole.
    edges = np.unique(np.quantile(finite, QUANTILES, method="lower"))
    bins = np.searchsorted(edges, values, side="right")
    counts = np.bincount(bins, minlength=len(edges) + 1)
    weights = np.where(np.isfinite(values), values, 0.0)
    sums = np.bincount(bins, weights=weights, minlength=len(edges) + 1)
    deciles = np.quantile(finite, DECILES, method="lower")
    return {
        "edges": edges.tolist(),
        "counts": counts.tolist(),
        "sums": sums.tolist(),
        "coarse": sorted({int(np.searchsorted(edges, one)) for one in deciles}),
    }


def shares(column):
    """How often each value came: the most frequent by name, all others together."""
    counts = pd.Series([str(value) for value in column], dtype=object).value_counts(sort=True)
    named = counts.iloc[:MAX_VALUES]
    return {
        "values": {value: int(count) for value, count in named.items()},
        "other": int(counts.iloc[MAX_VALUES:].sum()),
        "max_values": MAX_VALUES,
    }


def is_free_text(column):
    """Whether a column of words is prose: mostly different values, and too many to name."""
    distinct = column.nunique()
    return distinct > MAX_VALUES and distinct > len(column) / 2


def text_features(column):
    """What can be counted in a text, each per row."""
    texts = [str(text) for text in column]
    chars = np.array([len(text) for text in texts], np.float64)
    upper = np.array([sum(map(str.isupper, text)) for text in texts], np.float64)
    others = np.array([sum(not c.isalnum() for c in text) for text in texts], np.float64)
    words = np.array([len(text.split()) for text in texts], np.float64)
    lengths = np.maximum(chars, 1)
    return dict(zip(TEXT_FEATURES, (chars, words, upper / lengths, others / lengths), strict=True))


# Answers.


def outputs(answers, classes):
    """The same of what the estimator answered: labels, confidence, predictions."""
    found = []
    if LABEL in answers:
        labels = pd.Series(_plain(answers[LABEL]))
        found.append({"name": LABEL, "kind": "categorical", **shares(labels)})
    if PROBABILITIES in answers:
        found.append(_numeric("confidence", answers[PROBABILITIES].max(axis=1)))
    if PREDICTION in answers:
        found.append(_numeric(PREDICTION, np.asarray(answers[PREDICTION], np.float64).ravel()))
    return found


def _numeric(name, values):
    return {"name": name, "kind": "numeric", **moments(values), **histogram(values)}


def _plain(labels):
    labels = np.asarray(labels).ravel()
    return labels.astype(np.int64) if labels.dtype.kind in "biu" else labels


def performance(answers, target, classes):
    """How good the answers are: accuracy with calibration, or the root mean squared error."""
    if PREDICTION in answers:
        found = np.asarray(answers[PREDICTION], np.float64)
        error = found - target.to_numpy(np.float64).reshape(found.shape)
        return {"metric": "rmse", "value": float(np.sqrt(np.mean(error**2))), "rows": len(target)}
    right = np.asarray(answers[LABEL]).ravel() == target.to_numpy()
    document = {"metric": "accuracy", "value": float(np.mean(right)), "rows": len(target)}
    if PROBABILITIES in answers:
        document["calibration"] = calibration(answers[PROBABILITIES], right, target, classes)
    return document


def calibration(probabilities, right, target, classes):
    """[mean probability, share of rows where it came true] in ten bins of probability.

    With two classes it is the second one's probability, with more that of the answer.
    """
    if len(classes) == 2:
        chances, true = probabilities[:, 1], (target == classes[1]).to_numpy()
    else:
        chances, true = probabilities.max(axis=1), right
    bins = np.minimum((chances * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    return [
        [float(chances[bins == one].mean()), float(true[bins == one].mean())]
        for one in range(CALIBRATION_BINS)
        if (bins == one).any()
    ]


# Golden rows.


def golden_rows(count, answers, most):
    """Up to `most` row numbers: at least one of each label, the rest spread over the data."""
    chosen = []
    if LABEL in answers:
        labels = pd.Series(_plain(answers[LABEL]))
        chosen = [int(at) for at in labels.drop_duplicates().index[:most]]
    for at in np.linspace(0, count - 1, num=min(count, most), dtype=int):
        if len(chosen) < most and int(at) not in chosen:
            chosen.append(int(at))
    return sorted(chosen)


def golden(graph, table, answers, row, atol):
    """One row, and the estimator's own answer: the values of whole tensors, NaN as null."""
    feed = graph.feed(type(table)(table.frame.iloc[[row]], table.kinds))
    wanted = {}
    for output in graph.outputs:
        answer = np.asarray(answers[output.name])[[row]]
        if output.name == LABEL:
            answer = _plain(answer)
        wanted[output.name] = answer.reshape([1, *output.shape[1:]]).tolist()
    return {
        "inputs": {name: _json(values.tolist()) for name, values in feed.items()},
        "outputs": wanted,
        "atol": atol,
    }


def _json(value):
    if isinstance(value, list):
        return [_json(one) for one in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def text(document):
    """The document as it is written: one line per feature would be unreadable, so compactly."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
