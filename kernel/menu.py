"""The menus of the site: each package declares its entries, with their place, their order and their condition."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

from kernel.permissions import Actor


class Menu(StrEnum):
    """Where an entry stands."""

    MAIN = "main"
    """At the top of every page."""
    CAMPUS = "campus"
    """What there is to learn from: the page Campus shows it, and its pages belong to Campus."""
    STAFF = "staff"
    """Under Management, at the top of every page."""
    PEOPLE = "people"
    """Under People, on the page Administration."""
    TRAINING = "training"
    """Under Training, there."""
    CERTIFICATES = "certificates"
    """Under Certificates, there."""
    SYSTEM = "system"
    """Under Site and system, there."""
    SITE = "site"
    """The parts of the site settings."""
    OWN = "own"
    """Under the name of the person who is signed in."""
    SEARCH = "search"
    """In no menu: the search finds it by its title, as it finds the entries of menus."""


def _everybody(_actor: Actor) -> bool:
    return True


def is_visitor(actor: Actor) -> bool:
    """Return whether nobody is signed in."""
    return actor.is_anonymous


def is_signed_in(actor: Actor) -> bool:
    """Return whether somebody is signed in."""
    return not actor.is_anonymous


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """An entry of a menu for those whom `is_for` admits; the menu has them by position.

    The head of the site is kept for readers of the same kind, so that `is_for` asks the actor alone: roles and what they are anywhere.
    """

    menu: Menu
    endpoint: str
    title: str
    position: int
    icon: str
    is_for: Callable[[Actor], bool] = _everybody
    about: str = ""
    """What it is, in a sentence, where a page shows the menu."""
    has_pages_below: bool = True
    """Pages whose address begins with its own belong to it."""
    key: str = ""
    """By which the institution hides or shows it; empty: it does not decide."""
    is_usual: bool = True
    """Whether it is shown until the institution decides."""
    holds: Menu | None = None
    """The menu whose pages belong to it."""

    def is_shown(self, turned: Collection[str]) -> bool:
        """Return whether it is shown where the institution turned some entries, by key."""
        return not self.key or self.is_usual != (self.key in turned)
