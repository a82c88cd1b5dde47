"""Make golden files from the checkout that lies first in sys.path: what each role of the demonstration sees and takes out.

golden_maker.py FOLDER    run by scripts/golden.py

Clock, randomness and keys are fixed; the demonstration is filled and each role follows every link, by requests that write nothing.
White space between elements is collapsed, never removed.
"""

import hashlib
import io
import logging
import os
import re
import sys
import tempfile
from collections import Counter, deque
from datetime import UTC, datetime
from functools import partialmethod
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from zipfile import BadZipFile, ZipFile

from werkzeug.exceptions import HTTPException

MOMENT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
LEARNERS = 12
LANGUAGES = ("es", "en")
MOST = 20
"""Addresses of one endpoint that a role follows in one language, in the order of the links."""
QUERIES = 6
"""Addresses of one path that differ in their query alone."""
HOST = "https://localhost"
HREF = re.compile(r'(?:href|src|action)="([^"]+)"')
FORGERY_TOKEN = re.compile(r'(name="csrf_token"[^>]* value=|content=|data-token=)"[\w.-]{60,}"')
"""Signed with the moment and the session, so that what a page shows does not depend on it."""


class Chance:
    """A stream of bytes in place of the system's randomness, begun anew by name so that one more draw changes no later part."""

    def __init__(self) -> None:
        self.begin("import")

    def begin(self, name: str) -> None:
        """Begin a stream."""
        self._name, self._count = name, 0

    def __call__(self, size: int) -> bytes:
        """Return the next bytes."""
        block = b""
        while len(block) < size:
            self._count += 1
            block += hashlib.sha256(f"{self._name}/{self._count}".encode()).digest()
        return block[:size]


def fix_randomness() -> Chance:
    """Replace every source of randomness by one stream, keys of signatures included."""
    import random

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    chance = Chance()
    os.urandom = chance
    random._urandom = chance  # type: ignore[attr-defined]  # its own name for os.urandom
    random.seed(1)
    ed25519.Ed25519PrivateKey.generate = staticmethod(  # type: ignore[method-assign]  # it has no seed
        lambda: ed25519.Ed25519PrivateKey.from_private_bytes(chance(32))
    )
    ec.generate_private_key = lambda curve, backend=None: ec.derive_private_key(int.from_bytes(chance(31)), curve)
    x509.CertificateBuilder.sign = partialmethod(x509.CertificateBuilder.sign, ecdsa_deterministic=True)  # type: ignore[assignment]  # a partial method
    return chance


def text_of(content: bytes, kind: str) -> str:
    """Return what a file says: of a page its elements, of an archive or workbook its parts, of a PDF its words."""
    if content.startswith(b"PK"):
        return text_of_archive(content)
    if content.startswith(b"%PDF"):
        return text_of_pdf(content)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return f"{kind} {len(content)} {hashlib.sha256(content).hexdigest()}\n"
    if kind == "text/html":
        text = FORGERY_TOKEN.sub(r'\1"…"', re.sub(r"\s+", " ", text))
        return re.sub(r"> ?<", lambda match: match[0].replace("> <", "> \n<") if " " in match[0] else ">\n<", text) + "\n"
    return text


def text_of_archive(content: bytes) -> str:
    """Return the parts of an archive by name, without the moments at which they were packed."""
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            parts = [f"=== {name}\n{text_of(archive.read(name), 'part')}" for name in sorted(archive.namelist())]
    except BadZipFile:
        return f"no archive {len(content)}\n"
    return "\n".join(parts).replace("><", ">\n<")


def text_of_pdf(content: bytes) -> str:
    """Return the words of each page: its seal and its fonts are compared by tests of their own."""
    import pypdfium2  # type: ignore[import-untyped]  # it has no types

    document = pypdfium2.PdfDocument(content)
    return "\n\f\n".join(page.get_textpage().get_text_range() for page in document) + "\n"


