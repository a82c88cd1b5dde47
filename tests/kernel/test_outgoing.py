"""Calls to other servers, over real sockets of this machine: what is reached, what is refused, and the bounds (spec/security 4.5)."""

import contextlib
import re
import socket
import ssl
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text

from kernel import db, outgoing
from kernel.db import Database
from kernel.outgoing import LARGEST_BODY, LARGEST_HEAD, OutgoingError, OutgoingFault, OutgoingReach, Reply, fetch, is_public
from kernel.settings import load, sqlite_address
from kernel.web import active_requests
from kernel.web.active_requests import ConcurrencyLimiter
from tests.support.foreign_server import Authority, ForeignServer, a_foreign_server, http

NAME = "idp.example.org"
HERE = OutgoingReach(networks=(ip_network("127.0.0.0/8"),))
NEAR = OutgoingReach(is_near=True)
LITERAL = re.compile(r"[0-9.]+|[0-9a-f:.]*:[0-9a-f:.]*")
PUBLIC, METADATA = "93.184.215.14", "169.254.169.254"


@pytest.fixture(autouse=True)
def _holding_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin with nothing held: other tests leave sessions and turns behind that nobody gave back."""
    monkeypatch.setattr(db, "_threads", {})
    monkeypatch.setattr(active_requests, "_open", active_requests._ThreadState())


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[Authority]:
    """Let this process trust the root of the tests."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.root))
    outgoing._trust.cache_clear()
    yield authority
    outgoing._trust.cache_clear()


Names = Callable[[Mapping[str, Sequence[str]]], list[str]]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Return what gives names addresses; it answers with the list of the names that were looked up."""
    look_up = socket.getaddrinfo

    def give(addresses: Mapping[str, Sequence[str]]) -> list[str]:
        looked_up: list[str] = []

        def answer(host: str, port: object, *rest: int, **options: int) -> list[object]:
            if LITERAL.fullmatch(host):
                return list(look_up(host, port, *rest, **options))  # type: ignore[arg-type]  # passed on
            looked_up.append(host)
            if host not in addresses:
                raise socket.gaierror(socket.EAI_NONAME, "no such name")
            rows = [look_up(address, None, type=socket.SOCK_STREAM) for address in addresses[host]]
            return [row for several in rows for row in several]

        monkeypatch.setattr(socket, "getaddrinfo", answer)
        return looked_up

    return give


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the addresses to which connections are begun; none comes about."""
    addresses: list[str] = []

    def refuse(address: tuple[str, int], timeout: float) -> socket.socket:
        addresses.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)
    return addresses


def fault_of(url: str, reach: OutgoingReach = HERE) -> OutgoingFault:
    with pytest.raises(OutgoingError) as caught:
        fetch(url, reach)
    return caught.value.fault


def near(server: ForeignServer, path: str = "/") -> str:
    return f"http://127.0.0.1:{server.port}{path}"


def test_an_answer_has_status_headers_body_and_the_clock_of_its_server(trusted: Authority, names: Names) -> None:
    names({NAME: ["127.0.0.1"]})
    head = "Date: Tue, 24 Nov 2026 12:00:30 GMT\nContent-Type: application/json"
    with a_foreign_server(http(b'{"a": 1}', head=head), trusted.context(NAME)) as server:
        reply = fetch(f"https://{NAME}:{server.port}/keys?kind=1#part", HERE)

    assert (reply.status, reply.body, reply.date) == (200, b'{"a": 1}', datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC))
    assert reply.headers["content-type"] == "application/json"
    assert server.names == [NAME]
    request = server.requests[0].split("\r\n")
    assert request[0] == "GET /keys?kind=1 HTTP/1.1"
    assert f"Host: {NAME}:{server.port}" in request
    assert not any(line.lower().startswith(("cookie", "authorization")) for line in request)


def test_a_body_and_headers_go_along() -> None:
    with a_foreign_server(http(b"ok")) as server:
        reply = fetch(near(server, "/token"), NEAR, method="POST", body=b"code=x", headers={"Authorization": "Basic YTpi"})

    assert reply.body == b"ok"
    assert reply.date is None
    assert server.requests[0].startswith("POST /token HTTP/1.1\r\n")
    assert "\r\nAuthorization: Basic YTpi\r\n" in server.requests[0]
    assert server.requests[0].endswith("\r\n\r\ncode=x")


