"""The effects of a move of a unit: from where to where, whom it concerns, and their training (spec/compulsory 4.5b and 4.5c)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from kernel.permissions import SYSTEM
from organisations import audience_preview, tree, units
from organisations.audience_preview import MOST_NAMED, TrainingEffect
from organisations.audiences import today_of
from organisations.models import Organisation
from organisations.units import UnitValues

NO_TIME = timedelta(0)
MOST_TRIED = 2_000
"""People whose compulsory training is judged anew while somebody waits for the page."""


@dataclass(frozen=True, slots=True)
class MovePreview:
    """The effects of a move of a unit before it is confirmed: from where to where, whom it concerns from which day on."""

    unit: str
    former: str
    parent: str
    day: date
    since: date | None
    """The day, where it is still to come."""
    people: int
    names: Sequence[str]
    rewritten: Sequence[int]
    """Who would have been in an audience on other days before today."""
    effects: Sequence[TrainingEffect]
    most_tried: int
    """Of how many people the compulsory training was judged, where these are not all; else 0."""
    needs_second: bool

    @property
    def numbers(self) -> tuple[int, int, int]:
        """Return the numbers of people that are shown."""
        return self.people, len(self.rewritten), sum(effect.people for effect in self.effects)


def preview_move(
    session: Session, unit: Organisation, parent: Organisation, day: date, *, now: datetime, plan: UnitValues | None = None
) -> MovePreview:
    """Try putting a place under another from a day on; nothing of it stays. Raise Conflict where it cannot stand there."""
    today, history = today_of(now), tree.load_history(session)
    would_be, stood = history.moved(unit.id, parent.id, day, now), history.on(day)
    former, concerned = stood[unit.id].parent_id, audience_preview.list_people_of_changed(session, would_be)
    at = now + max(day - today, NO_TIME)
    effects = rehearse(session, concerned, lambda: units.move(session, SYSTEM, unit, parent, now=now, since_on=day, plan=plan), at)
    return MovePreview(
        unit.name,
        "" if former is None else stood[former].name,
        parent.name,
        day,
        since=day if day > today else None,
        people=tree.count_moved(session, unit.id, day),
        names=tree.list_moved(session, unit.id, day, MOST_NAMED),
        rewritten=audience_preview.list_rewritten_by_tree(session, would_be, today) if day < today else [],
        effects=effects,
        most_tried=MOST_TRIED if len(concerned) > MOST_TRIED else 0,
        needs_second=units.needs_second_person(session, unit, day, now=now),
    )


def rehearse(session: Session, people: Sequence[int], act: Callable[[], None], now: datetime) -> list[TrainingEffect]:
    """Try an act, and return its effect on the compulsory training of the first of some people; raise what it raises."""
    return audience_preview.join_effects(audience_preview.try_training(session, people[:MOST_TRIED], act, now=now))
