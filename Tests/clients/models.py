"""The models that the tests serve, with scikit-learn's own answers, and requests for them."""

import json
import struct
from functools import cache
from pathlib import Path

import numpy as np

from server import ROOT

FIXTURES = ROOT / "Tests/Fixtures"
DEMO = ROOT / "deploy/demo"
NAMES = ["iris", "tabular", "forest", "mlp", "penguins"]
TOLERANCE = 1e-5


@cache
def model(name):
    return _demo() if name == "penguins" else _fixture(name)


def _fixture(name):
    facts = json.loads((FIXTURES / f"{name}.json").read_text())
    return Model(
        name=name,
        path=FIXTURES / f"{name}.onnx",
        columns=facts["columns"],
        rows=facts["rows"],
        classes=facts["classes"],
        labels=facts["expected"]["labels"],
        probabilities=facts["expected"]["probabilities"],
        outputs=[output["name"] for output in facts["onnx_outputs"]],
        maps=facts["onnx_outputs"][1]["type"] == "sequence_type",
    )


def _demo():
    facts = json.loads((DEMO / "expected.json").read_text())
    columns = list(facts["rows"][0])
    return Model(
        name="penguins",
        path=DEMO / "penguins.onnx",
        columns=columns,
        rows=[[row[column] for column in columns] for row in facts["rows"]],
        classes=facts["classes"],
        labels=facts["species"],
        probabilities=facts["probability"],
        outputs=["species", "probability"],
        maps=True,
    )


class Model:
    """A model of a table: either one input `X` [N, features], or one input [N, 1] per column."""

    def __init__(self, **facts):
        self.__dict__.update(facts)

    @property
    def argument(self):
        return f"{self.name}={self.path}"

    @property
    def count(self):
        return len(self.rows)

    # Requests.

    def object(self, index):
        """One row as `/predict` takes it."""
        row = self.rows[index]
        return dict(zip(self.columns, row)) if self.columns else {"X": row}

    def tensors(self, indices):
        """[(name, datatype, array)] for some rows."""
        rows = [self.rows[index] for index in indices]
        if not self.columns:
            return [("X", "FP32", np.array(rows, np.float32))]
        columns = zip(self.columns, zip(*rows))
        return [_column(name, values) for name, values in columns]

    def v2_json(self, indices):
        inputs = [
            {"name": name, "datatype": datatype, "shape": array.shape, "data": array.ravel().tolist()}
            for name, datatype, array in self.tensors(indices)
        ]
        return json.dumps({"inputs": inputs}).encode(), {"Content-Type": "application/json"}

    def v2_binary(self, indices):
        """The request with binary tensors both ways."""
        inputs, tail = [], b""
        for name, datatype, array in self.tensors(indices):
            raw = pack_bytes(array) if datatype == "BYTES" else array.tobytes()
            size = {"binary_data_size": len(raw)}
            shape = list(array.shape)
            inputs.append({"name": name, "datatype": datatype, "shape": shape, "parameters": size})
            tail += raw
        head = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
        headers = {
            "Content-Type": "application/octet-stream",
            "Inference-Header-Content-Length": str(len(head)),
        }
        return head + tail, headers

    # Answers.

    def check_object(self, index, answer):
        """`answer` is what `/predict` said about one row."""
        label, probabilities = (answer[name] for name in self.outputs)
        if self.maps:
            assert set(probabilities) == set(map(str, self.classes))
            probabilities = [probabilities[str(c)] for c in self.classes]
        self._check([index], [label], [probabilities])

    def check_v2(self, indices, answer):
        """`answer` is the status, headers and body of an infer request."""
        outputs = read_v2(answer)
        assert list(outputs) == self.outputs
        label, probabilities = outputs.values()
        count = len(indices)
        assert label.shape in [(count,), (count, 1)], label.shape
        assert probabilities.shape == (count, len(self.classes))
        self._check(indices, label.ravel().tolist(), probabilities.tolist())

    def _check(self, indices, labels, probabilities):
        assert labels == [self.labels[index] for index in indices]
        wanted = [self.probabilities[index] for index in indices]
        np.testing.assert_allclose(probabilities, wanted, rtol=0, atol=TOLERANCE)


def _column(name, values):
    if isinstance(values[0], str):
        return name, "BYTES", np.array(values, object).reshape(-1, 1)
    return name, "FP32", np.array(values, np.float32).reshape(-1, 1)


def pack_bytes(array):
    """BYTES as the binary tensor extension has them: each with its length before it."""
    texts = [text.encode() if isinstance(text, str) else text for text in array.ravel()]
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def unpack_bytes(raw):
    texts = []
    while raw:
        (length,) = struct.unpack_from("<I", raw)
        texts.append(raw[4 : 4 + length].decode())
        raw = raw[4 + length :]
    return texts


NUMPY = {
    "BOOL": "?", "UINT8": "u1", "UINT16": "u2", "UINT32": "u4", "UINT64": "u8", "INT8": "i1",
    "INT16": "i2", "INT32": "i4", "INT64": "i8", "FP16": "f2", "FP32": "f4", "FP64": "f8",
}  # fmt: skip


def read_v2(answer):
    """{name: array} of an infer answer, JSON or binary."""
    assert answer.status == 200, answer.body[:500]
    length = answer.headers["Inference-Header-Content-Length"]
    head = json.loads(answer.body[: int(length)] if length else answer.body)
    tail = answer.body[int(length) :] if length else b""
    outputs = {}
    for output in head["outputs"]:
        size = output.get("parameters", {}).get("binary_data_size")
        if size is None:
            values = np.array(output["data"], NUMPY.get(output["datatype"], object))
        else:
            values, tail = _binary(output["datatype"], tail[:size]), tail[size:]
        outputs[output["name"]] = values.reshape(output["shape"])
    assert tail == b"", "bytes are left over"
    return outputs


def _binary(datatype, raw):
    if datatype == "BYTES":
        return np.array(unpack_bytes(raw), object)
    return np.frombuffer(raw, "<" + NUMPY[datatype])
