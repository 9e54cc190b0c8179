"""The OpenAPI document is true: what it shows as an example works, and what comes back is as it says."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from models import FIXTURES, NAMES, model
from server import Server

HERE = Path(__file__).parent
# MLflow's path wants it; the others take it.
JSON = {"Content-Type": "application/json"}
LONG = bool(os.environ.get("APUS_TEST_LONG"))
SMALL = FIXTURES / "small"
# Every element type, ranks 0 to 8, fixed rows, several inputs, labels that are numbers, a wide input.
MODELS = {
    **{name: model(name).path for name in NAMES},
    "two words": FIXTURES / "iris.onnx",
    "v1.2-b_c": FIXTURES / "iris.onnx",
    **{
        name: SMALL / f"{name}.onnx"
        for name in (
            "scalar", "fixed", "several", "rank8", "one_row_only", "zipmap_integers", "no_inputs",
            "rows_are_summed", "identity_bool", "identity_string", "identity_int64", "identity_uint64",
            "identity_float16", "identity_bfloat16", "identity_double", "identity_int8",
        )
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """All of the models, and one from a folder of versions."""
    versions = tmp_path_factory.mktemp("models") / "versions"
    for number in ("1", "2"):
        (versions / number).mkdir(parents=True)
        (versions / number / "model.onnx").symlink_to(FIXTURES / "iris.onnx")
    arguments = [f"{name}={path}" for name, path in MODELS.items()] + [f"versions={versions}"]
    with Server(*arguments, "--workers", "1", "--default-model", "iris") as running:
        yield running


@pytest.fixture(scope="module")
def document(server):
    return server.get("/openapi.json").json


def resolved(document, node):
    """The node itself, or what its `$ref` points at."""
    while "$ref" in node:
        target = document
        for key in node["$ref"].removeprefix("#/").split("/"):
            target = target[key.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def examples(document, operation):
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema")
    return resolved(document, schema).get("examples", []) if schema else []


def absolute(schema):
    """A reference into the document, or one of several."""
    if "anyOf" in schema:
        return {"anyOf": [absolute(one) for one in schema["anyOf"]]}
    return {"$ref": "urn:apus" + schema["$ref"]}


def check_answer(document, operation, answer):
    """The status, the content type, the fields and the body are as the document says."""
    response = resolved(document, operation["responses"][str(answer.status)])
    for name, field in response.get("headers", {}).items():
        assert not resolved(document, field).get("required") or name in answer.headers, name
    found = answer.headers["Content-Type"].split(";")[0]
    assert found in response["content"]
    schema = response["content"][found].get("schema")
    if schema:
        registry = Registry().with_resource("urn:apus", DRAFT202012.create_resource(document))
        errors = Draft202012Validator(absolute(schema), registry=registry).iter_errors(answer.json)
        assert [error.message for error in errors] == []


def test_the_document_is_valid(document):
    assert document["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_every_model_and_version_has_its_paths(server, document):
    paths = {unquote(path) for path in document["paths"]}
    assert "/predict" in paths
    for name in [*MODELS, "versions"]:
        versions = server.get(f"/v2/models/{quote(name)}").json["versions"]
        for place in [name] + [f"{name}/versions/{version}" for version in versions]:
            assert f"/models/{place}/predict" in paths
            assert f"/v2/models/{place}/infer" in paths
            assert f"/v1/models/{place}:predict" in paths
            assert f"/models/{place}/invocations" in paths
            assert f"/predictions/{place.replace('/versions', '')}" in paths


def test_every_schema_is_a_schema(document):
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_get_is_answered_as_the_document_says(server, document):
    for path, method, operation in operations(document):
        if method == "GET":
            answer = server.get(path)
            assert answer.status == 200, path
            check_answer(document, operation, answer)


def test_every_example_is_answered_as_the_document_says(server, document):
    count = 0
    for path, method, operation in operations(document):
        for example in examples(document, operation):
            answer = server.request(method, path, example, JSON)
            assert answer.status == 200, (path, example, answer.body)
            check_answer(document, operation, answer)
            count += 1
    assert count > 3 * len(MODELS)


def test_every_example_fits_its_schema(document):
    registry = Registry().with_resource("urn:apus", DRAFT202012.create_resource(document))
    for path, _, operation in operations(document):
        for example in examples(document, operation):
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            validator = Draft202012Validator({"$ref": "urn:apus" + schema["$ref"]}, registry=registry)
            assert [error.message for error in validator.iter_errors(example)] == [], path


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_an_example_in_every_form_it_takes(document, name):
    predict = document["paths"][f"/models/{quote(name)}/predict"]["post"]
    infer = document["paths"][f"/v2/models/{quote(name)}/infer"]["post"]
    assert examples(document, predict)
    for path in (f"/v1/models/{quote(name)}:predict", f"/models/{quote(name)}/invocations"):
        assert examples(document, document["paths"][path]["post"]), path
    # FP16 and BF16 have no JSON form in the Open Inference Protocol.
    assert bool(examples(document, infer)) == ("float16" not in name)


def test_a_wide_models_example_is_short(document):
    (example,) = examples(document, document["paths"]["/models/mlp/predict"]["post"])
    assert len(str(example)) < 4000


def test_an_error_is_answered_as_the_document_says(server, document):
    for path, method, operation in operations(document):
        if "requestBody" in operation:
            answer = server.request(method, path, b"{", JSON)
            assert answer.status == 400, path
            check_answer(document, operation, answer)


@pytest.mark.timeout(600)
def test_generated_requests_find_nothing(serve):
    """schemathesis makes requests from the document, right and wrong, one by one and in sequences: no 5xx, no answer
    that the document does not describe, nothing wrong accepted, no method but those that are named.

    That everything that fits the document is accepted is not asked: JSON Schema cannot say that two lists are equally
    long, or as long as a shape says.
    """
    running = serve(*(model(name).argument for name in NAMES), "--workers", "2")
    seconds = 300 if LONG else 40
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"), f"--config-file={HERE}/schemathesis.toml",
            "run", f"{running.url}/openapi.json", "--url", running.url, "--checks", "all",
            "--exclude-checks", "positive_data_acceptance",
            "--max-time", str(seconds), "--seed", "1", "-n", "200" if LONG else "20", "--no-color",
        ],
        capture_output=True, text=True, timeout=seconds + 200, cwd=running.folder,
    )  # fmt: skip
    print(done.stdout[-10_000:])
    assert done.returncode == 0, done.stderr
