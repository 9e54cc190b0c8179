"""`/predict`: the form for people."""

import json
import subprocess

import pytest

from models import DEMO, model

IRIS = model("iris")


def test_the_demo_request_is_answered_as_scikit_learn_would(serve):
    demo = model("penguins")
    running = serve(demo.argument, "--workers", "1")
    request = (DEMO / "request.json").read_bytes()
    answer = running.post("/predict", request, {"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 200, answer.body
    rows = [dict(zip(demo.columns, row)) for row in demo.rows]
    demo.check_object(rows.index(json.loads(request)), answer.json)


def test_one_object_gives_one_and_a_list_gives_a_list(server):
    one = server.post("/models/iris/predict", IRIS.object(0)).json
    assert isinstance(one, dict)
    assert server.post("/models/iris/predict", [IRIS.object(0)]).json == [one]
    assert server.post("/models/iris/predict", []).status == 400


def test_the_default_model_is_that_of_the_flag(server):
    IRIS.check_object(0, server.post("/predict", IRIS.object(0)).json)


def test_without_a_default_several_models_are_a_choice(serve):
    running = serve(IRIS.argument, model("tabular").argument, "--workers", "1")
    answer = running.post("/predict", IRIS.object(0))
    assert answer.status == 404
    assert "iris" in answer.json["error"] and "tabular" in answer.json["error"]


def test_a_version_may_be_named(server):
    version = server.get("/v2/models/iris").json["versions"][0]
    answer = server.post(f"/models/iris/versions/{version}/predict", IRIS.object(0))
    IRIS.check_object(0, answer.json)
    assert answer.headers["X-Apus-Model"] == f"iris/{version}"


def test_columns_may_come_in_any_order(server):
    one = model("tabular")
    turned = dict(reversed(one.object(0).items()))
    one.check_object(0, server.post("/models/tabular/predict", turned).json)


def test_an_integer_is_a_float_and_null_is_missing(server):
    """`null` is NaN to a float column, which this model's imputer fills in."""
    one = model("tabular")
    answer = server.post("/models/tabular/predict", {**one.object(0), "age": 36})
    assert answer.status == 200
    answer = server.post("/models/tabular/predict", {**one.object(0), "age": None})
    assert answer.status == 200
    assert set(answer.json["output_probability"]) == {"lost", "survived"}


@pytest.mark.parametrize("content_type", [None, "application/json", "text/plain", "x/y; z=1"])
def test_the_content_type_does_not_matter(server, content_type):
    headers = {"Content-Type": content_type} if content_type else {}
    assert server.post("/predict", IRIS.object(0), headers).status == 200


def test_answers_are_compact_json(server):
    answer = server.post("/predict", IRIS.object(0))
    assert answer.headers["Content-Type"] == "application/json"
    assert b", " not in answer.body and b": " not in answer.body


def test_torchserves_form_of_a_file(server, tmp_path):
    """`curl -F data=@row.json`, as TorchServe's examples ask."""
    row = tmp_path / "row.json"
    row.write_text(json.dumps({"X": model("iris").rows[0]}))
    done = subprocess.run(
        ["curl", "-s", "-F", f"data=@{row}", f"{server.url}/predictions/iris"], capture_output=True, check=True)
    assert json.loads(done.stdout) == server.post("/predict", row.read_bytes()).json
