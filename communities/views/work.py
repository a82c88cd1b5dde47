"""Pages of what members work on together: files, pages with their history, the plan."""

from flask import Blueprint, Response, flash, request
from wtforms import BooleanField, DateField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Optional

from communities import communities, files, pages, plan
from communities.access import CommunityAction, CommunityContext, CommunityFileContext, CommunityPageContext, PlanContext
from communities.models import PARTS, CommunityPage, PlanEntry
from communities.panels import LANGUAGE_NAMES
from communities.views.communities import head_of, is_inside, leave_reading_note
from kernel import clock
from kernel.clock import FIRST_DAY, LAST_DAY
from kernel.errors import NotFound, require_found
from kernel.i18n import LANGUAGES, _, language, lazy_, site_day
from kernel.markup.model import RenderedText
from kernel.pictures import FORMATS
from kernel.web.file_responses import send_content
from kernel.web.forms import DAYS, FileField, Form, area, line, whole_number
from kernel.web.request import (
    Answer,
    allows,
    begin_writing,
    current_actor,
    current_session,
    file_store,
    is_read_only_request,
    page,
    reading_file,
    requires,
    see_page,
)
from kernel.web.table import read_words, requested_page

work_bp = Blueprint("communities_work", __name__)

BODY_LIMIT = files.LARGEST + 1_000_000


class CommunityFileForm(Form):
    """A file of a community."""

    file = FileField(lazy_("File"))
    title = line(lazy_("Title"), most=150, required=lazy_("Write a title."))
    description = area(lazy_("Description"), most=500)
    category = line(lazy_("Category"), most=60)
    language = SelectField(lazy_("Language"), choices=[SelectChoice(code, LANGUAGE_NAMES[code]) for code in LANGUAGES])
    licence = SelectField(lazy_("Licence"), choices=[SelectChoice(code, lazy_(label)) for code, label in files.LICENCES.items()])
    members_only = BooleanField(lazy_("Members alone see it"), default=True)

    def values(self) -> files.FileValues:
        """Return what is said of the file."""
        texts = (self.title.data or "", self.description.data or "", " ".join((self.category.data or "").split()))
        return files.FileValues(*texts, self.language.data, self.licence.data, members_only=bool(self.members_only.data))

    def store(self) -> files.CommunityFileContent | None:
        """Store what was sent; None, with the fault on its field, where it cannot be brought in, or nothing was chosen."""
        sent = self.file.data
        if not sent or not sent.filename:
            return None
        with self.refusals(self.file, files.CommunityFileRefused), reading_file():
            return files.store_content(file_store(), sent.filename, sent.read())
        return None


@work_bp.get("/communities/<slug>/files")
@requires(CommunityAction.READ, communities.get_community)
def file_list(context: CommunityContext) -> Answer:
    """List the files that the reader may open, by category."""
    leave_reading_note(context)
    session, category, number, requested = (
        current_session(),
        read_words(request.args.get("category", "")),
        context.community.id,
        requested_page(50),
    )
    inside = is_inside(context)
    rows = files.list_files(session, number, category, is_inside=inside, offset=requested.offset, limit=requested.size + 1)
    categories = files.list_categories(session, number, is_inside=inside)
    return page(
        "communities/files.html",
        context=context,
        head=head_of(context),
        page=requested.of(rows),
        categories=categories,
        category=category,
        licences=files.LICENCES,
    )


def _require_there(action: CommunityAction, context: CommunityContext, *, is_deleted: bool) -> None:
    """Raise NotFound for what was deleted to those who cannot restore it."""
    if is_deleted and not allows(action, context):
        raise NotFound


