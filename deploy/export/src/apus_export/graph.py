"""The ONNX graph of an estimator, with inputs and outputs that clients like to use.

skl2onnx's graph is the core. Around it stand, in front, one input per column (rank 1, so that a
row of JSON, a data frame's column and TensorFlow's row format all fit as they are), and behind,
`label` with `probabilities` as a map from class to number, or `prediction`.
"""

import copy
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx._supported_operators import get_model_alias
from skl2onnx.common._registration import get_converter
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import VotingClassifier
from sklearn.pipeline import Pipeline

from .converters import register
from .errors import ExportError
from .estimator import PREDICTION, PROBABILITIES
from .table import BOOLEAN, INTEGER, TEXT

CORE = "core/"
MATRIX = "X"
ML_OPSET = 3  # with trees in float64, and within what ONNX Runtime 1.28 implements
OLDEST_IR = 8
ELEMENTS = {
    np.float32: (TensorProto.FLOAT, FloatTensorType, "FP32"),
    np.float64: (TensorProto.DOUBLE, DoubleTensorType, "FP64"),
}


@dataclass
class Input:
    """An input of the graph. `shape` has -1 for the rows; `columns` are the data's in it."""

    name: str
    dtype: str
    shape: list
    columns: list


@dataclass
class Output:
    """An output of the graph. `kind` is `map` where each row is a map from class to number."""

    name: str
    dtype: str
    shape: list
    kind: str = "tensor"


@dataclass
class Graph:
    """An ONNX model, and what goes in and out of it in order."""

    model: onnx.ModelProto
    inputs: list
    outputs: list
    dtype: type

    @property
    def is_matrix(self):
        """Whether one input takes all columns."""
        return self.inputs[0].name == MATRIX and self.inputs[0].columns != [MATRIX]

    def feed(self, table):
        """The table's rows as ONNX Runtime takes them."""
        tensors = table.tensors(table.columns, self.dtype)
        if self.is_matrix:
            return {MATRIX: np.stack(list(tensors.values()), axis=1).astype(self.dtype)}
        return {one.name: tensors[one.name].reshape(one.shape) for one in self.inputs}


def convert(estimator, table, *, dtype, opset, matrix=False, name="model"):
    """The graph that computes what `estimator` does, numbers in `dtype` (float32 or float64)."""
    register()
    per_column = _takes_columns(estimator, table)
    if matrix and (per_column or TEXT in table.kinds.values()):
        raise ExportError("--matrix needs columns of numbers only and no ColumnTransformer")
    core = _core(estimator, table, per_column, dtype, opset)
    inputs = _inputs(table, matrix, dtype)
    outputs = _outputs(estimator, core)
    front, constants = _front(table, per_column, matrix, dtype)
    graph = helper.make_graph(
        [*front, *core.graph.node, *_back(estimator, core)],
        name,
        [_declared(one) for one in inputs],
        [_declared_output(one, estimator) for one in outputs],
        [*core.graph.initializer, *constants],
    )
    model = helper.make_model(
        graph, opset_imports=sorted(core.opset_import, key=lambda one: one.domain),
        ir_version=max(core.ir_version, OLDEST_IR), producer_name="apus-export",
    )  # fmt: skip
    return Graph(model, inputs, outputs, dtype)


# The core.


def _takes_columns(estimator, table):
    """Whether the core has an input per column: a ColumnTransformer picks them by name."""
    if isinstance(estimator.first, ColumnTransformer):
        return True
    kinds = {TEXT if kind == TEXT else "number" for kind in table.kinds.values()}
    if len(kinds) > 1:
        raise ExportError(
            f"the columns are of several kinds, and {type(estimator.first).__name__} takes them as "
            "one matrix; a pipeline that starts with a ColumnTransformer can be exported"
        )
    return False


def _core(estimator, table, per_column, dtype, opset):
    fitted = _without_names(estimator.fitted)
    number = ELEMENTS[dtype][1]
    if per_column:
        types = [
            (name, (StringTensorType if kind == TEXT else number)([None, 1]))
            for name, kind in table.kinds.items()
        ]
    else:
        is_text = TEXT in table.kinds.values()
        types = [(MATRIX, (StringTensorType if is_text else number)([None, len(table.columns)]))]
    try:
        model = to_onnx(
            fitted, initial_types=types, options=_options(fitted),
            target_opset={"": opset, "ai.onnx.ml": ML_OPSET},
        )  # fmt: skip
    except Exception as error:  # skl2onnx raises whatever comes up
        reason = str(error).strip().split("\n")[0][:300]
        raise ExportError(
            f"{estimator.name} cannot be converted to ONNX: {type(error).__name__}: {reason}"
        ) from error
    return onnx.compose.add_prefix(model, CORE)


def _without_names(fitted):
    """A copy whose XGBoost boosters number their features: onnxmltools reads `f0`, `f1`, …"""
    fitted = copy.deepcopy(fitted)
    for part in _parts(fitted):
        if type(part).__module__.startswith("xgboost."):
            part.get_booster().feature_names = None
    return fitted


