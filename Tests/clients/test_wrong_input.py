"""Wrong input of every kind: the right status, a sentence that names what was expected and what was
found, in the protocol's own shape; then the server goes on, and its memory has not grown."""

import gzip
import json
import re
import struct
import zlib

import numpy as np
import pytest

from models import NAMES, model, pack_bytes
from processes import wait_until
from server import Server
from wire import Connection

IRIS = model("iris")
TABULAR = model("tabular")
INFER = "/v2/models/iris/infer"
PREDICT = "/models/iris/predict"
MAX_BODY = 64 << 20


def v2(**changes):
    """A right request for iris with its one input changed; a change to `...` leaves the key out."""
    tensor = {"name": "X", "datatype": "FP32", "shape": [1, 4], "data": [5.1, 3.5, 1.4, 0.2]}
    tensor.update(changes)
    return {"inputs": [{key: value for key, value in tensor.items() if value is not ...}]}


def binary(size, raw=bytes(16), shape=(1, 4), length=None, beyond=0):
    """(body, headers) of a request with a binary tensor whose parts need not fit together."""
    tensor = {"name": "X", "datatype": "FP32", "shape": shape}
    head = json.dumps({"inputs": [{**tensor, "parameters": {"binary_data_size": size}}]}).encode()
    count = len(head) + beyond if length is None else length
    return head + raw, {"Inference-Header-Content-Length": str(count)}


def tabular(**changes):
    return {key: value for key, value in {**TABULAR.object(0), **changes}.items() if value is not ...}


def nested(depth, opening, closing):
    return (opening * depth + closing * depth).encode()


# name: (path, body, headers, status, what the sentence must hold)
V2 = {
    "an input of another name": (v2(name="Y"), 400, ["'Y'", "'X'"]),
    "no input": ({"inputs": []}, 400, ["'X'"]),
    "the same input twice": ({"inputs": v2()["inputs"] * 2}, 400, ["'X'", "twice"]),
    "an extra input": ({"inputs": v2()["inputs"] + v2(name="Z")["inputs"]}, 400, ["'Z'"]),
    "no inputs key": ({"id": "1"}, 400, ["inputs"]),
    "inputs that are an object": ({"inputs": {}}, 400, ["inputs"]),
    "a tensor that is a number": ({"inputs": [3]}, 400, []),
    "another datatype": (v2(datatype="INT32", data=[1, 2, 3, 4]), 400, ["INT32", "FP32"]),
    "a datatype that nobody knows": (v2(datatype="FP33"), 400, ["FP33"]),
    "a datatype that is a number": (v2(datatype=7), 400, ["datatype"]),
    "no datatype": (v2(datatype=...), 400, ["datatype"]),
    "no name": (v2(name=...), 400, ["name"]),
    "no shape": (v2(shape=...), 400, ["shape"]),
    "no data": (v2(data=...), 400, ["data"]),
    "a fifth feature": (v2(shape=[1, 5], data=[1, 2, 3, 4, 5]), 400, [r"\[-1, ?4\]", r"\[1, ?5\]"]),
    "a rank of one": (v2(shape=[4]), 400, [r"\[-1, ?4\]", r"\[4\]"]),
    "more data than the shape": (v2(data=[1, 2, 3, 4, 5]), 400, ["5", "4"]),
    "less data than the shape": (v2(data=[1, 2, 3]), 400, ["3", "4"]),
    "nested data that is uneven": (v2(shape=[2, 4], data=[[1, 2, 3, 4], [5, 6, 7]]), 400, []),
    "a negative dimension": (v2(shape=[-1, 4]), 400, ["shape|dimension"]),
    "a fractional dimension": (v2(shape=[1.5, 4]), 400, ["shape|dimension"]),
    "a shape that is text": (v2(shape="1,4"), 400, ["shape"]),
    "a huge declared shape": (v2(shape=[1 << 40, 4]), 400, []),
    "a shape whose product overflows": (v2(shape=[1 << 62, 1 << 62]), 400, []),
    "a dimension beyond 64 bits": (v2(shape=[10**30, 4]), 400, []),
    "text among numbers": (v2(data=[1, 2, "three", 4]), 400, ["'X'"]),
    "an object among numbers": (v2(data=[1, 2, {}, 4]), 400, ["'X'"]),
    "a truth value among numbers": (v2(data=[1, 2, True, 4]), 400, ["'X'"]),
    "an output of another name": ({**v2(), "outputs": [{"name": "ghost"}]}, 400, ["ghost", "label"]),
    "outputs that are text": ({**v2(), "outputs": "label"}, 400, ["outputs"]),
    "parameters that are a list": ({**v2(), "parameters": []}, 400, ["parameters"]),
    "classification into -1 classes": (
        {**v2(), "outputs": [{"name": "probabilities", "parameters": {"classification": -1}}]},
        400, ["classification"]),
    "no rows, as data": (v2(shape=[0, 4], data=[1]), 400, ["1", "0"]),
}  # fmt: skip

