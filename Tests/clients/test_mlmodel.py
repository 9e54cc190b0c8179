"""Model folders written by the real `mlflow.onnx.save_model`, and what `schema.yaml` adds to a plain model."""

import json
import shutil

import numpy as np
import onnx
import pandas as pd
import pytest
from mlflow.models import ModelSignature, infer_signature
from mlflow.types import ColSpec, Schema
from onnx import TensorProto, helper, numpy_helper

import mlflow.onnx
from models import model
from processes import wait_until
from server import run

COLUMNS = ["a", "b", "c", "d"]
FRAME = pd.DataFrame({"a": [0.5, 1.5], "b": [1.0, 2.0], "c": [0.0, 0.25], "d": [1, 2]})


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


def save(path, onnx_model, signature, example=None, external=False):
    mlflow.onnx.save_model(
        onnx_model, str(path), signature=signature, input_example=example, save_as_external_data=external,
        pip_requirements=["onnx"])
    return path


def inspect(path):
    done = run("inspect", path, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("external", [False, True])
def test_a_logged_model_is_served_by_its_columns(tmp_path, serve, external):
    signature = infer_signature(FRAME, {"y": np.zeros((2, 1), np.float32)})
    folder = save(tmp_path / "m", linear(), signature, FRAME, external)
    assert [path.suffix == ".data" for path in folder.iterdir()].count(True) == external
    shown = inspect(folder)
    assert shown["schema"] == ["MLmodel"]
    assert [(f["name"], f["datatype"], f["column"]) for f in shown["features"]] == [
        ("a", "FP32", 0), ("b", "FP32", 1), ("c", "FP32", 2), ("d", "INT64", 3)]

    server = serve(f"m={folder}", "--workers", "1")
    rows = json.loads(FRAME.to_json(orient="records"))
    shuffled = [dict(reversed(row.items())) for row in rows]
    for records in (rows, shuffled):
        answer = server.post("/predict", records)
        assert answer.status == 200, answer.body
        assert [row["y"] for row in json.loads(answer.body)] == pytest.approx(answers(FRAME), rel=1e-5)

    answer = server.post("/predict", [{**rows[0], "d": 1.7}, {"a": "secret", "b": 1, "c": 2, "e": 3}])
    assert answer.status == 400
    error = json.loads(answer.body)["error"]
    for words in ("4 problems", "'e'", "lacks 'd'", "'a' has a string in record 1", "'d' has a number with a fraction"):
        assert words in error
    assert "secret" not in error
    answer = server.post("/predict", {**rows[0], "d": 1.7})
    assert "'d' has a number with a fraction where a whole number (INT64)" in json.loads(answer.body)["error"]


def test_inputs_tensors_lists_and_parameters_of_a_signature(tmp_path):
    several = ModelSignature(
        inputs=Schema([ColSpec("double", "x"), ColSpec("long", "z", required=False)]),
        params=infer_signature(FRAME, params={"t": 0.5, "l": [1, 2]}).params)
    shown = inspect(save(tmp_path / "several", linear(("z", "x"), 2), several))
    assert [(f["name"], f["datatype"], f["required"]) for f in shown["features"]] == [
        ("z", "INT64", False), ("x", "FP32", True)]
    assert shown["parameters"] == [
        {"name": "t", "datatype": "FP64", "list": False}, {"name": "l", "datatype": "INT64", "list": True}]

    matrix = np.zeros((2, 4), np.float32)
    shown = inspect(save(tmp_path / "tensor", linear(), infer_signature(matrix, matrix), matrix))
    assert [f["name"] for f in shown["features"]] == ["x"]
    assert shown["schema"] == ["MLmodel"]


def test_a_signature_that_does_not_fit_is_a_warning(tmp_path):
    wrong = infer_signature(FRAME[["a", "b"]])
    done = run("inspect", save(tmp_path / "m", linear(), wrong))
    assert done.returncode == 0
    assert "it describes 2 of them, but the model has 4 columns in input 'x'" in done.stdout


def test_schema_yaml_and_diff(tmp_path):
    for name, columns in (("old", ["w", "x", "y", "z"]), ("new", ["w", "x2", "y", "z"])):
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(model("iris").path, folder / "model.onnx")
        (folder / "schema.yaml").write_text("inputs:\n" + "".join(f"- {{name: {c}, min: 0}}\n" for c in columns))
    assert [f["min"] for f in inspect(tmp_path / "old")["features"]] == [0, 0, 0, 0]
    same = run("diff", tmp_path / "old", tmp_path / "old")
    assert (same.returncode, same.stdout) == (0, "the schemas are the same\n")
    other = run("diff", tmp_path / "old", tmp_path / "new", "--json")
    assert other.returncode == 1
    assert json.loads(other.stdout) == {
        "compatible": False,
        "changes": [{
            "kind": "renamed", "role": "column", "name": "x", "compatible": False,
            "text": "column 'x' was renamed to 'x2'"}]}
    (tmp_path / "new" / "schema.yaml").write_text("inputs: 5\n")
    broken = run("diff", tmp_path / "old", tmp_path / "new")
    assert broken.returncode == 65
    assert "schema.yaml: 'inputs' has to be a list" in broken.stderr


def test_out_of_range_is_counted_by_feature(tmp_path, serve):
    shutil.copy(model("iris").path, tmp_path / "model.onnx")
    (tmp_path / "schema.yaml").write_text(
        "inputs:\n- {name: w, max: 10}\n" + "".join(f"- name: {c}\n" for c in "xyz"))
    row = {"w": 11, "x": 1, "y": 1, "z": 1}
    refusing = serve(f"iris={tmp_path}", "--workers", "1", "--out-of-range", "reject")
    answer = refusing.post("/predict", row)
    assert answer.status == 400
    assert "'w' has a number above the range where a number of 10 or less" in json.loads(answer.body)["error"]
    wanted = 'apus_feature_out_of_range_total{model="iris",version="1",feature="w"} 1\n'
    assert wait_until(lambda: wanted in refusing.get("/metrics").body.decode(), within=60)
