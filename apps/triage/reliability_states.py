"""What a Beta posterior says about a segment: state, 90% interval, and labels still needed."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincinv

from apps.triage.reliability_settings import ReliabilitySettings
from apps.triage.segments import ReliabilityState
from apps.triage.tables import Bools, Floats, Texts

LOW, HIGH = 0.05, 0.95
_ROUNDING = 1e-9  # a posterior worth 12 labels up to rounding is worth 12


@dataclass(frozen=True, kw_only=True)
class ReliabilityColumns:
    """Reliability of n segments as arrays.

    `state` holds `ReliabilityState` words; `rate`, `low`, `high` are NaN exactly where it is
    unknown; `label_count` counts a segment's own labels, `borrowed` (0..1) is the share of the
    evidence that comes from others, `labels_needed` is 0 where the state is known.
    """

    state: Texts
    rate: Floats
    low: Floats
    high: Floats
    label_count: npt.NDArray[np.intp]
    borrowed: Floats
    labels_needed: npt.NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.state)

    def of(self, rows: npt.NDArray[np.intp]) -> "ReliabilityColumns":
        """The columns of these rows, in their order."""
        return ReliabilityColumns(**{name: column[rows] for name, column in vars(self).items()})


def columns_of(
    *,
    mean: Floats,
    worth: Floats,
    borrowed: Floats,
    label_count: npt.NDArray[np.intp],
    settings: ReliabilitySettings,
) -> ReliabilityColumns:
    """Tell the states of posteriors Beta(worth·mean, worth·(1 − mean)), each [n]."""
    a, b = worth * mean, worth * (1 - mean)
    needed = _needed(worth, label_count, settings)
    known = needed == 0
    return ReliabilityColumns(
        state=_states(1 - betainc(a, b, settings.limit), known, settings),
        rate=_shown(mean, known),
        low=_shown(np.minimum(betaincinv(a, b, LOW), mean), known),
        high=_shown(np.maximum(betaincinv(a, b, HIGH), mean), known),
        label_count=label_count,
        borrowed=borrowed,
        labels_needed=needed,
    )


def _needed(
    worth: Floats, label_count: npt.NDArray[np.intp], settings: ReliabilitySettings
) -> npt.NDArray[np.intp]:
    """Labels until as many speak for the segment as the settings ask, borrowed ones counted."""
    missing = np.ceil(settings.least_labels - worth - _ROUNDING).astype(np.intp)
    own = settings.least_own_labels - label_count
    return np.maximum(np.maximum(missing, own), 0)


def _states(above: Floats, known: Bools, settings: ReliabilitySettings) -> Texts:
    told = np.select(
        [~known, above >= settings.red_from, above <= settings.green_up_to],
        [ReliabilityState.UNKNOWN, ReliabilityState.RED, ReliabilityState.GREEN],
        default=ReliabilityState.AMBER,
    )
    return told.astype(np.str_)


def _shown(figure: Floats, known: Bools) -> Floats:
    return np.where(known, np.clip(figure, 0.0, 1.0), np.nan)
