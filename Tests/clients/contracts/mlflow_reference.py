"""MLflow's own scoring server, on models that MLflow itself wrote.

    mlflow_reference.py save FOLDER      reads {"name": {"onnx": …, "columns"?, "rows"?, "external"?}, …}, writes FOLDER/name
    mlflow_reference.py ask FOLDER       reads [{"name", "type", "body"}, …], prints [{"status", "body"}, …]

Both read JSON from standard input.
"""

import json
import logging
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import mlflow  # noqa: E402
import mlflow.onnx  # noqa: E402
import onnx  # noqa: E402
import pandas  # noqa: E402
from fastapi.testclient import TestClient  # noqa: E402
from mlflow.models import infer_signature  # noqa: E402
from mlflow.pyfunc import scoring_server  # noqa: E402


def save(folder, models):
    for name, facts in models.items():
        signature = example = None
        if "columns" in facts:
            example = pandas.DataFrame(facts["rows"], columns=facts["columns"])
            signature = infer_signature(example)
        # MLflow leaves small tensors in the graph; with a threshold of 0 all of them go to a file beside it.
        options = {"save_as_external_data": bool(facts.get("external"))}
        graph = onnx.load(facts["onnx"])
        if facts.get("external"):
            onnx.convert_model_to_external_data(graph, location="model.onnx.data", size_threshold=0)
        mlflow.onnx.save_model(graph, str(folder / name), signature=signature, input_example=example, **options)


def ask(folder, questions):
    clients, answers = {}, []
    for question in questions:
        name = question["name"]
        if name not in clients:
            model = mlflow.pyfunc.load_model(str(folder / name))
            clients[name] = TestClient(scoring_server.init(model))
        headers = {"content-type": question["type"]}
        answer = clients[name].post("/invocations", content=question["body"], headers=headers)
        answers.append({"status": answer.status_code, "body": answer.text})
    return answers


if __name__ == "__main__":
    work, folder = {"save": save, "ask": ask}[sys.argv[1]], Path(sys.argv[2])
    result = work(folder, json.load(sys.stdin))
    print("\n" + json.dumps(result))
