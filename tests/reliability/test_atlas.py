"""The atlas: who sees which segment, what a row says, and the alerts behind a number."""

import pytest

from apps.alerts.models import Alert
from apps.reliability.models import ReliabilityRefresh
from apps.sites.models import Camera
from tests.console.people import signed_in
from tests.pictures import a_picture
from tests.reliability.findings import (
    DETECTOR,
    fact_of,
    make_network,
    make_refresh,
    make_segment,
    make_unknown_segment,
)
from tests.world import World, make_alert, make_camera, make_waiting_alert

pytestmark = pytest.mark.django_db


@pytest.fixture
def refresh(world: World) -> ReliabilityRefresh:
    return make_refresh(world.tenant)


def page(world: World, query: str = "", *, person: str = "lead", path: str = "") -> str:
    answer = signed_in(getattr(world, person)).get(f"/reliability/{path}{query}")
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


def test_before_anything_is_learned_the_page_says_what_is_needed(world: World) -> None:
    shown = page(world)
    assert "Nothing was learned yet" in shown
    assert "0 of 0" in shown
    assert f"import_history FILE --tenant {world.tenant.slug}" in shown


def test_a_row_says_rate_interval_ratio_and_drift(
    world: World, refresh: ReliabilityRefresh
) -> None:
    make_network(refresh)
    make_segment(refresh, site_id=world.site.id, camera_id=world.camera.id, lighting="dark")
    shown = page(world)
    assert f"Gran Vía, {world.camera.name}" in shown
    assert "62 of 100 alerts like this were false (50–73)" in shown
    assert "2.1×" in shown
    assert "rising" in shown
    assert "<polyline" in shown


def test_what_is_not_known_is_said_to_be_not_known(
    world: World, refresh: ReliabilityRefresh
) -> None:
    make_unknown_segment(refresh, site_id=world.site.id)
    assert "not known yet (6 labels)" in page(world)


def test_simulated_figures_are_marked(world: World) -> None:
    refresh = make_refresh(world.tenant, is_simulated=True)
    make_segment(refresh, site_id=world.site.id)
    assert "Simulated" in page(world)
    assert "Simulated" in page(world, f"?site={world.site.id}", path="segments/")


def test_a_store_manager_sees_the_segments_of_their_site_only(
    world: World, refresh: ReliabilityRefresh
) -> None:
    other = make_camera(world.other_site)
    make_segment(refresh, site_id=world.site.id, camera_id=world.camera.id)
    make_segment(refresh, site_id=world.other_site.id, camera_id=other.id)
    make_segment(refresh, lighting="infrared")
    shown = page(world, person="store_manager")
    assert world.camera.name in shown
    assert other.name not in shown
    assert "infrared" not in shown
    hidden = signed_in(world.store_manager).get(
        f"/reliability/segments/?site={world.other_site.id}&camera={other.id}"
    )
    assert hidden.status_code == 404
    assert "infrared" in page(world, person="compliance")


def test_whose_role_it_is_not_is_refused_and_a_foreign_tenant_sees_nothing(
    world: World, refresh: ReliabilityRefresh
) -> None:
    found = make_segment(refresh, site_id=world.site.id)
    for person in (world.operator, world.stranger, world.ops, world.foreign_operator):
        assert signed_in(person).get("/reliability/").status_code == 403
        assert (
            signed_in(person).get(f"/reliability/segments/?site={found.site_id}").status_code == 403
        )


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("?state=red", {"dark", "lit"}),
        ("?state=green", {"dim"}),
        ("?lighting=dark", {"dark"}),
        ("?found=1", {"dark"}),
        (f"?detector={DETECTOR}", {"lit"}),
        ("?state=nonsense&camera=nonsense&page=x&sort=y", {"dark", "lit", "dim"}),
        ("?site=0b6f8c58-95a1-4a4f-9a7e-3f4dd8a4b0c1", set()),
    ],
)
def test_filters_leave_rows_out_and_nonsense_is_dropped(
    world: World, refresh: ReliabilityRefresh, query: str, kept: set[str]
) -> None:
    at = {"site_id": world.site.id}
    make_segment(refresh, **at, lighting="dark", is_found=True, q_value=0.01)
    make_segment(refresh, **at, lighting="lit", detector_version=DETECTOR)
    make_segment(refresh, **at, lighting="dim", state="green")
    shown = page(world, query)
    rows = {light for light in ("dark", "lit", "dim") if f'soft">{light}' in shown}
    assert rows == kept
    assert ("No segment fits" in shown) is (not kept)


def test_the_worst_come_first_and_the_order_can_be_chosen(
    world: World, refresh: ReliabilityRefresh
) -> None:
    at = {"site_id": world.site.id}
    make_segment(refresh, **at, lighting="dim", state="green", low=0.01, label_count=900)
    make_segment(refresh, **at, lighting="dark", low=0.4, label_count=20)
    make_segment(refresh, **at, lighting="lit", state="amber", low=0.2, label_count=50)

    def order(query: str) -> list[str]:
        shown = page(world, query)
        return sorted(("dim", "dark", "lit"), key=lambda light: shown.index(f'soft">{light}'))

    assert order("") == ["dark", "lit", "dim"]
    assert order("?sort=labels") == ["dim", "lit", "dark"]


