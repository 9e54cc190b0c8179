"""KServe's own client, in both protocols."""

import numpy as np

import contracts
from models import model


def test_kserves_client_in_v1_and_v2(server):
    one = model("iris")
    said = contracts.run("kserve_client.py", server.url, "iris", given={"rows": one.rows})
    v1, v2 = said["v1"], said["v2"]
    assert v1["live"] is True and v1["ready"] is True
    one._check(
        range(one.count), [p["label"] for p in v1["answer"]["predictions"]],
        [p["probabilities"] for p in v1["answer"]["predictions"]],
    )  # fmt: skip
    assert v1["refusal"].startswith("unexpected shape for input 'X'")
    assert "'400 Bad Request'" in v1["refusal"]
    assert v1["unknown"].startswith("Servable not found for request: Latest(none)")
    assert v2["live"] is True and v2["server ready"] is True and v2["ready"] is True
    for form in ("json", "binary"):
        one._check(range(one.count), np.ravel(v2[form]["label"]).tolist(), v2[form]["probabilities"])
    assert "unexpected shape for input 'X'" in v2["refusal"]
