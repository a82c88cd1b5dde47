"""The head of the site, drawn once for each kind of page and of reader, and kept: it is a tenth of what a page costs."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from flask import Flask, request

from kernel import i18n
from kernel.permissions import Actor
from kernel.web.forms import form_token, form_token_at
from kernel.web.icons import icons_apart, used_icons
from kernel.web.request import current_actor, settings_of_app

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
    """Return what draws the head of the site. The reader's name and the token of its forms have places in what is kept.

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
            administers_institution=actor.administers_institution,
            unread=actor.unread,
        )
        html, used = draw(_Head(request.endpoint, i18n.language(), somebody, settings_of_app(app).profile.version))
        used_icons().update(dict.fromkeys(used))
        return html.replace(token, form_token()).replace(initials, actor.initials).replace(name, actor.name)

    return header
