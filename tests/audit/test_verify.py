"""Whoever changes the past is refused, or found and named."""

import json
from datetime import UTC, datetime
from io import BytesIO, StringIO
from itertools import product
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, transaction

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.audit.entries import ENTRY_COLUMNS, entry_of
from apps.audit.models import Checkpoint, Leaf
from apps.audit.signing import public_file
from apps.storage.keys import audit_checkpoint
from apps.storage.store import evidence_store
from tests.audit import chain
from tests.audit.chain import Connection

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = ("audit_leaf", "audit_checkpoint", "audit_checkpoint_copy")
STATEMENTS = ("UPDATE {} SET tenant_id = tenant_id", "DELETE FROM {}", "TRUNCATE {}")


@pytest.fixture
def tenant(sequencer_connection: Connection, s3: dict[str, str]) -> UUID:
    """A chain of ten entries, signed and stored after four and after eight."""
    made = uuid4()
    for batch in (4, 4):
        chain.tell(made, batch, reason="because")
        chain.chain(sequencer_connection)
        chain.sign(sequencer_connection)
        chain.store_all(sequencer_connection)
    chain.tell(made, 2)
    chain.chain(sequencer_connection)
    return made


@pytest.fixture
def tamper(superuser_connection: Connection) -> Connection:
    """Somebody who owns the server and has switched the triggers off."""
    for table in TABLES:
        superuser_connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    return superuser_connection


def test_an_untouched_chain_holds(owner_connection: Connection, tenant: UUID) -> None:
    found = chain.verify(owner_connection, tenant)
    assert (found.entries, found.checkpoints, found.lost_reasons) == (10, 2, 0)
    assert found.holds, found.problems


def test_it_holds_from_a_checkpoint_too(owner_connection: Connection, tenant: UUID) -> None:
    assert chain.verify(owner_connection, tenant, from_checkpoint=8).holds
    with pytest.raises(ValueError, match="no checkpoint at 7"):
        chain.verify(owner_connection, tenant, from_checkpoint=7)


def test_the_application_may_not_change_the_past(
    app_connection: Connection, service_connection: Connection, tenant: UUID
) -> None:
    for connection, statement in product((app_connection, service_connection), STATEMENTS):
        for table in TABLES:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.format(table))


def test_nor_may_it_through_the_orm(tenant: UUID) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), tenant_scope(tenant):
        Leaf.objects.filter(index=3).update(actor="somebody else")
    with pytest.raises(ProgrammingError, match="permission denied"), tenant_scope(tenant):
        Leaf.objects.filter(index=3).delete()
    with pytest.raises(ProgrammingError, match="permission denied"), tenant_scope(tenant):
        Checkpoint(
            tenant_id=tenant, tree_size=1, first_index=0, signed_at=datetime(2026, 1, 1, tzinfo=UTC)
        ).save()


@pytest.mark.parametrize("replication", ["origin", "replica"])
def test_the_owner_is_refused_while_the_triggers_stand(
    superuser_connection: Connection, replication: str
) -> None:
    superuser_connection.execute(f"SET session_replication_role = {replication}")
    superuser_connection.execute("SET ROLE second_look_owner")
    for table, statement in product(TABLES, STATEMENTS):
        with pytest.raises(psycopg.errors.RestrictViolation, match="only grows"):
            superuser_connection.execute(statement.format(table))


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'somebody else'",
        "occurred_at = occurred_at - interval '1 hour'",
        "details = '{\"number\":99}'",
        "details = 'no json'",
        "leaf_hash = sha256('forged')",
        "subject_id = 'another'",
    ],
)
def test_a_rewritten_entry_is_named(tamper: Connection, tenant: UUID, change: str) -> None:
    tamper.execute(f"UPDATE audit_leaf SET {change} WHERE tenant_id = %s AND index = 5", [tenant])
    for with_bucket in (True, False):
        found = chain.verify(tamper, tenant, with_bucket=with_bucket)
        assert [problem.index for problem in found.problems] == [5]


def test_an_entry_rewritten_together_with_its_hash_is_named_by_the_bucket(
    tamper: Connection, tenant: UUID
) -> None:
    rewrite_consistently(tamper, tenant, 5)
    found = chain.verify(tamper, tenant)
    assert [problem.index for problem in found.problems] == [5]
    assert "entry 5" in found.problems[0].sentence


def test_and_without_the_bucket_the_signed_root_still_tells_from_where(
    tamper: Connection, tenant: UUID
) -> None:
    rewrite_consistently(tamper, tenant, 5)
    (problem,) = chain.verify(tamper, tenant, with_bucket=False).problems
    assert problem.sentence == "an entry from 4 to 7 is not what was signed"
    assert problem.index == 4