BROKEN_JSON = {
    "empty": b"",
    "blank": b"   \r\n",
    "cut short": b'{"inputs":[{"name":"X"',
    "single quotes": b"{'inputs':[]}",
    "a comma too many": b'{"inputs":[],}',
    "text after the end": b'{"inputs":[]} {}',
    "a list": b"[]",
    "a number": b"12",
    "null": b"null",
    "broken UTF-8": b'{"inputs":[{"name":"\xff\xfe"}]}',
    "a lone surrogate": b'{"inputs":[{"name":"\\ud800"}]}',
    "NUL bytes": bytes(100),
    "lists 10,000 deep": nested(10_000, "[", "]"),
    "objects 10,000 deep": nested(10_000, '{"a":', "}").replace(b":}", b":1}", 1),
    "data 10,000 deep": json.dumps(v2()).replace("[5.1", "[" * 10_000 + "5.1").encode(),
    "a number of 100,000 digits": json.dumps(v2()).replace("5.1", "1" * 100_000).encode(),
    "hex floats": json.dumps(v2()).replace("5.1", "0x10").encode(),
}  # fmt: skip

SIZES = {
    "fewer bytes than the shape": binary(12, bytes(12)),
    "more bytes than the shape": binary(20, bytes(20)),
    "a size beyond the body": binary(16, bytes(8)),
    "bytes left over": binary(16, bytes(24)),
    "a negative size": binary(-16),
    "a size of 2^63": binary(1 << 63),
    "a size that is text": binary("16"),
    "a header longer than the body": binary(16, length=100_000),
    "a header that is too short": binary(16, length=10),
    "a header that goes into the tensor": binary(16, bytes(32), beyond=8),
    "no header length though there are bytes": (binary(16)[0], {}),
    "a raw body of another size": (bytes(20), {"Inference-Header-Content-Length": "0"}),
    "huge shape, no bytes": binary(0, b"", shape=(1 << 50, 4)),
}

HEADER_LENGTHS = ["-1", "1e3", "0x10", "", " ", "99999999999999999999", "12 12"]

STRINGS = {
    "a length beyond the tensor": struct.pack("<I", 100) + b"ab",
    "a length of 4 GiB": struct.pack("<I", 0xFFFFFFFF) + b"ab",
    "a cut length": b"\1\0",
    "one text too few": b"",
    "one text too many": pack_bytes(np.array(["male", "male"], object)),
}

PREDICTIONS = {
    "a feature of another name": (tabular(agee=1, age=...), 400, ["age"]),
    "a missing feature": (tabular(age=...), 400, ["age"]),
    "text for a number": (tabular(age="old"), 400, ["age"]),
    "a number for text": (tabular(sex=3), 400, ["sex"]),
    "null for text": (tabular(sex=None), 400, ["sex"]),
    "a list for a number": (tabular(age=[[1, 2], [3, 4]]), 400, ["age"]),
    "an object for a number": (tabular(age={}), 400, ["age"]),
    "a list with an item that is no object": ([tabular(), 3], 400, []),
    "rows of data too short": ({"data": [[1, 2]]}, 400, ["6|six"]),
    "data that is not a list": ({"data": 1}, 400, ["data"]),
    "a number": (3, 400, []),
}


def sentence(answer):
    """The error's text, in the shape of `/v2` and of our own paths. No path, address or data in it."""
    assert answer.headers["Content-Type"] == "application/json"
    error = answer.json["error"]
    assert isinstance(error, str) and len(error) > 10, error
    assert not re.search(r"/tmp|/home|\.onnx|0x[0-9a-f]{6}|Swift|Optional\(", error), error
    assert len(error) < 1000
    return error


def check(answer, status, words):
    assert answer.status == status, answer.body[:500]
    error = sentence(answer)
    for word in words:
        assert re.search(word, error), f"{word} is not in: {error}"


@pytest.fixture(autouse=True)
def goes_on(server):
    yield
    IRIS.check_v2([0], server.post(INFER, *IRIS.v2_json([0])))