@work_bp.route("/communities/<slug>/files/new", methods=["GET", "POST"])
@requires(CommunityAction.ADD_FILE, communities.get_community, reads_first=True, body_limit=BODY_LIMIT)
def add_file(context: CommunityContext) -> Answer:
    """Bring in a file."""
    form = CommunityFileForm()
    if is_read_only_request():
        form.language.data = language()
    if form.validate_on_submit():
        content = form.store()
        if content is None and not form.errors:
            form.refuse(form.file, _("Choose a file."))
        if content is not None:
            with (
                form.refusals(None, communities.NoLongerAllowed),
                form.refusals(form.file, files.CommunityIsFull),
                form.refusals(form.category, files.TooManyFileCategories),
            ):
                files.add_file(begin_writing(), current_actor(), context, form.values(), content, now=clock.now())
                return see_page("communities_work.file_list", slug=context.community.slug, flash=_("The file is there."))
    categories = files.list_categories(current_session(), context.community.id, is_inside=True)
    return page("communities/file_form.html", context=context, form=form, file=None, categories=categories, seen="")


@work_bp.get("/communities/<slug>/files/<uuid:file>")
@requires(CommunityAction.READ, files.get_file)
def show_file(context: CommunityFileContext) -> Answer:
    """Show a file with its former contents."""
    leave_reading_note(context)
    _require_there(CommunityAction.CHANGE_FILE, context, is_deleted=context.file.deleted_at is not None)
    versions = files.list_versions(current_session(), context.file.id)
    return page("communities/file.html", context=context, file=context.file, versions=versions, licences=files.LICENCES)


@work_bp.get("/communities/<slug>/files/<uuid:file>/<int:number>")
@requires(CommunityAction.READ, files.get_file)
def file_content(context: CommunityFileContext) -> Response:
    """Send a content of a file to who may read it now."""
    leave_reading_note(context)
    _require_there(CommunityAction.CHANGE_FILE, context, is_deleted=context.file.deleted_at is not None)
    number = int((request.view_args or {})["number"])
    rows = files.list_versions(current_session(), context.file.id)
    row = require_found(next((row for row in rows if row.CommunityFileVersion.number == number), None))
    name, stored = row.CommunityFileVersion.name, row.StoredFile
    inline = name.rpartition(".")[2].lower() in FORMATS
    return send_content(file_store(), stored.sha256, stored.media_type, name, inline=inline, cache_control="private, no-store")


@work_bp.route("/communities/<slug>/files/<uuid:file>/edit", methods=["GET", "POST"])
@requires(CommunityAction.CHANGE_FILE, files.get_file, reads_first=True, body_limit=BODY_LIMIT)
def edit_file(context: CommunityFileContext) -> Answer:
    """Change what is said of a file, or replace it."""
    form, row, slug = CommunityFileForm(), context.file, context.community.slug
    seen = request.form.get("seen", str(row.row_version))
    if is_read_only_request():
        form.title.data, form.description.data, form.category.data = row.title, row.description, row.category
        form.language.data, form.licence.data, form.members_only.data = row.language, row.licence, row.members_only
    if form.validate_on_submit():
        content = form.store()
        if not form.errors:
            session = begin_writing()
            present = files.get_file(session, current_actor(), slug, row.uuid)
            with (
                form.refusals(None, files.FileWasChanged, communities.NoLongerAllowed),
                form.refusals(form.file, files.CommunityIsFull),
                form.refusals(form.category, files.TooManyFileCategories),
            ):
                changed = files.change_file(session, current_actor(), present, form.values(), content, seen=seen, now=clock.now())
                message = _("Saved.") if changed else _("There was nothing to change.")
                return see_page("communities_work.show_file", slug=slug, file=row.uuid, flash=message)
            seen = str(present.file.row_version)
    categories = files.list_categories(current_session(), context.community.id, is_inside=True)
    return page("communities/file_form.html", context=context, form=form, file=row, categories=categories, seen=seen)


@work_bp.post("/communities/<slug>/files/<uuid:file>/deletion")
@requires(CommunityAction.CHANGE_FILE, files.get_file)
def delete_file(context: CommunityFileContext) -> Response:
    """Delete a file, or restore it."""
    is_deleted = request.form.get("act") != "restore"
    files.set_deleted(current_session(), current_actor(), context, is_deleted=is_deleted, now=clock.now())
    message = _("The file was deleted. It can be restored for 30 days.") if is_deleted else _("The file is there again.")
    return see_page("communities_work.show_file", slug=context.community.slug, file=context.file.uuid, flash=message)


