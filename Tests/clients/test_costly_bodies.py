"""Small bodies that ask for a lot: each is refused at once, and no worker hangs, dies or grows over it."""

import json
import shutil
import time

import pytest

import processes
from models import model
from server import ROOT, Server

IRIS = model("iris")
SMALL = ROOT / "Tests/Fixtures/small"
INFER = "/v2/models/identity_float/infer"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One worker of each of: iris; iris with columns that may all be missing; a matrix of any size, of texts too."""
    named = tmp_path_factory.mktemp("models") / "named"
    named.mkdir()
    shutil.copy(IRIS.path, named / "model.onnx")
    columns = [f"  - {{name: {name}, type: float, required: false}}\n" for name in "abcd"]
    (named / "schema.yaml").write_text("inputs:\n" + "".join(columns))
    models = [f"{name}={SMALL / name}.onnx" for name in ("identity_float", "identity_string")]
    with Server(
        IRIS.argument, f"named={named / 'model.onnx'}", *models, "--workers", "1", "--default-model", "iris"
    ) as running:
        yield running


def refused_at_once(server, path, body, words, headers=None):
    workers = server.workers()
    began = time.monotonic()
    answer = server.post(path, body, headers, timeout=20)
    seconds = time.monotonic() - began
    assert answer.status == 400, answer.body[:500]
    error = answer.json.get("error") or answer.json["message"]
    for word in words:
        assert word in error, error
    assert len(error) < 1000
    assert seconds < 10
    IRIS.check_v2([0], server.post("/v2/models/iris/infer", *IRIS.v2_json([0])))
    assert server.workers() == workers, "no worker died of it"


# Tensors without elements, of rows that are only said.

CLAIMS = ["[1000000000000,0]", "[9223372036854775807,0]", "[65537,0]", "[0,1000000000000]"]


@pytest.mark.parametrize("shape", CLAIMS)
@pytest.mark.parametrize("rest", ["", ',"data":[]'])
def test_claimed_rows(server, shape, rest):
    body = f'{{"inputs":[{{"name":"x","shape":{shape},"datatype":"FP32"{rest}}}]}}'
    refused_at_once(server, INFER, body.encode(), ["65536", shape.strip("[]").replace(",0", "").replace("0,", "")])


@pytest.mark.parametrize("shape", CLAIMS)
def test_claimed_rows_in_binary(server, shape):
    parameters = '"parameters":{"binary_data_size":0}'
    body = f'{{"inputs":[{{"name":"x","shape":{shape},"datatype":"FP32",{parameters}}}]}}'.encode()
    headers = {"Inference-Header-Content-Length": str(len(body))}
    refused_at_once(server, INFER, body, ["65536"], headers)


@pytest.mark.parametrize("shape", [[0, 3], [3, 0], [0, 0], [300, 0]])
def test_few_rows_without_elements_are_answered(server, shape):
    body = {"inputs": [{"name": "x", "shape": shape, "datatype": "FP32", "data": []}]}
    answer = server.post(INFER, body)
    assert answer.status == 200, answer.body
    assert answer.json["outputs"][0]["shape"] == shape


# Names that are there again and again.


@pytest.mark.parametrize("count, words", [(60_000, ["'z' twice"]), (300_000, ["300000 columns", "at most 65540"])])
def test_a_column_that_a_record_repeats(server, count, words):
    body = '{"dataframe_records":[{' + ",".join(['"z":1'] * count) + "}]}"
    headers = {"Content-Type": "application/json"}
    refused_at_once(server, "/invocations", body.encode(), words, headers)


# Tables of very many columns, and rows that lack everything.


@pytest.mark.parametrize("model", ["iris", "identity_float"])
def test_a_csv_of_commas(server, model):
    body = b"," * (32 << 20) + b"\n1,2,3,4\n"
    headers = {"Content-Type": "text/csv"}
    refused_at_once(server, f"/models/{model}/invocations", body, ["more than 655", "fields"], headers)


@pytest.mark.parametrize("form", [
    '{"dataframe_split":{"columns":[%s],"data":[[1]]}}', '{"dataframe_split":{"data":[[%s]]}}',
])  # fmt: skip
def test_a_table_of_millions_of_columns(server, form):
    body = form % ",".join(["1"] * 4_000_000)
    headers = {"Content-Type": "application/json"}
    refused_at_once(server, "/invocations", body.encode(), ["4000000 columns", "at most 65540"], headers)


def test_rows_that_lack_everything(server):
    rows = ",".join(["{}"] * 5_000_000)
    words = ["by row 4194304", "at most 67108864 bytes"]
    refused_at_once(server, "/models/named/predict", f"[{rows}]".encode(), words)
    csv = b"z\n" + b"0\n" * 5_000_000
    refused_at_once(server, "/models/named/invocations", csv, words, {"Content-Type": "text/csv"})
    assert server.post("/models/named/predict", [{}] * 1000).status == 200


# What a large request took.


def test_very_many_texts_leave_nothing_behind(server):
    workers = server.workers("identity_string")
    path = "/v2/models/identity_string/infer"
    few = {"inputs": [{"name": "x", "shape": [1, 2], "datatype": "BYTES", "data": ["a", "b"]}]}
    count = 6_000_000
    texts = ",".join(['""'] * count)
    many = f'{{"inputs":[{{"name":"x","shape":[1,{count}],"datatype":"BYTES","data":[{texts}]}}]}}'
    assert server.post(path, few).status == 200
    before = processes.proportional_bytes(workers)
    answer = server.post(path, many.encode())
    assert answer.status == 200 and answer.json["outputs"][0]["shape"] == [1, count]
    assert server.post(path, few).status == 200
    # ONNX Runtime keeps the memory of its largest run, 32 bytes for each text. We keep nothing for them; while they
    # were read, run and answered it was another 48.
    assert processes.proportional_bytes(workers) - before < 32 * count + (48 << 20)
    assert server.workers("identity_string") == workers


def test_an_id_is_short(server):
    body = {"id": "i" * (1 << 20), **json.loads(IRIS.v2_json([0])[0])}
    refused_at_once(server, "/v2/models/iris/infer", json.dumps(body).encode(), ["'id' has 1048576 bytes", "1024"])
