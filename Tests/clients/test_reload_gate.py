"""A new version that clients of the serving one cannot go on with is refused by name, and the old one serves on."""

import onnx
import pytest

from linear import linear
from server import run

COLUMNS = ["a", "b", "c", "d"]
ROW = dict.fromkeys(COLUMNS, 1.0)


def put(folder, columns, graph=None):
    """A model of one matrix, whose columns are {name: what `schema.yaml` says of it}."""
    folder.mkdir(exist_ok=True)
    onnx.save(graph or linear(columns=len(columns)), folder / "model.onnx")
    lines = (f"- {{name: {name}{', ' + more if more else ''}}}\n" for name, more in columns.items())
    (folder / "schema.yaml").write_text("inputs:\n" + "".join(lines))


def named(**changes):
    return {**dict.fromkeys(COLUMNS, ""), "d": "required: false", **changes}


# What the new version is, and the sentence that names it.
CHANGES = {
    "removed": ({name: "" for name in "abc"}, "column 'd' was removed"),
    "renamed": ({"a": "", "x": "", "c": "", "d": "required: false"}, "column 'b' was renamed to 'x'"),
    "retyped": (named(a="type: long"), "column 'a' was FP32 and is now INT64"),
    "required": (named(d=""), "column 'd' was optional and is now required"),
    "moved": ({"b": "", "a": "", "c": "", "d": "required: false"}, "column 'a' was number 1 and is now number 2"),
    "added": ({**named(), "e": ""}, "column 'e' is new and required"),
}


@pytest.fixture
def server(tmp_path, serve):
    for name in CHANGES:
        put(tmp_path / name, named())
    models = [f"{name}={tmp_path / name}" for name in CHANGES]
    return serve(*models, "--workers", "1", "--reload", "manual")


def test_what_changed_is_named_and_the_old_version_serves_on(tmp_path, server):
    server.allowed_errors = "reload refused"
    before = {one["name"]: one["generation"] for one in server.status()["models"]}
    answers = {name: server.post(f"/models/{name}/predict", ROW).json for name in CHANGES}
    for name, (columns, _) in CHANGES.items():
        put(tmp_path / name, columns)
    refused = run("reload", "--wait", "--runtime-dir", server.runtime, timeout=120)
    assert refused.returncode == 77
    status = {one["name"]: one for one in server.status()["models"]}
    for name, (_, sentence) in CHANGES.items():
        assert sentence in refused.stderr
        assert sentence in status[name]["reason"]
        assert status[name]["generation"] == before[name]
        assert server.post(f"/models/{name}/predict", ROW).json == answers[name]


@pytest.mark.parametrize("change", CHANGES)
def test_diff_says_the_same_beforehand(tmp_path, change):
    columns, sentence = CHANGES[change]
    put(tmp_path / "old", named())
    put(tmp_path / "new", columns)
    done = run("diff", tmp_path / "old", tmp_path / "new")
    assert done.returncode == 1
    assert sentence in done.stdout


def test_an_input_of_a_model_of_several_is_named(tmp_path, serve):
    for folder, names in (("old", ("a", "b", "c")), ("new", ("a", "b"))):
        (tmp_path / folder).mkdir()
        onnx.save(linear(names, len(names)), tmp_path / folder / "model.onnx")
    server = serve(f"m={tmp_path / 'old'}", "--workers", "1", "--reload", "manual")
    server.allowed_errors = "reload refused"
    (tmp_path / "new/model.onnx").rename(tmp_path / "old/model.onnx")
    refused = run("reload", "--wait", "--runtime-dir", server.runtime)
    assert refused.returncode == 77 and "input 'c' was removed" in refused.stderr
    assert server.post("/predict", dict.fromkeys("abc", 1.0)).status == 200
