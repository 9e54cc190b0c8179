"""The files that make a folder an MLflow model (mlflow.onnx, MLflow 2 and 3)."""

import json
import platform
import uuid
from datetime import datetime, timezone
from importlib.metadata import version

import numpy as np
import yaml

from .table import BOOLEAN, TEXT

NEEDED = ["mlflow", "numpy", "onnx", "onnxruntime", "pandas"]
TYPES = {"FP32": "float", "FP64": "double", "INT64": "long", "BOOL": "boolean", "BYTES": "string"}
# MLflow refuses a float64 column for `float`; for `double` it takes it, and narrows it itself.
COLUMN_TYPES = {**TYPES, "FP32": "double"}


def mlmodel(graph, table, byte_count):
    """The text of `MLmodel`: its signature has one column per feature, whatever the graph takes."""
    document = {
        "flavors": {
            "onnx": {
                "code": None,
                "data": "model.onnx",
                "onnx_session_options": None,
                "onnx_version": version("onnx"),
                "providers": ["CPUExecutionProvider"],
            },
            "python_function": {
                "data": "model.onnx",
                "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
                "loader_module": "mlflow.onnx",
                "python_version": platform.python_version(),
            },
        },
        "model_size_bytes": byte_count,
        "model_uuid": uuid.uuid4().hex,
        "saved_input_example_info": {
            "artifact_path": "input_example.json",
            "pandas_orient": "split",
            "serving_input_path": "serving_input_example.json",
            "type": "dataframe",
        },
        "signature": signature(graph, table),
        "utc_time_created": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f"),
    }
    return yaml.safe_dump(document, sort_keys=True)


def signature(graph, table):
    """MLflow's own form: lists of ColSpec, as JSON in strings."""
    dtypes = {column: one.dtype for one in graph.inputs for column in one.columns}
    inputs = [
        {"type": COLUMN_TYPES[dtypes[name]], "name": name, "required": True}
        for name in table.columns
    ]
    return {
        "inputs": json.dumps(inputs, ensure_ascii=False),
        "outputs": json.dumps([_output(one) for one in graph.outputs], ensure_ascii=False),
        "params": None,
    }


def _output(one):
    name = {"name": one.name, "required": True}
    if one.kind == "map":
        return {"type": "map", "values": {"type": TYPES[one.dtype]}, **name}
    if len(one.shape) == 2 and one.shape[1] != 1:
        return {"type": "array", "items": {"type": TYPES[one.dtype]}, **name}
    return {"type": TYPES[one.dtype], **name}


def environment():
    """{file: text} of what MLflow installs to serve the model elsewhere."""
    requirements = [_pinned(name) for name in NEEDED]
    python = platform.python_version()
    conda = {
        "channels": ["conda-forge"],
        "dependencies": [f"python={python}", "pip", {"pip": requirements}],
        "name": "mlflow-env",
    }
    virtualenv = {
        "python": python,
        "build_dependencies": ["pip", "setuptools", "wheel"],
        "dependencies": ["-r requirements.txt"],
    }
    return {
        "requirements.txt": "\n".join(requirements) + "\n",
        "conda.yaml": yaml.safe_dump(conda, sort_keys=False),
        "python_env.yaml": yaml.safe_dump(virtualenv, sort_keys=False),
    }


def _pinned(name):
    return name if name == "mlflow" else f"{name}=={version(name)}"


def examples(table, row):
    """{file: text} of one row as a request: for `/predict`, and twice as MLflow writes it."""
    values = {name: _value(table, name, row) for name in table.columns}
    split = {"columns": table.columns, "data": [list(values.values())]}
    return {
        "request.json": _text(values),
        "input_example.json": _text(split),
        "serving_input_example.json": _text({"dataframe_split": split}),
    }


def _value(table, name, row):
    value, kind = table.frame[name].iloc[row], table.kinds[name]
    if kind == TEXT:
        return str(value)
    if kind == BOOLEAN:
        return bool(value)
    if not np.isfinite(value):
        return None
    return int(value) if isinstance(value, np.integer) else float(value)


def _text(value):
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
