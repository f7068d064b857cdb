"""Where a detector may be asked: inside the store's network, unless its tenant says otherwise.

Frames show people. They go to loopback and private addresses only (RFC 1918, RFC 4193); never to link-local
ones, where clouds keep their machine's credentials. What counts are the addresses that a name resolves to when
it is asked, so that a name cannot be pointed elsewhere after it was checked.
"""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

from django.utils.translation import gettext

MOST_CHARACTERS: Final = 300
INSIDE: Final = tuple(
    map(
        ip_network,
        ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"),
    )
)
OUTSIDE: Final = (
    "The address lies outside the store's network, and frames show people. Allow it for this source first, "
    "if they may leave."
)
PLAIN: Final = "Outside the store's network frames go by https only."
UNKNOWN: Final = "The name of the detector's address is not known here."
NEVER: Final = "The address is none that a detector can be asked at."

Address = IPv4Address | IPv6Address


class AddressRefused(ValueError):
    """Nothing is sent there. `str()` is a sentence for people, without the address itself."""


def require_url(url: str, *, beyond_network: bool) -> SplitResult:
    """The parts of an address that may be kept. Raises AddressRefused.

    A host given as a number is checked at once, a name whenever it is asked.
    """
    if len(url) > MOST_CHARACTERS:
        raise AddressRefused(
            gettext("An address has at most %(most_characters)s characters.")
            % {"most_characters": MOST_CHARACTERS}
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused(
            gettext("This is not an address; one reads http://10.0.0.5:9000/score.")
        ) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise AddressRefused(
            gettext("An address begins with http:// or https:// and names a host.")
        )
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise AddressRefused(gettext("An address holds no user, password or fragment."))
    if any(character.isspace() or not character.isprintable() for character in url):
        raise AddressRefused(gettext("An address holds no spaces."))
    try:
        literal = ip_address(parts.hostname)
    except ValueError:
        return parts
    require_address(literal, beyond_network=beyond_network, encrypted=parts.scheme == "https")
    return parts


def require_address(address: Address, *, beyond_network: bool, encrypted: bool) -> None:
    """Raises AddressRefused for an address that frames must not go to."""
    plain = getattr(address, "ipv4_mapped", None) or address
    if any(plain in network for network in INSIDE if network.version == plain.version):
        return
    if not plain.is_global or plain.is_multicast:
        raise AddressRefused(NEVER)
    if not beyond_network:
        raise AddressRefused(OUTSIDE)
    if not encrypted:
        raise AddressRefused(PLAIN)


async def resolved(host: str, port: int, *, beyond_network: bool, encrypted: bool) -> str:
    """The number to connect to. Raises AddressRefused when any address of the name is refused, or it has none."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressRefused(UNKNOWN) from None
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    for one in addresses:
        require_address(ip_address(one), beyond_network=beyond_network, encrypted=encrypted)
    if not addresses:
        raise AddressRefused(UNKNOWN)
    return addresses[0]
