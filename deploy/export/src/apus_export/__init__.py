"""Turns a fitted estimator into a model directory that Apus and MLflow serve."""

__version__ = "1.0.0"
