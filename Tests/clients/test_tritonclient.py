"""Triton's own Python client, unmodified, does all that it offers except shared memory.

Every call is made through both of its faces: `tritonclient.http` (gevent) and its `aio` twin. The
tests are written once, against `Client`.
"""

import asyncio
import inspect
import shutil

import numpy as np
import pytest
import tritonclient.http as sync
import tritonclient.http.aio as aio
from tritonclient.utils import InferenceServerException

from models import model

IRIS = model("iris")


class Client:
    """Calls either client; an `aio` call is run to its end on a loop of ours."""

    def __init__(self, kind, address, **options):
        self.kind = kind
        self.loop = asyncio.new_event_loop() if kind == "aio" else None
        self.target = self._make(address, options)

    def _make(self, address, options):
        if self.kind == "sync":
            return sync.InferenceServerClient(address, **options)

        async def make():  # aiohttp wants its loop to run
            return aio.InferenceServerClient(address, **options)

        return self.loop.run_until_complete(make())

    def __getattr__(self, name):
        method = getattr(self.target, name)

        def call(*arguments, **options):
            result = method(*arguments, **options)
            return self.loop.run_until_complete(result) if inspect.isawaitable(result) else result

        return call

    def end(self):
        self.close()
        if self.loop:
            self.loop.close()


@pytest.fixture(params=["sync", "aio"])
def client(request, server):
    one = Client(request.param, server.address)
    yield one
    one.end()


def inputs(one, indices, binary=True):
    made = []
    for name, datatype, array in one.tensors(indices):
        tensor = sync.InferInput(name, list(array.shape), datatype)
        tensor.set_data_from_numpy(array, binary_data=binary)
        made.append(tensor)
    return made


def check(one, indices, result):
    label, probabilities = (result.as_numpy(name) for name in one.outputs)
    labels = [v.decode() if isinstance(v, bytes) else v for v in label.ravel().tolist()]
    assert labels == [one.labels[i] for i in indices]
    wanted = [one.probabilities[i] for i in indices]
    np.testing.assert_allclose(probabilities, wanted, rtol=0, atol=1e-5)


# Health, metadata, configuration.


def test_health(client):
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready("iris")
    version = client.get_model_metadata("iris")["versions"][0]
    assert client.is_model_ready("iris", version)
    assert not client.is_model_ready("nobody")
    assert not client.is_model_ready("iris", "77")


def test_server_metadata(client):
    metadata = client.get_server_metadata()
    assert isinstance(metadata["name"], str) and isinstance(metadata["version"], str)
    assert {"binary_tensor_data", "classification", "model_configuration", "statistics",
            "parameters", "schedule_policy"} <= set(metadata["extensions"])  # fmt: skip
    assert not any("shared_memory" in name for name in metadata["extensions"])


def test_model_metadata(client):
    metadata = client.get_model_metadata("tabular")
    assert metadata["name"] == "tabular"
    assert all(isinstance(version, str) for version in metadata["versions"])
    assert metadata["platform"] in ("onnx_onnxv1", "onnxruntime_onnx")
    found = [(i["name"], i["datatype"], i["shape"]) for i in metadata["inputs"]]
    assert found == [
        (name, datatype, [-1, 1]) for name, datatype, _ in model("tabular").tensors([0])
    ]
    names = {output["name"]: output for output in metadata["outputs"]}
    assert names["output_label"]["datatype"] == "BYTES"
    assert names["output_probability"]["datatype"] == "FP32"
    assert names["output_probability"]["shape"] == [-1, 2]
    same = client.get_model_metadata("tabular", metadata["versions"][0])
    assert same == metadata


def test_model_config(client):
    config = client.get_model_config("iris")
    assert config["name"] == "iris"
    assert isinstance(config["max_batch_size"], int)
    assert [i["name"] for i in config["input"]] == ["X"]
    assert config["input"][0]["data_type"] == "TYPE_FP32"
    assert [o["name"] for o in config["output"]] == ["label", "probabilities"]


def test_repository_index(client):
    index = client.get_model_repository_index()
    assert {entry["name"] for entry in index} == {"iris", "tabular", "forest", "mlp", "penguins"}
    assert all(entry["state"] == "READY" and entry["version"] for entry in index)


def test_statistics_count_what_was_asked(client):
    before = client.get_inference_statistics("iris")["model_stats"][0]
    client.infer("iris", inputs(IRIS, range(3)))
    after = client.get_inference_statistics("iris")["model_stats"][0]
    assert after["inference_count"] == before["inference_count"] + 3
    assert after["execution_count"] > before["execution_count"]
    success = after["inference_stats"]["success"]
    assert success["count"] == before["inference_stats"]["success"]["count"] + 1
    assert success["ns"] > before["inference_stats"]["success"]["ns"]
    assert after["inference_stats"]["compute_infer"]["ns"] > 0
    assert after["last_inference"] > 1.7e12, "milliseconds since 1970"
    everything = client.get_inference_statistics()["model_stats"]
    assert {"iris", "tabular"} <= {entry["name"] for entry in everything}


