"""Pages of what members work on together: files, pages with their history, the plan."""

from functools import partial
from itertools import groupby

from flask import Blueprint, Response, flash, request
from wtforms import BooleanField, DateField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Optional

from communities import communities, files, pages, plan
from communities.communities import NoLongerAllowed
from communities.models import PARTS, CommunityFile, CommunityPage, PlanEntry
from communities.panels import LANGUAGE_NAMES
from communities.space import CommunityAction, CommunityContext, RowContext
from communities.views.communities import head_of, is_inside
from communities.views.links import keep_upload
from kernel import clock
from kernel.clock import FIRST_DAY, LAST_DAY
from kernel.errors import NoRoom, NotFound, require_found
from kernel.i18n import LANGUAGES, _, language, lazy_, site_day
from kernel.pictures import FORMATS
from kernel.row_versions import RowWasChanged, version_of
from kernel.web.file_responses import send_content
from kernel.web.forms import DAYS, FileField, Form, area, line, whole_number
from kernel.web.request import Answer, allows, begin_writing, current_actor, current_session, file_store, page, requires, see_page
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
        """Return the description of the file."""
        texts = (self.title.data or "", self.description.data or "", self.category.data or "")
        return files.FileValues(*texts, self.language.data, self.licence.data, members_only=self.members_only.data)

    def store(self) -> files.SentFile:
        """Store what was sent; None, with the fault on its field, where it cannot be brought in, or nothing was chosen."""
        return keep_upload(self, self.file, partial(files.store_content, file_store()))


@work_bp.get("/communities/<slug>/files")
@requires(CommunityAction.READ, communities.get_community)
def file_list(context: CommunityContext) -> Answer:
    """List the files that the reader may open, by category."""
    session, number, inside, requested = current_session(), context.community.id, is_inside(context), requested_page(50)
    category = read_words(request.args.get("category", ""))
    rows = files.list_files(session, number, category, is_inside=inside, offset=requested.offset, limit=requested.size + 1)
    listed = {"page": requested.of(rows), "category": category, "categories": files.list_categories(session, number, is_inside=inside)}
    deleted = files.list_deleted(session, context, current_actor()) if inside and not context.is_archived else []
    return page("communities/files.html", context=context, head=head_of(context), licences=files.LICENCES, deleted=deleted, **listed)


def _require_shown(context: CommunityContext, row: CommunityFile | CommunityPage, action: CommunityAction) -> None:
    """Raise NotFound for what was deleted to those who cannot restore it."""
    if row.deleted_at is not None and not allows(action, context):
        raise NotFound


@work_bp.route("/communities/<slug>/files/new", methods=["GET", "POST"])
@requires(CommunityAction.ADD_FILE, communities.get_community, reads_first=True, body_limit=BODY_LIMIT)
def add_file(context: CommunityContext) -> Answer:
    """Bring in a file."""
    return _save_file(context, CommunityFileForm(language=language()))


def _save_file(context: CommunityContext, form: CommunityFileForm) -> Response:
    """Show the form of a file; where it was sent, bring the file in, change what is said of it, or replace it."""
    row, actor, slug = context.row if isinstance(context, RowContext) else None, current_actor(), context.community.slug
    seen = request.form.get("seen", str(row.row_version) if row else "")
    if form.validate_on_submit():
        content = form.store()
        if content is None and row is None and not form.errors:
            form.refuse(form.file, _("Choose a file."))
        if not form.errors:
            session, values, now = begin_writing(), form.values(), clock.now()
            full, categories = form.refusals(form.file, files.CommunityIsFull), form.refusals(form.category, files.TooManyFileCategories)
            with form.refusals(None, RowWasChanged, NoLongerAllowed), full, categories:
                if row is not None:
                    present = files.get_file(session, actor, slug, row.uuid)
                    changed = files.change_file(session, actor, present, values, content, seen=seen, now=now)
                    return see_page("communities_work.show_file", slug=slug, file=row.uuid, flash=_saved(changed))
                if content is not None:
                    files.add_file(session, actor, context, values, content, now=now)
                    return see_page("communities_work.file_list", slug=slug, flash=_("The file is there."))
            seen = str(files.get_file(session, actor, slug, row.uuid).row.row_version) if row else ""
    known = files.list_categories(current_session(), context.community.id, is_inside=True)
    return page("communities/file_form.html", context=context, form=form, file=row, categories=known, seen=seen)


