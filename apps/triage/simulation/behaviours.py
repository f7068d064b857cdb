"""What people do in the simulated stores: thefts, and the benign acts that look like them.

The numbers are invented, not measured; docs/simulator.md says why they are as they are. Columns of
tuples run over `LABELS`, `SEQUENCES`, `ROLES`, `DAYPARTS` and `CROWDINGS` in that order.
"""

from dataclasses import dataclass

from apps.triage.sequence import SequenceState

LABELS = ("item_to_bag", "item_to_clothing", "checkout_skip", "item_not_scanned")
SEQUENCES = (
    SequenceState.COMPLETE,
    SequenceState.INCOMPLETE,
    SequenceState.ISOLATED,
    SequenceState.UNKNOWN,
)
ROLES = ("first step", "second step", "hand", "crouch", "reach")
DAYPARTS = ("morning", "afternoon", "evening", "night")
CROWDINGS = ("empty", "sparse", "busy", "crowded")
LIGHTINGS = ("day", "dim", "dark")

DWELL = "dwell_in_view"
SIGNALS_OF: dict[str, tuple[str, ...]] = {
    "item_to_bag": ("item_taken", "item_to_bag", "hand_to_bag", "crouch", "reach"),
    "item_to_clothing": ("item_taken", "item_to_clothing", "hand_to_torso", "crouch", "reach"),
    "checkout_skip": ("item_taken", "exit_reached", "item_in_hand", "crouch", "reach"),
    "item_not_scanned": (
        "item_at_scanner",
        "item_to_bagging_area",
        "scanner_covered",
        "crouch",
        "reach",
    ),
}
SIGNAL_NAMES = (*sorted({name for names in SIGNALS_OF.values() for name in names}), DWELL)


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """One thing people do, and how it looks to a detector.

    `frequency`: how often it raises an alert, by label (0 = never). `sequence`: how often its steps
    come out complete, incomplete, isolated, unknown (shares that sum to 1). `clear`: how often each
    role's signal is clear rather than vague. `accent`: where a clear signal lies on the logit scale,
    from its usual place. `dwell_seconds` and `dwell_spread`: median and log-scale of the time in
    view. `looks_like_theft`: the detector's own leaning on the logit scale. `by_daypart` and
    `by_crowding`: how the log of the frequency moves.
    """

    name: str
    is_theft: bool
    frequency: tuple[float, ...]
    sequence: tuple[float, ...]
    clear: tuple[float, ...]
    accent: tuple[float, ...]
    dwell_seconds: float
    dwell_spread: float
    looks_like_theft: float
    by_daypart: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    by_crowding: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        _require_length(self.frequency, len(LABELS))
        _require_length(self.sequence, len(SEQUENCES))
        _require_length(self.clear, len(ROLES))
        _require_length(self.accent, len(ROLES))
        _require_length(self.by_daypart, len(DAYPARTS))
        _require_length(self.by_crowding, len(CROWDINGS))
        if min(self.frequency) < 0 or max(self.frequency) <= 0:
            raise ValueError("a behaviour happens under at least one label, and never less than 0")
        if min(self.sequence) <= 0 or abs(sum(self.sequence) - 1) > 1e-9:
            raise ValueError("shares of sequence states are above 0 and sum to 1")
        if not all(0 < share < 1 for share in self.clear):
            raise ValueError("a signal is clear with a share between 0 and 1")
        if self.dwell_seconds <= 0 or self.dwell_spread <= 0:
            raise ValueError("time in view has a median and a spread above 0")


def _require_length(column: tuple[float, ...], length: int) -> None:
    if len(column) != length:
        raise ValueError(f"{length} numbers are needed, not {len(column)}")


