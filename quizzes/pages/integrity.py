"""The record of a quiz beside the answers, in the learner's words: before they begin and afterwards (spec/selection 6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.i18n import _, choose, number
from quizzes.queries.attempts import LoadedAttempt, QuizSnapshot
from quizzes.rules.access import SettingSources
from quizzes.rules.integrity import read_record


def declaration_of(snapshot: QuizSnapshot) -> str:
    """Return the words of the declaration that a quiz asks for; '' where it asks for none."""
    return choose(snapshot.integrity.declaration) if snapshot.integrity.honour else ""


def recorded_lines(snapshot: QuizSnapshot, setting_sources: SettingSources) -> list[str]:
    """Say what is recorded of this person beside the answers; nothing where the quiz records nothing more (6.1)."""
    rules = snapshot.integrity
    spared = setting_sources.accommodation is not None
    lines = (
        (rules.honour, _("That you accepted the declaration, and when.")),
        (
            rules.times,
            _(
                "About how long you spend on each question. "
                "Where the browser does not allow it, it is not known, which never counts against you."
            ),
        ),
        (
            rules.focus and not spared,
            _("When you leave the page, and for how long. You see it at once, and later with your attempt."),
        ),
        (rules.focus and spared, _("Not recorded for you: when you leave the page.")),
        (
            rules.sessions,
            _("From how many devices and shortened networks you answer. Moving from home to a mobile network is usual and nothing bad."),
        ),
    )
    recorded = [line for is_on, line in lines if is_on]
    return [*recorded, _("None of it changes a mark. You can see it in your attempt until it is deleted.")] if recorded else []


@dataclass(frozen=True, slots=True)
class PageAbsenceView:
    """A time during which the page was hidden: when it began, and how long it lasted, in words."""

    at: datetime
    length: str


@dataclass(frozen=True, slots=True)
class IntegrityView:
    """The notes on an attempt as its learner sees them."""

    declared_at: datetime | None
    times: tuple[tuple[int, str], ...]
    """Number of the question, and its time in words."""
    is_approximate: bool
    absences: tuple[PageAbsenceView, ...]
    absent: int
    absent_length: str
    devices: int
    networks: int


def seconds_in_words(seconds: int) -> str:
    """Write a length of time of seconds or minutes."""
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return _("%(seconds)s s", seconds=number(rest))
    if not rest:
        return _("%(minutes)s min", minutes=number(minutes))
    return _("%(minutes)s min %(seconds)s s", minutes=number(minutes), seconds=number(rest))


def own_record(loaded: LoadedAttempt) -> IntegrityView | None:
    """Return the notes on an attempt for its learner; None where there are none (6.12)."""
    record, rules = read_record(loaded.row.integrity_record), loaded.snapshot.integrity
    if loaded.row.declared_at is None and not loaded.row.integrity_record:
        return None
    known, pages = record.times(), [item.page for item in loaded.items if item.number is not None]
    return IntegrityView(
        declared_at=loaded.row.declared_at,
        times=tuple(
            (item.number, seconds_in_words(known[item.position]) if item.position in known else _("not known"))
            for item in loaded.items
            if rules.times and item.number is not None
        ),
        is_approximate=len(pages) > len(set(pages)),
        absences=tuple(
            PageAbsenceView(loaded.row.started_at + timedelta(seconds=absence.at), seconds_in_words(absence.seconds))
            for absence in record.absences
        ),
        absent=record.absent,
        absent_length=seconds_in_words(record.absent_seconds),
        devices=len({session.device for session in record.sessions}),
        networks=len({session.network for session in record.sessions}),
    )