# Inference.


@pytest.mark.parametrize("name", ["iris", "tabular", "forest", "mlp", "penguins"])
@pytest.mark.parametrize("binary", [True, False])
def test_infer(client, name, binary):
    one = model(name)
    for indices in ([0], list(range(one.count))):
        check(one, indices, client.infer(name, inputs(one, indices, binary)))


@pytest.mark.parametrize("binary", [True, False])
def test_requested_outputs(client, binary):
    outputs = [sync.InferRequestedOutput("probabilities", binary_data=binary)]
    result = client.infer("iris", inputs(IRIS, [0, 1]), outputs=outputs)
    assert result.as_numpy("label") is None
    assert result.as_numpy("probabilities").shape == (2, 3)


def test_binary_and_json_mixed_both_ways(client):
    one = model("tabular")
    made = []
    for position, (name, datatype, array) in enumerate(one.tensors(range(4))):
        tensor = sync.InferInput(name, list(array.shape), datatype)
        tensor.set_data_from_numpy(array, binary_data=position % 2 == 0)
        made.append(tensor)
    outputs = [
        sync.InferRequestedOutput("output_label", binary_data=False),
        sync.InferRequestedOutput("output_probability", binary_data=True),
    ]
    check(one, range(4), client.infer("tabular", made, outputs=outputs))


@pytest.mark.parametrize("request_coding", [None, "gzip", "deflate"])
@pytest.mark.parametrize("response_coding", [None, "gzip", "deflate"])
def test_compression_both_ways(client, request_coding, response_coding):
    one = model("mlp")
    result = client.infer(
        "mlp",
        inputs(one, range(16)),
        request_compression_algorithm=request_coding,
        response_compression_algorithm=response_coding,
    )
    check(one, range(16), result)


@pytest.mark.parametrize("binary", [True, False])
def test_classification(client, binary):
    outputs = [sync.InferRequestedOutput("probabilities", binary_data=binary, class_count=2)]
    result = client.infer("iris", inputs(IRIS, [0, 5]), outputs=outputs)
    classes = result.as_numpy("probabilities")
    assert classes.shape == (2, 2)
    for row, index in zip(classes, [0, 5]):
        parts = [(v.decode() if isinstance(v, bytes) else v).split(":") for v in row]
        wanted = sorted(enumerate(IRIS.probabilities[index]), key=lambda pair: -pair[1])[:2]
        assert [int(part[1]) for part in parts] == [position for position, _ in wanted]
        values = [float(part[0]) for part in parts]
        np.testing.assert_allclose(values, [value for _, value in wanted], atol=1e-5)


def test_classification_names_the_classes_of_a_zip_map(client):
    one = model("tabular")
    outputs = [sync.InferRequestedOutput("output_probability", class_count=1)]
    result = client.infer("tabular", inputs(one, [0]), outputs=outputs)
    (best,) = result.as_numpy("output_probability").ravel()
    assert best.decode().split(":")[2] == one.labels[0]


def test_request_id(client):
    result = client.infer("iris", inputs(IRIS, [0]), request_id="my-17")
    assert result.get_response()["id"] == "my-17"
    assert "id" not in client.infer("iris", inputs(IRIS, [0])).get_response()


def test_model_version(client):
    version = client.get_model_metadata("iris")["versions"][-1]
    result = client.infer("iris", inputs(IRIS, [0]), model_version=version)
    assert result.get_response()["model_version"] == version
    assert result.get_response()["model_name"] == "iris"


def test_priority_timeout_and_parameters(client):
    result = client.infer(
        "iris", inputs(IRIS, [0]), priority=1, timeout=5_000_000, parameters={"who": "me", "n": 1}
    )
    check(IRIS, [0], result)


def test_headers_and_query_parameters(client):
    options = {"headers": {"x-request-id": "q-1"}, "query_params": {"a": "b c"}}
    check(IRIS, [0], client.infer("iris", inputs(IRIS, [0]), **options))
    assert client.is_server_live(**options)


def test_bodies_made_and_read_apart_from_the_client(server, client):
    body, length = sync.InferenceServerClient.generate_request_body(inputs(IRIS, [0, 1]))
    answer = server.post(
        "/v2/models/iris/infer", bytes(body), {"Inference-Header-Content-Length": str(length)}
    )
    found = int(answer.headers["Inference-Header-Content-Length"])
    parse = type(client.target).parse_response_body
    check(IRIS, [0, 1], parse(answer.body, header_length=found))


def test_async_infer_of_the_sync_client(server):
    with sync.InferenceServerClient(server.address, concurrency=8) as client:
        indices = [i % IRIS.count for i in range(64)]
        pending = [client.async_infer("iris", inputs(IRIS, [i])) for i in indices]
        for index, request in zip(indices, pending):
            check(IRIS, [index], request.get_result(timeout=20))
        failing = client.async_infer("nobody", inputs(IRIS, [0]))
        with pytest.raises(InferenceServerException, match="Request for unknown model: 'nobody'"):
            failing.get_result()


