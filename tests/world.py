"""A small world for stories: one retailer with two stores and its people, and a foreign retailer.

Rows are written as the runtime role inside the tenant's scope, as the product would. In a test inside one transaction call
`enter(world.tenant)` once (the fixture `world` does); its effect ends with the test's transaction.
"""

import hashlib
import itertools
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import connection
from guardian.shortcuts import assign_perm

from apps.accounts.models import Tenant, TrainingRecord, User
from apps.accounts.permissions import NEEDS_TRAINING, Permission, Role
from apps.accounts.tenancy import SETTING, tenant_scope
from apps.alerts.models import Alert, Clip
from apps.alerts.operations.analysis import begin_analysis, record_assessment, route
from apps.sites.models import Camera, Site, Zone
from apps.triage.assessment import AssessmentInputs, AssessmentRecord, assess, record_json
from apps.triage.cost_model import default_cost_model
from apps.triage.fairness import not_assessable
from apps.triage.probability import UNIFORM_PRIOR
from apps.triage.segments import Segment, unknown_reliability
from apps.triage.sequence import DEFAULT_POLICIES, policy_for

_numbers = itertools.count(1)
NOW = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    tenant: Tenant
    site: Site
    other_site: Site
    camera: Camera
    operator: User
    second_operator: User
    store_manager: User
    lead: User
    compliance: User
    administrator: User
    ops: User
    stranger: User  # same retailer, granted no site
    foreign_tenant: Tenant
    foreign_operator: User


def enter(tenant: Tenant) -> None:
    """Let the rest of the current transaction see this tenant's rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [SETTING, str(tenant.id)])


def make_tenant(*, is_drill: bool = False) -> Tenant:
    number = next(_numbers)
    return Tenant.objects.create(
        slug=f"retailer-{number}", name=f"Retailer {number}", is_drill=is_drill
    )


def train(person: User) -> TrainingRecord:
    """The record that lets a person decide, as of before every story."""
    with tenant_scope(person.tenant_id):
        return TrainingRecord.objects.create(
            tenant_id=person.tenant_id,
            person=person,
            release=settings.TRAINING_RELEASE,
            trainer="Tess Trainer",
            covered="Decisions, limits of the machine, people's rights.",
            trained_on=date(2026, 1, 1),
            valid_until=date(2100, 1, 1),
            recorded_at=datetime(2026, 1, 2, tzinfo=UTC),
        )


def make_person(tenant: Tenant, role: Role, *sites: Site, is_trained: bool = True) -> User:
    number = next(_numbers)
    person = User(
        username=f"person{number}@example.test",
        email=f"person{number}@example.test",
        first_name=role.value.replace("_", " ").title(),
        last_name=str(number),
        tenant=tenant,
        role=role.value,
    )
    person.is_staff = person.may(Permission.USE_ADMIN)
    person.set_unusable_password()
    person.save()
    for site in sites:
        assign_perm("sites.work_site", person, site)
    if is_trained and any(person.may(one) for one in NEEDS_TRAINING):
        train(person)
    return person


def make_site(tenant: Tenant, *, name: str = "Gran Vía") -> Site:
    return Site.objects.create(tenant=tenant, slug=f"site-{next(_numbers)}", name=name)


def make_camera(site: Site) -> Camera:
    number = next(_numbers)
    camera = Camera.objects.create(
        tenant_id=site.tenant_id, site=site, slug=f"camera-{number}", name=f"Aisle {number}"
    )
    Zone.objects.create(
        tenant_id=site.tenant_id,
        camera=camera,
        kind="aisle",
        name="Aisle",
        polygon=[[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]],
    )
    return camera


def make_alert(
    camera: Camera, *, clip: bool = True, score: float | None = 0.9, **fields: object
) -> Alert:
    """An alert just received; move it with the product's own operations."""
    alert = Alert.objects.create(
        tenant_id=camera.tenant_id,
        site_id=camera.site_id,
        camera=camera,
        idempotency_key=f"key-{uuid4()}",
        body_sha256=hashlib.sha256(b"body").hexdigest(),
        channel="api",
        detector_id="test-detector",
        detector_version="1.0",
        label="item_to_bag",
        score=score,
        camera_at=NOW,
        received_at=NOW,
        **fields,
    )
    if clip:
        Clip.objects.create(
            alert=alert, tenant_id=alert.tenant_id, state="spooled", delivery="multipart"
        )
    return alert


