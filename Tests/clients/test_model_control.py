"""Models are loaded and unloaded by Triton's own client, unmodified, and every answer comes when it is done."""

import shutil

import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from models import model
from test_tritonclient import check, inputs

IRIS = model("iris")


@pytest.fixture
def repository(tmp_path):
    for name in ("iris", "tabular"):
        put(tmp_path, name, 1)
    return tmp_path


def put(repository, name, version):
    folder = repository / name / str(version)
    folder.mkdir(parents=True)
    shutil.copy(model(name).path, folder / "model.onnx")


@pytest.fixture
def running(serve, repository):
    return serve(
        "--repository", repository, "--workers", "1", "--model-control", "--reload", "manual")


@pytest.fixture
def client(running):
    with triton.InferenceServerClient(running.address) as one:
        yield one


def index(client):
    return {(row["name"], row["version"]): (row["state"], row["reason"])
            for row in client.get_model_repository_index()}


def test_unload_and_load(client):
    client.unload_model("iris")
    assert index(client) == {("iris", "1"): ("UNAVAILABLE", "unloaded"), ("tabular", "1"): ("READY", "")}
    assert not client.is_model_ready("iris")
    assert client.is_server_ready()
    with pytest.raises(InferenceServerException, match="unknown model: 'iris'"):
        client.infer("iris", inputs(IRIS, [0]))
    client.load_model("iris")
    assert client.is_model_ready("iris")
    check(IRIS, [0, 1], client.infer("iris", inputs(IRIS, [0, 1])))
    assert index(client)[("iris", "1")] == ("READY", "")


def test_load_takes_a_new_version(client, repository):
    put(repository, "iris", 7)
    assert not client.is_model_ready("iris", "7")
    client.load_model("iris")
    assert client.infer("iris", inputs(IRIS, [0])).get_response()["model_version"] == "7"
    (repository / "more").mkdir()
    shutil.copytree(repository / "tabular" / "1", repository / "more" / "1")
    client.load_model("more")
    assert client.is_model_ready("more")


def test_what_cannot_be_loaded(client, running, repository):
    running.allowed_errors = "reload refused"
    with pytest.raises(InferenceServerException, match="failed to load 'none', no version is available"):
        client.load_model("none")
    with pytest.raises(InferenceServerException, match="failed to unload 'none'"):
        client.unload_model("none")
    (repository / "iris" / "8").mkdir()
    (repository / "iris" / "8" / "model.onnx").write_text("no model")
    with pytest.raises(InferenceServerException, match="failed to load 'iris'") as error:
        client.load_model("iris")
    assert str(repository) not in str(error.value)
    check(IRIS, [0], client.infer("iris", inputs(IRIS, [0])))
    with pytest.raises(InferenceServerException, match="'config' is not supported"):
        client.load_model("iris", config="{}")


def test_not_without_leave(serve):
    running = serve(IRIS.argument, "--workers", "1")
    for action in ("load", "unload"):
        answer = running.post(f"/v2/repository/models/iris/{action}", {})
        assert answer.status == 403 and "not enabled" in answer.json["error"]
