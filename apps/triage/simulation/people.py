"""The people who judge simulated alerts: each errs in their own way, some verdicts stay open."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from apps.triage.cost_model import CostModel
from apps.triage.simulation.network import Floats
from apps.triage.simulation.settings import SimulationSettings

_VERIFY_WAIT, _AUDIT_WAIT = 0.25, 1.5


@dataclass(frozen=True, kw_only=True)
class Operators:
    """Sensitivity and specificity [people] of each kind of judgement."""

    verify_sensitivity: Floats
    verify_specificity: Floats
    escalate_sensitivity: Floats
    escalate_specificity: Floats
    inconclusive_share: float

    def __len__(self) -> int:
        return len(self.verify_sensitivity)


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """What would be said of each alert [n] if somebody were asked: 1, 0, or NaN (inconclusive).

    One verdict for each kind of judgement, drawn once, so that two policies that look at the same
    alert in the same way are told the same. `wait_days` runs from the alert to its verdict.
    """

    verified: Floats
    escalated: Floats
    audited: Floats
    verified_wait_days: Floats
    audited_wait_days: Floats


def draw_operators(
    *, settings: SimulationSettings, model: CostModel, rng: np.random.Generator
) -> Operators:
    """Return people around the cost model's figures, who differ on the log-odds scale."""

    def around(share: float) -> Floats:
        away = settings.operator_spread * rng.standard_normal(settings.operators)
        people: Floats = expit(logit(np.clip(share, 1e-6, 1 - 1e-6)) + away)
        return people

    return Operators(
        verify_sensitivity=around(model.verify.sensitivity),
        verify_specificity=around(model.verify.specificity),
        escalate_sensitivity=around(model.escalate.sensitivity),
        escalate_specificity=around(model.escalate.specificity),
        inconclusive_share=settings.inconclusive_share,
    )


def draw_verdicts(
    *, theft: npt.NDArray[np.bool_], operators: Operators, rng: np.random.Generator
) -> Verdicts:
    """Return the verdicts that the people would give on each alert."""
    size = len(theft)
    person = rng.integers(0, len(operators), size)

    def judged(sensitivity: Floats, specificity: Floats) -> Floats:
        says_theft = np.where(theft, sensitivity[person], 1 - specificity[person])
        verdict = (rng.random(size) < says_theft).astype(np.float64)
        verdict[rng.random(size) < operators.inconclusive_share] = np.nan
        return verdict

    return Verdicts(
        verified=judged(operators.verify_sensitivity, operators.verify_specificity),
        escalated=judged(operators.escalate_sensitivity, operators.escalate_specificity),
        audited=judged(operators.verify_sensitivity, operators.verify_specificity),
        verified_wait_days=_VERIFY_WAIT * rng.exponential(size=size),
        audited_wait_days=_AUDIT_WAIT * rng.random(size),
    )
