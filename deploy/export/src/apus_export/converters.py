"""Converters that skl2onnx lacks, and its own where they would change what an estimator answers."""

from collections import namedtuple

import numpy as np
from onnx import TensorProto, helper
from skl2onnx import update_registered_converter
from skl2onnx.common._registration import get_converter, register_converter
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
from skl2onnx.common.shape_calculator import (
    calculate_linear_classifier_output_shapes as classifier_shapes,
)
from skl2onnx.common.shape_calculator import (
    calculate_linear_regressor_output_shapes as regressor_shapes,
)

# Estimators that cast their input to float32, whatever they are given (sklearn.tree._tree.DTYPE).
FLOAT32_TREES = [
    f"Sklearn{name}{kind}"
    for name in ("DecisionTree", "ExtraTree", "RandomForest", "ExtraTrees", "GradientBoosting")
    for kind in ("Classifier", "Regressor")
]
HISTOGRAM_TREES = ["SklearnHistGradientBoostingClassifier", "SklearnHistGradientBoostingRegressor"]

Booster = namedtuple("Booster", "model alias shapes convert options")


def register():
    """Makes skl2onnx know all of them. Doing so twice changes nothing."""
    for alias in FLOAT32_TREES:
        _wrap(alias, in_float32)
    for alias in HISTOGRAM_TREES:
        _wrap(alias, with_exact_splits)
    _wrap("SklearnSimpleImputer", imputing_any_float)
    _allow_zipmap("SklearnLinearSVC")
    for booster in [*_xgboost(), *_lightgbm()]:
        update_registered_converter(
            booster.model, booster.alias, booster.shapes, booster.convert, options=booster.options
        )


def _wrap(alias, wrapper):
    known = get_converter(alias)
    if getattr(known._fct, "wraps", None) is None:
        converter = wrapper(known._fct)
        converter.wraps = known._fct
        register_converter(alias, converter, overwrite=True, options=known.get_allowed_options())


def _allow_zipmap(alias):
    """skl2onnx 1.20 asks each classifier at a pipeline's end for this option, known or not."""
    known = get_converter(alias)
    options = {**known.get_allowed_options(), "zipmap": [True, False, "columns"]}
    register_converter(alias, known._fct, overwrite=True, options=options)


def _xgboost():
    try:
        from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost
        from xgboost import XGBClassifier, XGBRegressor, XGBRFClassifier, XGBRFRegressor
    except ImportError:
        return []
    convert, options = in_float32(convert_xgboost), _classifier_options()
    return [
        Booster(XGBClassifier, "XGBoostXGBClassifier", classifier_shapes, convert, options),
        Booster(XGBRFClassifier, "XGBoostXGBRFClassifier", classifier_shapes, convert, options),
        Booster(XGBRegressor, "XGBoostXGBRegressor", regressor_shapes, convert, None),
        Booster(XGBRFRegressor, "XGBoostXGBRFRegressor", regressor_shapes, convert, None),
    ]


def _lightgbm():
    try:
        from lightgbm import LGBMClassifier, LGBMRegressor
        from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm
    except ImportError:
        return []
    options = _classifier_options()
    return [
        Booster(
            LGBMClassifier, "LightGbmLGBMClassifier", classifier_shapes, convert_lightgbm, options
        ),
        Booster(
            LGBMRegressor, "LightGbmLGBMRegressor", regressor_shapes, convert_lightgbm,
            {"split": None},
        ),
    ]  # fmt: skip


def _classifier_options():
    truths = [True, False]
    return {"nocl": truths, "zipmap": [*truths, "columns"], "raw_scores": truths}


def in_float32(convert):
    """A converter for trees that compare in float32, behind steps that compute in float64.

    A split lies on or between values of the training data. Compared in float64, a value may come
    out on the other side than the one that the tree learned from.
    """

    def converter(scope, operator, container):
        convert(scope, _narrowed(scope, operator, container), container)

    return converter


def _narrowed(scope, operator, container):
    found = operator.inputs[0]
    if not isinstance(found.type, DoubleTensorType):
        return operator
    narrow = scope.declare_local_variable("narrow", FloatTensorType(found.type.shape))
    container.add_node(
        "Cast", found.full_name, narrow.full_name, to=TensorProto.FLOAT,
        name=scope.get_unique_operator_name("Cast"),
    )  # fmt: skip
    return _Replaced(operator, inputs=[narrow], input_full_names=[narrow.full_name])


def with_exact_splits(convert):
    """A converter for histogram trees: a split may lie on a value of the data, so that in float64
    it must not be rounded to float32, as skl2onnx 1.20 does.

    That release also gives NumPy's integers and truth values as attributes: onnx 1.23 wants int.
    """

    def converter(scope, operator, container):
        def add_node(op_type, *arguments, **attributes):
            attributes = {name: _plain(value) for name, value in attributes.items()}
            if op_type.startswith("TreeEnsemble") and is_double:
                splits = _splits(operator.raw_operator, len(attributes.pop("nodes_values")))
                attributes |= {"nodes_values_as_tensor": splits, "op_version": 3}
            container.add_node(op_type, *arguments, **attributes)

        is_double = isinstance(operator.inputs[0].type, DoubleTensorType)
        convert(scope, operator, _Replaced(container, add_node=add_node))

    return converter


def _plain(value):
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return int(value) if isinstance(value, np.integer | np.bool_ | bool) else value


def _splits(estimator, count):
    """The splits of all nodes, 0 in leaves, in the order in which skl2onnx writes them."""
    trees = [tree for iteration in estimator._predictors for tree in iteration]
    splits = np.concatenate(
        [np.where(tree.nodes["is_leaf"], 0.0, tree.nodes["num_threshold"]) for tree in trees]
    )
    if len(splits) != count:
        raise ValueError(f"{len(splits)} nodes where the converter wrote {count}")
    return helper.make_tensor("splits", TensorProto.DOUBLE, [count], splits)


def imputing_any_float(convert):
    """ONNX Runtime's Imputer knows float32 only, so in float64 a missing number is replaced by a
    comparison and a choice."""

    def converter(scope, operator, container):
        found, imputer = operator.inputs[0], operator.raw_operator
        is_double = len(operator.inputs) == 1 and isinstance(found.type, DoubleTensorType)
        replaces_nan = imputer.missing_values != imputer.missing_values
        if not is_double or not replaces_nan or imputer.add_indicator:
            return convert(scope, operator, container)
        is_missing, fill = (scope.get_unique_variable_name(name) for name in ("is_missing", "fill"))
        statistics = imputer.statistics_.astype(np.float64)
        container.add_initializer(fill, TensorProto.DOUBLE, [1, len(statistics)], statistics)
        container.add_node(
            "IsNaN", found.full_name, is_missing, op_version=13,
            name=scope.get_unique_operator_name("IsNaN"),
        )  # fmt: skip
        return container.add_node(
            "Where", [is_missing, fill, found.full_name], operator.outputs[0].full_name,
            op_version=16, name=scope.get_unique_operator_name("Where"),
        )  # fmt: skip

    return converter


class _Replaced:
    """Another object with some of its attributes replaced."""

    def __init__(self, original, **attributes):
        self._original = original
        self.__dict__.update(attributes)

    def __getattr__(self, name):
        return getattr(self._original, name)
