"""Sentences about the context: earlier events, leads, people; and whatever speaks against the statement."""

from collections.abc import Iterator

from apps.reports.drafting.facts import Fact, Facts, tell
from apps.reports.drafting.happening import alerts_of
from apps.reports.drafting.sentences import Sentence

Told = Iterator[Sentence | None]
DAYS = 90


def earlier(facts: Facts) -> Told:
    for alert in alerts_of(facts):
        of = facts.of("earlier", alert)
        yield tell(
            f"earlier.camera.{alert}",
            f"In the {DAYS} days before alert {{reference}}, people decided {{decided}} other alert(s) of the same"
            " camera; {thefts} of them stand as confirmed theft.",
            reference=facts.get("alert", alert, "reference"),
            decided=of("decided"),
            thefts=of("thefts"),
        )


def people(facts: Facts) -> Told:
    for case in facts.ids("people"):
        subjects = facts.get("people", case, "subjects")
        if subjects and subjects.value == 0:
            yield tell(
                "people.none",
                "Who the person in the footage is, is not known because no person is recorded as the subject.",
                subjects_=subjects,
            )
    for person in facts.ids("person"):
        of = facts.of("person", person)
        yield tell(
            f"people.one.{person}",
            "{name} is recorded in this case as: {role} (since {since}).",
            name=of("name"),
            role=of("role"),
            since=of("since"),
        )
        others = of("other_cases")
        if others and others.value:
            yield tell(
                f"people.others.{person}",
                "{name} is also recorded in other cases of this store: {cases}.",
                name=of("name"),
                cases=others,
            )


def leads(facts: Facts) -> Told:
    for lead in facts.ids("lead"):
        of = facts.of("lead", lead)
        alert = of("alert")
        yield tell(
            f"leads.one.{lead}",
            "Investigative lead {reference}, not an identification: a face in the footage of alert {alert} was alike"
            " to an entry (distance {score}, where less is more alike; threshold {threshold}; picture quality"
            " {quality}). Different people are this alike in {error_rate} comparisons ({measured}); {compared}"
            " entries were compared. Model: {model}. {judged} judged it; it is {state}.",
            disclosure=True,
            reference=of("reference"),
            alert=facts.get("alert", alert.value if alert else "", "reference"),
            score=of("score"),
            threshold=of("threshold"),
            quality=of("quality"),
            error_rate=of("error_rate"),
            measured=of("error_rate_source"),
            compared=of("compared"),
            model=of("model"),
            judged=of("judged"),
            state=of("state"),
        )


def contrary(facts: Facts) -> Told:
    """What a reader who is to believe the statement has to know; none of it can be left out."""
    for alert in alerts_of(facts):
        yield from _about_decisions(facts, alert)
        yield from _about_the_machine(facts, alert)
        yield from _about_the_footage(facts, alert)
    yield from _about_the_exhibits(facts)


def _about_the_exhibits(facts: Facts) -> Told:
    for exhibit in facts.ids("exhibit"):
        of = facts.of("exhibit", exhibit)
        deleted = of("deleted_at")
        if deleted and deleted.value:
            yield tell(
                f"contrary.deleted.{exhibit}",
                "Exhibit {number}: its bytes were deleted on {at}; what is kept of it are its digests.",
                disclosure=True,
                number=of("number"),
                at=deleted,
            )


def _about_decisions(facts: Facts, alert: str) -> Told:
    reference = facts.get("alert", alert, "reference")
    verdicts = facts.those("disposition", field="alert", value=alert)
    for disposition in verdicts:
        of = facts.of("disposition", disposition)
        stands, verdict = of("stands"), of("verdict")
        if stands and not stands.value:
            yield tell(
                f"contrary.corrected.{disposition}",
                "Alert {reference}: the verdict “{verdict}” of {at} was corrected later and does not stand.",
                disclosure=True,
                reference=reference,
                verdict=verdict,
                at=of("decided_at"),
                stands_=stands,
            )
        elif verdict and verdict.value != "theft_confirmed":
            yield tell(
                f"contrary.not_theft.{disposition}",
                "Alert {reference}: the verdict that stands is “{verdict}”, of {at}. No theft is confirmed by it.",
                disclosure=True,
                reference=reference,
                verdict=verdict,
                at=of("decided_at"),
                stands_=stands,
            )
    for assessment in facts.those("assessment", field="alert", value=alert):
        proposed = facts.get("assessment", assessment, "outcome")
        if proposed and proposed.value in ("archive", "model_review"):
            yield tell(
                f"contrary.override.{assessment}",
                "Alert {reference}: the software had proposed “{proposed}”; people decided otherwise.",
                disclosure=True,
                reference=reference,
                proposed=proposed,
            )
    complaints = facts.get("acts", alert, "complaints")
    if complaints and complaints.value:
        yield tell(
            f"contrary.complaints.{alert}",
            "Alert {reference}: {count} complaint(s) were made about an intervention.",
            disclosure=True,
            reference=reference,
            count=complaints,
        )


