"""The one door to other servers: https to judged and pinned addresses, without redirects, bounded in time and size (spec/security 4.5).

Addresses come from administrators, never from visitors. The name is resolved once, every address that it has is judged, and the
connection goes to a judged one, while TLS, certificate and `Host` keep the name: a name that moves between two look-ups leads nowhere else.
"""

import http.client
import io
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

import structlog

from kernel.db import holds_session
from kernel.settings import LOOPBACK, Network, Settings
from kernel.web.active_requests import holds_turn

log = structlog.get_logger()

CONNECT_SECONDS, CALL_SECONDS = 3.0, 10.0  # to reach a server, and for the whole call with it
LARGEST_BODY, LARGEST_HEAD = 1_000_000, 16_384
HOST = re.compile(r"(?=.{1,253}$)(([a-z0-9_-]{1,63}\.)*[a-z][a-z0-9-]{0,62}|((0|[1-9]\d{0,2})(\.|$)){4}|[0-9a-f:.]*:[0-9a-f:.]*)")
"""A name whose last label begins with a letter, or an address as it is usually written: neither `2130706433` nor `0x7f.1`."""
GLOBAL_UNICAST, NAT64 = IPv6Network("2000::/3"), IPv6Network("64:ff9b::/96")

Address = IPv4Address | IPv6Address


class OutgoingFault(StrEnum):
    """Classes of error of a call to another server."""

    UNREACHABLE = "unreachable"
    REFUSED_ADDRESS = "refused_address"
    TLS = "tls"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    BAD_ANSWER = "bad_answer"


class OutgoingError(Exception):
    """A call to another server that failed; its text is the class of error and repeats nothing of address or answer."""

    def __init__(self, fault: OutgoingFault) -> None:
        self.fault = fault
        super().__init__(fault.value)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of another server, a redirect too: status, headers by name in lower case, body, and its clock where it says so."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    date: datetime | None


@dataclass(frozen=True, slots=True)
class OutgoingReach:
    """The servers that may be called: public ones, what `LMS_OUTGOING_ALLOW` adds, and through which proxy, as http://host:port.

    Where this server is `is_near`, which is that nobody reaches it from elsewhere, http on its own machine is allowed too.
    """

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    proxy: str = ""
    is_near: bool = False

    @classmethod
    def of(cls, settings: Settings) -> "OutgoingReach":
        """Return the network rules of some settings."""
        return cls(*settings.outgoing_targets, settings.outgoing_proxy, is_near=not settings.is_reachable)

    def allows(self, target: "_Target", address: Address) -> bool:
        """Return whether a server may be called at one of the addresses that its name has."""
        is_own = not target.is_encrypted and address.is_loopback
        in_networks = all(any(part in network for network in self.networks) for part in embedded_addresses(address))
        return is_own or in_networks or target.host in self.hosts or is_public(address)


@dataclass(frozen=True, slots=True)
class _Target:
    """A server, with `authority` as HTTP writes its host and port, and what is requested of it."""

    host: str
    port: int
    authority: str
    path: str
    is_encrypted: bool


def embedded_addresses(address: Address) -> tuple[Address, ...]:
    """Return the IPv4 addresses to which an IPv6 one leads (mapped, 6to4, Teredo, NAT64), else the address alone."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address in NAT64:
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    return address.teredo or (address.ipv4_mapped or address.sixtofour or address,)


def is_public(address: Address) -> bool:
    """Return whether an address, and every one embedded in it, belongs to the public internet."""
    parts = embedded_addresses(address)
    return all(part.is_global and not part.is_multicast and (part.version == 4 or part in GLOBAL_UNICAST) for part in parts)


def _read_url(url: str, reach: OutgoingReach) -> _Target:
    """Read an address; raise OutgoingError where it is none that may be called."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise OutgoingError(OutgoingFault.REFUSED_ADDRESS) from None
    is_encrypted = parts.scheme == "https"
    is_own = parts.scheme == "http" and reach.is_near and host in LOOPBACK
    is_plain = url.isascii() and url.isprintable() and " " not in url and "@" not in parts.netloc
    is_blocked = bool(reach.proxy) and host not in reach.hosts
    if not (is_plain and (is_encrypted or is_own) and HOST.fullmatch(host)) or port == 0 or is_blocked:
        raise OutgoingError(OutgoingFault.REFUSED_ADDRESS)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _Target(host, port or (443 if is_encrypted else 80), authority=parts.netloc, path=path, is_encrypted=is_encrypted)


def _left(ends: float) -> float:
    """Return the seconds until a moment of the clock that only goes forward; raise TimeoutError where it has passed."""
    seconds = ends - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def _resolve(host: str, ends: float) -> list[Address]:
    """Return every address of a host, IPv4 first. The library cannot be stopped, so a thread waits for it in our stead."""
    answers = SimpleQueue[list[Address]]()

    def resolve() -> None:
        with suppress(OSError, ValueError):
            rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            answers.put(sorted(dict.fromkeys(ip_address(str(row[4][0])) for row in rows), key=lambda address: address.version))
        answers.put([])

    threading.Thread(target=resolve, name="resolving", daemon=True).start()
    return answers.get(timeout=_left(ends))


def _connect(target: _Target, reach: OutgoingReach, ends: float) -> socket.socket:
    """Return a connection to a judged address of a server, or to the proxy before it; try one address after the other."""
    proxy = urlsplit(reach.proxy)
    addresses = _resolve(proxy.hostname or target.host, ends)
    if not reach.proxy and not all(reach.allows(target, address) for address in addresses):
        raise OutgoingError(OutgoingFault.REFUSED_ADDRESS)
    for address in addresses:
        share = _left(ends) / (len(addresses) - addresses.index(address))
        try:
            return socket.create_connection((str(address), proxy.port or target.port), timeout=share)
        except OSError:
            if address == addresses[-1]:
                raise
    raise OutgoingError(OutgoingFault.UNREACHABLE)


