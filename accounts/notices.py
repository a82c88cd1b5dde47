"""Notices: their kinds, given and taken back in the bell, mailed at once or in a daily digest, and each person's choices."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, insert, or_, select, true, update
from sqlalchemy.orm import LoaderCriteriaOption, Session, with_loader_criteria

from accounts import people as accounts_people
from accounts.models import Notification, NotificationPreference, Person
from accounts.rules import MailTime, NoticeKind
from kernel import audit, outbox
from kernel.crypto import seal, unseal
from kernel.db import HookList
from kernel.errors import N_
from kernel.permissions import Actor
from kernel.personal import RetentionRule

NOTICE_KINDS = HookList[NoticeKind]("notice_kinds")


@dataclass(frozen=True, slots=True)
class MuteSource:
    """Something of which a person can want no notifications: its title, the address that takes `muted`, and whether they want none."""

    title: str
    path: str
    muted: bool


@dataclass(frozen=True, slots=True)
class MuteWords:
    """The words of a section of «My notifications», marked for translation; a package that lists what is muted alone gives two."""

    heading: str
    muted: str
    """Before what is muted."""
    none: str = ""
    """Instead, where nothing is."""
    offer: str = ""
    """Before what is not muted."""
    note: str = ""
    """What arrives all the same, with `kinds`."""


@dataclass(frozen=True, slots=True)
class Mutes:
    """The people who want no notifications of a source, and the sources of a person; given by the package that owns them.

    Each is asked of every source: of one that is another's, `find_muted` and `title_of` return nothing, and `stop` does nothing.
    """

    find_muted: Callable[[Session, str, Sequence[int]], Collection[int]]
    list_sources: Callable[[Session, int], list[MuteSource]]
    title_of: Callable[[Session, str, int], Mapping[str, str] | None]
    """What a source is called, by language, as far as the person with this number may know it."""
    stop: Callable[[Session, int, str, datetime], None]
    """Let a person get no notifications of a source any more; a second time changes nothing."""
    wording: MuteWords


MUTES = HookList[Mutes]("mutes")
MAIL_TIMES = {
    MailTime.AT_ONCE: N_("Immediately"),
    MailTime.DAILY: N_("Once a day, in one email"),
    MailTime.NEVER: N_("Never"),
}


def list_notice_kinds(session: Session) -> dict[str, NoticeKind]:
    """Return the kinds of all packages by what is stored of them, in the order of the packages."""
    return {kind.value: kind for kind in NOTICE_KINDS.of(session)}


@dataclass(frozen=True, slots=True)
class NotificationChoice:
    """A person's notification preferences for one kind."""

    in_bell: bool = True
    mail: MailTime = MailTime.AT_ONCE


def notification_choices_of(session: Session, person_id: int) -> dict[str, NotificationChoice]:
    """Return all of a person's notification choices by kind."""
    rows = session.scalars(select(NotificationPreference).where(NotificationPreference.person_id == person_id))
    chosen = {row.kind: NotificationChoice(row.in_bell, MailTime(row.mail)) for row in rows}
    return {value: chosen.get(value, usual_choice(kind)) for value, kind in list_notice_kinds(session).items()}


def usual_choice(kind: NoticeKind) -> NotificationChoice:
    """Return the notification preferences for a kind of those who have chosen nothing."""
    return NotificationChoice(mail=kind.usual_mail)


def is_mailed(kind: NoticeKind, time: MailTime) -> ColumnElement[bool]:
    """Return the condition on a person who gets the mails of a kind at this time, chosen or usual."""
    mine = (NotificationPreference.person_id == Person.id, NotificationPreference.kind == kind.value)
    chosen = exists().where(*mine, NotificationPreference.mail == time.value)
    return or_(chosen, ~exists().where(*mine)) if kind.usual_mail is time else chosen


def notification_choices_for(session: Session, kind: NoticeKind, people: Sequence[int]) -> dict[int, NotificationChoice]:
    """Return the notification preferences of these people for a kind; suspended people are left out."""
    return list_notification_choices(session, [kind], people)[kind.value]


