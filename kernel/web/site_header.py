"""The head of the site, drawn once for each reader and kind of page, and kept: it is a tenth of what a page costs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from flask import Flask, request

from kernel import i18n
from kernel.permissions import Actor
from kernel.web.forms import form_token, form_token_at
from kernel.web.icons import icons_apart, used_icons
from kernel.web.request import current_actor

_PLACE = "form-token-of-the-page"
KEPT_HEADS = 2048


@dataclass(frozen=True, slots=True)
class _Head:
    """All that the head of the site says of a reader and of where they are."""

    endpoint: str | None
    language: str
    actor: Actor


def site_header(app: Flask) -> Callable[[], str]:
    """Return what draws the head of the site: for a reader on pages of a kind it is the same but for its forms' token, so it is kept.

    A template drawn as a module is HTML to other templates, and stays so when its token is put in.
    """

    @lru_cache(maxsize=KEPT_HEADS)
    def draw(head: _Head) -> tuple[str, tuple[str, ...]]:
        template = app.jinja_env.get_template("partials/_site_header.html")
        with icons_apart() as icons, form_token_at(_PLACE):
            return template.make_module({"actor": head.actor, "locale": head.language}).__html__(), tuple(icons)

    def header() -> str:
        actor = replace(current_actor(), request_id="", address="", device_id=None, theme="", zone="", email="")
        html, used = draw(_Head(request.endpoint, i18n.language(), actor))
        used_icons().update(dict.fromkeys(used))
        return html.replace(_PLACE, form_token())

    return header
