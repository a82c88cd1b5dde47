"""Keeping the integrity record of an attempt with its saves, and emptying it with a person who is erased (spec/selection 6)."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from accounts.models import Person
from kernel.audit import network_of
from kernel.permissions import Actor
from quizzes.models import Attempt
from quizzes.queries.attempts import LoadedAttempt
from quizzes.rules.attempts import ENDED_STATES
from quizzes.rules.integrity import SaveMoment, add_save, read_notes, read_record, write_record

MOST_TEXT = 300_000


@dataclass(frozen=True, slots=True)
class PageNotes:
    """The notes of a page with the number of the page that sent them, as text."""

    page_epoch: int
    text: str


def record_save(loaded: LoadedAttempt, actor: Actor, sent: PageNotes, *, now: datetime) -> None:
    """Add a save to the record of a locked attempt, in the row that the save writes anyway; without such settings nothing is kept."""
    text = record_with(loaded, actor, sent, now=now)
    if text != loaded.row.integrity_record:
        loaded.row.integrity_record = text


def record_with(loaded: LoadedAttempt, actor: Actor, sent: PageNotes, *, now: datetime) -> str:
    """Return the record of an attempt with a save, as it is kept; as it was where nothing is added."""
    stored, rules = loaded.row.integrity_record, loaded.snapshot.integrity
    if not rules.records or sent.page_epoch < 1 or loaded.row.preview or loaded.state in ENDED_STATES:
        return stored
    moment = SaveMoment(
        sent.page_epoch, max(0, int((now - loaded.row.started_at).total_seconds())), network_of(actor.address), actor.device_id or 0
    )
    record = read_record(stored)
    added = add_save(record, rules, moment, read_notes(_parsed(sent.text)), spares_focus=spares_focus(loaded))
    return write_record(added) if added != record else stored


def spares_focus(loaded: LoadedAttempt) -> bool:
    """Return whether nobody notes when the page is left: the person has an accommodation in force (6.5)."""
    return loaded.setting_sources.accommodation is not None


def _parsed(text: str) -> object:
    try:
        return json.loads(text) if len(text) < MOST_TEXT else None
    except (ValueError, RecursionError):
        return None


def erase_person(session: Session, person: Person, *, now: datetime) -> None:
    """Empty the records of a person who is erased."""
    session.execute(update(Attempt).where(Attempt.person_id == person.id, Attempt.integrity_record != "").values(integrity_record=""))