@work_bp.get("/communities/<slug>/files/<uuid:file>")
@requires(CommunityAction.READ, files.get_file)
def show_file(context: RowContext[CommunityFile]) -> Answer:
    """Show a file with its former contents."""
    _require_shown(context, context.row, CommunityAction.CHANGE_FILE)
    versions = files.list_versions(current_session(), context.row.id)
    return page("communities/file.html", context=context, file=context.row, versions=versions, licences=files.LICENCES)


@work_bp.get("/communities/<slug>/files/<uuid:file>/<int:number>")
@requires(CommunityAction.READ, files.get_file)
def file_content(context: RowContext[CommunityFile]) -> Response:
    """Send a content of a file to who may read it now."""
    _require_shown(context, context.row, CommunityAction.CHANGE_FILE)
    number = int((request.view_args or {})["number"])
    rows = files.list_versions(current_session(), context.row.id)
    row = require_found(next((row for row in rows if row.CommunityFileVersion.number == number), None))
    name, stored = row.CommunityFileVersion.name, row.StoredFile
    inline = name.rpartition(".")[2].lower() in FORMATS
    return send_content(file_store(), stored.sha256, stored.media_type, name, inline=inline, cache_control="private, no-store")


@work_bp.route("/communities/<slug>/files/<uuid:file>/edit", methods=["GET", "POST"])
@requires(CommunityAction.CHANGE_FILE, files.get_file, reads_first=True, body_limit=BODY_LIMIT)
def edit_file(context: RowContext[CommunityFile]) -> Answer:
    """Change what is said of a file, or replace it."""
    return _save_file(context, CommunityFileForm(obj=context.row))


def _saved(changed: bool) -> str:
    return _("Saved.") if changed else _("There was nothing to change.")


@work_bp.post("/communities/<slug>/files/<uuid:file>/deletion")
@requires(CommunityAction.CHANGE_FILE, files.get_file)
def delete_file(context: RowContext[CommunityFile]) -> Response:
    """Delete a file, or restore it."""
    is_deleted = request.form.get("act") != "restore"
    files.set_deleted(current_session(), current_actor(), context, is_deleted=is_deleted, now=clock.now())
    message = _("The file was deleted. It can be restored for 30 days.") if is_deleted else _("The file is there again.")
    return see_page("communities_work.show_file", slug=context.community.slug, file=context.row.uuid, flash=message)


class CommunityPageForm(Form):
    """A page of a community."""

    title = line(lazy_("Title"), most=150, required=lazy_("Write a title."))
    text = area(lazy_("Text"), most=pages.LONGEST_PAGE, required=lazy_("Write the text."))
    category = line(lazy_("Category"), most=60)
    position = line(lazy_("Place in its category, as a number"), most=4)
    members_only = BooleanField(lazy_("Members alone see it"))

    def values(self) -> pages.PageValues:
        """Return the page."""
        texts = (self.title.data or "", self.text.data or "", self.category.data or "")
        return pages.PageValues(*texts, whole_number(self.position.data or ""), members_only=self.members_only.data)


