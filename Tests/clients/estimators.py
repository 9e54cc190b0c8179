"""Estimators of every kind that `apus-export` knows, each fitted on rows made from a seed."""

from dataclasses import dataclass
from functools import cache

import joblib
import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from xgboost import XGBClassifier, XGBRegressor

ROWS = 600
NUMBERS = ["age", "income", "score"]
MIXED = [*NUMBERS, "country", "plan", "flag"]


@cache
def people():
    """Whole numbers, fractions with gaps, words, categories that are numbers, truth values."""
    random = np.random.default_rng(20)
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 80, ROWS),
            "income": random.lognormal(10, 1, ROWS),
            "score": np.where(random.random(ROWS) < 0.1, np.nan, random.normal(size=ROWS)),
            "country": random.choice(["NL", "DE", "FR"], ROWS),
            "plan": random.integers(1, 4, ROWS),
            "flag": random.random(ROWS) < 0.5,
        }
    )
    frame["left"] = ((frame.age > 40) ^ (frame.country == "NL")).astype(int)
    frame["outcome"] = frame.left.map({0: "stays", 1: "leaves"})
    frame["group"] = np.select([frame.income < 12e3, frame.income < 40e3], ["low", "mid"], "high")
    frame["spent"] = frame.income * 1.5 + frame.age
    return frame


@cache
def reviews():
    random = np.random.default_rng(21)
    words = ["good", "bad", "Great", "poor", "film", "story", "fun", "long"]
    texts = [" ".join(random.choice(words, random.integers(2, 9))) for _ in range(ROWS)]
    frame = pd.DataFrame({"text": texts})
    frame["stars"] = [
        "pos" if text.lower().count("g") > text.lower().count("o") else "neg" for text in texts
    ]
    return frame


def mixed():
    return ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS),
            ("words", OneHotEncoder(handle_unknown="ignore"), ["country"]),
            ("codes", OneHotEncoder(handle_unknown="ignore"), ["plan", "flag"]),
        ]
    )


@dataclass
class Case:
    """An estimator, what it learns from, and how it is given its columns."""

    name: str
    make: object
    columns: list
    target: str
    frame: object = people
    unnamed: bool = False
    options: tuple = ()

    def write(self, folder):
        """Fits; writes NAME.pkl and NAME.csv. Returns the fitted estimator and the data."""
        data = self.frame()[[*self.columns, self.target]]
        estimator = self.make().fit(self.features(data), data[self.target])
        joblib.dump(estimator, folder / f"{self.name}.pkl")
        data.to_csv(folder / f"{self.name}.csv", index=False)
        return estimator, data

    def features(self, data):
        """As the estimator is asked itself."""
        if self.columns == ["text"]:
            return data["text"]
        features = data[self.columns]
        return features.to_numpy() if self.unnamed else features


CASES = [
    Case("logistic", lambda: make_pipeline(mixed(), LogisticRegression(max_iter=500)), MIXED, "outcome"),
    Case("forest", lambda: make_pipeline(mixed(), RandomForestClassifier(20, random_state=1)), MIXED, "outcome"),
    Case("boosting", lambda: GradientBoostingClassifier(n_estimators=20, random_state=1),
         ["age", "income", "plan"], "group", unnamed=True),
    Case("scaled", lambda: make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()),
         NUMBERS, "group", unnamed=True, options=("--matrix",)),
    Case("histogram", lambda: make_pipeline(mixed(), HistGradientBoostingRegressor(max_iter=20)), MIXED, "spent"),
    Case("xgboost", lambda: XGBClassifier(n_estimators=20), NUMBERS, "left"),
    Case("xgboost_pipeline", lambda: make_pipeline(mixed(), XGBRegressor(n_estimators=20)), MIXED, "spent"),
    Case("lightgbm", lambda: LGBMClassifier(n_estimators=20, verbose=-1), NUMBERS, "group"),
    Case("lightgbm_pipeline", lambda: make_pipeline(mixed(), LGBMRegressor(n_estimators=20, verbose=-1)),
         MIXED, "spent"),
    Case("no_probabilities", lambda: make_pipeline(mixed(), LinearSVC()), MIXED, "outcome"),
    Case("one_column", LinearRegression, ["income"], "spent"),
    Case("reviews", lambda: make_pipeline(TfidfVectorizer(), LogisticRegression()), ["text"], "stars", frame=reviews),
]  # fmt: skip
