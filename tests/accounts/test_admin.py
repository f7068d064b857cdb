"""The admin is for looking: what people decided and what was recorded cannot be edited there, by anybody."""

from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from apps.accounts.admin_places import RUNS, WEB_PAGES
from apps.accounts.models import User
from apps.audit.events import Subject
from apps.audit.queries import events_of
from apps.sites.models import Site
from tests.console.people import signed_in
from tests.world import World, make_waiting_alert
from workflows.case_file_messages import case_file_workflow_id
from workflows.enrolment_messages import enrolment_workflow_id
from workflows.messages import workflow_id

OURS = (
    *("accounts", "sites", "alerts", "reviews", "reliability", "evidence", "cases", "audit"),
    *("people", "subject_requests", "reports", "oversight", "console"),
    *("watchlists", "webhooks", "notifications"),
)
SET_UP_HERE = {
    "accounts.tenant",
    "accounts.user",
    "sites.site",
    "sites.camera",
    "sites.zone",
    "sites.roster",
    "alerts.detectorsource",
}
# The sequencer's own machinery: what it has chained is shown, how it gets there is not.
NOT_SHOWN = {
    "audit.inboxentry",
    "audit.reason",
    "audit.heartbeat",
    "audit.checkpointcopy",
    "audit.tree",
}


def shown() -> dict[str, admin.ModelAdmin]:
    return {
        model._meta.label_lower: page
        for model, page in admin.site._registry.items()
        if model._meta.app_label in OURS
    }


def test_every_model_is_in_the_admin() -> None:
    ours = {
        model._meta.label_lower for app in OURS for model in apps.get_app_config(app).get_models()
    }
    assert ours - set(shown()) <= NOT_SHOWN


def test_only_set_up_can_be_changed_and_nothing_deleted(world: World, rf: object) -> None:
    request = rf.get("/admin/")  # type: ignore[attr-defined]
    person = world.administrator
    person.is_superuser = True
    request.user = person
    changeable = {label for label, page in shown().items() if page.has_change_permission(request)}
    assert changeable == SET_UP_HERE
    assert not [label for label, page in shown().items() if page.has_delete_permission(request)]


@pytest.mark.parametrize(
    "label", sorted({"alerts.alert", "reviews.humantask", "cases.case", "audit.leaf"})
)
def test_records_are_read_only_even_for_superusers(world: World, label: str) -> None:
    world.administrator.is_superuser = True
    world.administrator.save()
    make_waiting_alert(world.camera)
    app, _, model = label.partition(".")
    client = signed_in(world.administrator)
    assert client.get(f"/admin/{app}/{model}/").status_code == 200
    assert client.get(f"/admin/{app}/{model}/add/").status_code == 403


def test_every_list_opens(world: World) -> None:
    make_waiting_alert(world.camera)
    client = signed_in(world.administrator)
    for label in shown():
        app, _, model = label.partition(".")
        answer = client.get(f"/admin/{app}/{model}/")
        assert answer.status_code == 200, label


def test_an_alert_can_be_looked_at_but_not_saved(world: World) -> None:
    alert = make_waiting_alert(world.camera)
    client = signed_in(world.administrator)
    address = f"/admin/alerts/alert/{alert.id}/change/"
    assert client.get(address).status_code == 200
    assert client.post(address, {"state": "resolved"}).status_code == 403


def test_a_new_site_is_one_audited_act(world: World) -> None:
    client = signed_in(world.administrator)
    answer = client.post(
        "/admin/sites/site/add/",
        {
            "slug": "lavapies",
            "name": "Lavapiés",
            "timezone": "Europe/Madrid",
            "cameras-TOTAL_FORMS": "0",
            "cameras-INITIAL_FORMS": "0",
        },
    )
    assert answer.status_code == 302, answer.content
    site = Site.objects.get(slug="lavapies")
    assert site.tenant == world.tenant
    told = events_of(tenant_id=world.tenant.id, subjects=[Subject("site", site.id)])
    assert [(event.event, event.channel) for event in told] == [("site:created", "admin")]


def test_a_new_person_can_sign_in_with_their_role(world: World) -> None:
    client = signed_in(world.administrator)
    answer = client.post(
        "/admin/accounts/user/add/",
        {
            "email": "new@example.test",
            "name": "Nova Nueva",
            "role": "operator",
            "password": "correct horse battery",
        },
    )
    assert answer.status_code == 302, answer.content
    person = User.objects.get(email="new@example.test")
    assert (person.tenant, person.role, person.is_staff) == (world.tenant, "operator", False)
    assert person.check_password("correct horse battery")


def test_operators_do_not_enter(world: World) -> None:
    assert signed_in(world.operator).get("/admin/").status_code == 302


def test_the_admin_shows_no_other_retailer(world: World) -> None:
    body = signed_in(world.administrator).get("/admin/accounts/user/").content.decode()
    assert world.operator.email in body
    assert world.foreign_operator.email not in body


def test_operations_see_the_system_but_no_alerts(world: World) -> None:
    client = signed_in(world.ops)
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/alerts/alert/").status_code == 403


def test_rows_lead_to_their_page_and_their_run(world: World, settings: object) -> None:
    settings.TEMPORAL_UI_URL = "http://temporal"  # type: ignore[attr-defined]
    alert = make_waiting_alert(world.camera)
    listed = signed_in(world.administrator).get("/admin/alerts/alert/").content.decode()
    assert f'href="/alerts/{alert.id}/"' in listed
    assert f"workflows/alert%2F{alert.id}" in listed
    cameras = signed_in(world.administrator).get("/admin/sites/camera/").content.decode()
    assert f'href="/settings/cameras/{world.camera.id}/"' in cameras
    camera = signed_in(world.administrator).get(f"/admin/sites/camera/{world.camera.id}/change/")
    assert f'href="/settings/cameras/{world.camera.id}/"' in camera.content.decode()


def test_every_place_in_the_web_app_is_one_and_every_row_has_what_it_needs() -> None:
    models = {model._meta.label_lower: model for model in apps.get_models()}
    for label, (route, *names) in WEB_PAGES.items():
        row = models[label]()
        identity = uuid4()
        values = [identity for name in names if hasattr(row, name)]
        assert len(values) == len(names), label
        assert reverse(route, args=values), label
    for label, (_, name) in RUNS.items():
        assert hasattr(models[label](), name), label
    prefixes = {prefix for prefix, _ in RUNS.values()}
    assert prefixes == {workflow_id(""), case_file_workflow_id(""), enrolment_workflow_id("")}


def test_a_site_says_who_holds_what_on_it(world: World) -> None:
    at = f"/admin/sites/site/{world.site.id}/change/"
    shown = signed_in(world.administrator).get(at).content.decode()
    assert "who holds what on this site" in shown.lower()
    person = world.operator
    assert f"{person.display_name} ({person.get_role_display()}): Works at this site" in shown
    assert f"{world.stranger.display_name} (" not in shown
    assert f"{world.compliance.display_name} (" in shown  # needs no grant
