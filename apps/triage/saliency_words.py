"""What moved the score, in words: shares of regions, and how far the map is to be trusted."""

from dataclasses import dataclass

from apps.triage.saliency import (
    MOST_ALIKE,
    Faithfulness,
    JointMap,
    PictureMap,
    Region,
    RegionShare,
    Saliency,
    WhyNot,
)

REGION_WORDS = {
    Region.HAND_CLOTHING: "Hand at clothing",
    Region.SHELF_BOUNDARY: "Edge of a shelf",
    Region.EXIT_CORRIDOR: "Way to the exit",
    Region.BODY: "Rest of the body",
    Region.OTHER_PEOPLE: "Other people",
    Region.REST: "Rest of the picture",
}
WHY_NOT_WORDS = {
    WhyNot.NOT_MOVED: "the score did not move, whatever was hidden",
    WhyNot.NO_BETTER_THAN_CENTRE: "hiding what it names moves the score no more than hiding the middle",
    WhyNot.NO_BETTER_THAN_RANDOM: "hiding what it names moves the score no more than hiding random places",
    WhyNot.SAME_WITH_CHANCE_WEIGHTS: "it hardly changes when the detector's weights are made chance",
}
OUT_OF_REACH = "This detector's weights are out of reach, so whether the map follows what it learned is not known."
OWN_READING = (
    "This is Second Look's own reading of the clip: the alert's detector cannot be asked, so what "
    "moved its score is not known."
)
NOTHING_RAISED = "Nothing raised it"


@dataclass(frozen=True, kw_only=True)
class RegionBar:
    """One bar: `share` 0..1 for its length, None where not known, and then `why`."""

    words: str
    share: float | None
    text: str
    why: str


@dataclass(frozen=True, kw_only=True)
class CurveRow:
    """One row of the table of curves, figures to two digits."""

    words: str
    deletion: str
    insertion: str
    gain: str


@dataclass(frozen=True, kw_only=True)
class MapLines:
    """One map in words."""

    title: str
    verdict: str
    not_reliable: str
    bars: tuple[RegionBar, ...]
    curves: tuple[CurveRow, ...]
    sanity: str
    how: str


@dataclass(frozen=True, kw_only=True)
class SaliencyLines:
    """Everything the page and the dossier say of what moved a score. `verdict` is one line."""

    verdict: str
    not_reliable: bool
    whose: str
    span: str
    maps: tuple[MapLines, ...]
    absent: tuple[str, ...]


def saliency_lines(found: Saliency) -> SaliencyLines:
    """The words for a record of what moved a score. The joints come first: their figures are exact."""
    maps = []
    if found.joints:
        maps.append(_of_joints(found.joints))
    if found.picture:
        maps.append(_of_picture(found.picture))
    trusted = [one for one in maps if not one.not_reliable]
    return SaliencyLines(
        verdict=trusted[0].verdict if trusted else "Not reliable: see why",
        not_reliable=not trusted,
        whose="" if found.of_the_alert else OWN_READING,
        span=(
            f"{found.detector.replace('@', ' ')} gave {found.score:.2f} for "
            f"{found.start_seconds:.1f}–{found.end_seconds:.1f} s of the clip."
        ),
        maps=tuple(maps),
        absent=tuple(filter(None, (found.joints_absent, found.picture_absent))),
    )


def _of_joints(found: JointMap) -> MapLines:
    moments = f"{len(found.times)} moments of person {found.track}"
    exact = (
        f"{found.method}: {moments}. Base {found.base:.3f}, joints "
        f"{sum(map(sum, found.contributions)):+.3f}, what belongs to no joint {found.rest:+.3f}, "
        f"together {found.answer:.3f} ({found.scale})."
    )
    return _lines("Joints", found.regions, found.faithfulness, exact)


def _of_picture(found: PictureMap) -> MapLines:
    asked = (
        f"{found.method}. The detector was asked {found.evaluations} times; seed {found.seed}; "
        f"{len(found.times)} frames."
    )
    return _lines("Picture", found.regions, found.faithfulness, asked)


def _lines(
    title: str, regions: tuple[RegionShare, ...], judged: Faithfulness, how: str
) -> MapLines:
    return MapLines(
        title=title,
        verdict=_verdict(regions),
        not_reliable=_not_reliable(judged),
        bars=tuple(_bar(one) for one in regions),
        curves=_curves(judged),
        sanity=_sanity(judged),
        how=how,
    )


def _verdict(regions: tuple[RegionShare, ...]) -> str:
    known = sorted((one for one in regions if one.share), key=lambda one: -(one.share or 0.0))
    if not known:
        return NOTHING_RAISED
    said = [f"{REGION_WORDS[one.region].lower()} {_percent(one.share)}" for one in known[:2]]
    text = ", ".join(said)
    return text[:1].upper() + text[1:]


def _not_reliable(judged: Faithfulness) -> str:
    if judged.reliable:
        return ""
    return f"Not reliable: {'; '.join(WHY_NOT_WORDS[one] for one in judged.why_not)}."


def _bar(one: RegionShare) -> RegionBar:
    text = "not known" if one.share is None else _percent(one.share)
    return RegionBar(words=REGION_WORDS[one.region], share=one.share, text=text, why=one.why)


def _curves(judged: Faithfulness) -> tuple[CurveRow, ...]:
    best = max(judged.random, key=lambda one: one.gain)
    rows = (
        ("This map", judged.own),
        ("Middle of the picture", judged.centre),
        (f"Best of {len(judged.random)} random", best),
    )
    return tuple(
        CurveRow(
            words=words,
            deletion=f"{one.deletion:.2f}",
            insertion=f"{one.insertion:.2f}",
            gain=f"{one.gain:+.2f}",
        )
        for words, one in rows
    )


def _sanity(judged: Faithfulness) -> str:
    if judged.alike is None:
        return OUT_OF_REACH
    verdict = (
        "the map follows them" if judged.alike <= MOST_ALIKE else "the map does not follow them"
    )
    return (
        f"With the weights made chance ({judged.copies} times) the map's rank correlation with itself is "
        f"{judged.alike:.2f}, at most {MOST_ALIKE:g} is allowed: {verdict}."
    )


def _percent(share: float | None) -> str:
    return f"{round(100 * (share or 0.0))}%"
