"""Pages of communities for those who found and look after them and their working groups, and for those who administer the site."""

from flask import Blueprint, Response, flash, request
from wtforms import BooleanField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from communities import communities, directory, life, members, pages, reach
from communities.access import CommunityAction, CommunityContext, MemberContext, RequestContext
from communities.life import DraftWasChanged, NotReady
from communities.members import CannotJoin, LastAdministrator, MemberWasChanged, RequestDecided, TooManyAdministrators
from communities.models import (
    CONDITIONS,
    NOTE,
    PARTS,
    Community,
    CommunityLevel,
    CommunityReach,
    CommunityRequest,
    CommunityRole,
    CommunityState,
)
from communities.panels import LANGUAGE_NAMES, LEVELS
from communities.reach import Narrowing
from communities.views.communities import LEVEL_TEXTS, head_of, leave_reading_note
from discussions.boards import TooManyCategories, change_settings
from discussions.models import Board, BoardState, FirstPosts
from kernel import clock
from kernel.errors import N_
from kernel.i18n import LANGUAGES, _, language, lazy_
from kernel.markup.posts import PostTooComplex
from kernel.web.forms import Form, area, line, whole_number
from kernel.web.request import (
    Answer,
    current_actor,
    current_session,
    current_settings,
    is_read_only_request,
    page,
    requires,
    see_page,
)

managing_bp = Blueprint("communities_managing", __name__)

REACHES = {
    CommunityReach.EVERYONE: N_("Everyone finds it"),
    CommunityReach.INSTITUTION: N_("The people of an institution find it"),
    CommunityReach.HIDDEN: N_("Only its members find it; it counts as private"),
}
HINTS = {
    "overview": N_("What it is about, and which institutions and activities its administrators have. At least 100 characters."),
    "purpose": N_("What its members reach together. At least 100 characters."),
    "strategy": N_("How people take part, and through which channels members are found. At least 100 characters."),
    "who_may_join": N_("For whom it is; people who ask to join read it above the field."),
    "contributions": N_("For example experiences, questions, documents, time."),
    "principles": N_("How people treat each other here."),
}
USUAL_PRINCIPLES = N_(
    "We write with respect and to the point. We share what we know and say where it comes from. We publish no personal data of others. "
    "We disagree about reasons, not about people."
)


class ValuesForm(Form):
    """The first step of a draft, and the settings later."""

    name = line(lazy_("Name of the community"), most=120, required=lazy_("Write a name."))
    topic = line(lazy_("Topic"), most=60)
    language = SelectField(lazy_("Language"), choices=[SelectChoice(code, LANGUAGE_NAMES[code]) for code in LANGUAGES])
    reach = RadioField(lazy_("Who finds it"), choices=[SelectChoice(reach.value, lazy_(label)) for reach, label in REACHES.items()])
    organisation = SelectField(lazy_("Institution or unit, where it is for one"), choices=[])
    level = RadioField(lazy_("Privacy"), choices=[SelectChoice(level.value, lazy_(label)) for level, label in LEVELS.items()])

    def offer(self, present: Community | None = None) -> None:
        """Offer the institutions and units to which the reader belongs, and the one that it has."""
        session = current_session()
        own = communities.list_own_places(session, current_actor())
        if present is not None and present.organisation_id is not None and present.organisation_id not in dict(own):
            own.append((present.organisation_id, communities.name_of_place(session, present.organisation_id)))
        self.organisation.choices = [("", _("None")), *((str(number), name) for number, name in own)]

    def show(self, row: Community) -> None:
        """Fill the form with what a community is."""
        self.name.data, self.language.data, self.reach.data, self.level.data = row.name, row.language, row.reach, row.level
        self.organisation.data, self.topic.data = str(row.organisation_id or ""), row.topic

    def values(self) -> communities.CommunityValues:
        """Return what was chosen: a hidden community is private."""
        reach = CommunityReach(self.reach.data)
        level = CommunityLevel.PRIVATE if reach is CommunityReach.HIDDEN else CommunityLevel(self.level.data)
        organisation = whole_number(self.organisation.data or "") or None
        return communities.CommunityValues(
            self.name.data or "",
            self.language.data,
            reach,
            level=level,
            organisation_id=organisation if reach is CommunityReach.INSTITUTION else None,
            topic=self.topic.data or "",
        )


