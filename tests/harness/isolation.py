"""A network of the test run's own, with only a loopback device: the kernel refuses and counts the rest.

Where the kernel allows no namespace (containers without the right) the run stays where it is; its
header says so, and only the audit hook of `tests.harness.network` watches.
"""

import ctypes
import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_SET_INTERFACE_FLAGS, _UP = 0x8914, 0x1

entered = False


def isolate() -> None:
    """Move this process, before it has threads or children, to a network that has only loopback."""
    global entered
    if sys.platform == "linux" and _works_in_a_child():
        _enter_own_network()
        entered = True


def refused_by_kernel() -> int:
    """Connections and datagrams for which this network had no route; 0 where it is not our own."""
    return _no_routes("snmp", "Ip:") + _no_routes("snmp6", "Ip6OutNoRoutes") if entered else 0


def _works_in_a_child() -> bool:
    """Half an attempt would leave us without loopback, so a child tries it first."""
    child = os.fork()
    if child == 0:
        try:
            _enter_own_network()
            with socket.create_server(("127.0.0.1", 0)) as server:
                socket.create_connection(server.getsockname(), timeout=5).close()
            os._exit(0)
        except OSError:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def _enter_own_network() -> None:
    """Raises OSError where the kernel does not allow it."""
    user, group, is_root = os.geteuid(), os.getegid(), os.geteuid() == 0
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_NETWORK | (0 if is_root else _NEW_USER)):
        raise OSError(ctypes.get_errno(), "unshare")
    if not is_root:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SET_INTERFACE_FLAGS, struct.pack("16sH14x", b"lo", _UP))


def _no_routes(table: str, row: str) -> int:
    lines = [line.split() for line in Path("/proc/net", table).read_text().splitlines()]
    found = [words for words in lines if words[0] == row]
    if table == "snmp":
        names, values = found
        return int(values[names.index("OutNoRoutes")])
    return int(found[0][1]) if found else 0
