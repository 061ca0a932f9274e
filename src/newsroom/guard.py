"""Which network addresses may be connected to: the guard against requests forged by a page (SSRF).

A name is resolved once, every address it has is judged, and the connection is made to the address that was judged
(pinning), so that a name service that answers differently the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from newsroom.errors import Rejected

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# What `is_global` lets through: Azure's metadata service (a public address), and ranges of special use that Python
# took in only in later versions (Oracle's metadata service is at 192.0.0.192).
_NEVER = [ipaddress.ip_network(net) for net in ("168.63.129.16/32", "192.0.0.0/24", "64:ff9b:1::/48")]

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _with_embedded(address: _Address) -> Iterator[_Address]:
    """The address that a packet really ends at: IPv4 may be wrapped in IPv6 (RFC 4291 §2.5.5, 3056, 4380, 6052)."""
    if isinstance(address, ipaddress.IPv4Address):
        yield address
    elif address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    elif address in _NAT64:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    else:
        yield address
        if address.sixtofour is not None:
            yield address.sixtofour
        if address.teredo is not None:
            yield from address.teredo


def is_public(address: str) -> bool:
    """May a crawler connect to this IP address? False for private, loopback, link-local, multicast, reserved, metadata….

    >>> is_public("93.184.215.14"), is_public("2606:2800:21f:cb07:6820:80da:af6b:8b2c")
    (True, True)
    >>> is_public("169.254.169.254"), is_public("::ffff:10.0.0.1"), is_public("64:ff9b::7f00:1"), is_public("fe80::1%eth0")
    (False, False, False, False)
    """
    return all(
        ip.is_global and not ip.is_multicast and not ip.is_reserved and not any(ip in net for net in _NEVER)
        for ip in _with_embedded(ipaddress.ip_address(address.partition("%")[0]))
    )


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine itself; only then may politeness be switched off.

    >>> is_loopback("http://127.0.0.1:8000/x"), is_loopback("http://localhost"), is_loopback("https://www.osce.org")
    (True, True, False)
    """
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def look_up(host: str, port: int, seconds: float) -> list[str]:
    """The addresses of a name, as the system says; a name service that does not answer in time is an error like another.

    `getaddrinfo` has no time limit of its own and cannot be interrupted: it is asked in a thread that is left behind if need be.
    """
    found: list[str] = []
    failed: list[Exception] = []

    def ask() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in infos))
        except Exception as error:  # noqa: BLE001 -- raised again below, by the thread that asked
            failed.append(error)

    thread = threading.Thread(target=ask, name=f"look-up of {host}"[:60], daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if thread.is_alive():
        raise socket.gaierror(socket.EAI_AGAIN, f"no answer from the name service within {seconds:g} s")
    return found


def resolve(host: str, port: int, *, trusted: Collection[str] = (), seconds: float = 10) -> list[str]:
    """The addresses to connect to for a host name, in the resolver's order.

    `trusted` hosts (that of `--base-url`) may be anywhere. For others one address that is not public refuses the whole
    host: a name that mixes public and private addresses is an attack or a mistake. The resolver also reads the odd
    spellings of IPv4 (`0x7f.1`, `2130706433`, `0177.0.0.1`), so that it is its answer which must be judged.
    Raises Rejected("private-address"), or socket.gaierror where the name does not resolve within `seconds`.
    """
    addresses = look_up(host, port, seconds)
    if host.lower() not in trusted:
        for address in addresses:
            if not is_public(address):
                raise Rejected("private-address", f"{host}: resolves to {address}, which is not a public address; not asked")
    return addresses