class CommunityPageForm(Form):
    """A page of a community."""

    title = line(lazy_("Title"), most=150, required=lazy_("Write a title."))
    text = area(lazy_("Text"), most=pages.LONGEST_PAGE, required=lazy_("Write the text."))
    category = line(lazy_("Category"), most=60)
    position = line(lazy_("Place in its category, as a number"), most=4)
    members_only = BooleanField(lazy_("Members alone see it"))

    def values(self) -> pages.PageValues:
        """Return the page."""
        category, position = " ".join((self.category.data or "").split()), whole_number(self.position.data or "") or 0
        return pages.PageValues(self.title.data or "", self.text.data or "", category, position, members_only=bool(self.members_only.data))


@work_bp.get("/communities/<slug>/pages")
@requires(CommunityAction.READ, communities.get_community)
def page_list(context: CommunityContext) -> Answer:
    """List the pages that the reader may open, by category."""
    leave_reading_note(context)
    rows = pages.list_pages(current_session(), context.community.id, is_inside=is_inside(context))
    categories = dict.fromkeys(row.category for row in rows)
    groups = [(category, [row for row in rows if row.category == category]) for category in categories]
    return page("communities/pages.html", context=context, head=head_of(context), groups=groups)


@work_bp.route("/communities/<slug>/pages/new", methods=["GET", "POST"])
@requires(CommunityAction.WRITE_PAGE, communities.get_community, reads_first=True)
def add_page(context: CommunityContext) -> Answer:
    """Write a page."""
    form, community = CommunityPageForm(), context.community
    if form.validate_on_submit():
        with form.refusals(form.text, pages.PageNotRendered), form.refusals(None, pages.TooManyPages, communities.NoLongerAllowed):
            values = form.values()
            rendered = pages.render_page(values.source, community.language)
            row = pages.add_page(begin_writing(), current_actor(), context, values, str(rendered.html), now=clock.now())
            _flash_problems(rendered)
            return see_page("communities_work.show_page", slug=community.slug, key=row.slug, flash=_("Saved."))
    return page("communities/page_form.html", context=context, form=form, row=None, seen="", other=())


def _flash_problems(rendered: RenderedText) -> None:
    """Say what of a saved text is not shown as it was written, such as a picture that nobody has."""
    for problem in rendered.problems[:5]:
        flash(_(problem.text, **problem.facts), "warn")


@work_bp.get("/communities/<slug>/pages/<key>")
@requires(CommunityAction.READ, pages.get_page)
def show_page(context: CommunityPageContext) -> Answer:
    """Show a page."""
    leave_reading_note(context)
    _require_there(CommunityAction.WRITE_PAGE, context, is_deleted=context.page.deleted_at is not None)
    version = pages.latest_version(current_session(), context.page.id)
    return page("communities/page.html", context=context, row=context.page, version=version)


@work_bp.get("/communities/<slug>/pages/<key>/history")
@requires(CommunityAction.READ, pages.get_page)
def page_history(context: CommunityPageContext) -> Answer:
    """Show the former texts of a page, each compared with the one before."""
    leave_reading_note(context)
    _require_there(CommunityAction.WRITE_PAGE, context, is_deleted=context.page.deleted_at is not None)
    return _history_page(context, {})


def _history_page(context: CommunityPageContext, headings: dict[str, str]) -> Response:
    requested = requested_page(20)
    steps = pages.list_steps(current_session(), context.page.id, offset=requested.offset, limit=requested.size + 1)
    return page("communities/page_history.html", context=context, row=context.page, page=requested.of(steps), headings=headings)


@work_bp.get("/communities/<slug>/about/history")
@requires(CommunityAction.READ, pages.get_note)
def note_history(context: CommunityPageContext) -> Answer:
    """Show the former texts of the front page, each compared with the one before."""
    leave_reading_note(context)
    return _history_page(context, {f"## {name}": _(label) for name, label in PARTS.items()})


