"""Files of answers: sent with the pages of an attempt, fetched by their learner and the course's graders."""

from collections.abc import Collection

from flask import Blueprint, Response, current_app, request, send_file

from kernel.errors import NotFound
from kernel.files import Files
from kernel.web.request import requires
from quizzes.permissions import QuizAction
from quizzes.queries.files import FileSeat, get_file
from quizzes.queries.sittings import Sitting
from quizzes.services.uploads import Sent

bp = Blueprint("quizzes_files", __name__)
BODY_LIMIT = 52_000_000
"""Of a page with files: one of the largest (50 MB) or several small ones, and the answers beside."""


@bp.get("/attempts/<uuid:attempt>/files/<uuid:file>")
@requires(QuizAction.FETCH_FILE, get_file)
def fetch(subject: FileSeat) -> Response:
    """Send a file of an answer, always as an attachment: what others wrote is never shown in a page of ours (security 4.3)."""
    path = stored_files().path(subject.sha256)
    if not path.is_file():
        raise NotFound
    response = send_file(path, mimetype=subject.media_type, as_attachment=True, download_name=subject.name)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response


def stored_files() -> Files:
    """Return the folder of stored contents."""
    files: Files = current_app.extensions["files"]
    return files


def sent_files(sitting: Sitting, page: int, closed: Collection[int]) -> dict[int, list[Sent]]:
    """Return the files that a page's form sends, by place; places that take no answers are left out."""
    found = {}
    for item in sitting.items:
        if item.page == page and item.position not in closed:
            sent = [Sent(one.filename or "", one.read()) for one in request.files.getlist(f"p{item.position}-upload") if one.filename]
            if sent:
                found[item.position] = sent
    return found
