"""Pages of communities for those who found and look after them and their working groups, and for those who administer the site."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, flash, request
from wtforms import BooleanField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from communities import communities, directory, groups, life, members, models, pages, reach
from communities.communities import UnknownInstitution
from communities.life import NotReady
from communities.members import CannotJoin, LastAdministrator, RequestDecided, TooManyAdministrators
from communities.models import CONDITIONS, GROUP_REACHES, LEVELS, NOTE, PARTS, REACHES, CommunityLevel, CommunityReach, CommunityState
from communities.panels import LANGUAGE_NAMES
from communities.reach import WiderThanWritten
from communities.space import CommunityAction, CommunityContext, MemberContext, RequestContext
from communities.views.communities import LEVEL_TEXTS, head_of, parts_of, saved
from discussions.boards import TooManyCategories, change_settings
from discussions.models import Board, BoardState, FirstPosts
from kernel import audit, clock
from kernel.errors import N_, NoRoom
from kernel.i18n import _, language, lazy_
from kernel.markup.posts import PostTooComplex
from kernel.row_versions import RowWasChanged
from kernel.web.forms import Form, area, choices, line, whole_number
from kernel.web.request import Answer, allows, current_actor, current_session, current_settings, page, requires, see_page
from kernel.web.table import requested_page

managing_bp = Blueprint("communities_managing", __name__)

GROUP_LEVELS = {
    CommunityLevel.SEMIPRIVATE: N_("By a request that its administrators decide"),
    CommunityLevel.PRIVATE: N_("By invitation"),
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
FIRST_POSTS = {
    FirstPosts.NONE: N_("No posts wait"),
    FirstPosts.NEW: N_("New accounts, where one joins at once: younger than seven days and without an institution"),
    FirstPosts.ALL: N_("Everybody’s"),
}
BANS = {"": N_("At any time"), "30": N_("After 30 days"), "365": N_("After a year"), "0": N_("Never")}
"""When somebody who was removed may join again, by days."""


class WorkingGroupForm(Form):
    """A working group: its name, who sees it, and how one joins."""

    name = line(lazy_("Name of the working group"), least=3, most=120, required=lazy_("Write a name."))
    language = SelectField(lazy_("Language"), choices=[SelectChoice(*pair) for pair in LANGUAGE_NAMES.items()], default=language)
    reach = RadioField(lazy_("Who finds the group"), choices=choices(GROUP_REACHES), default=CommunityReach.PARENT.value)
    level = RadioField(lazy_("How one joins"), choices=choices(GROUP_LEVELS), default=CommunityLevel.SEMIPRIVATE.value)

    def values(self) -> communities.CommunityValues:
        """Return the choices: what is hidden is private."""
        chosen = CommunityReach(self.reach.data)
        level = CommunityLevel.PRIVATE if chosen is CommunityReach.HIDDEN else CommunityLevel(self.level.data)
        return communities.CommunityValues(self.name.data or "", self.language.data, chosen, level)


class NewGroupForm(WorkingGroupForm):
    """A working group that is founded, with what it is for."""

    purpose = area(lazy_("Purpose"), most=communities.LONGEST_TEXT)


class ValuesForm(WorkingGroupForm):
    """The first step of a draft, and the settings later."""

    name = line(lazy_("Name of the community"), least=3, most=120, required=lazy_("Write a name."))
    topic = line(lazy_("Topic"), most=60)
    reach = RadioField(lazy_("Who finds it"), choices=choices(REACHES), default=CommunityReach.EVERYONE.value)
    organisation = SelectField(lazy_("Institution or unit, where it is for one"), choices=[])
    level = RadioField(lazy_("Privacy"), choices=choices(LEVELS), default=CommunityLevel.PUBLIC.value)

    def offer(self, present: models.Community | None = None) -> None:
        """Offer the institutions and units to which the reader belongs, and the one that it has."""
        session = current_session()
        own = communities.list_own_places(session, current_actor())
        if present is not None and present.organisation_id is not None and present.organisation_id not in dict(own):
            own.append((present.organisation_id, communities.name_of_place(session, present.organisation_id)))
        self.organisation.choices = [("", _("None")), *((str(number), name) for number, name in own)]

    def values(self) -> communities.CommunityValues:
        """Return the choices: what is hidden is private."""
        values = super().values()
        number = whole_number(self.organisation.data or "") or None
        return replace(values, topic=self.topic.data or "", organisation_id=number if values.reach is CommunityReach.INSTITUTION else None)


def _texts_form(names: Sequence[str]) -> type[Form]:
    fields = {name: area(lazy_(PARTS[name]), most=communities.LONGEST_TEXT, description=lazy_(HINTS[name])) for name in names}
    return type("TextsForm", (Form,), fields)


ConceptNoteForm, ConditionsForm = _texts_form(NOTE), _texts_form(CONDITIONS)


class ReasonForm(Form):
    """A reason."""

    reason = area(lazy_("Reason"), most=500)


def _back(row: models.Community, message: str) -> Response:
    return see_page("communities_managing.manage", slug=row.slug, flash=message)


@managing_bp.route("/communities/new", methods=["GET", "POST"])
@requires(CommunityAction.FOUND)
def new() -> Answer:
    """Begin a community: its draft is kept with the first step."""
    form = ValuesForm()
    form.offer()
    if form.validate_on_submit():
        with form.refusals(None, communities.TooManyDrafts), form.refusals(form.organisation, UnknownInstitution):
            row = communities.found_community(current_session(), current_actor(), form.values(), now=clock.now())
            return see_page("communities_managing.texts", slug=row.slug, step="note", flash=_("The draft is saved. You can go on later."))
    return _settings_page(form, None, seen="")


def _settings_page(form: WorkingGroupForm, context: CommunityContext | None, *, seen: str) -> Response:
    is_group = not isinstance(form, ValuesForm)
    levels = {} if is_group else {level.value: _(text) for level, text in LEVEL_TEXTS.items()}
    topics = [] if is_group else communities.list_topics(current_session(), current_actor())
    return page("communities/settings.html", form=form, context=context, levels=levels, topics=topics, seen=seen, is_group=is_group)


@managing_bp.route("/communities/<slug>/manage/settings", methods=["GET", "POST"])
@requires(CommunityAction.EDIT, communities.get_community)
def settings(context: CommunityContext) -> Answer:
    """Change name, topic, language, reach and level; other readers are confirmed on a page that says who they are."""
    row, act, seen, institution = context.community, request.form.get("act"), request.form.get("seen", ""), None
    form = WorkingGroupForm(obj=row)
    if context.parent is None:
        form = ValuesForm(obj=row, organisation=row.organisation_id)
        form.offer(row)
        institution = form.organisation
    if act != "back" and form.validate_on_submit():
        session, actor, values, now = current_session(), current_actor(), form.values(), clock.now()
        with (
            form.refusals(None, RowWasChanged),
            form.refusals(form.level, WiderThanWritten),
            form.refusals(institution, UnknownInstitution),
        ):
            reach.check_values(session, actor, row, values, seen=seen)
            if row.state != CommunityState.DRAFT and act != "confirm" and reach.changes_readers(row, values):
                return _readers_page(context, form, values, reach.preview(session, row, values, now=now))
            return _back(row, saved(reach.change_values(session, actor, row, values, seen=seen, now=now)))
    return _settings_page(form, context, seen=str(row.row_version))


def _readers_page(
    context: CommunityContext, form: WorkingGroupForm, values: communities.CommunityValues, change: reach.ReadersChange
) -> Response:
    """Show who reads the community today and who would afterwards; the form waits in hidden fields."""
    row, reaches = context.community, GROUP_REACHES if context.parent else REACHES
    fields = [(name, value) for name, value in request.form.items() if name == "seen" or name in form]
    numbers = [number for number in (row.organisation_id, values.organisation_id) if number]
    return page(
        "communities/readers.html", context=context, fields=fields, change=change, reaches=reaches, levels=LEVELS, level_texts=LEVEL_TEXTS,
        steps=((row, change.before), (values, change.after)), widens=reach.widens(current_session(), row, values),
        places={number: communities.name_of_place(current_session(), number) for number in numbers},
    )  # fmt: skip


@managing_bp.route("/communities/<slug>/manage/<any(note, conditions):step>", methods=["GET", "POST"])
@requires(CommunityAction.EDIT, lambda session, actor, slug, step: communities.get_community(session, actor, slug))
def texts(context: CommunityContext) -> Answer:
    """Write the concept note, or the conditions: each step of a draft is saved by itself."""
    row, is_note = context.community, (request.view_args or {})["step"] == "note"
    written = {name: text for name, text in row.texts.items() if text}
    form = (ConceptNoteForm if is_note else ConditionsForm)(data={"principles": _(USUAL_PRINCIPLES), **written})
    if form.validate_on_submit():
        typed = {name: text or "" for name, text in form.data.items()}
        with form.refusals(None, RowWasChanged, PostTooComplex):
            pages.change_texts(current_session(), current_actor(), row, typed, seen=request.form.get("seen", ""), now=clock.now())
            is_draft = row.state == CommunityState.DRAFT
            for name in [name for name in communities.missing_parts(row) if name in typed and is_draft]:
                flash(_("Saved, and still too short to be activated: %(part)s.", part=_(PARTS[name])), "warn")
            if is_note and is_draft:
                return see_page("communities_managing.texts", slug=row.slug, step="conditions", flash=_("Saved."))
            return _back(row, _("Saved."))
    return page("communities/texts.html", form=form, context=context, is_note=is_note, seen=str(row.row_version))


class CommunityBoardForm(Form):
    """The settings of discussions and pages of a community."""

    first_posts = SelectField(lazy_("First two posts of a person that wait for a moderator"), choices=choices(FIRST_POSTS))
    categories = area(lazy_("Categories, one a line (optional)"), most=1_000)
    mail_text = BooleanField(lazy_("Emails include the beginning of a post"))
    members_write = BooleanField(lazy_("Members write pages too, not the administrators alone"))


@managing_bp.route("/communities/<slug>/manage/discussions", methods=["GET", "POST"])
@requires(CommunityAction.EDIT, communities.get_community)
def board_settings(context: CommunityContext) -> Answer:
    """Set how the discussions of a community work: first posts, categories, and what mails carry."""
    session, actor, row, now = current_session(), current_actor(), context.community, clock.now()
    board = session.get_one(Board, row.board_id)
    present = {"first_posts": board.first_posts, "mail_text": board.mail_text, "categories": "\n".join(board.categories)}
    form = CommunityBoardForm(data={**present, "members_write": row.members_write})
    if form.validate_on_submit():
        with form.refusals(form.categories, TooManyCategories):
            categories, first_posts = (form.categories.data or "").splitlines(), FirstPosts(form.first_posts.data)
            changed = change_settings(
                session, actor, board, state=BoardState(board.state), first_posts=first_posts, mail_text=form.mail_text.data,
                categories=categories, now=now,
            )  # fmt: skip
            changed |= pages.set_members_write(session, actor, row, form.members_write.data, now=now)
            return _back(row, _("Saved. It holds from now on.") if changed else saved(changed))
    return page("communities/board_settings.html", form=form, context=context)


@managing_bp.get("/communities/<slug>/manage")
@requires(CommunityAction.MANAGE, communities.get_community)
def manage(context: CommunityContext) -> Answer:
    """Show what waits for the administrators of a community, what a draft still needs, and where things are changed."""
    return _manage_page(context, ReasonForm())


def _manage_page(context: CommunityContext, form: ReasonForm) -> Response:
    row, waiting = context.community, members.count_requests(current_session(), context.community.id)
    missing = [_(PARTS[name]) for name in communities.missing_parts(row)]
    facts = _facts_of(row) if allows(CommunityAction.ACTIVATE, context) else []
    return page("communities/manage.html", context=context, missing=missing, facts=facts, parts=parts_of(row), waiting=waiting, form=form)


def _facts_of(row: models.Community) -> list[tuple[str, str]]:
    """Return a draft's facts for those who activate it, besides its texts: whose it is, its topic, who finds it and how one joins."""
    session = current_session()
    return [
        (_("Founded by"), ", ".join(members.list_running(session, row.id))),
        (_("Topic"), row.topic),
        (_("Who finds it"), _(REACHES[CommunityReach(row.reach)])),
        (_("Institution"), communities.name_of_place(session, row.organisation_id) if row.organisation_id else ""),
        (_("Privacy"), f"{_(LEVELS[CommunityLevel(row.level)])}: {_(LEVEL_TEXTS[CommunityLevel(row.level)])}"),
    ]


