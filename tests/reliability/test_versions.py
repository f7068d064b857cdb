"""Versions of what triage rests on: drafted by a lead, activated by an administrator, undone by activating again."""

from dataclasses import replace

import pytest
from django.db import connection
from django.utils import timezone

from apps.reliability.models import CostModelVersion, SequencePolicyVersion, TriageBasis
from apps.reliability.operations import (
    UnableToActivate,
    UnableToDraft,
    activate_version,
    draft_version,
)
from apps.reliability.queries import (
    active_cost_model,
    active_sequence_policies,
    active_triage_policy,
)
from apps.reliability.queries.choices import standing_triage_policy
from apps.reliability.queries.versions import changes_between, standing_value, value_of
from apps.triage.cost_model import default_cost_model
from apps.triage.decision import DEFAULT_TRIAGE_POLICY
from apps.triage.sequence import DEFAULT_POLICIES, Order, Step
from tests.reviews.conftest import sign_in
from tests.world import World

pytestmark = pytest.mark.django_db
WHY = "Our own wages of this year"


def draft(user, value, **fields):
    return draft_version(
        actor=sign_in(user),
        user=user,
        value=value,
        note=fields.pop("note", WHY),
        now=timezone.now(),
        **fields,
    )


def activate(user, version, *, instead_of=None, reason=WHY):
    return activate_version(
        actor=sign_in(user),
        user=user,
        version=version,
        instead_of=instead_of,
        reason=reason,
        now=timezone.now(),
    )


