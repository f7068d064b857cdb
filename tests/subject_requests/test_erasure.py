"""After an erasure no trace of the person is left in tables, search, unlocked objects or logs; the chain verifies."""

import io
import time
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert, Clip, Disposition
from apps.audit.events import Actor, Event, Subject
from apps.audit.models import Reason
from apps.audit.operations import record
from apps.cases.case_file.operations import remove_case_file, request_case_file
from apps.cases.models import Case, CaseFile, CasePerson, NoteVersion, PersonRole
from apps.cases.operations import add_note, add_person, add_task, open_case, seal_exhibits
from apps.evidence.models import EvidenceItem, EvidenceKind
from apps.evidence.operations import acquire_item
from apps.evidence.operations.holds import place_hold, release_hold
from apps.people.models import Person
from apps.people.queries import ERASED, name_of, people_called
from apps.reports.models import ReportKind, ReportVersion
from apps.reports.operations.drafts import Edit, edit_report, make_draft
from apps.reports.queries.reports import objections, standing_of
from apps.reviews.operations.notes import write_note
from apps.storage.keys import alert_master, alert_working
from apps.storage.store import evidence_store, media_store
from apps.subject_requests.models import (
    Erasure,
    ErasureItem,
    RecipientNotice,
    RefusalGround,
    RequestKind,
    SubjectRequest,
)
from apps.subject_requests.operations.carrying_out import carry_out
from apps.subject_requests.operations.disclosing import return_disclosure
from apps.subject_requests.operations.erasing import (
    ERASED_NAME,
    KEPT_BY_THE_DATABASE,
    ask_erasure,
    execute_erasure,
    tell_recipient,
)
from apps.subject_requests.operations.moving import UnableToHandle
from apps.subject_requests.operations.receiving import refuse_request
from apps.subject_requests.queries.plan import plan_for
from apps.watchlists.models import FaceEmbedding, WatchlistEntry
from apps.watchlists.operations.discarding import delete_discarded
from tests.audit import chain
from tests.subject_requests.acts import CONTACT, NAME, actor, identified, judge, search
from tests.watchlists.people import fill, in_force
from tests.world import NOW, World, make_waiting_alert, make_world

REASON = "The person asked for it and nothing stands against it."
LOCK_SECONDS = 4


def tell_story(world: World) -> tuple[Alert, WatchlistEntry]:
    """A watchlist entry, notes and comments with the name, footage, and reasons people gave."""
    fill(world.compliance)
    entry = in_force(world, display_name=NAME)
    alert = entry.alert
    Alert.objects.filter(id=alert.id).update(note=f"Looked like {NAME}, our neighbour.")
    write_note(
        actor=actor(world.second_operator),
        user=world.second_operator,
        alert=alert,
        text=f"{NAME} came back to the shelf.",
        now=NOW,
    )
    Disposition.objects.create(
        tenant_id=alert.tenant_id,
        alert=alert,
        verdict="theft_confirmed",
        transfer_seen=True,
        comment=f"{NAME.upper()} put it into a bag",
        decided_by=world.second_operator.id,
        decided_at=NOW,
        supersedes=entry.disposition,
    )
    record(
        actor=actor(world.lead),
        event=Event.CLIP_REVEALED,
        subject=Subject("alert", alert.id),
        reason=f"To see whether it is {NAME}.",
    )
    return alert, entry


def store_footage(alert: Alert) -> None:
    for kind, key in (
        (EvidenceKind.MASTER, alert_master(tenant_id=alert.tenant_id, alert_id=alert.id)),
        (
            EvidenceKind.WORKING,
            alert_working(tenant_id=alert.tenant_id, alert_id=alert.id, name="blurred.mp4"),
        ),
    ):
        content = b"footage of " + NAME.encode() + key.encode()
        stored = media_store().put_stream(
            key=key, stream=io.BytesIO(content), length=len(content), content_type="video/mp4"
        )
        acquire_item(
            actor=Actor.system(alert.tenant_id),
            alert=alert,
            kind=kind,
            bucket=media_store().bucket,
            stored=stored,
            media_type="video/mp4",
            now=NOW,
        )
    key = alert_master(tenant_id=alert.tenant_id, alert_id=alert.id)
    blurred = alert_working(tenant_id=alert.tenant_id, alert_id=alert.id, name="blurred.mp4")
    Clip.objects.filter(alert=alert).update(
        master_key=key, playable_key=key, blurred_key=blurred, original_name=f"{NAME}.mp4"
    )