@managing_bp.post("/communities/<slug>/manage/submission")
@requires(CommunityAction.SUBMIT, communities.get_community)
def submit(context: CommunityContext) -> Answer:
    """Ask for the activation of a draft."""
    actor = current_actor()
    alone = actor.is_administrator or (actor.is_staff_anywhere and current_settings().instructors_activate_communities)
    try:
        is_active = life.submit(current_session(), actor, context.community, alone=alone, now=clock.now())
    except NotReady as refused:
        return _back(context.community, _(refused.text))
    waits = _("It waits for the site’s administrators. You will be notified.")
    return _back(context.community, _("The community is active.") if is_active else waits)


@managing_bp.post("/communities/<slug>/manage/activation")
@requires(CommunityAction.ACTIVATE, communities.get_community)
def activate(context: CommunityContext) -> Answer:
    """Activate a submitted draft as it was read, or refuse it with a reason."""
    form, session, refuses, seen = ReasonForm(), current_session(), request.form.get("act") == "refuse", request.form.get("seen", "")
    if form.validate() and refuses and not (form.reason.data or "").strip():
        form.refuse(form.reason, _("Write the reason."))
    if not form.errors:
        reason = (form.reason.data or "").strip() if refuses else ""
        with form.refusals(None, RowWasChanged):
            decided = life.decide_activation(session, current_actor(), context.community, reason=reason, seen=seen, now=clock.now())
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


