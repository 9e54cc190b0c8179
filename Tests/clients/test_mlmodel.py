"""Model folders written by the real `mlflow.onnx.save_model`, and what `schema.yaml` adds to a plain model."""

import json
import os
import shutil
import signal

import numpy as np
import pandas as pd
import pytest
from mlflow.models import ModelSignature, convert_input_example_to_serving_input, infer_signature
from mlflow.types import ColSpec, Schema
from mlflow.utils.proto_json_utils import dump_input_data
from onnx import TensorProto, helper

import mlflow.onnx
from linear import answers, linear
from models import model
from processes import wait_until
from server import run

COLUMNS = ["a", "b", "c", "d"]
FRAME = pd.DataFrame({"a": [0.5, 1.5], "b": [1.0, 2.0], "c": [0.0, 0.25], "d": [1, 2]})


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


def texts():
    """`y = x`, of texts."""
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])], "texts",
        *([helper.make_tensor_value_info(name, TensorProto.STRING, [None, 1])] for name in "xy"))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_bytes_and_bools_as_mlflow_writes_them(tmp_path, serve):
    images = pd.DataFrame({"x": [b"png" * 30, b"jpg"]})
    binary = ModelSignature(inputs=Schema([ColSpec("binary", "x")]))
    flags = pd.DataFrame({"a": [0.5, 1.5], "b": [True, False], "c": [0.0, 0.25], "d": [1.0, 2.0]})
    server = serve(
        f"texts={save(tmp_path / 'texts', texts(), binary)}",
        f"flags={save(tmp_path / 'flags', linear(), infer_signature(flags))}", "--workers", "1")
    body = convert_input_example_to_serving_input(images)
    assert r"\n" in body  # it is in lines
    answer = server.post("/models/texts/invocations", body.encode(), {"Content-Type": "application/json"})
    assert [row["y"].encode() for row in answer.json["predictions"]] == list(images["x"])
    for content, body in (
        ("application/json", dump_input_data(flags, "dataframe_split")), ("text/csv", flags.to_csv(index=False)),
    ):
        answer = server.post("/models/flags/invocations", body.encode(), {"Content-Type": content})
        assert [row["y"] for row in answer.json["predictions"]] == pytest.approx(answers(flags), rel=1e-5)


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


def described(folder):
    """Iris with a range and a category."""
    folder.mkdir(exist_ok=True)
    shutil.copy(model("iris").path, folder / "model.onnx")
    (folder / "schema.yaml").write_text(
        "inputs:\n- {name: w, max: 10}\n- {name: x, categories: [1, 2]}\n- name: y\n- name: z\n")
    return folder


def in_every_form(row):
    """(path, body, headers) of one row."""
    names, values, json_type = list(row), list(row.values()), {"Content-Type": "application/json"}
    tensor = {"name": "X", "shape": [1, 4], "datatype": "FP32"}
    raw = np.array(values, np.float32).tobytes()
    head = json.dumps({"inputs": [{**tensor, "parameters": {"binary_data_size": len(raw)}}]}).encode()
    table = ",".join(names) + "\n" + ",".join(map(str, values)) + "\n"
    return {
        "v2 json": ("/v2/models/iris/infer", {"inputs": [{**tensor, "data": values}]}, {}),
        "v2 binary": ("/v2/models/iris/infer", head + raw, {"Inference-Header-Content-Length": str(len(head))}),
        "tf row": ("/v1/models/iris:predict", {"instances": [values]}, {}),
        "tf record": ("/v1/models/iris:predict", {"instances": [row]}, {}),
        "tf column": ("/v1/models/iris:predict", {"inputs": {"X": [values]}}, {}),
        "tf examples": ("/v1/models/iris:classify", {"examples": [row]}, {}),
        "split": ("/invocations", {"dataframe_split": {"columns": names, "data": [values]}}, json_type),
        "records": ("/invocations", {"dataframe_records": [row]}, json_type),
        "mlflow instances": ("/invocations", {"instances": [values]}, json_type),
        "mlflow inputs": ("/invocations", {"inputs": [values]}, json_type),
        "csv": ("/invocations", table.encode(), {"Content-Type": "text/csv"}),
        "predict": ("/predict", row, {}),
        "predict rows": ("/predict", {"data": [values]}, {}),
        "torchserve": ("/predictions/iris", row, {}),
    }


