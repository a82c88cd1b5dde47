"""Work that waits for officers and administrators, with its notice, and the weekly digests of heads and owners (spec/compulsory 10.6)."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from hashlib import sha256
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from accounts import notices
from accounts.models import NotificationPreference, Person
from accounts.notices import Message
from accounts.people import by_name, list_administrators
from accounts.rules import MailTime
from compliance.agreements import get_title
from compliance.assignments import state_at
from compliance.claim_lists import count_waiting, latest_waiting
from compliance.enrolment import HinderedPeople, list_hindered
from compliance.free_days import NATIONAL, load_free_days, province_of, working_in
from compliance.models import Assignment, Obligation, ObligationVersion, PlannedChange
from compliance.notices import TRAINING_NOTICE, TRAINING_TEAM_NOTICE, TRAINING_WORK_NOTICE
from compliance.obligations import list_authors
from compliance.reminders import load_late_since, load_obligations, load_recorded_days
from compliance.rules import team_digests as rules
from compliance.rules.reminders import OPENS, TOO_LATE
from compliance.rules.states import NEEDED, TrainingState
from compliance.rules.terms import WorkingDays
from kernel.db import UtcDateTime
from kernel.i18n import LANGUAGES, _, choose, format_date, format_datetime, in_every_language, ngettext, reading, site_locale
from kernel.permissions import Actor, ActorChannel, SiteRole
from organisations import tree
from organisations.access import TrainingScope
from organisations.audiences import WaitingRule
from organisations.models import Audience, Membership, TrainingGrant, UnitManager
from organisations.rules.units import TrainingRole, UnitSummary, zone_of
from organisations.training_scope import get_training_scope

MOST_NAMED = 100


@dataclass(frozen=True, slots=True)
class WaitingWork:
    """The work that waits for the decision of one person: requests, drafts and changes, and since when the newest of them waits."""

    requests: int
    drafts: int
    newest: datetime | None


def list_workers(session: Session) -> list[int]:
    """List the training officers and administrators, by their number."""
    officers = session.scalars(select(TrainingGrant.person_id).where(TrainingGrant.role == TrainingRole.OFFICER.value).distinct())
    return sorted({*officers, *list_administrators(session)})


def list_second_persons(session: Session, institution_id: int | None, authors: Collection[int | None]) -> list[str]:
    """Return the names of those who may apply what its authors may not."""
    return [person.full_name for person in find_second_persons(session, institution_id, authors)]


def find_second_persons(session: Session, institution_id: int | None, authors: Collection[int | None]) -> Sequence[Person]:
    """Return who may apply what its authors may not: officers of an institution, and administrators."""
    officers = select(TrainingGrant.person_id).where(
        TrainingGrant.role == TrainingRole.OFFICER.value, TrainingGrant.organisation_id == institution_id
    )
    may = or_(Person.id.in_(officers), Person.id.in_(list_administrators(session)))
    statement = select(Person).where(
        may, Person.suspended_at.is_(None), Person.id.not_in([author for author in authors if author is not None])
    )
    return session.scalars(statement.order_by(*by_name()).limit(MOST_NAMED)).all()


def _drafts(person_id: int, scope: TrainingScope) -> Select[int, datetime | None]:
    """Select how many drafts of others wait for somebody as a second person, and since when the newest does (spec/compulsory 4.8)."""
    statement = select(func.count(Obligation.id), func.max(Obligation.created_at, type_=UtcDateTime()))
    of_others = (Obligation.state == "draft", Obligation.created_by.is_distinct_from(person_id))
    return statement.where(*of_others, *_reach(scope, Obligation.institution_id))


def _reach(scope: TrainingScope, institution: ColumnElement[int] | InstrumentedAttribute[int]) -> list[ColumnElement[bool]]:
    return [] if scope.everywhere else [institution.in_(scope.officer)]


def _waiting(scope: TrainingScope) -> list[ColumnElement[bool]]:
    """Return the conditions of a change that only a second person applies, and that nothing has overtaken (spec/compulsory 4.5)."""
    is_present = or_(
        PlannedChange.based_on == Obligation.edited,
        and_(Obligation.id.is_(None), PlannedChange.based_on == Audience.latest),
        PlannedChange.kind.in_(("free_day", "move")),
    )
    waits = (PlannedChange.state == "ready", PlannedChange.second_person != "", PlannedChange.kind != "activate")
    return [*waits, is_present, *_reach(scope, Audience.institution_id)]


def list_waiting_changes(
    session: Session, scope: TrainingScope, *conditions: ColumnElement[bool]
) -> list[tuple[PlannedChange, Audience | None]]:
    """List the changes that wait for a second person in a scope and fulfil some conditions, the oldest first."""
    statement = select(PlannedChange, Audience).outerjoin(Audience, Audience.id == PlannedChange.audience_id)
    statement = statement.outerjoin(Obligation, Obligation.id == PlannedChange.obligation_id).where(*_waiting(scope), *conditions)
    return [(row[0], row[1]) for row in session.execute(statement.order_by(PlannedChange.id).limit(MOST_NAMED))]


def _changes(person_id: int, scope: TrainingScope) -> Select[int, datetime | None]:
    """Select how many changes of others wait for somebody as a second person, and since when the newest does."""
    statement = select(func.count(PlannedChange.id), func.max(PlannedChange.created_at, type_=UtcDateTime()))
    statement = statement.outerjoin(Audience, Audience.id == PlannedChange.audience_id)
    statement = statement.outerjoin(Obligation, Obligation.id == PlannedChange.obligation_id)
    return statement.where(PlannedChange.created_by.is_distinct_from(person_id), *_waiting(scope))


def find_work(session: Session, person_id: int, administrators: Sequence[int]) -> WaitingWork:
    """Find the work that waits for a training officer or an administrator."""
    is_administrator = person_id in administrators
    roles = frozenset({SiteRole.ADMINISTRATOR} if is_administrator else ())
    actor = Actor(person_id=person_id, roles=roles, via=ActorChannel.JOB)
    scope = get_training_scope(session, actor)
    counted = [session.execute(statement).one() for statement in (_drafts(person_id, scope), _changes(person_id, scope))]
    latest = [moment for moment in (latest_waiting(session, scope, actor), *(row[1] for row in counted)) if moment is not None]
    return WaitingWork(count_waiting(session, scope, actor), sum(row[0] for row in counted), max(latest, default=None))


def due_day(session: Session, *, now: datetime) -> date | None:
    """Return the working day of which the notice is due now; None at night and on free days."""
    here = now.astimezone(site_locale().zone)
    working = working_in(load_free_days(session), NATIONAL)
    return here.date() if here.time() >= OPENS and working.has(here.date()) else None


def notify_worker(session: Session, person_id: int, administrators: Sequence[int], day: date, *, now: datetime) -> None:
    """Notify one person of what waits, where something of it is new since the working day before, or on Mondays; once a day."""
    work = find_work(session, person_id, administrators)
    if work.newest is None:
        return
    before = working_in(load_free_days(session), NATIONAL).before(day)
    since = datetime.combine(before, time(OPENS.hour), site_locale().zone)
    if work.newest >= since or day.weekday() == 0:
        notices.notify(session, _message(work, day), [person_id], now=now)


def _message(work: WaitingWork, day: date) -> Message:
    def words() -> str:
        requests = ngettext(
            "%(count)s request for a waiver or recognition.", "%(count)s requests for waivers or recognitions.", work.requests
        )
        drafts = ngettext(
            "%(count)s draft or change that needs a second person.", "%(count)s drafts or changes that need a second person.", work.drafts
        )
        return " ".join(text for text, count in ((requests, work.requests), (drafts, work.drafts)) if count)

    total = work.requests + work.drafts
    subject = in_every_language(
        lambda: ngettext("%(count)s decision on compulsory training is due", "%(count)s decisions on compulsory training are due", total)
    )
    path = "/training/waivers" if work.requests else "/compulsory-training/obligations"
    return Message(TRAINING_WORK_NOTICE, f"training-work:{day.isoformat()}", subject, in_every_language(words), path)


def notify_second_persons(session: Session, row: PlannedChange, *, now: datetime) -> None:
    """Notify whoever may apply a change that its author may not, once however often it is tried (spec/compulsory 4.5a)."""
    obligation = session.get_one(Obligation, row.obligation_id) if row.obligation_id is not None else None
    audience = session.get_one(Audience, row.audience_id) if row.audience_id is not None else None
    authors = frozenset({row.created_by})
    if row.kind == "activate" and obligation is not None:
        authors = list_authors(session, obligation)
        waits = row.created_by in authors  # whoever else tries it may apply it
    else:
        waits = row.second_person != ""
    if not waits:
        return
    if obligation is not None:
        path, title = "/compulsory-training/obligations/changes", get_title(session, obligation)
    elif audience is not None:
        path, title = "/compulsory-training/audience-rules", audience.title
    elif row.kind == "move":
        path, title = "/administration/unit-moves", in_every_language(lambda: _("Move of a unit"))
    else:
        path, title = "/administration/free-days/changes", in_every_language(lambda: _("Holidays and days off"))
    subject = in_every_language(lambda: _("“%(title)s”: a change waits for a second person", title=choose(title)))
    text = in_every_language(lambda: _("Its author may not apply it alone. Nothing changes until another person applies it."))
    message = Message(TRAINING_WORK_NOTICE, _second_person_key(row), subject, text, f"{path}/{row.uuid}")
    people = find_second_persons(session, audience.institution_id if audience is not None else None, authors)
    notices.notify(session, message, [person.id for person in people], now=now)


def withdraw_second_persons(session: Session, row: PlannedChange) -> None:
    """Take the notice of a change that was applied or discarded out of the bell (spec/compulsory 4.5a)."""
    notices.take_back(session, _second_person_key(row))


def _second_person_key(row: PlannedChange) -> str:
    return f"second-person:{row.id}"


def hindered_words(row: HinderedPeople) -> str:
    """Describe how many cannot finish a course by their last day, or have to finish before, and what to do."""
    facts, end = {"course": choose(row.title), "day": format_date(row.last_on, "full")}, row.hindrance.ends
    if end is not None:
        return ngettext(
            "“%(course)s” ends for %(count)s person on %(end)s, before the last day, %(day)s: an edition or a required quiz closes then.",
            "“%(course)s” ends for %(count)s people on %(end)s, before the last day, %(day)s: an edition or a required quiz closes then.",
            row.people,
            **facts,
            end=format_datetime(end - timedelta(minutes=1), "short"),
        )
    if row.hindrance.is_taken:
        return ngettext(
            "%(count)s person takes “%(course)s” and cannot finish by %(day)s. Move the end of the edition or quiz, or the last day.",
            "%(count)s people take “%(course)s” and cannot finish by %(day)s. Move the end of the edition or quiz, or the last day.",
            row.people,
            **facts,
        )
    return ngettext(
        "“%(course)s”: %(count)s person has no edition in which to finish by %(day)s. Have one opened, or move the last day.",
        "“%(course)s”: %(count)s people have no edition in which to finish by %(day)s. Have one opened, or move the last day.",
        row.people,
        **facts,
    )


def notify_hindered(session: Session, obligation: Obligation, *, now: datetime) -> None:
    """Notify officers of who cannot finish in time, once for as long as it is so (spec/compulsory 11.7)."""
    rows = {_hindered_key(obligation, row): row for row in list_hindered(session, obligation, now=now)}
    notices.take_back_others(session, f"hindered:{obligation.id}:", rows)
    for key, row in rows.items():
        subject = in_every_language(partial(_hindered_subject, row))
        text = in_every_language(partial(hindered_words, row))
        _notify_officers(session, obligation, key, subject, text, now=now)


def list_stopped(session: Session, obligation: Obligation, *, now: datetime) -> Sequence[Person]:
    """List the people with something left to do for an obligation, by name, who stopped the mails that remind them of it."""
    stopped = (NotificationPreference.kind == TRAINING_NOTICE.value, NotificationPreference.mail == MailTime.NEVER.value)
    statement = (
        select(Person)
        .join(Assignment, Assignment.person_id == Person.id)
        .join(NotificationPreference, NotificationPreference.person_id == Person.id)
        .where(Assignment.obligation_id == obligation.id, state_at(now).in_(sorted(NEEDED)), *stopped)
        .where(Person.suspended_at.is_(None))
    )
    return session.scalars(statement.order_by(*by_name(), Person.id)).all()


def notify_stopped(session: Session, obligation: Obligation, *, now: datetime) -> None:
    """Notify officers of who stopped the mails of compulsory training, once for as long as they are the same people."""
    stopped = list_stopped(session, obligation, now=now)
    key = f"stopped:{obligation.id}:{sha256(repr(sorted(person.id for person in stopped)).encode()).hexdigest()[:32]}"
    notices.take_back_others(session, f"stopped:{obligation.id}:", [key] if stopped else [])
    if not stopped:
        return
    count, title = len(stopped), get_title(session, obligation)
    subject = in_every_language(
        lambda: ngettext(
            "“%(title)s”: %(count)s person has turned off its emails",
            "“%(title)s”: %(count)s people have turned off its emails",
            count,
            title=choose(title),
        )
    )
    text = in_every_language(lambda: _("They are reminded under the bell icon alone. The page of the training names them."))
    _notify_officers(session, obligation, key, subject, text, now=now)


def _notify_officers(
    session: Session, obligation: Obligation, key: str, subject: dict[str, str], text: dict[str, str], *, now: datetime
) -> None:
    """Notify who is in charge of an obligation and the officers of its institution."""
    message = Message(TRAINING_WORK_NOTICE, key, subject, text, f"/compulsory-training/obligations/{obligation.uuid}")
    officers = {obligation.owner_id, *(person.id for person in find_second_persons(session, obligation.institution_id, ()))}
    notices.notify(session, message, sorted(person for person in officers if person is not None), now=now)


def _hindered_subject(row: HinderedPeople) -> str:
    return _("“%(course)s” cannot be finished in time", course=choose(row.title))


def _hindered_key(obligation: Obligation, row: HinderedPeople) -> str:
    kind = "earlier" if row.hindrance.ends is not None else "closed" if row.hindrance.is_taken else "edition"
    return f"hindered:{obligation.id}:{kind}:{row.hindrance.course}"


PORTION = 500
_IN_FORCE = (Obligation.id == Assignment.obligation_id) & (Obligation.state == "active")
_MAIN = (Membership.person_id == Assignment.person_id) & tree.MAIN


def load_heads(session: Session) -> Mapping[int, Collection[int]]:
    """Return who heads each place: its head, or all who manage it where none is named."""
    named, all_of = defaultdict[int, list[int]](list), defaultdict[int, list[int]](list)
    for unit_id, person, is_head in session.execute(select(UnitManager.organisation_id, UnitManager.person_id, UnitManager.is_head)):
        all_of[unit_id].append(person)
        if is_head:
            named[unit_id].append(person)
    return {unit_id: named.get(unit_id) or people for unit_id, people in all_of.items()}


def list_readers(session: Session) -> list[tuple[int, ZoneInfo, WorkingDays]]:
    """List the heads of places and the owners of obligations, each once, by their number, with zone and working days of their place."""
    places, free_days = {unit.id: unit for unit in tree.list_tree(session)}, load_free_days(session)
    owned = select(Obligation.institution_id, Obligation.owner_id).where(Obligation.state == "active", Obligation.owner_id.is_not(None))
    unit_of_reader: dict[int, int] = {}
    for unit_id, people in sorted(load_heads(session).items()):
        for person in people:
            unit_of_reader.setdefault(person, unit_id)
    for unit_id, owner in session.execute(owned.order_by(Obligation.id)):
        if owner is not None:
            unit_of_reader.setdefault(owner, unit_id)
    return [
        (person, ZoneInfo(zone_of(places, unit_id)), working_in(free_days, province_of(places, unit_id)))
        for person, unit_id in sorted(unit_of_reader.items())
    ]


def load_headed_tree(session: Session) -> rules.HeadedTree:
    """Return the tree with its heads, and the obligations in force with their owners."""
    latest = (ObligationVersion.obligation_id == Obligation.id) & (ObligationVersion.number == Obligation.latest)
    rows = session.execute(
        select(Obligation.id, Obligation.owner_id, ObligationVersion.is_escalated)
        .join(ObligationVersion, latest)
        .where(Obligation.state == "active")
    ).all()
    places: Sequence[UnitSummary] = tree.list_tree(session)
    return rules.HeadedTree(
        {unit.id: unit.parent_id for unit in places},
        load_heads(session),
        {row.id: row.owner_id for row in rows if row.owner_id is not None},
        frozenset(row.id for row in rows if row.is_escalated),
    )


def count_states(session: Session, now: datetime) -> list[rules.StateCount]:
    """Count who is asked for something, by main place, obligation and state, in one statement; who is excused is not counted."""
    state = state_at(now)
    statement = (
        select(Membership.organisation_id, Assignment.obligation_id, state, func.count())
        .join(Obligation, _IN_FORCE)
        .join(Membership, _MAIN)
        .where(state.not_in([TrainingState.NOT_REQUIRED.value, TrainingState.WAIVED.value]))
        .group_by(Membership.organisation_id, Assignment.obligation_id, state)
    )
    return [rules.StateCount(unit_id, number, TrainingState(name), people) for unit_id, number, name, people in session.execute(statement)]


def list_assignments_of(session: Session, people: Collection[int], now: datetime) -> list[rules.AssignedPerson]:
    """List what is asked of some people, with their main place."""
    state = state_at(now)
    statement = (
        select(Assignment.person_id, Membership.organisation_id, Assignment.obligation_id, state)
        .join(Obligation, _IN_FORCE)
        .join(Membership, _MAIN)
        .where(Assignment.person_id.in_(people), state.not_in([TrainingState.NOT_REQUIRED.value, TrainingState.WAIVED.value]))
    )
    return [
        rules.AssignedPerson(person, unit_id, number, TrainingState(name)) for person, unit_id, number, name in session.execute(statement)
    ]


def list_late(session: Session) -> list[rules.AssignedPerson]:
    """List who is overdue or expired under an obligation in force, with the day since when, some hundreds at a time."""
    assigned: list[rules.AssignedPerson] = []
    after = 0
    while True:
        statement = (
            select(Assignment, Membership.organisation_id)
            .join(Obligation, _IN_FORCE)
            .outerjoin(Membership, _MAIN)
            .where(Assignment.id > after, Assignment.state.in_(sorted(state.value for state in rules.LATE)))
        )
        rows = session.execute(statement.order_by(Assignment.id).limit(PORTION)).all()
        assignments = [row for row, _place in rows]
        since, recorded = load_late_since(session, assignments), load_recorded_days(session, assignments)
        assigned += [
            rules.AssignedPerson(
                row.person_id,
                unit_id,
                row.obligation_id,
                TrainingState(row.state),
                late_since=since.get(row.id),
                recorded_on=recorded.get(row.id),
            )
            for row, unit_id in rows
        ]
        if len(rows) < PORTION:
            return assigned
        after = rows[-1][0].id


REPORT = "/training-report"
"""The page on which heads see their people, behind sign-in."""

Titles = Mapping[int, Mapping[str, str]]
WriteDigest = Callable[[rules.TeamDigest, Titles], tuple[str, str]]
"""Gives the subject and the words of a digest, in the reader's language."""