def _requests_page(context: CommunityContext, form: DecisionForm, refused: models.CommunityRequest | None) -> Response:
    """Return the list of requests; what was typed for the one that was not decided stays in its field, or above the list."""
    session, row = current_session(), context.community
    waiting = members.list_requests(session, row.id)
    people = [line.Person.id for line in waiting] if row.organisation_id is not None else []
    institutions = directory.list_institutions(session, people) if people else {}
    banned = members.list_banned(session, row.id, now=clock.now())
    return page(
        "communities/requests.html", context=context, rows=waiting, institutions=institutions, form=form, refused=refused, banned=banned
    )


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

    role = SelectField(lazy_("Role"), choices=choices(members.ROLE_NAMES))


class RemovalForm(Form):
    """The removal of a member."""

    reason = area(lazy_("Reason, which the person reads"), most=500, required=lazy_("Write the reason."))
    days = SelectField(lazy_("May join again"), choices=choices(BANS))


def _member_page(context: MemberContext, role: RoleForm, removal: RemovalForm) -> Response:
    name = members.name_of(current_session(), context.other)
    return page("communities/member.html", context=context, name=name, role=role, removal=removal, seen=str(context.other.row_version))


@managing_bp.get("/communities/<slug>/members/<int:member>")
@requires(CommunityAction.SET_ROLE, members.get_member)
def member(context: MemberContext) -> Answer:
    """Show what can be done with a membership."""
    return _member_page(context, RoleForm(role=context.other.role), RemovalForm())