class ConceptNoteForm(Form):
    """The concept note."""

    overview = area(lazy_("General description"), most=communities.LONGEST_TEXT)
    purpose = area(lazy_("Purpose"), most=communities.LONGEST_TEXT)
    strategy = area(lazy_("Strategy of participation"), most=communities.LONGEST_TEXT)


class ConditionsForm(Form):
    """The texts on who may join, what can be contributed, and the principles."""

    who_may_join = area(lazy_("Who may join"), most=communities.LONGEST_TEXT)
    contributions = area(lazy_("What can be contributed"), most=communities.LONGEST_TEXT)
    principles = area(lazy_("Principles"), most=communities.LONGEST_TEXT)


class ReasonForm(Form):
    """A reason."""

    reason = area(lazy_("Reason"), most=500)


@managing_bp.route("/communities/new", methods=["GET", "POST"])
@requires(CommunityAction.FOUND)
def new() -> Answer:
    """Begin a community: its draft is kept with the first step."""
    form = ValuesForm()
    form.offer()
    if is_read_only_request():
        form.reach.data, form.level.data, form.language.data = CommunityReach.EVERYONE.value, CommunityLevel.PUBLIC.value, language()
    if form.validate_on_submit():
        with form.refusals(None, communities.TooManyDrafts), form.refusals(form.organisation, communities.UnknownInstitution):
            row = communities.found_community(current_session(), current_actor(), form.values(), now=clock.now())
            return see_page("communities_managing.texts", slug=row.slug, step="note", flash=_("The draft is saved. You can go on later."))
    return _settings_page(form, None, seen="")


def _settings_page(form: "ValuesForm | WorkingGroupForm", context: CommunityContext | None, *, seen: str) -> Response:
    is_group = isinstance(form, WorkingGroupForm)
    levels = {} if is_group else {level.value: _(text) for level, text in LEVEL_TEXTS.items()}
    topics = [] if is_group else communities.list_topics(current_session(), current_actor())
    return page("communities/settings.html", form=form, context=context, levels=levels, topics=topics, seen=seen, is_group=is_group)


@managing_bp.route("/communities/<slug>/manage/settings", methods=["GET", "POST"])
@requires(CommunityAction.EDIT, communities.get_community)
def settings(context: CommunityContext) -> Answer:
    """Change name, topic, language, reach and level; it acts at once, and narrows after a page that says what follows."""
    row = context.community
    form: ValuesForm | WorkingGroupForm = ValuesForm() if context.parent is None else WorkingGroupForm()
    if is_read_only_request():
        form.show(row)
    if isinstance(form, ValuesForm):
        form.offer(row)
    act, seen = request.form.get("act"), request.form.get("seen", "")
    if act != "back" and form.validate_on_submit():
        of_institution = form.organisation if isinstance(form, ValuesForm) else None
        session, actor, values, now = current_session(), current_actor(), form.values(), clock.now()
        with (
            form.refusals(None, communities.CommunityWasChanged),
            form.refusals(form.level, reach.WiderThanWritten),
            form.refusals(of_institution, communities.UnknownInstitution),
        ):
            reach.check_values(session, actor, row, values, seen=seen)
            if row.state != CommunityState.DRAFT and act != "narrow" and reach.narrows(row, values):
                return _narrowing_page(context, form, reach.preview(session, row, values, now=now))
            changed = reach.change_values(session, actor, row, values, seen=seen, now=now)
            message = _("Saved.") if changed else _("There was nothing to change.")
            return see_page("communities_managing.manage", slug=row.slug, flash=message)
    return _settings_page(form, context, seen=str(row.row_version))


