"""No test reaches beyond this machine, and what tries is counted."""

import asyncio
import socket
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