def list_notification_choices(
    session: Session, kinds: Sequence[NoticeKind], people: Sequence[int]
) -> dict[str, dict[int, NotificationChoice]]:
    """Return the notification preferences of these people for some kinds, by kind; suspended people are left out."""
    usual = {kind.value: usual_choice(kind) for kind in kinds}
    mine = (NotificationPreference.person_id == Person.id, NotificationPreference.kind.in_(usual))
    rows = session.execute(
        select(Person.id, NotificationPreference.kind, NotificationPreference.in_bell, NotificationPreference.mail)
        .outerjoin(NotificationPreference, and_(*mine))
        .where(Person.id.in_(people), Person.suspended_at.is_(None))
        .order_by(Person.id)
    ).all()
    choices = {kind: {row.id: choice for row in rows} for kind, choice in usual.items()}
    for number, kind, in_bell, mail in rows:
        if kind is not None:
            choices[kind][number] = NotificationChoice(in_bell, MailTime(mail))
    return choices


def _in_scope(session: Session) -> list[ColumnElement[bool]]:
    return accounts_people.in_scope(NOTICE_KINDS.of(session), session.info)


def was_notified(session: Session, key: str, people: Sequence[int]) -> set[int]:
    """Return which of these people have the notice of an event."""
    return set(session.scalars(select(Notification.person_id).where(Notification.key == key, Notification.person_id.in_(people))))


def list_notices(session: Session, person_id: int, *, offset: int, limit: int, only_unread: bool = False) -> list[Notification]:
    """List what is in a person's bell, the latest first; all, or what they have not seen."""
    statement = (
        select(Notification)
        .where(Notification.person_id == person_id, Notification.in_bell, *_in_scope(session))
        .order_by(Notification.given_at.desc(), Notification.id.desc())
    )
    if only_unread:
        statement = statement.where(Notification.read_at.is_(None))
    return list(session.scalars(statement.offset(offset).limit(limit)))


UNSUBSCRIBE = "unsubscribe"
UNSUBSCRIBE_SECONDS = 400 * 86_400
MAILS = 100
"""Mails that one job sends, or as many as half of its lease lets it."""


class NoticeVerb(
    audit.Verb,
    facts={
        "kinds": N_("Kinds"),
        "source": audit.Fact(
            N_("Source"),
            values={
                "list": N_("From a list of people"),
                "place": N_("From the page of a unit"),
                "provider": N_("From the institution’s sign-in"),
            },
        ),
    },
):
    """The audit-log verbs of notifications."""

    SWITCHED = "notices.switched", N_("Changed their notification preferences")
    SOURCE_STOPPED = "notices.source_stopped", N_("Muted what a mail came from")


@dataclass(frozen=True, slots=True)
class Message:
    """The content of a notification; `key` names the event, so that nobody is notified of it twice.

    `subject` and `words` are plain text by language (`kernel.i18n.in_every_language`), `path` an address of this site; `subject` is the
    Subject of the mail. No mail goes out after `mail_until`.
    """

    kind: NoticeKind
    key: str
    subject: Mapping[str, str]
    words: Mapping[str, str]
    path: str
    mail_until: datetime | None = None
    source: str = ""
    """What it comes from, of which people can want no notifications (`MUTES`)."""
    about_id: int | None = None
    """The number of the row that the scope of its kind is asked of, as long as the notification is there."""
    thread_key: str = ""
    """The conversation that it belongs to, in which alone it is answered: mail programs show its mails together."""
    list_id: str = ""
    """By which mail programs sort its mails (`kernel.mail.Mail`)."""


def notify(session: Session, message: Message, people: Sequence[int], *, now: datetime) -> int:
    """Notify these people (at most some hundreds at a time) in the transaction of the event; return how many notifications are new."""
    known = was_notified(session, message.key, people)
    if message.source and not message.kind.obliges:
        known = known.union(*(mutes.find_muted(session, message.source, people) for mutes in MUTES.of(session)))
    choices = notification_choices_for(session, message.kind, [person for person in people if person not in known])
    if message.kind.is_computed:
        choices = {person: NotificationChoice(False, choice.mail) for person, choice in choices.items() if choice.mail is MailTime.AT_ONCE}
    rows = [_row(message, person, choice, now) for person, choice in choices.items() if choice.in_bell or choice.mail is not MailTime.NEVER]
    if rows:
        session.execute(insert(Notification), rows)
    mailed = [person for person, choice in choices.items() if choice.mail is MailTime.AT_ONCE]
    for begin in range(0, len(mailed), MAILS):
        arguments = {"key": message.key, "people": mailed[begin : begin + MAILS]}
        outbox.enqueue(session, "accounts.send_notices", arguments, now=now)
    return len(rows)