def _narrowing_page(context: CommunityContext, form: "ValuesForm | WorkingGroupForm", narrowing: Narrowing) -> Response:
    """Say who reads the community today and who would afterwards; the form waits in hidden fields."""
    row, values = context.community, form.values()
    reaches = {**REACHES, CommunityReach.PARENT: N_("The members of the community find it")}

    def step(reach: CommunityReach, level: CommunityLevel, institution: int | None, readers: int | None) -> tuple[list[str], int | None]:
        name = communities.name_of_place(current_session(), institution) if institution else ""
        return [text for text in (_(reaches[reach]), name, _(LEVELS[level])) if text], readers

    today = step(CommunityReach(row.reach), CommunityLevel(row.level), row.organisation_id, narrowing.before)
    afterwards = step(values.reach, values.level, values.organisation_id, narrowing.after)
    fields = [(name, value) for name, value in request.form.items() if name == "seen" or (name in form and name != "csrf_token")]
    return page(
        "communities/narrowing.html",
        context=context,
        fields=fields,
        steps=[today, afterwards],
        narrowing=narrowing,
        becomes_hidden=values.reach is CommunityReach.HIDDEN and row.reach != CommunityReach.HIDDEN,
    )


@managing_bp.route("/communities/<slug>/manage/<any(note, conditions):step>", methods=["GET", "POST"])
@requires(CommunityAction.EDIT, lambda session, actor, slug, step: communities.get_community(session, actor, slug))
def texts(context: CommunityContext) -> Answer:
    """Write the concept note, or the conditions: each step of a draft is saved by itself."""
    row, is_note = context.community, (request.view_args or {})["step"] == "note"
    form, names = (ConceptNoteForm(), NOTE) if is_note else (ConditionsForm(), CONDITIONS)
    if is_read_only_request():
        for name in names:
            form[name].data = row.texts.get(name, "")
        if not is_note and not row.texts.get("principles"):
            form["principles"].data = _(USUAL_PRINCIPLES)
    if form.validate_on_submit():
        typed = {name: form[name].data or "" for name in names}
        with form.refusals(None, communities.CommunityWasChanged, PostTooComplex):
            pages.change_texts(current_session(), current_actor(), row, typed, seen=request.form.get("seen", ""), now=clock.now())
            for name in [name for name in communities.missing_parts(row) if name in names and row.state == CommunityState.DRAFT]:
                flash(_("Saved, and still too short to be activated: %(part)s.", part=_(PARTS[name])), "warn")
            if is_note and row.state == "draft":
                return see_page("communities_managing.texts", slug=row.slug, step="conditions", flash=_("Saved."))
            return see_page("communities_managing.manage", slug=row.slug, flash=_("Saved."))
    hints = {name: _(HINTS[name]) for name in names}
    return page(
        "communities/texts.html", form=form, context=context, fields=[form[name] for name in names], hints=hints, is_note=is_note,
        seen=str(row.row_version),
    )  # fmt: skip


class CommunityBoardForm(Form):
    """The settings of discussions and pages of a community."""

    first_posts = SelectField(
        lazy_("First two posts of a person that wait for a moderator"),
        choices=[
            SelectChoice(FirstPosts.NONE.value, lazy_("No posts wait")),
            SelectChoice(
                FirstPosts.NEW.value, lazy_("New accounts, where one joins at once: younger than seven days and without an institution")
            ),
            SelectChoice(FirstPosts.ALL.value, lazy_("Everybody’s")),
        ],
    )
    categories = area(lazy_("Categories, one a line (optional)"), most=1_000)
    mail_text = BooleanField(lazy_("Emails include the beginning of a post"))
    members_write = BooleanField(lazy_("Members write pages too, not the administrators alone"))


@managing_bp.route("/communities/<slug>/manage/discussions", methods=["GET", "POST"])
@requires(CommunityAction.EDIT, communities.get_community)
def board_settings(context: CommunityContext) -> Answer:
    """Say how the discussions of a community work: first posts, categories, and what mails carry."""
    form, session, slug = CommunityBoardForm(), current_session(), context.community.slug
    board = session.get_one(Board, context.community.board_id)
    if is_read_only_request():
        form.first_posts.data, form.mail_text.data, form.categories.data = board.first_posts, board.mail_text, "\n".join(board.categories)
        form.members_write.data = context.community.members_write
    if form.validate_on_submit():
        with form.refusals(form.categories, TooManyCategories):
            changed = change_settings(
                session,
                current_actor(),
                board,
                state=BoardState(board.state),
                first_posts=FirstPosts(form.first_posts.data),
                mail_text=bool(form.mail_text.data),
                categories=(form.categories.data or "").splitlines(),
                now=clock.now(),
            )
            changed |= communities.set_members_write(
                session, current_actor(), context.community, bool(form.members_write.data), now=clock.now()
            )
            message = _("Saved. It holds from now on.") if changed else _("There was nothing to change.")
            return see_page("communities_managing.manage", slug=slug, flash=message)
    return page("communities/board_settings.html", form=form, context=context)


