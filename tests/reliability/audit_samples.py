"""Audit samples as files, drawn with fixed seeds."""

from datetime import date, timedelta

import numpy as np

HEADER = "day,attribute,group,detector,was_false,was_escalated,was_overridden"
FIRST = date(2026, 8, 3)  # a Monday
DETECTOR = "test-detector@1.0"


def sample_file(
    rates: dict[str, float],
    *,
    rows: int = 400,
    week: int = 0,
    weeks: int = 1,
    seed: int = 1,
    detector: str = DETECTOR,
    attribute: str = "skin tone (Monk)",
) -> bytes:
    """A CSV of `rows` judged alerts whose groups' false-alarm rates are `rates`."""
    chance = np.random.default_rng([seed, week])
    lines = [HEADER]
    for _ in range(rows):
        group = str(chance.choice(list(rates)))
        day = FIRST + timedelta(weeks=week, days=int(chance.integers(7 * weeks)))
        false = int(chance.random() < rates[group])
        escalated, overridden = int(chance.random() < 0.2), int(chance.random() < 0.1)
        lines.append(f"{day},{attribute},{group},{detector},{false},{escalated},{overridden}")
    return "\n".join(lines).encode() + b"\n"
