"""The head of the site, drawn once for each kind of page and of reader, and kept: it is a tenth of what a page costs."""

import hashlib
import html
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

from flask import Flask, Response, current_app, g, make_response, request
from flask import session as cookie

from kernel import i18n
from kernel.permissions import Actor
from kernel.web.assets import icons_apart, used_icons
from kernel.web.forms import form_token, form_token_at
from kernel.web.headers import allow_browser_caching
from kernel.web.request import current_actor, current_settings, settings_of_app

KEPT_HEADS = 2048


@dataclass(frozen=True, slots=True)
class _Head:
    """All that the head of the site says, but for what its reader is called."""

    endpoint: str | None
    language: str
    actor: Actor
    profile: int
    """The version of the institution's profile."""


def site_header(app: Flask) -> Callable[[], str]:
    """Return the renderer of the site's head. The reader's name and the token of its forms have places in what is kept.

    A template drawn as a module is HTML to other templates, and stays so: what is put in is escaped.
    """
    name, initials, token = (f"{part}-{secrets.token_hex(8)}" for part in ("name", "initials", "token"))

    @lru_cache(maxsize=KEPT_HEADS)
    def draw(head: _Head) -> tuple[str, tuple[str, ...]]:
        template = app.jinja_env.get_template("partials/_site_header.html")
        with icons_apart() as icons, form_token_at(token):
            return template.make_module({"actor": head.actor, "locale": head.language}).__html__(), tuple(icons)

    def header() -> str:
        actor = current_actor()
        somebody = Actor(
            person_id=None if actor.is_anonymous else 0,
            name=name,
            initials=initials,
            roles=actor.roles,
            is_staff_anywhere=actor.is_staff_anywhere,
            manages_units=actor.manages_units,
            is_training_officer=actor.is_training_officer,
            is_auditor=actor.is_auditor,
            has_selections=actor.has_selections,
            administers_institution=actor.administers_institution,
            unread=actor.unread,
        )
        html, used = draw(_Head(request.endpoint, i18n.language(), somebody, settings_of_app(app).profile.version))
        used_icons().update(dict.fromkeys(used))
        return html.replace(token, form_token()).replace(initials, actor.initials).replace(name, actor.name)

    return header


MOST_KEPT_PAGES = 256
"""Pages, of some thirty kilobytes each."""
EXTENSION = "kept_pages"


@dataclass(frozen=True, slots=True)
class DrawnPart:
    """HTML that a template drew, for a place in a framed page."""

    html: str


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A page without its reader, and the names of the symbols it uses."""

    html: str
    icons: tuple[str, ...]


class PageCache:
    """The pages that were drawn last, each under a name that says all it was drawn from."""

    def __init__(self, app: Flask) -> None:
        self._environment = app.jinja_env
        self._globals: Mapping[str, Any] = app.jinja_env.globals
        self._head, self._symbols, self._token = (_place(name) for name in ("head", "symbols", "token"))
        self._path, self._part = _place("path"), secrets.token_hex(8)
        self._pages: OrderedDict[str, _Drawn] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._pages)

    def page(self, name: str, template: str, context: Mapping[str, object]) -> str:
        """Return a page for the present reader. Messages for them (`flash`) are drawn into it, and such a page is not kept."""
        return self._for_reader(self._drawn(name, template, context, request.path))

    def framed_page(self, name: str, template: str, parts: Mapping[str, str | DrawnPart]) -> str:
        """Return a page of which all but some parts, and the address, is the same whatever it says; the parts are put into it."""
        places = {part: f"{part}-{self._part}" for part in parts}
        drawn = self._drawn(name, template, places, self._path)
        page = self._for_reader(drawn).replace(self._path, html.escape(request.path))
        for part, marker in places.items():
            content = parts[part]
            page = page.replace(marker, content.html if isinstance(content, DrawnPart) else html.escape(content))
        return page

    def _drawn(self, name: str, template: str, context: Mapping[str, object], path: str) -> _Drawn:
        if "_flashes" in cookie:
            return self._draw(template, context, path)
        with self._lock:
            drawn = self._pages.get(name)
            if drawn is not None:
                self._pages.move_to_end(name)
        if drawn is None:
            drawn = self._draw(template, context, path)
            with self._lock:
                self._pages[name] = drawn
                if len(self._pages) > MOST_KEPT_PAGES:
                    self._pages.popitem(last=False)
        return drawn

    def _draw(self, template: str, context: Mapping[str, object], path: str) -> _Drawn:
        """Draw without the application's own context: a template that asks for the reader fails."""
        with icons_apart() as icons, form_token_at(self._token):
            html = self._environment.get_template(template).render(
                context,
                csrf_token=form_token,
                icon_definitions=lambda: self._symbols,
                locale=i18n.language(),
                site_header=lambda: self._head,
                theme=g.theme,
                whole_path=path,
            )
        return _Drawn(html, tuple(icons))

    def _for_reader(self, drawn: _Drawn) -> str:
        head = self._globals["site_header"]()
        used_icons().update(dict.fromkeys(drawn.icons))
        symbols = self._globals["icon_definitions"]()
        return drawn.html.replace(self._token, form_token()).replace(self._head, head, 1).replace(self._symbols, symbols, 1)


def cached_page(template: str, **context: object) -> Response:
    """Send a page that the browser may keep, or 304 where it holds it as it is now.

    The tag names all that the page is drawn from: what the template gets, the reader, their session (its form token and flashes),
    language, zone and theme, the institution's profile, and the templates themselves. What the template gets says all that it is when it is
    written out (`repr`).
    """
    shown = _digest(template, context, *_reading(), request.path)
    actor = current_actor()
    grants = (actor.roles, actor.is_staff_anywhere, actor.manages_units, actor.is_training_officer, actor.is_auditor)
    reader = (actor.person_id, actor.name, *grants, actor.administers_institution, actor.has_selections, actor.unread)
    session = (cookie.get("csrf_token"), cookie.get("_flashes"))
    tag = _digest(shown, reader, session, current_app.extensions["release"])[:32]
    if request.if_none_match.contains_weak(tag):
        response = Response(status=304)
    else:
        response = make_response(current_app.extensions[EXTENSION].page(shown, template, context))
    response.set_etag(tag)
    allow_browser_caching()
    return response


def framed_page(template: str, **parts: str | DrawnPart) -> str:
    """Return a page that says something else each time in a frame which is kept: its parts stand in their places afterwards.

    A part is text, which is escaped, or HTML that a template drew (`drawn_part`).
    The frame is drawn without its reader, and without what the parts say.
    """
    name = _digest("frame", template, *_reading(), request.endpoint)
    page: str = current_app.extensions[EXTENSION].framed_page(name, template, parts)
    return page


def drawn_part(template: str, **context: object) -> DrawnPart:
    """Return a part of a framed page, drawn now and without the application's own context."""
    return DrawnPart(current_app.jinja_env.get_template(template).render(context, csrf_token=form_token))


def _reading() -> tuple[object, ...]:
    """Return the values that every page depends on but its address and text: the institution, language, zone, theme and method."""
    return current_settings().profile.version, i18n.language(), i18n.zone(), g.theme, request.method


def _place(name: str) -> str:
    return f"{name}-{secrets.token_hex(8)}"


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def install_page_cache(app: Flask) -> None:
    """Let the application keep pages."""
    app.extensions[EXTENSION] = PageCache(app)
