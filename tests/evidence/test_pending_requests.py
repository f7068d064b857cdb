"""What an open request may be about outlives its retention period, and goes once the request is answered."""

from datetime import timedelta

import pytest

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert
from apps.evidence.models import EvidenceItem, Hold, RetentionRun
from apps.evidence.operations.holds import place_hold
from apps.evidence.operations.runs import run_retention
from apps.evidence.queries.retention import standing_of
from apps.subject_requests.models import RefusalGround, SubjectRequest
from apps.subject_requests.operations.keeping import in_force
from apps.subject_requests.operations.receiving import refuse_request
from tests.evidence.scene import decided_alert, lead_of
from tests.subject_requests.acts import actor, identified, judge, search
from tests.world import NOW, World, make_world

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("as_service", "s3"),
]


@pytest.fixture
def place() -> World:
    return make_world()


def asked_about(world: World, alert: Alert) -> SubjectRequest:
    request = identified(world)
    search(world, request, references=(alert.reference,))
    return request


def refuse(world: World, request: SubjectRequest) -> None:
    refuse_request(
        actor=actor(world.compliance),
        user=world.compliance,
        request=request,
        ground=RefusalGround.UNFOUNDED,
        wording="The same was asked and answered last week.",
        now=NOW,
    )


def run(world: World, *, days: int) -> RetentionRun:
    return run_retention(tenant_id=world.tenant.id, now=NOW + timedelta(days=days))


def test_footage_that_somebody_asks_for_stays_until_they_are_answered(place: World) -> None:
    with tenant_scope(place.tenant.id):
        alert, items = decided_alert(place)
        request = asked_about(place, alert)
    assert run(place, days=400).deleted == 0
    with tenant_scope(place.tenant.id):
        master = EvidenceItem.objects.get(id=items["master"].id)
        assert request.reference in standing_of(master).decisive.words
        request.refresh_from_db()
        refuse(place, request)
        assert in_force(request) == []
    assert run(place, days=401).deleted == 5


def test_what_is_left_out_of_the_request_is_held_no_longer(place: World) -> None:
    with tenant_scope(place.tenant.id):
        alert, _ = decided_alert(place)
        other, _ = decided_alert(place)
        request = identified(place)
        search(place, request, references=(alert.reference, other.reference))
        assert {one.alert_id for one in in_force(request)} == {alert.id, other.id}
        judge(place, request, about=False, object_id=str(other.id))
        assert {one.alert_id for one in in_force(request)} == {alert.id}
        judge(place, request, about=True, object_id=str(other.id))
        assert {one.alert_id for one in in_force(request)} == {alert.id, other.id}


def test_the_end_of_a_request_touches_nobody_elses_hold(place: World) -> None:
    with tenant_scope(place.tenant.id):
        alert, _ = decided_alert(place)
        lead = lead_of(place)
        place_hold(actor=lead, alert_ids=[alert.id], reason="The court asked for it.", now=NOW)
        first, second = asked_about(place, alert), asked_about(place, alert)
        refuse(place, first)
        assert Hold.objects.filter(state="in_force").count() == 2
        assert len(in_force(second)) == 1
        search(place, second, references=(alert.reference,))
        assert len(in_force(second)) == 1, "a second search holds nothing twice"
    assert run(place, days=400).deleted == 0
