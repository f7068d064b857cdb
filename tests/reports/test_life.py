"""A report's life: drafted, edited with every wording kept, signed by its author, superseded or withdrawn."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from apps.alerts.models import Alert
from apps.audit.events import Subject
from apps.audit.queries import events_of
from apps.cases.models import Case
from apps.reports.drafting.sentences import Origin
from apps.reports.models import Report, ReportKind, ReportSignature, ReportVersion
from apps.reports.operations.drafts import (
    Edit,
    UnableToChange,
    edit_report,
    redraft_report,
)
from apps.reports.operations.ending import (
    UnableToSign,
    UnableToWithdraw,
    sign_report,
    withdraw_report,
)
from apps.reports.queries.reports import (
    content_of,
    newest,
    own_statements,
    resting_on,
    standing_of,
)
from apps.sites.models import Camera
from tests.reports import scene
from tests.world import NOW, World

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=5)


@pytest.fixture
def case(world: World) -> Case:
    return scene.a_case(world)


def events(report: Report) -> list[str]:
    found = events_of(tenant_id=report.tenant_id, subjects=[Subject("report", report.id)])
    return [one.event for one in found]


def a_sentence(report: Report, section: str = "decision") -> str:
    return next(one.key for one in content_of(newest(report)).sentences if one.section == section)


def again(report: Report) -> Report:
    return Report.objects.select_related("case__site").get(id=report.id)


@pytest.mark.parametrize("kind", list(ReportKind))
def test_from_draft_to_signature(world: World, case: Case, kind: ReportKind) -> None:
    report = scene.signed(world, case, kind)
    assert (report.state, newest(report).number) == ("signed", 2)
    assert report.signature.user_id == world.operator.id
    assert report.signature.digest == newest(report).digest
    assert events(report) == ["report:drafted", "report:edited", "report:signed"]


def test_every_wording_is_kept_and_none_can_be_rewritten(world: World, case: Case) -> None:
    report = scene.draft(world, case)
    scene.edit(world, report, texts={a_sentence(report): "The operator says it in other words."})
    scene.edit(world, report, left_out=frozenset({a_sentence(report, "exhibits")}))
    first, second, third = report.versions.order_by("number")
    assert [one.origin for one in (first, second, third)] == ["drafted", "edited", "edited"]
    assert first.content != second.content != third.content
    with pytest.raises(DatabaseError), transaction.atomic():
        ReportVersion.objects.filter(id=first.id).update(digest="0" * 64)
    with pytest.raises(DatabaseError), transaction.atomic():
        ReportVersion.objects.filter(id=first.id).delete()


def test_saving_the_same_is_no_new_wording(world: World, case: Case) -> None:
    report = scene.draft(world, case)
    scene.edit(world, report)
    assert report.versions.count() == 1
    assert again(report).state == "draft"


def test_what_the_author_adds_is_marked_as_the_authors(world: World, case: Case) -> None:
    report = scene.draft(world, case)
    scene.edit(world, report, added=("He ran.", "  "))
    (own,) = own_statements(content_of(newest(report)))
    assert (own.text, own.origin, own.sources) == ("He ran.", Origin.OPERATOR, ())
    assert own.added_by == str(world.operator.id)
    scene.edit(world, report, left_out=frozenset({own.key}))
    assert own_statements(content_of(newest(report))) == []


def test_a_reworded_sentence_keeps_the_records_words_beside_it(world: World, case: Case) -> None:
    report = scene.draft(world, case)
    key = a_sentence(report)
    scene.edit(world, report, texts={key: "A colleague confirmed it."})
    one = next(s for s in content_of(newest(report)).sentences if s.key == key)
    assert one.is_reworded
    assert "recorded the verdict" in one.drafted
    scene.edit(world, report, texts={key: ""})
    one = next(s for s in content_of(newest(report)).sentences if s.key == key)
    assert not one.is_reworded


@pytest.mark.parametrize("act", ["leave_out", "reword"])
def test_nobody_can_leave_out_or_reword_what_speaks_against_it(
    world: World, case: Case, act: str
) -> None:
    report = scene.draft(world, case)
    key = a_sentence(report, "contrary")
    change = {"left_out": frozenset({key})} if act == "leave_out" else {"texts": {key: "All well."}}
    with pytest.raises(UnableToChange, match="speaks against"):
        scene.edit(world, report, **change)
    assert report.versions.count() == 1


def test_two_people_at_once_do_not_overwrite_each_other(world: World, case: Case) -> None:
    report = scene.draft(world, case)
    scene.edit(world, report, added=("First.",))
    with pytest.raises(UnableToChange, match="Somebody else saved"):
        edit_report(
            actor=scene.actor(world.lead),
            user=world.lead,
            report=report,
            base=1,
            edit=Edit(added=("Second.",)),
            now=LATER,
        )


def test_only_the_author_signs(world: World, case: Case) -> None:
    report = scene.draft(world, case)
    scene.fill(world, report)
    for person in (world.lead, world.second_operator, world.administrator):
        with pytest.raises(UnableToSign, match="Only the person whose statement"):
            scene.sign(world, report, user=person)
    assert again(report).state == "edited"


def test_the_database_refuses_a_signature_that_is_not_the_authors(world: World, case: Case) -> None:
    report = scene.draft(world, case)
    version = newest(report)
    rows = {
        "tenant_id": report.tenant_id,
        "report": report,
        "version": version,
        "role": "lp_lead",
        "channel": "screen",
        "signed_at": NOW,
    }
    for user, digest in ((world.lead, version.digest), (world.operator, "0" * 64)):
        with pytest.raises(IntegrityError), transaction.atomic():
            ReportSignature.objects.create(user_id=user.id, digest=digest, **rows)


def test_an_unfilled_field_keeps_it_from_being_signed(world: World, case: Case) -> None:
    report = scene.draft(world, case, ReportKind.UK_MG11)
    with pytest.raises(UnableToSign, match="Age if under 18, Occupation"):
        scene.sign(world, report)


def test_exactly_the_wording_that_was_read_is_signed(world: World, case: Case) -> None:
    report = scene.draft(world, case)
    scene.fill(world, report)
    read = newest(report).digest
    scene.edit(world, report, added=("Later.",))
    with pytest.raises(UnableToSign, match="changed since you read it"):
        sign_report(
            actor=scene.actor(world.operator),
            user=world.operator,
            report=report,
            digest=read,
            now=LATER,
        )


def test_what_the_record_no_longer_says_cannot_be_signed_before_it_is_drafted_again(
    world: World, case: Case
) -> None:
    report = scene.draft(world, case)
    scene.fill(world, report, added=("I was in the office.",))
    Camera.objects.filter(id=world.camera.id).update(clock_offset_seconds=61.0)
    with pytest.raises(UnableToSign, match="Draft it again"):
        scene.sign(world, report)
    version = redraft_report(
        actor=scene.actor(world.operator), user=world.operator, report=report, now=LATER
    )
    assert version is not None
    assert version.origin == "redrafted"
    assert "+61.0 s" in " ".join(one.text for one in content_of(version).sentences)
    assert [one.text for one in own_statements(content_of(version))] == ["I was in the office."]
    assert scene.sign(world, report).state == "signed"


def test_drafting_again_without_news_writes_nothing(world: World, case: Case) -> None:
    report = scene.draft(world, case)
    found = redraft_report(
        actor=scene.actor(world.operator), user=world.operator, report=report, now=LATER
    )
    assert found is None
    assert report.versions.count() == 1


def test_a_correction_marks_signed_reports_at_once(world: World, case: Case) -> None:
    report = scene.signed(world, case)
    wrong = case.incidents.get().disposition
    assert standing_of(report).corrected == []
    scene.correct(case, world)
    assert [one.id for one in standing_of(again(report)).corrected] == [wrong.id]
    assert resting_on(wrong) == [report]
    newer = scene.draft(world, case, supersedes=again(report), now=LATER)
    assert standing_of(newer).corrected == []
    assert "does not stand" in str(newest(newer).content)


def test_a_newer_signed_report_supersedes_the_older(world: World, case: Case) -> None:
    older = scene.draft(world, case)
    scene.fill(world, older, added=("I know the shelf.",))
    older = scene.sign(world, older)
    newer = scene.draft(world, case, supersedes=older)
    assert again(older).state == "signed"
    assert content_of(newest(newer)).fields == content_of(newest(older)).fields
    assert [o.text for o in own_statements(content_of(newest(newer)))] == ["I know the shelf."]
    scene.sign(world, newer)
    assert again(older).state == "superseded"
    assert events(older)[-1] == "report:superseded"


def test_only_a_signed_report_of_the_same_kind_can_be_replaced(world: World, case: Case) -> None:
    report = scene.draft(world, case)
    with pytest.raises(UnableToChange, match="Only a signed report"):
        scene.draft(world, case, supersedes=report)
    report = scene.draft(world, case)
    scene.fill(world, report)
    report = scene.sign(world, report)
    with pytest.raises(UnableToChange, match="of the same kind"):
        scene.draft(world, case, ReportKind.UK_MG11, supersedes=report)


def test_a_signed_report_is_withdrawn_by_its_author_or_who_approves_for_a_reason(
    world: World, case: Case
) -> None:
    report = scene.signed(world, case)
    for user, reason, words in (
        (world.operator, " ", "Say why"),
        (world.lead, "I disagree.", "Only the person who signed"),
    ):
        with pytest.raises(UnableToWithdraw, match=words):
            withdraw_report(
                actor=scene.actor(user), user=user, report=report, reason=reason, now=LATER
            )
    withdraw_report(
        actor=scene.actor(world.administrator),
        user=world.administrator,
        report=report,
        reason="It names the wrong day.",
        now=LATER,
    )
    ended = again(report)
    assert (ended.state, ended.ended_reason) == ("withdrawn", "It names the wrong day.")
    assert newest(ended).content
    with pytest.raises(UnableToChange, match="not a draft any more"):
        scene.edit(world, ended, added=("More.",))


def test_a_person_who_cannot_sign_here_is_no_author(world: World, case: Case) -> None:
    for person in (world.stranger, world.compliance, world.administrator, world.store_manager):
        with pytest.raises(UnableToChange, match="cannot sign statements"):
            scene.draft(world, case, author=person)


def test_names_of_colleagues_are_tokens_in_what_is_stored(world: World, case: Case) -> None:
    report = scene.draft(world, case)
    name = world.operator.display_name
    scene.edit(world, report, added=(f"{name} was at the till.",))
    stored = str(newest(report).content)
    assert name not in stored
    assert f"[[user:{world.operator.id}]] was at the till." in stored


def test_a_report_speaks_of_no_alert_of_another_case(world: World, case: Case) -> None:
    other = scene.a_case(world)
    words = str(newest(scene.draft(world, case)).content)
    theirs = Alert.objects.get(incident__case=other)
    assert theirs.reference not in words
    assert str(theirs.id) not in words