def reword_notification(session: Session, message: Message) -> None:
    """Change the text of a notification in the bell; mail already sent stays as it was."""
    session.execute(update(Notification).where(Notification.key == message.key).values(subject=message.subject, words=message.words))


def take_back(session: Session, key: str) -> None:
    """Remove a notification from the bell; mail already sent stays."""
    session.execute(delete(Notification).where(Notification.key == key))


def take_back_others(session: Session, start: str, remaining: Collection[str]) -> None:
    """Take the notices with keys that start alike out of the bell, except some: what they told of is over."""
    alike = Notification.key.startswith(start, autoescape=True)
    session.execute(delete(Notification).where(alike, Notification.key.not_in(remaining)))


def replace_standing(session: Session, message: Message, people: Sequence[int], *, now: datetime) -> int:
    """Notify these people of a lasting state: earlier notifications of its kind are removed, and this one is updated.

    It counts as unread again where its subject has changed. Returns how many are new.
    """
    take_back_kind(session, message.kind, but=message.key)
    mine = Notification.key == message.key
    session.execute(update(Notification).where(mine, Notification.subject != message.subject).values(subject=message.subject, read_at=None))
    reword_notification(session, message)
    return notify(session, message, people, now=now)


def replace_own(session: Session, message: Message, person_id: int, *, now: datetime) -> None:
    """Notify one person of a lasting state of their own: earlier notifications of its kind leave their bell, and are still mailed."""
    mine = (Notification.person_id == person_id, Notification.kind == message.kind.value, Notification.key != message.key)
    session.execute(update(Notification).where(*mine).values(in_bell=False))
    notify(session, message, [person_id], now=now)


def take_back_kind(session: Session, kind: NoticeKind, *, but: str = "") -> None:
    """Take every notice of a kind out of the bell, except those with one key."""
    session.execute(delete(Notification).where(Notification.kind == kind.value, Notification.key != but))


def _row(message: Message, person_id: int, choice: NotificationChoice, now: datetime) -> dict[str, object]:
    return {
        "person_id": person_id,
        "kind": message.kind.value,
        "key": message.key,
        "subject": message.subject,
        "words": message.words,
        "path": message.path,
        "given_at": now,
        "in_bell": choice.in_bell,
        "mail": choice.mail.value,
        "mail_until": message.mail_until,
        "about_id": message.about_id,
        "source": "" if message.kind.obliges else message.source,
        "thread_key": message.thread_key,
        "list_id": message.list_id,
    }


def note_read(session: Session, notices: Sequence[int], *, now: datetime) -> None:
    """Note that these notices were on a page that their reader saw."""
    session.execute(update(Notification).where(Notification.id.in_(notices), Notification.read_at.is_(None)).values(read_at=now))


def note_mailed(session: Session, notices: Sequence[int], *, now: datetime) -> None:
    """Note that these notices went out by mail."""
    session.execute(update(Notification).where(Notification.id.in_(notices)).values(mailed_at=now))


def forget_before(session: Session, moment: datetime) -> int:
    """Delete the notices that were given before a moment; return how many."""
    return len(session.scalars(delete(Notification).where(Notification.given_at < moment).returning(Notification.id)).all())


RETENTION_RULE = RetentionRule("keep_notices_days", N_("Notifications on the site (bell icon)"), forget_before)


def set_notification_choices(
    session: Session, actor: Actor, person: Person, choices: Mapping[str, NotificationChoice], *, now: datetime
) -> None:
    """Store a person's notification preferences; they apply from now on."""
    present = notification_choices_of(session, person.id)
    changed = {kind: choice for kind, choice in choices.items() if present[kind] != choice}
    if not changed:
        return
    mine = NotificationPreference.person_id == person.id
    session.execute(delete(NotificationPreference).where(mine, NotificationPreference.kind.in_(changed)))
    for kind, choice in changed.items():
        session.add(NotificationPreference(person_id=person.id, kind=kind, in_bell=choice.in_bell, mail=choice.mail.value))
    audit.record(session, actor, NoticeVerb.SWITCHED, person, now=now, kinds=sorted(changed))