@work_bp.get("/communities/<slug>/pages")
@requires(CommunityAction.READ, communities.get_community)
def page_list(context: CommunityContext) -> Answer:
    """List the pages that the reader may open, by category."""
    rows = pages.list_pages(current_session(), context.community.id, is_inside=is_inside(context))
    groups = [(category, list(listed)) for category, listed in groupby(rows, lambda row: row.category)]
    deleted = pages.list_deleted(current_session(), context.community.id) if allows(CommunityAction.WRITE_PAGE, context) else []
    return page("communities/pages.html", context=context, head=head_of(context), groups=groups, deleted=deleted)


@work_bp.route("/communities/<slug>/pages/new", methods=["GET", "POST"])
@requires(CommunityAction.WRITE_PAGE, communities.get_community, reads_first=True)
def add_page(context: CommunityContext) -> Answer:
    """Write a page."""
    return _save_page(context, CommunityPageForm())


def _save_page(context: CommunityContext, form: CommunityPageForm) -> Response:
    """Show the form of a page, or save what was sent; of two who write at once the second one sees both."""
    row = context.row if isinstance(context, RowContext) else None
    slug, actor, other = context.community.slug, current_actor(), list[tuple[str, str]]()
    seen = request.form.get("seen", str(row.row_version) if row else "")
    if form.validate_on_submit():
        values, refused = form.values(), (NoRoom, RowWasChanged, NoLongerAllowed)
        with form.refusals(form.text, pages.PageNotRendered), form.refusals(None, *refused):
            rendered = pages.render_page(values.source, context.community.language)
            session, html, now = begin_writing(), str(rendered.html), clock.now()
            if isinstance(context, RowContext):
                changed, key = pages.change_page(session, actor, context, values, html, seen=seen, now=now), context.row.slug
            else:
                changed, key = True, pages.add_page(session, actor, context, values, html, now=now).slug
            for problem in rendered.problems[:5]:  # what of it is not shown as it was written, such as a picture that nobody has
                flash(_(problem.text, **problem.facts), "warn")
            return see_page("communities_work.show_page", slug=slug, key=key, flash=_saved(changed))
        present = pages.get_page(current_session(), actor, slug, row.slug).row if row else None
        if present and seen != str(present.row_version):
            seen, other = str(present.row_version), pages.compare_with_saved(current_session(), present.id, values.source)
    return page("communities/page_form.html", context=context, form=form, row=row, seen=seen, other=other)


@work_bp.get("/communities/<slug>/pages/<key>")
@requires(CommunityAction.READ, pages.get_page)
def show_page(context: RowContext[CommunityPage]) -> Answer:
    """Show a page."""
    _require_shown(context, context.row, CommunityAction.WRITE_PAGE)
    version = pages.latest_version(current_session(), context.row.id)
    return page("communities/page.html", context=context, row=context.row, version=version)


@work_bp.get("/communities/<slug>/pages/<key>/history")
@requires(CommunityAction.READ, pages.get_page)
def page_history(context: RowContext[CommunityPage]) -> Answer:
    """Show the former texts of a page, each compared with the one before."""
    _require_shown(context, context.row, CommunityAction.WRITE_PAGE)
    return _history_page(context, {})


def _history_page(context: RowContext[CommunityPage], headings: dict[str, str]) -> Response:
    requested = requested_page(20)
    steps = pages.list_steps(current_session(), context.row.id, offset=requested.offset, limit=requested.size + 1)
    return page("communities/page_history.html", context=context, row=context.row, page=requested.of(steps), headings=headings)


@work_bp.get("/communities/<slug>/about/history")
@requires(CommunityAction.READ, pages.get_note)
def note_history(context: RowContext[CommunityPage]) -> Answer:
    """Show the former texts of the front page, each compared with the one before."""
    return _history_page(context, {f"## {name}": _(label) for name, label in PARTS.items()})


@work_bp.route("/communities/<slug>/pages/<key>/edit", methods=["GET", "POST"])
@requires(CommunityAction.WRITE_PAGE, pages.get_page, reads_first=True)
def edit_page(context: RowContext[CommunityPage]) -> Answer:
    """Write another text of a page; of two who write at once the second one sees both."""
    row, source = context.row, pages.latest_version(current_session(), context.row.id).source
    values = {"text": source, "category": row.category, "position": str(row.position or ""), "members_only": row.members_only}
    return _save_page(context, CommunityPageForm(title=row.title, **values))


