"""A browser without a window: it keeps cookies and form tokens, follows redirects, and checks the house's rules on every page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from lxml import etree
from sqlalchemy import event, func, select
from sqlalchemy.engine import Engine
from werkzeug.test import TestResponse

from kernel import clock, outbox
from kernel.audit import AuditEntry
from kernel.db import Database
from lms.instance import Instance

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
APPEND_ONLY = {"answer_event", "answer_file", "stored_file", "mark_event", "job", "audit_entry", "watched_span", "task_save"} | {
    "thread",
    "thread_post",
    "post_revision",
    "post_draft",
    "post_file",
    "subscription",
    "board_read",
    "notification",
    "search_entry",
}
SHORT_LIVED = {"passkey_challenge"}
"""Thrown away within minutes; what it was for leaves its own entry."""
Fields = Mapping[str, object]
AGENT = "Mozilla/5.0 (X11; Linux) Firefox/120.0"
"""What the tests' browser says it is."""

SPREAD_TAG = re.compile(r"<[a-z][^<>]*\n[^<>]*>")
WHITE_SPACE = re.compile(r"(\"[^\"]*\")|\s+")
"""Of a tag, outside the values of attributes."""

OFFLINE_PAGE = "/verify/offline.html"
"""One file without a network: its own policy names its script by checksum (spec/certificates V6)."""


@dataclass
class Form:
    """A form of a page: where it goes, how, and what its fields hold."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Page:
    """The title, headings, links, forms and text of a page; lxml calls `start`, `end` and `data` as it parses.

    Its `html` has each tag on one line.
    """

    def __init__(self, html: str) -> None:
        self.html = SPREAD_TAG.sub(lambda tag: WHITE_SPACE.sub(lambda part: part[1] or " ", tag[0]), html)
        self.title = ""
        self.language = ""
        self.headings: list[str] = []
        self.ids: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.forms: list[Form] = []
        self.inline: list[str] = []
        self.unlabelled: list[str] = []
        self.text = ""
        self._labels: set[str] = set()
        self._controls: list[dict[str, str]] = []
        self._open: list[tuple[str, dict[str, str]]] = []
        self._select: tuple[str, list[tuple[str, bool]]] | None = None
        self._area: str | None = None
        if html.strip():
            etree.HTML(html, etree.HTMLParser(target=self))
        self.unlabelled = [
            control.get("name", control.get("id", "?"))
            for control in self._controls
            if not (
                control.get("id") in self._labels or control.get("aria-label") or control.get("aria-labelledby") or control.get("inside")
            )
        ]

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Note an element."""
        found = dict(attributes)
        if tag not in VOID:
            self._open.append((tag, found))
        self.inline += [f"{tag} {name}" for name in found if name == "style" or name.startswith("on")]
        if tag == "script" and "src" not in found and found.get("type") != "application/json":
            self.inline.append("script")
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "html":
            self.language = found.get("lang", "")
        if tag == "label" and "for" in found:
            self._labels.add(found["for"])
        if tag == "a":
            self.links.append((found.get("href", ""), ""))
        if tag == "form":
            self.forms.append(Form(found.get("action", ""), found.get("method", "get").lower()))
        self._control(tag, found)

    def _control(self, tag: str, found: dict[str, str]) -> None:
        if tag in ("input", "select", "textarea") and found.get("type") not in ("hidden", "submit"):
            inside = any(name == "label" for name, _attributes in self._open)
            self._controls.append({**found, "inside": "yes" if inside else ""})
        if not self.forms or "disabled" in found:
            return
        form = self.forms[-1]
        if tag == "input" and "name" in found:
            kind = found.get("type", "text")
            if kind in ("checkbox", "radio") and "checked" not in found:
                return
            form.fields.append((found["name"], found.get("value", "on" if kind == "checkbox" else "")))
        elif tag == "button" and "name" in found:
            form.buttons.append((found["name"], found.get("value", "")))
        elif tag == "select":
            self._select = (found.get("name", ""), [])
        elif tag == "option" and self._select:
            self._select[1].append((found.get("value", ""), "selected" in found))
        elif tag == "textarea":
            self._area = found.get("name", "")
            form.fields.append((self._area, ""))

    def end(self, tag: str) -> None:
        """Note the end of an element."""
        if tag in VOID:
            return
        if tag == "select" and self._select and self.forms:
            name, options = self._select
            chosen = next((value for value, selected in options if selected), options[0][0] if options else "")
            self.forms[-1].fields.append((name, chosen))
            self._select = None
        if tag == "textarea" and self._area is not None and self.forms:
            name, value = self.forms[-1].fields[-1]
            self.forms[-1].fields[-1] = (name, re.sub(r"\A\r?\n", "", value))  # browsers drop the line end after the tag
            self._area = None
        while self._open and self._open[-1][0] != tag:
            self._open.pop()
        if self._open:
            self._open.pop()

    def data(self, data: str) -> None:
        """Note a text."""
        inside = [tag for tag, _attributes in self._open]
        if "title" in inside and "svg" not in inside:
            self.title += data
        if "h1" in inside:
            self.headings.append(data.strip())
        if "a" in inside and self.links:
            href, words = self.links[-1]
            self.links[-1] = (href, words + data)
        if "script" not in inside and "style" not in inside:
            self.text += data
        if self._area is not None and self.forms:
            name, value = self.forms[-1].fields[-1]
            self.forms[-1].fields[-1] = (name, value + data)

    def close(self) -> None:
        """End; lxml asks for it."""

    def form(self, action: str) -> Form:
        """Return the form that goes to an address ending like this."""
        found = [form for form in self.forms if form.action.split("?")[0].endswith(action)]
        assert found, f"no form to {action}; there are {[form.action for form in self.forms]}"
        return found[0]

    def has_link(self, address: str) -> bool:
        """Return whether some link leads there."""
        return any(href == address for href, _words in self.links)