@dataclass(frozen=True, slots=True)
class Unsubscription:
    """The notifications that a link at the foot of a mail stops: those of a source, else of a kind; '' as the kind: all of them."""

    person: UUID
    kind: str
    source: str = ""


def unsubscription_token(secret: bytes, person: UUID, kind: str, source: str = "") -> str:
    """Return the signed end of a link that stops the mails of a kind, or what comes from a source, without signing in."""
    return seal(secret, UNSUBSCRIBE, [str(person), kind, source] if source else [str(person), kind])


def read_unsubscription(secrets: Sequence[bytes], token: str) -> Unsubscription | None:
    """Return the subscription that a link stops, or nothing where we did not sign it."""
    unsealed = (unseal(secret, UNSUBSCRIBE, token, seconds=UNSUBSCRIBE_SECONDS) for secret in secrets)
    value = next((content for content in unsealed if content is not None), None)
    return None if value is None else Unsubscription(UUID(value[0]), *value[1:])


def stop_mails(session: Session, actor: Actor, unsubscription: Unsubscription, *, now: datetime) -> None:
    """Send no mail of a kind any more, nor what still waits; the bell stays as it was. A source is muted."""
    person = accounts_people.get_person_by_uuid(session, unsubscription.person)
    if unsubscription.source:
        _stop_source(session, actor, person, unsubscription.source, now=now)
        return
    present = notification_choices_of(session, person.id)
    kinds = [unsubscription.kind] if unsubscription.kind else list(present)
    set_notification_choices(
        session, actor, person, {kind: NotificationChoice(present[kind].in_bell, MailTime.NEVER) for kind in kinds}, now=now
    )
    _stop_waiting(session, person, Notification.kind.in_(kinds))


def _stop_source(session: Session, actor: Actor, person: Person, source: str, *, now: datetime) -> None:
    mutes = MUTES.of(session)
    if not any(person.id in owner.find_muted(session, source, [person.id]) for owner in mutes):
        for owner in mutes:
            owner.stop(session, person.id, source, now)
        audit.record(session, actor, NoticeVerb.SOURCE_STOPPED, person, now=now, source=source)
    _stop_waiting(session, person, Notification.source == source)


def _stop_waiting(session: Session, person: Person, condition: ColumnElement[bool]) -> None:
    waiting = (Notification.person_id == person.id, Notification.mailed_at.is_(None), condition)
    session.execute(update(Notification).where(*waiting).values(mail=MailTime.NEVER.value))


def source_title(session: Session, source: str, person_id: int) -> Mapping[str, str] | None:
    """Return the title of a source, by language, as far as a person may know it; None where there is none of that name."""
    titles = (owner.title_of(session, source, person_id) for owner in MUTES.of(session) if source)
    return next((title for title in titles if title is not None), None)


def only_in_scope(session: Session) -> LoaderCriteriaOption:
    """Return the option of a statement by which it reads no notifications that are out of scope."""
    return with_loader_criteria(Notification, and_(true(), *_in_scope(session)))


@dataclass(frozen=True, slots=True)
class NoticeMail:
    """A notice on its way to one person."""

    person: Person
    notice: Notification


def list_notice_mails(session: Session, key: str, people: Sequence[int], *, now: datetime) -> list[NoticeMail]:
    """List the notices of an event to these people that are to go out at once and have not, by the people's numbers."""
    statement = (
        select(Notification, Person)
        .join(Person, Person.id == Notification.person_id)
        .where(
            Notification.key == key,
            Notification.person_id.in_(people),
            Notification.mail == MailTime.AT_ONCE.value,
            *_postable(session, now),
        )
        .order_by(Notification.person_id)
    )
    return [NoticeMail(row.Person, row.Notification) for row in session.execute(statement)]


def _postable(session: Session, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (*unmailed(session, now), *reachable())


def unmailed(session: Session, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on a notification whose mail has not gone out and still may."""
    in_time = or_(Notification.mail_until.is_(None), Notification.mail_until > now)
    return (in_time, Notification.mailed_at.is_(None), *_in_scope(session))


def reachable() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on a person who gets notifications by mail."""
    return (Person.suspended_at.is_(None), Person.email_confirmed_at.is_not(None))