def test_what_the_search_found_comes_before_what_is_as_bad(
    world: World, refresh: ReliabilityRefresh
) -> None:
    make_segment(refresh, site_id=world.site.id, lighting="dark", low=0.6)
    make_segment(refresh, lighting="dim", low=0.3, is_found=True, q_value=0.004)
    shown = page(world)
    assert shown.index('soft">dim') < shown.index('soft">dark')


def test_a_level_leaves_wider_and_narrower_segments_out(
    world: World, refresh: ReliabilityRefresh
) -> None:
    at = {"site_id": world.site.id}
    make_segment(refresh, **at, label_count=1111)
    make_segment(refresh, **at, camera_id=world.camera.id, label_count=2222)
    make_segment(refresh, **at, camera_id=world.camera.id, lighting="dark", label_count=3333)
    for level, kept in (("site", "1111"), ("camera", "2222"), ("segment", "3333")):
        shown = page(world, f"?level={level}")
        assert [count for count in ("1111", "2222", "3333") if count in shown] == [kept]


def test_few_labels_of_its_own_are_said(world: World, refresh: ReliabilityRefresh) -> None:
    make_segment(refresh, site_id=world.site.id, label_count=4)
    shown = page(world, f"?site={world.site.id}", path="segments/")
    assert "few labels of its own" in shown


def test_pages_keep_the_filters(world: World, refresh: ReliabilityRefresh) -> None:
    for number in range(60):
        make_segment(refresh, site_id=world.site.id, zone_kind=f"kind{number}")
    shown = page(world, "?state=red")
    assert "Page 1 of 2" in shown
    assert 'href="?state=red&amp;page=2"' in shown
    assert "Page 2 of 2" in page(world, "?state=red&page=2")


def test_old_refreshes_are_not_shown(world: World, refresh: ReliabilityRefresh) -> None:
    old = make_refresh(world.tenant, version=2, is_active=False)
    make_segment(old, site_id=world.site.id, lighting="infrared")
    assert "infrared" not in page(world)


def test_a_segment_says_why_it_is_red_and_what_would_change_it(
    world: World, refresh: ReliabilityRefresh
) -> None:
    make_network(refresh)
    make_segment(refresh, site_id=world.site.id, camera_id=world.camera.id)
    shown = page(world, f"?site={world.site.id}&camera={world.camera.id}", path="segments/")
    assert (
        "more than 25 of 100 alerts like this are false is 98 of 100: red, unreliable, from 80 on"
        in shown
    )
    assert "it would be no longer red" in shown
    assert "verified at most, whatever their score" in shown
    assert "16 Nov 2026" in shown


def test_the_alerts_behind_a_number_are_the_judged_ones_of_my_sites(
    world: World, refresh: ReliabilityRefresh
) -> None:
    make_segment(refresh, lighting="dark")
    mine, elsewhere = make_alert(world.camera), make_alert(make_camera(world.other_site))
    unjudged, by_day = make_alert(world.camera), make_alert(world.camera)
    fact_of(mine)
    fact_of(elsewhere)
    fact_of(unjudged, verdict="", labelled_at=None)
    fact_of(by_day, lighting="lit")
    shown = page(world, "?lighting=dark", path="segments/")
    assert "2 at your sites" in shown
    assert f"/alerts/{mine.id}/" in shown
    assert f"/alerts/{unjudged.id}/" not in shown
    assert f"/alerts/{by_day.id}/" not in shown


def test_a_manager_sees_the_alerts_of_their_site_behind_its_segment(
    world: World, refresh: ReliabilityRefresh
) -> None:
    make_segment(refresh, site_id=world.site.id)
    mine = make_alert(world.camera)
    fact_of(mine)
    shown = page(world, f"?site={world.site.id}", path="segments/", person="store_manager")
    assert f"/alerts/{mine.id}/" in shown


def test_an_alert_leads_to_the_narrowest_segment_it_belongs_to(
    world: World, refresh: ReliabilityRefresh
) -> None:
    make_network(refresh)
    make_segment(refresh, site_id=world.site.id, camera_id=world.camera.id)
    make_segment(refresh, site_id=world.site.id, camera_id=world.camera.id, lighting="dark")
    make_segment(refresh, site_id=world.site.id, camera_id=world.camera.id, lighting="lit")
    alert = make_alert(world.camera)
    fact_of(alert)
    client = signed_in(world.lead)
    found = client.get(f"/reliability/alerts/{alert.id}/segment/")
    assert found.status_code == 302
    assert found["Location"].endswith(f"camera={world.camera.id}&lighting=dark")
    assert client.get(found["Location"]).status_code == 200


