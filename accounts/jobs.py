"""Mails of accounts, and of notices. Links are minted here, when the mail is written, so that no job row ever holds a secret."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy.orm import Session

from accounts import accounts, addresses, computed_notices, notices
from accounts import people as accounts_people
from accounts.computed_notices import Digest
from accounts.entry import FORBIDS_PASSWORD, has_password
from accounts.models import Person, TokenPurpose
from accounts.notices import NoticeMail
from accounts.rules import TOKEN_LIFE, NoticeKind, digest_until
from kernel import clock, mail, outbox
from kernel.i18n import _, choose, find_zone, format_datetime, reading
from kernel.outbox import Away, Delivery, Effect
from kernel.settings import secret_keys

T = TypeVar("T")


def _person(delivery: Delivery) -> Person:
    with delivery.database.unit_of_work(write=False) as session:
        return accounts_people.get_person(session, delivery.number("person"))


def _link(delivery: Delivery, person: Person, purpose: TokenPurpose) -> str:
    with delivery.database.unit_of_work() as session:
        return accounts.make_token(session, purpose, person, now=delivery.now)


def _send(delivery: Delivery, person: Person, template: str, path: str, key: str = "", *, to: str = "", **more: Any) -> None:
    settings, key = delivery.settings, key or f"job-{delivery.job_id}"
    facts = {"name": person.given_names, **more}
    message = mail.write(settings, to or person.email, template, person.language, key=key, path=path, **facts)
    mail.dispatch(delivery, message)


def _is_late(delivery: Delivery) -> bool:
    """Return whether a link that lasts half an hour would be over by now, counted from when it was asked for."""
    return delivery.waited > TOKEN_LIFE


def _send_word_of_late_link(delivery: Delivery, person: Person, path: str, *, to: str = "") -> None:
    """Notify the requester that a link could not be sent in time, and where to request another; log it too."""
    outbox.log.warning("mail.link_over", job=delivery.job_id, minutes=int(delivery.waited.total_seconds() // 60))
    with reading(person.language, find_zone(person.zone)):
        asked_at = format_datetime(delivery.created_at)
    _send(delivery, person, "link_over", path, to=to, moment=asked_at)


def send_confirmation(delivery: Delivery) -> None:
    """Send the link that confirms an address. Where mail was away for longer than it lasts, say so: a new password confirms it too."""
    person = _person(delivery)
    if _is_late(delivery):
        if person.email_confirmed_at is None:
            _send_word_of_late_link(delivery, person, "/password/forgotten")
        return
    path, title = _destination(delivery)
    link = f"/confirm/{_link(delivery, person, TokenPurpose.CONFIRM)}"
    _send(delivery, person, "confirm", link + _with_next(path), course=title, sends_mail=delivery.settings.sends_mail)


def _destination(delivery: Delivery) -> tuple[str, str]:
    """Return the path that a person signed up for, and its name; both are empty for jobs of an earlier release."""
    return str(delivery.arguments.get("next") or ""), str(delivery.arguments.get("title") or "")


def _with_next(path: str) -> str:
    return f"?next={quote(path)}" if path else ""


def send_reset(delivery: Delivery) -> None:
    """Send the link to choose a new password, or a new invitation if the last was never accepted. Without a person, do nothing."""
    if delivery.arguments["person"] is None:
        return
    person = _person(delivery)
    with delivery.database.unit_of_work(write=False) as session:
        waits = accounts_people.waits_for_invitation(session, person)
        names = () if has_password(person) else tuple(filter(None, (barred(session, person) for barred in FORBIDS_PASSWORD.of(session))))
    if names:
        _send(delivery, person, "no_password", "/sign-in", provider_name=names[0])
    elif waits:
        _invite(delivery, person)
    elif _is_late(delivery):
        _send_word_of_late_link(delivery, person, "/password/forgotten")
    else:
        path, _title = _destination(delivery)
        _send(delivery, person, "reset", f"/password/reset/{_link(delivery, person, TokenPurpose.RESET)}{_with_next(path)}")


def _invite(delivery: Delivery, person: Person) -> None:
    path = f"/invitation/{_link(delivery, person, TokenPurpose.INVITE)}"
    _send(delivery, person, "welcome", path, f"invitation-{delivery.job_id}-{person.id}")
    with delivery.database.unit_of_work() as session:
        accounts_people.get_person(session, person.id).invited_at = delivery.now


def send_invitations(delivery: Delivery) -> Effect | None:
    """Invite people whom an administrator added; each is noted as sent at once, so that a second time nobody gets another."""
    with delivery.database.unit_of_work(write=False) as session:
        people = accounts_people.list_uninvited(session, delivery.numbers("people"))
    return _send_to_many(delivery, "accounts.send_invitations", {person.id: person for person in people}, partial(_invite, delivery))


def _send_to_many(delivery: Delivery, kind: str, entries: Mapping[int, T], send: Callable[[T], None]) -> Effect | None:
    """Send what each person gets, one after the other, while half of the lease lasts; whom it does not reach is the next job's.

    A message that is refused does not keep the others waiting: it is tried again later, without meeting the job of the rest. No more go
    out in a second than the setting says.
    """
    refused, put_off, until = dict[int, Exception](), dict[int, Exception](), clock.now() + outbox.LEASE / 2
    for tried, (person, entry) in enumerate(entries.items()):
        if clock.now() >= until:
            later = delivery.now + outbox.BACK_OFF[0]
            parts = [(delivery.now, list(entries)[tried:]), (later, list(refused)), (later, list(put_off))]
            return partial(_divide, delivery, kind, parts)
        mail.await_turn(delivery.settings)
        try:
            send(entry)
        except mail.Refused as error:
            refused[person] = error
        except Away as error:
            if error.service:  # nobody's mail leaves
                raise
            put_off[person] = error
    if refused and put_off:  # what is refused for good is given up sooner
        later = delivery.now + outbox.BACK_OFF[0]
        return partial(_divide, delivery, kind, [(later, list(refused)), (later, list(put_off))])
    for reason in (*refused.values(), *put_off.values()):
        raise reason
    return None


def _divide(delivery: Delivery, kind: str, parts: Sequence[tuple[datetime, list[int]]], session: Session) -> None:
    for at, people in parts:
        if people:
            outbox.enqueue(session, kind, {**delivery.arguments, "people": people}, now=delivery.now, at=at)


def send_known_address(delivery: Delivery) -> None:
    """Notify the owner of an account that its address was used to sign up, and lead them by signing in to what it was used for."""
    path, title = _destination(delivery)
    forgotten = delivery.settings.public_url + "/password/forgotten" + _with_next(path)
    _send(delivery, _person(delivery), "known_address", "/sign-in" + _with_next(path), course=title, forgotten_url=forgotten)


def send_password_changed(delivery: Delivery) -> None:
    """Notify the owner that the password was changed."""
    _send(delivery, _person(delivery), "password_changed", "/password/forgotten")


def send_new_address(delivery: Delivery) -> None:
    """Send the link that changes a person's address, to the new one."""
    person, email = _person(delivery), delivery.text("email")
    if _is_late(delivery):
        _send_word_of_late_link(delivery, person, "/profile/address", to=email)
        return
    _send(delivery, person, "new_address", f"/address/{addresses.address_link(secret_keys(delivery.settings), person, email)}", to=email)


