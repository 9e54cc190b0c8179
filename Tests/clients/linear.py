"""Linear models of as many columns as a test wants."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def linear(names=("x",), columns=4):
    """`y = x W`, or the sum of several inputs of one column each; with weights large enough to be kept apart."""
    weights = np.linspace(0, 1, columns * 300, dtype=np.float32).reshape(columns, 300)
    nodes = [helper.make_node("Concat", list(names), ["all"], axis=1)] if len(names) > 1 else []
    nodes += [
        helper.make_node("MatMul", ["all" if nodes else names[0], "W"], ["h"]),
        helper.make_node("ReduceSum", ["h", "axes"], ["y"], keepdims=1),
    ]
    width = 1 if len(names) > 1 else columns
    graph = helper.make_graph(
        nodes, "linear",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, width]) for name in names],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])],
        [numpy_helper.from_array(weights, "W"), numpy_helper.from_array(np.array([1], np.int64), "axes")])
    whole = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(whole)
    return whole


def answers(frame, columns=4):
    weights = np.linspace(0, 1, columns * 300, dtype=np.float32).reshape(columns, 300)
    return (frame.to_numpy(np.float32) @ weights).sum(axis=1)