def digest_key(monday: date) -> str:
    """Return the key of the notice of a week."""
    return f"training-team:{monday.isoformat()}"


def list_due_readers(session: Session, *, now: datetime) -> Mapping[tuple[date, str], list[int]]:
    """Return who gets the digest of which Monday now, in the office hours of their place, those together who get it at one moment."""
    readers: dict[tuple[date, str], list[int]] = {}
    for person_id, zone, working in list_readers(session):
        monday = rules.digest_monday(now, zone, working)
        if monday is not None:
            readers.setdefault((monday, f"{zone.key}@{working.on_or_after(monday)}"), []).append(person_id)
    return readers


def load_digests(session: Session, monday: date, *, now: datetime) -> tuple[Mapping[int, rules.TeamDigest], Titles]:
    """Return the digests of a Monday by reader, and the titles of the obligations that they name."""
    tree = load_headed_tree(session)
    heads = {head for people in tree.heads.values() for head in people}
    own = list_assignments_of(session, heads, now)
    digests = rules.team_digests(tree, count_states(session, now), own, list_late(session), monday)
    numbers = {count.obligation_id for digest in digests.values() for count in digest.counts}
    return digests, {number: known.title for number, known in load_obligations(session, numbers, monday).items()}


def notify_readers(
    session: Session,
    monday: date,
    digests: Mapping[int, rules.TeamDigest],
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
        message = Message(TRAINING_TEAM_NOTICE, digest_key(monday), subject, texts, REPORT, mail_until=now + TOO_LATE)
        notices.notify(session, message, [person], now=now)


MOST_LINES = 20


def digest_words(digest: rules.TeamDigest, titles: Titles) -> tuple[str, str]:
    """Return the subject and the words of a digest in the reader's language."""
    late = sum(counts.late for counts in digest.counts) or digest.above + digest.owned + digest.headless
    subject = (
        ngettext("Compulsory training: %(count)s overdue", "Compulsory training: %(count)s overdue", late)
        if late
        else _("Compulsory training of your people")
    )
    lines = [_counts_line(counts, choose(titles.get(counts.obligation_id))) for counts in digest.counts if counts.done < counts.required][
        :MOST_LINES
    ]
    if digest.above:
        lines.append(
            ngettext(
                "%(count)s person of units below has been overdue for 15 days or more.",
                "%(count)s people of units below have been overdue for 15 days or more.",
                digest.above,
            )
        )
    if digest.owned:
        lines.append(
            ngettext(
                "%(count)s person under an obligation of yours has been overdue for 30 days or more.",
                "%(count)s people under obligations of yours have been overdue for 30 days or more.",
                digest.owned,
            )
        )
    if digest.headless:
        lines.append(
            ngettext(
                "%(count)s overdue person has no head in the tree: name one for their unit.",
                "%(count)s overdue people have no head in the tree: name one for their units.",
                digest.headless,
            )
        )
    return subject, "\n".join(lines)


def _counts_line(counts: rules.ObligationCounts, title: str) -> str:
    sentence = _("“%(title)s”: %(done)s of %(required)s done.", title=title, done=counts.done, required=counts.required)
    if not counts.late:
        return sentence
    late = ngettext("%(count)s overdue.", "%(count)s overdue.", counts.late)
    new = ngettext("%(count)s of them is new.", "%(count)s of them are new.", counts.new) if counts.new else ""
    recorded = (
        ngettext(
            "%(count)s of the new ones has been on record only since %(day)s.",
            "%(count)s of the new ones have been on record only since %(day)s or later.",
            len(counts.recorded_on),
            day=format_date(counts.recorded_on[0]),
        )
        if counts.recorded_on
        else ""
    )
    return " ".join(filter(None, (sentence, late, new, recorded)))


def list_waiting_rules_of_audience(session: Session, audience: Audience) -> list[WaitingRule]:
    """List the planned rules of an audience that wait for a second person, the oldest first."""
    conditions = (PlannedChange.kind == "audience", PlannedChange.audience_id == audience.id)
    changes = list_waiting_changes(session, TrainingScope(everywhere=True), *conditions)
    return [WaitingRule(row.uuid, row.created_by, row.created_at, row.effective_on) for row, _audience in changes]
