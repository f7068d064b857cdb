"""The chain can be looked at in the admin, and only that."""

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.audit.models import Checkpoint, Leaf
from tests.audit import chain
from tests.audit.chain import Connection
from tests.world import make_world

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_administrator_looks_at_the_own_chain_only(
    client: Client, sequencer_connection: Connection
) -> None:
    world = make_world()
    own = chain.tell(world.tenant.id)
    foreign = chain.tell(world.foreign_tenant.id)
    chain.chain(sequencer_connection)
    chain.sign(sequencer_connection)
    client.force_login(world.administrator)
    page = client.get(reverse("admin:audit_leaf_changelist"), {"channel": "screen"})
    assert page.status_code == 200
    assert str(own.id) in page.content.decode()
    assert str(foreign.id) not in page.content.decode()
    assert client.get(reverse("admin:audit_checkpoint_changelist")).status_code == 200


def test_nobody_changes_it_there_not_even_a_superuser(rf: RequestFactory) -> None:
    request = rf.get("/admin/")
    for model in (Leaf, Checkpoint):
        page = admin.site.get_model_admin(model)
        assert not page.has_add_permission(request)
        assert not page.has_change_permission(request)
        assert not page.has_delete_permission(request)
        assert page.get_actions(request) == {}


def test_one_event_shows_its_hash(client: Client, sequencer_connection: Connection) -> None:
    world = make_world()
    chain.tell(world.tenant.id)
    chain.chain(sequencer_connection)
    client.force_login(world.administrator)
    row = sequencer_connection.execute(
        "SELECT event_id, encode(leaf_hash, 'hex') FROM audit_leaf WHERE tenant_id = %s"
        " AND event = 'alert:viewed'",
        [world.tenant.id],
    ).fetchone()
    assert row is not None
    url = reverse("admin:audit_leaf_change", args=[row[0]])
    assert row[1] in client.get(url).content.decode()
    assert client.post(url, {"actor": "x"}).status_code == 403
