"""Read the forms and events that an attempt's page sends, and receive and send the files of answers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, jsonify, render_template, request
from sqlalchemy.orm import Session
from wtforms.validators import DataRequired, Length

from kernel import clock
from kernel.errors import N_, Invalid, NotFound
from kernel.i18n import lazy_
from kernel.permissions import Actor
from kernel.web.file_responses import send_content
from kernel.web.forms import read_json, whole_number
from kernel.web.limits import limit, limiter
from kernel.web.request import begin_writing, current_actor, current_session, file_store, requires
from questions.answer_fields import FLAG, LOCAL, SHOWN, UNTOUCHED, FormFields, parts_by_question
from questions.question_page import problem_words
from questions.rules.answers import FILES, clean_parts, filled_parts
from quizzes.access import QuizAction
from quizzes.answering import check_takes_answers, get_checks
from quizzes.attempts import LoadedAttempt, StoredAnswer, get_answerable_attempt, lock_answerable_attempt
from quizzes.files import AttemptFileContext, StoredUpload, get_file, keep_contents, limits_at, list_files, receive_files
from quizzes.rules import states
from quizzes.saves import SaveRequest

MAX_PAGE_EPOCH = 2**62
MAX_TOKEN = 300
INCOMPLETE = N_("The page is incomplete. Reload it; your saved answers are still there.")


def first(form: FormFields, name: str) -> str:
    """Return a field's only value, empty where it is absent."""
    return next(iter(form.get(name, ())), "")


def page_epoch_of(form: FormFields) -> int:
    """Return the epoch that the server gave the page; raise Invalid."""
    page_epoch = whole_number(first(form, "lease"))
    if not 0 < page_epoch < MAX_PAGE_EPOCH:
        raise Invalid(INCOMPLETE)
    return page_epoch