class _BoundedStream(io.RawIOBase):
    """A connection of which no step lasts beyond a moment, and that gives no more bytes than an answer may have."""

    def __init__(self, connected: socket.socket, ends: float) -> None:
        self._socket, self._ends, self.bytes_left = connected, ends, LARGEST_HEAD

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def send(self, content: bytes) -> None:
        """Send all of a request."""
        while content:
            self._socket.settimeout(_left(self._ends))
            content = content[self._socket.send(content) :]

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the buffer of a BufferedReader
        """Read what has come, or wait for it; raise OutgoingError where it is too much."""
        self._socket.settimeout(_left(self._ends))
        count = self._socket.recv_into(buffer)
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise OutgoingError(OutgoingFault.TOO_LARGE)
        return count

    def makefile(self, _mode: str = "rb") -> io.BufferedReader:
        """Return a reader, as http.client asks a socket for one, that takes little more from it than the head of an answer."""
        return io.BufferedReader(self, 256)


@lru_cache
def _trust() -> ssl.SSLContext:
    """Return TLS from 1.2 on, with a certificate for the name from a root of the system, or of `SSL_CERT_FILE`."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _tunnel(line: _BoundedStream, target: _Target) -> None:
    """Let the proxy connect to a server; raise OutgoingError where it does not."""
    line.send(f"CONNECT {target.host}:{target.port} HTTP/1.1\r\nHost: {target.host}:{target.port}\r\n\r\n".encode())
    if _read_head(line, "CONNECT").status != 200:
        raise OutgoingError(OutgoingFault.UNREACHABLE)


def _read_head(line: _BoundedStream, method: str) -> http.client.HTTPResponse:
    response = http.client.HTTPResponse(line, method=method)  # type: ignore[arg-type]  # it asks a socket for makefile alone
    response.begin()
    return response


def _read_reply(line: _BoundedStream, method: str) -> Reply:
    """Read an answer; raise OutgoingError, or what http.client raises, where it is none, too long or cut."""
    response = _read_head(line, method)
    line.bytes_left += 2 * LARGEST_BODY  # with the sizes of chunks between its parts
    body = b"".join(iter(lambda: response.read(LARGEST_HEAD), b""))  # in portions: a size that is a lie takes no memory
    if len(body) > LARGEST_BODY or response.length:
        raise OutgoingError(OutgoingFault.TOO_LARGE if len(body) > LARGEST_BODY else OutgoingFault.BAD_ANSWER)
    headers = {name.lower(): value for name, value in response.getheaders()}
    date = None
    with suppress(ValueError):
        date = parsedate_to_datetime(headers.get("date", ""))
    return Reply(response.status, headers, body, date and date.replace(tzinfo=date.tzinfo or UTC))


def _compose(target: _Target, method: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return the bytes of a request; raise RuntimeError for a line that would be two."""
    usual = {"Host": target.authority, "User-Agent": "Aulario", "Accept-Encoding": "identity", "Connection": "close"}
    lines = {**usual, "Content-Length": str(len(body)), **headers}
    head = [f"{method} {target.path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items())]
    if not all(line.isascii() and line.isprintable() for line in head):
        raise RuntimeError("a request has a line that cannot be sent")
    return "\r\n".join([*head, "", ""]).encode() + body


def _call(target: _Target, reach: OutgoingReach, method: str, request: bytes) -> Reply:
    """Send a request and return the answer; raise OutgoingError, or what sockets and http.client raise."""
    ends = time.monotonic() + CALL_SECONDS
    with ExitStack() as stack:
        connected = stack.enter_context(_connect(target, reach, time.monotonic() + CONNECT_SECONDS))
        if reach.proxy:
            _tunnel(_BoundedStream(connected, ends), target)
        if target.is_encrypted:
            connected.settimeout(_left(ends))
            connected = stack.enter_context(_trust().wrap_socket(connected, server_hostname=target.host))
        line = _BoundedStream(connected, ends)
        line.send(request)
        return _read_reply(line, method)


_FAULTS = (
    (ssl.SSLError, OutgoingFault.TLS),  # first: an untrusted certificate is a ValueError as well
    ((http.client.HTTPException, ValueError), OutgoingFault.BAD_ANSWER),
    ((TimeoutError, Empty), OutgoingFault.TOO_SLOW),
    (OSError, OutgoingFault.UNREACHABLE),
)


def fetch(url: str, reach: OutgoingReach, *, method: str = "GET", body: bytes = b"", headers: Mapping[str, str] | None = None) -> Reply:
    """Call another server and return its answer, whatever its status; within ten seconds, and at most a megabyte.

    Raise OutgoingError where there is no answer. Raise RuntimeError for a header with a line end, and where this thread holds a session or
    a turn, which many that wait would take from everybody: `release_connection` comes first.
    """
    if holds_session() or holds_turn():
        raise RuntimeError("a connection or a turn is held while another server is called")
    began, facts = time.monotonic(), dict[str, object]()
    try:
        target = _read_url(url, reach)
        facts |= {"host": target.host, "port": target.port}
        reply = _call(target, reach, method, _compose(target, method, body, headers or {}))
        facts["status"] = reply.status
    except (OutgoingError, http.client.HTTPException, ValueError, Empty, OSError) as error:
        fault = error.fault if isinstance(error, OutgoingError) else next(fault for kind, fault in _FAULTS if isinstance(error, kind))
        facts["error"] = fault.value
        raise OutgoingError(fault) from error
    finally:
        log.info("outgoing.called", **facts, ms=round((time.monotonic() - began) * 1000))
    return reply