def _about_the_machine(facts: Facts, alert: str) -> Told:
    reference = facts.get("alert", alert, "reference")
    for assessment in facts.those("assessment", field="alert", value=alert):
        of = facts.of("assessment", assessment)
        altered, fairness, reliability = of("is_altered"), of("fairness"), of("reliability")
        if altered and altered.value:
            yield tell(
                f"contrary.altered.{assessment}",
                "Alert {reference}: the stored assessment does not match its own digest {digest}; it is not used.",
                disclosure=True,
                reference=reference,
                digest=of("digest"),
                altered_=altered,
            )
        if fairness and fairness.value != "passed":
            yield tell(
                f"contrary.fairness.{assessment}",
                "Alert {reference}: whether the score depends on a person's looks: {fairness}.",
                disclosure=True,
                reference=reference,
                fairness=fairness,
            )
        if reliability and reliability.value != "green":
            yield tell(
                f"contrary.reliability.{assessment}",
                "Alert {reference}: how reliable alerts under these conditions are: {reliability}.",
                disclosure=True,
                reference=reference,
                reliability=reliability,
            )
        yield from _about_the_score(facts, assessment, alert)
    of = facts.of("earlier", alert)
    alike = of("alike_false")
    if alike and alike.value:
        yield tell(
            f"contrary.alike.{alert}",
            f"Alert {{reference}}: of {{alike}} alert(s) with the same label from this camera that were decided in the"
            f" {DAYS} days before, {{false}} were false or explained.",
            disclosure=True,
            reference=reference,
            alike=of("alike"),
            false=alike,
        )


def _about_the_score(facts: Facts, assessment: str, alert: str) -> Told:
    reference = facts.get("alert", alert, "reference")
    of = facts.of("assessment", assessment)
    sequence, calibration = of("sequence"), of("calibration")
    if sequence and sequence.value != "complete":
        yield tell(
            f"contrary.sequence.{assessment}",
            "Alert {reference}: not every step of the act was noted: {sequence}.",
            disclosure=True,
            reference=reference,
            sequence=sequence,
        )
    if calibration and not calibration.value:
        yield tell(
            f"contrary.calibration.{assessment}",
            "Alert {reference}: the score is not calibrated: {calibration}.",
            disclosure=True,
            reference=reference,
            calibration=calibration,
        )


def _about_the_footage(facts: Facts, alert: str) -> Told:
    of = facts.of("alert", alert)
    flagged, failed, trouble = of("clock_flagged"), of("failed_step"), _trouble(facts, alert)
    if flagged and flagged.value:
        yield tell(
            f"contrary.clock.{alert}",
            "Alert {reference}: the camera's clock ({camera_at}) differed from the server's ({received}) by more"
            " than is allowed.",
            disclosure=True,
            reference=of("reference"),
            camera_at=of("camera_at"),
            received=of("received_at"),
            flagged_=flagged,
        )
    if failed and failed.value:
        yield tell(
            f"contrary.failed.{alert}",
            "Alert {reference}: a step of the processing failed ({step}).",
            disclosure=True,
            reference=of("reference"),
            step=failed,
        )
    if trouble:
        yield tell(
            f"contrary.clip.{alert}",
            "Alert {reference}: about the clip the record says: {trouble}",
            disclosure=True,
            reference=of("reference"),
            trouble=trouble,
        )


def _trouble(facts: Facts, alert: str) -> Fact | None:
    found = facts.get("clip", alert, "trouble")
    return found if found and found.value else None
