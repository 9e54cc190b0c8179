"""`apus-export`: what it writes answers as the estimator does, in Apus and in MLflow."""

import errno
import hashlib
import itertools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import joblib
import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
from estimators import CASES, MIXED, people
from server import ROOT, Server
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

PACKAGE = ROOT / "deploy/export"
sys.path.insert(0, str(PACKAGE / "src"))

from apus_export import baseline, cli, folder, graph, table, verify  # noqa: E402
from apus_export.errors import ExportError  # noqa: E402
from apus_export.estimator import Estimator  # noqa: E402

ASKED = 40
FILES = {
    "model.onnx", "MLmodel", "baseline.json", "request.json", "input_example.json",
    "serving_input_example.json", "requirements.txt", "conda.yaml", "python_env.yaml",
}  # fmt: skip


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """{name: Exported} of all cases, written by the command line."""
    folder = tmp_path_factory.mktemp("export")
    return {case.name: Exported(case, folder) for case in CASES}


@pytest.fixture(scope="module")
def serving(exported):
    arguments = [f"{name}={one.out.parent}" for name, one in exported.items()]
    with Server(*arguments, "--workers", "1") as running:
        yield running


class Exported:
    """A case's model folder, and the estimator that it was made from."""

    def __init__(self, case, folder):
        self.case = case
        self.estimator, self.data = case.write(folder)
        self.out = folder / "models" / case.name / "1"
        pickle, data = folder / f"{case.name}.pkl", folder / f"{case.name}.csv"
        self.arguments = [pickle, "--data", data, "--target", case.target, "--out", self.out]
        assert export(*self.arguments, *case.options) == 0

    @property
    def baseline(self):
        return json.loads((self.out / "baseline.json").read_text())

    def answers(self, data):
        """[{output: value}] as `/predict` says it, from the estimator itself."""
        features = self.case.features(data)
        answers = self.estimator.predict(features).tolist()
        if self.case.target == "spent":
            return [{"prediction": answer} for answer in answers]
        if not hasattr(self.estimator, "predict_proba"):
            return [{"label": answer} for answer in answers]
        chances = self.estimator.predict_proba(features).tolist()
        names = [str(name) for name in self.estimator.classes_]
        return [
            {"label": answer, "probabilities": dict(zip(names, row, strict=True))}
            for answer, row in zip(answers, chances, strict=True)
        ]


def export(*arguments):
    return cli.main([str(argument) for argument in arguments])


def assert_alike(found, wanted):
    """The same answer, up to the rounding of float32."""
    assert type(found) is type(wanted) or isinstance(found, int | float), (found, wanted)
    if isinstance(wanted, dict):
        assert list(found) == list(wanted)
        for key in wanted:
            assert_alike(found[key], wanted[key])
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, rel=1e-4, abs=1e-4)
    else:
        assert found == wanted


def records(data, columns):
    """Rows as objects, a gap as null."""
    rows = data[columns].to_dict("records")
    return [{k: None if v != v else v for k, v in row.items()} for row in rows]


# Serving.


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_the_served_model_answers_as_the_estimator(serving, exported, name):
    one = exported[name]
    data = one.data.sample(ASKED, random_state=3)
    wanted = one.answers(data)
    rows = records(data, one.case.columns)
    if "--matrix" in one.case.options:
        rows = [{"X": list(row.values())} for row in rows]
    answer = serving.post(f"/models/{name}/predict", rows)
    assert answer.status == 200, answer.body
    for found, row in zip(answer.json, wanted, strict=True):
        assert_alike(found, row)


@pytest.mark.parametrize("name", [case.name for case in CASES if not case.options])
def test_the_example_request_is_answered(serving, exported, name):
    request = (exported[name].out / "request.json").read_bytes()
    answer = serving.post(f"/models/{name}/predict", request)
    assert answer.status == 200, answer.body
    assert_alike(answer.json, exported[name].answers(pd.DataFrame([json.loads(request)]).fillna(np.nan))[0])


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_golden_rows_have_the_estimators_own_answers(serving, exported, name):
    """They are asked over the V2 protocol, as whole tensors."""
    metadata = serving.get(f"/v2/models/{name}").json
    golden = exported[name].baseline["golden"]
    assert 0 < len(golden) <= 8
    for row in golden:
        inputs = [
            {"name": one["name"], "datatype": one["datatype"], "data": row["inputs"][one["name"]],
             "shape": [1, *one["shape"][1:]]}
            for one in metadata["inputs"]
        ]  # fmt: skip
        answer = serving.post(f"/v2/models/{name}/infer", {"inputs": inputs})
        assert answer.status == 200, answer.body
        for output in answer.json["outputs"]:
            wanted = np.array(row["outputs"][output["name"]]).ravel().tolist()
            if isinstance(wanted[0], float):
                assert output["data"] == pytest.approx(wanted, abs=row["atol"])
            else:
                assert output["data"] == wanted


