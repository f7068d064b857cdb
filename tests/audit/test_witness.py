"""A witness of its own process and memory signs what continues the chain it saw, and refuses every other history."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.conf import settings as configured
from django.core.management import call_command
from pytest_django import Settings

from apps.audit.signing import public_file
from apps.audit.witness import (
    BadCosignature,
    NotWitnessed,
    Witness,
    configured_witness,
    require_cosigned,
    witness_next,
)
from tests.audit import chain
from tests.audit.chain import Connection
from tests.audit.test_sequencer import sequencer, until
from tests.harness.product import REPOSITORY

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = timedelta(0)


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    """The example, run by a Python that knows no site-packages."""
    chain.key()
    keys = public_file(Path(configured.AUDIT_SIGNING_KEY_FILE))
    command = [sys.executable, "-I", "-S", str(REPOSITORY / "docs/examples/witness.py")]
    files = ["--key", tmp_path / "seed", "--memory", tmp_path / "seen.json", "--log-keys", keys]
    process = subprocess.Popen(
        [*command, *map(str, files), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"]},
    )
    assert process.stdout is not None
    try:
        key, port = process.stdout.readline().split()
        yield Witness(url=f"http://127.0.0.1:{port}", key=key, every=AT_ONCE)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def grown(connection: Connection, tenant: UUID, count: int) -> None:
    chain.tell(tenant, count)
    chain.chain(connection)
    chain.sign(connection)


def lines(connection: Connection) -> list[tuple[str, str]]:
    return connection.execute(
        "SELECT point.note, signed.line FROM audit_checkpoint_cosignature AS signed"
        " JOIN audit_checkpoint AS point ON point.id = signed.checkpoint_id ORDER BY point.id"
    ).fetchall()


def test_nobody_is_asked_unless_a_witness_is_set() -> None:
    assert configured_witness() is None


def test_a_chain_that_goes_on_is_signed_each_time(
    sequencer_connection: Connection, owner_connection: Connection, witness: Witness
) -> None:
    tenant = uuid4()
    for count in (3, 4, 1, 9):
        grown(sequencer_connection, tenant, count)
        assert witness_next(sequencer_connection, witness)
        assert not witness_next(sequencer_connection, witness)
    assert len(lines(owner_connection)) == 4
    for note, line in lines(owner_connection):
        require_cosigned(note, line, key=witness.key)
    found = chain.verify(owner_connection, tenant, with_bucket=False, witness_key=witness.key)
    assert (found.cosignatures, found.problems) == (4, ())


def test_another_history_is_refused_whoever_holds_key_and_database(
    sequencer_connection: Connection, superuser_connection: Connection, witness: Witness
) -> None:
    """Everything is rewritten and signed anew with the right key: the witness has seen the first one."""
    tenant = uuid4()
    grown(sequencer_connection, tenant, 5)
    assert witness_next(sequencer_connection, witness)
    for table in ("leaf", "checkpoint", "checkpoint_copy", "tree", "checkpoint_cosignature"):
        superuser_connection.execute(f"ALTER TABLE audit_{table} DISABLE TRIGGER ALL")
        superuser_connection.execute(f"DELETE FROM audit_{table}")
    grown(sequencer_connection, tenant, 3)
    with pytest.raises(NotWitnessed, match="saw 5 entries, there are 3"):
        witness_next(sequencer_connection, witness)
    grown(sequencer_connection, tenant, 6)
    with pytest.raises(NotWitnessed, match="another history"):
        witness_next(sequencer_connection, witness)


def test_a_forgotten_signature_is_asked_for_again_from_where_the_witness_stands(
    sequencer_connection: Connection, superuser_connection: Connection, witness: Witness
) -> None:
    tenant = uuid4()
    grown(sequencer_connection, tenant, 5)
    assert witness_next(sequencer_connection, witness)
    table = "audit_checkpoint_cosignature"
    superuser_connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    superuser_connection.execute(f"DELETE FROM {table}")
    grown(sequencer_connection, tenant, 2)
    assert witness_next(sequencer_connection, witness)


def test_a_rewritten_line_is_named(
    sequencer_connection: Connection, superuser_connection: Connection, witness: Witness
) -> None:
    tenant = uuid4()
    grown(sequencer_connection, tenant, 2)
    witness_next(sequencer_connection, witness)
    [(note, line)] = lines(superuser_connection)
    with pytest.raises(BadCosignature):
        require_cosigned(note.replace("signed_at 2", "signed_at 1"), line, key=witness.key)
    table = "audit_checkpoint_cosignature"
    superuser_connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    superuser_connection.execute(f"UPDATE {table} SET line = replace(line, '— ', '- ')")
    found = chain.verify(superuser_connection, tenant, with_bucket=False, witness_key=witness.key)
    assert "the witness's signature on the checkpoint at 2" in found.problems[0].sentence


def test_the_process_asks_and_says_when_it_gets_no_signature(
    owner_connection: Connection,
    stack_environment: dict[str, str],
    s3: dict[str, str],
    witness: Witness,
    settings: Settings,
) -> None:
    tenant = uuid4()
    chain.tell_many(owner_connection, tenant, 3)
    asked = {"AUDIT_WITNESS_KEY": witness.key, "AUDIT_WITNESS_EVERY_SECONDS": "1"}
    noted = "SELECT witness_note FROM audit_heartbeat"
    away = stack_environment | asked | {"AUDIT_WITNESS_URL": "http://127.0.0.1:9"}
    with sequencer(away):
        until(lambda: "does not answer" in str(owner_connection.execute(noted).fetchone()))
    with sequencer(stack_environment | asked | {"AUDIT_WITNESS_URL": witness.url}):
        until(lambda: len(lines(owner_connection)) == 1)
        until(lambda: owner_connection.execute(noted).fetchone() == ("",))
    settings.AUDIT_WITNESS_KEY = witness.key
    call_command("audit_verify", f"--tenant={tenant}", stdout=(out := StringIO()))
    assert "1 cosignatures: holds" in out.getvalue()
