"""Lists of who may do what, by letters of roles, compared with the access matrix; and casts that try their cells over HTTP."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from accounts.models import Person
from lms.instance import Instance
from tests.support.access import MATRIX, fits, outcome
from tests.support.browser import Browser
from tests.support.matrix import TRIED, Tried


@dataclass(frozen=True)
class RoleMatrix:
    """A list of cells: `roles` names each letter as the matrix does, `access` says by action and state who is allowed.

    To all others it is denied, or with `*` does not exist but for the letters behind it, to whom it is denied.
    """

    roles: Mapping[str, str]
    access: Mapping[tuple[str, str], str]

    def due(self, action: str, state: str, letter: str) -> str:
        """Return `allow`, `deny` or `hide` for one cell."""
        allowed, hidden, denied = self.access[action, state].partition("*")
        if letter in allowed:
            return "allow"
        return "hide" if hidden and letter not in denied else "deny"

    def cells(self) -> set[tuple[str, str, str]]:
        """Return every cell, by action, state and role."""
        return {(action, state, role) for action, state in self.access for role in self.roles.values()}

    def differing(self) -> list[str]:
        """Name the cells that are not a row of the matrix with the same answer."""
        with MATRIX.open(encoding="utf-8", newline="") as source:
            known = {(row["action"], row["object_state"], row["role"]): row["expect"] for row in csv.DictReader(source)}
        return [
            f"{role} {action} {state}"
            for action, state in self.access
            for letter, role in self.roles.items()
            if known.get((action, state, role)) != self.due(action, state, letter)
        ]


@dataclass
class RoleCast:
    """One browser for each role of a list."""

    matrix: ClassVar[RoleMatrix]
    instance: Instance
    browsers: Mapping[str, Browser]
    people: Mapping[str, Person]

    def outcomes(self, path: str, method: str = "GET", data: Mapping[str, str] | None = None) -> dict[str, str]:
        """Let everybody send one request; return what came of it, by letter."""
        return {letter: outcome(browser, path, method, data) for letter, browser in self.browsers.items()}

    def check(self, action: str, state: str, outcomes: Mapping[str, str]) -> list[str]:
        """Note what came of these cells; return those in which something else came than is due."""
        tried = [
            Tried(action, state, self.matrix.roles[letter], due := self.matrix.due(action, state, letter), got, fits(got, due, letter))
            for letter, got in outcomes.items()
        ]
        TRIED.extend(tried)
        return [f"{one.role} {action} {state}: {one.found} instead of {one.expected}" for one in tried if not one.fits]
