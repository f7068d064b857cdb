"""Sentences about what happened: place, time on both clocks, what was observed, what people decided and did."""

from collections.abc import Iterator

from apps.reports.drafting.facts import Fact, Facts, derived, tell
from apps.reports.drafting.sentences import Sentence

Told = Iterator[Sentence | None]


def summary(facts: Facts) -> Told:
    for case in facts.ids("case"):
        of = facts.of("case", case)
        for site in facts.ids("site"):
            yield tell(
                "summary.case",
                "This concerns case {reference} of {tenant}, store {site}, opened on {opened_at}.",
                reference=of("reference"),
                opened_at=of("opened_at"),
                site=facts.get("site", site, "name"),
                tenant=_first(facts, "tenant", "name"),
            )
        yield tell(
            "summary.incidents",
            "The record links {count} confirmed incident(s) to this case.",
            count=of("incidents"),
        )
        drill = of("is_drill")
        if drill and drill.value:
            yield tell(
                "summary.drill",
                "This case is a rehearsal: nothing in it happened in a store.",
                drill_=drill,
                disclosure=True,
            )


def place_and_time(facts: Facts) -> Told:
    for alert in alerts_of(facts):
        of = facts.of("alert", alert)
        camera = of("camera")
        camera_of = facts.of("camera", camera.value if camera else "")
        yield tell(
            f"time.camera.{alert}",
            "Alert {reference}: the footage is of camera {camera}. Its clock showed {shown}.",
            reference=of("reference"),
            camera=camera_of("name"),
            shown=of("camera_at"),
        )
        yield tell(
            f"time.offset.{alert}",
            "Alert {reference}: the recorded offset of that camera's clock is {offset}; when the offset was measured"
            " is {measured}.",
            reference=of("reference"),
            offset=camera_of("clock_offset"),
            measured=camera_of("offset_measured_at"),
        )
        yield tell(
            f"time.true.{alert}",
            "Alert {reference}: with that offset taken off, the true time was {true_at}. The server received the"
            " alert on {received}.",
            reference=of("reference"),
            true_at=derived(
                _shown(of("true_at")), of("true_at"), of("camera_at"), camera_of("clock_offset")
            ),
            received=of("received_at"),
        )


def observed(facts: Facts) -> Told:
    for alert in alerts_of(facts):
        of = facts.of("alert", alert)
        yield tell(
            f"observed.label.{alert}",
            "Alert {reference} came in {channel}. The observed act was labelled “{label}” by {detector}, with the"
            " score {score}.",
            reference=of("reference"),
            channel=of("channel"),
            label=of("label"),
            detector=of("detector"),
            score=of("score"),
        )
        for assessment in facts.those("assessment", field="alert", value=alert):
            found = facts.of("assessment", assessment)
            yield tell(
                f"observed.assessment.{assessment}",
                "Alert {reference}: the software noted “{observed}”. {sequence}.",
                reference=of("reference"),
                observed=found("observed"),
                sequence=found("sequence"),
            )
        yield from _clip(facts, alert, of("reference"))


def _clip(facts: Facts, alert: str, reference: Fact | None) -> Told:
    of = facts.of("clip", alert)
    if of("state") is None:
        yield tell(
            f"observed.no_clip.{alert}",
            "Alert {reference}: what the footage shows is not known because {why}.",
            reference=reference,
            why=facts.get("alert", alert, "clip"),
        )
        return
    yield tell(
        f"observed.clip.{alert}",
        "Alert {reference}: the clip is {state}; length {duration}; part marked for the act: {marked}; delivered as"
        " {delivery}, under the name {name}; SHA-256 {sha256}.",
        reference=reference,
        state=of("state"),
        duration=of("duration"),
        marked=of("marked"),
        delivery=of("delivery"),
        name=of("original_name"),
        sha256=of("sha256"),
    )


def decision(facts: Facts) -> Told:
    for alert in alerts_of(facts):
        reference = facts.get("alert", alert, "reference")
        for disposition in facts.those("disposition", field="alert", value=alert):
            of = facts.of("disposition", disposition)
            yield tell(
                f"decision.verdict.{disposition}",
                "Alert {reference}: {person} recorded the verdict “{verdict}” on {at}. Reasons given: {reasons}. Was"
                " the item seen changing place: {seen}.",
                reference=reference,
                person=of("decided_by"),
                verdict=of("verdict"),
                at=of("decided_at"),
                reasons=of("reasons"),
                seen=of("transfer_seen"),
            )
        for confirmation in facts.those("confirmation", field="alert", value=alert):
            of = facts.of("confirmation", confirmation)
            yield tell(
                f"decision.confirmation.{confirmation}",
                "Alert {reference}: {person}, as {role}, had played {played} of the footage and confirmed on {at}.",
                reference=reference,
                person=of("person"),
                role=of("role"),
                played=of("played"),
                at=of("confirmed_at"),
            )


def actions(facts: Facts) -> Told:
    for alert in alerts_of(facts):
        reference = facts.get("alert", alert, "reference")
        count = facts.get("acts", alert, "count")
        if count and count.value == 0:
            yield tell(
                f"actions.none.{alert}",
                "Alert {reference}: what was done on the floor is not known because no intervention is recorded.",
                reference=reference,
                count_=count,
            )
        for act in facts.those("intervention", field="alert", value=alert):
            of = facts.of("intervention", act)
            yield tell(
                f"actions.act.{act}",
                "Alert {reference}: {person} authorised “{act}” on {at}. Outcome: {outcome} (time of the outcome:"
                " {outcome_at}).",
                reference=reference,
                person=of("authorised_by"),
                act=of("act"),
                at=of("authorised_at"),
                outcome=of("outcome"),
                outcome_at=of("outcome_at"),
            )


def alerts_of(facts: Facts) -> list[str]:
    """The alerts of the incidents, in the order of the incidents."""
    found = (facts.get("incident", incident, "alert") for incident in facts.ids("incident"))
    return [str(fact.value) for fact in found if fact]


def _first(facts: Facts, kind: str, field: str) -> Fact | None:
    ids = facts.ids(kind)
    return facts.get(kind, ids[0], field) if ids else None


def _shown(fact: Fact | None) -> str:
    return fact.shown if fact else ""
