"""`apus-export`: from a pickle and its training data to a model folder."""

import argparse
import sys
import warnings
from pathlib import Path

from . import __version__
from .errors import ExportError
from .estimator import load
from .export import DEFAULT_OPSET, DEFAULT_TOLERANCE, Options, export
from .folder import write
from .table import read

DESCRIPTION = """\
Turns a fitted scikit-learn, XGBoost or LightGBM estimator or pipeline into a model folder that
Apus and MLflow serve: model.onnx, MLmodel, example requests and baseline.json. The ONNX model is
compared with the estimator on the data first; nothing is written when their labels differ.

A pickle runs code when it is loaded: export only files that you trust.
"""
EXAMPLE = """\
example: apus-export churn.pkl --data train.csv --target churned --out models/churn/1
         apus serve models/churn
"""


def main(arguments=None):
    """Exit codes: 0 written, 1 not exported, with a sentence; 2 the arguments are wrong."""
    asked = parser().parse_args(arguments)
    try:
        run(asked)
    except ExportError as error:
        print(f"apus-export: {error}", file=sys.stderr)
        return 1
    return 0


def parser():
    found = argparse.ArgumentParser(
        prog="apus-export", description=DESCRIPTION, epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = found.add_argument
    add("model", metavar="MODEL", help="the estimator: a pickle or joblib file")
    add("--data", required=True, metavar="FILE", help="the training data: CSV or Parquet")
    add("--out", required=True, metavar="DIR", help="the folder to make, such as models/churn/1")
    add("--target", metavar="COLUMN", help="the data's column that the model predicts")
    add("--test", metavar="FILE", help="data to measure the performance on, instead of --data")
    add("--name", help="the model's name (default: that of the folder that holds the versions)")
    add("--text", action="append", default=[], metavar="COLUMN",
        help="a column of words, even where they look like numbers; may be repeated")  # fmt: skip
    add("--valid", action="append", default=[], type=_valid, metavar="COLUMN=MIN:MAX",
        help="the range of a column's valid values, for monitoring; may be repeated")  # fmt: skip
    add("--matrix", action="store_true",
        help="one input X [rows, columns] instead of one input for each column")  # fmt: skip
    add("--float", choices=["auto", "32", "64"], default="auto", dest="precision",
        help="the numbers' type; auto takes 64 where 32 gives other answers")  # fmt: skip
    add("--opset", type=int, default=DEFAULT_OPSET, help="of ONNX (default: %(default)s)")
    add("--tolerance", type=float, default=DEFAULT_TOLERANCE, metavar="X",
        help="the largest difference of probabilities or, relative to the largest one, of "
        "predictions (default: %(default)s)")  # fmt: skip
    add("--force", action="store_true", help="replace DIR when it exists")
    add("--version", action="version", version=f"apus-export {__version__}")
    return found


def run(asked):
    warnings.filterwarnings("ignore")  # of the libraries, about their own next versions
    say(f"warning: {asked.model} is loaded, which runs whatever code it holds")
    estimator = load(asked.model)
    table = read(asked.data, **_wanted(asked, estimator))
    test = read(asked.test, **_wanted(asked, estimator)) if asked.test else None
    out = Path(asked.out)
    options = Options(
        name=asked.name or _model_name(out), opset=asked.opset, matrix=asked.matrix,
        precision=asked.precision, tolerance=asked.tolerance, valid=dict(asked.valid),
    )  # fmt: skip
    files = export(estimator, table, options, test=test, say=say)
    write(files, out, replace=asked.force)
    print(f"{out}: {estimator.name} as ONNX with {len(table.columns)} columns, "
          f"{sum(map(len, files.values())):,} bytes in {len(files)} files")  # fmt: skip


def say(sentence):
    print(f"apus-export: {sentence}", file=sys.stderr)


def _wanted(asked, estimator):
    return {
        "target": asked.target,
        "text": asked.text,
        "columns": estimator.columns,
        "column_count": estimator.column_count,
    }


def _model_name(out):
    """`churn` of both models/churn/1 and models/churn."""
    resolved = out.resolve()
    return resolved.parent.name if resolved.name.isdigit() else resolved.name


def _valid(text):
    """COLUMN=MIN:MAX as (column, (min, max))."""
    try:
        column, bounds = text.rsplit("=", 1)
        least, greatest = map(float, bounds.split(":"))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is not COLUMN=MIN:MAX") from error
    if not column or not least <= greatest:
        raise argparse.ArgumentTypeError(f"'{text}' has no column, or its MIN is above its MAX")
    return column, (least, greatest)
