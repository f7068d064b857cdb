"""No test reaches beyond this machine: attempts are refused, counted, and fail the test.

Two nets: `tests.harness.isolation` around the whole run, with every server and browser it starts,
and Python's audit hook in this process, which can name the culprit.
"""

import ipaddress
import socket
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.harness import isolation

_CONNECTING = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_LOOKING_UP = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}

_attempts: list[str] = []
_own_names = {"", "localhost", socket.gethostname()}


class BeyondThisMachine(OSError):
    """A test tried to reach another machine."""


@pytest.fixture
def outside_connections() -> list[str]:
    """The refused attempts of this test so far, a live list; a test that asks for it may make some."""
    return _attempts


@pytest.fixture
def kernel_refusals() -> Callable[[], int]:
    """Counts the attempts that the kernel has refused to any process of this run so far."""
    if not isolation.entered:
        pytest.skip("this machine allows no network namespace, so the kernel counts nothing")
    return isolation.refused_by_kernel


@pytest.fixture(autouse=True)
def _stays_on_this_machine(request: pytest.FixtureRequest) -> Iterator[None]:
    _attempts.clear()
    before = isolation.refused_by_kernel()
    yield
    if "outside_connections" not in request.fixturenames:
        assert _attempts == [], "this test reached for another machine"
        assert isolation.refused_by_kernel() == before, (
            "a process of this test reached for another machine"
        )


def pytest_configure() -> None:
    """Refuse from now on, in this process; an audit hook cannot be taken out again."""
    sys.addaudithook(_refuse)


def pytest_report_header() -> str:
    kind = (
        "a network of its own"
        if isolation.entered
        else "Python's sockets watched, no namespace allowed"
    )
    return f"beyond this machine: nothing ({kind})"


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event in _CONNECTING:
        _check(_host(arguments[1]), event)
    elif event in _LOOKING_UP:
        _check(arguments[0], event)


def _host(address: object) -> object:
    return address[0] if isinstance(address, tuple) and len(address) >= 2 else None


def _check(host: object, event: str) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if isinstance(name, str) and not _is_here(name, looking_up=event in _LOOKING_UP):
        _attempts.append(f"{event} {name}")
        raise BeyondThisMachine(f"{event} {name}: tests stay on this machine")


def _is_here(name: str, *, looking_up: bool) -> bool:
    if name in _own_names:
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return looking_up or address.is_loopback or address.is_unspecified
