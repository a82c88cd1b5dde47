"""A walk through every page that a visitor can reach: the forms on them, filled as a person would, with something else in some fields."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from urllib.parse import urljoin, urlsplit

from flask import Flask
from lxml import html as markup
from werkzeug.exceptions import HTTPException

from tests.support.browser import Browser
from tests.support.builders import PASSWORD

PAGES_EACH = 1
"""Addresses of one route that are opened."""
TYPED = ("text", "search", "url", "email", "tel", "number", "date", "datetime-local", "time", "")
LEAVE = frozenset({"accounts.sign_out", "accounts.end_devices", "accounts.end_device"})
"""Would end the walk."""
USUAL = {
    "email": "nadie.todavia@example.org",
    "number": "1",
    "date": "2027-01-31",
    "datetime-local": "2027-01-31T10:00",
    "url": "https://example.org/",
}


@dataclass(frozen=True)
class Found:
    """A form as it stood on a page: where it leads, what it holds, and which of its fields are typed, hidden or files."""

    page: str
    endpoint: str
    action: str
    values: tuple[tuple[str, str], ...]
    typed: tuple[str, ...]
    hidden: tuple[str, ...]
    files: tuple[str, ...]


def endpoint_of(app: Flask, address: str, method: str = "GET") -> str:
    """Return the name of the route that an address leads to, nothing where there is none."""
    try:
        return str(app.url_map.bind("localhost").match(urlsplit(address).path, method=method)[0])
    except HTTPException:
        return ""


def plain_addresses(app: Flask) -> list[str]:
    """Return the addresses of all pages that name nothing in their address."""
    with app.test_request_context():
        return sorted(str(rule) for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments)


def changing_routes(app: Flask) -> set[str]:
    """Return the names of all routes that take a POST."""
    return {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}


def _filled(control: markup.HtmlElement) -> str:
    kind, value = control.get("type", ""), control.value or ""
    return "".join(value) if value else "" if control.get("required") is None else USUAL.get(kind, "Palabra")


def _takes_the_first(control: markup.HtmlElement) -> bool:
    """Return whether a browser would send the first option, because none is chosen."""
    return control.tag == "select" and not control.multiple and control.value is None and bool(control.value_options)


def forms_of(app: Flask, path: str, text: str) -> Iterator[Found]:
    """Read the forms of a page that change something, each with its first button."""
    for form in markup.fromstring(text.encode()).forms:
        if (form.method or "").upper() != "POST":
            continue
        controls = [one for one in form.inputs if one.name and one.get("disabled") is None]
        typed = [one for one in controls if one.tag == "textarea" or (one.tag == "input" and one.get("type", "") in TYPED)]
        secret = [one for one in controls if one.get("type") == "password"]
        values = [pair for pair in form.form_values() if pair[0] not in {one.name for one in (*typed, *secret)}]
        values += [(one.name, _filled(one)) for one in typed]
        values += [(one.name, PASSWORD) for one in secret]
        values += [(one.name, one.value_options[0]) for one in controls if _takes_the_first(one)]
        button = next((one for one in form.iter("button") if one.get("name")), None)
        if button is not None:
            values.append((button.get("name"), button.get("value", "")))
        action = urljoin(path, form.action or path)
        found = Found(
            path,
            endpoint_of(app, action, "POST"),
            action,
            tuple(values),
            tuple(dict.fromkeys(one.name for one in typed)),
            tuple(dict.fromkeys(one.name for one in controls if one.get("type") == "hidden" and one.name != "csrf_token")),
            tuple(one.name for one in controls if one.get("type") == "file"),
        )
        yield found
        for other in form.xpath(".//button/@formaction"):
            action = urljoin(path, other)
            yield replace(found, endpoint=endpoint_of(app, action, "POST"), action=action)


class Walk:
    """One visitor who opens what can be opened."""

    def __init__(self, browser: Browser, *starts: str) -> None:
        self.browser, self.starts = browser, starts
        self.pages: dict[str, str] = {}
        self.others: dict[str, bytes] = {}
        self.wrong: list[str] = []
        self.answered: list[Found] = []
        """Forms of the page that answered the last form: second steps, what waits for a yes."""
        self.is_stale = False
        """Whether the last form that was sent no longer fitted what it was about."""
        self.status = 0
        """What the server answered to the last form, before the page that it led to."""

    def open_all(self, most: int = 10_000) -> dict[str, Found]:
        """Follow the links from the starts on, a few of each route; return the forms that were met, by route."""
        app, waiting, seen = self.browser.app, deque(self.starts), set(self.starts)
        opened: Counter[str] = Counter()
        found: dict[str, Found] = {}
        self.pages.clear()
        self.others.clear()
        while waiting and len(self.pages) < most:
            path = waiting.popleft()
            text = self._open(path)
            if text is None:
                continue
            for form in forms_of(app, path, text):
                found.setdefault(form.endpoint, form)
            tree = markup.fromstring(text.encode())
            for href in tree.xpath("//a/@href"):
                target = urljoin(path, href).partition("#")[0]
                endpoint = endpoint_of(app, target)
                if urlsplit(target).netloc or target in seen or not endpoint or opened[endpoint] >= PAGES_EACH:
                    continue
                opened[endpoint] += 1
                seen.add(target)
                waiting.append(target)
        return found

    def _open(self, path: str) -> str | None:
        response = self.browser._request("GET", path)
        hops = 0
        while response.status_code in (302, 303) and hops < 4:
            response = self.browser._request("GET", response.headers["Location"])
            hops += 1
        if response.status_code >= 500:
            self.wrong.append(f"{path}: {response.status_code}")
        if response.mimetype != "text/html":
            self.others[path] = response.get_data()
            return None
        self.pages[path] = response.get_data(as_text=True)
        return self.pages[path]

    def again(self, form: Found) -> Found:
        """Return the form as its page shows it now; the form as it was where the page no longer has it."""
        text = self._open(form.page)
        forms = forms_of(self.browser.app, form.page, text) if text else ()
        return next((one for one in forms if one.endpoint == form.endpoint), form)

    def send(
        self,
        form: Found,
        typed: Mapping[str, str],
        files: Mapping[str, tuple[str, bytes]] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Send a form with other words in some fields; return the page that answered, nothing where something else came."""
        fields: dict[str, list[object]] = {}
        for name, value in form.values:
            if name not in typed:
                fields.setdefault(name, []).append(value)
        for name, value in typed.items():
            fields[name] = [value]
        for name, (given, content) in (files or {}).items():
            fields[name] = [(BytesIO(content), given)]
        encoding = {"content_type": "multipart/form-data"} if form.files else {}
        response = self.browser._request("POST", form.action, data=_sendable(fields), headers=headers or {}, **encoding)
        self.status = response.status_code
        self.is_stale = response.status_code in (404, 409)
        if response.status_code >= 500:
            self.wrong.append(f"{form.endpoint} {form.action} {dict(typed)!r}: {response.status_code}")
        path = form.action
        if response.status_code == 303 and "/sign-in" not in form.action:
            path = response.headers["Location"]
            response = self.browser._request("GET", path)
            if response.status_code >= 500:
                self.wrong.append(f"{path} after {form.endpoint} {dict(typed)!r}: {response.status_code}")
        text = response.get_data(as_text=True) if response.mimetype == "text/html" else ""
        self.answered = list(forms_of(self.browser.app, path, text)) if text.strip() else []
        return text


def _sendable(fields: Mapping[str, Sequence[object]]) -> dict[str, list[object]]:
    """Halves of surrogates cannot be sent: a browser writes the sign that stands for what is broken."""
    return {
        name: [value.encode("utf-8", "replace").decode() if isinstance(value, str) else value for value in values]
        for name, values in fields.items()
    }
