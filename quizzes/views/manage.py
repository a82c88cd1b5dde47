"""The page of a quiz for its course's staff: how it stands, and the way to every tool."""

from flask import Blueprint, render_template, url_for

from kernel.i18n import _
from kernel.web.request import allows, current_session, requires
from quizzes.pages.introduction import activity_header
from quizzes.pages.manage import tools_in_order
from quizzes.permissions import QuizAction, QuizContext
from quizzes.queries import attempts, teaching

bp = Blueprint("quizzes_manage", __name__)


@bp.get("/courses/<slug>/quizzes/<key>/manage")
@requires(QuizAction.MANAGE, teaching.get_taught_quiz)
def manage(subject: QuizContext) -> str:
    """Show how a quiz stands and what can be done with it."""
    session = current_session()
    selects = attempts.get_snapshot_of_activity(session, subject.activity_id).selection is not None
    tools = [
        {"url": url_for(tool.endpoint, slug=subject.slug, key=subject.key), "icon": tool.icon, "title": _(tool.title), "text": _(tool.text)}
        for tool in tools_in_order(session.info["quiz_tools"])
        if (selects or not tool.selecting) and allows(tool.action, subject)
    ]
    return render_template(
        "quizzes/manage.html",
        **activity_header(subject.outline, subject.key),
        counts=teaching.count_attempts(session, subject),
        tools=tools,
        may_delete=allows(QuizAction.REGRADE, subject),
    )