def send_address_changed(delivery: Delivery) -> None:
    """Notify the owner at the old address that the account has a new one."""
    _send(delivery, _person(delivery), "address_changed", "/help", to=delivery.text("email"))


def send_factor_changed(delivery: Delivery) -> None:
    """Notify the owner that the second factor was changed."""
    _send(delivery, _person(delivery), "factor_changed", "/password/forgotten")


def send_code_used(delivery: Delivery) -> None:
    """Notify the owner that a recovery code was used."""
    _send(delivery, _person(delivery), "code_used", "/password/forgotten")


def send_deletion_requested(delivery: Delivery) -> None:
    """Notify the owner that the account will be deleted, while this can still be cancelled."""
    _send(delivery, _person(delivery), "deletion_requested", "/profile/data")


DIGESTS_EVERY = 900
DIGEST_LINES = 100
DIGESTS_OF_A_JOB = 100
"""One job has the people with a hundred numbers in a row, whoever of them is due."""
PAGE = 500


def send_notices(delivery: Delivery) -> Effect | None:
    """Send the notices of an event to some people, each noted as sent at once, as invitations are sent.

    A kind that can wait waits for the morning of those where it is night, one of the office for its hours.
    """
    key = delivery.text("key")
    with delivery.database.unit_of_work(write=False) as session:
        mails = notices.list_notice_mails(session, key, delivery.numbers("people"), now=delivery.now)
        kinds = notices.list_notice_kinds(session)
        source = notices.source_title(session, mails[0].notice.source, mails[0].person.id) if mails else None
    entries, postponed = dict[int, NoticeMail](), defaultdict[datetime, list[int]](list)
    for notice_mail in mails:
        morning = kinds[notice_mail.notice.kind].mail_waits_until(delivery.now, find_zone(notice_mail.person.zone))
        if morning is None:
            entries[notice_mail.person.id] = notice_mail
        else:
            postponed[morning].append(notice_mail.person.id)
    rest = _send_to_many(delivery, "accounts.send_notices", entries, partial(_send_and_note, delivery, kinds, source))

    def write(session: Session) -> None:
        _divide(delivery, "accounts.send_notices", list(postponed.items()), session)
        if rest is not None:
            rest(session)

    return write


