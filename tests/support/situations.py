"""Situations in which a form stands that no walk meets: how each comes about, and what is sent from it, right things and harm."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from uuid import UUID, uuid4

from lxml import html as markup
from werkzeug.routing import MapAdapter

from accounts.models import Person
from courses.models import Course
from tests.support import naughty
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, an_administrator, sign_in
from tests.support.walking import Found, Walk, endpoint_of, forms_of

Made = TypeVar("Made")
Files = Mapping[str, tuple[str, bytes]]
Good = Mapping[str, str] | Callable[[str], Mapping[str, str]]
SCRIPT = {"Accept": "application/json"}
TOO_MANY = 429
WORDS_OF_ADDRESS = 3
ALL_AT_ONCE = 2


class Stage:
    """An instance, with what its situations share."""

    def __init__(self, browser: Browser) -> None:
        self.browser, self.instance = browser, browser.instance
        self._numbers, self._kept = count(1), dict[str, Any]()

    def number(self) -> int:
        """Return a number that nothing has yet."""
        return next(self._numbers)

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """Return what is made once for all situations."""
        if name not in self._kept:
            self._kept[name] = make()
        made: Made = self._kept[name]
        return made

    def person(self, *, email: str = "", confirmed: bool = True) -> Person:
        """Add somebody."""
        return a_person(self.instance, email or f"persona.{self.number()}@example.org", confirmed=confirmed)

    def nobody(self) -> Browser:
        """Return a visitor who is not signed in, from an address of their own: limits count visitors by it."""
        visitor = Browser(self.browser.app, self.instance, address=f"203.0.113.{self.number() % 256}")
        visitor.checks = False
        return visitor

    def signed_in(self, person: Person | None = None) -> Browser:
        """Return somebody's browser; by default that of a new person."""
        return sign_in(self.nobody(), (person or self.person()).email)

    @property
    def boss(self) -> Browser:
        """Return an administrator's browser."""
        return self.once("boss", lambda: self.signed_in(an_administrator(self.instance)))

    @property
    def course(self) -> Course:
        """Return a published course of one module."""
        return self.once("course", lambda: a_course(self.instance, modules=1))


@dataclass(frozen=True)
class Scene:
    """Who stands before which page, and what else makes its form right.

    ``good`` may need the page. ``more`` names fields that the route reads and the page does not always show.
    Where a script sends, ``script`` names the fields that it takes from the page's forms besides the token.
    ``is_used_up``: once something was accepted nothing more is, although the page still shows the form.
    """

    visitor: Browser
    page: str
    good: Good = field(default_factory=dict)
    files: Files = field(default_factory=dict)
    more: tuple[str, ...] = ()
    script: tuple[str, ...] | None = None
    is_used_up: bool = False


Arrange = Callable[[Stage], Scene]
Room = Mapping[str, Arrange]