@managing_bp.post("/communities/<slug>/members/<int:member>/role")
@requires(CommunityAction.SET_ROLE, members.get_member)
def set_role(context: MemberContext) -> Answer:
    """Give a member a role."""
    form, seen = RoleForm(), request.form.get("seen", "")
    if form.validate():
        role = models.CommunityRole(form.role.data)
        with form.refusals(form.role, LastAdministrator, TooManyAdministrators, RowWasChanged):
            members.set_role(current_session(), current_actor(), context, role, seen=seen, now=clock.now())
            return see_page("communities.member_list", slug=context.community.slug, flash=_("Saved."))
    return _member_page(context, form, RemovalForm(formdata=None))


@managing_bp.post("/communities/<slug>/members/<int:member>/removal")
@requires(CommunityAction.REMOVE, members.get_member)
def remove(context: MemberContext) -> Answer:
    """Remove a member, who reads the reason."""
    form, seen = RemovalForm(), request.form.get("seen", "")
    if form.validate():
        reason, days = form.reason.data or "", int(form.days.data) if form.days.data else None
        with form.refusals(form.reason, LastAdministrator, RowWasChanged):
            members.remove(current_session(), current_actor(), context, reason=reason, days=days, seen=seen, now=clock.now())
            return see_page("communities.member_list", slug=context.community.slug, flash=_("The person is no longer a member."))
    return _member_page(context, RoleForm(formdata=None, role=context.other.role), form)


@managing_bp.post("/communities/<slug>/members/<int:member>/ban")
@requires(CommunityAction.REMOVE, members.get_banned)
def lift_ban(context: MemberContext) -> Response:
    """Let somebody who was removed join again."""
    members.lift_ban(current_session(), current_actor(), context, now=clock.now())
    return see_page("communities_managing.requests", slug=context.community.slug, flash=_("The person can join again."))