class Counter:
    """Counts statements and commits of a database."""

    def __init__(self, *engines: Engine) -> None:
        self.statements: list[str] = []
        self.commits = 0
        for engine in engines:
            event.listen(engine, "before_cursor_execute", self._note)
        event.listen(engines[0], "commit", self._committed)

    def _note(self, _c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            self.statements.append(statement)

    def _committed(self, _connection: Any) -> None:
        self.commits += 1

    def reset(self) -> None:
        """Begin to count anew."""
        self.statements.clear()
        self.commits = 0


def every_statement(database: Database) -> Counter:
    """Count everything that reaches a database; on PostgreSQL both engines are one."""
    return Counter(*((database.writing, database.reading) if database.is_sqlite else (database.writing,)))


class Browser:
    """One visitor. `language` is what the browser asks for."""

    def __init__(self, app: Flask, instance: Instance, language: str = "es", address: str = "198.51.100.7") -> None:
        self.app = app
        self.instance = instance
        self.client: FlaskClient = app.test_client()
        self.language = language
        self.address = address
        self.response: TestResponse
        self.page = Page("")
        self.path = ""
        self.checks = True

    def __getstate__(self) -> dict[str, Any]:
        """Return what scenes keep of a visitor: all but the last answer."""
        return {name: value for name, value in vars(self).items() if name not in ("client", "response")} | {"client": self.client._cookies}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.client = self.app.test_client()
        self.client._cookies = state["client"]

    def another(self, language: str = "es") -> Browser:
        """Return another visitor of the same instance."""
        return Browser(self.app, self.instance, language)

    def _headers(self) -> dict[str, str]:
        return {"Accept-Language": self.language, "Accept": "text/html", "User-Agent": AGENT}

    def _request(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {**self._headers(), **options.pop("headers", {})}
        environ = {"REMOTE_ADDR": self.address, **options.pop("environ_overrides", {})}
        entries = self._entries() if method == "POST" else 0
        writes = Writes(self.instance) if method == "POST" and self.checks else None
        self.response = self.client.open(
            path, method=method, base_url="https://localhost", headers=headers, environ_overrides=environ, **options
        )
        self.response.get_data()
        self.response.close()
        if writes is not None:
            self._check_audit(entries, writes.stop())
        return self.response

    def _entries(self) -> int:
        with self.instance.database.unit_of_work(write=False) as session:
            return session.scalar(select(func.count()).select_from(AuditEntry)) or 0

    def _check_audit(self, before: int, tables: set[str]) -> None:
        """Every POST that changed rows leaves an entry in the audit log; append-only tables are their own journal."""
        changed = tables - APPEND_ONLY - SHORT_LIVED
        if self.response.status_code < 400 and changed and not changed <= {"attempt", "attempt_item"}:
            assert self._entries() > before, f"{self.path}: {changed} changed without an audit entry"

    def get(self, path: str, status: int = 200, **options: Any) -> Page:
        """Open a page, following redirects, and check it."""
        self._request("GET", path, **options)
        self.path = path
        return self._arrive(status)

    def _arrive(self, status: int) -> Page:
        hops = 0
        while self.response.status_code in (301, 302, 303, 307, 308) and hops < 8:
            self.path = self.response.headers["Location"]
            self._request("GET", self.path)
            hops += 1
        assert self.response.status_code == status, (
            f"{self.path}: {self.response.status_code}\n{self.response.get_data(as_text=True)[:3000]}"
        )
        if self.response.mimetype == "text/html":
            self.page = Page(self.response.get_data(as_text=True))
            if self.checks:
                self._check_page()
        return self.page

    def _check_page(self) -> None:
        page, where = self.page, self.path
        assert page.title.strip().strip("·").strip() not in ("", "Aulario"), f"{where}: no title"
        assert page.language in ("es", "en"), f"{where}: no language"
        assert page.html.count("<h1") == 1, f"{where}: {page.html.count('<h1')} h1"
        repeated = {name for name in page.ids if page.ids.count(name) > 1}
        assert not repeated, f"{where}: ids twice: {repeated}"
        if page.inline != ["script"] or where != OFFLINE_PAGE:
            assert not page.inline, f"{where}: inline {page.inline}"
        assert not page.unlabelled, f"{where}: controls without a label: {page.unlabelled}"
        for form in page.forms:
            assert form.method == "get" or "csrf_token" in dict(form.fields), f"{where}: form without token: {form.action}"
        policy = self.response.headers.get("Content-Security-Policy", "")
        assert ("script-src 'sha256-" if where == OFFLINE_PAGE else "script-src 'self'") in policy, f"{where}: no content policy"

    def submit(
        self,
        action: str,
        values: Fields | None = None,
        *,
        button: tuple[str, str] | None = None,
        status: int = 200,
        form: Form | None = None,
    ) -> Page:
        """Fill a form of the present page and send it; `values` may be lists; None leaves a field out."""
        found = form or self.page.form(action)
        given = dict(values or {})
        data: dict[str, list[str]] = {}
        for name, value in found.fields:
            if name not in given:
                data.setdefault(name, []).append(value)
        for name, chosen in given.items():
            if chosen is None:
                continue
            listed: Sequence[object] = chosen if isinstance(chosen, list | tuple) else [chosen]
            data[name] = [str(value) for value in listed]
        if button:
            data[button[0]] = [button[1]]
        self.path = found.action
        self._request(found.method.upper(), found.action, **{"query_string" if found.method == "get" else "data": data})
        return self._arrive(status)

    def post(self, path: str, data: Fields | None = None, status: int = 200, **options: Any) -> Page:
        """Send a POST without a form of the page, with a token."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.page.html)
        fields = {"csrf_token": token[1] if token else "", **dict(data or {})}
        self.path = path
        self._request("POST", path, data=fields, **options)
        return self._arrive(status)

    def deliver_jobs(self) -> int:
        """Do all background work that waits, each job twice, to see that the second time changes nothing."""
        return outbox.deliver_waiting(self.instance.worker, now=clock.now())

    def mails(self) -> list[str]:
        """Return the mails that were written, as text, oldest first."""
        self.deliver_jobs()
        folder = self.instance.settings.data_dir / "mail"
        found = sorted(folder.glob("*.eml"), key=lambda path: int(re.sub(r"\D", "", path.stem) or 0)) if folder.exists() else []
        return [read_mail(path.read_bytes()) for path in found]

    def link_in_mail(self, part: str) -> str:
        """Return the path of the last mail's link that holds a text."""
        for text in reversed(self.mails()):
            found = re.search(rf"https?://[^/\s]+(/{part}[^\s>]*)", text)
            if found:
                return found[1]
        raise AssertionError(f"no mail with a link to {part}")


class Writes:
    """Which tables the statements of a request wrote to."""

    def __init__(self, instance: Instance) -> None:
        self._engine = instance.database.writing
        self.tables: set[str] = set()
        event.listen(self._engine, "before_cursor_execute", self._note)

    def _note(self, _c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        found = re.match(r"(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", statement)
        if found:
            self.tables.add(found[1])

    def stop(self) -> set[str]:
        """Stop listening and return the tables."""
        event.remove(self._engine, "before_cursor_execute", self._note)
        return self.tables


def read_mail(content: bytes) -> str:
    """Return subject and plain text of a message."""
    import email
    from email import policy

    message = email.message_from_bytes(content, policy=policy.default)
    body = message.get_body(("plain",))
    return f"{message['Subject']}\n{body.get_content() if body else ''}"
