"""The command line: exit codes, and sentences that say what to do."""

import json
import os
import re
import subprocess

import onnx
import pytest
from onnx import TensorProto, helper

from models import model
from server import BINARY, LIBRARY, environment, run

IRIS = model("iris")

OK, USAGE, MODEL, UNAVAILABLE, BIND, LIBRARY_MISSING, CREATE = 0, 64, 65, 69, 71, 72, 73


def refused(*arguments, variables=None):
    """`apus serve` that should end by itself."""
    if not any(str(a).startswith("--listen") for a in arguments):
        arguments += ("--listen", "127.0.0.1:0")
    return run("serve", *arguments, variables=variables, timeout=60)


def said(done, status, *words):
    """It ended with `status` and one sentence or more on standard error that hold `words`."""
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    assert "ready" not in done.stdout
    for word in words:
        assert re.search(word, done.stderr), f"{word} is not in: {done.stderr}"
    assert not re.search(r"\.swift:\d+: Fatal error|Stack dump", done.stderr)


@pytest.fixture
def config(tmp_path):
    def write(text):
        path = tmp_path / "apus.yaml"
        path.write_text(text)
        return path

    return write


# What is known.


def test_help_and_version():
    for arguments in (["--help"], ["serve", "--help"], ["--version"]):
        done = run(*arguments)
        assert done.returncode == 0 and done.stdout and not done.stderr
    for flag in ("--listen", "--workers", "--proxies", "--max-batch", "--timeout", "--runtime-dir"):
        assert flag in run("serve", "--help").stdout


@pytest.mark.parametrize("arguments, words", [
    (["serve", "--worker", "2", "m.onnx"], ["--worker\\b", "--workers"]),
    (["serve", "m.onnx", "--workers", "none"], ["workers", "none"]),
    (["serve", "m.onnx", "--workers", "0"], ["workers", "1"]),
    (["serve", "m.onnx", "--listen", "localhost"], ["listen", "localhost"]),
    (["serve", "m.onnx", "--listen", "127.0.0.1:99999"], ["listen", "99999"]),
    (["serve", "m.onnx", "--batching", "maybe"], ["batching", "maybe", "auto"]),
    (["serve", "m.onnx", "--max-body", "lots"], ["max-body", "lots"]),
    (["serve"], ["no model", "MODEL"]),
    (["serve", "/nowhere/m.onnx"], ["/nowhere/m.onnx"]),
    (["serve", f"x={IRIS.path}", f"x={model('mlp').path}"], ["'x'", "iris.onnx", "mlp.onnx"]),
    (["serve", IRIS.path, "--default-model", "q"], ["default-model", "'q'", "iris"]),
    (["sevre", "m.onnx"], ["sevre"]),
])  # fmt: skip
def test_wrong_arguments(arguments, words):
    said(run(*arguments), USAGE, *words)


def test_an_unknown_variable_names_the_nearest(tmp_path):
    said(refused(IRIS.path, variables={"APUS_WORKER": "2"}), USAGE, "APUS_WORKER\\b", "APUS_WORKERS")


@pytest.mark.parametrize("text, words", [
    ("workres: 2\n", ["workres", "line 1", "workers"]),
    ("listen: 127.0.0.1:0\nmodels:\n  - {path: m.onnx, max-bacth: 3}\n", ["max-bacth", "line 3", "max-batch"]),
    ("workers: many\n", ["workers", "many", "line 1"]),
    ("workers: [1\n", ["not valid YAML", "line"]),
    ("- a\n", ["mapping"]),
    ("models: m.onnx\n", ["models", "list"]),
    ("workers: 2\nworkers: 3\n", ["workers"]),
])  # fmt: skip
def test_wrong_files(config, text, words):
    for done in (run("check", config(text)), refused("--config", config(text))):
        said(done, USAGE, *words)


def test_every_mistake_is_told_at_once(config):
    said(run("check", config("workres: 2\nlisten: nowhere\n")), USAGE, "workres", "nowhere")


def test_a_file_that_is_not_there():
    said(run("check", "/nowhere.yaml"), USAGE, "/nowhere.yaml")
    said(refused("--config", "/nowhere.yaml"), USAGE, "/nowhere.yaml")


# What wins.


def effective(file, variables=None):
    done = run("check", file, variables=variables)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_variables_win_over_the_file(config):
    file = config("workers: 3\nmax-batch: 7\n")
    assert re.search(r"^workers: 3\b", effective(file), re.M)
    text = effective(file, {"APUS_WORKERS": "5"})
    assert re.search(r"^workers: 5\b.*APUS_WORKERS", text, re.M)
    assert re.search(r"^max-batch: 7\b.*line 2", text, re.M)