@managing_bp.get("/communities/<slug>/manage")
@requires(CommunityAction.MANAGE, communities.get_community)
def manage(context: CommunityContext) -> Answer:
    """Show what waits for the administrators of a community, what a draft still needs, and where things are changed."""
    leave_reading_note(context)
    return _manage_page(context, ReasonForm())


def _manage_page(context: CommunityContext, form: ReasonForm) -> Response:
    row = context.community
    return page(
        "communities/manage.html",
        context=context,
        missing=[_(PARTS[name]) for name in communities.missing_parts(row)],
        parts=[(_(PARTS[name]), row.safe_html(name)) for name in (*NOTE, *CONDITIONS) if row.html.get(name)],
        waiting=members.count_requests(current_session(), row.id),
        form=form,
    )


def _alone() -> bool:
    actor = current_actor()
    return actor.is_administrator or (actor.is_staff_anywhere and current_settings().instructors_activate_communities)


@managing_bp.post("/communities/<slug>/manage/submission")
@requires(CommunityAction.SUBMIT, communities.get_community)
def submit(context: CommunityContext) -> Answer:
    """Ask for the activation of a draft."""
    try:
        is_active = life.submit(current_session(), current_actor(), context.community, alone=_alone(), now=clock.now())
    except NotReady as refused:
        return see_page("communities_managing.manage", slug=context.community.slug, flash=_(refused.text))
    message = _("The community is active.") if is_active else _("It waits for the site’s administrators. You will be notified.")
    return see_page("communities_managing.manage", slug=context.community.slug, flash=message)


@managing_bp.post("/communities/<slug>/manage/activation")
@requires(CommunityAction.ACTIVATE, communities.get_community)
def activate(context: CommunityContext) -> Answer:
    """Activate a submitted draft as it was read, or refuse it with a reason."""
    form, refuses, seen = ReasonForm(), request.form.get("act") == "refuse", request.form.get("seen", "")
    if form.validate() and refuses and not (form.reason.data or "").strip():
        form.refuse(form.reason, _("Write the reason."))
    if not form.errors:
        reason = (form.reason.data or "").strip() if refuses else ""
        with form.refusals(None, DraftWasChanged):
            decided = life.decide_activation(
                current_session(), current_actor(), context.community, reason=reason, seen=seen, now=clock.now()
            )
            message = _("The community was not activated.") if refuses else _("The community is active.")
            return see_page("communities_managing.oversee", flash=message if decided else _("It was decided already."))
    return _manage_page(context, form)


class DecisionForm(Form):
    """The reason of a rejection."""

    reason = line(lazy_("Reason, where you reject it"), most=500)


@managing_bp.get("/communities/<slug>/manage/requests")
@requires(CommunityAction.MANAGE, communities.get_community)
def requests(context: CommunityContext) -> Answer:
    """List the requests that wait, the oldest first."""
    return _requests_page(context, DecisionForm(), None)


def _requests_page(context: CommunityContext, form: DecisionForm, refused: CommunityRequest | None) -> Response:
    """Return the list of requests; what was typed for the one that was not decided stays in its field, or above the list."""
    session, row = current_session(), context.community
    waiting = members.list_requests(session, row.id)
    people = [line.Person.id for line in waiting] if row.organisation_id is not None else []
    institutions = directory.list_institutions(session, people) if people else {}
    return page("communities/requests.html", context=context, rows=waiting, institutions=institutions, form=form, refused=refused)


