"""The tables of servers and processes."""

import pytest

from config.stack.plan import HEAVY, IDLE, JOBS, LATER, SERVERS, Process, processes
from config.stack.server import UnableToStart

BY_TITLE = {row.title: row for row in SERVERS}
VARIABLES = {
    "DATABASE_URL": "postgresql://app",
    "DATABASE_SERVICE_URL": "postgresql://service",
    "DATABASE_SEQUENCER_URL": "postgresql://sequencer",
    "REDIS_URL": "redis://",
}


@pytest.fixture
def running(tmp_path: "pytest.TempPathFactory") -> dict[str, Process]:
    listed = processes(variables=VARIABLES, home=tmp_path, port=8123)  # type: ignore[arg-type]
    return {process.name: process for process in listed}


def test_a_server_is_ours_unless_its_address_is_given() -> None:
    assert not any(row.is_given({"PATH": "/bin"}) for row in SERVERS)
    given = {"DATABASE_URL": "x", "REDIS_URL": "x", "S3_ENDPOINT": "x", "TEMPORAL_ADDRESS": "x"}
    assert all(row.is_given(given) for row in SERVERS)


def test_a_given_database_must_come_with_all_its_roles() -> None:
    """One role for everything would own the tables, and row-level security does not bind owners."""
    with pytest.raises(UnableToStart, match="DATABASE_OWNER_URL and DATABASE_SERVICE_URL and"):
        BY_TITLE["PostgreSQL"].given({"DATABASE_URL": "x"})


def test_what_is_given_reaches_the_processes() -> None:
    given = {"TEMPORAL_ADDRESS": "temporal:7233", "TEMPORAL_NAMESPACE": "shop", "OTHER": "x"}
    assert BY_TITLE["Temporal"].given(given) == {
        "TEMPORAL_ADDRESS": "temporal:7233",
        "TEMPORAL_NAMESPACE": "shop",
    }


def test_every_process_has_the_database_role_of_its_work(running: dict[str, Process]) -> None:
    roles = {name: one.environment()["DATABASE_URL"][13:] for name, one in running.items()}
    assert roles == {
        "web": "app",
        "audit-sequencer": "sequencer",
        "worker-triage": "app",
        "worker-inference": "app",
        "worker-explanations": "app",
        "worker-exports": "app",
        "sweeper": "service",
        "celery-worker": "service",
        "celery-beat": "service",
    }


def test_heavy_work_never_slows_intake(running: dict[str, Process]) -> None:
    for name in ("worker-inference", "worker-exports", "celery-worker"):
        assert running[name].command()[:3] == ["nice", "-n", str(HEAVY)]
    for name in ("audit-sequencer", "worker-triage", "sweeper"):
        assert running[name].command()[:3] == ["nice", "-n", str(LATER)]
    assert running["worker-explanations"].command()[:3] == ["nice", "-n", str(IDLE)]
    assert "nice" not in running["web"].command()
    assert 0 < LATER < HEAVY < IDLE


def test_a_stop_does_not_wait_for_open_event_streams(running: dict[str, Process]) -> None:
    command = running["web"].command()
    assert command[command.index("--timeout-graceful-shutdown") + 1] == "5"
    assert running["web"].listens_on() == "127.0.0.1:8123"


def test_names_are_unique_and_fit_for_files() -> None:
    names = [job.name for job in JOBS]
    assert len(set(names)) == len(names)
    assert all(name.replace("-", "").isalpha() for name in names)