def test_the_schema_digest_is_that_of_the_served_schema(serving, exported):
    for name, one in exported.items():
        metadata = serving.get(f"/v2/models/{name}").json
        lines = ""
        for side in ("inputs", "outputs"):
            for tensor in metadata[side]:
                kind = "map" if tensor["name"] == "probabilities" else "tensor"
                fields = [side[:-1], tensor["name"], tensor["datatype"], str(len(tensor["shape"])), kind]
                lines += "\t".join(fields) + "\n"
        assert one.baseline["schema_sha256"] == hashlib.sha256(lines.encode()).hexdigest()


# MLflow.


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_mlflow_loads_the_folder_and_answers_the_same(exported, name):
    one = exported[name]
    loaded = mlflow.pyfunc.load_model(str(one.out))
    assert loaded.metadata.signature.inputs.input_names() == one.case.columns
    data = one.data.head(5)
    wanted = one.answers(data)
    features = data[one.case.columns]
    if "--matrix" in one.case.options:
        features = features.astype(float)
    found = loaded.predict(features).to_dict("records")
    for answer, row in zip(found, wanted, strict=True):
        if "probabilities" in answer:
            answer["probabilities"] = {str(k): v for k, v in answer["probabilities"].items()}
        assert_alike(answer, row)


def test_mlflow_reads_the_input_example(exported):
    one = exported["logistic"]
    model = mlflow.models.Model.load(str(one.out))
    example = model.load_input_example(str(one.out))
    assert list(example.columns) == MIXED
    assert len(mlflow.pyfunc.load_model(str(one.out)).predict(example)) == 1


# The baseline.


def test_a_baseline_remembers_each_column(exported):
    document = exported["logistic"].baseline
    data = people()
    assert document["format"] == "apus.baseline/1" and document["rows"] == len(data)
    assert [one["name"] for one in document["features"]] == MIXED
    features = {one["name"]: one for one in document["features"]}
    score = features["score"]
    assert score["missing"] == data.score.isna().sum() and score["count"] == len(data)
    assert score["mean"] == pytest.approx(data.score.mean())
    assert score["std"] == pytest.approx(data.score.std(ddof=0))
    assert features["country"]["values"] == data.country.value_counts().to_dict()
    assert [one["name"] for one in document["outputs"]] == ["label", "confidence"]
    performance = document["performance"]
    assert performance["metric"] == "accuracy" and performance["rows"] == len(data)


@pytest.mark.parametrize("values", [
    np.random.default_rng(1).normal(size=5000),
    np.array([0.0, 0, 0, 1, 1, 2, np.nan]),
    np.array([3.0]),
], ids=["normal", "repeated", "one"])  # fmt: skip
def test_a_value_belongs_to_the_bin_after_the_last_edge_that_is_not_above_it(values):
    found = baseline.histogram(values)
    edges = found["edges"]
    bins = [[] for _ in range(len(edges) + 1)]
    for value in values[~np.isnan(values)]:
        bins[sum(edge <= value for edge in edges)].append(value)
    assert edges == sorted(set(edges)) and len(edges) <= 27
    assert found["counts"] == [len(one) for one in bins]
    assert found["sums"] == pytest.approx([sum(one) for one in bins])
    assert all(0 <= index < len(edges) for index in found["coarse"])


def test_the_schema_digest_is_over_these_bytes():
    inputs = [graph.Input("age", "INT64", [-1], ["age"]), graph.Input("é", "BYTES", [-1], ["é"])]
    outputs = [graph.Output("label", "INT64", [-1]), graph.Output("probabilities", "FP32", [-1, 2], "map")]
    text = (
        "input\tage\tINT64\t1\ttensor\ninput\té\tBYTES\t1\ttensor\n"
        "output\tlabel\tINT64\t1\ttensor\noutput\tprobabilities\tFP32\t2\tmap\n"
    )
    assert baseline.schema_sha256(inputs, outputs) == hashlib.sha256(text.encode()).hexdigest()


# The folder and the command line.


def test_the_folder_is_whole_and_is_not_overwritten_unasked(exported, capsys):
    one = exported["one_column"]
    assert {path.name for path in one.out.iterdir()} == FILES
    assert [path.name for path in one.out.parent.iterdir()] == ["1"], "nothing else is left"
    assert export(*one.arguments) == 1
    assert "exists; --force replaces it" in capsys.readouterr().err
    assert export(*one.arguments, "--force") == 0


def renames(monkeypatch, *failing):
    """Of the renames that follow, those with these numbers fail, from 0 on."""
    real, numbers = os.rename, itertools.count()

    def rename(old, new):
        if next(numbers) in failing:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(old, new)

    monkeypatch.setattr(os, "rename", rename)


