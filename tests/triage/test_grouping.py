"""Review items, decided by place and time alone: one happening is one item, and nobody hides behind a long chain."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.triage.grouping import Candidate, Cluster, GroupingSettings, group, linked, place

SETTINGS = GroupingSettings()
IN_A_ROW = {frozenset(("a", "b")), frozenset(("b", "c"))}


def seen(id_: str, camera: str, starts: float, ends: float | None = None, **more: Any) -> Candidate:
    ends = starts if ends is None else ends
    return Candidate(
        id=id_, site=more.pop("site", "s"), camera=camera, starts=starts, ends=ends, **more
    )


def items(
    *alerts: Candidate, adjacent: Any = IN_A_ROW, settings: Any = SETTINGS
) -> set[frozenset[str]]:
    found = group(alerts, adjacent=adjacent, settings=settings)
    return {frozenset(member.id for member in cluster.members) for cluster in found}


candidates = st.lists(
    st.builds(
        lambda site, camera, starts, length, priority: (site, camera, starts, length, priority),
        st.sampled_from(["s", "t"]),
        st.sampled_from("abcd"),
        st.floats(0, 120),
        st.floats(0, 20),
        st.floats(-5, 5),
    ),
    max_size=12,
).map(
    lambda rows: [
        Candidate(
            id=f"{n:02}", site=site, camera=camera, starts=starts, ends=starts + length, priority=p
        )
        for n, (site, camera, starts, length, p) in enumerate(rows)
    ]
)
adjacencies = st.sets(
    st.sampled_from([frozenset(pair) for pair in itertools.combinations("abcd", 2)])
)


def test_one_person_on_three_cameras_is_one_item() -> None:
    assert items(seen("1", "a", 0, 4), seen("2", "b", 6, 9), seen("3", "c", 12, 15)) == {
        frozenset(("1", "2", "3"))
    }


def test_cameras_that_are_not_adjacent_are_two_looks() -> None:
    assert len(items(seen("1", "a", 0, 4), seen("3", "c", 2, 5))) == 2
    assert len(items(seen("1", "a", 0, 4), seen("2", "b", 2, 5), adjacent=set())) == 2


def test_the_same_camera_needs_no_link() -> None:
    assert len(items(seen("1", "a", 0, 4), seen("2", "a", 3, 5), adjacent=set())) == 1


def test_a_later_alert_between_two_items_unites_them() -> None:
    assert len(items(seen("1", "a", 0), seen("3", "c", 2))) == 2
    assert len(items(seen("1", "a", 0), seen("3", "c", 2), seen("2", "b", 1))) == 1


def test_the_window_is_exact() -> None:
    gap = SETTINGS.gap_seconds
    assert len(items(seen("1", "a", 0, 4), seen("2", "a", 4 + gap))) == 1
    assert len(items(seen("1", "a", 0, 4), seen("2", "a", 4 + gap + 0.001))) == 2


def test_the_one_worth_most_leads_and_of_equals_the_earliest() -> None:
    low, high = seen("1", "a", 0, priority=1.0), seen("2", "a", 1, priority=9.0)
    assert Cluster(members=(low, high)).lead is high
    first, second = seen("x", "a", 0, priority=2.0), seen("w", "a", 1, priority=2.0)
    assert Cluster(members=(second, first)).lead is first
    nothing = seen("n", "a", 0, priority=float("nan"))
    assert Cluster(members=(nothing, second)).lead is second


@given(candidates, adjacencies, st.randoms(use_true_random=False))
def test_what_fits_the_bound_is_the_same_in_whatever_order_it_arrives(
    alerts: list[Candidate], adjacent: set[frozenset[str]], shuffled: Any
) -> None:
    """The bound is what it is for; so the order is free wherever the bound does not bite."""
    roomy = GroupingSettings(gap_seconds=5.0, longest_seconds=1000.0, most_alerts=100)
    there = items(*alerts, adjacent=adjacent, settings=roomy)
    other = list(alerts)
    shuffled.shuffle(other)
    assert items(*other, adjacent=adjacent, settings=roomy) == there


@given(candidates, adjacencies)
def test_an_item_keeps_its_site_its_bound_and_its_links(
    alerts: list[Candidate], adjacent: set[frozenset[str]]
) -> None:
    settings = GroupingSettings(gap_seconds=5.0, longest_seconds=30.0, most_alerts=4)
    found = group(alerts, adjacent=adjacent, settings=settings)
    assert sorted(m.id for c in found for m in c.members) == sorted(a.id for a in alerts)
    for cluster in found:
        assert len({member.site for member in cluster.members}) == 1
        if len(cluster.members) > 1:
            assert cluster.seconds <= settings.longest_seconds
            assert len(cluster.members) <= settings.most_alerts
        for member in cluster.members:
            others = [m for m in cluster.members if m is not member]
            assert not others or any(
                linked(member, other, adjacent=adjacent, settings=settings) for other in others
            )


@given(st.integers(2, 60), st.floats(0.1, 5.0))
def test_a_chain_does_not_drift_further_than_the_bound(count: int, step: float) -> None:
    chain = [seen(f"{n:02}", "a", n * step) for n in range(count)]
    for cluster in group(chain, adjacent=set(), settings=SETTINGS):
        assert cluster.seconds <= SETTINGS.longest_seconds


@given(candidates, adjacencies)
def test_links_have_no_direction(alerts: list[Candidate], adjacent: set[frozenset[str]]) -> None:
    for one, other in itertools.combinations(alerts, 2):
        assert linked(one, other, adjacent=adjacent, settings=SETTINGS) == linked(
            other, one, adjacent=adjacent, settings=SETTINGS
        )


def test_a_clip_longer_than_the_bound_stays_alone() -> None:
    assert (
        place(
            new=seen("2", "a", 1),
            clusters=[Cluster(members=(seen("1", "a", 0, 100),))],
            adjacent=(),
            settings=SETTINGS,
        )
        == ()
    )


@pytest.mark.parametrize(("starts", "ends"), [(1.0, 0.0), (float("nan"), 1.0), (0.0, float("inf"))])
def test_a_span_that_makes_no_sense_is_refused(starts: float, ends: float) -> None:
    with pytest.raises(ValueError, match="span"):
        seen("1", "a", starts, ends)


@pytest.mark.parametrize(
    "wrong",
    [
        {"gap_seconds": -1.0},
        {"gap_seconds": 100.0},
        {"longest_seconds": float("inf")},
        {"most_alerts": 0},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"window|item"):
        GroupingSettings(**wrong)
