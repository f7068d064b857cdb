"""Names as people give them: very long, without a space to break at, and written from right to left."""

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.cases.models import Case
from apps.sites.models import Camera, Site, Zone
from tests.browser.inside import Inside
from tests.cases.test_api import a_case
from tests.world import World, make_waiting_alert

pytestmark = [pytest.mark.django_db, pytest.mark.browser, pytest.mark.timeout(600)]

LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabteilungsleiterin"
RIGHT_TO_LEFT = "متجر شارع الملك فهد الرئيسي للمواد الغذائية والملابس والإلكترونيات"
WIDTHS = (1440, 360)
REACH = "document.documentElement.scrollWidth"
BEYOND = """
    [...document.querySelectorAll("main *, header *")]
        .filter((one) => one.getBoundingClientRect().right > innerWidth)
        .slice(0, 6).map((one) => `${one.tagName}.${one.className}`).join(" ")
"""


def test_long_names_and_names_from_right_to_left_stay_within_the_page(
    world: World, inside: Inside
) -> None:
    alert = make_waiting_alert(world.camera)
    case = a_case(world)
    Site.objects.filter(pk=world.site.pk).update(name=LONG)
    Site.objects.filter(pk=world.other_site.pk).update(name=RIGHT_TO_LEFT)
    Camera.objects.filter(pk=world.camera.pk).update(name=f"{RIGHT_TO_LEFT[:50]} {LONG}")
    Zone.objects.filter(camera=world.camera).update(name=LONG)
    Case.objects.update(title=f"{LONG} {RIGHT_TO_LEFT}")
    User.objects.filter(pk=world.operator.pk).update(first_name=LONG, last_name=RIGHT_TO_LEFT)
    camera = world.camera.pk
    seen = {
        world.operator: ["/", f"/alerts/{alert.pk}/", "/cases/", f"/cases/{case.pk}/", "/stop/"],
        world.administrator: [
            "/settings/",
            f"/settings/sites/{world.site.pk}/",
            f"/settings/cameras/{camera}/",
            "/settings/people/",
            "/reliability/",
            reverse("audit"),
            reverse("dossiers"),
        ],
    }

    def story(desk: Inside) -> None:
        too_wide = []
        for person, paths in seen.items():
            seat = desk.seat(person)
            for path in paths:
                page = seat.open(path)
                for width in WIDTHS:
                    page.set_viewport_size({"width": width, "height": 900})
                    if (reach := page.evaluate(REACH)) > width:
                        too_wide.append(
                            f"{path} reaches {reach} of {width}: {page.evaluate(BEYOND)}"
                        )
            assert seat.complaints == []
        assert "\n".join(too_wide) == ""

    inside.tell(story)