@managing_bp.post("/communities/<slug>/manage/requests/<uuid:request>")
@requires(CommunityAction.DECIDE, members.get_request)
def decide(context: RequestContext) -> Answer:
    """Approve or reject a request to join; who comes second reads who decided it, and keeps the reason."""
    form, approves = DecisionForm(), request.form.get("act") == "approve"
    if form.validate_on_submit():
        with form.refusals(None, RequestDecided, CannotJoin):
            reason = "" if approves else form.reason.data or ""
            members.decide_request(current_session(), current_actor(), context, approves=approves, reason=reason, now=clock.now())
            message = _("Approved: a new member.") if approves else _("The request was rejected.")
            return see_page("communities_managing.requests", slug=context.community.slug, flash=message)
    return _requests_page(context, form, context.request)


class RoleForm(Form):
    """The role of a member."""

    role = SelectField(lazy_("Role"), choices=[SelectChoice(role.value, lazy_(label)) for role, label in members.ROLE_NAMES.items()])


class RemovalForm(Form):
    """The removal of a member."""

    reason = area(lazy_("Reason, which the person reads"), most=500, required=lazy_("Write the reason."))
    days = SelectField(
        lazy_("May join again"),
        choices=[
            SelectChoice(value, label)
            for value, label in (
                ("", lazy_("At any time")),
                ("30", lazy_("After 30 days")),
                ("365", lazy_("After a year")),
                ("0", lazy_("Never")),
            )
        ],
    )


def _member_page(context: MemberContext, role: RoleForm, removal: RemovalForm) -> Response:
    name = members.name_of(current_session(), context.other)
    return page("communities/member.html", context=context, name=name, role=role, removal=removal, seen=str(context.other.row_version))


@managing_bp.get("/communities/<slug>/members/<int:member>")
@requires(CommunityAction.SET_ROLE, members.get_member)
def member(context: MemberContext) -> Answer:
    """Show what can be done with a membership."""
    form = RoleForm()
    form.role.data = context.other.role
    return _member_page(context, form, RemovalForm())


@managing_bp.post("/communities/<slug>/members/<int:member>/role")
@requires(CommunityAction.SET_ROLE, members.get_member)
def set_role(context: MemberContext) -> Answer:
    """Give a member a role."""
    form = RoleForm()
    if form.validate():
        with form.refusals(form.role, LastAdministrator, TooManyAdministrators, MemberWasChanged):
            members.set_role(
                current_session(),
                current_actor(),
                context,
                CommunityRole(form.role.data),
                seen=request.form.get("seen", ""),
                now=clock.now(),
            )
            return see_page("communities.member_list", slug=context.community.slug, flash=_("Saved."))
    return _member_page(context, form, RemovalForm(formdata=None))


@managing_bp.post("/communities/<slug>/members/<int:member>/removal")
@requires(CommunityAction.REMOVE, members.get_member)
def remove(context: MemberContext) -> Answer:
    """Remove a member, who reads the reason."""
    form = RemovalForm()
    if form.validate():
        days = int(form.days.data) if form.days.data else None
        with form.refusals(form.reason, LastAdministrator, MemberWasChanged):
            members.remove(
                current_session(), current_actor(), context, reason=form.reason.data or "", days=days,
                seen=request.form.get("seen", ""), now=clock.now(),
            )  # fmt: skip
            return see_page("communities.member_list", slug=context.community.slug, flash=_("The person is no longer a member."))
    role = RoleForm(formdata=None)
    role.role.data = context.other.role
    return _member_page(context, role, form)


class CommunityArchiveForm(Form):
    """Why a community is archived."""

    reason = area(lazy_("Reason, which the front page shows"), most=500)


@managing_bp.route("/communities/<slug>/manage/archive", methods=["GET", "POST"])
@requires(CommunityAction.ARCHIVE, communities.get_community)
def archive(context: CommunityContext) -> Answer:
    """Archive a community, after a page that says what follows."""
    form, row = CommunityArchiveForm(), context.community
    if form.validate_on_submit():
        life.archive(current_session(), current_actor(), row, form.reason.data or "", now=clock.now())
        return see_page("communities.front_page", slug=row.slug, flash=_("The community is archived."))
    return page("communities/archive.html", context=context, form=form)


