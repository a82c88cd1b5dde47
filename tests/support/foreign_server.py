"""Another server on this machine, plain or with TLS under a root of its own, that answers as a test says."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Converse = Callable[[socket.socket], None]


def http(body: bytes = b"", *, status: str = "200 OK", head: str = "", length: int | None = None) -> bytes:
    """Return an answer as it goes over the line, with a length of its own if one is given."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *head.splitlines(), "", ""]
    return "\r\n".join(lines).encode() + body


class ForeignServer:
    """Takes connections one after the other, reads a request each and answers with bytes, or lets a function converse."""

    def __init__(self, answer: bytes | Converse = b"", tls: ssl.SSLContext | None = None) -> None:
        self.answer: bytes | Converse = answer
        self.requests: list[str] = []
        self.names: list[str | None] = []
        """The names that TLS was started for."""
        self._tls = tls
        if tls is not None:
            tls.sni_callback = lambda _line, name, _context: self.names.append(name)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connected, _address = self._socket.accept()
            except OSError:
                return
            connected.settimeout(10)
            with suppress(OSError), connected:
                self._answer(self._tls.wrap_socket(connected, server_side=True) if self._tls else connected)

    def _answer(self, connected: socket.socket) -> None:
        with connected:
            self.requests.append(read_request(connected))
            if callable(self.answer):
                self.answer(connected)
            else:
                connected.sendall(self.answer)

    def close(self) -> None:
        """Take no more connections."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(10)


def read_request(connected: socket.socket) -> str:
    """Read a request with its body."""
    content = b""
    while b"\r\n\r\n" not in content and (part := connected.recv(65536)):
        content += part
    head, _empty, body = content.partition(b"\r\n\r\n")
    lengths = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < sum(lengths) and (part := connected.recv(65536)):
        body += part
    return (head + b"\r\n\r\n" + body).decode(errors="replace")


@contextmanager
def a_foreign_server(answer: bytes | Converse = b"", tls: ssl.SSLContext | None = None) -> Iterator[ForeignServer]:
    """Start a server, and stop it at the end."""
    server = ForeignServer(answer, tls)
    try:
        yield server
    finally:
        server.close()


class Authority:
    """A root that signs certificates, written to `root` in its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Raíz de prueba")])
        self.root = folder / "root.pem"
        usage = x509.KeyUsage(*(use in (5, 6) for use in range(9)))
        made = self._sign(self._name, self._key.public_key(), x509.BasicConstraints(ca=True, path_length=0), usage)
        self.root.write_bytes(made)

    def _sign(self, name: x509.Name, key: ec.EllipticCurvePublicKey, *extensions: x509.ExtensionType) -> bytes:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(self._name, name, key, x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))
        own = x509.SubjectKeyIdentifier.from_public_key(key)
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        for extension in (*extensions, own, above):
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints | x509.KeyUsage))
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def context(self, name: str) -> ssl.SSLContext:
        """Return the TLS of a server with a certificate for one name or address."""
        key = ec.generate_private_key(ec.SECP256R1())
        named = x509.DNSName(name) if name.rpartition(".")[2].isalpha() else x509.IPAddress(ip_address(name))
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        chain, private = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        chain.write_bytes(self._sign(subject, key.public_key(), x509.SubjectAlternativeName([named])))
        plain = serialization.NoEncryption()
        private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, private)
        return context
