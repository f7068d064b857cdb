"""The record of an alert: every field the AI Act's articles ask for, with its value or with why it is not known."""

import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from pypdf import PdfReader

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert, Assessment, Disposition
from apps.alerts.operations.analysis import begin_analysis, route
from apps.audit.events import Actor, Channel, Event
from apps.audit.models import InboxEntry
from apps.cases.dossier.checking import check_dossier
from apps.cases.dossier.explanation import explanation_for_person
from apps.cases.dossier.operations import raise_missing_records, render_dossier
from apps.cases.dossier.plain_words import explain_to_person
from apps.cases.dossier.record import dossier_record
from apps.cases.dossier.sources import Source, cite_by
from apps.cases.dossier.standing import backlog_of, record_standing, versions_of, waiting
from apps.cases.tasks import render_waiting, watch_records
from apps.evidence.documents.pades import read_signatures
from apps.evidence.models import EvidenceItem
from apps.reviews.models import Confirmation, DecisionAttempt, HumanTask
from apps.storage.store import media_store
from tests.world import (
    NOW,
    World,
    make_alert,
    make_waiting_alert,
    make_world,
    write_assessment,
)

FIELDS = {
    "Art. 9": ["Risk register version"],
    "Art. 10": ["Fairness record", "Changes of appearance tried", "Rates by audited group"],
    "Art. 11": [
        "Model digests",
        "Policy digest",
        "Cost model digest",
        "Inputs digest",
        "Class of the detector",
    ],
    "Art. 12": [
        "Use started",
        "Use ended",
        "Camera",
        "Purpose",
        "Watchlist version",
        "Probe reference",
        "Score",
        "Threshold",
        "Verifiers",
        "Detector score",
        "Model digests",
        "Policy version and digest",
        "Cost model version and digest",
        "Agent decision",
        "Reason codes",
        "Record digest",
        "Human decision",
        "Milliseconds of clip viewed",
        "Trace: workflow run",
        "Record chained as entry",
    ],
    "Art. 13": [
        "System card version",
        "Reliability of the segment",
        "Surrogate rule",
        "Counterfactual",
        "Known limits",
    ],
    "Art. 14": [
        "Confirmed by people",
        "Second verifier",
        "Marked span played before confirming",
        "Machine's verdict hidden until judged",
        "Override of the machine",
        "Corrections",
        "Faces revealed",
        "STOP while it was handled",
        "Decided in bulk",
    ],
    "Art. 15": [
        "Probability of theft",
        "False-alarm rate of the segment",
        "Drift",
        "Fallback state",
    ],
    "Art. 26": [
        "Training standing of the deciding person",
        "Interventions",
        "Logs kept",
        "People were told by",
    ],
    "Art. 86": [
        "What was noticed",
        "What the system did",
        "What weighed most",
        "What people did",
        "How to contest it",
    ],
}
ALL = [(article, name) for article, names in FIELDS.items() for name in names]


def confirm(alert: Alert, world: World, *, verdict: str = "theft_confirmed") -> Confirmation:
    """A person decides, with everything that the product writes for it."""
    task = HumanTask.objects.create(
        tenant_id=alert.tenant_id, alert=alert, opened_at=NOW, due_at=NOW + timedelta(minutes=15)
    )
    attempt = DecisionAttempt.objects.create(
        tenant_id=alert.tenant_id,
        task=task,
        alert=alert,
        user=world.operator,
        role="operator",
        session_hash="5" * 64,
        channel="screen",
        payload={},
        payload_digest="d" * 64,
        object_version=alert.version,
        token_hash=f"{alert.id.hex:0>64}",
        prepared_at=NOW,
        expires_at=NOW + timedelta(minutes=2),
    )
    Disposition.objects.create(
        tenant_id=alert.tenant_id,
        alert=alert,
        verdict=verdict,
        reasons=["receipt_checked"],
        transfer_seen=verdict == "theft_confirmed" or None,
        decided_by=world.operator.id,
        decided_at=NOW,
    )
    return Confirmation.objects.create(
        tenant_id=alert.tenant_id,
        task=task,
        attempt=attempt,
        user=world.operator,
        role="operator",
        payload_digest="d" * 64,
        viewed_ms=4_000,
        confirmed_at=NOW,
    )


def sections_of(alert: Alert) -> dict[str, dict[str, str]]:
    raw: Any = dossier_record(alert=alert, now=NOW)["sections"]
    return {one["article"]: dict(one["facts"]) for one in raw}


