"""What people keep in a case: notes with versions, tasks, people, links; merging, splitting, finding."""

import pytest
from django.db import DatabaseError, connection, transaction

from apps.audit.events import Actor, Channel, Event, Subject
from apps.audit.queries import events_of
from apps.cases.models import (
    Case,
    CasePerson,
    CaseRelation,
    Exhibit,
    Incident,
    NoteVersion,
    PersonRole,
)
from apps.cases.operations import (
    UnableToChangeCase,
    UnableToMoveCase,
    add_note,
    add_person,
    add_task,
    assign_case,
    edit_note,
    end_connection,
    forget_person,
    link_alert,
    link_cases,
    merge_cases,
    move_case,
    open_case,
    set_offence,
    set_task_done,
    split_case,
    undo_merge,
)
from apps.cases.queries import Wanted, exhibits_of, find_cases, page_of
from apps.people.operations import unseal
from apps.triage.states import CaseState
from tests.cases.test_from_theft_to_case import decide
from tests.cases.test_pages import seal
from tests.world import NOW, World, make_waiting_alert

pytestmark = pytest.mark.django_db


def a_case(world: World) -> Case:
    alert = make_waiting_alert(world.camera)
    decide(alert, world)
    return open_case(alert_id=alert.id, now=NOW)


def lead(world: World) -> Actor:
    user = world.lead
    return Actor(tenant_id=user.tenant_id, user_id=user.id, role=user.role, channel=Channel.SCREEN)


def told(case: Case) -> list[str]:
    return [
        one.event
        for one in events_of(tenant_id=case.tenant_id, subjects=[Subject("case", case.id)])
    ]


def test_a_rewritten_note_keeps_its_old_wording(world: World) -> None:
    case, actor = a_case(world), lead(world)
    note = add_note(actor=actor, case=case, text="Till 3 was closed.", now=NOW)
    edit_note(actor=actor, case=case, note_id=note.id, text="Till 4 was closed.", base=1, now=NOW)
    with pytest.raises(UnableToChangeCase, match="Somebody else"):
        edit_note(actor=actor, case=case, note_id=note.id, text="Late words", base=1, now=NOW)
    assert [one.text for one in note.versions.all()] == ["Till 3 was closed.", "Till 4 was closed."]
    with pytest.raises(DatabaseError), transaction.atomic():
        NoteVersion.objects.filter(note=note).update(text="rewritten")
    assert Event.CASE_NOTE_CHANGED in told(case)


def test_what_is_noted_about_a_person_is_sealed_and_can_be_forgotten(world: World) -> None:
    case, actor = a_case(world), lead(world)
    someone = add_person(
        actor=actor,
        case=case,
        role=PersonRole.WITNESS,
        name="Ana Ruiz",
        observed="Red coat, stood at aisle 4",
        now=NOW,
    )
    note = add_note(actor=actor, case=case, text="Ana saw the bag.", person_id=someone.id, now=NOW)
    version = note.versions.get()
    assert version.text == ""
    assert unseal(someone.person, version.text_sealed) == "Ana saw the bag."
    assert b"Red coat" not in bytes(someone.observed_sealed)
    assert not find_cases(world.lead, Wanted(words="Ana")).exists()
    found = forget_person(actor=actor, person_id=someone.person_id, now=NOW)
    assert found == {"case_notes": 1, "case_people": 1}
    assert note.versions.get().text_sealed is None
    assert CasePerson.objects.get(id=someone.id).observed_sealed is None


def test_a_checklist_is_added_once_and_a_task_is_done_once(world: World) -> None:
    case, actor = a_case(world), lead(world)
    for _ in range(2):
        fields = {"goods": "2 razors", "nonsense": "x"}
        set_offence(actor=actor, case=case, offence="self_checkout", fields=fields, now=NOW)
    case.refresh_from_db()
    assert case.offence_fields["goods"] == "2 razors"
    assert "nonsense" not in case.offence_fields
    assert case.tasks.count() == 5
    task = add_task(actor=actor, case=case, title="Ask the guard", now=NOW)
    set_task_done(actor=actor, case=case, task_id=task.id, done=True, now=NOW)
    with pytest.raises(UnableToChangeCase):
        set_task_done(actor=actor, case=case, task_id=task.id, done=True, now=NOW)
    set_task_done(actor=actor, case=case, task_id=task.id, done=False, now=NOW)
    assert case.tasks.get(id=task.id).done_by is None


