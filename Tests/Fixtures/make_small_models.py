#!/usr/bin/env python3
"""Write the hand-made ONNX models that the engine's tests load.

usage: make_small_models.py [OUT_DIR]      (default: small/ beside this script; needs `pip install onnx`)

Each file shows one thing: an element type, a shape, a fault. None has more than a few nodes.
The same script writes the same bytes every time.
"""
import os
import sys

import numpy as np
from onnx import TensorProto as T
from onnx import helper, numpy_helper

OPSETS = {"": 17, "ai.onnx.ml": 3}


def tensor(name, shape, type=T.FLOAT):
    return helper.make_tensor_value_info(name, type, shape)


def maps(name, key):
    element = helper.make_map_type_proto(key, helper.make_tensor_type_proto(T.FLOAT, None))
    return helper.make_value_info(name, helper.make_sequence_type_proto(element))


def model(nodes, inputs, outputs, constants=(), opsets=OPSETS, ir=8, **about):
    constants = [numpy_helper.from_array(np.asarray(v), n) if isinstance(v, (np.ndarray, np.generic)) else v
                 for n, v in constants]
    graph = helper.make_graph(nodes, about.pop("graph", "small"), inputs, outputs, constants)
    opsets = [helper.make_opsetid(domain, version) for domain, version in opsets.items()]
    metadata = about.pop("metadata", {})
    made = helper.make_model(graph, opset_imports=opsets, ir_version=ir, **about)
    for key, value in metadata.items():
        made.metadata_props.add(key=key, value=value)
    return made


def node(operator, inputs, outputs, **attributes):
    return helper.make_node(operator, inputs.split(), outputs.split(), **attributes)


def unary(operator, shape=(None, 2), out=None, type=T.FLOAT, **attributes):
    """y = operator(x)"""
    return model([node(operator, "x", "y", **attributes)], [tensor("x", shape, type)],
                 [tensor("y", shape if out is None else out, type)])


def element_types():
    types = ["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64",
             "FLOAT16", "BFLOAT16", "FLOAT", "DOUBLE", "STRING"]
    for name in types:
        yield f"identity_{name.lower()}", unary("Identity", (None, None), type=getattr(T, name))
    # Types that no protocol of ours carries.
    for name in ["COMPLEX64", "FLOAT8E4M3FN"]:
        yield f"identity_{name.lower()}", model(
            [node("Identity", "x", "y")], [tensor("x", [None], getattr(T, name))],
            [tensor("y", [None], getattr(T, name))], opsets={"": 21}, ir=10)


def shapes():
    yield "scalar", unary("Neg", ())
    yield "fixed", unary("Neg", (2, 3))
    yield "rank8", unary("Neg", (None, 1, 2, 1, 2, 1, 2, 1))
    yield "rank9", unary("Neg", (1,) * 9)
    yield "input_without_shape", model([node("Neg", "x", "y")], [tensor("x", None)], [tensor("y", None)])
    # A sequence of tensors of two ranks: nobody can infer the rank of one of them.
    yield "output_of_open_rank", model(
        [node("Unsqueeze", "x axis", "wide"), node("SequenceConstruct", "x wide", "both"),
         node("SequenceAt", "both zero", "y")],
        [tensor("x", [None, 3])], [tensor("y", None)],
        [("axis", np.array([2], np.int64)), ("zero", np.array(0, np.int64))])
    yield "several", model(
        [node("Neg", "number", "negative"), node("Identity", "integer", "same_integer"),
         node("Identity", "text", "same_text")],
        [tensor("number", [None, 2]), tensor("integer", [None], T.INT64), tensor("text", [None, 1], T.STRING)],
        [tensor("negative", [None, 2]), tensor("same_integer", [None], T.INT64),
         tensor("same_text", [None, 1], T.STRING)])


def zip_maps():
    x = [tensor("x", [None, 2])]
    scale = node("Neg", "x", "scores")

    def zip_map(source, **labels):
        return node("ZipMap", source, "probability", domain="ai.onnx.ml", **labels)

    strings = {"classlabels_strings": ["no", "yes"]}
    yield "zipmap", model([scale, zip_map("scores", **strings)], x, [maps("probability", T.STRING)])
    yield "zipmap_integers", model([scale, zip_map("scores", classlabels_int64s=[7, -3])], x,
                                   [maps("probability", T.INT64)])
    # Not cut off: the scores are the graph's input, or another of its outputs.
    yield "zipmap_of_input", model([zip_map("x", **strings)], x, [maps("probability", T.STRING)])
    yield "zipmap_of_output", model(
        [scale, zip_map("scores", classlabels_int64s=[-3, 7])], x,
        [tensor("scores", [None, 2]), maps("probability", T.INT64)])


def external():
    def weights(location):
        made = T(name="w", data_type=T.FLOAT, dims=[2], data_location=T.EXTERNAL)
        made.external_data.add(key="location", value=location)
        return made

    for name, location in [("external", "external.bin"), ("external_missing", "missing.bin"),
                           ("external_outside", "../iris.onnx")]:
        yield name, model([node("Add", "x w", "y")], [tensor("x", [None, 2])], [tensor("y", [None, 2])],
                          [("w", weights(location))])
    # A ZipMap is cut off and the weights still lie outside.
    yield "external_zipmap", model(
        [node("Add", "x w", "scores"),
         node("ZipMap", "scores", "probability", domain="ai.onnx.ml", classlabels_strings=["no", "yes"])],
        [tensor("x", [None, 2])], [maps("probability", T.STRING)], [("w", weights("external.bin"))])


