"""The demonstration tenant: a drill, labelled as one on every screen. Seeding again adds what is missing."""

import json
import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from apps.accounts.models import Tenant, User
from apps.accounts.operations import create_person, create_tenant, record_tenant_created
from apps.accounts.permissions import EVERY_SITE, Role
from apps.accounts.queries import training_lines
from apps.accounts.tenancy import tenant_scope
from apps.accounts.training import Training, record_training
from apps.alerts.models import DetectorSource
from apps.alerts.operations import create_source, rotate_secret
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.reliability.models import CostModelVersion
from apps.reliability.operations import create_cost_model_version
from apps.sites.models import Camera, Roster, Site
from apps.sites.operations import (
    add_camera,
    add_roster,
    add_zone,
    create_site,
    grant_site,
    link_cameras,
)
from apps.triage.cost_model import default_cost_model

SLUG = "demo"
RETENTION_DAYS = 1 / 24
ROSTER_DAYS = 7
OPERATOR_MINUTES = 480.0
SOURCE = "Demo detector"
CAMERA = "demo-walkway"
CLIP = Path("workers/inference/clips/pets2009-walkway.mp4")
PEOPLE = (
    ("operator", "Olivia Operator", Role.OPERATOR),
    ("operator2", "Oscar Operator", Role.OPERATOR),
    ("manager", "Mara Manager", Role.STORE_MANAGER),
    ("lead", "Leo Lead", Role.LP_LEAD),
    ("compliance", "Carla Compliance", Role.COMPLIANCE),
    ("administrator", "Ada Administrator", Role.ADMINISTRATOR),
    ("ops", "Otto Operations", Role.OPS),
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A site to seed: its cameras, each with zones as (kind, name, corners in shares)."""

    slug: str
    name: str
    timezone: str
    cameras: tuple[tuple[str, str], ...]


PLACES = (
    Place(
        slug="demo-reading",
        name="Demo store Reading",
        timezone="Europe/London",
        cameras=((CAMERA, "Walkway"), ("demo-kiosk", "Kiosk")),
    ),
    Place(
        slug="demo-madrid",
        name="Demo store Madrid",
        timezone="Europe/Madrid",
        cameras=(("demo-aisle", "Aisle 7"),),
    ),
)
ZONES: dict[str, tuple[tuple[str, str, list[list[float]]], ...]] = {
    CAMERA: (
        (
            "aisle",
            "Walkway",
            [[0.0, 0.24], [0.5, 0.22], [1.0, 0.32], [1.0, 0.82], [0.34, 0.46], [0.0, 0.35]],
        ),
        ("exit", "Way to the road", [[0.5, 0.22], [0.78, 0.08], [0.96, 0.0], [0.99, 0.32]]),
        ("goods_in", "Yard", [[0.0, 0.14], [0.38, 0.13], [0.5, 0.22], [0.0, 0.24]]),
        (
            "entrance",
            "Lawn",
            [[0.0, 0.36], [0.34, 0.47], [0.62, 0.64], [0.9, 0.8], [0.9, 1.0], [0.0, 1.0]],
        ),
    ),
    "demo-kiosk": (("kiosk", "Kiosk", [[0.3, 0.3], [0.7, 0.3], [0.7, 0.9], [0.3, 0.9]]),),
    "demo-aisle": (
        ("aisle", "Aisle", [[0.1, 0.2], [0.9, 0.2], [0.9, 1.0], [0.1, 1.0]]),
        ("high_value", "Spirits", [[0.05, 0.1], [0.35, 0.1], [0.35, 0.6], [0.05, 0.6]]),
    ),
}


def seed(*, now: datetime) -> dict[str, Any]:
    """Make the demo tenant whole and return what a person needs to use it.

    {"tenant", "camera", "clip", "accounts": [{role, email, password}], "source": {id, secret}}.
    Secrets are kept in `<home>/demo_accounts.json`, readable by its owner only.
    """
    kept = _kept()
    with transaction.atomic():
        tenant = Tenant.objects.filter(slug=SLUG).first() or _tenant()
        with tenant_scope(tenant.id):
            actor = Actor.system(tenant.id)
            sites = [_site(actor, place) for place in PLACES]
            accounts = [_account(actor, tenant, sites, who, kept) for who in PEOPLE]
            _training(actor, now=now)
            source = _source(actor, kept, now=now)
            _rosters(actor, sites, now=now)
            _cost_model(actor, now=now)
    facts = {
        "tenant": SLUG,
        "camera": CAMERA,
        "clip": str(settings.BASE_DIR / CLIP),
        "accounts": accounts,
        "source": source,
    }
    _keep(facts)
    return facts


def _tenant() -> Tenant:
    tenant = create_tenant(slug=SLUG, name="Demo store", is_drill=True)
    with tenant_scope(tenant.id):
        record_tenant_created(tenant=tenant)
        tenant.exhibit_retention_days = RETENTION_DAYS
        tenant.save(update_fields=["exhibit_retention_days"])
        record(
            actor=Actor.system(tenant.id),
            event=Event.TENANT_CHANGED,
            subject=Subject("tenant", tenant.id),
            after={"exhibit_retention_days": RETENTION_DAYS},
        )
    return tenant


def _site(actor: Actor, place: Place) -> Site:
    site = Site.objects.filter(slug=place.slug).first()
    if site is None:
        site = create_site(actor=actor, slug=place.slug, name=place.name, timezone=place.timezone)
    for slug, name in place.cameras:
        if not Camera.objects.filter(slug=slug).exists():
            camera = add_camera(actor=actor, site=site, slug=slug, name=name)
            for kind, zone, polygon in ZONES[slug]:
                add_zone(actor=actor, camera=camera, kind=kind, name=zone, polygon=polygon)
    _link_all(actor, site)
    return site


def _link_all(actor: Actor, site: Site) -> None:
    """The demo's stores are one room each: every camera is beside every other one."""
    for one, other in combinations(site.cameras.order_by("slug"), 2):
        link_cameras(actor=actor, one=one, other=other)


def _account(
    actor: Actor,
    tenant: Tenant,
    sites: list[Site],
    who: tuple[str, str, Role],
    kept: dict[str, Any],
) -> dict[str, str]:
    """An account of one role. A password nobody kept is replaced; one that is kept stays."""
    local, name, role = who
    email = f"{local}@demo.example"
    passwords = {entry["email"]: entry["password"] for entry in kept.get("accounts", ())}
    password = passwords.get(email) or secrets.token_urlsafe(12)
    user = User.objects.filter(email=email).first()
    if user is None:
        user = create_person(
            actor=actor, tenant=tenant, email=email, name=name, role=role, password=password
        )
        for site in sites if role not in EVERY_SITE and role is not Role.OPS else ():
            grant_site(actor=actor, user=user, site=site)
    elif email not in passwords:
        _replace_password(actor, user, password)
    return {"role": role.value, "email": email, "password": password}


def _training(actor: Actor, *, now: datetime) -> None:
    """Training of everybody who decides, so that the drill can begin at once."""
    missing = [
        line.person for line in training_lines(actor.tenant_id, now) if not line.standing.is_covered
    ]
    if missing:
        training = Training(
            release=settings.TRAINING_RELEASE,
            trainer="Demo",
            covered="A drill: no training took place.",
            trained_on=now.date(),
            valid_until=now.date() + timedelta(days=365),
        )
        record_training(actor=actor, user=None, people=missing, training=training, now=now)


def _replace_password(actor: Actor, user: User, password: str) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])
    record(actor=actor, event=Event.ACCESS_CREDENTIAL_CHANGED, subject=Subject("user", user.id))


