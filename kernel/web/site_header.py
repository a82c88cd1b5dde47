"""The head of the site, drawn once for each reader and kind of page, and kept: it is a tenth of what a page costs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from flask import Flask, g, request
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from kernel import i18n
from kernel.permissions import Actor
from kernel.web.icons import used_icons
from kernel.web.request import current_actor

_PLACE = "form-token-of-the-page"
KEPT_HEADS = 2048


@dataclass(frozen=True, slots=True)
class _Head:
    """All that the head of the site says of a reader and of where they are."""

    endpoint: str | None
    language: str
    actor: Actor


def site_header(app: Flask) -> Callable[[], Markup]:
    """Return what draws the head of the site: for a reader on pages of a kind it is the same but for its forms' token, so it is kept."""

    @lru_cache(maxsize=KEPT_HEADS)
    def draw(head: _Head) -> tuple[str, tuple[str, ...]]:
        before, g.icons = used_icons(), {}
        template = app.jinja_env.get_template("partials/_site_header.html")
        html = template.render(actor=head.actor, locale=head.language, request=request, csrf_token=lambda: _PLACE)
        used, g.icons = tuple(g.icons), before
        return html, used

    def header() -> Markup:
        actor = replace(current_actor(), request_id="", address="", device_id=None, theme="", zone="", email="")
        html, used = draw(_Head(request.endpoint, i18n.language(), actor))
        used_icons().update(dict.fromkeys(used))
        return Markup(html.replace(_PLACE, escape(generate_csrf())))  # noqa: S704 - drawn by our own template, which escapes

    return header
