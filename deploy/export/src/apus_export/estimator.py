"""A fitted estimator: how it is loaded, what it is fed, and what it answers."""

import pickle
from pathlib import Path

import joblib
import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.pipeline import Pipeline

from .errors import ExportError

LABEL, PROBABILITIES, PREDICTION = "label", "probabilities", "prediction"


def load(path):
    """The estimator in a pickle or joblib file. Loading runs code from the file."""
    if not Path(path).is_file():
        raise ExportError(f"there is no file {path}")
    try:
        found = joblib.load(path)
    except ModuleNotFoundError as error:
        raise ExportError(
            f"{path} needs the Python module '{error.name}': install what it was trained with"
        ) from error
    except (pickle.UnpicklingError, AttributeError, EOFError, ImportError, ValueError, KeyError,
            IndexError, TypeError) as error:  # fmt: skip
        raise ExportError(f"{path} is no pickle that can be loaded here: {error}") from error
    return Estimator(found)


class Estimator:
    """What a pickle held, as the exporter asks it.

    `outputs` names what it answers, in the order of the exported graph: a classifier its label
    and, when it has them, the probabilities of its classes; a regressor its prediction;
    another estimator that predicts, such as a clustering, a label.
    """

    def __init__(self, fitted):
        self.fitted = fitted
        if not callable(getattr(fitted, "predict", None)):
            raise ExportError(
                f"the pickle holds a {_name(fitted)}, which has no predict(); "
                "a fitted scikit-learn, XGBoost or LightGBM estimator or pipeline is expected"
            )
        if type(fitted).__name__ == "Booster":
            raise ExportError(
                f"the pickle holds a {_name(fitted)}; its scikit-learn form is expected, "
                "such as XGBClassifier or LGBMRegressor"
            )
        self.outputs = self._outputs()
        self.classes = self._classes()

    @property
    def name(self):
        return type(self.last).__name__

    @property
    def last(self):
        """The step of a pipeline that predicts; the estimator itself when it is no pipeline."""
        step = self.fitted
        while isinstance(step, Pipeline):
            step = step.steps[-1][1]
        return step

    @property
    def first(self):
        """The step that sees the columns."""
        step = self.fitted
        while isinstance(step, Pipeline):
            step = next(one for _, one in step.steps if one not in (None, "passthrough"))
        return step

    @property
    def columns(self):
        """The columns it was fitted on, by name; None when it saw an array without names."""
        names = getattr(self.fitted, "feature_names_in_", None)
        if names is None and _module(self.last) == "lightgbm" and self.fitted is self.last:
            names = self.last.feature_name_ if not _is_numbered(self.last.feature_name_) else None
        return None if names is None else [str(name) for name in names]

    @property
    def column_count(self):
        return getattr(self.fitted, "n_features_in_", None)

    @property
    def reads_text(self):
        """Whether it takes one column of documents, as text vectorizers do."""
        return hasattr(self.first, "build_analyzer")

    def answers(self, frame):
        """{output: array} for the rows of a DataFrame: the estimator's own words."""
        rows = self._rows(frame)
        try:
            answers = {self.outputs[0]: np.asarray(self.fitted.predict(rows))}
            if PROBABILITIES in self.outputs:
                answers[PROBABILITIES] = np.asarray(self.fitted.predict_proba(rows), np.float64)
        except Exception as error:
            raise ExportError(
                f"{self.name} does not take the rows of the data: {type(error).__name__}: {error}"
            ) from error
        return answers

    def _rows(self, frame):
        if self.reads_text:
            return frame.iloc[:, 0]
        return frame if self.columns else frame.to_numpy()

    def _outputs(self):
        if is_regressor(self.fitted):
            return [PREDICTION]
        if is_classifier(self.fitted) and hasattr(self.fitted, "predict_proba"):
            return [LABEL, PROBABILITIES]
        return [LABEL]

    def _classes(self):
        """The classifier's classes as Python values: integers or strings. None without any."""
        if not is_classifier(self.fitted):
            return None
        classes = getattr(self.fitted, "classes_", None)
        if isinstance(classes, list):
            raise ExportError(f"{self.name} predicts several targets at once; one is expected")
        classes = np.asarray(classes)
        if classes.dtype == bool or np.issubdtype(classes.dtype, np.integer):
            return [int(value) for value in classes]
        if all(isinstance(value, str) for value in classes.tolist()):
            return classes.tolist()
        raise ExportError(
            f"the classes of {self.name} are of type {classes.dtype}; "
            "integers or strings are expected"
        )


def _name(value):
    return f"{_module(value)}.{type(value).__name__}"


def _module(value):
    return type(value).__module__.split(".")[0]


def _is_numbered(names):
    """Whether they are the names that LightGBM gives to columns without any."""
    return all(name == f"Column_{index}" for index, name in enumerate(names))
