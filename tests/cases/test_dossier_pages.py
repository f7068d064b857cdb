"""The pages and endpoints of records: an owner, a colleague without the right, a stranger."""

import pytest

from apps.audit.events import Event
from apps.audit.models import InboxEntry
from tests.cases.test_dossier import FIELDS, settled
from tests.console.people import signed_in
from tests.world import World, make_waiting_alert


def told(event: Event) -> list[str]:
    return [one.subject_id for one in InboxEntry.objects.filter(event=event.value)]


def test_the_list_says_what_waits_and_that_no_record_is_missing(world: World) -> None:
    alert, open_one = settled(world), make_waiting_alert(world.camera)
    page = signed_in(world.compliance).get("/dossiers/").content.decode()
    assert alert.reference in page
    assert open_one.reference in page
    assert "0 of 2 in the last 7 days" in page or "0 of" in page
    assert "self-made" in page
    archived = signed_in(world.compliance).get("/dossiers/?state=archived").content.decode()
    assert alert.reference in archived
    assert open_one.reference not in archived
    nobody = signed_in(world.compliance).get("/dossiers/?pdf=with").content.decode()
    assert "No record fits these filters" in nobody


@pytest.mark.parametrize("query", ["site=x", "state=x", "day=31.11.", "pdf=x", "page=x"])
def test_a_filter_nobody_can_read_narrows_nothing(world: World, query: str) -> None:
    alert = settled(world)
    answer = signed_in(world.compliance).get(f"/dossiers/?{query}")
    assert answer.status_code == 200
    assert alert.reference in answer.content.decode()


def test_a_record_is_shown_article_by_article_and_the_look_is_an_event(world: World) -> None:
    alert = settled(world)
    page = signed_in(world.compliance).get(f"/dossiers/{alert.id}/").content.decode()
    for article in FIELDS:
        assert f"Record for {article}" in page
    assert told(Event.DOSSIER_VIEWED) == [str(alert.id)]


def test_the_explanation_is_handed_out_as_a_pdf_and_recorded(world: World) -> None:
    alert = settled(world)
    answer = signed_in(world.compliance).get(f"/dossiers/{alert.id}/explanation/")
    assert answer.content.startswith(b"%PDF-")
    assert told(Event.DOSSIER_VIEWED) == [str(alert.id)]


def test_the_api_gives_the_same_record(world: World) -> None:
    alert = settled(world)
    client = signed_in(world.compliance)
    record = client.get(f"/api/v1/alerts/{alert.id}/record/").json()
    assert [one["article"] for one in record["sections"]] == list(FIELDS)
    rows = client.get("/api/v1/dossiers/").json()["results"]
    assert [(row["id"], row["rendered_at"]) for row in rows] == [(str(alert.id), None)]


@pytest.mark.parametrize(
    ("who", "status"), [("store_manager", 403), ("stranger", 404), ("foreign_operator", 404)]
)
def test_records_are_for_those_who_may_see_evidence(world: World, who: str, status: int) -> None:
    alert = settled(world)
    client = signed_in(getattr(world, who))
    for path in (f"/dossiers/{alert.id}/", f"/api/v1/alerts/{alert.id}/record/"):
        assert client.get(path).status_code == status
    assert client.post(f"/dossiers/{alert.id}/render/").status_code == status
    assert told(Event.DOSSIER_REQUESTED) == []