def test_what_check_prints_is_a_file_that_means_the_same(config, tmp_path):
    first = effective(config("workers: 3\nmodels: [iris=m.onnx]\nlog-format: json\n"))
    again = tmp_path / "again.yaml"
    again.write_text(first)

    def bare(text):
        return [line.split("#")[0].strip() for line in text.splitlines() if line.split("#")[0].strip()]

    assert bare(effective(again)) == bare(first)


def test_flags_win_over_variables_and_variables_over_the_file(serve, config):
    file = config(f"workers: 3\nproxies: 2\nmodels: ['{IRIS.argument}']\n")
    variables = {"APUS_WORKERS": "2", "APUS_CONFIG": str(file)}
    status = serve("--workers", "1", variables=variables).status()
    assert len(status["models"][0]["workers"]) == 1
    assert len(status["proxies"]) == 2
    status = serve(variables=variables).status()
    assert len(status["models"][0]["workers"]) == 2


# ONNX Runtime and models.


def test_a_missing_library(tmp_path):
    path = tmp_path / "nothing.so"
    done = refused(IRIS.path, variables={"APUS_ONNXRUNTIME": str(path)})
    said(done, LIBRARY_MISSING, str(path), "onnxruntime.sh")
    said(refused(IRIS.path, "--onnxruntime", path), LIBRARY_MISSING, str(path))


def test_a_library_that_cannot_be_loaded(tmp_path):
    path = tmp_path / "libonnxruntime.so"
    path.write_text("this is no library")
    said(refused(IRIS.path, "--onnxruntime", path), LIBRARY_MISSING, str(path), "cannot be loaded")


def test_a_library_that_is_something_else():
    libz = next(p for p in _libraries() if "libz.so" in p)
    said(refused(IRIS.path, "--onnxruntime", libz), LIBRARY_MISSING, libz)


def _libraries():
    maps = subprocess.run(["ldd", BINARY], capture_output=True, text=True, check=True).stdout
    return re.findall(r"=> (/\S+)", maps)


@pytest.fixture(scope="module")
def old_library(tmp_path_factory):
    """A library that is ONNX Runtime's by its interface, and says that it is version 1.10."""
    folder = tmp_path_factory.mktemp("old")
    source = folder / "old.c"
    source.write_text("""
        typedef struct { const void *(*get)(unsigned); const char *(*version)(void); } Base;
        static const void *get(unsigned v) { return v <= 10 ? (const void *)get : 0; }
        static const char *version(void) { return "1.10.0"; }
        static const Base base = { get, version };
        const Base *OrtGetApiBase(void) { return &base; }
    """)
    target = folder / "libonnxruntime.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", target, source], check=True)
    return target


def test_a_library_that_is_too_old(old_library):
    done = refused(IRIS.path, "--onnxruntime", old_library)
    said(done, LIBRARY_MISSING, str(old_library), r"1\.10\.0", "too old", "onnxruntime.sh")


