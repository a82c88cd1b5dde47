"""Pages of settings of courses, modules and activities: their fields are data, which the reader of the format judges."""

from functools import partial

from flask import Blueprint, flash, render_template, request

from courses.content import course_fields, merge_choices
from courses.content.changes import COMMON
from courses.content.editing import EditRefused
from courses.content.layout import COURSE
from courses.content.merging import ThreeWayMerge
from courses.content.renaming import with_key
from courses.content.settings import FieldSpec
from courses.content.tree import TreeModule
from courses.forms import RenameKeyForm, SettingsForm
from courses.pages.editor_header import course_header
from courses.pages.form_findings import FormFindings
from courses.permissions import CourseAction, CourseContext, PartContext
from courses.queries import catalogue, drafts
from courses.services import authoring
from courses.services.authoring import DraftOutline
from courses.views.outline import find_part, kinds, save
from courses.views.settings_editors import MOST_TOLD, SettingsEditor, answered
from kernel import clock
from kernel.i18n import _, choose
from kernel.web.request import Answer, current_session, requires, see_page

bp = Blueprint("courses_settings", __name__)


@bp.route("/teaching/<slug>/settings", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_course, reads_first=True)
def course(subject: CourseContext) -> Answer:
    """Set what a course says of itself."""
    row = catalogue.get_course(current_session(), subject.id)
    draft_outline = authoring.load_draft_outline(current_session(), row, kinds())
    sheet = SettingsEditor(row, draft_outline, COURSE, course_fields.COURSE, course_fields.COURSE_ORDER)
    return answered(subject, sheet, partial(_page, sheet), lambda _text: see_page("courses_settings.course", slug=subject.slug))


@bp.route("/teaching/<slug>/parts/<key>", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_part, reads_first=True)
def part(subject: PartContext) -> Answer:
    """Set what a module or an activity says of itself."""
    row = catalogue.get_course(current_session(), subject.id)
    draft_outline = authoring.load_draft_outline(current_session(), row, kinds())
    chosen = find_part(draft_outline, subject.key)
    if isinstance(chosen, TreeModule):
        return _part(
            subject, SettingsEditor(row, draft_outline, chosen.path, course_fields.MODULE, course_fields.MODULE_ORDER, subject.key)
        )
    kind = next(kind for kind in kinds().kinds if kind.name == chosen.kind)
    groups = course_fields.activity(kind.settings, kind.groups, with_texts=kind.suffix != ".md")
    own = (*kind.settings, *(setting for _title, settings in kind.groups for setting in settings))
    order = (*COMMON, *(kind.order or dict.fromkeys(setting.outer for setting in own)))
    return _part(subject, SettingsEditor(row, draft_outline, chosen.path, groups, order, subject.key))


def _part(subject: PartContext, sheet: SettingsEditor) -> Answer:
    return answered(
        subject, sheet, partial(_page, sheet), lambda _text: see_page("courses_settings.part", slug=subject.slug, key=subject.key)
    )


@bp.route("/teaching/<slug>/parts/<key>/key", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_part, reads_first=True)
def rename(subject: PartContext) -> Answer:
    """Give a module or an activity another key; the old one stays in its former keys, so that results of learners follow it."""
    session = current_session()
    row = catalogue.get_course(session, subject.id)
    draft_outline = authoring.load_draft_outline(session, row, kinds())
    chosen, form = find_part(draft_outline, subject.key), RenameKeyForm()
    if request.method != "POST":
        form.key.data = subject.key
    elif form.validate_on_post() and _renamed(subject, draft_outline, chosen.path, form):
        flash(_("The key is now %(key)s. Learners' results will follow it with the next publication.", key=form.key.data), "ok")
        return see_page("courses_settings.part", slug=subject.slug, key=form.key.data)
    title = choose(dict(chosen.title)) or subject.key
    page = render_template("courses/key.html", course=course_header(row), key=subject.key, title=title, form=form)
    return page if request.method != "POST" else (page, 422)


def _renamed(subject: PartContext, draft_outline: DraftOutline, path: str, form: RenameKeyForm) -> bool:
    """Change a key where nothing breaks by it; else report why."""
    new = form.key.data or ""
    if new in draft_outline.tree.keys:
        form.refuse(form.key, _("Another part of the course has this key."))
        return False
    texts = drafts.all_draft_bodies(current_session(), subject.id)
    try:
        change = with_key(texts, path, subject.key, new)
    except EditRefused as refused:
        form.form_errors.append(_(refused.text))
        return False
    findings = authoring.blocking_findings(draft_outline, change, kinds(), today=clock.now().date())
    form.form_errors.extend(FormFindings(kinds()).message(finding) for finding in findings[:MOST_TOLD])
    if not findings:
        save(subject, draft_outline, change)
    return not findings


def _other_modules(sheet: SettingsEditor) -> list[tuple[str, str]]:
    """Return the modules that an activity may move to."""
    located = sheet.draft_outline.tree.find_activity(sheet.key)
    own = located[0].key if located is not None else ""
    return [(module.key, choose(dict(module.title)) or module.key) for module in sheet.draft_outline.tree.modules if module.key != own]


def _page(sheet: SettingsEditor, form: SettingsForm, merge: ThreeWayMerge | None) -> str:
    chosen = find_part(sheet.draft_outline, sheet.key) if sheet.key else None
    title = dict(chosen.title) if chosen is not None else dict(sheet.draft_outline.tree.title)
    return render_template(
        "courses/settings.html",
        course=course_header(sheet.course),
        key=sheet.key,
        title=choose(title) or sheet.key,
        is_lesson=sheet.path.endswith(".md"),
        is_quiz=sheet.path.endswith(".quiz.yaml"),
        path=sheet.path,
        groups=[_group(form, name, settings, is_whole=not index or not sheet.key) for index, (name, settings) in enumerate(sheet.groups)],
        regions=merge_choices.regions(merge) if merge is not None else None,
        has_conflicts=bool(merge is not None and merge.conflicts),
        languages=sheet.languages,
        form=form,
        modules=[] if chosen is None or isinstance(chosen, TreeModule) else _other_modules(sheet),
    )


def _group(form: SettingsForm, name: object, settings: tuple[FieldSpec, ...], *, is_whole: bool) -> dict[str, object]:
    """Return a group of fields: of a part, but for its first, it is folded away where it says nothing and has no fault."""
    shown = [setting for setting in settings if form.asks(setting)]
    return {
        "name": name,
        "settings": [(setting, form.rows(setting)) for setting in shown],
        "is_open": is_whole or any(form.says(setting) for setting in shown),
    }
