"""TensorFlow Serving's REST API: its requests, its answers, and its own messages read from them strictly."""

import base64
import json

import numpy as np
import pytest
from google.protobuf import json_format

from models import FIXTURES, NAMES, model
from server import Server
from tensorflow_protos import GetModelMetadataResponse, GetModelStatusResponse, SignatureDefMap

SMALL = FIXTURES / "small"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The models, some small ones, and one from a folder of versions."""
    versions = tmp_path_factory.mktemp("models") / "versions"
    for number in ("1", "12"):
        (versions / number).mkdir(parents=True)
        (versions / number / "model.onnx").symlink_to(FIXTURES / "iris.onnx")
    arguments = [model(name).argument for name in NAMES] + [f"versions={versions}"]
    small = [f"{name}={SMALL}/{name}.onnx" for name in ("identity_float", "identity_string", "identity_int64")]
    with Server(*arguments, *small, "--workers", "1") as running:
        yield running


def rows(one, indices):
    """`instances` of a model: bare for one input, objects for several."""
    if not one.columns:
        return [one.rows[index] for index in indices]
    return [{name: [value] for name, value in zip(one.columns, one.rows[index])} for index in indices]


def columns(one, indices):
    tensors = {name: array.tolist() for name, _, array in one.tensors(indices)}
    return tensors if one.columns else tensors["X"]


@pytest.mark.parametrize("name", NAMES)
def test_rows_and_columns_have_scikit_learns_answers(server, name):
    one = model(name)
    indices = range(one.count)
    answer = server.post(f"/v1/models/{name}:predict", {"instances": rows(one, indices)})
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "application/json"
    label, probabilities = one.outputs
    predictions = answer.json["predictions"]
    flat = lambda values: np.array(values).ravel().tolist()  # noqa: E731
    one._check(indices, flat([p[label] for p in predictions]), [p[probabilities] for p in predictions])

    outputs = server.post(f"/v1/models/{name}:predict", {"inputs": columns(one, indices)}).json["outputs"]
    one._check(indices, flat(outputs[label]), outputs[probabilities])


def test_every_content_type_will_do(server):
    """TensorFlow Serving's example client sends none, curl says it is a form."""
    body = json.dumps({"instances": [[5.1, 3.5, 1.4, 0.2]]}).encode()
    for headers in ({}, {"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Type": "text/plain"}):
        assert server.post("/v1/models/iris:predict", body, headers).status == 200


def test_numbers_are_the_shortest_of_their_type_and_those_that_are_not_finite_are_tokens(server):
    answer = server.post("/v1/models/identity_float:predict", b'{"instances":[[0.2,1e30,NaN],[Infinity,-Infinity,null]]}')
    assert answer.body == b'{"predictions":[[0.2,1e+30,NaN],[Infinity,-Infinity,NaN]]}'
    answer = server.post("/v1/models/identity_int64:predict", b'{"inputs":[[9223372036854775807,-1]]}')
    assert answer.body == b'{"outputs":[[9223372036854775807,-1]]}'


def test_binary_strings_come_as_base64(server):
    raw = "größe".encode()
    body = {"instances": [["plain", {"b64": base64.b64encode(raw).decode()}]]}
    answer = server.post("/v1/models/identity_string:predict", body)
    assert answer.json == {"predictions": [["plain", "größe"]]}


def test_examples_are_classified(server):
    one = model("tabular")
    examples = [dict(zip(one.columns, row)) for row in one.rows]
    answer = server.post("/v1/models/tabular:classify", {"examples": examples})
    assert answer.status == 200, answer.body
    for result, wanted in zip(answer.json["results"], one.probabilities, strict=True):
        assert [label for label, _ in result] == [str(c) for c in one.classes]
        np.testing.assert_allclose([score for _, score in result], wanted, atol=1e-5)


def test_a_regression_has_a_number_for_each_example(server):
    one = model("iris")
    body = {"examples": [{"X": row} for row in one.rows]}
    assert server.post("/v1/models/iris:regress", body).json == {"results": one.labels}
    assert server.post("/v1/models/identity_float:regress", {"examples": [{"x": [1]}]}).status == 400


def test_status_and_metadata_are_tensorflow_servings_own_messages(server):
    for place in ("versions/versions/12", "iris/versions/1"):
        text = server.get(f"/v1/models/{place}").body
        (status,) = json_format.Parse(text, GetModelStatusResponse()).model_version_status
        assert status.version == int(place.rsplit("/", 1)[1])
        assert status.State.Name(status.state) == "AVAILABLE" and status.status.error_code == 0
    for name in NAMES:
        for place in (name, f"{name}/versions/1"):
            text = server.get(f"/v1/models/{place}/metadata").body
            message = json_format.Parse(text, GetModelMetadataResponse())
            assert (message.model_spec.name, message.model_spec.version.value) == (name, 1)
            map = SignatureDefMap()
            assert message.metadata["signature_def"].Unpack(map)
            signature = map.signature_def["serving_default"]
            assert signature.method_name == "tensorflow/serving/predict"
            assert set(signature.outputs) == set(model(name).outputs)
            for input, _, array in model(name).tensors([0]):
                shape = [dimension.size for dimension in signature.inputs[input].tensor_shape.dim]
                assert shape == [-1, array.shape[1]]
                assert signature.inputs[input].dtype == (7 if array.dtype == object else 1)


def test_a_path_without_a_version_has_kserves_readiness_beside_the_status(server):
    answer = server.get("/v1/models/iris").json
    assert (answer.pop("name"), answer.pop("ready")) == ("iris", True)
    assert len(json_format.ParseDict(answer, GetModelStatusResponse()).model_version_status) == 1
    assert "iris" in server.get("/v1/models").json["models"]


@pytest.mark.parametrize(
    "method, path, status, sentence",
    [
        ("POST", "/v1/models/none:predict", 404, "Servable not found for request: Latest(none)"),
        ("POST", "/v1/models/iris/versions/7:predict", 404, "Servable not found for request: Specific(iris, 7)"),
        ("POST", "/v1/models/iris/labels/x:predict", 400, "Unrecognized servable version label: x"),
        ("POST", "/v1/models/iris:predict", 400, "Missing 'inputs' or 'instances' key"),
        ("GET", "/v1/models/none", 404, "Servable not found for request: Latest(none)"),
        ("GET", "/v1/models/iris:predict", 405, "Method Not Allowed: this path takes POST, OPTIONS"),
    ],
)
def test_an_error_has_tensorflow_servings_form(server, method, path, status, sentence):
    answer = server.request(method, path, b"{}" if method == "POST" else None)
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.body == b'{ "error": ' + json.dumps(sentence).encode() + b" }"