@managing_bp.route("/communities/<slug>/manage/archive", methods=["GET", "POST"])
@requires(CommunityAction.ARCHIVE, communities.get_community)
def archive(context: CommunityContext) -> Answer:
    """Archive a community, after a page that says what follows."""
    form, row = ReasonForm(), context.community
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
    health = life.measure(current_session(), context.community, now=clock.now())
    since = context.inactive_since(health.content_at)
    return page("communities/life.html", context=context, marks=life.words_of(health), inactive_since=since)


LOGGED = {
    "name": N_("Name"), "topic": N_("Topic"), "language": N_("Language"), "organisation_id": N_("Institution"),
    "picture": N_("Picture"), "members_write": N_("Who writes pages"), "title": N_("Title"), "category": N_("Category"),
    "tool": N_("Tools"), "related": N_("Related communities"), "supporter": N_("Sponsors and champions"), "course": N_("Courses"),
    **PARTS,
}  # fmt: skip
"""The fields that entries of the log name."""
LOGGED_VALUES: Mapping[str, tuple[str, Mapping[Any, str]]] = {
    "role": (N_("Role"), members.ROLE_NAMES),
    "reach": (N_("Who finds it"), {**GROUP_REACHES, **REACHES}),
    "level": (N_("Privacy"), LEVELS),
}


def _words_of(facts: Mapping[str, Any]) -> str:
    """Return the words of a change: the names of fields, and the new role, reach or level."""
    kinds = [facts[act] for act in ("added", "removed", "moved") if act in facts]
    names = [_(LOGGED[name]) for name in (*facts, *facts.get("texts", ()), *facts.get("changed", ()), *kinds) if name in LOGGED]
    values = [f"{_(label)}: {_(labels[facts[name]])}" for name, (label, labels) in LOGGED_VALUES.items() if name in facts]
    return ", ".join([*names, *values])


@managing_bp.get("/communities/<slug>/manage/log")
@requires(CommunityAction.MANAGE, communities.get_community)
def log(context: CommunityContext) -> Answer:
    """Show what was decided in a community and by whom, and which administrators of the site opened it."""
    rows, labels = communities.list_log(current_session(), context.community.id), audit.labels()
    lines = [(row, _(labels.get(row.verb, row.verb)), by, person, _words_of(facts)) for row, by, person, facts in rows]
    return page("communities/log.html", context=context, rows=lines)


@managing_bp.get("/administration/communities")
@requires(CommunityAction.OVERSEE)
def oversee() -> Answer:
    """List the communities that wait for their activation, those that nobody administers, inactive ones, and all of them."""
    session, actor, requested = current_session(), current_actor(), requested_page(50)
    waiting, alone = communities.list_for_site(session)
    names = {row.id: life.list_longest_members(session, row.id) for row in alone[:50]}
    inactive = life.list_long_inactive(session, now=clock.now())
    rows = communities.list_communities(session, actor, communities.CommunityQuery(), offset=requested.offset, limit=requested.size + 1)
    return page(
        "communities/oversee.html", waiting=waiting, alone=alone, names=names, inactive=inactive, page=requested.of(rows), levels=LEVELS
    )


@managing_bp.get("/communities/<slug>/groups")
@requires(CommunityAction.LIST_GROUPS, communities.get_community)
def group_list(context: CommunityContext) -> Answer:
    """List the working groups that the reader sees."""
    rows = groups.list_groups(current_session(), current_actor(), context.community.id)
    return page("communities/groups.html", context=context, head=head_of(context), rows=rows)


@managing_bp.route("/communities/<slug>/groups/new", methods=["GET", "POST"])
@requires(CommunityAction.FOUND_GROUP, communities.get_community)
def found_group(context: CommunityContext) -> Answer:
    """Found a working group of a community."""
    form, session, actor, now = NewGroupForm(), current_session(), current_actor(), clock.now()
    if form.validate_on_submit():
        with form.refusals(None, NoRoom), form.refusals(form.purpose, PostTooComplex):
            row = groups.found_group(session, actor, context, form.values(), now=now)
            pages.change_texts(session, actor, row, {"purpose": form.purpose.data or ""}, seen=str(row.row_version), now=now)
            return see_page("communities.front_page", slug=row.slug, flash=_("The working group is there."))
    return _settings_page(form, context, seen="")
