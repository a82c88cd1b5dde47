"""What a reader sees of the menus of the site, and which entry the page before them belongs to."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from flask import Flask, current_app, request, url_for

from kernel.i18n import _
from kernel.menu import Menu, MenuEntry
from kernel.permissions import Actor


class Here(StrEnum):
    """How an entry stands to the page on which it is shown, as `aria-current` says it."""

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

    def links(self, menu: Menu | str, actor: Actor) -> list[MenuLink]:
        """Return what an actor sees of a menu."""
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
            if entry.menu == menu and entry.is_for(actor)
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


def menu_links(menu: Menu, actor: Actor) -> list[MenuLink]:
    """Return what an actor sees of a menu of the present application."""
    menus: Menus = current_app.extensions[EXTENSION]
    return menus.links(menu, actor)


def install(app: Flask, entries: Iterable[MenuEntry]) -> None:
    """Keep the entries of the menus, and give templates `menu_links(menu, actor)`."""
    app.extensions[EXTENSION] = menus = Menus(entries)
    app.jinja_env.globals.update(menu_links=menus.links)
