"""Files of answers: sent on their own or with the pages of an attempt, fetched by their learner and the course's graders."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, current_app, jsonify, render_template, request
from sqlalchemy.orm import Session

from kernel import clock
from kernel.errors import NotFound
from kernel.files import FileStore
from kernel.permissions import Actor
from kernel.web.file_responses import send_content
from kernel.web.forms import whole_number
from kernel.web.limits import limit, limiter
from kernel.web.request import begin_writing, current_actor, current_session, requires
from quizzes.pages.uploads import problem_words
from quizzes.permissions import QuizAction
from quizzes.queries import open_attempts
from quizzes.queries.attempts import LoadedAttempt
from quizzes.queries.files import AttemptFileContext, get_file, list_files
from quizzes.queries.question_checks import get_checks
from quizzes.services.attempts import check_takes_answers
from quizzes.services.uploads import ReceivedFile, StoredUpload, keep_contents, limits_at, receive_files

bp = Blueprint("quizzes_files", __name__)
BODY_LIMIT = 52_000_000
"""Of a page with files: one of the largest (50 MB) or several small ones, and the answers beside."""
UPLOAD_RATE = limit("quiz files", "120 per 10 minutes")
"""Of a person: far more than an examination on a bad line sends again."""


@bp.get("/attempts/<uuid:attempt>/files/<uuid:file>")
@requires(QuizAction.FETCH_FILE, get_file)
def fetch(subject: AttemptFileContext) -> Response:
    """Send a file of an answer, always as an attachment: what others wrote is never shown in a page of ours (spec/security 4.3)."""
    return send_content(stored_files(), subject.sha256, subject.media_type, subject.name, inline=False, kept="no-store")


@bp.post("/attempts/<uuid:attempt>/files")
@requires(QuizAction.ANSWER, open_attempts.get_attempt, reads_first=True, body_limit=BODY_LIMIT)
def send(subject: LoadedAttempt) -> tuple[Response, int]:
    """Keep one file that the page's script sends on its own, and return how the page shows it: the next answer of the script names it.

    The content is checked and kept before anything is written: a large file holds nobody up.
    """
    session, place, sent, now = current_session(), whole_number(request.form.get("place", "")), request.files.get("upload"), clock.now()
    limits = limits_at(session, subject, place)
    if sent is None or limits is None:
        raise NotFound
    limiter().use(UPLOAD_RATE, str(subject.person_id))
    file, named = ReceivedFile(sent.filename or "", sent.read()), _named_by_page(session, subject, place, now=now)
    arrived = keep_contents(session, stored_files(), subject, {place: [file]}, named={place: named})
    session, loaded = _lock(subject)
    named = _named_by_page(session, loaded, place, now=now)
    received = receive_files(session, loaded, arrived, named={place: named}, now=now)
    if place in received.refused:
        return jsonify(problem=problem_words(received.refused[place], limits)), 422
    files = list_files(session, [item_of(loaded, place)])
    added = [files[name] for name in received.added.get(place, ())]
    html = render_template("quizzes/kinds/_uploaded_files.html", attempt=loaded, place=place, files=added)
    return jsonify(html=html, full=len(named) + len(added) >= limits.files), 200


def _named_by_page(session: Session, loaded: LoadedAttempt, place: int, *, now: datetime) -> set[str]:
    """Return the files in a place that the page has already; raise NotFound, AlreadySubmitted or TimeIsUp where it takes no answers now."""
    check_takes_answers(loaded, now=now)
    if place in get_checks(session, loaded).closed:
        raise NotFound
    return list_files(session, [item_of(loaded, place)]).keys() & set(request.form.getlist("named"))


def item_of(loaded: LoadedAttempt, place: int) -> int:
    """Return the item in a place that is known to have one."""
    return loaded.items[place - 1].id


def _lock(subject: LoadedAttempt) -> tuple[Session, LoadedAttempt]:
    """Begin to write, and return the attempt as it is now, locked."""
    session = begin_writing()
    return session, open_attempts.lock_attempt(session, current_actor(), subject.uuid)


def brings_files() -> bool:
    """Say whether a page's form has files; then the request begins read-only, and stores their contents before its transaction begins."""
    return any(one.filename for one in request.files.values())


def attempt_to_save(session: Session, actor: Actor, attempt: UUID) -> LoadedAttempt:
    """Return the attempt whose page is sent, locked unless it brings files."""
    return (open_attempts.get_attempt if brings_files() else open_attempts.lock_attempt)(session, actor, attempt)


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
    kept = keep_contents(session, stored_files(), subject, sent, removed=(removed,))
    return _lock(subject)[1], kept


def stored_files() -> FileStore:
    """Return where contents are stored."""
    files: FileStore = current_app.extensions["files"]
    return files


def received_files(loaded: LoadedAttempt, page: int, closed: Collection[int]) -> dict[int, list[ReceivedFile]]:
    """Return the files that a page's form sends, by place; places that take no answers are left out."""
    found = {}
    for item in loaded.items:
        if item.page == page and item.position not in closed:
            sent = [
                ReceivedFile(one.filename or "", one.read()) for one in request.files.getlist(f"p{item.position}-upload") if one.filename
            ]
            if sent:
                found[item.position] = sent
    return found