def _send_and_note(delivery: Delivery, kinds: Mapping[str, NoticeKind], source: Mapping[str, str] | None, notice_mail: NoticeMail) -> None:
    notice, person = notice_mail.notice, notice_mail.person.id
    if kinds[notice.kind].is_read_again:
        with delivery.database.unit_of_work(write=False) as session:
            if not notices.list_notice_mails(session, notice.key, [person], now=delivery.now):
                return
    _send_notice(delivery, kinds, source, notice_mail)
    with delivery.database.unit_of_work() as session:
        notices.note_mailed(session, [notice.id], now=delivery.now)


def _send_notice(delivery: Delivery, kinds: Mapping[str, NoticeKind], source: Mapping[str, str] | None, notice_mail: NoticeMail) -> None:
    """Send a notice; the mail program stops what it comes from where that has a title, else its kind, the foot of the mail both."""
    notice, person = notice_mail.notice, notice_mail.person
    with reading(person.language):
        facts: dict[str, Any] = {"title": choose(notice.subject), "words": choose(notice.words), "kind": _(kinds[notice.kind].label)}
        facts["source"] = choose(source) if source else ""
    stop_kind = _stop_path(delivery, person, notice.kind)
    facts["stop_kind_url"] = delivery.settings.public_url + stop_kind
    stop = _stop_path(delivery, person, "", notice.source) if source else stop_kind
    facts |= {"path": notice.path, "stop_path": stop, "thread_key": notice.thread_key, "list_id": notice.list_id}
    key = f"notice-{notice.id}-{notice.given_at:%Y%m%d%H%M}"  # numbers of rows that went are given again
    _send_by_choice(delivery, person, "notice", key=key, **facts)


def send_digests(delivery: Delivery) -> None:
    """Add jobs for the people whose daily mail is due, by the clock of their time zone."""
    with delivery.database.unit_of_work(write=False) as session:
        zones = computed_notices.zones_of_digests(session, now=delivery.now)
    for zone in zones:
        until = digest_until(delivery.now, find_zone(zone))
        last = 0
        while portions := _list_portions(delivery, zone, until, last):
            _add_digests(delivery, zone, until, portions)
            last = portions[-1][-1]