@work_bp.route("/communities/<slug>/pages/<key>/edit", methods=["GET", "POST"])
@requires(CommunityAction.WRITE_PAGE, pages.get_page, reads_first=True)
def edit_page(context: CommunityPageContext) -> Answer:
    """Write another text of a page; of two who write at once the second one sees both."""
    form, row, community = CommunityPageForm(), context.page, context.community
    seen = request.form.get("seen", str(row.row_version))
    other: list[tuple[str, str]] = []
    if is_read_only_request():
        _fill_page(form, row, pages.latest_version(current_session(), row.id).source)
    if form.validate_on_submit():
        values = form.values()
        with form.refusals(form.text, pages.PageNotRendered), form.refusals(None, pages.PageWasChanged, communities.NoLongerAllowed):
            rendered = pages.render_page(values.source, community.language)
            changed = pages.change_page(begin_writing(), current_actor(), context, values, str(rendered.html), seen=seen, now=clock.now())
            _flash_problems(rendered)
            message = _("Saved.") if changed else _("There was nothing to change.")
            return see_page("communities_work.show_page", slug=community.slug, key=row.slug, flash=message)
        present = pages.get_page(current_session(), current_actor(), community.slug, row.slug).page
        if seen != str(present.row_version):
            seen, other = str(present.row_version), pages.compare_with_saved(current_session(), row.id, values.source)
    return page("communities/page_form.html", context=context, form=form, row=row, seen=seen, other=other)


def _fill_page(form: CommunityPageForm, row: CommunityPage, source: str) -> None:
    form.title.data, form.text.data, form.category.data = row.title, source, row.category
    form.position.data, form.members_only.data = str(row.position or ""), row.members_only


@work_bp.post("/communities/<slug>/pages/<key>/deletion")
@requires(CommunityAction.WRITE_PAGE, pages.get_page)
def delete_page(context: CommunityPageContext) -> Response:
    """Delete a page, or restore it."""
    is_deleted = request.form.get("act") != "restore"
    pages.set_deleted(current_session(), current_actor(), context, is_deleted=is_deleted, now=clock.now())
    message = _("The page was deleted. Those who write pages can restore it.") if is_deleted else _("The page is there again.")
    return see_page("communities_work.show_page", slug=context.community.slug, key=context.page.slug, flash=message)


class PlanForm(Form):
    """A line of the plan."""

    title = line(lazy_("What"), most=150, required=lazy_("Write what is planned."))
    kind = SelectField(lazy_("Kind"), choices=[SelectChoice(kind.value, lazy_(label)) for kind, label in plan.PLAN_KINDS.items()])
    starts_on = DateField(lazy_("First day"), [InputRequired(lazy_("Enter a day."))], format=DAYS)
    ends_on = DateField(lazy_("Last day, if it is a month or a period"), [Optional()], format=DAYS)
    responsible = line(lazy_("Responsible"), most=200)
    note = area(lazy_("Speakers or topics in mind"), most=500)
    address = line(lazy_("Address on this site"), most=300)

    def validate(self, *args: object, **options: object) -> bool:
        """Refuse days that do not follow each other, and addresses of elsewhere."""
        is_valid = bool(super().validate())
        first, last = self.starts_on.data, self.ends_on.data
        for field in (self.starts_on, self.ends_on):
            if field.data is not None and not FIRST_DAY <= field.data <= LAST_DAY:
                self.refuse(field, _("Enter a date between the years %(first)s and %(last)s.", first=FIRST_DAY.year, last=LAST_DAY.year))
        if first and last and last < first:
            self.refuse(self.ends_on, _("The last day is not before the first one."))
        if self.address.data and (not self.address.data.startswith("/") or self.address.data.startswith("//")):
            self.refuse(self.address, _("Enter an address of this site that begins with /."))
        return is_valid and not self.errors

    def show(self, row: PlanEntry) -> None:
        """Fill the form with a line."""
        self.title.data, self.kind.data, self.starts_on.data = row.title, row.kind, row.starts_on
        self.ends_on.data = row.ends_on if row.ends_on != row.starts_on else None
        self.responsible.data, self.note.data, self.address.data = row.responsible, row.note, row.address

    def values(self) -> plan.PlanValues:
        """Return the line."""
        starts_on, ends_on = self.starts_on.data, self.ends_on.data
        assert starts_on is not None
        texts = (self.responsible.data or "", self.note.data or "", self.address.data or "")
        return plan.PlanValues(starts_on, ends_on or starts_on, self.title.data or "", self.kind.data, *texts)