def test_a_header_that_would_be_two_is_not_sent() -> None:
    with a_foreign_server(http()) as server:
        with pytest.raises(RuntimeError):
            fetch(near(server), NEAR, headers={"X-Name": "a\r\nX-Other: b"})

        assert fetch(near(server), NEAR, headers={"X-Name": "a"}).status == 200
    assert len(server.requests) == 1


def test_the_port_is_left_out_where_it_is_the_usual_one() -> None:
    assert outgoing._read_url(f"https://{NAME}", HERE).authority == NAME
    assert outgoing._read_url(f"https://{NAME}", HERE).port == 443


def test_a_certificate_for_another_name_is_refused(trusted: Authority, names: Names) -> None:
    names({NAME: ["127.0.0.1"], "other.example.org": ["127.0.0.1"]})
    with a_foreign_server(http(b"ok"), trusted.context(NAME)) as server:
        assert fetch(f"https://{NAME}:{server.port}", HERE).body == b"ok"
        assert fault_of(f"https://other.example.org:{server.port}") is OutgoingFault.TLS
        assert fault_of(f"https://127.0.0.1:{server.port}") is OutgoingFault.TLS
    assert len(server.requests) == 1


def test_a_certificate_of_a_root_that_the_system_does_not_know_is_refused(authority: Authority, names: Names) -> None:
    outgoing._trust.cache_clear()
    names({NAME: ["127.0.0.1"]})
    with a_foreign_server(http(b"ok"), authority.context(NAME)) as server:
        assert fault_of(f"https://{NAME}:{server.port}") is OutgoingFault.TLS
    assert server.requests == []


def test_tls_before_1_2_is_refused(trusted: Authority, names: Names) -> None:
    names({NAME: ["127.0.0.1"]})
    old, newer = trusted.context(NAME), trusted.context(NAME)
    newer.maximum_version = ssl.TLSVersion.TLSv1_2
    with warnings.catch_warnings(), a_foreign_server(http(b"ok"), newer) as server:
        warnings.simplefilter("ignore", DeprecationWarning)
        old.set_ciphers("DEFAULT@SECLEVEL=0")
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        assert fetch(f"https://{NAME}:{server.port}", HERE).body == b"ok"
    with a_foreign_server(http(b"ok"), old) as server:
        assert fault_of(f"https://{NAME}:{server.port}") is OutgoingFault.TLS


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    """Attack 18 of the sign-in by institutions."""
    with a_foreign_server(http(b"never")) as inside:
        with a_foreign_server(http(status="302 Found", head=f"Location: {near(inside)}")) as server:
            reply = fetch(near(server), NEAR)

        assert (reply.status, reply.headers["location"]) == (302, near(inside))
        assert (len(server.requests), inside.requests) == (1, [])
        assert fetch(near(inside), NEAR).body == b"never"


def test_cookies_are_not_sent_back() -> None:
    with a_foreign_server(http(b"ok", head="Set-Cookie: secret=1")) as server:
        assert fetch(near(server), NEAR).headers["set-cookie"] == "secret=1"
        fetch(near(server), NEAR)

    assert "secret" not in server.requests[1]


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with a_foreign_server(http(b"proxy")) as proxy, a_foreign_server(http(b"server")) as server:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, near(proxy))

        assert fetch(near(server), NEAR).body == b"server"
    assert proxy.requests == []


@pytest.mark.parametrize(
    "address", [PUBLIC, "8.8.8.8", "2606:4700::1111", "2002:5db8:d70e::1", "64:ff9b::5db8:d70e", "::ffff:93.184.215.14"]
)
def test_addresses_of_the_public_internet_are_reached(address: str) -> None:
    assert is_public(ip_address(address))


