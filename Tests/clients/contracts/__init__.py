"""Scripts that run in an environment of their own (deploy/common.sh, `contracts_environment`)."""

import json
import os
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
PYTHON = Path(os.environ.get("APUS_CONTRACTS_PYTHON") or HERE.parents[2] / ".build/contracts/bin/python")


def run(script, *arguments, given, timeout=300):
    """Runs a script, and gives what its last line says."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("APUS_")}
    done = subprocess.run(
        [PYTHON, HERE / script, *map(str, arguments)],
        input=json.dumps(given), capture_output=True, text=True, timeout=timeout,
        env={**kept, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-5000:]
    return json.loads(done.stdout.splitlines()[-1])