class Visitor:
    """One role in one language, whose pages are written into a folder."""

    def __init__(self, app: Any, folder: Path, chance: Chance, language: str) -> None:
        self._client, self._routes = app.test_client(), app.url_map.bind("localhost", url_scheme="https")
        self._folder, self._chance, self._language = folder, chance, language
        self._data_dir = str(app.extensions["settings"].data_dir)
        folder.mkdir(parents=True, exist_ok=True)

    def ask(self, path: str, method: str = "GET", **options: Any) -> Any:
        """Send a request, with a stream of randomness of its own."""
        self._chance.begin(f"{self._folder.parent.name} {self._language} {method} {path}")
        headers = {"Accept-Language": self._language, "Referer": f"{HOST}/"}
        return self._client.open(path, method=method, base_url=HOST, headers=headers, **options)

    def token(self, path: str) -> str:
        """Return the token against forgery of a page."""
        match = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.ask(path).get_data(as_text=True))
        return match[1] if match else ""

    def send(self, path: str, action: str, **fields: str) -> Any:
        """Send a form of a page."""
        return self.ask(action, "POST", data={"csrf_token": self.token(path), **fields})

    def write(self, name: str, response: Any) -> None:
        """Write what an address answers: status, kind and content, or where it leads."""
        kind, place = response.mimetype, response.headers.get("Location", "")
        head = f"{response.status_code} {kind} {urlsplit(place).path} {response.headers.get('Content-Disposition', '')}".rstrip()
        stem = re.sub(r"[^\w.=&-]+", "_", name.strip("/"))[:120] or "_"
        unique = f"{stem}.{hashlib.sha256(name.encode()).hexdigest()[:8]}.txt"
        text = text_of(response.get_data(), kind).replace(self._data_dir, "LMS_DATA_DIR")
        (self._folder / unique).write_text(f"{name}\n{head}\n{text}", "utf-8")

    def _endpoint(self, path: str) -> str:
        try:
            return str(self._routes.match(path, method="GET")[0])
        except HTTPException:
            return path

    def walk(self, *starts: str) -> int:
        """Follow every link from some pages on; return how many addresses were met."""
        waiting, seen, met = deque(starts), set(starts), Counter[str]()
        while waiting:
            path = waiting.popleft()
            response = self.ask(path)
            self.write(path, response)
            links = HREF.findall(response.get_data(as_text=True)) if response.mimetype == "text/html" else []
            for href in (*links, response.headers.get("Location", "")):
                parts = urlsplit(urljoin(f"{HOST}{path}", href.replace("&amp;", "&")))
                target = parts.path + (f"?{parts.query}" if parts.query else "")
                if f"{parts.scheme}://{parts.netloc}" != HOST or target in seen or parts.path.startswith("/static/"):
                    continue
                met.update(counted := (parts.path, self._endpoint(parts.path)))
                if met[counted[0]] <= QUERIES and met[counted[1]] <= MOST:
                    seen.add(target)
                    waiting.append(target)
        return len(seen)


def make(folder: Path) -> None:
    """Make the set of the checkout that lies first in sys.path."""
    import time_machine

    chance = fix_randomness()
    with time_machine.travel(MOMENT, tick=False), tempfile.TemporaryDirectory() as place:
        os.environ["LMS_DATA_DIR"] = place
        fill_and_walk(folder, Path(place), chance)


def fill_and_walk(folder: Path, place: Path, chance: Chance) -> None:
    """Fill a demonstration and let every role follow every link."""
    from kernel import outbox
    from kernel.paths import CONTENT
    from lms import serve
    from lms.app import create_app

    settings = serve.checked_settings("127.0.0.1", 8000, data_dir=place, database_url="", smtp_host="", public_url=HOST)
    # What fills the demonstration stood in `command` up to the moves by noun.
    demonstration = next(module for name in ("filling", "command") if hasattr(module := import_module(f"lms.demo.{name}"), "GROUND"))
    (place / demonstration.GROUND.marker).write_text("")
    chance.begin("fill")
    instance = serve.open_checked(settings)
    lines = demonstration.prepare(instance, CONTENT, LEARNERS)
    accounts = re.findall(r"^(\S.*?\S) {2,}(\S+@\S+) +(\S+)$", "\n".join(lines), re.MULTILINE)
    chance.begin("application")
    app = create_app(instance)
    logging.disable()
    for language in LANGUAGES:
        stranger = Visitor(app, folder / "stranger" / language, chance, language)
        sys.stdout.write(
            f"stranger, {language}: {stranger.walk('/', '/sign-in', '/sign-up', '/help', '/privacy', '/verify')} addresses" + "\n"
        )
        for role, email, password in accounts:
            visitor = Visitor(app, folder / role.replace(" ", "-") / language, chance, language)
            visitor.send("/sign-in", "/sign-in", email=email, password=password)
            visitor.send("/profile", "/language", language=language)
            visitor.write("own data", visitor.send("/profile/data", "/profile/data/copy", password=password))
            count = visitor.walk("/", "/learning", "/profile", "/teaching", "/administration", "/units", "/notices", "/my-data")
            sys.stdout.write(f"{role}, {language}: {count} addresses" + "\n")
    outbox.deliver_waiting(instance.worker, now=MOMENT)
    instance.database.dispose()


if __name__ == "__main__":
    make(Path(sys.argv[1]))