def events(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_inbox WHERE event = %s", [name])
        return cursor.fetchone()[0]


def test_a_draft_decides_nothing_until_an_administrator_activates_it(world: World) -> None:
    made = draft(world.lead, replace(default_cost_model(), minute_price=0.9))
    assert active_cost_model(world.tenant.id)[0] == 0
    activate(world.administrator, made)
    version, model = active_cost_model(world.tenant.id)
    assert (version, model.minute_price, model.version) == (1, 0.9, "cost-1")
    assert (events("policy:drafted"), events("cost_model:changed")) == (1, 1)


@pytest.mark.parametrize("who", ["lead", "operator", "store_manager", "compliance"])
def test_only_an_administrator_activates(world: World, who: str) -> None:
    made = draft(world.lead, default_cost_model())
    with pytest.raises(UnableToActivate, match="administrator"):
        activate(getattr(world, who), made)
    assert not CostModelVersion.objects.get().is_active


@pytest.mark.parametrize("who", ["operator", "store_manager", "compliance", "ops"])
def test_only_who_manages_policy_drafts(world: World, who: str) -> None:
    with pytest.raises(UnableToDraft, match="role"):
        draft(getattr(world, who), default_cost_model())


def test_an_administrator_of_another_retailer_activates_nothing_here(world: World) -> None:
    made = draft(world.lead, default_cost_model())
    made.tenant_id = world.foreign_tenant.id
    with pytest.raises(UnableToActivate):
        activate(world.administrator, made)


def test_a_change_is_undone_by_activating_the_earlier_version_again(world: World) -> None:
    first = activate(world.administrator, draft(world.lead, default_cost_model()))
    dearer = draft(world.lead, replace(default_cost_model(), minute_price=2.0))
    activate(world.administrator, dearer, instead_of=first.id)
    activate(world.administrator, first, instead_of=dearer.id, reason="It cost more than it saved")
    assert active_cost_model(world.tenant.id)[0] == 1
    assert list(CostModelVersion.objects.values_list("version", "is_active")) == [
        (2, False),
        (1, True),
    ]
    assert events("cost_model:changed") == 3


def test_whoever_activates_second_is_told_that_somebody_was_faster(world: World) -> None:
    mine, theirs = (draft(world.lead, default_cost_model()) for _ in range(2))
    activate(world.administrator, theirs)
    with pytest.raises(UnableToActivate, match="Somebody else activated version 2"):
        activate(world.administrator, mine)
    assert active_cost_model(world.tenant.id)[0] == 2


def test_the_active_version_is_not_activated_again(world: World) -> None:
    made = activate(world.administrator, draft(world.lead, default_cost_model()))
    with pytest.raises(UnableToActivate, match="already"):
        activate(world.administrator, made, instead_of=made.id)


def test_an_activation_and_a_draft_say_why(world: World) -> None:
    with pytest.raises(UnableToDraft, match="characters"):
        draft(world.lead, default_cost_model(), note=" so ")
    made = draft(world.lead, default_cost_model())
    with pytest.raises(UnableToActivate, match="characters"):
        activate(world.administrator, made, reason="")


def test_every_activation_tells_running_processes_to_read_again(world: World) -> None:
    activate(world.administrator, draft(world.lead, default_cost_model()))
    before = TriageBasis.objects.get(tenant=world.tenant).revision
    activate(world.administrator, draft(world.lead, DEFAULT_TRIAGE_POLICY))
    assert TriageBasis.objects.get(tenant=world.tenant).revision == before + 1


def test_a_cost_model_is_in_the_currency_of_the_tenant(world: World) -> None:
    with pytest.raises(UnableToDraft, match="EUR"):
        draft(world.lead, replace(default_cost_model(), currency="GBP"))


def test_a_triage_policy_is_activated_with_its_thresholds(world: World) -> None:
    made = draft(world.lead, replace(DEFAULT_TRIAGE_POLICY, audit_share=0.1))
    activate(world.administrator, made)
    version, policy = active_triage_policy(world.tenant.id)
    assert (version, policy.audit_share, policy.version) == (1, 0.1, "triage-v1")
    assert events("policy:changed") == 1


def test_each_label_and_detector_has_its_own_line_of_sequence_policies(world: World) -> None:
    shipped = DEFAULT_POLICIES[0]
    looser = replace(shipped, order=Order.ANY)
    everybody = activate(world.administrator, draft(world.lead, looser))
    own = activate(world.administrator, draft(world.lead, shipped, detector_id="acme"))
    other = activate(world.administrator, draft(world.lead, DEFAULT_POLICIES[1]))
    assert [one.version for one in (everybody, own, other)] == [1, 1, 1]
    found = active_sequence_policies(world.tenant.id)
    assert found["", shipped.label].order is Order.ANY
    assert found["acme", shipped.label].order is Order.AS_LISTED
    assert found["acme", shipped.label].version == f"sequence-{shipped.label}@acme-1"
    assert found["", "checkout_skip"] == DEFAULT_POLICIES[2]
    assert SequencePolicyVersion.objects.filter(is_active=True).count() == 3


def test_a_version_shows_what_it_changes(world: World) -> None:
    made = draft(
        world.lead,
        replace(default_cost_model(), minute_price=0.75, assumed=("recovery",)),
    )
    changed = changes_between(standing_value(made), value_of(made))
    assert (changed[0].before, changed[0].after) == (0.5, 0.75)
    assert [one.name for one in changed] == ["minute_price", "assumed"]


def test_a_sequence_policy_of_a_new_label_changes_everything(world: World) -> None:
    policy = replace(DEFAULT_POLICIES[0], label="trolley_push_out", required=(Step(signal="x"),))
    made = draft(world.lead, policy)
    assert standing_value(made) is None
    assert {one.name for one in changes_between(None, value_of(made))} >= {"label", "required"}


def test_the_shipped_policy_stands_with_the_audit_share_of_the_tenant(world: World) -> None:
    world.tenant.blind_audit_share = 0.07
    world.tenant.save(update_fields=["blind_audit_share"])
    version, policy = standing_triage_policy(world.tenant.id)
    assert (version, policy.audit_share) == (0, 0.07)
    activate(world.administrator, draft(world.lead, replace(policy, audit_share=0.1)))
    version, policy = standing_triage_policy(world.tenant.id)
    assert (version, policy.audit_share, policy.version) == (1, 0.1, "triage-v1")