BEHAVIOURS: tuple[Behaviour, ...] = (
    Behaviour(
        name="careful concealment",
        is_theft=True,
        frequency=(3.4, 4.2, 0.5, 0.4),
        sequence=(0.91, 0.05, 0.02, 0.02),
        clear=(0.86, 0.90, 0.80, 0.55, 0.60),
        accent=(0.2, 0.5, 0.4, 0.3, -0.1),
        dwell_seconds=95.0,
        dwell_spread=0.94,
        looks_like_theft=1.3,
        by_daypart=(-0.2, 0.0, 0.3, 0.1),
        by_crowding=(0.1, 0.2, 0.0, -0.2),
    ),
    Behaviour(
        name="quick grab",
        is_theft=True,
        frequency=(1.8, 0.9, 1.0, 0.5),
        sequence=(0.86, 0.08, 0.03, 0.03),
        clear=(0.90, 0.70, 0.45, 0.12, 0.85),
        accent=(0.6, 0.2, -0.3, 0.0, 0.5),
        dwell_seconds=11.0,
        dwell_spread=0.77,
        looks_like_theft=0.9,
        by_daypart=(-0.3, -0.1, 0.3, 0.4),
        by_crowding=(-0.2, 0.0, 0.2, 0.4),
    ),
    Behaviour(
        name="passing without paying",
        is_theft=True,
        frequency=(0.0, 0.0, 3.6, 4.0),
        sequence=(0.91, 0.05, 0.02, 0.02),
        clear=(0.82, 0.92, 0.78, 0.15, 0.40),
        accent=(0.1, 0.6, 0.5, 0.0, 0.0),
        dwell_seconds=34.0,
        dwell_spread=0.85,
        looks_like_theft=1.2,
        by_daypart=(-0.1, 0.0, 0.2, 0.2),
        by_crowding=(-0.2, 0.0, 0.1, 0.3),
    ),
    Behaviour(
        name="own belongings",
        is_theft=False,
        frequency=(0.80, 1.00, 0.25, 0.15),
        sequence=(0.22, 0.34, 0.38, 0.06),
        clear=(0.15, 0.62, 0.72, 0.22, 0.30),
        accent=(-0.4, -0.2, 0.3, 0.0, -0.2),
        dwell_seconds=28.0,
        dwell_spread=1.02,
        looks_like_theft=0.2,
        by_daypart=(0.2, 0.0, -0.1, 0.0),
        by_crowding=(0.0, 0.0, 0.2, 0.3),
    ),
    Behaviour(
        name="own bag as a basket",
        is_theft=False,
        frequency=(1.00, 0.10, 0.30, 0.05),
        sequence=(0.62, 0.26, 0.08, 0.04),
        clear=(0.80, 0.78, 0.52, 0.20, 0.62),
        accent=(0.4, 0.1, -0.4, 0.0, 0.3),
        dwell_seconds=48.0,
        dwell_spread=0.59,
        looks_like_theft=0.8,
        by_daypart=(0.4, 0.1, -0.2, -0.6),
        by_crowding=(-0.1, 0.0, 0.1, 0.1),
    ),
    Behaviour(
        name="putting back",
        is_theft=False,
        frequency=(0.65, 0.85, 0.10, 0.10),
        sequence=(0.20, 0.52, 0.22, 0.06),
        clear=(0.85, 0.28, 0.35, 0.30, 0.80),
        accent=(0.5, -0.5, -0.2, 0.2, 0.6),
        dwell_seconds=60.0,
        dwell_spread=0.77,
        looks_like_theft=-0.1,
    ),
    Behaviour(
        name="restocking",
        is_theft=False,
        frequency=(0.45, 0.55, 0.20, 0.05),
        sequence=(0.26, 0.40, 0.28, 0.06),
        clear=(0.72, 0.35, 0.30, 0.75, 0.88),
        accent=(0.7, -0.2, -0.4, 0.8, 0.8),
        dwell_seconds=210.0,
        dwell_spread=0.85,
        looks_like_theft=0.4,
        by_daypart=(1.1, -0.5, -0.6, 0.9),
        by_crowding=(0.7, 0.2, -0.5, -1.0),
    ),
    Behaviour(
        name="trouble paying",
        is_theft=False,
        frequency=(0.0, 0.0, 1.00, 1.60),
        sequence=(0.48, 0.36, 0.11, 0.05),
        clear=(0.60, 0.74, 0.42, 0.10, 0.55),
        accent=(0.0, -0.1, -0.3, 0.0, 0.2),
        dwell_seconds=75.0,
        dwell_spread=0.77,
        looks_like_theft=0.6,
        by_daypart=(0.1, 0.1, 0.0, -0.3),
        by_crowding=(-0.3, 0.0, 0.3, 0.5),
    ),
    Behaviour(
        name="handing to company",
        is_theft=False,
        frequency=(0.40, 0.40, 0.35, 0.30),
        sequence=(0.40, 0.38, 0.17, 0.05),
        clear=(0.75, 0.50, 0.60, 0.12, 0.70),
        accent=(0.2, -0.4, 0.1, 0.0, 0.1),
        dwell_seconds=52.0,
        dwell_spread=0.94,
        looks_like_theft=0.3,
        by_daypart=(-0.3, 0.3, 0.1, -0.5),
        by_crowding=(-0.6, -0.1, 0.4, 0.6),
    ),
)