def _list_portions(delivery: Delivery, zone: str, until: datetime, after: int) -> list[list[int]]:
    """List the next people of a zone whose daily mail is due, those of each job by themselves."""
    with delivery.database.unit_of_work(write=False) as session:
        period = until - timedelta(days=1), until
        people = computed_notices.list_due_people(session, zone, *period, after=after, limit=PAGE, now=delivery.now)
    portions = [list(portion) for _number, portion in groupby(people, lambda person: person // DIGESTS_OF_A_JOB)]
    return portions[:-1] if len(people) == PAGE else portions  # the last of a full page may go on behind it


def _add_digests(delivery: Delivery, zone: str, until: datetime, portions: list[list[int]]) -> None:
    since = until - timedelta(days=1)
    with delivery.database.unit_of_work() as session:
        for people in portions:
            key = f"digest:{zone}@{until:%Y-%m-%d}:{people[0] // DIGESTS_OF_A_JOB}"
            if not outbox.is_known(session, key):
                arguments = {"people": people, "since": since.isoformat(), "until": until.isoformat()}
                outbox.enqueue(session, "accounts.send_digest", arguments, now=delivery.now, unique_key=key)


def send_digest(delivery: Delivery) -> Effect | None:
    """Send their daily mails to some people: what waits for it, and what is computed for it. All are noted as sent at once.

    Meanwhile a file says who has theirs: after a kill, on this machine, nobody gets a second one. Jobs of an earlier release have one
    person, and no beginning of the day.
    """
    until = datetime.fromisoformat(delivery.text("until"))
    since = datetime.fromisoformat(str(delivery.arguments.get("since") or (until - timedelta(days=1)).isoformat()))
    people = delivery.numbers("people") if "people" in delivery.arguments else [delivery.number("person")]
    read = partial(computed_notices.list_digests, since=since, until=until, limit=DIGEST_LINES, now=delivery.now)
    with delivery.database.unit_of_work(write=False) as session:
        digests = {digest.person.id: digest for digest in read(session, people)}
        kinds = notices.list_notice_kinds(session)
    journal = delivery.settings.data_dir / "digests" / f"{until:%Y%m%d}-{people[0]}"
    journal.parent.mkdir(mode=0o700, exist_ok=True)
    for former in journal.parent.iterdir():  # of jobs that another machine ended
        if former.name < f"{until - timedelta(days=7):%Y%m%d}":
            former.unlink(missing_ok=True)

    def send(digest: Digest) -> None:
        current: Digest | None = digest
        if any(kinds[notice.kind].is_read_again for notice in digest.notices):
            with delivery.database.unit_of_work(write=False) as session:
                current = next(iter(read(session, [digest.person.id])), None)
        if current is not None:
            _send_one_digest(delivery, current, until)
            digests[digest.person.id] = current
            sent.add(digest.person.id)
            written.write(f"{digest.person.id}\n")
            written.flush()

    def note() -> None:
        with delivery.database.unit_of_work() as session:
            computed_notices.note_digests(session, [digests[number] for number in sent & digests.keys()], until, now=delivery.now)
        journal.unlink()

    with journal.open("a+", encoding="ascii") as written:
        written.seek(0)
        sent = {int(line) for line in written if line.strip().isdigit()}
        try:
            waiting = {number: digest for number, digest in digests.items() if number not in sent}
            rest = _send_to_many(delivery, "accounts.send_digest", waiting, send)
        except Exception:  # whatever stops the portion, what went out is noted; a kill leaves that to the file
            note()
            raise
        note()
    return rest


def _send_one_digest(delivery: Delivery, digest: Digest, until: datetime) -> None:
    person, site = digest.person, delivery.settings.public_url
    with reading(person.language):
        lines = [
            {"title": choose(notice.subject), "words": choose(notice.words), "url": site + notice.path} for notice in digest.notices
        ] + [{"title": choose(line.subject), "words": "", "url": site + line.path} for line in digest.lines]
    stop = _stop_path(delivery, person, "")
    _send_by_choice(delivery, person, "digest", key=f"digest-{person.id}-{until:%Y%m%d}", path="/notices", stop_path=stop, lines=lines)


def _stop_path(delivery: Delivery, person: Person, kind: str, source: str = "") -> str:
    return f"/notices/stop/{notices.unsubscription_token(secret_keys(delivery.settings)[0], person.uuid, kind, source)}"


def _send_by_choice(delivery: Delivery, person: Person, template: str, **facts: Any) -> None:
    """Send what a person can choose not to get; an address that does not exist counts as reached."""
    settings = delivery.settings
    facts |= {"name": person.given_names, "switches_url": settings.public_url + "/profile/notices"}
    message = mail.write(settings, person.email, template, person.language, **facts)
    try:
        mail.dispatch(delivery, message)
    except mail.Refused as error:
        if not mail.knows_nobody(error):
            raise
