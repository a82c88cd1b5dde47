"""The page that makes variants of a calculated question of the draft: look at them first, then write them (spec/selection 1.22)."""

from typing import cast

from flask import Blueprint, current_app, flash, render_template

from courses import catalogue, draft_checks, drafts, publishing
from courses.access import CourseArchived
from courses.content.editing import EditRefused
from courses.content.model import CourseFolder
from courses.editor import FormFindings, course_header
from courses.kinds import CourseKinds
from kernel import clock
from kernel.errors import DomainError
from kernel.files import FileStore
from kernel.i18n import _, ngettext
from kernel.web.request import Answer, begin_writing, current_actor, current_session, requires, see_page
from quizzes.content.variants import VariantPlan, plan_drawn, plan_from_table, written_pattern, written_variants
from quizzes.forms.variants import VariantsForm
from quizzes.pages.variants import variants_view
from quizzes.permissions import BankQuestionContext, QuestionAction
from quizzes.queries import banks as queries
from quizzes.rules.variants import MOST_VARIANTS
from quizzes.services import banks as services
from quizzes.services.banks import EntryChanged, EntryText, checksum_of

bp = Blueprint("quizzes_variants", __name__)


@bp.route("/teaching/<slug>/questions/<key>/variants", methods=["GET", "POST"])
@requires(QuestionAction.EDIT_BANK, queries.get_taught_question, reads_first=True)
def variants(subject: BankQuestionContext) -> Answer:
    """Show the variants that draws or a table would give, with remarks, and write them into the bank once they were looked at."""
    form = VariantsForm()
    entry = services.get_entry(current_session(), subject.id, subject.path, subject.key)
    folder = _folder(subject.id)
    if not form.is_submitted():
        return _page(subject, form, None, _refusal(folder, subject.key))
    if not form.validate_on_post() or folder is None:
        return _page(subject, form, None, "" if folder is not None else _refusal(folder, subject.key)), 422
    content = form.content()
    try:
        plan = (
            plan_from_table(folder, subject.key, content) if content.strip() else plan_drawn(folder, subject.key, form.number.number or 0)
        )
    except DomainError as refused:
        return _page(subject, form, None, _(refused.text, **refused.facts)), 422
    if form.do.data != "save":
        form.seen.data = checksum_of(entry.text)
        return _page(subject, form, plan, "")
    return _save(subject, form, plan, entry.text)


def _save(subject: BankQuestionContext, form: VariantsForm, plan: VariantPlan, text: str) -> Answer:
    """Write the variants; shown again where somebody else changed the pattern, or where the bank would not hold together."""
    try:
        change = EntryText(subject.path, subject.key, written_pattern(text, plan), form.seen.data or "")
        added = written_variants(text, plan)
        body = services.with_variants(services.body_of(current_session(), subject.id, subject.path), change, added)
    except EntryChanged as refused:
        form.seen.data = checksum_of(text)
        return _page(subject, form, plan, _(refused.text) + " " + _("Look at the variants again before you save them.")), 409
    except EditRefused as refused:
        return _page(subject, form, plan, _(refused.text)), 422
    contents = drafts.draft_files(current_session(), _file_store(), subject.id)
    checked = publishing.check({**contents, subject.path: body.encode()}, _kinds(), today=clock.now().date())
    refusing = [finding for finding in checked.findings if finding.refuses_import]
    if refusing:
        return _page(subject, form, plan, FormFindings(_kinds()).message(refusing[0])), 422
    writing = begin_writing()
    try:
        services.save_variants(writing, current_actor(), subject.id, change, added, now=clock.now())
    except (EntryChanged, CourseArchived) as refused:
        return _page(subject, form, plan, _(refused.text)), 409
    flash(
        ngettext("%(count)s variant was added to the draft.", "%(count)s variants were added to the draft.", len(plan.variants)),
        "ok",
    )
    return see_page("quizzes_banks.questions", slug=subject.slug, text=plan.family)


def _kinds() -> CourseKinds:
    return cast("CourseKinds", current_app.extensions["course_kinds"])


def _file_store() -> FileStore:
    return cast("FileStore", current_app.extensions["files"])


def _folder(course_id: int) -> CourseFolder | None:
    course = catalogue.get_course(current_session(), course_id)
    return draft_checks.cached_draft_check(current_session(), _file_store(), course, _kinds(), now=clock.now()).folder


def _refusal(folder: CourseFolder | None, key: str) -> str:
    """Return why a question cannot be a pattern, '' where it can."""
    if folder is None:
        return _("The draft has errors that keep it from being read. Correct them first.")
    try:
        plan_drawn(folder, key, 1)
    except DomainError as refused:
        return _(refused.text, **refused.facts)
    return ""


def _page(subject: BankQuestionContext, form: VariantsForm, plan: VariantPlan | None, refusal: str) -> str:
    return render_template(
        "quizzes/bank/variants.html",
        course=course_header(catalogue.get_course(current_session(), subject.id)),
        key=subject.key,
        form=form,
        view=None if plan is None else variants_view(plan),
        refusal=refusal,
        most=MOST_VARIANTS,
    )
