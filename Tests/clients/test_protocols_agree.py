"""The same rows in every protocol give the same numbers, and what is wrong with them is refused in every protocol."""

import csv
import io
import json
import random

import numpy as np
import pytest

from models import model, pack_bytes, read_v2

NAMES = ["iris", "tabular", "forest", "mlp"]


def features(one):
    """The names of a row's values: of the inputs, or of the columns of the only one."""
    return one.columns or [f"f{n}" for n in range(len(one.rows[0]))]


def random_rows(one, generator):
    """Rows near the known ones: numbers that are float32, texts that the model knows."""
    rows = []
    for _ in range(generator.randint(1, 9)):
        row = []
        for place in range(len(one.rows[0])):
            value = generator.choice(one.rows)[place]
            if not isinstance(value, str):
                value = float(np.float32(value * generator.uniform(0.5, 1.5) + generator.uniform(-1, 1)))
            row.append(value)
        rows.append(row)
    return rows


class Forms:
    """Each way to ask with rows: a request, and the outputs {name: array} in its answer."""

    def __init__(self, server, one):
        self.server, self.one = server, one

    def v2(self, rows, binary):
        inputs, tail = [], b""
        for name, datatype, array in self.tensors(rows):
            tensor = {"name": name, "datatype": datatype, "shape": list(array.shape)}
            if binary:
                raw = pack_bytes(array) if datatype == "BYTES" else array.tobytes()
                tensor["parameters"] = {"binary_data_size": len(raw)}
                tail += raw
            else:
                tensor["data"] = array.ravel().tolist()
            inputs.append(tensor)
        body = {"inputs": inputs, "parameters": {"binary_data_output": binary}}
        head = json.dumps(body).encode()
        headers = {"Inference-Header-Content-Length": str(len(head))} if binary else {}
        return self.server.post(f"/v2/models/{self.one.name}/infer", head + tail, headers)

    def tensors(self, rows):
        if not self.one.columns:
            return [("X", "FP32", np.array(rows, np.float32))]
        tensors = []
        for name, values in zip(self.one.columns, zip(*rows)):
            is_text = isinstance(self.one.rows[0][self.one.columns.index(name)], str)
            array = np.array(values, object if is_text else np.float32).reshape(-1, 1)
            tensors.append((name, "BYTES" if is_text else "FP32", array))
        return tensors

    def objects(self, rows):
        return [dict(zip(self.one.columns, row)) if self.one.columns else {"X": row} for row in rows]

    def v2_json(self, rows):
        return self.v2(rows, False)

    def v2_binary(self, rows):
        return self.v2(rows, True)

    def tf_row(self, rows):
        instances = self.objects(rows) if self.one.columns else rows
        return self.server.post(f"/v1/models/{self.one.name}:predict", {"instances": instances})

    def tf_column(self, rows):
        columns = self.one.columns
        inputs = {name: [row[n] for row in rows] for n, name in enumerate(columns)} if columns else rows
        return self.server.post(f"/v1/models/{self.one.name}:predict", {"inputs": inputs})

    def predict(self, rows):
        return self.server.post(f"/models/{self.one.name}/predict", self.objects(rows))

    def predict_data(self, rows):
        return self.server.post(f"/models/{self.one.name}/predict", {"data": rows})

    def torchserve(self, rows):
        return self.server.post(f"/predictions/{self.one.name}", self.objects(rows))

    def mlflow(self, body, type="application/json"):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.server.post(f"/models/{self.one.name}/invocations", body, {"Content-Type": type})

    def mlflow_split(self, rows):
        return self.mlflow({"dataframe_split": {"columns": features(self.one), "data": rows}})

    def mlflow_records(self, rows):
        return self.mlflow({"dataframe_records": [dict(zip(features(self.one), row)) for row in rows]})

    def csv(self, rows):
        text = io.StringIO()
        csv.writer(text).writerows([features(self.one), *rows])
        return self.mlflow(text.getvalue().encode(), "text/csv")

    # Answers.

    def outputs(self, form, answer):
        """[labels, probabilities] as arrays with a row for each row."""
        assert answer.status == 200, (form, answer.body[:300])
        if form.startswith("v2"):
            return [array.reshape(array.shape[0], -1) for array in read_v2(answer).values()]
        said = answer.json
        if form == "tf_column":
            columns = [said["outputs"][name] for name in self.one.outputs]
        else:
            records = said if isinstance(said, list) else said["predictions"]
            columns = [[record[name] for record in records] for name in self.one.outputs]
        if isinstance(columns[1][0], dict):
            columns[1] = [[row[str(c)] for c in self.one.classes] for row in columns[1]]
        return [np.array(column).reshape(len(column), -1) for column in columns]


FORMS = [
    "v2_json", "v2_binary", "tf_row", "tf_column", "predict", "predict_data", "torchserve", "mlflow_split",
    "mlflow_records", "csv",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_same_rows_give_the_same_numbers(server, name):
    one, generator = model(name), random.Random(f"rows of {name}")
    forms = Forms(server, one)
    for _ in range(6):
        rows = random_rows(one, generator)
        wanted = forms.outputs("v2_binary", forms.v2_binary(rows))
        for form in FORMS:
            labels, probabilities = forms.outputs(form, getattr(forms, form)(rows))
            assert labels.ravel().tolist() == wanted[0].ravel().tolist(), form
            # Answers in JSON are the shortest text of the same float32.
            assert np.array_equal(np.asarray(probabilities, np.float32), wanted[1]), (form, rows)


def broken(one, generator):
    """Rows with one thing wrong, and the forms that can say them."""
    rows = random_rows(one, generator)
    place = generator.randrange(len(rows[0]))
    typed = [form for form in FORMS if not form.startswith("v2")] + ["v2_json"]
    numbers = [n for n, value in enumerate(one.rows[0]) if not isinstance(value, str)]
    text = [list(row) for row in rows]
    text[-1][generator.choice(numbers)] = "many"
    yield text, [form for form in typed if form != "v2_json"]
    short = [row[:place] + row[place + 1 :] for row in rows]
    # A row without its last value, under as many names: no column is there twice.
    if not one.columns:
        yield short, ["v2_json", "v2_binary", "tf_row", "tf_column", "predict", "predict_data", "torchserve"]
        ragged = [*rows, rows[0][:-1]]
        yield ragged, ["tf_row", "tf_column", "predict", "predict_data", "torchserve", "mlflow_split", "csv"]
    yield [], ["predict", "predict_data", "tf_row", "mlflow_split", "mlflow_records", "csv"]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_wrong_is_refused_in_every_form(server, name):
    one, generator = model(name), random.Random(f"broken rows of {name}")
    forms = Forms(server, one)
    for _ in range(4):
        for rows, said_by in broken(one, generator):
            for form in said_by:
                answer = getattr(forms, form)(rows)
                assert answer.status == 400, (form, rows, answer.body[:300])
                sentence = answer.json.get("error") or answer.json.get("message")
                assert sentence and "many" not in sentence, (form, answer.body)