def refused():
    x, y = [tensor("x", [None])], [tensor("y", [None])]
    same = [node("Identity", "x", "y")]
    yield "opset_too_new", model(same, x, y, opsets={"": 99})
    yield "ml_opset_too_new", model(same, x, y, opsets={"": 17, "ai.onnx.ml": 99})
    yield "ir_too_new", model(same, x, y, ir=99)
    yield "locale_missing", model(
        [node("StringNormalizer", "x", "y", locale="xx_XX.UTF-8", case_change_action="LOWER")],
        [tensor("x", [None], T.STRING)], [tensor("y", [None], T.STRING)])
    yield "unknown_operator", model([node("Acme", "x", "y", domain="com.acme")], x, y,
                                    opsets={"": 17, "com.acme": 1})
    yield "sequence_output", model([node("SequenceConstruct", "x", "y")], x,
                                   [helper.make_tensor_sequence_value_info("y", T.FLOAT, None)])
    yield "sequence_input", model([node("ConcatFromSequence", "x", "y", axis=0)],
                                  [helper.make_tensor_sequence_value_info("x", T.FLOAT, [None])], y)
    optional = helper.make_optional_type_proto(helper.make_tensor_type_proto(T.FLOAT, [None]))
    yield "optional_output", model([node("Optional", "x", "y")], x, [helper.make_value_info("y", optional)])
    yield "fails_at_run", model(
        [node("Gather", "table x", "y")], [tensor("x", [None], T.INT64)], y,
        [("table", np.arange(4, dtype=np.float32))])


def batches():
    yield "rows_independent", unary("Softmax", (None, 3), axis=1)
    # Its first dimension is a sequence: each step adds to the last.
    yield "rows_are_a_sequence", model(
        [node("CumSum", "x axis", "y")], [tensor("x", [None, 2])], [tensor("y", [None, 2])],
        [("axis", np.array(0, np.int64))])
    yield "rows_are_compared", model(
        [node("ReduceMean", "x", "mean", axes=[0], keepdims=1), node("Sub", "x mean", "y")],
        [tensor("x", [None, 2])], [tensor("y", [None, 2])])
    yield "rows_are_summed", unary("ReduceSum", (None, 2), (None, 2), keepdims=1)
    yield "rows_become_columns", unary("Transpose", (None, 2), (None, None), perm=[1, 0])
    # Reshapes to [1, 2]; the shape is computed, so that the fault shows only when it runs.
    yield "one_row_only", model(
        [node("ReduceSum", "x", "sum", keepdims=0), node("Mul", "sum zero", "nothing"),
         node("Cast", "nothing", "offset", to=T.INT64), node("Add", "shape offset", "target"),
         node("Reshape", "x target", "y")],
        [tensor("x", [None, 2])], [tensor("y", [None, None])],
        [("shape", np.array([1, 2], np.int64)), ("zero", np.float32(0))])
    yield "rows_sorted", model(
        [node("TopK", "x count", "y where", axis=0)], [tensor("x", [None, 1])], [tensor("y", [None, 1])],
        [("count", np.array([1], np.int64))])
    yield "rows_reversed", model(
        [node("Slice", "x start end axis step", "y")], [tensor("x", [None, 2])], [tensor("y", [None, 2])],
        [("start", np.array([-1], np.int64)), ("end", np.array([-(2 ** 31)], np.int64)),
         ("axis", np.array([0], np.int64)), ("step", np.array([-1], np.int64))])
    yield "no_inputs", model([node("Constant", "", "y", value_floats=[1.0, 2.0])], [], [tensor("y", [2])])


def slow():
    # y = x, after as many turns of a loop as the largest element of x says: about a microsecond each.
    turn = helper.make_graph(
        [node("Sqrt", "value", "next"), node("Identity", "goes_on", "still")], "turn",
        [tensor("index", [], T.INT64), tensor("goes_on", [], T.BOOL), tensor("value", [])],
        [tensor("still", [], T.BOOL), tensor("next", [])])
    yield "slow", model(
        [node("ReduceMax", "x", "largest", keepdims=0), node("Cast", "largest", "count", to=T.INT64),
         node("Loop", "count yes one", "root", body=turn), node("Mul", "x root", "y")],
        [tensor("x", [None, 1])], [tensor("y", [None, 1])],
        [("yes", np.array(True)), ("one", np.float32(1))])


def described():
    yield "described", model(
        [node("Neg", "x", "y")], [tensor("x", [None, 2])], [tensor("y", [None, 2])],
        graph="the graph", producer_name="maker", producer_version="1.2", domain="org.example",
        model_version=3, doc_string="what it is for", metadata={"author": "somebody", "note": "ünïcode"})


def main(folder):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "external.bin"), "wb") as file:
        file.write(np.array([10, 20], "<f4").tobytes())
    for group in (element_types, shapes, zip_maps, external, refused, batches, slow, described):
        for name, made in group():
            with open(os.path.join(folder, name + ".onnx"), "wb") as file:
                file.write(made.SerializeToString(deterministic=True))


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "small"))