@managing_bp.post("/communities/<slug>/manage/reactivation")
@requires(CommunityAction.REACTIVATE, communities.get_community)
def reactivate(context: CommunityContext) -> Response:
    """Let an archived community be written in again."""
    life.reactivate(current_session(), current_actor(), context.community, now=clock.now())
    return see_page("communities.front_page", slug=context.community.slug, flash=_("The community is active again."))


@managing_bp.get("/communities/<slug>/manage/health")
@requires(CommunityAction.MANAGE, communities.get_community)
def show_health(context: CommunityContext) -> Answer:
    """Show how a community is doing, by six marks that are computed now."""
    leave_reading_note(context)
    marks = life.words_of(life.measure(current_session(), context.community, now=clock.now()))
    return page("communities/life.html", context=context, marks=marks)


@managing_bp.get("/communities/<slug>/manage/log")
@requires(CommunityAction.MANAGE, communities.get_community)
def log(context: CommunityContext) -> Answer:
    """Show what was decided in a community and by whom, and which administrators of the site opened it."""
    return page("communities/log.html", context=context, rows=communities.list_log(current_session(), context.community.id))


@managing_bp.get("/administration/communities")
@requires(CommunityAction.OVERSEE)
def oversee() -> Answer:
    """List the communities that wait for their activation, and those that nobody administers."""
    waiting, alone = communities.list_for_site(current_session())
    names = {row.id: life.list_longest_members(current_session(), row.id) for row in alone[:50]}
    inactive = life.list_long_inactive(current_session(), now=clock.now())
    return page("communities/oversee.html", waiting=waiting, alone=alone, names=names, inactive=inactive)


class WorkingGroupForm(Form):
    """A working group: its name, who sees it, and how one joins."""

    name = line(lazy_("Name of the working group"), most=120, required=lazy_("Write a name."))
    language = SelectField(lazy_("Language"), choices=[SelectChoice(code, LANGUAGE_NAMES[code]) for code in LANGUAGES])
    reach = RadioField(
        lazy_("Who finds it"),
        choices=[
            SelectChoice(CommunityReach.PARENT.value, lazy_("The members of the community find it")),
            SelectChoice(CommunityReach.HIDDEN.value, lazy_("Only its own members find it; one joins by invitation")),
        ],
        default=CommunityReach.PARENT.value,
    )
    level = RadioField(
        lazy_("How one joins"),
        choices=[
            SelectChoice(CommunityLevel.SEMIPRIVATE.value, lazy_("By a request that its administrators decide")),
            SelectChoice(CommunityLevel.PRIVATE.value, lazy_("By invitation")),
        ],
        default=CommunityLevel.SEMIPRIVATE.value,
    )

    def show(self, row: Community) -> None:
        """Fill the form with what a group is."""
        self.name.data, self.language.data, self.reach.data, self.level.data = row.name, row.language, row.reach, row.level

    def values(self) -> communities.CommunityValues:
        """Return what was chosen: one joins a hidden group by invitation alone."""
        reach = CommunityReach(self.reach.data)
        level = CommunityLevel.PRIVATE if reach is CommunityReach.HIDDEN else CommunityLevel(self.level.data)
        return communities.CommunityValues(self.name.data or "", self.language.data, reach, level)


@managing_bp.get("/communities/<slug>/groups")
@requires(CommunityAction.LIST_GROUPS, communities.get_community)
def group_list(context: CommunityContext) -> Answer:
    """List the working groups that the reader sees."""
    leave_reading_note(context)
    rows = communities.list_groups(current_session(), current_actor(), context.community.id)
    return page("communities/groups.html", context=context, head=head_of(context), rows=rows)


@managing_bp.route("/communities/<slug>/groups/new", methods=["GET", "POST"])
@requires(CommunityAction.FOUND_GROUP, communities.get_community)
def found_group(context: CommunityContext) -> Answer:
    """Found a working group of a community."""
    form = WorkingGroupForm()
    if is_read_only_request():
        form.language.data = language()
    if form.validate_on_submit():
        with form.refusals(None, communities.TooManyGroups):
            row = communities.found_group(current_session(), current_actor(), context, form.values(), now=clock.now())
            return see_page("communities.front_page", slug=row.slug, flash=_("The working group is there."))
    return _settings_page(form, context, seen="")