def test_an_alert_nothing_was_learned_about_leads_to_its_cameras_segments(world: World) -> None:
    alert: Alert = make_alert(world.camera)
    found = signed_in(world.lead).get(f"/reliability/alerts/{alert.id}/segment/")
    assert found["Location"] == f"/reliability/?camera={world.camera.id}"
    elsewhere = make_alert(make_camera(world.other_site))
    answer = signed_in(world.store_manager).get(f"/reliability/alerts/{elsewhere.id}/segment/")
    assert answer.status_code == 404


def test_the_alert_page_leads_to_the_segment_whose_work_it_is(world: World) -> None:
    alert = make_waiting_alert(world.camera)
    link = f"/reliability/alerts/{alert.id}/segment/"
    assert link in signed_in(world.lead).get(f"/alerts/{alert.id}/").content.decode()
    assert link not in signed_in(world.operator).get(f"/alerts/{alert.id}/").content.decode()


def test_the_rail_offers_reliability_to_whose_work_it_is(world: World) -> None:
    assert 'href="/reliability/"' in page(world)
    operator = signed_in(world.operator).get("/").content.decode()
    assert 'href="/reliability/"' not in operator


def test_the_number_of_queries_does_not_grow_with_the_rows(
    world: World, refresh: ReliabilityRefresh, django_assert_max_num_queries: object
) -> None:
    for number in range(40):
        make_segment(refresh, site_id=world.site.id, zone_kind=f"kind{number}")
    client = signed_in(world.lead)
    with django_assert_max_num_queries(30):  # type: ignore[operator]
        client.get("/reliability/")


def test_the_heat_table_crosses_places_with_a_condition_and_leads_to_the_alerts(
    world: World, refresh: ReliabilityRefresh
) -> None:
    at = {"site_id": world.site.id, "camera_id": world.camera.id}
    make_segment(refresh, **at, state="amber", false_positive_rate=0.3, low=0.2, high=0.41)
    make_segment(refresh, **at, daypart="night")
    make_unknown_segment(refresh, **at, daypart="morning")
    make_segment(refresh, **at, daypart="evening", lighting="dark", false_positive_rate=0.77)
    fact_of(make_alert(world.camera))
    shown = page(world, path="heat/")
    assert shown.index("Morning") < shown.index("Night")
    assert "62 of 100 alerts like this were false (50–73)" in shown
    assert "6 labels, 6 more needed" in shown
    assert "drift: rising" in shown
    assert "77 of 100" not in shown  # of a narrower segment, not of this table
    behind = f"?site={world.site.id}&camera={world.camera.id}&daypart=night"
    assert f"{behind}#alerts".replace("&", "&amp;") in shown
    assert "The judged alerts behind it" in page(world, behind, path="segments/")
    assert "No cell yet" in page(world, "?columns=weekday&rows=zone", path="heat/")


def test_the_heat_table_of_zones_adds_kinds_of_zone_and_nonsense_is_dropped(
    world: World, refresh: ReliabilityRefresh
) -> None:
    make_segment(refresh, site_id=world.site.id, zone_kind="high_value", lighting="dark")
    make_segment(refresh, site_id=world.other_site.id, zone_kind="exit", lighting="dark")
    shown = page(world, "?rows=zone&columns=lighting", path="heat/", person="store_manager")
    assert "High value" in shown
    assert "Exit" not in shown
    assert "No cell yet" in page(world, "?rows=x&columns=y&site=z", path="heat/")
    assert signed_in(world.operator).get("/reliability/heat/").status_code == 403


def test_cameras_are_marked_on_the_plan_by_band_and_listed_without_one(
    world: World, refresh: ReliabilityRefresh, s3: dict[str, str]
) -> None:
    other = make_camera(world.site)
    at = {"site_id": world.site.id, "camera_id": world.camera.id}
    make_segment(refresh, **at)
    make_segment(refresh, **at, daypart="night", false_positive_rate=0.77)
    make_unknown_segment(refresh, site_id=world.site.id, camera_id=other.id)
    bare = page(world, f"?site={world.site.id}", path="plan/")
    assert "This site has no plan" in bare
    assert "62 of 100 alerts like this were false (50–73), 48 labels" in bare
    assert "not known yet (6 labels), 6 more are needed" in bare
    admin = signed_in(world.administrator)
    admin.post(f"/settings/sites/{world.site.id}/plan/upload/", {"picture": a_picture()})
    assert "No camera hangs on the plan yet" in page(world, f"?site={world.site.id}", path="plan/")
    Camera.objects.filter(id=world.camera.id).update(plan_x=0.25, plan_y=0.5)
    shown = page(world, f"?site={world.site.id}", path="plan/")
    assert 'x="25.00%" y="50.00%"' in shown
    assert '<text y="5">R</text>' in shown
    assert f"Not on the plan yet: {other.name}." in shown
    assert "77 of 100" not in shown


def test_a_manager_sees_the_plan_of_their_store_whatever_they_ask_for(
    world: World, refresh: ReliabilityRefresh
) -> None:
    elsewhere = make_camera(world.other_site)
    shown = page(world, f"?site={world.other_site.id}", path="plan/", person="store_manager")
    assert world.camera.name in shown
    assert elsewhere.name not in shown