def test_a_case_is_given_only_to_somebody_who_works_there(world: World) -> None:
    case, actor = a_case(world), lead(world)
    assign_case(actor=actor, case=case, assignee=world.operator.id)
    assert find_cases(world.lead, Wanted(assignee=world.operator.id)).get() == case
    for nobody in (world.stranger, world.foreign_operator, world.store_manager):
        with pytest.raises(UnableToChangeCase):
            assign_case(actor=actor, case=case, assignee=nobody.id)


def test_a_link_that_is_taken_back_stays_in_the_history(world: World) -> None:
    case, other, actor = a_case(world), a_case(world), lead(world)
    alert = make_waiting_alert(world.camera)
    link = link_alert(actor=actor, case=case, alert=alert, reason="Same aisle", now=NOW)
    with pytest.raises(UnableToChangeCase, match="already"):
        link_alert(actor=actor, case=case, alert=alert, reason="Same aisle", now=NOW)
    end_connection(actor=actor, case=case, connection=link, reason="Other aisle", now=NOW)
    link.refresh_from_db()
    assert (link.ended_by, link.end_reason) == (world.lead.id, "Other aisle")
    relation = CaseRelation.SAME_METHOD
    link_cases(
        actor=actor, case=case, other=other, relation=relation, reason="Foil in bag", now=NOW
    )
    with pytest.raises(UnableToChangeCase):
        link_cases(
            actor=actor, case=other, other=case, relation=relation, reason="Foil in bag", now=NOW
        )
    assert Event.CASE_LINKED in told(case)
    assert Event.CASE_LINKED in told(other)
    assert {Event.CASE_ALERT_LINKED, Event.CASE_ALERT_UNLINKED} <= set(told(case))


def test_merging_moves_everything_and_undoing_gives_it_back(world: World) -> None:
    source, target, actor = a_case(world), a_case(world), lead(world)
    exhibit, own = seal(source), seal(target)
    note = add_note(actor=actor, case=source, text="Seen at the exit", now=NOW)
    merge_cases(actor=actor, source=source, target=target, reason="One happening", now=NOW)
    source.refresh_from_db()
    assert (source.state, source.merged_into) == ("closed", target)
    assert target.incidents.count() == 2
    assert target.notes.get() == note
    labels = [one.label_in(target.id) for one in exhibits_of(target)]
    assert sorted(labels) == ["1", f"{source.reference}/1"]
    assert Exhibit.objects.get(id=exhibit.id).case == source
    assert own in exhibits_of(target)
    with pytest.raises(UnableToChangeCase, match="merged"):
        add_note(actor=actor, case=source, text="Too late", now=NOW)
    with pytest.raises(UnableToMoveCase, match="merged"):
        move_case(actor=actor, case=source, to=CaseState.REOPENED, reason="why")
    undo_merge(actor=actor, source=source, reason="Two people after all", now=NOW)
    source.refresh_from_db()
    assert (source.state, source.merged_into) == ("reopened", None)
    assert source.incidents.count() == target.incidents.count() == 1
    assert source.notes.get() == note
    assert {Event.CASE_MERGED, Event.CASE_MERGE_UNDONE} <= set(told(source)) & set(told(target))


def test_a_split_takes_some_incidents_but_never_all(world: World) -> None:
    source, target, actor = a_case(world), a_case(world), lead(world)
    merge_cases(actor=actor, source=source, target=target, reason="One happening", now=NOW)
    all_ids = list(target.incidents.values_list("id", flat=True))
    for wrong in ([], all_ids):
        with pytest.raises(UnableToChangeCase):
            split_case(actor=actor, case=target, incident_ids=wrong, reason="Two acts", now=NOW)
    made = split_case(
        actor=actor, case=target, incident_ids=all_ids[:1], reason="Two acts", now=NOW
    )
    assert made.incidents.get().id == all_ids[0]
    assert Event.CASE_SPLIT in told(made)


