"""No test reaches beyond this machine, and what tries is counted."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.harness.network import BeyondThisMachine


def test_a_connection_to_another_machine_is_refused_and_counted(
    outside_connections: list[str],
) -> None:
    with socket.socket() as client, pytest.raises(BeyondThisMachine):
        client.connect(("192.0.2.1", 80))
    assert outside_connections == ["socket.connect 192.0.2.1"]


def test_a_name_look_up_is_refused_and_counted(outside_connections: list[str]) -> None:
    with pytest.raises(URLError):
        urlopen("http://example.com/", timeout=1)
    assert outside_connections == ["socket.getaddrinfo example.com"]


def test_a_datagram_and_an_asynchronous_connection_are_no_way_out(
    outside_connections: list[str],
) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as client, pytest.raises(BeyondThisMachine):
        client.sendto(b"x", ("192.0.2.1", 53))
    with pytest.raises(OSError, match=r"192\.0\.2\.2"):
        asyncio.run(asyncio.open_connection("192.0.2.2", 80))
    assert len(outside_connections) == 2


def test_loopback_is_open(outside_connections: list[str]) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(("localhost", server.getsockname()[1])),
    ):
        pass
    assert outside_connections == []


@pytest.mark.parametrize("kind", ["SOCK_STREAM", "SOCK_DGRAM"])
@pytest.mark.parametrize(("family", "address"), [("INET", "192.0.2.1"), ("INET6", "2001:db8::1")])
def test_the_kernel_refuses_and_counts_what_any_other_process_tries(
    kind: str,
    family: str,
    address: str,
    kernel_refusals: Callable[[], int],
    outside_connections: list[str],
) -> None:
    before = kernel_refusals()
    attempt = f"import socket as s; s.socket(s.AF_{family}, s.{kind}).connect(('{address}', 53))"
    done = subprocess.run(
        [sys.executable, "-c", attempt], capture_output=True, text=True, check=False
    )
    assert "Network is unreachable" in done.stderr
    assert kernel_refusals() == before + 1
    assert outside_connections == []
