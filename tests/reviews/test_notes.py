"""Notes on an alert: written and rewritten by people who decide there, every wording kept."""

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert
from apps.audit.events import Event, Subject
from apps.audit.queries import events_of
from apps.reviews.models import AlertNote
from tests.console.people import signed_in
from tests.world import World, make_waiting_alert

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(world: World) -> Alert:
    with tenant_scope(world.tenant.id):
        return make_waiting_alert(world.camera)


def test_a_note_is_written_and_rewritten_and_the_old_wording_stays_readable(
    world: World, alert: Alert
) -> None:
    page = reverse("alert-notes", args=[alert.id])
    writer = signed_in(world.operator)
    assert "No note yet." in writer.get(page).text
    assert writer.post(page, {"text": "The bag was open at 0:04."}).status_code == 302

    with tenant_scope(world.tenant.id):
        first = AlertNote.objects.get()
    rewritten = {"text": "The bag was open from 0:03.", "instead_of": str(first.id)}
    assert writer.post(page, rewritten).status_code == 302

    shown = signed_in(world.second_operator).get(page).text
    assert shown.index("The bag was open from 0:03.") < shown.index("1 earlier wording")
    assert "The bag was open at 0:04." in shown
    assert "Rewrite" not in shown, "only who wrote it rewrites it"


def test_a_wording_is_superseded_once_and_only_by_who_wrote_it(world: World, alert: Alert) -> None:
    address = f"/api/v1/alerts/{alert.id}/notes/"
    writer, other = signed_in(world.operator), signed_in(world.second_operator)
    first = writer.post(address, {"text": "Red bag."}, content_type="application/json").json()
    again = {"text": "Blue bag.", "instead_of": first["id"]}

    assert other.post(address, again, content_type="application/json").status_code == 409
    assert writer.post(address, again, content_type="application/json").status_code == 201
    late = writer.post(address, again | {"text": "Green."}, content_type="application/json")
    assert late.status_code == 409
    assert [one["text"] for one in writer.get(address).json()] == ["Blue bag."]


def test_a_refused_note_keeps_what_was_written(world: World, alert: Alert) -> None:
    long = "x" * 2001
    answer = signed_in(world.operator).post(reverse("alert-notes", args=[alert.id]), {"text": long})
    assert answer.status_code == 422
    assert "A note has 1 to 2000 characters." in answer.text
    assert long in answer.text


def test_strangers_do_not_find_the_notes_and_readers_do_not_write(
    world: World, alert: Alert
) -> None:
    page = reverse("alert-notes", args=[alert.id])
    assert signed_in(world.stranger).get(page).status_code == 404
    assert signed_in(world.foreign_operator).get(page).status_code == 404
    reader = signed_in(world.compliance)
    assert reader.get(page).status_code == 200
    assert reader.post(page, {"text": "Seen."}).status_code == 403


def test_the_chain_knows_that_a_note_was_written_and_not_what_it_says(
    world: World, alert: Alert
) -> None:
    signed_in(world.operator).post(
        reverse("alert-notes", args=[alert.id]), {"text": "The bag was open."}
    )
    with tenant_scope(world.tenant.id):
        subjects = [Subject("alert", str(alert.id))]
        events = events_of(tenant_id=world.tenant.id, subjects=subjects)
        written = [one for one in events if one.event == Event.ALERT_NOTE_WRITTEN]
        assert len(written) == 1
        assert "bag" not in f"{written[0].details}{written[0].reason}"


def test_the_application_can_neither_rewrite_nor_empty_nor_delete_a_wording_on_its_own(
    world: World, alert: Alert
) -> None:
    signed_in(world.operator).post(
        reverse("alert-notes", args=[alert.id]), {"text": "The bag was open."}
    )
    with tenant_scope(world.tenant.id):
        for change in ({"written_by": world.second_operator.id}, {"text": "Shut."}, {"text": ""}):
            with pytest.raises(DatabaseError), transaction.atomic():
                AlertNote.objects.update(**change)
        with pytest.raises(DatabaseError), transaction.atomic():
            AlertNote.objects.all().delete()