@pytest.mark.parametrize("mode", ["warn", "reject"])
def test_what_is_out_of_range_is_counted_in_every_form(tmp_path, serve, mode):
    server = serve(f"iris={described(tmp_path / 'iris')}", "--workers", "1", "--out-of-range", mode)
    forms = in_every_form({"w": 11, "x": 1, "y": 1, "z": 1})
    for name, (path, body, headers) in forms.items():
        answer = server.post(path, body, headers)
        assert answer.status == (400 if mode == "reject" else 200), (name, answer.body)
        if mode == "reject":
            assert "'w' has a number above the range where a number of 10 or less" in str(answer.json), name
    for name, (path, body, headers) in in_every_form({"w": 1, "x": 3, "y": 1, "z": 1}).items():
        answer = server.post(path, body, headers)
        assert answer.status == 400 and "'x' has another value where one of '1', '2'" in str(answer.json), name
    for feature in "wx":
        wanted = f'apus_feature_out_of_range_total{{model="iris",version="1",feature="{feature}"}} {len(forms)}\n'
        assert wait_until(lambda: wanted in server.get("/metrics").body.decode(), within=60), feature


def test_the_serving_example_that_mlflow_writes_has_to_be_answered(tmp_path, serve):
    signature = infer_signature(FRAME, {"y": np.zeros((2, 1), np.float32)})
    folder = save(tmp_path / "m", linear(), signature, FRAME, external=True)
    example = folder / "serving_input_example.json"
    server = serve(f"m={folder}", "--workers", "1", "--reload", "manual")
    server.allowed_errors = "reload refused"
    document = server.get("/openapi.json").json
    shown = document["paths"]["/models/m/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    text = json.dumps(document["components"]["schemas"][shown["$ref"].split("/")[-1]]["examples"])
    assert json.dumps([FRAME.iloc[0][c] for c in COLUMNS]) in text  # MLflow's first row

    good = example.read_text()
    for bad, words in (
        (good.replace('"d"', '"e"'), "Model is missing inputs ['d']"),
        (good.replace("0.5", '"secret"'), "input 'a' has a string in row 0 where a number (FP32) is expected"),
        ("{", "the example request serving_input_example.json beside the model is not one that it takes"),
    ):
        assert bad != good
        example.write_text(bad)
        refused = run("reload", "--wait", "--runtime-dir", server.runtime)
        assert refused.returncode == 77
        assert words in refused.stderr and "secret" not in refused.stderr
        assert server.post("/predict", json.loads(FRAME.to_json(orient="records"))).status == 200
    started = run("serve", folder, "--listen", "127.0.0.1:0", timeout=60)
    assert started.returncode == 65
    assert "serving_input_example.json" in started.stderr
    example.write_text(good)
    assert run("reload", "--wait", "--runtime-dir", server.runtime).returncode == 0


def test_weights_beside_the_model_are_staged_with_it(tmp_path, serve):
    """What serves has its copy of `model.onnx` and of its weights: the folder may go, a worker that dies comes back."""
    folder = save(tmp_path / "m", linear(), infer_signature(FRAME), FRAME, external=True)
    weights = [path for path in folder.iterdir() if path.suffix == ".data"]
    assert len(weights) == 1 and weights[0].stat().st_size > 1000
    server = serve(f"m={folder}", "--workers", "1", "--reload", "manual")
    server.allowed_errors = "."  # a worker is killed
    shutil.rmtree(folder)
    (worker,) = server.workers()
    os.kill(worker, signal.SIGKILL)
    answer = server.post("/predict", json.loads(FRAME.to_json(orient="records")))
    assert [row["y"] for row in answer.json] == pytest.approx(answers(FRAME), rel=1e-5)