@work_bp.post("/communities/<slug>/pages/<key>/deletion")
@requires(CommunityAction.WRITE_PAGE, pages.get_page)
def delete_page(context: RowContext[CommunityPage]) -> Response:
    """Delete a page, or restore it."""
    is_deleted = request.form.get("act") != "restore"
    pages.set_deleted(current_session(), current_actor(), context, is_deleted=is_deleted, now=clock.now())
    message = _("The page was deleted. Those who write pages can restore it.") if is_deleted else _("The page is there again.")
    return see_page("communities_work.show_page", slug=context.community.slug, key=context.row.slug, flash=message)


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

    def values(self) -> plan.PlanValues:
        """Return the line."""
        assert self.starts_on.data is not None
        days, texts = (self.starts_on.data, self.ends_on.data or self.starts_on.data), (self.title.data or "", self.kind.data)
        return plan.PlanValues(*days, *texts, self.responsible.data or "", self.note.data or "", self.address.data or "")


@work_bp.get("/communities/<slug>/plan")
@requires(CommunityAction.LIST_MEMBERS, communities.get_community)
def show_plan(context: CommunityContext) -> Answer:
    """Show the plan of a community to its members."""
    today = site_day(clock.now())
    lines = plan.list_lines(current_session(), context.community.id)
    rows = [(row, plan.is_overdue(row, today), version_of(row)) for row in lines]
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
        with form.refusals(None, NoRoom, NoLongerAllowed):
            plan.add_line(session, actor, context, form.values(), now=now)
            return see_page("communities_work.show_plan", slug=slug, flash=_("Saved."))
    return _line_page(context, form, None, "", "")


def _line_page(context: CommunityContext, form: PlanForm, line: PlanEntry | None, seen: str, present: str) -> Response:
    values = {"seen": present, "is_changed": seen != present, "kinds": plan.PLAN_KINDS}
    return page("communities/plan_entry.html", context=context, form=form, line=line, **values)


@work_bp.route("/communities/<slug>/plan/<int:line>", methods=["GET", "POST"])
@requires(CommunityAction.EDIT, plan.get_line)
def edit_line(context: RowContext[PlanEntry]) -> Answer:
    """Change a line of the plan; of two who do at once the second one sees both."""
    line, seen = context.row, request.form.get("seen", version_of(context.row))
    form = PlanForm(obj=line)
    if form.ends_on.data == form.starts_on.data:
        form.ends_on.data = None
    if form.validate_on_submit():
        with form.refusals(None, RowWasChanged):
            changed = plan.change_line(current_session(), current_actor(), context, form.values(), seen=seen, now=clock.now())
            return see_page("communities_work.show_plan", slug=context.community.slug, flash=_saved(changed))
    return _line_page(context, form, line, seen, version_of(line))


@work_bp.post("/communities/<slug>/plan/<int:line>/mark")
@requires(CommunityAction.EDIT, plan.get_line)
def mark_line(context: RowContext[PlanEntry]) -> Response:
    """Tick a line, take the tick away, or delete it."""
    session, actor, act, seen = current_session(), current_actor(), request.form.get("act"), request.form.get("seen", "")
    message = _("Saved.")
    try:
        if act == "delete":
            plan.delete_line(session, actor, context, seen=seen, now=clock.now())
        elif not plan.tick(session, actor, context, is_done=act == "done", seen=seen, now=clock.now()):
            message = _("There was nothing to change.")
    except RowWasChanged:
        message = _("Someone changed this line meanwhile: nothing was done. Look at it as it is now.")
    return see_page("communities_work.show_plan", slug=context.community.slug, flash=message)
