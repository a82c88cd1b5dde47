"""The menus of the site as their reader sees them, with the entry to which the present page belongs."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from flask import Flask, current_app, request, url_for

from kernel.i18n import _
from kernel.menu import Menu, MenuEntry
from kernel.permissions import Actor
from kernel.web.request import current_actor, current_settings


class Here(StrEnum):
    """The place of an entry beside the page that shows it, as `aria-current` says it."""

    ELSEWHERE = ""
    PAGE = "page"
    BELOW = "true"
    """The page belongs to it."""


@dataclass(frozen=True, slots=True)
class MenuLink:
    """An entry as a page shows it."""

    endpoint: str
    title: str
    about: str
    icon: str
    url: str
    here: Here


class Menus:
    """All entries of the site."""

    def __init__(self, entries: Iterable[MenuEntry]) -> None:
        self._entries = sorted(entries, key=lambda entry: entry.position)

    @property
    def choices(self) -> list[MenuEntry]:
        """Return the entries that the institution hides or shows."""
        return [entry for entry in self._entries if entry.key]

    def links(self, menu: Menu | str, actor: Actor | None = None, turned: Collection[str] | None = None) -> list[MenuLink]:
        """Return the links of a menu that an actor sees: the reader where none is given, with the entries that the institution turned."""
        reader = actor or current_actor()
        differing = current_settings().profile.turned_entries if turned is None else turned
        return [
            MenuLink(
                entry.endpoint,
                title=_(entry.title),
                about=_(entry.about) if entry.about else "",
                icon=entry.icon,
                url=url_for(entry.endpoint),
                here=self._here(entry),
            )
            for entry in self._entries
            if entry.menu == menu and entry.is_for(reader) and entry.is_shown(differing)
        ]

    def _here(self, entry: MenuEntry) -> Here:
        if request.endpoint == entry.endpoint:
            return Here.PAGE
        rule = request.url_rule.rule if request.url_rule else ""
        if entry.has_pages_below and rule.startswith(f"{url_for(entry.endpoint)}/"):
            return Here.BELOW
        belongs = any(self._here(other) for other in self._entries if other.menu == entry.holds)
        return Here.BELOW if belongs else Here.ELSEWHERE


EXTENSION = "menus"


def menus() -> Menus:
    """Return the menus of the present application."""
    installed: Menus = current_app.extensions[EXTENSION]
    return installed


def install(app: Flask, entries: Iterable[MenuEntry]) -> None:
    """Keep the entries of the menus, and give templates `menu_links(menu)`."""
    app.extensions[EXTENSION] = installed = Menus(entries)
    app.jinja_env.globals.update(menu_links=installed.links)