def analysing(world: World) -> Alert:
    return begin_analysis(alert_id=make_alert(world.camera).id, now=NOW).alert


@pytest.fixture(params=["not analysed", "waiting", "archived", "decided"])
def any_alert(request: pytest.FixtureRequest, world: World) -> Alert:
    """An alert in each condition a dossier may be asked for."""
    if request.param == "not analysed":
        return make_alert(world.camera, clip=False, score=None)
    if request.param == "archived":
        alert = analysing(world)
        write_assessment(alert)
        archive(alert)
        return alert
    alert = make_waiting_alert(world.camera)
    if request.param == "decided":
        confirm(alert, world)
    return alert


def archive(alert: Alert) -> None:
    route(
        alert=alert,
        outcome="archive",
        sampled_blind=False,
        sampling_probability=1.0,
        due_at=None,
        now=NOW,
    )


def test_every_field_is_there_or_says_why_not(any_alert: Alert) -> None:
    found = sections_of(any_alert)
    for article, name in ALL:
        value = found[article].get(name, "").strip()
        assert value, f"{article}: {name} is missing"
        assert value.lower() not in {"none", "null", "unknown", "not known"}, f"{article}: {name}"
        assert not value.startswith("not known") or value.startswith("not known because ")


def test_nothing_beyond_the_list_is_left_untested(world: World) -> None:
    found = sections_of(make_waiting_alert(world.camera))
    assert list(found) == list(FIELDS)
    named = set(ALL)
    versions = {
        "Triage policy",
        "Cost model",
        "Sequence policy",
        "Probability",
        "Reliability",
        "Detector",
    }
    extra = {(a, n) for a, names in found.items() for n in names} - named
    assert extra == {("Art. 11", name) for name in versions}


def test_the_confirmation_says_who_saw_how_much(world: World) -> None:
    alert = make_waiting_alert(world.camera)
    confirm(alert, world)
    found = sections_of(alert)
    assert found["Art. 12"]["Milliseconds of clip viewed"].endswith("4,000 ms of 10,000 ms (40%)")
    assert found["Art. 14"]["Confirmed by people"] == "1"
    assert str(world.operator.id) in found["Art. 12"]["Human decision"]
    raw: Any = dossier_record(alert=alert, now=NOW)["sections"]
    (table,) = next(one for one in raw if one["article"] == "Art. 14")["tables"]
    (row,) = table["rows"]
    assert row[0] == str(world.operator.id)
    assert "d" * 64 in row[4]


def test_what_the_machine_proposed_and_a_person_turned_down_is_an_override(world: World) -> None:
    alert = analysing(world)
    write_assessment(alert)
    archive(alert)
    Alert.objects.filter(id=alert.id).update(state="awaiting_review")
    confirm(alert, world)
    before = sections_of(alert)["Art. 14"]["Override of the machine"]
    assert before.startswith("no: proposed verify")  # what the record says, not the queue


def test_too_few_labels_are_called_insufficient(world: World) -> None:
    found = sections_of(make_waiting_alert(world.camera))["Art. 15"]
    assert found["Probability of theft"].startswith("insufficient n (0 labels)")
    assert found["False-alarm rate of the segment"].startswith("insufficient n (0 labels")


def test_a_register_of_a_layer_above_is_cited_as_of_then(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.cases.dossier import sources

    monkeypatch.setattr(sources, "_readers", {})
    alert = make_waiting_alert(world.camera)
    assert sections_of(alert)["Art. 9"]["Risk register version"] == (
        "not known because no risk register is kept"
    )
    asked = []
    cite_by(
        Source.RISK_REGISTER, lambda tenant, site, at: asked.append((tenant, at)) or "register-7"
    )
    assert sections_of(alert)["Art. 9"]["Risk register version"] == "register-7"
    assert asked == [(world.tenant.id, NOW)]


def test_the_record_holds_no_name_of_anybody_deciding(world: World) -> None:
    alert = make_waiting_alert(world.camera)
    confirm(alert, world)
    said = json.dumps(dossier_record(alert=alert, now=NOW), default=str)
    assert world.operator.email not in said
    assert world.operator.get_full_name() not in said


def test_no_field_claims_to_be_compliant(any_alert: Alert) -> None:
    said = json.dumps(dossier_record(alert=any_alert, now=NOW), default=str)
    assert not re.search(r"\b(non-)?complian(t|ce)\b", said.replace("compliance mode", ""), re.I)


def test_the_explanation_tells_a_person_what_happened_and_names_nobody(world: World) -> None:
    alert = make_waiting_alert(world.camera, note="seen by Jane Roe")
    confirm(alert, world, verdict="false_alarm")
    made = explanation_for_person(alert, now=NOW)
    words = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(made.pdf)).pages)
    for title in FIELDS["Art. 86"]:
        assert title in words
    assert "the software was wrong" in words.replace("\n", " ")
    assert alert.reference in words
    for private in (str(world.operator.id), world.operator.email, "Jane Roe", str(alert.id)):
        assert private not in words
        assert private not in json.dumps(made.record)
    (signature,) = read_signatures(made.pdf)
    assert signature.is_good