def _options(fitted):
    """Plain probabilities, and vectorizers whose lower case needs no locale of the machine's."""
    options = {}
    for part in _parts(fitted):
        if hasattr(part, "build_analyzer") and type(part).__name__ != "HashingVectorizer":
            options[id(part)] = {"locale": "C"}
    last = _parts(fitted)[-1]
    if "zipmap" in (get_converter(get_model_alias(type(last))).get_allowed_options() or {}):
        options[id(last)] = {"zipmap": False}
    if isinstance(last, VotingClassifier):
        last.flatten_transform = False  # of transform() only; skl2onnx converts no other
    return options


def _parts(fitted):
    """The steps of a pipeline and of its column transformers, the one that predicts last."""
    if isinstance(fitted, Pipeline):
        return [part for _, step in fitted.steps for part in _parts(step)]
    if isinstance(fitted, ColumnTransformer):
        return [part for _, step, _ in fitted.transformers_ for part in _parts(step)]
    return [fitted]


# In front.


def _inputs(table, matrix, dtype):
    """One column alone is [rows, 1]: MLflow gives a model of one input the whole frame."""
    number = ELEMENTS[dtype][2]
    if matrix:
        return [Input(MATRIX, number, [-1, len(table.columns)], table.columns)]
    shape = [-1] if len(table.columns) > 1 else [-1, 1]
    names = {INTEGER: "INT64", BOOLEAN: "BOOL", TEXT: "BYTES"}
    return [
        Input(name, names.get(kind, number), shape, [name]) for name, kind in table.kinds.items()
    ]


def _front(table, per_column, matrix, dtype):
    """Nodes and constants from the inputs to what the core takes: [rows, 1] for each column, or
    one matrix [rows, columns]."""
    if matrix:
        return [helper.make_node("Identity", [MATRIX], [CORE + MATRIX])], []
    nodes, last = [], {}
    for name, kind in table.kinds.items():
        last[name] = f"number/{name}" if kind in (INTEGER, BOOLEAN) else name
        if last[name] != name:
            nodes.append(helper.make_node("Cast", [name], [last[name]], to=ELEMENTS[dtype][0]))
    if len(last) == 1:
        wanted = CORE + (table.columns[0] if per_column else MATRIX)
        return [*nodes, helper.make_node("Identity", [*last.values()], [wanted])], []
    if per_column:
        nodes += [
            helper.make_node("Unsqueeze", [found, "front/axis"], [CORE + name])
            for name, found in last.items()
        ]
        return nodes, [helper.make_tensor("front/axis", TensorProto.INT64, [1], [1])]
    nodes += [
        helper.make_node("Concat", [*last.values()], ["front/all"], axis=0),
        helper.make_node("Reshape", ["front/all", "front/shape"], ["front/columns"]),
        helper.make_node("Transpose", ["front/columns"], [CORE + MATRIX], perm=[1, 0]),
    ]
    return nodes, [helper.make_tensor("front/shape", TensorProto.INT64, [2], [len(last), -1])]


# Behind.


def _outputs(estimator, core):
    answer = core.graph.output[0]
    rank = len(answer.type.tensor_type.shape.dim)
    if estimator.outputs[0] == PREDICTION:
        width = answer.type.tensor_type.shape.dim[1].dim_value if rank == 2 else 0
        return [Output(PREDICTION, "FP32", [-1, width or -1] if rank == 2 else [-1])]
    is_text = answer.type.tensor_type.elem_type == TensorProto.STRING
    outputs = [Output(estimator.outputs[0], "BYTES" if is_text else "INT64", [-1])]
    if PROBABILITIES in estimator.outputs:
        outputs.append(Output(PROBABILITIES, "FP32", [-1, len(estimator.classes)], "map"))
    return outputs


def _back(estimator, core):
    answer, *others = (output.name for output in core.graph.output)
    if estimator.outputs[0] == PREDICTION:
        return [helper.make_node("Cast", [answer], [PREDICTION], to=TensorProto.FLOAT)]
    nodes = [helper.make_node("Identity", [answer], [estimator.outputs[0]])]
    if PROBABILITIES in estimator.outputs:
        word = "strings" if isinstance(estimator.classes[0], str) else "int64s"
        nodes += [
            helper.make_node("Cast", [others[0]], ["back/probabilities"], to=TensorProto.FLOAT),
            helper.make_node(
                "ZipMap", ["back/probabilities"], [PROBABILITIES], domain="ai.onnx.ml",
                **{f"classlabels_{word}": estimator.classes},
            ),
        ]  # fmt: skip
    return nodes


# Declarations.

TYPES = {
    "FP32": TensorProto.FLOAT,
    "FP64": TensorProto.DOUBLE,
    "INT64": TensorProto.INT64,
    "BOOL": TensorProto.BOOL,
    "BYTES": TensorProto.STRING,
}


def _declared(one):
    shape = [None if size == -1 else size for size in one.shape]
    return helper.make_tensor_value_info(one.name, TYPES[one.dtype], shape)


def _declared_output(one, estimator):
    if one.kind != "map":
        return _declared(one)
    key = TensorProto.STRING if isinstance(estimator.classes[0], str) else TensorProto.INT64
    value = helper.make_tensor_type_proto(TensorProto.FLOAT, [])
    sequence = helper.make_sequence_type_proto(helper.make_map_type_proto(key, value))
    return helper.make_value_info(one.name, sequence)