@pytest.mark.parametrize("name", V2)
def test_v2_requests(server, name):
    body, status, words = V2[name]
    check(server.post(INFER, body), status, words)


@pytest.mark.parametrize("name", BROKEN_JSON)
@pytest.mark.parametrize("path", [INFER, PREDICT])
def test_broken_json(server, path, name):
    check(server.post(path, BROKEN_JSON[name]), 400, [])


@pytest.mark.parametrize("name", SIZES)
def test_binary_sizes_that_do_not_add_up(server, name):
    check(server.post(INFER, *SIZES[name]), 400, [])


@pytest.mark.parametrize("length", HEADER_LENGTHS)
def test_inference_header_lengths_that_are_no_numbers(server, length):
    body, _ = binary(16)
    check(server.post(INFER, body, {"Inference-Header-Content-Length": length}), 400, [])


@pytest.mark.parametrize("name", STRINGS)
def test_binary_text_that_does_not_add_up(server, name):
    inputs, tail = [], b""
    for column, datatype, array in TABULAR.tensors([0]):
        raw = pack_bytes(array) if datatype == "BYTES" else array.tobytes()
        raw = STRINGS[name] if column == "sex" else raw
        size = {"binary_data_size": len(raw)}
        inputs.append({"name": column, "datatype": datatype, "shape": [1, 1], "parameters": size})
        tail += raw
    head = json.dumps({"inputs": inputs}).encode()
    headers = {"Inference-Header-Content-Length": str(len(head))}
    check(server.post("/v2/models/tabular/infer", head + tail, headers), 400, ["'sex'"])


@pytest.mark.parametrize("name", PREDICTIONS)
def test_predictions(server, name):
    body, status, words = PREDICTIONS[name]
    check(server.post("/models/tabular/predict", body), status, words)


@pytest.mark.parametrize("name", NAMES)
def test_a_request_without_rows_is_answered_without_or_refused(server, name):
    """Some models run on no rows and some cannot: that is no fault of theirs."""
    inputs = [
        {"name": one["name"], "datatype": one["datatype"], "shape": [0, *one["shape"][1:]], "data": []}
        for one in server.get(f"/v2/models/{name}").json["inputs"]
    ]
    answer = server.post(f"/v2/models/{name}/infer", {"inputs": inputs})
    if name == "mlp":
        assert answer.status == 400 and "elements in every input, got [0,784]" in answer.json["error"]
    else:
        assert answer.status == 200 and {one["shape"][0] for one in answer.json["outputs"]} == {0}


def test_rows_that_differ_in_count_are_refused(server):
    inputs = json.loads(TABULAR.v2_json([0, 1])[0])["inputs"]
    inputs[2].update(shape=[1, 1], data=inputs[2]["data"][:1])
    check(server.post("/v2/models/tabular/infer", {"inputs": inputs}), 400, ["'relatives'", "2", "1"])


@pytest.mark.parametrize("method, path, status, words", [
    ("POST", "/v2/models/nobody/infer", 404, ["unknown model: 'nobody'"]),
    ("GET", "/v2/models/nobody", 404, ["unknown model: 'nobody'"]),
    ("POST", "/models/nobody/predict", 404, ["'nobody'"]),
    ("POST", "/v2/models/iris/versions/77/infer", 404, ["'iris'", "77"]),
    ("GET", "/v2/models/iris/versions/77", 404, ["'iris'", "77"]),
    ("POST", "/v2/models/iris/versions/99999999999999999999/infer", 400, ["version", "number"]),
    ("POST", "/v2/models/iris/versions/two/infer", 400, ["version", "number"]),
    ("POST", "/models/iris/versions/77/predict", 404, ["'iris'", "77"]),
    ("GET", "/v2/models/iris/infers", 404, []),
    ("GET", "/nowhere", 404, []),
    ("GET", "/../../etc/passwd", 404, []),
])  # fmt: skip
def test_what_is_not_there(server, method, path, status, words):
    body = IRIS.v2_json([0])[0] if method == "POST" else None
    check(server.request(method, path, body), status, words)


@pytest.mark.parametrize("name", ["%00", "a%0d%0aSet-Cookie:%20x", "%3Cscript%3E", "x" * 3000])
def test_odd_names_are_not_reflected(server, name):
    answer = server.get(f"/v2/models/{name}")
    assert answer.status in (400, 404)
    assert "Set-Cookie" not in answer.headers
    assert len(answer.body) < 2000