REFUSED = [
    "0.0.0.0",  # noqa: S104 - judged, never bound
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", METADATA, "100.64.0.1", "192.0.2.1", "198.18.0.1"),
    *("224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fd00::1", "fec0::1", "ff02::1", "2001:db8::1"),
    *("::ffff:10.0.0.1", "::ffff:127.0.0.1", "::10.0.0.1", "::127.0.0.1", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1"),
    *("2002:a00:1::1", "2002:7f00:1::1", "2001:0:5db8:d70e:0:0:f5ff:fffe", "2001:0:a00:1:0:0:a247:28f1"),
]


@pytest.mark.parametrize("address", REFUSED)
def test_a_name_with_an_address_that_is_not_public_leads_nowhere(names: Names, dialled: list[str], address: str) -> None:
    names({NAME: [PUBLIC], "inside.example.org": [address]})

    assert fault_of(f"https://{NAME}", OutgoingReach()) is OutgoingFault.UNREACHABLE
    assert fault_of("https://inside.example.org", OutgoingReach()) is OutgoingFault.REFUSED_ADDRESS
    assert dialled == [PUBLIC]


def test_a_name_is_refused_whole_for_one_address(names: Names, dialled: list[str]) -> None:
    names({NAME: [PUBLIC, "8.8.8.8"], "mixed.example.org": [PUBLIC, "10.0.0.1"]})

    assert fault_of(f"https://{NAME}", OutgoingReach()) is OutgoingFault.UNREACHABLE
    assert fault_of("https://mixed.example.org", OutgoingReach()) is OutgoingFault.REFUSED_ADDRESS
    assert sorted(dialled) == ["8.8.8.8", PUBLIC]


def test_a_name_that_moves_is_looked_up_once_a_call_and_judged_each_time(
    names: Names, dialled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = {NAME: [PUBLIC]}
    looked_up = names(addresses)
    answer = socket.getaddrinfo

    def move(host: str, port: object, **options: int) -> object:
        rows = answer(host, port, **options)  # type: ignore[arg-type]  # passed on
        addresses[NAME] = [METADATA]
        return rows

    monkeypatch.setattr(socket, "getaddrinfo", move)

    assert fault_of(f"https://{NAME}", OutgoingReach()) is OutgoingFault.UNREACHABLE
    assert (dialled, looked_up) == ([PUBLIC], [NAME])
    assert fault_of(f"https://{NAME}", OutgoingReach()) is OutgoingFault.REFUSED_ADDRESS
    assert dialled == [PUBLIC]


FORMS = [
    *("https://2130706433", "https://0x7f.1", "https://0x7f000001", "https://017700000001", "https://127.1", "https://0177.0.0.1"),
    *("https://127.0.0.01", "https://127.0.0.1", "https://[::1]", "https://[::ffff:10.0.0.1]", "https://[fe80::1%25eth0]", "https://0x7f"),
    *(f"http://{NAME}", f"ftp://{NAME}", "file:///etc/passwd", f"//{NAME}", NAME, "https://", "https:///path", f"https://{NAME}:0"),
    *(
        f"https://{NAME}:65536",
        f"https://ana@{NAME}",
        f"https://ana:clave@{NAME}",
        f"https://@{NAME}",
        f"https://{NAME}\\@evil.example.org",
    ),
    *(
        f"https://{NAME}/a b",
        f"https://{NAME}/a\r\nX: b",
        f"https://{NAME}\t",
        f"https://{NAME}/ñ",
        "https://ñandú.ec",
        "https://１２７.0.0.1",
    ),
    *("https://[::1", f"https://{NAME}%00.evil", "https://a..example.org", f"https://{'a' * 64}.example.org"),
]


@pytest.mark.parametrize("url", FORMS)
def test_addresses_in_other_forms_are_refused_before_anything_is_begun(names: Names, dialled: list[str], url: str) -> None:
    names({NAME: [PUBLIC]})

    assert fault_of(f"https://{NAME}:8443/path", OutgoingReach()) is OutgoingFault.UNREACHABLE
    assert fault_of(url, OutgoingReach()) is OutgoingFault.REFUSED_ADDRESS
    assert dialled == [PUBLIC]


def test_http_is_for_this_machine_while_nobody_reaches_the_server_from_elsewhere(names: Names) -> None:
    with a_foreign_server(http(b"ok")) as server:
        assert fetch(near(server), NEAR).body == b"ok"
        assert fault_of(near(server), OutgoingReach()) is OutgoingFault.REFUSED_ADDRESS
        assert fault_of(near(server), HERE) is OutgoingFault.REFUSED_ADDRESS
        assert fault_of(f"http://{NAME}:{server.port}", NEAR) is OutgoingFault.REFUSED_ADDRESS
        names({"localhost": ["10.0.0.1"]})
        assert fault_of(f"http://localhost:{server.port}", NEAR) is OutgoingFault.REFUSED_ADDRESS
    assert len(server.requests) == 1


def test_settings_say_what_is_reached() -> None:
    settings = partial(load, outgoing_allow="IDP.interno.ec, 10.20.0.0/16,192.168.7.9", outgoing_proxy="http://proxy.interno.ec:3128/")
    networks = (ip_network("10.20.0.0/16"), ip_network("192.168.7.9/32"))

    assert OutgoingReach.of(settings()) == OutgoingReach(
        frozenset({"idp.interno.ec"}), networks, "http://proxy.interno.ec:3128", is_near=True
    )
    assert OutgoingReach.of(settings(public_url="http://127.0.0.1:8000")).is_near
    assert not OutgoingReach.of(settings(public_url="https://cursos.example.org")).is_near


def test_the_operator_allows_hosts_and_networks_and_nothing_else(names: Names, dialled: list[str]) -> None:
    names(
        {"a.interno.ec": ["10.20.1.1"], "b.interno.ec": ["10.21.1.1"], "c.interno.ec": ["10.22.1.1"], "d.interno.ec": ["::ffff:10.20.1.2"]}
    )
    reach = OutgoingReach(frozenset({"b.interno.ec"}), (ip_network("10.20.0.0/16"),))

    assert [fault_of(f"https://{name}.interno.ec", reach).value for name in "abcd"] == [
        *("unreachable", "unreachable", "refused_address", "unreachable")
    ]
    assert dialled == ["10.20.1.1", "10.21.1.1", "::ffff:a14:102"]


def proxying(target: ForeignServer) -> Callable[[socket.socket], None]:
    """Return what connects through to a server, whatever the name."""

    def converse(connected: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", target.port)) as behind:
            connected.sendall(b"HTTP/1.1 200 Connection established\r\nVia: proxy\r\n\r\n")
            back = threading.Thread(target=pass_on, args=(behind, connected), daemon=True)
            back.start()
            pass_on(connected, behind)
            back.join(10)

    return converse


def pass_on(source: socket.socket, drain: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            drain.sendall(part)
        drain.shutdown(socket.SHUT_WR)


def test_a_proxy_gets_the_name_and_sees_nothing_else(trusted: Authority, names: Names) -> None:
    looked_up = names({})
    with a_foreign_server(http(b"ok"), trusted.context(NAME)) as server, a_foreign_server(proxying(server)) as proxy:
        reach = OutgoingReach(frozenset({NAME}), proxy=f"http://127.0.0.1:{proxy.port}")
        reply = fetch(f"https://{NAME}/path", reach, headers={"Authorization": "Basic YTpi"})

        assert reply.body == b"ok"
        assert proxy.requests == [f"CONNECT {NAME}:443 HTTP/1.1\r\nHost: {NAME}:443\r\n\r\n"]
        assert looked_up == []
        assert fault_of("https://other.example.org", reach) is OutgoingFault.REFUSED_ADDRESS
        assert fault_of(f"https://{PUBLIC}", reach) is OutgoingFault.REFUSED_ADDRESS
        assert len(proxy.requests) == 1


def test_a_proxy_that_refuses_is_an_unreachable_server() -> None:
    with a_foreign_server(http(b"no", status="403 Forbidden")) as proxy:
        assert fault_of(f"https://{NAME}", OutgoingReach(frozenset({NAME}), proxy=near(proxy))) is OutgoingFault.UNREACHABLE
    assert len(proxy.requests) == 1


def chunked(*parts: bytes) -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n"


def answered(answer: bytes) -> Reply | OutgoingFault:
    """Return what comes of an answer."""
    with a_foreign_server(answer) as server:
        try:
            return fetch(near(server), NEAR)
        except OutgoingError as error:
            return error.fault


BODIES: list[Callable[[bytes], bytes]] = [
    http,
    lambda body: b"HTTP/1.1 200 OK\r\n\r\n" + body,
    lambda body: chunked(*(body[start : start + 700] for start in range(0, len(body), 700))),
]


@pytest.mark.parametrize("answer", BODIES, ids=["length", "until the end", "chunks"])
def test_a_body_has_a_megabyte_at_most(answer: Callable[[bytes], bytes]) -> None:
    """Attack 15 of the sign-in by institutions."""
    whole = answered(answer(b"x" * LARGEST_BODY))

    assert isinstance(whole, Reply)
    assert len(whole.body) == LARGEST_BODY
    assert answered(answer(b"x" * (LARGEST_BODY + 1))) is OutgoingFault.TOO_LARGE
    assert answered(answer(b"x" * (4 * LARGEST_BODY))) is OutgoingFault.TOO_LARGE


def test_the_head_of_an_answer_is_bounded() -> None:
    heads = [f"X-A: {'a' * (size - 100)}\nX-B: b" for size in (LARGEST_HEAD, LARGEST_HEAD + 500)]
    shorts = "\n".join(f"X-{number}: {'a' * 200}" for number in range(90))
    many = "HTTP/1.1 100 Continue\r\n\r\n" * 10_000

    assert isinstance(answered(http(b"ok", head=heads[0])), Reply)
    assert answered(http(b"ok", head=heads[1])) is OutgoingFault.TOO_LARGE
    assert answered(http(b"ok", head=shorts)) is OutgoingFault.TOO_LARGE
    assert answered(many.encode() + http(b"ok")) is OutgoingFault.TOO_LARGE


GARBAGE = {
    "nothing": b"",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "status": b"HTTP/1.1 abc OK\r\n\r\n",
    "cut": http(b"half", length=8),
    "chunk cut": chunked(b"abcdef")[:-9],
    "chunk of all memory": chunked(b"x").replace(b"\r\n1\r\n", b"\r\nffffffffffffff\r\n"),
    "chunk of less than nothing": chunked(b"x").replace(b"\r\n1\r\n", b"\r\n-5\r\n"),
    "no chunk": chunked(b"x").replace(b"\r\n1\r\n", b"\r\nzz\r\n"),
    "headers": http(b"x", head="\n".join(f"X-{number}: a" for number in range(150))),
}


@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE)
def test_an_answer_that_is_none_differs_from_no_answer(answer: bytes) -> None:
    assert isinstance(answered(http(b"whole")), Reply)
    assert isinstance(answered(chunked(b"abcdef")), Reply)
    assert answered(answer) is OutgoingFault.BAD_ANSWER


def test_an_answer_of_a_length_that_is_a_lie_takes_no_memory() -> None:
    assert answered(http(b"x", length=10**15)) is OutgoingFault.BAD_ANSWER


def test_a_server_that_is_away_is_unreachable(names: Names) -> None:
    with a_foreign_server(http(b"ok")) as server:
        assert fetch(near(server), NEAR).body == b"ok"

    assert fault_of(near(server), NEAR) is OutgoingFault.UNREACHABLE
    names({})
    assert fault_of(f"https://{NAME}") is OutgoingFault.UNREACHABLE


def test_the_next_address_is_tried_where_one_does_not_answer(trusted: Authority, names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    names({NAME: ["127.0.0.2", "127.0.0.1"]})
    connect, dialled = socket.create_connection, list[str]()

    def dial(address: tuple[str, int], timeout: float) -> socket.socket:
        dialled.append(address[0])
        if address[0] == "127.0.0.2":
            raise ConnectionRefusedError
        return connect(address, timeout)

    monkeypatch.setattr(socket, "create_connection", dial)
    with a_foreign_server(http(b"ok"), trusted.context(NAME)) as server:
        assert fetch(f"https://{NAME}:{server.port}", OutgoingReach(frozenset({NAME}))).body == b"ok"

    assert dialled == ["127.0.0.2", "127.0.0.1"]


def dripping(answer: bytes, pause: float) -> Callable[[socket.socket], None]:
    def converse(connected: socket.socket) -> None:
        for byte in answer:
            connected.sendall(bytes([byte]))
            time.sleep(pause)

    return converse


SLOW = {
    "nothing": lambda _connected: time.sleep(1.2),
    "head by bytes": dripping(http(b"ok"), 0.05),
    "body by bytes": dripping(b"\r\n".join([b"HTTP/1.1 200 OK", b"", b"x" * 40]), 0.05),
    "chunks by bytes": dripping(chunked(b"x" * 20), 0.05),
}


@pytest.mark.parametrize("converse", SLOW.values(), ids=SLOW)
def test_a_call_ends_in_time_however_the_server_delays(converse: Callable[[socket.socket], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "CALL_SECONDS", 0.5)
    with a_foreign_server(dripping(http(b"o"), 0.001)) as server:
        assert fetch(near(server), NEAR).body == b"o"
        server.answer = converse
        began = time.monotonic()

        assert fault_of(near(server), NEAR) is OutgoingFault.TOO_SLOW
        assert time.monotonic() - began >= 0.4
    assert outgoing.CALL_SECONDS == 0.5


def test_ten_seconds_and_three_are_the_bounds() -> None:
    assert (outgoing.CALL_SECONDS, outgoing.CONNECT_SECONDS) == (10, 3)


def test_a_server_that_never_begins_tls_is_slow(trusted: Authority, names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    names({NAME: ["127.0.0.1"]})
    monkeypatch.setattr(outgoing, "CALL_SECONDS", 0.4)
    with a_foreign_server(lambda _connected: time.sleep(1)) as server:
        assert fault_of(f"https://{NAME}:{server.port}") is OutgoingFault.TOO_SLOW


def test_looking_up_a_name_is_part_of_the_time_to_connect(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    names({NAME: ["127.0.0.1"]})
    goes_on, answer = threading.Event(), socket.getaddrinfo

    def hang(*arguments: object, **options: int) -> object:
        goes_on.wait(10)
        return answer(*arguments, **options)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(outgoing, "CONNECT_SECONDS", 0.2)
    try:
        assert fault_of(f"https://{NAME}:9") is OutgoingFault.TOO_SLOW
    finally:
        goes_on.set()
    monkeypatch.setattr(outgoing, "CONNECT_SECONDS", 5.0)
    assert fault_of(f"https://{NAME}:9") is OutgoingFault.UNREACHABLE


def test_a_server_that_takes_no_connection_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "CONNECT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, contextlib.ExitStack() as stack:
        for _number in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())

        assert fault_of(f"http://127.0.0.1:{full.getsockname()[1]}", NEAR) is OutgoingFault.TOO_SLOW


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(sqlite_address(tmp_path / "a.sqlite"))
    yield database
    database.dispose()


def test_no_session_is_held_meanwhile(database: Database) -> None:
    with a_foreign_server(http(b"ok")) as server:
        for write in (True, False):
            with database.unit_of_work(write=write) as session:
                session.execute(text("SELECT 1"))
                with pytest.raises(RuntimeError):
                    fetch(near(server), NEAR)

        assert server.requests == []
        assert fetch(near(server), NEAR).body == b"ok"


def test_no_turn_is_held_meanwhile() -> None:
    turns = ConcurrencyLimiter()
    with a_foreign_server(http(b"ok")) as server:
        with turns.admitted(writes=False), pytest.raises(RuntimeError):
            fetch(near(server), NEAR)

        assert server.requests == []
        assert fetch(near(server), NEAR).body == b"ok"


def test_what_other_threads_hold_is_their_affair(database: Database) -> None:
    replies: list[Reply] = []
    with a_foreign_server(http(b"ok")) as server, database.unit_of_work(), ConcurrencyLimiter().admitted(writes=True):
        other = threading.Thread(target=lambda: replies.append(fetch(near(server), NEAR)))
        other.start()
        other.join(20)

    assert [reply.body for reply in replies] == [b"ok"]


def test_the_log_names_server_time_and_outcome_and_nothing_else() -> None:
    with structlog.testing.capture_logs() as logs, a_foreign_server(http(b"geheim", head="X-Secret: geheim")) as server:
        fetch(near(server, "/geheim?code=geheim"), NEAR, method="POST", body=b"geheim", headers={"Authorization": "geheim"})
        server.answer = b"geheim"
        assert fault_of(near(server, "/geheim"), NEAR) is OutgoingFault.BAD_ANSWER
        assert fault_of("https://geheim@2130706433/geheim", NEAR) is OutgoingFault.REFUSED_ADDRESS

    facts = {"host": "127.0.0.1", "port": server.port, "event": "outgoing.called", "log_level": "info"}
    assert all(isinstance(line.pop("ms"), int) for line in logs)
    assert logs == [
        {**facts, "status": 200},
        {**facts, "error": "bad_answer"},
        {"event": "outgoing.called", "log_level": "info", "error": "refused_address"},
    ]
