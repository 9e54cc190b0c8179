"""The training data: columns with a kind each, and the target beside them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from .errors import ExportError

NUMBER, INTEGER, BOOLEAN, TEXT = "number", "integer", "boolean", "text"
EXACT_IN_FLOAT32 = 1 << 24


@dataclass
class Table:
    """Rows of features, each column of one kind, and what should be predicted from them.

    `target` is None when no column was named as such.
    """

    frame: pd.DataFrame
    kinds: dict
    target: pd.Series | None = None

    @property
    def columns(self):
        return list(self.frame.columns)

    @property
    def needs_float64(self):
        """Whether a column of whole numbers has some that float32 cannot hold."""
        whole = [name for name, kind in self.kinds.items() if kind == INTEGER]
        return any(self.frame[name].abs().max() > EXACT_IN_FLOAT32 for name in whole)

    def complete(self):
        """The rows without a missing text: a graph has no way to be told of one."""
        texts = [name for name, kind in self.kinds.items() if kind == TEXT]
        kept = self.frame[texts].notna().all(axis=1)
        target = None if self.target is None else self.target[kept]
        return Table(self.frame[kept], self.kinds, target)

    def tensors(self, columns, dtype):
        """{column: array [N]} as the graph takes them; numbers as `dtype`."""
        return {name: self._tensor(name, dtype) for name in columns}

    def _tensor(self, name, dtype):
        types = {TEXT: object, BOOLEAN: bool, INTEGER: np.int64}
        return self.frame[name].to_numpy(dtype=types.get(self.kinds[name], dtype))


def read(path, *, target=None, text=(), columns=None, column_count=None):
    """Reads a CSV or Parquet file.

    `text` names columns whose values are words even where they look like numbers. `columns` are
    those that the estimator wants, in its order; without names it wants `column_count` of them.
    """
    frame = _frame(path, text)
    for name in [*text, *([target] if target else [])]:
        if name not in frame.columns:
            raise ExportError(f"{path} has no column '{name}'; it has {_list(frame.columns)}")
    found = frame.pop(target) if target else None
    features = _features(frame, path, columns, column_count)
    if features.empty:
        raise ExportError(
            f"{path} has {len(features)} rows and {features.shape[1]} columns of features"
        )
    table = Table(features, {name: _kind(features[name]) for name in features}, found)
    _check_names(table)
    return table


def _frame(path, text):
    suffixes = Path(path).suffixes
    try:
        if ".parquet" in suffixes:
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype=dict.fromkeys(text, str))
    except FileNotFoundError as error:
        raise ExportError(f"there is no file {path}") from error
    except (ValueError, ImportError, OSError) as error:
        raise ExportError(f"{path} cannot be read as a table: {error}") from error


def _features(frame, path, columns, column_count):
    if columns:
        missing = [name for name in columns if name not in frame.columns]
        if missing:
            raise ExportError(
                f"{path} lacks {_list(missing)}; the estimator was fitted on {_list(columns)}"
            )
        return frame[columns]
    if column_count is not None and frame.shape[1] != column_count:
        raise ExportError(
            f"{path} has {frame.shape[1]} columns of features, {_list(frame.columns)}; the "
            f"estimator was fitted on {column_count} without names. Name the target with --target, "
            "and keep the features only"
        )
    return frame


def _kind(column):
    if column.dtype.kind == "b":
        return BOOLEAN
    if column.dtype.kind in "iu":
        return INTEGER
    if column.dtype.kind == "f":
        return NUMBER
    values = column.dropna()
    if all(isinstance(value, str) for value in values):
        return TEXT
    if all(isinstance(value, bool | np.bool_) for value in values) and len(values) < len(column):
        raise ExportError(
            f"column '{column.name}' has truth values and gaps; use 0 and 1, or fill it"
        )
    raise ExportError(
        f"column '{column.name}' is of type {column.dtype}; "
        "numbers, truth values or words are expected"
    )


def _check_names(table):
    for name in table.columns:
        if not isinstance(name, str) or not name or not name.isprintable():
            raise ExportError(f"{name!r} cannot name an input; printable characters are expected")


def _list(names, most=12):
    names = [f"'{name}'" for name in names]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
