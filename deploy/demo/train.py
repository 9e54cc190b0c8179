#!/usr/bin/env python3
"""Trains the demo model: which species is this penguin?

usage: train.py [FOLDER]       (default: this script's folder)

The data are the 344 birds of the Palmer Archipelago (Gorman, Williams & Fraser, PLoS ONE 9(3),
2014, e90081; CC0), which scikit-learn's wheel carries among its own tests, so nothing is
downloaded. Two columns are words, four are numbers; eleven birds lack something.

Writes, the same bytes each time with the packages of requirements.txt:

    penguins.onnx    the model: one named input [N,1] per column
    request.json     one bird, ready for `curl -d @request.json …/predict`
    expected.json    the held-out birds and scikit-learn's own answers for them
"""

import gzip
import json
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import sklearn
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

WORDS = ["island", "sex"]
NUMBERS = ["culmen_length_mm", "culmen_depth_mm", "flipper_length_mm", "body_mass_g"]
COLUMNS = WORDS + NUMBERS
TARGET = "species"
UNKNOWN_SEX = "UNKNOWN"
OPSET = {"": 17, "ai.onnx.ml": 3}
HELD_OUT = 48


def read_birds():
    """The data set's rows as dicts; a number that is missing is NaN, a missing sex a word."""
    folder = resources.files("sklearn.datasets.tests") / "data" / "openml" / "id_42585"
    file = folder / "data-v1-dl-21854866.arff.gz"
    if not file.is_file():
        sys.exit(f"scikit-learn {sklearn.__version__} has no penguins; take requirements.txt's")
    text = gzip.decompress(file.read_bytes()).decode()
    lines = [line for line in text.splitlines() if line and not line.startswith("%")]
    names = [line.split()[1] for line in lines if line.startswith("@ATTRIBUTE")]
    rows = lines[lines.index("@DATA") + 1 :]
    return [parse(dict(zip(names, row.split(",")))) for row in rows]


def parse(row):
    row = {name: value.strip().strip('"') for name, value in row.items()}
    row.update({name: float("nan" if row[name] == "?" else row[name]) for name in NUMBERS})
    row["sex"] = row["sex"] if row["sex"] in ("FEMALE", "MALE") else UNKNOWN_SEX
    return row


def table(birds):
    """What scikit-learn is given: words stay words, numbers are float32, as they are served."""
    cells = [
        [bird[c] if c in WORDS else np.float32(bird[c]) for c in COLUMNS] for bird in birds
    ]
    return np.array(cells, dtype=object)


def train(birds):
    """Imputes, scales and encodes by column, then a logistic regression over the species."""
    words = list(range(len(WORDS)))
    numbers = list(range(len(WORDS), len(COLUMNS)))
    columns = ColumnTransformer(
        [
            ("words", OneHotEncoder(handle_unknown="ignore"), words),
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers),
        ]
    )
    model = make_pipeline(columns, LogisticRegression(C=2.0, max_iter=1000))
    return model.fit(table(birds), [bird[TARGET] for bird in birds])


def export(model):
    """The pipeline as ONNX: an input [N,1] for every column, `species` and `probability` out."""
    types = [(c, StringTensorType([None, 1])) for c in WORDS]
    types += [(c, FloatTensorType([None, 1])) for c in NUMBERS]
    onnx = to_onnx(model, initial_types=types, target_opset=OPSET, name="penguins")
    rename(onnx.graph, {"output_label": TARGET, "output_probability": "probability"})
    # skl2onnx lists these from a set, in another order each time.
    opsets = sorted(onnx.opset_import, key=lambda opset: opset.domain)
    del onnx.opset_import[:]
    onnx.opset_import.extend(opsets)
    onnx.doc_string = "Which species of penguin is this? (Palmer Archipelago, 2007-2009)"
    return onnx.SerializeToString()


def rename(graph, names):
    """Gives the graph's outputs their names. skl2onnx's own way (`final_types`) adds an
    Identity node, which cannot carry a sequence of maps."""
    for node in graph.node:
        node.output[:] = [names.get(output, output) for output in node.output]
        node.input[:] = [names.get(input, input) for input in node.input]
    for output in graph.output:
        output.name = names[output.name]


def answers(model, birds):
    """What scikit-learn itself says, in the words of `expected.json`."""
    features = [{c: None if bird[c] != bird[c] else bird[c] for c in COLUMNS} for bird in birds]
    return {
        "expected_from": f"scikit-learn {sklearn.__version__}, predict and predict_proba",
        "classes": model.classes_.tolist(),
        "rows": features,
        "species": model.predict(table(birds)).tolist(),
        "probability": model.predict_proba(table(birds)).tolist(),
    }


def save_json(path, value):
    path.write_text(json.dumps(value, indent=1) + "\n")


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    birds = read_birds()
    species = [bird[TARGET] for bird in birds]
    kept, held_out = train_test_split(
        birds, test_size=HELD_OUT, random_state=3, stratify=species
    )
    model = train(kept)
    right = model.score(table(held_out), [bird[TARGET] for bird in held_out])
    expected = answers(model, held_out)
    (folder / "penguins.onnx").write_bytes(export(model))
    save_json(folder / "expected.json", expected)
    known = next(row for row in expected["rows"] if row["sex"] != UNKNOWN_SEX)
    save_json(folder / "request.json", known)
    print(f"{len(kept)} birds learned from, {right:.1%} of {HELD_OUT} others named rightly")


if __name__ == "__main__":
    main()