def test_what_a_case_rests_on_does_not_change_while_it_is_being_approved(world: World) -> None:
    source, target, actor = a_case(world), a_case(world), lead(world)
    for state in ("under_investigation", "submitted_for_approval"):
        Case.objects.filter(id=target.id).update(state=state)
    with pytest.raises(UnableToChangeCase, match="submitted"):
        merge_cases(actor=actor, source=source, target=target, reason="One", now=NOW)


def test_of_an_incident_nothing_but_its_case_changes(world: World) -> None:
    incident = a_case(world).incidents.get()
    with pytest.raises(DatabaseError), transaction.atomic():
        Incident.objects.filter(id=incident.id).update(occurred_at=NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        incident.delete()


def test_nobody_who_confirmed_any_incident_approves(world: World) -> None:
    first, second, actor = a_case(world), a_case(world), lead(world)
    alert = make_waiting_alert(world.camera)
    mine = decide(alert, world)
    assert mine.decided_by == world.operator.id
    Case.objects.filter(id=first.id).update(opened_by=world.compliance.id)
    merge_cases(actor=actor, source=second, target=first, reason="One happening", now=NOW)
    for state in ("under_investigation", "submitted_for_approval"):
        Case.objects.filter(id=first.id).update(state=state)
    first.refresh_from_db()
    confirmer = Actor(
        tenant_id=world.tenant.id,
        user_id=world.operator.id,
        role="administrator",
        channel=Channel.SCREEN,
    )
    with pytest.raises(UnableToMoveCase, match="confirmed"):
        move_case(actor=confirmer, case=first, to=CaseState.APPROVED)
    with pytest.raises(UnableToMoveCase, match="why"):
        move_case(actor=actor, case=first, to=CaseState.UNDER_INVESTIGATION)


def test_cases_are_found_by_title_note_reference_and_person(world: World) -> None:
    case, other, actor = a_case(world), a_case(world), lead(world)
    note = add_note(actor=actor, case=case, text="Perfume with cut wrapper", now=NOW)
    someone = add_person(actor=actor, case=other, role=PersonRole.SUBJECT, now=NOW)
    find = lambda words: set(find_cases(world.lead, Wanted(words=words)))  # noqa: E731
    assert find("wrapper perfume") == {case}
    assert find(case.reference.lower()) == {case}
    assert find(someone.person.reference) == {other}
    assert find("item bag") == {case, other}
    assert find("' & ! (") == set()
    edit_note(actor=actor, case=case, note_id=note.id, text="Razor blades", base=1, now=NOW)
    assert find("perfume") == set()
    assert not find_cases(world.foreign_operator, Wanted(words="razor")).exists()
    assert not find_cases(world.stranger, Wanted(words="razor")).exists()


def test_pages_follow_each_other_without_a_gap(world: World, monkeypatch) -> None:
    monkeypatch.setattr("apps.cases.queries.finding.PAGE_ROWS", 2)
    cases = {a_case(world).id for _ in range(5)}
    seen, after = [], ""
    for _ in range(3):
        page = page_of(find_cases(world.lead, Wanted()), after)
        seen += [one.id for one in page.cases]
        after = page.after
    assert after == ""
    assert len(seen) == 5
    assert set(seen) == cases


def test_no_tenant_sees_anothers_rows(world: World) -> None:
    add_note(actor=lead(world), case=a_case(world), text="Only ours", now=NOW)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('second_look.tenant', %s, true)", [str(world.foreign_tenant.id)]
        )
        cursor.execute("SELECT count(*) FROM cases_noteversion")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM (SELECT cases_found('ours', 10)) found")
        assert cursor.fetchone() == (0,)
