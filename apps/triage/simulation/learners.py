"""Learners of P(theft) for the closed loop, behind one interface."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from apps.triage.cost_model import CostModel
from apps.triage.simulation.network import Floats
from apps.triage.tables import AlertTable, Bools, Labels


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """P(theft) [n] with its 5th and 95th percentile, and where it rests on labels at all."""

    mean: Floats
    low: Floats
    high: Floats
    calibrated: Bools


class Fitted(Protocol):
    """A fitted model."""

    def predict(self, table: AlertTable, /) -> Estimate: ...


Learner = Callable[[AlertTable, Labels, float], Fitted]
"""Fits on a table and its labels, as of a time; is given nothing later than that time."""


@dataclass(frozen=True)
class _Product:
    predictor: Callable[[AlertTable], "Estimate"]

    def predict(self, table: AlertTable, /) -> Estimate:
        return self.predictor(table)


def product_learner(*, model: CostModel) -> Learner:
    """The product's own theft model, told how people err by the cost model."""
    from apps.triage.theft_model import fit_theft_model
    from apps.triage.theft_model_settings import TheftModelSettings

    settings = TheftModelSettings(
        sensitivity=model.verify.sensitivity, specificity=model.verify.specificity
    )

    def fit(table: AlertTable, labels: Labels, as_of: float) -> Fitted:
        fitted = fit_theft_model(table=table, labels=labels, as_of=as_of, settings=settings)

        def predict(rows: AlertTable) -> Estimate:
            found = fitted.predict(rows)
            return Estimate(
                mean=found.mean, low=found.low, high=found.high, calibrated=found.calibrated
            )

        return _Product(predict)

    return fit


@dataclass(frozen=True)
class _Logistic:
    """A plain logistic regression on score, signals, sequence and segment indicators."""

    design: "_Design"
    weights: Floats
    constant: float

    def predict(self, table: AlertTable, /) -> Estimate:
        odds = self.design.columns(table) @ self.weights + self.constant
        mean: Floats = 1 / (1 + np.exp(-odds))
        return Estimate(mean=mean, low=mean, high=mean, calibrated=np.ones(len(mean), np.bool_))


@dataclass(frozen=True)
class _Design:
    middle: Floats
    spread: Floats
    levels: tuple[tuple[str, tuple[str, ...]], ...]

    def columns(self, table: AlertTable) -> Floats:
        numbers = np.column_stack([table.score, table.signals])
        scaled = np.nan_to_num((numbers - self.middle) / self.spread)
        words = {"sequence": table.sequence, "label": table.label, **table.segments}
        marks = [
            (words[name][:, np.newaxis] == np.array(levels)).astype(np.float64)
            for name, levels in self.levels
        ]
        columns: Floats = np.hstack([scaled, np.isnan(table.signals), *marks])
        return columns


class _Ignorant:
    """Before there are labels of both kinds."""

    def predict(self, table: AlertTable, /) -> Estimate:
        half = np.full(len(table), 0.5)
        return Estimate(mean=half, low=half, high=half, calibrated=np.zeros(len(half), np.bool_))


def logistic_learner(*, least_labels: int = 50) -> Learner:
    """The baseline: scikit-learn's logistic regression, labels weighted by 1 / p, no pooling."""

    def fit(table: AlertTable, labels: Labels, as_of: float) -> Fitted:
        known = labels.known_by(as_of)
        learned, judged = table.where(known), labels.where(known)
        if len(learned) < least_labels or len(np.unique(judged.theft)) < 2:
            return _Ignorant()
        design = _design_of(learned)
        return _fit_logistic(design, learned, judged)

    return fit


def _design_of(table: AlertTable) -> _Design:
    numbers = np.column_stack([table.score, table.signals])
    seen = ~np.isnan(numbers)
    count = np.maximum(seen.sum(axis=0), 1)
    middle = np.where(seen, numbers, 0.0).sum(axis=0) / count
    squares = np.where(seen, (numbers - middle) ** 2, 0.0).sum(axis=0) / count
    words = {"sequence": table.sequence, "label": table.label, **table.segments}
    levels = tuple(
        (name, tuple(str(one) for one in np.unique(column))) for name, column in words.items()
    )
    return _Design(middle, np.sqrt(np.maximum(squares, 1e-12)), levels)


def _fit_logistic(design: _Design, table: AlertTable, labels: Labels) -> _Logistic:
    from sklearn.linear_model import LogisticRegression

    regression = LogisticRegression(C=1.0, max_iter=300, tol=1e-3)
    weight = np.minimum(1 / labels.sampling_probability, 20.0)
    regression.fit(design.columns(table), labels.theft, sample_weight=weight / weight.mean())
    return _Logistic(design, regression.coef_[0], float(regression.intercept_[0]))
