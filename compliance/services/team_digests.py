"""Services of the Monday digest: one notice to each head and owner, numbers alone (spec/compulsory 10.6)."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime

from sqlalchemy.orm import Session

from accounts import notices
from accounts.notices import Message
from accounts.rules import NoticeKind
from compliance.queries import team_digests as queries
from compliance.queries.reminders import load_obligations
from compliance.rules.reminders import TOO_LATE
from compliance.rules.team_digests import TeamDigest, digest_monday, team_digests
from kernel.i18n import LANGUAGES, reading

REPORT = "/training-report"
"""The page on which heads see their people, behind sign-in."""

Titles = Mapping[int, Mapping[str, str]]
WriteDigest = Callable[[TeamDigest, Titles], tuple[str, str]]
"""Gives the subject and the words of a digest, in the reader's language."""


def digest_key(monday: date) -> str:
    """Return the key of the notice of a week."""
    return f"training-team:{monday.isoformat()}"


def list_due_readers(session: Session, *, now: datetime) -> Mapping[tuple[date, str], list[int]]:
    """Return who gets the digest of which Monday now, in the office hours of their place, those together who get it at one moment."""
    readers: dict[tuple[date, str], list[int]] = {}
    for reader in queries.list_readers(session):
        monday = digest_monday(now, reader.zone, reader.working)
        if monday is not None:
            readers.setdefault((monday, f"{reader.zone.key}@{reader.working.on_or_after(monday)}"), []).append(reader.person_id)
    return readers


def load_digests(session: Session, monday: date, *, now: datetime) -> tuple[Mapping[int, TeamDigest], Titles]:
    """Return the digests of a Monday by reader, and the titles of the obligations that they name."""
    tree = queries.load_headed_tree(session)
    heads = {head for people in tree.heads.values() for head in people}
    own = queries.list_assignments_of(session, heads, now)
    digests = team_digests(tree, queries.count_states(session, now), own, queries.list_late(session), monday)
    numbers = {count.obligation_id for digest in digests.values() for count in digest.counts}
    return digests, {number: known.title for number, known in load_obligations(session, numbers, monday).items()}


def notify_readers(
    session: Session,
    monday: date,
    digests: Mapping[int, TeamDigest],
    titles: Titles,
    people: Collection[int],
    write: WriteDigest,
    *,
    now: datetime,
) -> None:
    """Give some readers their digest; whoever has it already gets no second one."""
    for person in people:
        digest = digests.get(person)
        if digest is None:
            continue
        subject, texts = dict[str, str](), dict[str, str]()
        for language in LANGUAGES:
            with reading(language):
                subject[language], texts[language] = write(digest, titles)
        message = Message(NoticeKind.TRAINING_TEAM, digest_key(monday), subject, texts, REPORT, mail_until=now + TOO_LATE)
        notices.notify(session, message, [person], now=now)