def test_the_dossier_and_the_document_say_the_same_to_a_person(world: World) -> None:
    alert = make_waiting_alert(world.camera)
    confirm(alert, world, verdict="false_alarm")
    parts = explain_to_person(alert).parts
    record = dossier_record(alert=alert, now=NOW)
    sections = record["sections"]
    assert isinstance(sections, list)
    (section,) = [one for one in sections if one["article"] == "Art. 86"]
    said = [(part.title, " ".join(part.paragraphs)) for part in parts]
    assert [tuple(fact) for fact in section["facts"]] == said
    document = explanation_for_person(alert, now=NOW).record["parts"]
    assert document == [{"title": p.title, "paragraphs": list(p.paragraphs)} for p in parts]


def test_a_correction_is_explained_as_one_with_the_roles_of_those_who_decided(
    world: World,
) -> None:
    alert = make_waiting_alert(world.camera)
    confirm(alert, world, verdict="false_alarm")
    first = alert.dispositions.get()
    Disposition.objects.create(
        tenant_id=alert.tenant_id,
        alert=alert,
        verdict="inconclusive",
        decided_by=world.lead.id,
        decided_at=NOW + timedelta(hours=1),
        supersedes=first,
    )
    people = next(p for p in explain_to_person(alert).parts if p.title == "What people did")
    before, after = people.paragraphs
    assert before.startswith("A person (role: operator) watched the footage")
    assert after.startswith("Later this was corrected")
    assert "role: lp lead" in after


def test_an_undecided_alert_is_explained_as_undecided(world: World) -> None:
    made = explanation_for_person(make_waiting_alert(world.camera), now=NOW)
    assert "No person has decided anything yet" in json.dumps(made.record)


def test_an_alert_in_analysis_is_not_counted_and_a_routed_one_has_its_record(world: World) -> None:
    analysing(world)
    make_waiting_alert(world.camera)
    standing = record_standing(tenant_id=world.tenant.id)
    assert (standing.checked, standing.missing) == (1, 0)


def test_an_assessment_that_never_reached_the_chain_is_counted(world: World) -> None:
    alert = analysing(world)
    made = Assessment(
        tenant_id=alert.tenant_id,
        alert=alert,
        record={},
        digest="0" * 64,
        outcome="archive",
        created_at=NOW,
    )
    made.save(force_insert=True)  # stored, and no event beside it
    archive(alert)
    standing = record_standing(tenant_id=world.tenant.id)
    assert standing.missing == 1
    assert standing.examples == (alert,)


def test_the_alarm_is_raised_once_for_each_alert(world: World) -> None:
    alert = analysing(world)
    Assessment(
        tenant_id=alert.tenant_id,
        alert=alert,
        record={},
        digest="0" * 64,
        outcome="archive",
        created_at=NOW,
    ).save(force_insert=True)
    archive(alert)
    for _ in range(2):
        assert raise_missing_records(tenant_id=world.tenant.id, since=None).missing == 1
    alarms = InboxEntry.objects.filter(event=Event.ALERT_RECORD_MISSING.value)
    assert [one.subject_id for one in alarms] == [str(alert.id)]


def test_an_archived_alert_waits_for_its_pdf_and_one_in_review_does_not(world: World) -> None:
    archived = analysing(world)
    write_assessment(archived)
    archive(archived)
    make_waiting_alert(world.camera)
    assert list(waiting(tenant_id=world.tenant.id)) == [archived]
    assert list(waiting(tenant_id=world.tenant.id, before=NOW)) == []
    found = backlog_of(tenant_id=world.tenant.id)
    assert (found.count, found.oldest_at) == (1, NOW)