def test_gathered_requests_of_the_aio_client(server):
    async def ask_all():
        async with aio.InferenceServerClient(server.address) as client:
            indices = [i % IRIS.count for i in range(64)]
            asked = [client.infer("iris", inputs(IRIS, [i])) for i in indices]
            for index, result in zip(indices, await asyncio.gather(*asked)):
                check(IRIS, [index], result)

    asyncio.run(ask_all())


# Refusals come as the client's own exception, with the server's sentence.


@pytest.mark.parametrize("call, sentence", [
    (lambda c: c.get_model_metadata("nobody"), "unknown model: 'nobody'"),
    (lambda c: c.get_model_metadata("two words"), "unknown model: 'two words'"),
    (lambda c: c.get_model_config("nobody"), "unknown model: 'nobody'"),
    (lambda c: c.get_inference_statistics("nobody"), "unknown model: 'nobody'"),
    (lambda c: c.infer("nobody", inputs(IRIS, [0])), "unknown model: 'nobody'"),
    (lambda c: c.infer("iris", inputs(IRIS, [0]), model_version="77"), "77"),
    (lambda c: c.infer("forest", inputs(IRIS, [0])), r"\[-1,\s?30\], got \[1,\s?4\]"),
    (lambda c: c.infer("tabular", inputs(model("tabular"), [0])[:-1]), "class"),
    (lambda c: c.infer("iris", inputs(IRIS, [0]),
                       outputs=[sync.InferRequestedOutput("ghost")]), "ghost"),
])  # fmt: skip
def test_refusals(client, call, sentence):
    with pytest.raises(InferenceServerException, match=sentence):
        call(client)


def test_a_wrong_datatype_is_named(client):
    tensor = sync.InferInput("X", [1, 4], "INT32")
    tensor.set_data_from_numpy(np.zeros((1, 4), np.int32))
    with pytest.raises(InferenceServerException, match="'X' data-type is 'INT32'.*'FP32'"):
        client.infer("iris", [tensor])


@pytest.mark.parametrize("call", [
    lambda c: c.load_model("iris"),
    lambda c: c.load_model("iris", config='{"max_batch_size": 8}'),
    lambda c: c.unload_model("iris", unload_dependents=True),
    lambda c: c.get_trace_settings(),
    lambda c: c.update_trace_settings("iris", {"trace_rate": "1"}),
    lambda c: c.get_log_settings(),
    lambda c: c.update_log_settings({"log_verbose_level": 1}),
    lambda c: c.get_system_shared_memory_status(),
    lambda c: c.register_system_shared_memory("a", "/a", 4),
    lambda c: c.unregister_cuda_shared_memory(),
])  # fmt: skip
def test_what_is_not_offered_is_refused_in_words(client, call):
    """It works, or the client gets a sentence, never an answer that it cannot parse."""
    try:
        call(client)
    except InferenceServerException as refusal:
        assert refusal.status() is not None
        assert len(refusal.message()) > 10 and "Parse error" not in refusal.message()
    check(IRIS, [0], client.infer("iris", inputs(IRIS, [0])))


# Paths.


def test_a_model_file_whose_path_has_spaces(serve, tmp_path):
    folder = tmp_path / "my models, all of them"
    folder.mkdir()
    shutil.copy(IRIS.path, folder / "the iris model.onnx")
    running = serve(f"iris={folder / 'the iris model.onnx'}", "--workers", "1")
    with sync.InferenceServerClient(running.address) as client:
        check(IRIS, [0], client.infer("iris", inputs(IRIS, [0])))


def test_a_model_whose_name_has_spaces(serve, tmp_path):
    shutil.copy(IRIS.path, tmp_path / "two words.onnx")
    running = serve(tmp_path / "two words.onnx", "--workers", "1")
    with sync.InferenceServerClient(running.address) as client:
        assert client.is_model_ready("two words")
        check(IRIS, [0], client.infer("two words", inputs(IRIS, [0])))


def test_a_folder_of_versions_serves_the_newest(serve, tmp_path):
    for version in ("1", "3", "12"):
        (tmp_path / "iris" / version).mkdir(parents=True)
        shutil.copy(IRIS.path, tmp_path / "iris" / version / "model.onnx")
    running = serve(tmp_path / "iris", "--workers", "1")
    with sync.InferenceServerClient(running.address) as client:
        result = client.infer("iris", inputs(IRIS, [0]))
        assert result.get_response()["model_version"] == "12"
        assert client.is_model_ready("iris", "12")


def test_a_repository_serves_all_its_models(serve, tmp_path):
    for name in ("iris", "tabular"):
        (tmp_path / name / "1").mkdir(parents=True)
        shutil.copy(model(name).path, tmp_path / name / "1" / "model.onnx")
    running = serve("--repository", tmp_path, "--workers", "1")
    with sync.InferenceServerClient(running.address) as client:
        for name in ("iris", "tabular"):
            check(model(name), [0, 1], client.infer(name, inputs(model(name), [0, 1])))
