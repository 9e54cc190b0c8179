"""A container's platform starts the server with variables of its own, and asks by its own contract.

SageMaker: "Use Your Own Inference Code with Hosting Services"; Vertex AI: "Custom container requirements for
prediction". The port is left to the machine, as nobody here knows a free one.
"""

import json
import shutil

import pytest

from models import model
from server import Server

JSON = {"Content-Type": "application/json"}
IRIS = model("iris")


@pytest.fixture
def folder(tmp_path):
    """The model as the platforms put it into a container: the unpacked archive."""
    shutil.copy(IRIS.path, tmp_path / "model.onnx")
    return tmp_path


def test_sagemaker(folder):
    with Server(folder, variables={"SAGEMAKER_BIND_TO_PORT": "0"}) as server:
        assert server.host == "0.0.0.0"  # it is asked from outside of the container
        answer = server.get("/ping")
        assert answer.status == 200
        answer = server.post("/invocations", {"instances": IRIS.rows[:2]}, JSON)
        assert answer.status == 200 and answer.json["predictions"]["label"] == IRIS.labels[:2]
        table = "a,b,c,d\n" + ",".join(map(str, IRIS.rows[0])) + "\n"
        answer = server.post("/invocations", table.encode(), {"Content-Type": "text/csv"})
        assert answer.status == 200 and answer.json["predictions"][0]["label"] == IRIS.labels[0]
        # SageMaker hands the status and the body on to who called InvokeEndpoint.
        answer = server.post("/invocations", b"{", JSON)
        assert answer.status == 400 and "message" in answer.json


def test_vertex(folder):
    """The model is where AIP_STORAGE_URI says, and no argument names it."""
    predict, health = "/v1/endpoints/1/deployedModels/2:predict", "/v1/endpoints/1/deployedModels/2"
    variables = {
        "AIP_HTTP_PORT": "0", "AIP_PREDICT_ROUTE": predict, "AIP_HEALTH_ROUTE": health, "AIP_STORAGE_URI": str(folder),
        "AIP_MODE": "PREDICTION", "AIP_FRAMEWORK": "CUSTOM_CONTAINER",
    }  # fmt: skip
    with Server(variables=variables) as server:
        assert server.host == "0.0.0.0"
        assert server.get(health).status == 200
        asked = {"instances": IRIS.rows[:2], "parameters": {"anything": 1}}
        answer = server.post(predict, asked, JSON)
        assert answer.status == 200
        assert [one["label"] for one in answer.json["predictions"]] == IRIS.labels[:2]
        answer = server.post(predict, {"instances": [[1, "secret"]]}, JSON)
        assert answer.status == 400 and "secret" not in json.dumps(answer.json)
        assert server.get(predict).status == 405


def test_what_the_user_says_counts_before_the_platform(folder):
    variables = {"AIP_HTTP_PORT": "1", "AIP_STORAGE_URI": "/nowhere"}
    with Server(f"iris={folder}", "--listen", "127.0.0.1:0", variables=variables) as server:
        assert server.host == "127.0.0.1"
        assert server.get("/v2/models/iris/ready").status == 200