def test_the_library_beside_the_executable_is_found(tmp_path):
    os.symlink(LIBRARY, tmp_path / "libonnxruntime.so.1.28.0")
    beside = tmp_path / "apus"
    beside.write_bytes(BINARY.read_bytes())
    beside.chmod(0o755)
    variables = environment()
    del variables["APUS_ONNXRUNTIME"]
    done = subprocess.run([beside, "inspect", IRIS.path], env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def broken_models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("broken")
    whole = IRIS.path.read_bytes()
    tensor = helper.make_tensor_value_info

    def made(name, nodes, opsets, ir_version=9, kind=TensorProto.FLOAT):
        graph = helper.make_graph(nodes, "g", [tensor("x", kind, [1])], [tensor("y", kind, [1])])
        imports = [helper.make_opsetid(domain, version) for domain, version in opsets]
        onnx.save(
            helper.make_model(graph, opset_imports=imports, ir_version=ir_version),
            folder / f"{name}.onnx",
        )

    (folder / "text.onnx").write_text("not a model\n")
    (folder / "empty.onnx").write_bytes(b"")
    (folder / "cut.onnx").write_bytes(whole[: len(whole) // 2])
    (folder / "zip.onnx").write_bytes(b"PK\3\4" + bytes(200))
    identity = helper.make_node("Identity", ["x"], ["y"])
    made("opset", [identity], [("", 99)])
    made("ir", [identity], [("", 17)], ir_version=99)
    made("domain", [helper.make_node("Foo", ["x"], ["y"], domain="my.ops")], [("", 17), ("my.ops", 1)])
    made("operator", [helper.make_node("Fooo", ["x"], ["y"])], [("", 17)])
    made("complex", [identity], [("", 17)], kind=TensorProto.COMPLEX64)
    (folder / "folder.onnx").mkdir()
    return folder


@pytest.mark.parametrize("name, words", [
    ("text", ["not an ONNX model|ONNX"]),
    ("empty", ["not an ONNX model|ONNX"]),
    ("cut", ["ONNX"]),
    ("zip", ["not an ONNX model|ONNX"]),
    ("opset", ["opset 99", "lower"]),
    ("ir", ["IR version 99|ir_version"]),
    ("domain", ["my.ops"]),
    ("operator", ["Fooo"]),
    ("complex", ["complex64"]),
    ("folder", ["folder.onnx"]),
    ("nothing", ["nothing.onnx"]),
])  # fmt: skip
def test_models_that_cannot_be_served(broken_models, name, words):
    path = broken_models / f"{name}.onnx"
    said(run("inspect", path), MODEL, re.escape(str(path)), *words)
    # What is no model by its name alone is a mistake of the command line.
    status = USAGE if name in ("folder", "nothing") else MODEL
    said(refused(path), status, re.escape(str(path)), *words)


def test_inspect_shows_the_schema():
    done = run("inspect", model("tabular").path)
    assert done.returncode == 0, done.stderr
    for word in ("age", "embarked", "FP32", "BYTES", "output_probability", "lost", "survived"):
        assert word in done.stdout
    schema = json.loads(run("inspect", "--json", model("tabular").path).stdout)
    assert [i["name"] for i in schema["inputs"]] == model("tabular").columns


# Starting and asking.


def test_an_address_that_is_taken(serve):
    first = serve(IRIS.argument, "--workers", "1")
    done = refused(IRIS.argument, "--listen", first.address)
    said(done, BIND, first.address, "in use")


def test_an_address_of_another_machine():
    said(refused(IRIS.argument, "--listen", "203.0.113.1:8080"), BIND, r"203\.0\.113\.1")


def test_a_runtime_folder_that_cannot_be_made():
    said(refused(IRIS.argument, "--runtime-dir", "/proc/apus"), CREATE, "/proc/apus")


def test_a_runtime_folder_whose_path_is_too_long_for_sockets(tmp_path):
    path = tmp_path / ("x" * 100)
    said(refused(IRIS.argument, "--runtime-dir", path), CREATE, "bytes in its name", "--runtime-dir")


def test_a_runtime_folder_is_private(serve):
    running = serve(IRIS.argument, "--workers", "1")
    assert os.stat(running.runtime).st_mode & 0o777 == 0o700


def test_a_runtime_folder_is_removed_at_the_end(serve):
    running = serve(IRIS.argument, "--workers", "1")
    folder = running.runtime
    assert os.path.isdir(folder)
    running.process.terminate()
    running.process.wait(30)
    assert not os.path.isdir(folder) or os.listdir(folder) == []


def test_status_without_a_server(tmp_path):
    said(run("status", "--runtime-dir", tmp_path / "nobody"), UNAVAILABLE, "nobody")


def test_status_for_people(serve):
    running = serve(IRIS.argument, "--workers", "2")
    done = run("status", "--runtime-dir", running.runtime)
    assert done.returncode == 0, done.stderr
    assert "iris" in done.stdout and str(running.pid) in done.stdout


def test_interrupt_ends_it_as_terminate_does(serve):
    running = serve(IRIS.argument, "--workers", "1")
    running.process.send_signal(2)
    assert running.process.wait(20) == OK


def test_standard_output_is_one_line_and_logs_are_elsewhere(serve):
    """Server.stop asserts that nothing follows the ready line."""
    running = serve(IRIS.argument, "--workers", "1", "--access-log")
    assert running.get("/livez").status == 200
    IRIS.check_v2([0], running.post("/v2/models/iris/infer", *IRIS.v2_json([0])))
    lines = [line for line in running.log().splitlines() if "/v2/models/iris/infer" in line]
    assert len(lines) == 1 and "200" in lines[0]


def test_logs_as_json(serve):
    running = serve(IRIS.argument, "--workers", "1", "--log-format", "json", "--access-log")
    secret = 987.654321
    body = {"X": [secret, 1, 1, 1]}
    assert running.post("/predict", body).status == 200
    running.post("/predict", {"X": ["hush-hush", 1, 1, 1]})
    lines = [json.loads(line) for line in running.log().splitlines()]
    assert lines and all({"time", "level", "role", "message"} <= set(line) for line in lines)
    assert str(secret) not in running.log() and "hush-hush" not in running.log()
