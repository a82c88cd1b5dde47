"""Mistake reports of questions, by whoever handed the attempt in."""

from flask import Blueprint, url_for

from enrolments.access import MistakeAction
from enrolments.course_context import mistake_page
from enrolments.mistakes import MistakePlace
from kernel.i18n import choose
from kernel.web.request import Answer, current_session, requires
from quizzes.pages.attempt import open_attempt
from quizzes.pages.question import short_title
from quizzes.queries.reported_questions import ReportedQuestion, get_reported_question

bp = Blueprint("quizzes_mistakes", __name__)


@bp.route("/attempts/<uuid:attempt>/questions/<int:position>/mistake-report", methods=["GET", "POST"])
@requires(MistakeAction.REPORT, get_reported_question, reads_first=True)
def report(subject: ReportedQuestion) -> Answer:
    """Report a mistake in a question of one's own attempt."""
    opened = open_attempt(current_session(), subject.loaded)
    outline, item = opened.outline, subject.item
    mistake_place = MistakePlace(
        outline.course_id,
        outline.version_id,
        subject.loaded.snapshot.activity_key,
        short_title(opened.questions[item.question_version_id]),
        subject.loaded.row.language,
        subject.question_key,
        subject.question_number,
    )
    back = url_for("quizzes.review", attempt=subject.loaded.uuid, _anchor=f"p{item.position}")
    return mistake_page({"slug": outline.slug, "title": choose(outline.title)}, mistake_place, back, marked=True)
