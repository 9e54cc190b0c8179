"""`/invocations` beside MLflow's own scoring server, on models that MLflow itself wrote: what it answers, we answer."""

import json

import numpy as np
import pytest

import contracts
from models import FIXTURES, model
from server import Server

JSON, CSV = "application/json", "text/csv"
COLUMNS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


def wanted():
    """What MLflow writes: models with and without a signature, and one with its weights in a file beside."""
    onnx = {name: str(model(name).path) for name in ("iris", "tabular", "forest", "mlp")}
    forest = {"columns": [f"f{n}" for n in range(len(model("forest").rows[0]))], "rows": model("forest").rows[:2]}
    return {
        **{name: {"onnx": path} for name, path in onnx.items()},
        "forest signed": {"onnx": onnx["forest"], **forest},
        "mlp external": {"onnx": onnx["mlp"], "external": True},
        "one output": {"onnx": str(FIXTURES / "small/identity_float.onnx")},
    }


def bodies():
    """(model, content type, body), of all forms, right and wrong."""
    names = lambda count: [f"f{n}" for n in range(count)]  # noqa: E731
    for name in ("iris", "forest", "mlp", "mlp external", "forest signed"):
        rows = model(name.split()[0]).rows[:3]
        columns = names(len(rows[0]))
        turned = {"columns": columns[::-1], "data": [row[::-1] for row in rows]}
        for body in (
            {"dataframe_split": {"columns": columns, "data": rows}},
            {"dataframe_split": {"columns": columns, "index": ["a", "b", "c"], "data": rows}},
            {"dataframe_split": {"data": rows}},
            {"dataframe_split": turned},
            {"dataframe_split": {"columns": [*columns, "more"], "data": [[*row, 1.5] for row in rows]}},
            {"dataframe_split": {"columns": columns[:-1], "data": [row[:-1] for row in rows]}},
            {"dataframe_split": {"columns": columns, "data": rows, "more": 1}},
            {"dataframe_records": [dict(zip(columns, row)) for row in rows]},
            {"dataframe_records": {}},
            {"instances": rows}, {"instances": [{"X": row} for row in rows]},
            {"inputs": rows}, {"inputs": {"X": rows}}, {"inputs": {"Y": rows}}, {"inputs": rows, "more": 1},
            {"inputs": rows, "params": {"any": 1}}, {"inputs": rows, "instances": rows}, {}, [], 1,
        ):  # fmt: skip
            yield name, JSON, json.dumps(body)
        lines = [",".join(columns), *(",".join(map(repr, row)) for row in rows)]
        yield name, CSV, "\n".join(lines) + "\n"
        yield name, f"{CSV}; charset=utf-8", "\r\n".join(lines)
        yield name, CSV, "\n".join(f'"{field}"' if "," not in field else field for field in lines[:1]) + "\n"
        yield name, f"{JSON};charset=UTF-8", json.dumps({"inputs": rows})
        for type in ("text/plain", f"{CSV}; charset=latin1", f"{JSON}; more=1"):
            yield name, type, json.dumps({"inputs": rows})
        yield name, JSON, "{"
    for form in ("dataframe_split", "dataframe_records"):
        table = {"data": [[1.5, 2.5], [3.5, -4.5]]} if form == "dataframe_split" else [{"a": 1.5, "b": 2.5}]
        yield "one output", JSON, json.dumps({form: table})
    one = model("tabular")
    given = {column: [[row[place]] for row in one.rows] for place, column in enumerate(one.columns)}
    yield "tabular", JSON, json.dumps({"inputs": given})
    yield "tabular", JSON, json.dumps({"instances": [{c: [v] for c, v in zip(one.columns, row)} for row in one.rows]})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mlflow")
    contracts.run("mlflow_reference.py", "save", folder, given=wanted())
    return folder


@pytest.fixture(scope="module")
def server(folder):
    arguments = [f"{name}={folder / name}" for name in wanted()]
    with Server(*arguments, "--workers", "1", "--default-model", "iris") as running:
        yield running


def same(found, reference):
    """The same JSON, numbers within float32."""
    if isinstance(reference, dict):
        return isinstance(found, dict) and found.keys() == reference.keys() and all(
            same(found[key], reference[key]) for key in reference
        )
    if isinstance(reference, list):
        return isinstance(found, list) and len(found) == len(reference) and all(map(same, found, reference))
    if isinstance(reference, float):
        return np.isclose(found, reference, rtol=1e-5, atol=1e-6)
    return found == reference


def test_what_mlflow_answers_is_answered_the_same(server, folder):
    questions = [dict(zip(("name", "type", "body"), row)) for row in bodies()]
    references = contracts.run("mlflow_reference.py", "ask", folder, given=questions)
    taken = 0
    for question, reference in zip(questions, references, strict=True):
        path = f"/models/{question['name'].replace(' ', '%20')}/invocations"
        answer = server.post(path, question["body"].encode(), {"Content-Type": question["type"]})
        if reference["status"] == 200:
            taken += 1
            assert answer.status == 200, (question, answer.body)
            assert same(answer.json, json.loads(reference["body"])), (question, answer.body, reference)
        elif reference["status"] == 415:
            assert answer.status == 415, question
        # What MLflow refuses may be taken here: it fails on the ONNX flavor's way there, not on what was asked.
        if answer.status != 200:
            assert set(answer.json) == {"error_code", "message"}, answer.body
    assert taken >= 30


def test_health_and_version(server):
    for path, body in (("/ping", b'{"status":"Healthy"}\n'), ("/health", b"ok\n")):
        answer = server.get(path)
        assert (answer.status, answer.body) == (200, body)
    assert server.get("/version").body.decode().count(".") == 2


def test_a_request_names_its_model_or_means_the_default(server):
    row = model("iris").rows[:1]
    headers = {"Content-Type": JSON}
    body = json.dumps({"inputs": row})
    for path, named in (
        ("/invocations", {}), ("/invocations?model=iris", {}), ("/invocations", {"X-Apus-Model": "iris/1"}),
        ("/models/iris/versions/1/invocations", {}),
    ):  # fmt: skip
        answer = server.post(path, body.encode(), headers | named)
        assert answer.json["predictions"]["label"] == model("iris").labels[:1], path
        assert answer.headers["x-apus-model"] == "iris/1"
    assert server.post("/invocations?model=none", body.encode(), headers).json["error_code"] == "RESOURCE_DOES_NOT_EXIST"


def test_the_serving_example_that_mlflow_writes_is_answered(server, folder):
    example = (folder / "forest signed/serving_input_example.json").read_bytes()
    answer = server.post("/models/forest%20signed/invocations", example, {"Content-Type": JSON})
    assert answer.status == 200, answer.body
    assert len(answer.json["predictions"]) == 2


def test_a_long_table_is_read_in_one_go(server):
    """10,000 rows as CSV and as columns: the time for ten times the rows is about ten times that of the tenth."""
    row = model("iris").rows[0]
    header = ",".join(COLUMNS)
    text = "\n".join([header, *[",".join(map(repr, row))] * 10_000])
    answer = server.post("/invocations", text.encode(), {"Content-Type": CSV})
    assert answer.status == 200, answer.body[:300]
    assert len(answer.json["predictions"]) == 10_000
    answer = server.post("/v1/models/iris:predict", {"inputs": [row] * 10_000})
    assert len(answer.json["outputs"]["label"]) == 10_000