@dataclass(frozen=True, slots=True)
class FileChanges:
    """Changes to the files of a page's answers: names added by place, and names removed."""

    added: Mapping[int, Sequence[str]] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()

    def applied(self, position: int, parts: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """Return the parts of an answer with its files as they are after the change."""
        remaining = [name for name in parts.get(FILES, []) if name not in self.removed]
        names = [*remaining, *self.added.get(position, ())]
        rest = {name: values for name, values in parts.items() if name != FILES}
        return {**rest, FILES: names} if names else rest


def removed_file(form: FormFields) -> tuple[int, str]:
    """Return the place and the name of the file that a page's button takes away: 0 and nothing where none was pressed."""
    position, _dash, name = first(form, "drop").partition("-")
    return whole_number(position), name


def answers_compared(form: FormFields, loaded: LoadedAttempt) -> set[int]:
    """Return the saved answers that a page's plain form is compared with: those that it showed, and the last of its epoch."""
    shown = {whole_number(first(form, f"p{item.position}-{SHOWN}")) for item in loaded.items}
    return shown | {answer.id for answer in _own(form, loaded).values()}


def _own(form: FormFields, loaded: LoadedAttempt) -> dict[int, StoredAnswer]:
    page_epoch = page_epoch_of(form)
    return {answer.item_id: answer for answer in loaded.answers if answer.page_epoch == page_epoch}


def form_batch(
    form: FormFields,
    loaded: LoadedAttempt,
    page: int,
    compared_payloads: Mapping[int, object],
    closed: Collection[int] = (),
    files: FileChanges | None = None,
) -> SaveRequest:
    """Return the answers of a page sent as a plain form: those that were changed since the page was shown.

    `pN-seq` names the response that the page showed. What is as it was shown was not touched, and says nothing against what another
    page has saved meanwhile; what was changed gets the next counter under this page's epoch, also when the page came back by «Back».
    What is already the response, or the last that this page gave, because its script saved it first, is not written again. `pN-local`
    is the counter that the script has given to the answer in its journal: what is still on its way from there is older, and stays so.
    `pN-untouched` says that nobody has touched the field since the script put into it what an earlier page left in the journal, or what it
    heard to be newer, or since the script has sent it: it is saved, or the journal sends it on under its older epoch, and it says nothing
    either, whatever another page has saved meanwhile.
    Places that are `closed` take no answers: the page shows no fields for them. `files` are those that came with the page and those that
    it takes away. `compared_payloads` are those of `answers_compared`.
    """
    page_epoch, own, given = page_epoch_of(form), _own(form, loaded), parts_by_question(form)
    shown = {answer_id: clean_parts(payload) for answer_id, payload in compared_payloads.items()}
    current = {item_id: clean_parts(answer.payload) for item_id, answer in loaded.responses.items()}
    events = []
    for item in loaded.items:
        if item.page != page or item.number is None or item.position in closed:
            continue
        typed = clean_parts(given.get(f"p{item.position}"))
        parts = (files or FileChanges()).applied(item.position, typed)
        if parts == typed and f"p{item.position}-{UNTOUCHED}" in form:
            continue
        before = shown.get(whole_number(first(form, f"p{item.position}-{SHOWN}")), {})
        last = own.get(item.id)
        saved = [before, current.get(item.id, {}), shown[last.id] if last else before]
        if filled_parts(parts) not in [filled_parts(earlier) for earlier in saved]:
            given_counter = whole_number(first(form, f"p{item.position}-{LOCAL}"))
            following = 1 + (last.counter if last else 0)
            counter = given_counter if following <= given_counter <= states.MAX_COUNT else following
            events.append(states.AnswerSave(item.position, states.AnswerSequence(page_epoch, counter), parts))
    return SaveRequest(page_epoch, tuple(events), "save")


def changed_flags(form: FormFields, loaded: LoadedAttempt, page: int) -> Mapping[int, bool]:
    """Return the places of a page whose flag was set or taken away."""
    shown = [item.position for item in loaded.items if item.page == page and f"p{item.position}-{SHOWN}" in form]
    flags = {position: f"p{position}-{FLAG}" in form for position in shown}
    return {position: flagged for position, flagged in flags.items() if flagged != loaded.items[position - 1].flagged}


def script_batches(form: FormFields, kind: str) -> list[SaveRequest]:
    """Return the answers that the page's script sends: its own and those of earlier pages that the device still held."""
    try:
        sent = read_json(first(form, "events") or "[]")
    except ValueError:
        raise Invalid(INCOMPLETE) from None
    by_page_epoch: dict[int, list[Any]] = {}
    for entry in sent if isinstance(sent, list) else []:
        by_page_epoch.setdefault(_own_page_epoch(entry) or page_epoch_of(form), []).append(entry)
    return [_script_batch(page_epoch, entries, kind) for page_epoch, entries in by_page_epoch.items()]


def _own_page_epoch(entry: object) -> int | None:
    page_epoch = entry.get("lease") if isinstance(entry, dict) else None
    return page_epoch if isinstance(page_epoch, int) and not isinstance(page_epoch, bool) and 0 < page_epoch < MAX_PAGE_EPOCH else None


def _script_batch(page_epoch: int, entries: list[Any], kind: str) -> SaveRequest:
    events = tuple(
        states.AnswerSave(event.position, event.sequence, clean_parts(event.payload)) for event in states.read_events(page_epoch, entries)
    )
    times = [time for entry in entries if isinstance(entry, dict) and isinstance(time := entry.get("client_time"), str)]
    return SaveRequest(page_epoch, events, kind, max((time for time in times if time.isprintable()), default=""), _tokens(entries))


def _tokens(entries: list[Any]) -> dict[tuple[int, int], str]:
    tokens = {}
    for entry in entries:
        if isinstance(entry, dict) and isinstance(token := entry.get("token"), str) and token:
            position, counter = entry.get("item"), entry.get("seq")
            if isinstance(position, int) and isinstance(counter, int):
                tokens[position, counter] = token[:MAX_TOKEN]
    return tokens


_TOO_LONG = lazy_("Use at most %(max)d characters.")
_RECORDED_REASON = (DataRequired(lazy_("Give a reason. It is kept in the record.")), Length(max=500, message=_TOO_LONG))


bp = Blueprint("quizzes_files", __name__)
BODY_LIMIT = 52_000_000
"""Of a page with files: one of the largest (50 MB) or several small ones, and the answers beside."""
UPLOAD_RATE = limit("quiz files", "120 per 10 minutes")
"""Of a person: far more than an examination on a bad line sends again."""


@bp.get("/attempts/<uuid:attempt>/files/<uuid:file>")
@requires(QuizAction.FETCH_FILE, get_file)
def fetch(subject: AttemptFileContext) -> Response:
    """Send a file of an answer, always as an attachment: what others wrote is never shown in a page of ours (spec/security 4.3)."""
    return send_content(file_store(), subject.sha256, subject.media_type, subject.name, inline=False, cache_control="no-store")


@bp.post("/attempts/<uuid:attempt>/files")
@requires(QuizAction.ANSWER, get_answerable_attempt, reads_first=True, body_limit=BODY_LIMIT)
def send(subject: LoadedAttempt) -> tuple[Response, int]:
    """Keep one file that the page's script sends on its own, and return how the page shows it: the next answer of the script names it.

    The content is checked and kept before anything is written: a large file holds nobody up.
    """
    session, position, sent, now = current_session(), whole_number(request.form.get("place", "")), request.files.get("upload"), clock.now()
    limits = limits_at(session, subject, position)
    if sent is None or limits is None:
        raise NotFound
    limiter().use(UPLOAD_RATE, str(subject.person_id))
    file, named = (sent.filename or "", sent.read()), _named_by_page(session, subject, position, now=now)
    arrived = keep_contents(session, file_store(), subject, {position: [file]}, named={position: named})
    session, loaded = _lock(subject)
    named = _named_by_page(session, loaded, position, now=now)
    names, refused = receive_files(session, loaded, arrived, named={position: named}, now=now)
    if position in refused:
        return jsonify(problem=problem_words(refused[position], limits)), 422
    files = list_files(session, [item_of(loaded, position)])
    added = [files[name] for name in names.get(position, ())]
    html = render_template("quizzes/kinds/_uploaded_files.html", attempt=loaded, place=position, files=added)
    return jsonify(html=html, full=len(named) + len(added) >= limits.files), 200


def _named_by_page(session: Session, loaded: LoadedAttempt, position: int, *, now: datetime) -> set[str]:
    """Return the files in a place that the page has already; raise NotFound, AlreadySubmitted or TimeIsUp where it takes no answers now."""
    check_takes_answers(loaded, now=now)
    if position in get_checks(session, loaded).closed:
        raise NotFound
    return list_files(session, [item_of(loaded, position)]).keys() & set(request.form.getlist("named"))


def item_of(loaded: LoadedAttempt, position: int) -> int:
    """Return the item in a place that is known to have one."""
    return loaded.items[position - 1].id


def _lock(subject: LoadedAttempt) -> tuple[Session, LoadedAttempt]:
    """Begin to write, and return the attempt as it is now, locked."""
    session = begin_writing()
    return session, lock_answerable_attempt(session, current_actor(), subject.uuid)


def brings_files() -> bool:
    """Return whether a page's form has files; then the request begins read-only and stores their contents before its transaction."""
    return any(upload.filename for upload in request.files.values())


def attempt_to_save(session: Session, actor: Actor, attempt: UUID) -> LoadedAttempt:
    """Return the attempt whose page is sent, locked unless it brings files."""
    return (get_answerable_attempt if brings_files() else lock_answerable_attempt)(session, actor, attempt)


def store_received_files(
    subject: LoadedAttempt, page: int, *, removed: str, now: datetime
) -> tuple[LoadedAttempt, dict[int, list[StoredUpload]]]:
    """Keep the contents that a page's form brings, and return the attempt locked; raise AlreadySubmitted or TimeIsUp."""
    if not brings_files():
        return subject, {}
    limiter().use(UPLOAD_RATE, str(subject.person_id))
    check_takes_answers(subject, now=now)
    session = current_session()
    sent = received_files(subject, page, get_checks(session, subject).closed)
    uploads = keep_contents(session, file_store(), subject, sent, removed=(removed,))
    return _lock(subject)[1], uploads


def received_files(loaded: LoadedAttempt, page: int, closed: Collection[int]) -> dict[int, list[tuple[str, bytes]]]:
    """Return name and content of the files that a page's form sends, by place; places that take no answers are left out."""
    files_by_position = {}
    for item in loaded.items:
        if item.page == page and item.position not in closed:
            sent = [
                (upload.filename or "", upload.read()) for upload in request.files.getlist(f"p{item.position}-upload") if upload.filename
            ]
            if sent:
                files_by_position[item.position] = sent
    return files_by_position