def asked(world: World, alert: Alert) -> Erasure:
    entry_person = Person.objects.get(id=WatchlistEntry.objects.get().name_row.person_id)
    request = identified(world, RequestKind.ERASURE, person=entry_person, name="")
    search(world, request, references=(alert.reference,))
    judge(world, request)
    request.refresh_from_db()
    return ask_erasure(
        actor=actor(world.compliance),
        user=world.compliance,
        request=request,
        reason=f"{NAME} wrote to us; nothing stands against it.",
        now=NOW,
    )


def carry_out_by(world: World, erasure: Erasure, **changes: Any) -> None:
    user = changes.get("user", world.administrator)
    execute_erasure(
        actor=actor(user), user=user, erasure=erasure, reason=REASON, now=timezone.now()
    )


def traces(connection: "psycopg.Connection[Any]", *needles: str) -> list[str]:
    """Every column of every table (whatever its type) that holds one of the words, found by introspection."""
    columns = connection.execute(
        """
        SELECT table_name, column_name, data_type FROM information_schema.columns
        WHERE table_schema = 'public'
            AND (data_type IN ('text', 'character varying', 'jsonb', 'json', 'bytea')
                OR udt_name IN ('vector', 'halfvec', '_text', '_varchar'))
        """
    ).fetchall()
    assert len(columns) > 300  # the introspection itself finds something
    found = []
    for table, column, kind in columns:
        for needle in needles:
            shown = f'"{column}"::text'
            wanted = needle
            if kind == "bytea":
                shown, wanted = f"encode(\"{column}\", 'hex')", needle.encode().hex()
            count = connection.execute(
                f'SELECT count(*) FROM "{table}" WHERE strpos(lower({shown}), lower(%s)) > 0',  # type: ignore[arg-type]
                [wanted],
            ).fetchone()
            if count and count[0]:
                found.append(f"{table}.{column}")
    return sorted(set(found))


def stored_with(needle: bytes, tenant_prefix: str) -> list[str]:
    keys = media_store().keys(prefix=tenant_prefix)
    found = []
    for key in keys:
        with media_store().get_stream(key=key) as stream:
            if needle in stream.read():
                found.append(key)
    return found


@pytest.fixture
def story(s3: dict[str, str]) -> tuple[World, Alert]:
    world = make_world()
    with tenant_scope(world.tenant.id):
        world.tenant.exhibit_retention_days = LOCK_SECONDS / 86_400
        world.tenant.save()
        alert, _ = tell_story(world)
        store_footage(alert)
    return world, alert