# --- With a store: rendering, checking, the tasks


def settled(world: World) -> Alert:
    alert = analysing(world)
    write_assessment(alert)
    archive(alert)
    return alert


def pdf_of(item: EvidenceItem) -> bytes:
    with media_store().get_stream(key=item.key) as stream:
        return stream.read()


def person(world: World) -> Actor:
    return Actor(
        tenant_id=world.tenant.id,
        user_id=world.compliance.id,
        role="compliance",
        channel=Channel.SCREEN,
    )


@pytest.mark.django_db(transaction=True)
def test_a_dossier_is_signed_kept_in_versions_and_checked(s3: dict[str, str]) -> None:
    world = make_world()
    with tenant_scope(world.tenant.id):
        alert = settled(world)
    first = render_dossier(tenant_id=world.tenant.id, alert_id=alert.id, now=NOW)
    second = render_dossier(
        tenant_id=world.tenant.id, alert_id=alert.id, now=NOW + timedelta(minutes=1)
    )
    with tenant_scope(world.tenant.id):
        versions = versions_of(alert)
    assert [one.id for one in versions] == [second, first]
    pdf = pdf_of(versions[0])
    assert read_signatures(pdf)[0].is_good
    words = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    for article in FIELDS:
        assert f"Record for {article}" in words.replace("\n", " ")
    found = check_dossier(actor=person(world), item=versions[0])
    assert found.holds, found.findings
    assert "self-made" in found.findings[1].words


@pytest.mark.django_db(transaction=True)
def test_a_flipped_byte_and_a_forged_row_are_named(s3: dict[str, str]) -> None:
    world = make_world()
    with tenant_scope(world.tenant.id):
        alert = settled(world)
    item_id = render_dossier(tenant_id=world.tenant.id, alert_id=alert.id, now=NOW)
    with tenant_scope(world.tenant.id):
        item = EvidenceItem.objects.get(id=item_id)
    pdf = bytearray(pdf_of(item))
    pdf[len(pdf) // 3] ^= 1
    media_store().put_stream(key=item.key, stream=io.BytesIO(bytes(pdf)), length=len(pdf))
    found = check_dossier(actor=person(world), item=item)
    assert [one.what for one in found.findings if not one.holds] == ["digest", "signature"]
    item.sha256 = "f" * 64  # as if the register had been edited to fit
    failed = [
        one.what for one in check_dossier(actor=person(world), item=item).findings if not one.holds
    ]
    assert failed == ["digest", "signature", "chain"]
    media_store().delete(key=item.key)
    assert "cannot be read" in check_dossier(actor=person(world), item=item).findings[0].words


@pytest.mark.django_db(transaction=True)
def test_the_task_renders_what_waits_and_again_after_a_correction(
    s3: dict[str, str], redis_url: str
) -> None:
    world = make_world()
    with tenant_scope(world.tenant.id):
        alert = settled(world)
    assert render_waiting() == 1
    assert render_waiting() == 0
    with tenant_scope(world.tenant.id):
        first = versions_of(alert)[0]
        Disposition.objects.create(
            tenant_id=alert.tenant_id,
            alert=alert,
            verdict="false_alarm",
            decided_by=world.operator.id,
            decided_at=first.acquired_at + timedelta(seconds=1),
        )
        assert backlog_of(tenant_id=world.tenant.id).count == 1


@pytest.mark.django_db(transaction=True)
def test_an_alert_forced_out_of_analysis_raises_the_alarm(
    owner_connection: Any, caplog: pytest.LogCaptureFixture
) -> None:
    world = make_world()
    with tenant_scope(world.tenant.id):
        alert = analysing(world)
        Alert.objects.filter(id=alert.id).update(received_at=NOW)
    assert watch_records() == 0
    statements = (
        "ALTER TABLE alerts_alert DISABLE TRIGGER alerts_record_first",
        f"UPDATE alerts_alert SET state = 'archived', received_at = now() WHERE id = '{alert.id}'",
        "ALTER TABLE alerts_alert ENABLE ALWAYS TRIGGER alerts_record_first",
    )
    for statement in statements:
        owner_connection.execute(statement)
    assert watch_records() == 1
    assert "alerts without a chained record: 1 of 1" in caplog.text
    with tenant_scope(world.tenant.id):
        alarms = InboxEntry.objects.filter(event=Event.ALERT_RECORD_MISSING.value)
        assert [one.subject_id for one in alarms] == [str(alert.id)]
