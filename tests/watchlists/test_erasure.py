"""A person is forgotten, and what was recorded about the acts still proves itself."""

import pytest

from apps.accounts.tenancy import tenant_scope
from apps.watchlists.models import EntryName, FaceEmbedding
from apps.watchlists.operations.ending import erase_entry
from tests.audit import chain
from tests.watchlists.people import actor, fill, in_force
from tests.world import NOW, make_world


@pytest.mark.django_db(transaction=True)
def test_after_erasing_a_person_the_chain_still_verifies(
    sequencer_connection: chain.Connection, service_connection: chain.Connection
) -> None:
    world = make_world()
    with tenant_scope(world.tenant.id):
        fill(world.compliance)
        entry = in_force(world)
    before = chain.chain(sequencer_connection)
    with tenant_scope(world.tenant.id):
        erase_entry(
            actor=actor(world.compliance),
            user=world.compliance,
            entry=entry,
            reason="The person asked to be forgotten.",
            now=NOW,
        )
        assert not EntryName.objects.exists()
        assert not FaceEmbedding.objects.exists()
    chain.chain(sequencer_connection)
    chain.sign(sequencer_connection)
    found = chain.verify(service_connection, world.tenant.id, with_bucket=False)
    assert found.entries > before > 0
    assert found.holds, found.problems
