"""The stack the pictures are taken of: the demo tenant, alerts that went through the pipeline, an object of every kind."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from tests.harness.person import Person
from tests.harness.product import BUNDLED_CLIP, Product, wait_for

if TYPE_CHECKING:
    from tests.world import World

# What a detector saw, and how sure it was: enough for a queue with more than one strategy in it.
RAISED = (
    {"label": "item_to_bag", "score": 0.93, "camera": "demo-walkway"},
    {"label": "item_concealed", "score": 0.88, "camera": "demo-walkway"},
    {"label": "item_to_bag", "score": 0.55, "camera": "demo-aisle"},
    {"label": "item_concealed", "score": 0.31, "camera": "demo-kiosk"},
)
QUIET = {
    "RUNS_COMPARED_EVERY_SECONDS": "86400",  # the furnished alerts have no run to be missed
    "SALIENCY_BUDGET": "quick",
    "JUDGED_FIRST_OF_100": "0",
}
FINAL = ("awaiting_review", "archived", "resolved")


@contextmanager
def stack(home: Path | None) -> Iterator[Product]:
    """A product in a folder of its own, gone at the end; one that runs in `home` already is left running."""
    if home:
        running = Product(home=home)
        running.seeded = json.loads(running.manage("seed_demo", "--json"))
        yield running
        return
    with TemporaryDirectory(prefix="second look screens ") as folder:
        Path(folder).chmod(0o711)
        running = Product(home=Path(folder) / "var")
        running.manage("up", "--detach", timeout=600, **QUIET)
        try:
            running.seeded = json.loads(running.manage("seed_demo", "--json"))
            yield running
        finally:
            running.manage("down", check=False)


def raise_alerts(product: Product) -> list[str]:
    """Raise alerts with their clip as a detector does, wait until each is through; their ids, the surest first."""
    raised = [product.post_alert(clip=BUNDLED_CLIP, **one) for one in RAISED]
    ids = [str(answer.raise_for_status().json()["id"]) for answer in raised]
    for one in ids:
        product.await_state(one, *FINAL, within=240)
    wait_for(lambda: _explained(product, ids), within=240, every=1)
    _confirm(product, ids[-1])
    return ids


def _explained(product: Product, ids: list[str]) -> bool:
    """Whether it was said of each what moved the score, or why that is not known."""
    asked = "SELECT count(*) FROM alerts_clip WHERE alert_id = ANY(%s) AND saliency_key = '' AND saliency_note = ''"
    return product.query(asked, ids)[0][0] == 0


def _confirm(product: Product, alert_id: str) -> None:
    """A person plays the clip and confirms a theft: a case with sealed exhibits comes of it."""
    person = Person(product, product.account("operator")).signed_in()
    person.watch(alert_id)
    person.decide(alert_id, "theft_confirmed", reasons=["item_concealed"], transfer_seen=True)
    product.await_state(alert_id, "resolved")


def case_of(product: Product, alert_id: str) -> str:
    """The case a confirmed alert was put into."""
    asked = "SELECT case_id FROM cases_incident WHERE alert_id = %s"
    return str(wait_for(lambda: product.query(asked, alert_id))[0][0])


def let_the_machine_go_on(world: "World") -> None:
    """Lift every STOP the furnishing left."""
    from apps.accounts.tenancy import tenant_scope
    from apps.audit.events import Actor, Channel
    from apps.sites.models import Stop
    from apps.sites.stopping import resume_machine
    from apps.triage.states import StopState

    lead = world.lead
    with tenant_scope(world.tenant.id):
        actor = Actor(
            tenant_id=lead.tenant_id, user_id=lead.id, role=lead.role, channel=Channel.SCREEN
        )
        for stop in Stop.objects.filter(state=StopState.IN_FORCE):
            resume_machine(
                actor=actor, user=lead, stop=stop, reason="It moves again", now=timezone.now()
            )


def open_django(product: Product) -> None:
    """Let this process use the application on the product's own database and stores."""
    os.environ.update(product.environment | product.variables)
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django
    from django.test.utils import setup_test_environment

    django.setup()
    setup_test_environment()


@dataclass(frozen=True, kw_only=True)
class Stand:
    """What the furnished alerts borrow from one that went through the pipeline: its clip."""

    alert_id: str

    def lend(self) -> None:
        from apps.alerts.models import Clip

        own = Clip.objects.get(alert_id=self.alert_id)
        taken = (
            "master_key",
            "playable_key",
            "blurred_key",
            "poster_key",
            "duration_ms",
            "size_bytes",
        )
        Clip.objects.filter(blurred_key="b").update(**{name: getattr(own, name) for name in taken})


def furnish_demo(alert_id: str) -> "World":
    """An object of every kind and state in the demo tenant, as the audit's stories set them up."""
    from django.db import transaction

    from tests.browser.page_map import furnish
    from tests.world import enter

    with transaction.atomic():
        world = demo_world()
        enter(world.tenant)
        furnish(world)
        Stand(alert_id=alert_id).lend()
    return world


def demo_world() -> "World":
    """The demo tenant in the shape the stories expect. Raises DoesNotExist before `seed_demo`."""
    from apps.accounts.models import Tenant, User
    from apps.accounts.permissions import Role
    from apps.accounts.tenancy import tenant_scope
    from apps.sites.models import Site
    from tests.world import World, make_person, make_site, make_tenant

    tenant = Tenant.objects.get(slug="demo")
    foreign = make_tenant(is_drill=True)
    with tenant_scope(foreign.id):
        foreign_operator = make_person(foreign, Role.OPERATOR, make_site(foreign))
    with tenant_scope(tenant.id):
        people: dict[str, Any] = {
            name: User.objects.get(email=f"{local}@demo.example") for name, local in _PEOPLE.items()
        }
        site, other = Site.objects.get(slug="demo-reading"), Site.objects.get(slug="demo-madrid")
        return World(
            tenant=tenant,
            site=site,
            other_site=other,
            camera=site.cameras.get(slug="demo-walkway"),
            stranger=make_person(tenant, Role.OPERATOR),
            foreign_tenant=foreign,
            foreign_operator=foreign_operator,
            **people,
        )


_PEOPLE = {
    "operator": "operator",
    "second_operator": "operator2",
    "store_manager": "manager",
    "lead": "lead",
    "compliance": "compliance",
    "administrator": "administrator",
    "ops": "ops",
}