@work_bp.get("/communities/<slug>/plan")
@requires(CommunityAction.READ_PLAN, communities.get_community)
def show_plan(context: CommunityContext) -> Answer:
    """Show the plan of a community to its members."""
    leave_reading_note(context)
    today = site_day(clock.now())
    lines = plan.list_lines(current_session(), context.community.id)
    rows = [(row, plan.is_overdue(row, today), plan.version_of(row)) for row in lines]
    return page("communities/plan.html", context=context, head=head_of(context), rows=rows, kinds=plan.PLAN_KINDS)


@work_bp.route("/communities/<slug>/plan/new", methods=["GET", "POST"])
@requires(CommunityAction.EDIT, communities.get_community)
def add_line(context: CommunityContext) -> Answer:
    """Add a line, or those that a new community is offered."""
    form, session, actor, slug, now = PlanForm(), current_session(), current_actor(), context.community.slug, clock.now()
    if request.form.get("act") == "offer":
        added = plan.add_first_days(session, actor, context, site_day(now), now=now)
        message = _("Added: change or delete what does not fit.") if added else _("The plan has lines already.")
        return see_page("communities_work.show_plan", slug=slug, flash=message)
    if form.validate_on_submit():
        with form.refusals(None, plan.TooManyLines):
            plan.add_line(session, actor, context, form.values(), now=now)
            return see_page("communities_work.show_plan", slug=slug, flash=_("Saved."))
    return page("communities/plan_entry.html", context=context, form=form, line=None, seen="", is_changed=False, kinds=plan.PLAN_KINDS)


@work_bp.route("/communities/<slug>/plan/<int:line>", methods=["GET", "POST"])
@requires(CommunityAction.EDIT, plan.get_line)
def edit_line(context: PlanContext) -> Answer:
    """Change a line of the plan; of two who do at once the second one sees both."""
    form, line = PlanForm(), context.line
    seen = request.form.get("seen", plan.version_of(line))
    if is_read_only_request():
        form.show(line)
    if form.validate_on_submit():
        with form.refusals(None, plan.LineWasChanged):
            changed = plan.change_line(current_session(), current_actor(), context, form.values(), seen=seen, now=clock.now())
            message = _("Saved.") if changed else _("There was nothing to change.")
            return see_page("communities_work.show_plan", slug=context.community.slug, flash=message)
    present = plan.version_of(line)
    is_changed = seen != present
    return page(
        "communities/plan_entry.html", context=context, form=form, line=line, seen=present, is_changed=is_changed, kinds=plan.PLAN_KINDS
    )


@work_bp.post("/communities/<slug>/plan/<int:line>/mark")
@requires(CommunityAction.EDIT, plan.get_line)
def mark_line(context: PlanContext) -> Response:
    """Tick a line, take the tick away, or delete it."""
    session, actor, act, seen = current_session(), current_actor(), request.form.get("act"), request.form.get("seen", "")
    message = _("Saved.")
    try:
        if act == "delete":
            plan.delete_line(session, actor, context, seen=seen, now=clock.now())
        elif not plan.tick(session, actor, context, is_done=act == "done", seen=seen, now=clock.now()):
            message = _("There was nothing to change.")
    except plan.LineWasChanged:
        message = _("Someone changed this line meanwhile: nothing was done. Look at it as it is now.")
    return see_page("communities_work.show_plan", slug=context.community.slug, flash=message)