@pytest.mark.parametrize("index", [0, 5, 7])
def test_a_missing_entry_is_named(tamper: Connection, tenant: UUID, index: int) -> None:
    tamper.execute("DELETE FROM audit_leaf WHERE tenant_id = %s AND index = %s", [tenant, index])
    assert chain.verify(tamper, tenant).problems[0].index == index


def test_a_cut_off_end_is_named(tamper: Connection, tenant: UUID) -> None:
    tamper.execute("DELETE FROM audit_leaf WHERE tenant_id = %s AND index > 5", [tenant])
    tamper.execute("UPDATE audit_tree SET size = 6, checkpoint_size = 0")
    assert chain.verify(tamper, tenant).problems[0].index == 6
    tamper.execute("DELETE FROM audit_checkpoint WHERE tenant_id = %s", [tenant])
    found = chain.verify(tamper, tenant)
    assert {problem.index for problem in found.problems} == {None, 6}


def test_two_entries_that_changed_places_are_named(tamper: Connection, tenant: UUID) -> None:
    """Each is what it was and its hash holds; only their order is another one."""
    swap = "UPDATE audit_leaf SET index = %s WHERE tenant_id = %s AND index = %s"
    for new, old in ((-1, 5), (5, 6), (6, -1)):
        tamper.execute("ALTER TABLE audit_leaf DROP CONSTRAINT IF EXISTS audit_leaf_index")
        tamper.execute(swap, [new, tenant, old])
    for with_bucket, first in ((True, 5), (False, 4)):
        found = chain.verify(tamper, tenant, with_bucket=with_bucket)
        assert found.problems[0].index == first
    tamper.read_only = False


def test_a_checkpoint_signed_anew_over_a_shorter_past_is_named(
    tamper: Connection, tenant: UUID, sequencer_connection: Connection
) -> None:
    """Somebody with the database and the key, but without the bucket, drops an entry and signs again."""
    for table in TABLES:
        tamper.execute(f"DELETE FROM {table} WHERE tenant_id = %s", [tenant])
    tamper.execute("DELETE FROM audit_tree WHERE tenant_id = %s", [tenant])
    chain.tell(tenant, 8)
    chain.chain(sequencer_connection)
    chain.sign(sequencer_connection)
    assert chain.verify(tamper, tenant, with_bucket=False).holds  # the database alone cannot know
    found = chain.verify(tamper, tenant)
    assert any("contradicts another checkpoint of that size" in p.sentence for p in found.problems)
    assert 0 in {problem.index for problem in found.problems}


def test_a_checkpoint_taken_from_another_chain_is_named(
    tamper: Connection, tenant: UUID, sequencer_connection: Connection
) -> None:
    other = uuid4()
    chain.tell(other, 8)
    chain.chain(sequencer_connection)
    chain.sign(sequencer_connection)
    tamper.execute(
        "UPDATE audit_checkpoint SET note = (SELECT note FROM audit_checkpoint WHERE tenant_id = %s)"
        " WHERE tenant_id = %s AND tree_size = 8",
        [other, tenant],
    )
    sentences = [problem.sentence for problem in chain.verify(tamper, tenant).problems]
    assert any(f"belongs to the chain of {other}" in sentence for sentence in sentences)


def test_a_chain_that_was_wiped_out_is_still_missed(tamper: Connection, tenant: UUID) -> None:
    for table in (*TABLES, "audit_tree"):
        tamper.execute(f"DELETE FROM {table}")
    with pytest.raises(CommandError):
        call_command("audit_verify", stdout=(out := StringIO()))
    assert "entry 0 is missing: 8 entries were signed" in out.getvalue()


def test_a_forged_checkpoint_is_named(tamper: Connection, tenant: UUID) -> None:
    tamper.execute(
        "UPDATE audit_checkpoint SET note = replace(note, 'signed_at 2', 'signed_at 1')"
        " WHERE tree_size = 8"
    )
    sentences = [problem.sentence for problem in chain.verify(tamper, tenant).problems]
    assert "the checkpoint at 8 in the database: no trusted key has signed this" in sentences


def test_a_checkpoint_taken_out_of_the_row_is_named(tamper: Connection, tenant: UUID) -> None:
    tamper.execute("DELETE FROM audit_checkpoint WHERE tree_size = 4")
    (problem,) = chain.verify(tamper, tenant).problems
    assert problem.sentence == "the checkpoint at 4 is in the locked bucket, not in the database"