@pytest.mark.parametrize("failing", [0, 1])
def test_the_old_folder_stays_when_the_new_one_cannot_take_its_place(tmp_path, monkeypatch, failing):
    out = tmp_path / "1"
    folder.write({"model.onnx": b"old"}, out)
    renames(monkeypatch, failing)
    with pytest.raises(ExportError, match="cannot be written: Input/output error$"):
        folder.write({"model.onnx": b"new"}, out, replace=True)
    assert (out / "model.onnx").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["1"], "nothing else is left"
    folder.write({"model.onnx": b"new"}, out, replace=True)
    assert (out / "model.onnx").read_bytes() == b"new"


def test_an_old_folder_that_cannot_come_back_is_told_where_it_is(tmp_path, monkeypatch):
    out = tmp_path / "1"
    folder.write({"model.onnx": b"old"}, out)
    renames(monkeypatch, 1, 2)
    with pytest.raises(ExportError, match="what was there is in") as caught:
        folder.write({"model.onnx": b"new"}, out, replace=True)
    place = Path(str(caught.value).rsplit(" ", 1)[-1])
    assert (place / "model.onnx").read_bytes() == b"old"


def test_nothing_is_written_when_the_labels_differ(tmp_path, monkeypatch, capsys):
    data = people()[["age", "income", "left"]]
    fitted = LogisticRegression(max_iter=200).fit(data[["age", "income"]], data.left)
    joblib.dump(fitted, tmp_path / "model.pkl")
    data.to_csv(tmp_path / "data.csv", index=False)
    real = Estimator.answers
    monkeypatch.setattr(Estimator, "answers", lambda *a: {**real(*a), "label": 1 - real(*a)["label"]})
    out = tmp_path / "models/1"
    assert export(tmp_path / "model.pkl", "--data", tmp_path / "data.csv", "--target", "left", "--out", out) == 1
    said = capsys.readouterr().err
    assert f"{len(data)} of {len(data)} labels differ" in said and "nothing is written" in said
    assert not out.exists() and not (tmp_path / "models").exists()


def test_loading_a_pickle_is_warned_about(exported, capsys):
    export(*exported["one_column"].arguments)
    assert "runs whatever code it holds" in capsys.readouterr().err


class Unknown(BaseEstimator):
    def predict(self, rows):
        return rows


@pytest.mark.parametrize(("model", "arguments", "sentence"), [
    (None, [], "there is no file"),
    ({"not": "an estimator"}, [], "builtins.dict, which has no predict()"),
    (StandardScaler(), [], "which has no predict()"),
    (Unknown(), [], "cannot be converted to ONNX"),
    ("fitted", ["--target", "other"], "has no column 'other'; it has 'age', 'income', 'left'"),
    ("renamed", ["--target", "left"], "lacks 'years'; the estimator was fitted on 'years', 'income'"),
    ("fitted", ["--valid", "other=0:1"], "--valid names 'other'"),
], ids=["missing", "dict", "transformer", "unknown", "target", "column", "valid"])  # fmt: skip
def test_a_refusal_names_what_was_found(tmp_path, capsys, model, arguments, sentence):
    data = people()[["age", "income", "left"]]
    data.to_csv(tmp_path / "data.csv", index=False)
    features = data[["age", "income"]]
    if model == "renamed":
        features = features.rename(columns={"age": "years"})
    if isinstance(model, str):
        model = LogisticRegression(max_iter=200).fit(features, data.left)
    if model is not None:
        joblib.dump(model, tmp_path / "model.pkl")
    assert export(tmp_path / "model.pkl", "--data", tmp_path / "data.csv", "--out", tmp_path / "1", *arguments) == 1
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "1").exists()


def test_mixed_columns_need_a_column_transformer():
    frame = people()[["age", "country"]]
    estimator = Estimator(LogisticRegression().fit(frame[["age"]], people().left))
    with pytest.raises(ExportError, match="starts with a ColumnTransformer"):
        graph.convert(estimator, table.Table(frame, {"age": "number", "country": "text"}), dtype=np.float32, opset=17)


def test_rows_that_lack_a_word_are_counted_and_not_compared():
    frame = pd.DataFrame({"word": ["a", None, "b"], "n": [1.0, 2.0, 3.0]})
    whole = table.Table(frame, {"word": "text", "n": "number"}).complete()
    assert whole.frame.n.tolist() == [1.0, 3.0]


def test_a_difference_of_predictions_is_in_parts_of_the_largest():
    assert verify._difference(np.array([[1000.0], [0.0]]), [1001.0, 0.0]) == pytest.approx(1 / 1001)
    assert verify._difference(np.array([0.5]), [0.4]) == pytest.approx(0.1)
    assert verify._difference(np.array([np.nan]), [0.4]) == float("inf")


def test_the_package_installs_and_its_script_runs(tmp_path):
    source = shutil.copytree(PACKAGE, tmp_path / "source")  # pip leaves its own files there
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--disable-pip-version-check", "--target", tmp_path, source], check=True)
    done = subprocess.run(
        [sys.executable, tmp_path / "bin/apus-export", "--help"],
        env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "A pickle runs code when it is loaded" in done.stdout
