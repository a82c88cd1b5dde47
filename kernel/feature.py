"""A feature: what a package registers with the application, as plain data without discovery."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from flask import Blueprint
from sqlalchemy.orm import Session

from kernel.db import HookList, HookPair
from kernel.menu import MenuEntry
from kernel.outbox import Handler
from kernel.permissions import AllowedRoles, Permission


@dataclass(frozen=True, slots=True)
class Feature:
    """One package's blueprints, permissions, jobs, the jobs that follow from audit verbs, and what it gives to packages below."""

    name: str
    blueprints: tuple[Blueprint, ...] = ()
    permissions: Mapping[StrEnum, Permission] = field(default_factory=dict)
    cells: Mapping[StrEnum, Mapping[str, AllowedRoles]] = field(default_factory=dict)
    """The roles that actions of packages below allow in the states of what this package owns: rows of the access matrix."""
    jobs: Mapping[str, Handler] = field(default_factory=dict)
    subscriptions: Mapping[StrEnum, str] = field(default_factory=dict)
    periodic: Mapping[str, int] = field(default_factory=dict)
    """Kind of job and every how many seconds it is due."""
    patient: Collection[str] = ()
    """Kinds of jobs that let all others go first: mail to many, that nobody waits for at the screen."""
    menu: tuple[MenuEntry, ...] = ()
    """Its entries of the menus of the site."""
    help: Mapping[str, str] = field(default_factory=dict)
    """The sections of the guide that explain its pages, as `reader/chapter#section`, each with the endpoints of those pages."""
    hooks: tuple[HookPair, ...] = ()
    """What it gives to packages below, by their hooks."""


FindPublicPage = Callable[[Session, str], str | None]
PAGES_OF_CODES = HookList[FindPublicPage]("pages_of_codes")
"""Find the address of the public page that knows a code."""
PAGES_OF_FILES = HookList[FindPublicPage]("pages_of_files")
"""Find the address of the public page that knows a file, by its SHA-256."""
