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
from quizzes.queries.attempts import LoadedAttempt
from quizzes.queries.files import AttemptFileContext, get_file, list_files
from quizzes.queries.open_attempts import get_answerable_attempt, lock_answerable_attempt
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
    return send_content(stored_files(), subject.sha256, subject.media_type, subject.name, inline=False, cache_control="no-store")


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
    file, named = ReceivedFile(sent.filename or "", sent.read()), _named_by_page(session, subject, position, now=now)
    arrived = keep_contents(session, stored_files(), subject, {position: [file]}, named={position: named})
    session, loaded = _lock(subject)
    named = _named_by_page(session, loaded, position, now=now)
    received = receive_files(session, loaded, arrived, named={position: named}, now=now)
    if position in received.refused:
        return jsonify(problem=problem_words(received.refused[position], limits)), 422
    files = list_files(session, [item_of(loaded, position)])
    added = [files[name] for name in received.added.get(position, ())]
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
    """Say whether a page's form has files; then the request begins read-only, and stores their contents before its transaction begins."""
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
    uploads = keep_contents(session, stored_files(), subject, sent, removed=(removed,))
    return _lock(subject)[1], uploads


def stored_files() -> FileStore:
    """Return where contents are stored."""
    files: FileStore = current_app.extensions["files"]
    return files


def received_files(loaded: LoadedAttempt, page: int, closed: Collection[int]) -> dict[int, list[ReceivedFile]]:
    """Return the files that a page's form sends, by place; places that take no answers are left out."""
    files_by_position = {}
    for item in loaded.items:
        if item.page == page and item.position not in closed:
            sent = [
                ReceivedFile(upload.filename or "", upload.read())
                for upload in request.files.getlist(f"p{item.position}-upload")
                if upload.filename
            ]
            if sent:
                files_by_position[item.position] = sent
    return files_by_position