@pytest.mark.django_db(transaction=True)
def test_after_erasure_there_is_no_trace_and_the_chain_verifies(
    story: tuple[World, Alert],
    superuser_connection: "psycopg.Connection[Any]",
    sequencer_connection: chain.Connection,
    service_connection: chain.Connection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    world, alert = story
    with tenant_scope(world.tenant.id):
        vector = str(FaceEmbedding.objects.get().vector[0])[:9]
        erasure = asked(world, alert)
        request = erasure.request
        assert people_called("ødegård")
    before = traces(superuser_connection, NAME, vector)
    assert {
        "alerts_alert.note",
        "alerts_disposition.comment",
        "reviews_alertnote.text",
        "audit_reason.text",
        "alerts_clip.original_name",
        "watchlists_faceembedding.vector",
    } <= set(before)
    prefix = f"tenants/{world.tenant.id}/"
    assert len(stored_with(NAME.encode(), prefix)) == 2
    chain.chain(sequencer_connection)

    with tenant_scope(world.tenant.id):
        carry_out_by(world, erasure)
    carry_out(tenant_id=world.tenant.id, erasure_id=erasure.id, now=timezone.now())
    with tenant_scope(world.tenant.id):
        delete_discarded(now=timezone.now())

    assert traces(superuser_connection, NAME, vector, CONTACT) == []
    assert stored_with(NAME.encode(), prefix) == []
    assert media_store().keys(prefix=f"{prefix}alerts/{alert.id}/") == []
    assert NAME not in caplog.text
    with tenant_scope(world.tenant.id):
        kept = SubjectRequest.objects.select_related("person").get(id=request.id)
        assert (kept.state, kept.words_sealed, kept.contact_sealed) == ("erased", None, None)
        assert name_of(kept.person) == ERASED
        assert people_called("ødegård") == []
        assert Disposition.objects.filter(alert=alert).count() == 2  # the decisions stay
        assert not Clip.objects.get(alert=alert).is_viewable
        states = set(EvidenceItem.objects.filter(alert=alert).values_list("state", flat=True))
        assert states == {"deleted"}
        erasure.refresh_from_db()
        assert erasure.completed_at is not None
        assert erasure.event_id is not None
    chain.chain(sequencer_connection)
    chain.sign(sequencer_connection)
    found = chain.verify(service_connection, world.tenant.id, with_bucket=False)
    assert found.holds, found.problems
    assert found.lost_reasons > 0


def work_in_a_case(world: World, alert: Alert) -> Case:
    """Somebody in a case, described and noted, and their name in a note, a task and the draft of a report."""
    case = open_case(alert_id=alert.id, now=NOW)
    by = {"actor": actor(world.lead), "case": case, "now": NOW}
    known = Person.objects.get(id=WatchlistEntry.objects.get().name_row.person_id)
    there = add_person(role=PersonRole.SUBJECT, known=known, observed=f"{NAME}, a red coat", **by)
    add_note(text=f"Waits for {NAME}.", person_id=there.id, **by)
    add_note(text=f"{NAME} has called the store.", **by)
    add_task(title=f"Call {NAME} back", **by)
    report = make_draft(user=world.lead, kind=ReportKind.POLICE_REPORT, author=world.lead, **by)
    edit_report(
        actor=actor(world.lead),
        user=world.lead,
        report=report,
        base=1,
        edit=Edit(added=(f"I spoke to {NAME} at the door.",)),
        now=NOW,
    )
    return case


@pytest.mark.django_db(transaction=True)
def test_an_erasure_reaches_every_wording_of_a_case(
    story: tuple[World, Alert],
    superuser_connection: "psycopg.Connection[Any]",
    owner_connection: "psycopg.Connection[Any]",
    sequencer_connection: chain.Connection,
    service_connection: chain.Connection,
) -> None:
    world, alert = story
    with tenant_scope(world.tenant.id):
        work_in_a_case(world, alert)
        elsewhere = make_waiting_alert(world.camera)
        write_note(
            actor=actor(world.operator),
            user=world.operator,
            alert=elsewhere,
            text=f"{NAME} walked past.",
            now=NOW,
        )
        EvidenceItem.objects.create(**_another_item(alert), original_name=f"{NAME} again.mp4")
        erasure = asked(world, alert)
        written = {one.id: one.content for one in ReportVersion.objects.all()}
        assert not any(one.lost_a_name for one in ReportVersion.objects.all())
    assert {
        "cases_noteversion.text",
        "cases_casetask.title",
        "evidence_evidenceitem.original_name",
        "reports_reportversion.content",
    } <= set(traces(superuser_connection, NAME))
    with pytest.raises(psycopg.IntegrityError, match="only grows"):
        owner_connection.execute("UPDATE cases_noteversion SET text = ''")
    with tenant_scope(world.tenant.id):
        carry_out_by(world, erasure)
        assert elsewhere.notes.get().text == f"{ERASED_NAME} walked past."
    assert set(traces(superuser_connection, NAME)) <= {"alerts_clip.original_name"}
    with tenant_scope(world.tenant.id):
        there = CasePerson.objects.get()
        assert there.observed_sealed is None
        assert not NoteVersion.objects.filter(text_sealed__isnull=False).exists()
        assert NoteVersion.objects.filter(text=f"{ERASED_NAME} has called the store.").exists()
        assert not erasure.items.filter(last_error=KEPT_BY_THE_DATABASE).exists()
        newest = ReportVersion.objects.order_by("-number")[0]
        assert f"[[person:{there.person_id}]] at the door" in str(newest.content)
        changed = [one for one in ReportVersion.objects.all() if one.content != written[one.id]]
        assert changed
        assert all(one.lost_a_name and ERASED_NAME in str(one.content) for one in changed)
        standing = standing_of(newest.report)
        said = objections(newest.report, world.lead, standing)
        assert any("name was erased" in one for one in said) is newest.lost_a_name
    chain.chain(sequencer_connection)
    chain.sign(sequencer_connection)
    found = chain.verify(service_connection, world.tenant.id, with_bucket=False)
    assert found.holds, found.problems


def _another_item(alert: Alert) -> dict[str, Any]:
    """The place and digests of footage that somebody delivered under a name of their own."""
    kept = EvidenceItem.objects.filter(alert=alert, kind=EvidenceKind.MASTER).get()
    names = ("tenant_id", "alert_id", "kind", "bucket", "media_type", "size_bytes", "acquired_at")
    same = {name: getattr(kept, name) for name in names}
    return {**same, "key": f"{kept.key}.second", "version_id": "2", "sha256": "2" * 64}


@pytest.mark.django_db(transaction=True)
def test_an_executed_erasure_opens_no_other_row(
    story: tuple[World, Alert], owner_connection: "psycopg.Connection[Any]"
) -> None:
    """Not even to the owner of the tables, with the erasure named: only listed rows, only the listed column."""
    world, alert = story
    with tenant_scope(world.tenant.id):
        work_in_a_case(world, alert)
        erasure = asked(world, alert)
        carry_out_by(world, erasure)
    owner_connection.execute(
        "SELECT set_config('second_look.tenant', %s, false)", [str(world.tenant.id)]
    )
    owner_connection.execute(
        "SELECT set_config('second_look.erasure', %s, false)", [str(erasure.id)]
    )
    for statement in (
        "UPDATE cases_noteversion SET text = 'nothing'",
        "UPDATE cases_noteversion SET number = number + 10",
        "UPDATE reports_reportversion SET origin = 'drafted'",
        "UPDATE alerts_disposition SET verdict = 'false_alarm'",
        "DELETE FROM cases_noteversion",
        "UPDATE reviews_alertnote SET text = 'nothing'",
        "UPDATE reviews_alertnote SET written_at = now(), text = ''",
        "DELETE FROM reviews_alertnote",
    ):
        with pytest.raises(psycopg.IntegrityError, match="only grows"):
            owner_connection.execute(statement)
    with pytest.raises(psycopg.IntegrityError, match="keeps its place"):
        owner_connection.execute("UPDATE evidence_evidenceitem SET original_name = 'nothing'")


@pytest.mark.django_db(transaction=True)
def test_a_sealed_exhibit_follows_when_its_lock_ends(story: tuple[World, Alert]) -> None:
    world, alert = story
    with tenant_scope(world.tenant.id):
        case = open_case(alert_id=alert.id, now=timezone.now())
        Case.objects.filter(id=case.id).update(state="under_investigation")
        Case.objects.filter(id=case.id).update(state="closed")
    seal_exhibits(tenant_id=world.tenant.id, case_id=case.id, now=timezone.now())
    with tenant_scope(world.tenant.id):
        erasure = asked(world, alert)
        plan = plan_for(erasure.request, now=timezone.now())
        locked = {item.kind: item for item in plan.later}
        assert set(locked) == {"exhibit"}
        until = locked["exhibit"].due_at
        assert until is not None
        carry_out_by(world, erasure)
    carry_out(tenant_id=world.tenant.id, erasure_id=erasure.id, now=timezone.now())
    sealed_prefix = f"tenants/{world.tenant.id}/evidence/"
    with tenant_scope(world.tenant.id):
        left = ErasureItem.objects.filter(erasure=erasure, done_at=None)
        assert [item.obstacle for item in left] == ["locked"]
        assert Erasure.objects.get(id=erasure.id).completed_at is None
    assert evidence_store().versions(prefix=sealed_prefix)
    time.sleep(max(0.0, (until - timezone.now()).total_seconds()) + 1.5)
    carry_out(tenant_id=world.tenant.id, erasure_id=erasure.id, now=timezone.now())
    assert evidence_store().versions(prefix=sealed_prefix) == []
    with tenant_scope(world.tenant.id):
        assert Erasure.objects.get(id=erasure.id).completed_at is not None


@pytest.mark.django_db(transaction=True)
def test_an_open_case_a_hold_and_another_request_keep_the_footage_until_they_end(
    story: tuple[World, Alert],
) -> None:
    world, alert = story
    with tenant_scope(world.tenant.id):
        case = open_case(alert_id=alert.id, now=timezone.now())
        hold = place_hold(
            actor=actor(world.lead),
            alert_ids=[alert.id],
            reason="The court asked for it.",
            now=timezone.now(),
        )[0]
        other = identified(world, name="Somebody Else")
        search(world, other, references=(alert.reference,))
        erasure = asked(world, alert)
        obstacles = {item.obstacle for item in plan_for(erasure.request, now=NOW).later}
        assert obstacles == {"legal_hold"}
        carry_out_by(world, erasure)
        assert name_of(Person.objects.get(id=erasure.person_id)) == ERASED
    for words in ("legal_hold", "open_case", "other_request", ""):
        carry_out(tenant_id=world.tenant.id, erasure_id=erasure.id, now=timezone.now())
        with tenant_scope(world.tenant.id):
            item = ErasureItem.objects.get(erasure=erasure, kind="footage")
            assert (item.obstacle if item.done_at is None else "") == words
            if words == "legal_hold":
                release_hold(
                    actor=actor(world.lead),
                    hold=hold,
                    reason="The court is done with it.",
                    now=timezone.now(),
                )
            elif words == "other_request":
                refuse_request(
                    actor=actor(world.compliance),
                    user=world.compliance,
                    request=SubjectRequest.objects.get(id=other.id),
                    ground=RefusalGround.UNFOUNDED,
                    wording="The same was asked and answered last week.",
                    now=timezone.now(),
                )
            elif words == "open_case":
                for state in ("under_investigation", "closed"):
                    Case.objects.filter(id=case.id).exclude(state="closed").update(state=state)


@pytest.mark.django_db(transaction=True)
def test_exports_are_taken_back_and_recipients_are_told(story: tuple[World, Alert]) -> None:
    world, alert = story
    with tenant_scope(world.tenant.id):
        case = open_case(alert_id=alert.id, now=timezone.now())
        file = request_case_file(
            actor=actor(world.lead),
            user=world.lead,
            case=case,
            recipient="Police, PC 4711",
            purpose="Report of a theft",
            with_originals=True,
            with_password=False,
            days=7,
            now=timezone.now(),
        )
        key = f"tenants/{world.tenant.id}/cases/{case.id}/files/{file.id}.zip"
        CaseFile.objects.filter(id=file.id).update(state="ready", key=key, version=2)
        CaseFile.objects.filter(id=file.id).update(
            state="released", released_by=world.administrator.id, released_at=timezone.now()
        )
    media_store().put_stream(key=key, stream=io.BytesIO(NAME.encode()), length=len(NAME.encode()))
    with tenant_scope(world.tenant.id):
        erasure = asked(world, alert)
        assert list(plan_for(erasure.request, now=NOW).told) == [file]
        carry_out_by(world, erasure)
        assert CaseFile.objects.get(id=file.id).state == "withdrawn"
        notice = RecipientNotice.objects.get()
        tell_recipient(actor=actor(world.compliance), user=world.compliance, notice=notice, now=NOW)
        notice.refresh_from_db()
        assert (notice.told_by, notice.told_at) == (world.compliance.id, NOW)
    remove_case_file(tenant_id=world.tenant.id, file_id=file.id, now=timezone.now())
    assert media_store().keys(prefix=key) == []


def test_a_name_that_was_written_after_the_search_is_found_before_the_key_goes(
    world: World,
) -> None:
    alert, _ = tell_story(world)
    erasure = asked(world, alert)
    request = SubjectRequest.objects.get(id=erasure.request_id)
    case = open_case(alert_id=alert.id, now=NOW)
    add_note(actor=actor(world.lead), case=case, text=f"{NAME} came back.", now=NOW)
    by: dict[str, Any] = {"actor": actor(world.compliance), "user": world.compliance, "now": NOW}
    with pytest.raises(UnableToHandle, match="search again"):
        carry_out_by(world, erasure)
    request.refresh_from_db()
    assert (request.state, name_of(request.person)) == ("prepared", NAME)
    return_disclosure(request=request, reason="There is a new note with the name.", **by)
    with pytest.raises(UnableToHandle, match="search again"):
        ask_erasure(request=request, reason=REASON, **by)
    search(world, request)
    judge(world, request)
    carry_out_by(world, ask_erasure(request=request, reason=REASON, **by))
    assert NoteVersion.objects.get().text == f"{ERASED_NAME} came back."


def test_who_asks_does_not_carry_out(world: World) -> None:
    alert, _ = tell_story(world)
    erasure = asked(world, alert)
    with pytest.raises(UnableToHandle, match="ask a colleague"):
        carry_out_by(world, erasure, user=world.compliance)
    with pytest.raises(UnableToHandle, match="role"):
        carry_out_by(world, erasure, user=world.lead)
    with pytest.raises(IntegrityError, match="somebody_else"), transaction.atomic():
        Erasure.objects.filter(id=erasure.id).update(
            executed_by=world.compliance.id, executed_at=NOW
        )
    assert name_of(Person.objects.get(id=erasure.person_id)) == NAME


def test_without_an_executed_erasure_nobody_empties_a_comment_or_a_reason(world: World) -> None:
    alert, _ = tell_story(world)
    erasure = asked(world, alert)
    with connection.cursor() as cursor:
        with pytest.raises(IntegrityError, match="no executed erasure"), transaction.atomic():
            cursor.execute("SELECT * FROM subject_requests_erase_words(%s)", [erasure.id])
        with pytest.raises(Exception, match="permission denied"), transaction.atomic():
            cursor.execute("DELETE FROM audit_reason")
        with pytest.raises(Exception, match="permission denied"), transaction.atomic():
            cursor.execute("UPDATE alerts_disposition SET comment = ''")
    assert Reason.objects.filter(text__contains=NAME).exists()


def test_what_a_person_excluded_is_not_erased(world: World) -> None:
    alert, entry = tell_story(world)
    request = identified(world, RequestKind.ERASURE, person=entry.name_row.person, name="")
    search(world, request, references=(alert.reference,))
    judge(world, request, about=False)
    judge(world, request, kind="watchlist_entry")
    request.refresh_from_db()
    erasure = ask_erasure(
        actor=actor(world.compliance),
        user=world.compliance,
        request=request,
        reason=REASON,
        now=NOW,
    )
    carry_out_by(world, erasure)
    assert NAME in Alert.objects.get(id=alert.id).note
    entry.refresh_from_db()
    assert entry.erased_at is not None