def assess_alert(alert: Alert) -> AssessmentRecord:
    """What the product concludes of an alert of a new tenant: nothing calibrated, verified at most."""
    return assess(
        inputs=AssessmentInputs(
            alert_id=str(alert.id),
            label=alert.label,
            detector_id=alert.detector_id,
            detector_version=alert.detector_version,
            score=alert.score,
            signals=(),
            sequence_policy=policy_for(alert.label, policies=DEFAULT_POLICIES),
            probability=UNIFORM_PRIOR.probability(),
            reliability=unknown_reliability(
                segment=Segment(
                    camera=str(alert.camera_id), detector_version=alert.detector_version
                )
            ),
            fairness=not_assessable(reason="no re-score adapter"),
            has_viewable_clip=True,
            cost_model=default_cost_model(),
            model_digests={},
        )
    )


def write_assessment(alert: Alert) -> None:
    """Store what `assess_alert` concludes, as the workflow does before an alert leaves analysis."""
    found = assess_alert(alert)
    record_assessment(
        alert=alert,
        record_json=record_json(found),
        digest=found.digest,
        outcome="verify",
        reason_codes=[code.value for code in found.decision.reason_codes],
        priority=found.decision.loss_avoided_per_minute,
        now=NOW,
    )


def make_waiting_alert(camera: Camera, *, clip: bool = True, **fields: object) -> Alert:
    """An assessed alert in `awaiting_review` whose clip (10 s, 2 to 6 s marked) can be played."""
    alert = make_alert(camera, clip=clip, **fields)
    if clip:
        Clip.objects.filter(alert=alert).update(
            state="stored",
            master_key="m",
            playable_key="m",
            blurred_key="b",
            duration_ms=10_000,
            marked_from_ms=2_000,
            marked_to_ms=6_000,
            sha256=hashlib.sha256(b"clip").hexdigest(),
            size_bytes=4,
        )
    alert = begin_analysis(alert_id=alert.id, now=NOW).alert
    write_assessment(alert)
    route(
        alert=alert,
        outcome="verify",
        sampled_blind=False,
        sampling_probability=1.0,
        due_at=NOW + timedelta(minutes=15),
        now=NOW,
    )
    return Alert.objects.get(id=alert.id)


def make_world() -> World:
    """Build the world; leaves the current transaction in no tenant's scope."""
    tenant, foreign = make_tenant(), make_tenant()
    with tenant_scope(foreign.id):
        foreign_operator = make_person(foreign, Role.OPERATOR, make_site(foreign))
    with tenant_scope(tenant.id):
        site, other = make_site(tenant), make_site(tenant, name="Sants")
        camera = make_camera(site)
        return World(
            tenant=tenant,
            site=site,
            other_site=other,
            camera=camera,
            operator=make_person(tenant, Role.OPERATOR, site),
            second_operator=make_person(tenant, Role.OPERATOR, site),
            store_manager=make_person(tenant, Role.STORE_MANAGER, site),
            lead=make_person(tenant, Role.LP_LEAD, site, other),
            compliance=make_person(tenant, Role.COMPLIANCE),
            administrator=make_person(tenant, Role.ADMINISTRATOR),
            ops=make_person(tenant, Role.OPS),
            stranger=make_person(tenant, Role.OPERATOR),
            foreign_tenant=foreign,
            foreign_operator=foreign_operator,
        )
