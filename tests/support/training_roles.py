"""The nine roles of spec/compulsory 16 before a person of a unit, and the cells of its table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kernel.permissions import Actor, SiteRole, Verdict
from organisations.access import TrainingScope
from tests.support.project import ROOT

SPEC = ROOT / "docs" / "spec" / "compulsory.md"
INSTITUTION, UNIT, BELOW, ELSEWHERE, OTHER_UNIT = 1, 10, 11, 2, 20
LEARNER = 1
_HERE = frozenset({INSTITUTION, UNIT, BELOW})


@dataclass(frozen=True, slots=True)
class TrainingRoleCase:
    """An actor and what their grants reach."""

    actor: Actor
    scope: TrainingScope


ROLES: Mapping[str, TrainingRoleCase] = {
    "anonymous": TrainingRoleCase(Actor(), TrainingScope()),
    "oneself": TrainingRoleCase(Actor(LEARNER), TrainingScope()),
    "colleague": TrainingRoleCase(Actor(2), TrainingScope()),
    "instructor of the course": TrainingRoleCase(Actor(3, is_staff_anywhere=True), TrainingScope()),
    "head, own units": TrainingRoleCase(
        Actor(4, manages_units=True), TrainingScope(heads=frozenset({UNIT, BELOW}), above=frozenset({UNIT, INSTITUTION}))
    ),
    "head, other units": TrainingRoleCase(
        Actor(5, manages_units=True), TrainingScope(heads=frozenset({OTHER_UNIT}), above=frozenset({OTHER_UNIT, ELSEWHERE}))
    ),
    "officer in scope": TrainingRoleCase(Actor(6, is_training_officer=True), TrainingScope(officer=_HERE, above=frozenset({INSTITUTION}))),
    "auditor in scope": TrainingRoleCase(Actor(7, is_auditor=True), TrainingScope(auditor=_HERE, above=frozenset({INSTITUTION}))),
    "administrator": TrainingRoleCase(Actor(8, roles=frozenset({SiteRole.ADMINISTRATOR})), TrainingScope(everywhere=True)),
}
LETTERS = {Verdict.ALLOW: "a", Verdict.FORBID: "d", Verdict.OWN: "d", Verdict.HIDE: "h"}


def cells_of_the_table() -> dict[str, dict[str, str]]:
    """Return the rows of the table of spec/compulsory 16, each with its cell by role."""
    section = SPEC.read_text("utf-8").partition("## 16.")[2].partition("\n## ")[0]
    lines = [[cell.strip() for cell in line.strip("| \n").split("|")] for line in re.findall(r"^\|.*$", section, re.MULTILINE)]
    heading, _rule, *rows = lines
    return {row[0]: dict(zip(heading[1:], row[1:], strict=True)) for row in rows}
