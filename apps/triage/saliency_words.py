"""What moved the score, in words: shares of regions, and how far the map is to be trusted."""

from dataclasses import dataclass

from apps.triage.recorded_words import recorded
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
from apps.triage.wording import gettext, gettext_noop

REGION_WORDS = {
    Region.HAND_CLOTHING: gettext_noop("Hand at clothing"),
    Region.SHELF_BOUNDARY: gettext_noop("Edge of a shelf"),
    Region.EXIT_CORRIDOR: gettext_noop("Way to the exit"),
    Region.BODY: gettext_noop("Rest of the body"),
    Region.OTHER_PEOPLE: gettext_noop("Other people"),
    Region.REST: gettext_noop("Rest of the picture"),
}
WHY_NOT_WORDS = {
    WhyNot.NOT_MOVED: gettext_noop("the score did not move, whatever was hidden"),
    WhyNot.NO_BETTER_THAN_CENTRE: gettext_noop(
        "hiding what it names moves the score no more than hiding the middle"
    ),
    WhyNot.NO_BETTER_THAN_RANDOM: gettext_noop(
        "hiding what it names moves the score no more than hiding random places"
    ),
    WhyNot.SAME_WITH_CHANCE_WEIGHTS: gettext_noop(
        "it hardly changes when the detector's weights are made chance"
    ),
}
OUT_OF_REACH = gettext_noop(
    "This detector's weights are out of reach, so whether the map follows what it learned is not known."
)
OWN_READING = gettext_noop(
    "This is Second Look's own reading of the clip: the alert's detector cannot be asked, so what "
    "moved its score is not known."
)
NOTHING_RAISED = gettext_noop("Nothing raised it")


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
        verdict=trusted[0].verdict if trusted else gettext("Not reliable: see why"),
        not_reliable=not trusted,
        whose="" if found.of_the_alert else gettext(OWN_READING),
        span=gettext("%(detector)s gave %(score)s for %(start)s–%(end)s s of the clip.")
        % {
            "detector": found.detector.replace("@", " "),
            "score": f"{found.score:.2f}",
            "start": f"{found.start_seconds:.1f}",
            "end": f"{found.end_seconds:.1f}",
        },
        maps=tuple(maps),
        absent=tuple(map(recorded, filter(None, (found.joints_absent, found.picture_absent)))),
    )


def _of_joints(found: JointMap) -> MapLines:
    exact = gettext(
        "%(method)s: %(moments)s moments of person %(track)s. Base %(base)s, joints %(joints)s, "
        "what belongs to no joint %(rest)s, together %(answer)s (%(scale)s)."
    ) % {
        "method": recorded(found.method),
        "moments": len(found.times),
        "track": found.track,
        "base": f"{found.base:.3f}",
        "joints": f"{sum(map(sum, found.contributions)):+.3f}",
        "rest": f"{found.rest:+.3f}",
        "answer": f"{found.answer:.3f}",
        "scale": recorded(found.scale),
    }
    return _lines(gettext("Joints"), found.regions, found.faithfulness, exact)


def _of_picture(found: PictureMap) -> MapLines:
    asked = gettext(
        "%(method)s. The detector was asked %(count)s times; seed %(seed)s; %(frames)s frames."
    ) % {
        "method": recorded(found.method),
        "count": found.evaluations,
        "seed": found.seed,
        "frames": len(found.times),
    }
    return _lines(gettext("Picture"), found.regions, found.faithfulness, asked)


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
        return gettext(NOTHING_RAISED)
    said = [
        f"{gettext(REGION_WORDS[one.region]).lower()} {_percent(one.share)}" for one in known[:2]
    ]
    text = ", ".join(said)
    return text[:1].upper() + text[1:]


def _not_reliable(judged: Faithfulness) -> str:
    if judged.reliable:
        return ""
    return gettext("Not reliable: %(why)s.") % {
        "why": "; ".join(gettext(WHY_NOT_WORDS[one]) for one in judged.why_not)
    }


def _bar(one: RegionShare) -> RegionBar:
    text = gettext("not known") if one.share is None else _percent(one.share)
    return RegionBar(
        words=gettext(REGION_WORDS[one.region]), share=one.share, text=text, why=recorded(one.why)
    )


def _curves(judged: Faithfulness) -> tuple[CurveRow, ...]:
    best = max(judged.random, key=lambda one: one.gain)
    rows = (
        (gettext("This map"), judged.own),
        (gettext("Middle of the picture"), judged.centre),
        (gettext("Best of %(count)s random") % {"count": len(judged.random)}, best),
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
        return gettext(OUT_OF_REACH)
    follows = gettext("the map follows them")
    if judged.alike > MOST_ALIKE:
        follows = gettext("the map does not follow them")
    return gettext(
        "With the weights made chance (%(copies)s times) the map's rank correlation with itself is "
        "%(alike)s, at most %(most)s is allowed: %(verdict)s."
    ) % {
        "copies": judged.copies,
        "alike": f"{judged.alike:.2f}",
        "most": f"{MOST_ALIKE:g}",
        "verdict": follows,
    }


def _percent(share: float | None) -> str:
    return f"{round(100 * (share or 0.0))}%"