def test_a_forged_object_in_the_bucket_hides_nothing(
    owner_connection: Connection, tenant: UUID
) -> None:
    bucket, name = evidence_store(), audit_checkpoint(tenant_id=tenant, tree_size=8)
    with bucket.get_stream(key=name) as stream:
        content = json.loads(stream.read())
    content["leaf_hashes"][1] = "00" * 32
    for body in (json.dumps(content).encode(), b"no json"):
        bucket.put_stream(key=name, stream=BytesIO(body), length=len(body))
    bucket.delete(key=name)  # a delete marker: the versions are still there
    found = chain.verify(owner_connection, tenant)
    assert found.checkpoints == 2
    assert all(problem.index is None for problem in found.problems)
    assert any("does not hold the leaf hashes" in problem.sentence for problem in found.problems)
    assert any("no signature" in problem.sentence for problem in found.problems)


def test_a_rewritten_reason_is_named_and_an_erased_one_counted(
    tamper: Connection, tenant: UUID
) -> None:
    of = "event_id = (SELECT event_id FROM audit_leaf WHERE tenant_id = %s AND index = %s)"
    tamper.execute(f"UPDATE audit_reason SET text = 'another' WHERE {of}", [tenant, 2])
    tamper.execute(f"DELETE FROM audit_reason WHERE {of}", [tenant, 6])
    found = chain.verify(tamper, tenant)
    assert [problem.index for problem in found.problems] == [2]
    assert found.lost_reasons == 1


def test_a_changed_tree_is_noticed(tamper: Connection, tenant: UUID) -> None:
    tamper.execute(
        "UPDATE audit_tree SET peaks = set_byte(peaks, 0, (get_byte(peaks, 0) + 1) % 256)"
    )
    (problem,) = chain.verify(tamper, tenant).problems
    assert "tree" in problem.sentence


def test_notes_of_a_key_that_was_rotated_still_verify(
    sequencer_connection: Connection, owner_connection: Connection, tenant: UUID
) -> None:
    old = chain.key()
    Path(settings.AUDIT_SIGNING_KEY_FILE).unlink()
    chain.sign(sequencer_connection)
    assert chain.key().key_id != old.key_id
    assert chain.verify(owner_connection, tenant).holds


def test_a_stranger_keys_signature_is_none(
    owner_connection: Connection, tenant: UUID, tmp_path: Path
) -> None:
    stranger = tmp_path / "key.pem"
    chain.signing_key(stranger)
    with pytest.raises(CommandError):
        call_command(
            "audit_verify",
            f"--tenant={tenant}",
            f"--public-keys={public_file(stranger)}",
            stdout=(out := StringIO()),
        )
    assert "no trusted key has signed this" in out.getvalue()


def test_the_command_verifies_one_tenant_by_its_slug(
    sequencer_connection: Connection, s3: dict[str, str]
) -> None:
    with transaction.atomic():
        retailer = Tenant.objects.create(slug="corner-shop", name="Corner Shop")
    chain.tell(retailer.id, 3)
    chain.chain(sequencer_connection)
    chain.sign(sequencer_connection)
    call_command(
        "audit_verify", "--tenant=corner-shop", "--from-checkpoint", stdout=(out := StringIO())
    )
    assert out.getvalue() == f"{retailer.id}: 3 entries, 1 checkpoints from entry 3: holds\n"
    with pytest.raises(CommandError, match="no tenant 'unknown'"):
        call_command("audit_verify", "--tenant=unknown")


def test_a_leaf_in_a_taken_place_is_refused(tamper: Connection, tenant: UUID) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        tamper.execute(
            "INSERT INTO audit_leaf SELECT (leaf).* FROM (SELECT jsonb_populate_record(l,"
            " jsonb_build_object('event_id', gen_random_uuid())) AS leaf FROM audit_leaf AS l"
            " WHERE tenant_id = %s AND index = 3) AS copy",
            [tenant],
        )


def test_the_signing_key_is_readable_by_its_owner_only() -> None:
    chain.key()
    mode = Path(settings.AUDIT_SIGNING_KEY_FILE).stat().st_mode & 0o777
    assert mode == 0o600


def rewrite_consistently(connection: Connection, tenant: UUID, index: int) -> None:
    """Change an entry and its hash, as somebody would who has read our source."""
    where = "WHERE tenant_id = %s AND index = %s"
    connection.execute(f"UPDATE audit_leaf SET actor = 'x' {where}", [tenant, index])
    row = connection.execute(f"SELECT {ENTRY_COLUMNS} FROM audit_leaf {where}", [tenant, index])
    fetched = row.fetchone()
    assert fetched is not None
    connection.execute(
        f"UPDATE audit_leaf SET leaf_hash = %s {where}",
        [entry_of(fetched).leaf_hash(), tenant, index],
    )
