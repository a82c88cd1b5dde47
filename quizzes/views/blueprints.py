"""The blueprint of a quiz of the draft: what its lines ask for, what attempts can have, and draws made from the lines."""

from flask import Blueprint, flash, render_template, request

from courses import authoring, catalogue, draft_checks, drafts, publishing
from courses.access import CourseAction, CourseArchived, PartContext
from courses.authoring import FileChanged
from courses.content.editing import EditRefused
from courses.editor import FormFindings, course_header
from kernel import clock
from kernel.i18n import _, choose
from kernel.web.forms import whole_number
from kernel.web.request import Answer, begin_writing, current_actor, current_session, requires, see_page
from quizzes.content import slot_fields
from quizzes.pages import blueprint as pages
from quizzes.pages import parallel_forms
from quizzes.pages.drawn_values import drawn_values
from quizzes.queries import reserved
from quizzes.services.form_approvals import FormsApproved, FormsChanged, approve_forms
from quizzes.views.slots import SlotEditor, course_kinds, file_store, load_slot_editor

bp = Blueprint("quizzes_blueprints", __name__)

TOLD = frozenset({"C509", "C512", "C514", "C515", "C517", "C522"})
"""Findings that the page shows, beside those of its lines."""


@bp.route("/teaching/<slug>/parts/<key>/blueprint", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_part, reads_first=True)
def blueprint(subject: PartContext) -> Answer:
    """Show how the draws of a quiz hold its blueprint, and make draws from its lines."""
    editor = load_slot_editor(subject)
    if request.method != "POST":
        return _page(editor)
    check = draft_checks.cached_draft_check(current_session(), file_store(), editor.course, course_kinds(), now=clock.now())
    located = pages.find_quiz(check.folder, subject.key)
    number, kind = whole_number(request.form.get("number", ""), otherwise=0), request.form.get("by", "")
    draws = pages.draws_of(located[2], kind, number) if located is not None and 0 < number <= pages.MOST_DRAWN else []
    if not draws:
        return _page(editor, _("Enter how many questions to draw, from 1 to %(most)s, and choose the lines.", most=pages.MOST_DRAWN)), 422
    if request.form.get("seen") != str(editor.revision):
        return _page(editor, _("Someone else changed the quiz in the meantime. Look at it again before you make the draws.")), 409
    try:
        text = slot_fields.with_draws(editor.text, draws)
    except EditRefused as refused:
        return _page(editor, _(refused.text)), 422
    return _saved(subject, editor, text)


@bp.post("/teaching/<slug>/parts/<key>/forms/approval")
@requires(CourseAction.EDIT, catalogue.get_taught_part)
def approve(subject: PartContext) -> Answer:
    """Approve the parallel forms of the published quiz that were looked at."""
    session = current_session()
    course, version = catalogue.lock_course(session, subject.id), whole_number(request.form.get("version", ""), otherwise=0)
    try:
        approve_forms(session, current_actor(), course, subject.key, version, now=clock.now())
    except (FormsChanged, FormsApproved) as refused:
        return _page(load_slot_editor(subject), _(refused.text)), 409
    flash(_("You approved the forms."), "ok")
    return see_page("quizzes_blueprints.blueprint", slug=subject.slug, key=subject.key)


def _saved(subject: PartContext, editor: SlotEditor, text: str) -> Answer:
    contents = drafts.draft_files(current_session(), file_store(), subject.id)
    checked = publishing.check({**contents, editor.path: text.encode()}, course_kinds(), today=clock.now().date())
    refusing = [finding for finding in checked.findings if finding.refuses_import and finding.file == editor.path]
    if refusing:
        return _page(editor, FormFindings(course_kinds()).message(refusing[0])), 422
    writing = begin_writing()
    course = catalogue.lock_course(writing, subject.id)
    try:
        authoring.save_text(writing, current_actor(), course, editor.path, text, base_revision=editor.revision, now=clock.now())
    except FileChanged:
        return _page(editor, _("Someone else changed the quiz in the meantime. Look at it again before you make the draws.")), 409
    except CourseArchived as refused:
        return _page(editor, _(refused.text)), 409
    flash(_("There was nothing to change.") if text == editor.text else _("Saved in the draft."), "ok")
    return see_page("quizzes_blueprints.blueprint", slug=subject.slug, key=subject.key)


def _page(editor: SlotEditor, refusal: str = "") -> str:
    check = draft_checks.cached_draft_check(current_session(), file_store(), editor.course, course_kinds(), now=clock.now())
    located = pages.find_quiz(check.folder, editor.activity.key)
    form_findings = FormFindings(course_kinds())
    own = [finding for finding in check.findings if finding.file == editor.path and finding.code in TOLD]
    folder = check.folder
    seen = reserved.count_seen_elsewhere(current_session(), editor.course.id, folder) if folder is not None else {}
    forms = (
        parallel_forms.forms_view(current_session(), current_actor(), editor.course, editor.activity.key, folder)
        if folder is not None
        else None
    )
    return render_template(
        "quizzes/blueprint.html",
        parallel=forms,
        values=drawn_values(current_session(), editor.course, folder, located[0].key, editor.activity.key, located[2])
        if folder is not None and located is not None
        else [],
        asks_forms=located is not None and bool(located[2].forms),
        course=course_header(editor.course),
        key=editor.activity.key,
        title=choose(dict(editor.activity.title)) or editor.activity.key,
        view=pages.blueprint_page(folder, located[0], located[2], seen) if folder is not None and located is not None else None,
        findings=[form_findings.line(finding) for finding in own],
        refusal=refusal,
        seen=editor.revision,
        number=request.form.get("number", ""),
        by=request.form.get("by", ""),
        most=pages.MOST_DRAWN,
    )
