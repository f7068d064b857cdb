"""The fairness page: verdicts with their n, alarms that a person closes, samples by upload."""

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.accounts.permissions import Role
from apps.audit.events import Actor
from apps.reliability.models import FairnessAlarm, FairnessSample
from apps.reliability.operations.fairness import import_fairness_sample
from tests.console.people import signed_in
from tests.reliability.audit_samples import DETECTOR, sample_file
from tests.reliability.test_fairness_samples import FAIR, UNFAIR, audited, take
from tests.world import NOW, World, enter, make_person

pytestmark = pytest.mark.django_db
PAGE = "/reliability/fairness/"


def shown(world: World, *, person: str = "compliance", query: str = "") -> str:
    answer = signed_in(getattr(world, person)).get(PAGE + query)
    assert answer.status_code == 200
    return answer.content.decode()


def upload(world: World, content: bytes, *, person: str = "compliance") -> object:
    file = SimpleUploadedFile("sample.csv", content, content_type="text/csv")
    form = {"name": "By hand", "method": "Every 20th alert", "file": file}
    return signed_in(getattr(world, person)).post(f"{PAGE}import/", form, follow=True)


def test_without_a_sample_fairness_is_said_to_be_not_known(world: World) -> None:
    page = shown(world)
    assert "No audit sample yet" in page
    assert "Until then this is not known" in page


def test_rates_intervals_n_and_verdicts_are_shown_with_where_they_come_from(world: World) -> None:
    imported = take(world, sample_file(FAIR, rows=4000, weeks=8))
    page = shown(world)
    assert "skin tone (Monk)" in page
    assert "Within thresholds" in page
    assert page.count('class="lane"') == 6
    assert imported.sample.sha256 in page
    assert "Every 20th alert; two annotators" in page
    assert "Newcombe" in page
    assert "Simulated" not in page


def test_a_small_sample_says_insufficient_n(world: World) -> None:
    take(world, sample_file(FAIR, rows=60))
    page = shown(world)
    assert "Insufficient n" in page
    assert "Within thresholds" not in page


def test_a_simulated_sample_is_marked(world: World) -> None:
    world.tenant.is_drill = True
    world.tenant.save(update_fields=["is_drill"])
    take(world, sample_file(FAIR), is_simulated=True)
    assert "This audit sample is simulated." in shown(world)


def test_an_alarm_is_shown_and_closed_by_a_person_with_a_reason(world: World) -> None:
    alarm = take(world, sample_file(UNFAIR, rows=1500, weeks=6)).alarms[0]
    assert "Alarm: skin tone (Monk), false alarms" in shown(world)
    address = f"{PAGE}alarms/{alarm.id}/close/"
    client = signed_in(world.compliance)
    assert (
        "at least 10 characters"
        in client.post(address, {"reason": "ok"}, follow=True).content.decode()
    )
    page = client.post(address, {"reason": "Retrained on balanced data"}, follow=True)
    assert "Retrained on balanced data" in page.content.decode()
    assert (
        "closed before"
        in client.post(address, {"reason": "Again, to be sure"}, follow=True).content.decode()
    )
    alarm.refresh_from_db()
    assert (alarm.closed_by, alarm.closing_reason) == (
        world.compliance.id,
        "Retrained on balanced data",
    )
    assert audited("fairness:alarm_closed") == 1


def test_a_lead_looks_but_neither_imports_nor_closes(world: World) -> None:
    alarm = take(world, sample_file(UNFAIR, rows=1500, weeks=6)).alarms[0]
    page = shown(world, person="lead")
    assert "Compliance or an administrator can close it" in page
    assert "import/" not in page
    client = signed_in(world.lead)
    assert client.get(f"{PAGE}import/").status_code == 403
    assert client.post(f"{PAGE}alarms/{alarm.id}/close/", {"reason": "x" * 20}).status_code == 403
    assert FairnessAlarm.objects.filter(closed_at__isnull=True).count() == 1


def test_whose_work_it_is_not_is_refused(world: World) -> None:
    for person in (world.store_manager, world.operator, world.stranger, world.ops):
        assert signed_in(person).get(PAGE).status_code == 403


def test_another_tenants_samples_and_alarms_do_not_exist(world: World) -> None:
    alarm = take(world, sample_file(UNFAIR, rows=1500, weeks=6)).alarms[0]
    enter(world.foreign_tenant)
    foreign = make_person(world.foreign_tenant, Role.COMPLIANCE)
    client = signed_in(foreign)
    assert "No audit sample yet" in client.get(PAGE).content.decode()
    answer = client.post(f"{PAGE}alarms/{alarm.id}/close/", {"reason": "Not mine to close"})
    assert answer.status_code == 404
    enter(world.tenant)
    assert signed_in(world.compliance).post(f"{PAGE}alarms/{uuid4()}/close/").status_code == 404


def test_a_sample_comes_in_by_upload_like_by_command(world: World) -> None:
    answer = upload(world, sample_file(FAIR, rows=200))
    assert "200 judged alerts were imported" in answer.content.decode()  # type: ignore[attr-defined]
    assert FairnessSample.objects.get().imported_by == world.compliance.id
    assert audited("fairness:sample_imported") == 1
    again = upload(world, sample_file(FAIR, rows=200), person="administrator")
    assert again.status_code == 409  # type: ignore[attr-defined]
    assert "imported before" in again.content.decode()  # type: ignore[attr-defined]


def test_wrong_lines_are_named_and_nothing_is_taken(world: World) -> None:
    answer = upload(world, sample_file(FAIR, rows=3) + b"2026-08-03,a,b,c,1,0,9\n")
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert "Line 5: was_overridden is" in answer.content.decode()  # type: ignore[attr-defined]
    assert not FairnessSample.objects.exists()


def test_earlier_samples_stay_readable(world: World) -> None:
    first = take(world, sample_file(FAIR, rows=100, week=0), week=0).sample
    take(world, sample_file(FAIR, rows=100, week=1), week=1)
    assert "An earlier sample" not in shown(world)
    assert "An earlier sample" in shown(world, query=f"?sample={first.id}")
    assert shown(world, query="?sample=nonsense")


def test_text_of_a_file_is_never_markup(world: World) -> None:
    groups = {"<b>one</b>": 0.2, "two": 0.2}
    import_fairness_sample(
        actor=Actor.system(world.tenant.id),
        tenant_id=world.tenant.id,
        name="<script>x</script>",
        method="m",
        content=sample_file(groups, rows=50, detector=DETECTOR),
        now=NOW,
    )
    page = shown(world)
    assert "<b>one" not in page
    assert "<script>x" not in page
