"""Selections and who is named for them, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from kernel.errors import N_
from kernel.i18n import _, choose
from selections.models import MemberRole
from selections.permissions import SelectionContext
from selections.queries.members import SelectionMemberRow
from selections.queries.selections import SelectionRow

ROLES: Mapping[MemberRole, str] = {MemberRole.JURY: N_("Jury"), MemberRole.READER: N_("Reader")}
ROLE_HINTS: Mapping[str, str] = {
    MemberRole.JURY.value: N_("Prepares the acta, signs it and decides. A final acta needs two signatures."),
    MemberRole.READER.value: N_("Sees the list of results; neither answers nor keys."),
}


@dataclass(frozen=True, slots=True)
class MemberView:
    """A person named for a selection."""

    uuid: UUID
    name: str
    email: str
    role: str


@dataclass(frozen=True, slots=True)
class SelectionView:
    """A selection in a list."""

    uuid: UUID
    quiz: str
    course: str
    people: str
    members: list[MemberView]


def selection_view(of: SelectionContext) -> SelectionView:
    """Return a selection as its own pages show it, without who is named for it."""
    return SelectionView(of.uuid, choose(of.outline.by_key[of.key].title), choose(of.outline.title), of.people, [])


def selection_views(
    rows: Iterable[SelectionRow], titles: Mapping[tuple[str, str], Mapping[str, str]], members: Iterable[SelectionMemberRow] = ()
) -> list[SelectionView]:
    """Return selections as a list shows them, each with who is named for it."""
    named = list(members)
    return [
        SelectionView(
            row.uuid,
            choose(titles[row.slug, row.activity_key]),
            choose(row.course_title),
            row.people,
            [
                MemberView(member.uuid, member.name, member.email, _(ROLES[member.role]))
                for member in named
                if member.selection_id == row.id
            ],
        )
        for row in rows
    ]