class Trial:
    """What is sent from one situation, which is arranged anew wherever something that was sent has used it up."""

    def __init__(self, stage: Stage, endpoint: str, arrange: Arrange) -> None:
        self.stage, self.endpoint, self._arrange = stage, endpoint, arrange
        self.wrong: list[str] = []
        self._begin()

    def _begin(self) -> None:
        self.scene = self._arrange(self.stage)
        self.walk = Walk(self.scene.visitor)
        self._look()

    def _look(self) -> None:
        self._page = self.walk._open(self.scene.page) or ""
        self._judge(self.scene.page, self._page)
        self._note_failures()
        self._form = self._of_page() if self.scene.script is None else self._of_script(self.scene.script)

    def _stands(self) -> tuple[Found, dict[str, str]]:
        """Return the form, looked at again where something may have changed, with what makes it right."""
        if self._form is None and not self.scene.is_used_up:
            self._look()
        if self._form is None:
            self._begin()
        assert self._form is not None, f"{self.endpoint} does not stand on {self.scene.page}"
        good = self.scene.good
        return self._form, dict(good(self._page) if callable(good) else good)

    def _of_page(self) -> Found | None:
        return next((one for one in self._forms() if one.endpoint == self.endpoint), None)

    def _forms(self) -> Iterator[Found]:
        return forms_of(self.stage.browser.app, self.scene.page, self._page)

    def _of_script(self, taken: tuple[str, ...]) -> Found | None:
        """Return what the page's script sends to an address that it reads from the page."""
        app, tree = self.stage.browser.app, markup.fromstring(self._page.encode())
        told = [value for value in tree.xpath("//@*[starts-with(name(), 'data-')]") if value.startswith("/")]
        action = next((value for value in told if endpoint_of(app, value, "POST") == self.endpoint), None)
        if action is None:
            return None
        token = tree.xpath("//@data-token | //input[@name='csrf_token']/@value")[0]
        shown = {name: value for form in self._forms() for name, value in form.values if name in taken}
        return Found(self.scene.page, self.endpoint, action, (("csrf_token", token), *shown.items()), (), (), tuple(self.scene.files))

    def _judge(self, where: str, text: str) -> None:
        self.wrong += [f"{self.endpoint} {where}: {fault}" for fault in naughty.faults(text)]

    def _note_failures(self) -> None:
        self.wrong += self.walk.wrong
        self.walk.wrong.clear()

    def right(self) -> int:
        """Send the form as it is meant; return the status."""
        return self._send({})

    def harm(self) -> None:
        """Send harm in each field beside right ones, in all of them, in one that the form does not have, in files, and in the address."""
        form, good = self._stands()
        names = [*dict.fromkeys((*(name for name, _value in form.values if name != "csrf_token"), *good, *self.scene.more))]
        words = naughty.SHARPEST
        for at, name in enumerate(names):
            self._send({name: words[0]})
            self._send({name: words[1 + at % (len(words) - 1)]})
        for first in range(ALL_AT_ONCE if len(names) > 1 else 0):
            self._send({name: words[(first + at) % len(words)] for at, name in enumerate(names)})
        self._send({words[0]: words[0]})
        for name in names:
            for broken in broken_json(good.get(name, "")):
                self._send({name: broken})
        for name, (title, content) in self.scene.files.items():
            for file in ((words[0], content), (words[2], content), (title, words[0].encode()), ("", b"")):
                self._send({}, files={name: file})
        for address in self._addresses(form.action):
            self._send({}, address=address)

    def _addresses(self, action: str) -> Iterator[str]:
        """Give the address with harm in each of its parts, and with parts that are nearly right."""
        app, parts = self.stage.browser.app, urlsplit(action)
        adapter = app.url_map.bind("localhost")
        given = dict(adapter.match(parts.path, method="POST")[1])
        for at, (name, value) in enumerate(given.items()):
            others: list[object] = [uuid4()] if isinstance(value, UUID) else [2**31, 2**63] if isinstance(value, int) else []
            if isinstance(value, str):
                others = [f"{value}x", value[:-1] or "x", *(sendable(word)[:200] for word in _turned(at)[:WORDS_OF_ADDRESS])]
            for other in others:
                yield address_with(adapter, self.endpoint, {**given, name: other}, {name: value})
        query = dict(parse_qsl(parts.query))
        for at, name in enumerate(query):
            for word in _turned(at)[:WORDS_OF_ADDRESS]:
                yield f"{parts.path}?{urlencode({**query, name: sendable(word)})}"

    def _send(self, harm: Mapping[str, str], *, files: Files | None = None, address: str = "") -> int:
        """Send the form with harm in some places, as somebody else where this visitor has tried too often; return the status."""
        status = self._send_once(harm, files or {}, address)
        if status == TOO_MANY:
            self._begin()
            status = self._send_once(harm, files or {}, address)
            self.wrong += [f"{self.endpoint} {dict(harm)!r}: {status} twice"] if status == TOO_MANY else []
        return status

    def _send_once(self, harm: Mapping[str, str], files: Files, address: str) -> int:
        form, good = self._stands()
        headers = SCRIPT if self.scene.script is not None else {}
        sent = replace(form, action=address or form.action)
        page = self.walk.send(sent, {**good, **harm}, {**self.scene.files, **files}, headers=headers)
        told = self.walk.browser.response.get_json(silent=True)
        self._judge(f"POST {sent.action}", page or (str(told.get("html", "")) if isinstance(told, dict) else ""))
        self._note_failures()
        if self.walk.status < 400:
            self._form = None
        return self.walk.status


def address_with(adapter: MapAdapter, endpoint: str, parts: Mapping[str, object], fitting: Mapping[str, object]) -> str:
    """Return the address of a route with these parts; one that takes a few words only is built with a `fitting` part, then changed."""
    try:
        return adapter.build(endpoint, parts, method="POST")
    except ValueError:
        (name, value), *_others = fitting.items()
        built = adapter.build(endpoint, {**parts, **fitting}, method="POST")
        return quote(str(parts[name])).join(built.rsplit(str(value), 1))


def sendable(word: str) -> str:
    """Return a word as a browser would put it into an address."""
    return word.encode("utf-8", "replace").decode()


def _turned(first: int) -> tuple[str, ...]:
    at = first % len(naughty.SHARPEST)
    return (*naughty.SHARPEST[at:], *naughty.SHARPEST[:at])


def broken_json(text: str) -> Iterator[str]:
    """Give JSON that is nearly what a script sends: one value of another kind at each place, and what is no such structure at all."""
    try:
        kept = json.loads(text)
    except ValueError:
        return
    if not isinstance(kept, dict | list):
        return
    yield from ("[" * 2000, "null", "[]", "{}", '"x"', "[[[]]]", "[null]", '{"": NaN}')
    others = (None, [], {}, -1, 2**70, True, float("inf"))
    for at, (path, present) in enumerate(_places(kept)):
        words = ("\ud800", "\0", present[: len(present) // 2]) if isinstance(present, str) else ()
        for other in (naughty.SHARPEST[0], *words, others[at % len(others)], others[(at + 3) % len(others)]):
            yield json.dumps(_replaced(kept, path, other))


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inside:
        yield (*path, key), below
        yield from _places(below, (*path, key))


def _replaced(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    if not path:
        return other
    inside = dict(value) if isinstance(value, dict) else dict(enumerate(value))
    inside[path[0]] = _replaced(inside[path[0]], path[1:], other)
    return inside if isinstance(value, dict) else [*inside.values()]