@pytest.mark.parametrize("values", ["[NaN, 1, 1, 1]", "[Infinity, 1, 1, 1]", "[-Infinity, 1, 1, 1]",
                                    "[null, 1, 1, 1]"])  # fmt: skip
def test_values_that_are_not_finite_are_taken_and_given(server, values):
    """They are input like any other to a float tensor; what comes of them is never a bare NaN here."""
    body = json.dumps(v2(data="?")).replace('"?"', values).encode()
    answer = server.post(INFER, body)
    assert answer.status == 200, answer.body

    def refuse(token):
        raise AssertionError(f"bare {token}")

    json.loads(answer.body, parse_constant=refuse)


def test_no_token_of_javascript_is_taken_for_an_integer(server):
    body = json.dumps(v2(datatype="FP32")).replace("5.1", "nan").encode()
    check(server.post(INFER, body), 400, [])


# Sizes.


def test_a_content_length_of_1_gib_is_refused_unread(server):
    before = server.proportional_bytes()
    with Connection(server) as connection:
        connection.request("POST", INFER, f"Content-Length: {1 << 30}")
        response = connection.read()
        assert response.status == 413
        assert str(MAX_BODY) in json.loads(response.body)["error"]
    assert server.proportional_bytes() - before < 1 << 20


def test_a_gib_in_chunks_is_refused_at_the_limit(server):
    chunk = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
    before = server.proportional_bytes()
    with Connection(server) as connection:
        connection.request("POST", INFER, "Transfer-Encoding: chunked")
        sent = 0
        try:
            while sent < 1 << 30:
                connection.send(chunk)
                sent += 1 << 20
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert sent <= MAX_BODY + (16 << 20)
        try:
            assert connection.read().status == 413
        except ConnectionResetError:
            pass  # the answer was lost to the reset that our further bytes caused
    assert server.proportional_bytes() - before < 80 << 20


@pytest.mark.parametrize("coding, pack", [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_bomb_is_refused_when_it_has_grown_too_large(server, coding, pack):
    """Each of the two workers may hold one body of the largest size, unpacked, and no more."""
    body = pack(b" " * (200 << 20))
    before = server.proportional_bytes()
    check(server.post(INFER, body, {"Content-Encoding": coding}), 413, [str(MAX_BODY)])
    assert server.proportional_bytes() - before < 2 * MAX_BODY


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize("body", [b"", b"not packed at all", gzip.compress(b"{}")[:-4],
                                  gzip.compress(b"{}") + b"tail"])  # fmt: skip
def test_bodies_that_do_not_unpack(server, coding, body):
    check(server.post(INFER, body, {"Content-Encoding": coding}), 400, [])


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "compress"])
def test_codings_that_are_not_known(server, coding):
    check(server.post(INFER, b"{}", {"Content-Encoding": coding}), 415, [])


def test_a_smaller_limit_is_kept_to_the_byte(serve):
    body, headers = IRIS.v2_json([0])
    running = serve(IRIS.argument, "--workers", "1", "--max-body", len(body))
    assert running.post(INFER, body, headers).status == 200
    check(running.post(INFER, body + b" ", headers), 413, [str(len(body))])


# Many.


def all_requests():
    for body, _, _ in V2.values():
        yield INFER, json.dumps(body).encode(), {}
    for body in BROKEN_JSON.values():
        yield INFER, body, {}
        yield PREDICT, body, {}
    for body, headers in SIZES.values():
        yield INFER, body, headers
    for body, _, _ in PREDICTIONS.values():
        yield "/models/tabular/predict", json.dumps(body).encode(), {}


def test_memory_does_not_grow():
    """40 rounds of everything above after 10 to warm up, on kept connections."""
    with Server(IRIS.argument, TABULAR.argument, "--workers", "2") as server:
        def rounds(count):
            with Connection(server) as connection:
                for _ in range(count):
                    for path, body, headers in all_requests():
                        fields = [f"{name}: {value}" for name, value in headers.items()]
                        response = connection.ask("POST", path, *fields, body=body)
                        assert response.status == 400, response.body

        rounds(10)
        # `ready` says that one worker serves; by now all have been forked.
        wait_until(lambda: len(server.workers()) == 4)
        pids = server.processes()
        before = server.proportional_bytes()
        rounds(40)
        assert server.proportional_bytes() - before < 2 << 20
        assert server.processes() == pids, "no process died of it"
