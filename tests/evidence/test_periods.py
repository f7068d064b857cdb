"""A tenant's periods are versions: drafted and activated by people, never below half a year for records."""

import pytest
from django.db import IntegrityError, transaction

from apps.audit.events import Actor, Subject
from apps.audit.queries import events_of
from apps.evidence.models import RetentionPeriod, RetentionRules
from apps.evidence.operations.periods import (
    UnableToSetPeriods,
    activate_periods,
    discard_periods,
    draft_periods,
)
from apps.evidence.queries.retention import active_rules
from apps.evidence.retention_rules import DEFAULT_RULES, Category
from tests.evidence.scene import compliance_of
from tests.world import NOW, World

REASON = "The works council agreed on it."


def draft(world: World, **changed: int) -> RetentionRules:
    days = DEFAULT_RULES.days | {Category(name): length for name, length in changed.items()}
    return draft_periods(actor=compliance_of(world), days=days, reason=REASON, now=NOW)


def test_a_draft_does_nothing_until_it_is_activated(world: World) -> None:
    version = draft(world, clip_archived=10)
    assert active_rules(world.tenant.id) == DEFAULT_RULES
    activate_periods(actor=compliance_of(world), version=version, now=NOW)
    rules = active_rules(world.tenant.id)
    assert (rules.number, rules.days[Category.CLIP_ARCHIVED]) == (1, 10)
    second = draft(world, clip_archived=20)
    activate_periods(actor=compliance_of(world), version=second, now=NOW)
    version.refresh_from_db()
    assert version.state == "retired"
    told = events_of(tenant_id=world.tenant.id, subjects=[Subject("retention_rules", second.id)])
    assert [event.event for event in told] == ["retention:drafted", "retention:activated"]
    assert (told[0].reason, told[0].details["clip_archived_days"]) == (REASON, 20)


@pytest.mark.parametrize("category", ["dossier", "audit_log"])
def test_records_below_half_a_year_are_refused_by_the_operation_and_by_the_database(
    world: World, category: str
) -> None:
    with pytest.raises(UnableToSetPeriods, match=r"183 days \(AI Act"):
        draft(world, **{category: 182})
    version = draft(world, **{category: 183})
    with pytest.raises(IntegrityError, match="half_a_year"), transaction.atomic():
        RetentionPeriod.objects.create(
            tenant_id=world.tenant.id,
            rules=RetentionRules.objects.create(
                tenant_id=world.tenant.id,
                number=version.number + 1,
                reason=REASON,
                drafted_by=world.compliance.id,
                drafted_at=NOW,
            ),
            category=category,
            days=182,
        )


def test_a_version_is_written_once(world: World) -> None:
    version = draft(world)
    with pytest.raises(Exception, match=r"only grows|permission denied"), transaction.atomic():
        version.periods.update(days=500)
    discard_periods(actor=compliance_of(world), version=version)
    version.refresh_from_db()
    with pytest.raises(UnableToSetPeriods, match="discarded"):
        activate_periods(actor=compliance_of(world), version=version, now=NOW)


def test_no_machine_changes_a_period(world: World) -> None:
    version = draft(world)
    system = Actor.system(world.tenant.id)
    with pytest.raises(UnableToSetPeriods, match="person"):
        activate_periods(actor=system, version=version, now=NOW)
    with pytest.raises(UnableToSetPeriods, match="person"):
        draft_periods(actor=system, days=DEFAULT_RULES.days, reason=REASON, now=NOW)
