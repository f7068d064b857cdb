"""What would change a segment's state."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from apps.triage.segment_outlook import Bounds, segment_outlook

BOUNDS = Bounds(limit=0.25, red_from=0.8, green_up_to=0.2)


def interval(false: float, right: float) -> dict[str, float]:
    kind = beta(false, right)
    return {"rate": kind.mean(), "low": kind.ppf(0.05), "high": kind.ppf(0.95)}


def test_a_red_segment_leaves_red_when_the_counted_labels_have_come() -> None:
    false, right = 20, 40
    count = segment_outlook(**interval(false, right), bounds=BOUNDS).out_of_red
    assert count is not None
    # the interval is asymmetric, so the estimate may be off by a few labels
    assert beta(false, right + count + 3).sf(BOUNDS.limit) < BOUNDS.red_from
    assert beta(false, right + count - 4).sf(BOUNDS.limit) >= BOUNDS.red_from


def test_a_green_segment_needs_more_false_alarms_the_better_it_is() -> None:
    good = segment_outlook(**interval(10, 190), bounds=BOUNDS).out_of_green
    fair = segment_outlook(**interval(20, 100), bounds=BOUNDS).out_of_green
    assert good is not None
    assert fair is not None
    assert good > fair > 0


def test_what_500_labels_would_not_change_is_not_promised() -> None:
    found = segment_outlook(rate=0.9, low=0.89, high=0.91, bounds=BOUNDS)
    assert found.to_green is None
    assert found.to_red == 0


@pytest.mark.parametrize("wrong", [(0.0, 0.0, 0.1), (0.3, 0.3, 0.3), (1.0, 0.9, 1.0)])
def test_figures_of_no_distribution_are_refused(wrong: tuple[float, float, float]) -> None:
    rate, low, high = wrong
    with pytest.raises(ValueError, match="needed"):
        segment_outlook(rate=rate, low=low, high=high, bounds=BOUNDS)


@given(false=st.floats(0.5, 200), right=st.floats(0.5, 200))
def test_counts_are_never_negative_and_leaving_red_is_never_harder_than_reaching_green(
    false: float, right: float
) -> None:
    found = segment_outlook(**interval(false, right), bounds=BOUNDS)
    counts = (found.to_green, found.out_of_red, found.to_red, found.out_of_green)
    assert all(count is None or count >= 0 for count in counts)
    if found.to_green is not None:
        assert found.out_of_red is not None
        assert found.out_of_red <= found.to_green