def _source(actor: Actor, kept: dict[str, Any], *, now: datetime) -> dict[str, str]:
    source = DetectorSource.objects.filter(tenant_id=actor.tenant_id, name=SOURCE).first()
    known = kept.get("source", {})
    if source is None:
        source, secret = create_source(actor=actor, name=SOURCE)
    elif known.get("id") == str(source.id):
        secret = known["secret"]
    else:
        secret = rotate_secret(actor=actor, source=source, now=now, grace=timedelta(0))
    return {"id": str(source.id), "secret": secret}


def _rosters(actor: Actor, sites: list[Site], *, now: datetime) -> None:
    """Eight hours of one operator a day and site, from today on."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for site in sites:
        known = set(Roster.objects.filter(site=site).values_list("starts_at", flat=True))
        for day in (today + timedelta(days=number) for number in range(ROSTER_DAYS)):
            if day not in known:
                add_roster(
                    actor=actor,
                    site=site,
                    starts_at=day,
                    ends_at=day + timedelta(days=1),
                    operator_minutes=OPERATOR_MINUTES,
                )


def _cost_model(actor: Actor, *, now: datetime) -> None:
    if not CostModelVersion.objects.filter(tenant_id=actor.tenant_id).exists():
        create_cost_model_version(
            actor=actor,
            tenant_id=actor.tenant_id,
            model=default_cost_model(),
            reason="Shipped defaults: every figure is an assumption.",
            now=now,
        )


def _file() -> Path:
    return Path(settings.HOME) / "demo_accounts.json"


def _kept() -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found


def _keep(facts: dict[str, Any]) -> None:
    """Replace the file in one step; only its owner may read it."""
    draft = _file().with_suffix(".new")
    draft.parent.mkdir(parents=True, exist_ok=True)
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(facts, file, indent=2)
    draft.replace(_file())
