"""Pages of taking part: catalogue, course, lesson, glossary, resources, files; enrolling and marking as done."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from flask import Blueprint, Response, current_app, flash, render_template, request, url_for
from sqlalchemy.orm import Session

from accounts import access_log
from accounts.privacy import PeopleListKind
from accounts.rules import fold
from courses import versions
from courses.access import edits
from courses.models import Course
from courses.rules import Outline, activity_url
from enrolments.course_context import (
    activity_deadline,
    catalogue_cards,
    course_dates,
    course_name,
    course_view,
    courses_in_preparation,
    record_visit_later,
    site_topics,
)
from enrolments.dates import DatedItem, DateKind
from enrolments.forms import GroupForm
from enrolments.pages.course import EditionChoice, course_facts, edition_choices, enrolment_facts, entry_of, requirements
from enrolments.pages.dates import DateView, date_views, upcoming
from enrolments.pages.lesson import lesson_context
from enrolments.pages.lists import resource_groups, term_groups
from enrolments.pages.outline import CourseView, course_url
from enrolments.pages.renewals import RenewalView, renewal_view, required_renewal
from enrolments.permissions import ActivityContext, CourseFileContext, GroupContext, GroupMemberContext, LearnerContext, LearningAction
from enrolments.queries import editions as edition_queries
from enrolments.queries import learning as queries
from enrolments.queries.announcements import CourseNews, visible_news
from enrolments.queries.awards import find_award
from enrolments.queries.groups import get_group_members
from enrolments.queries.next_courses import visible_next_courses
from enrolments.queries.renewals import find_own_renewal
from enrolments.queries.takes import list_takes
from enrolments.services import learning as services
from kernel import clock
from kernel.errors import NotFound
from kernel.files import FileStore
from kernel.i18n import LANGUAGES, _, choose, language, ngettext
from kernel.own_records import LEFT_OUT
from kernel.permissions import Actor
from kernel.web.file_responses import send_content, send_text
from kernel.web.forms import as_uuid, whole_number
from kernel.web.pages import cached_page
from kernel.web.paging import Page, requested_page
from kernel.web.request import Answer, current_actor, current_session, public, requires, see_other

bp = Blueprint("enrolments", __name__)

SHOWN_IN_THE_PAGE = (
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/gif",
    "application/pdf",
    "audio/",
    "video/",
    "text/vtt",
    "text/plain",
)
MOST_COURSES = 500

PEOPLE = 50
MOST_DATES = 4
"""On the page of a course, the most pressing ones."""


def _searched() -> str:
    return request.args.get("q", "")[:100].strip()


@bp.get("/courses")
@public
def catalogue() -> Answer:
    """List the public courses, all or those that a search finds."""
    query, chosen = _searched(), request.args.get("language", "")
    cards = catalogue_cards(MOST_COURSES)
    preparing = courses_in_preparation(len(cards))
    if query:
        terms = fold(query).split()
        cards = [card for card in cards if all(word in fold(f"{card.title} {card.summary}") for word in terms)]
    if chosen in LANGUAGES:
        cards = [card for card in cards if chosen in card.languages]
    return render_template(
        "enrolments/catalogue.html",
        courses=cards,
        query=query,
        language=chosen,
        filtered=bool(query or chosen in LANGUAGES),
        preparing=preparing,
    )


@bp.get("/courses/<slug>")
@requires(LearningAction.VIEW_COURSE, queries.get_learner_context)
def course(context: LearnerContext) -> Answer:
    """Show a course: its façade, the way through it, and how to take part."""
    session, actor = current_session(), current_actor()
    if context.version_id is None:
        return see_other(url_for("courses.publishing", slug=context.slug))
    view = course_view(context, versions.get_outline(session, context.version_id))
    enrolment_id = context.enrolment_id
    news = visible_news(session, context.course_id, enrolment_id) if enrolment_id else CourseNews()
    summary = news.summary
    dated = course_dates(view, completed=summary.completed_at is not None)
    dates = _dates(view, dated)
    award = find_award(session, context.enrolment_id) if context.enrolment_id and summary.completed_at else None
    return cached_page(
        "enrolments/course.html",
        course=course_facts(view, site_topics()),
        enrolment=enrolment_facts(view, summary.completed_at, award),
        entry=entry_of(actor, context),
        offer=summary.offer,
        uncounted=_uncounted(view, dated) if summary.completed_at is None else None,
        editions=_editions(context),
        obligation=next((view_of_date for view_of_date in dates if view_of_date.kind is DateKind.OBLIGATION_ENDS), None),
        dates=[view_of_date for view_of_date in dates if view_of_date.kind is not DateKind.OBLIGATION_ENDS][:MOST_DATES],
        announcements=news.announcements,
        begins_at=context.not_begun[1] if context.not_begun else None,
        ended_at=context.ends_at if context.ends_at is not None and context.now >= context.ends_at else None,
        opens_at=context.opens_at,
        closes_at=context.closes_at,
        next_activity=view.next_activity,
        next_courses=_next_courses(view) if summary.completed_at else [],
        may_publish=edits(actor, context.staff_role),
        modules=[view.module_block(module) for module in view.outline.modules],
        requirements=requirements(view),
        renewal=_renewal(view, dated) if summary.completed_at else None,
        takes=list_takes(session, actor.person_id or 0, context.course_id) if context.take > 1 else [],
    )


def _renewal(view: CourseView, dated: Sequence[DatedItem]) -> RenewalView | None:
    """Return how the reader renews what they completed: an obligation asks for it, or the certificate is in its time of renewal."""
    if any(item.kind is DateKind.OBLIGATION_ENDS and item.covers == {view.outline.slug} for item in dated):
        return required_renewal(view.outline.slug)
    person = current_actor().person_id
    own = find_own_renewal(current_session(), person, view.context.course_id) if person is not None else None
    return None if own is None else renewal_view(own, view.context.now)


def _next_courses(view: CourseView) -> list[dict[str, str]]:
    courses = visible_next_courses(current_session(), current_actor(), view.outline)
    return [{"slug": course.slug, "title": choose(course.title)} for course in courses]


def _uncounted(view: CourseView, dated: Sequence[DatedItem]) -> dict[str, object] | None:
    """Return for what compulsory training the version of the course that the reader takes does not count, and from which one does."""
    own, slug = view.outline.number, view.outline.slug
    item = next((item for item in dated if item.lowest_versions.get(slug, 0) > own), None)
    return None if item is None else {"title": item.title, "url": item.path, "own": own, "lowest": item.lowest_versions[slug]}


def _dates(view: CourseView, dated: Sequence[DatedItem]) -> list[DateView]:
    """Return what the reader has ahead in the course; their edition stands under its name, its beginning in a message of its own."""
    items, now = upcoming(dated, now=view.context.now), view.context.now
    shown = date_views([item for item in items if item.kind is not DateKind.EDITION_BEGINS], now=now)
    own = [
        replace(date_shown, title=view.context.edition, title_language="") if date_shown.kind is DateKind.EDITION_ENDS else date_shown
        for date_shown in shown
    ]
    return [replace(date_shown, course="") for date_shown in own]


def _editions(context: LearnerContext) -> list[EditionChoice]:
    """Return the editions that the reader may choose; none for those who take the course."""
    if context.is_learner or not context.by_edition:
        return []
    session, actor = current_session(), current_actor()
    lines = edition_queries.list_editions(session, context.course_id)
    waits = edition_queries.waits_for(session, actor.person_id, [line.edition.id for line in lines]) if actor.person_id else set()
    return edition_choices(lines, waits, archived=context.archived, now=context.now)


@bp.post("/courses/<slug>/enrolment")
@requires(LearningAction.ENROL, queries.get_learner_context)
def enrol(context: LearnerContext) -> Answer:
    """Enrol the actor in an open course."""
    services.enrol(current_session(), current_actor(), context, now=clock.now())
    flash(_("You are enrolled. Start with the first activity."), "ok")
    return see_other(course_url(context.slug))


@bp.post("/courses/<slug>/version")
@requires(LearningAction.CHOOSE_VERSION, queries.get_learner_context)
def choose_version(context: LearnerContext) -> Answer:
    """Take a learner's answer: stay with the version they follow, or move to the newer one."""
    moves, version = request.form.get("answer") == "move", whole_number(request.form.get("version", ""))
    services.answer_offer(current_session(), current_actor(), context, version, moves=moves, now=clock.now())
    flash(
        _("You are now on the new version. What you have completed stays completed.")
        if moves
        else _("You are staying on your current version."),
        "ok",
    )
    return see_other(course_url(context.slug))


@bp.get("/courses/<slug>/activities/<key>")
@requires(LearningAction.VIEW_LESSON, queries.get_activity_context)
def activity(subject: ActivityContext) -> Answer:
    """Show a lesson; an activity of another kind has a page of its own."""
    if subject.activity.kind != "page":
        return see_other(activity_url(subject.outline.slug, subject.activity.kind, subject.activity.key))
    view = course_view(subject.context, subject.outline)
    lesson_texts = versions.list_lesson_texts(current_session(), subject.activity.id)
    page = next((row for row in lesson_texts if row.language == language()), lesson_texts[0])
    record_visit_later(subject, view)
    deadline = activity_deadline(view, subject.activity.key)
    return cached_page("enrolments/lesson.html", **lesson_context(subject, view, page), deadline=deadline)


@bp.post("/courses/<slug>/activities/<key>/done")
@requires(LearningAction.MARK_DONE, queries.get_activity_context)
def mark_done(subject: ActivityContext) -> Answer:
    """Complete a lesson or an outside recording by the learner's word, and go on to the next open activity."""
    services.mark_done(current_session(), current_actor(), subject, now=clock.now())
    flash(_("Marked as done: %(title)s", title=choose(subject.activity.title)), "ok")
    _before, after = subject.outline.neighbours(subject.activity.key)
    activity_link = course_view(subject.context, subject.outline).activity_link(after)
    return see_other(activity_link.url if activity_link else course_url(subject.outline.slug))


@bp.post("/courses/<slug>/activities/<key>/undone")
@requires(LearningAction.MARK_DONE, queries.get_activity_context)
def unmark_done(subject: ActivityContext) -> Answer:
    """Take the learner's mark back."""
    services.unmark_done(current_session(), current_actor(), subject, now=clock.now())
    return see_other(activity_url(subject.outline.slug, subject.activity.kind, subject.activity.key))


def _outline(context: LearnerContext) -> Outline:
    if context.version_id is None:
        raise NotFound
    return versions.get_outline(current_session(), context.version_id)


@bp.get("/courses/<slug>/glossary")
@requires(LearningAction.VIEW_COURSE, queries.get_learner_context)
def glossary(context: LearnerContext) -> Answer:
    """List the terms of a course in the reader's language, all or those that a search finds."""
    outline, query = _outline(context), _searched()
    groups = term_groups(versions.list_terms(current_session(), outline.version_id), query)
    return cached_page(
        "enrolments/glossary.html",
        course={"slug": outline.slug, "title": choose(outline.title)},
        query=query,
        count=sum(len(group.terms) for group in groups),
        groups=groups,
    )


@bp.get("/courses/<slug>/resources")
@requires(LearningAction.VIEW_COURSE, queries.get_learner_context)
def resources(context: LearnerContext) -> Answer:
    """List the documents and links of a course."""
    outline = _outline(context)
    groups = resource_groups(versions.list_resources(current_session(), outline.version_id))
    return cached_page("enrolments/resources.html", course={"slug": outline.slug, "title": choose(outline.title)}, groups=groups)


@bp.get("/courses/<slug>/files/<sha256>/<name>")
@requires(LearningAction.DOWNLOAD, queries.get_file_context)
def download(subject: CourseFileContext) -> Response:
    """Send a media file of a course, in ranges where asked; only kinds that cannot run are shown in the page."""
    if subject.body is not None:
        return send_text(subject.body, subject.media_type, subject.name)
    files: FileStore = current_app.extensions["files"]
    inline = subject.media_type.startswith(SHOWN_IN_THE_PAGE)
    caching = "private, max-age=31536000, immutable"
    return send_content(files, subject.sha256, subject.media_type, subject.name, inline=inline, cache_control=caching)


def _chosen_members(session: Session, actor: Actor, slug: str, group: UUID) -> GroupMemberContext:
    group_context = queries.get_group_context(session, actor, slug, group)
    return GroupMemberContext(group_context.context, group_context.group, None)


def _one_member(session: Session, actor: Actor, slug: str, group: UUID) -> GroupMemberContext:
    """Return the page context of the member whom the form names; raise NotFound."""
    group_context, person = queries.get_group_context(session, actor, slug, group), as_uuid(request.form.get("person", ""))
    if person is None:
        raise NotFound
    return GroupMemberContext(group_context.context, group_context.group, actor.person_id if person == actor.person_uuid else None)


@bp.route("/courses/<slug>/groups", methods=["GET", "POST"])
@requires(LearningAction.MANAGE_GROUPS, queries.get_learner_context)
def groups(context: LearnerContext) -> Answer:
    """List the groups of a course, and make one."""
    session, form = current_session(), GroupForm()
    if form.validate_on_post():
        try:
            made = services.make_group(session, current_actor(), context.course_id, form.name.data or "", now=clock.now())
        except services.GroupNameConflict as taken:
            form.refuse(form.name, _(taken.message))
        else:
            flash(_("The group has been created. Now add learners to it."), "ok")
            return see_other(url_for("enrolments.group", slug=context.slug, group=made.uuid))
    listed = queries.list_groups(session, context.course_id)
    page = render_template("enrolments/groups.html", course=course_name(context), groups=listed, form=form)
    return page, 422 if form.errors else 200


@bp.get("/courses/<slug>/groups/<uuid:group>")
@requires(LearningAction.MANAGE_GROUPS, queries.get_group_context)
def group(subject: GroupContext) -> Answer:
    """Show who is in a group, and whom a search finds to put into it."""
    access_log.record_list_access(PeopleListKind.LEARNERS, Course, subject.context.course_id)
    return _group_page(subject, GroupForm(name=subject.group.name))


def _group_page(subject: GroupContext, form: GroupForm) -> Answer:
    session, requested, query = current_session(), requested_page(PEOPLE), _searched()
    members = queries.list_members(session, subject.group.id, offset=requested.offset, limit=PEOPLE + 1)
    outsiders = queries.list_outside(session, subject.group, query, limit=PEOPLE + 1) if query else []
    page = render_template(
        "enrolments/group.html",
        course=course_name(subject.context),
        group=subject.group,
        page=Page(members[:PEOPLE], requested.number, len(members) > PEOPLE),
        query=query,
        found=outsiders[:PEOPLE],
        more_found=len(outsiders) > PEOPLE,
        form=form,
    )
    return page, 422 if form.errors else 200


@bp.post("/courses/<slug>/groups/<uuid:group>/name")
@requires(LearningAction.MANAGE_GROUPS, queries.get_group_context)
def rename_group(subject: GroupContext) -> Answer:
    """Give a group another name."""
    form = GroupForm()
    if form.validate_on_post():
        try:
            services.rename_group(current_session(), current_actor(), subject.group, form.name.data or "", now=clock.now())
        except services.GroupNameConflict as taken:
            form.refuse(form.name, _(taken.message))
        else:
            return see_other(url_for("enrolments.group", slug=subject.context.slug, group=subject.group.uuid))
    return _group_page(subject, form)


@bp.post("/courses/<slug>/groups/<uuid:group>/removal")
@requires(LearningAction.CHANGE_MEMBERS, get_group_members)
def delete_group(subject: GroupMemberContext) -> Answer:
    """Delete a group for which nothing was ever set."""
    try:
        services.delete_group(current_session(), current_actor(), subject.group, now=clock.now())
    except services.GroupInUse as refused:
        flash(_(refused.message), "bad")
        return see_other(url_for("enrolments.group", slug=subject.context.slug, group=subject.group.uuid))
    flash(_("The group has been deleted. Its learners are still in the course."), "ok")
    return see_other(url_for("enrolments.groups", slug=subject.context.slug))


@bp.post("/courses/<slug>/groups/<uuid:group>/members")
@requires(LearningAction.CHANGE_MEMBERS, _chosen_members)
def add_members(subject: GroupMemberContext) -> Answer:
    """Put the chosen learners into a group."""
    chosen = [number for text in request.form.getlist("person") if (number := as_uuid(text)) is not None]
    count = services.add_to_group(current_session(), current_actor(), subject.group, chosen, now=clock.now())
    if current_actor().person_uuid in chosen:
        flash(_(LEFT_OUT), "warn")
    if count:
        flash(ngettext("%(count)s learner has been added to the group.", "%(count)s learners have been added to the group.", count), "ok")
    elif current_actor().person_uuid not in chosen:
        flash(_("You have not selected anyone."), "warn")
    return see_other(url_for("enrolments.group", slug=subject.context.slug, group=subject.group.uuid))


@bp.post("/courses/<slug>/groups/<uuid:group>/members/removal")
@requires(LearningAction.CHANGE_MEMBERS, _one_member)
def remove_member(subject: GroupMemberContext) -> Answer:
    """Take a learner out of a group."""
    person = as_uuid(request.form.get("person", ""))
    assert person is not None
    services.take_out_of_group(current_session(), current_actor(), subject.group, person, now=clock.now())
    flash(_("The learner is no longer in the group."), "ok")
    return see_other(url_for("enrolments.group", slug=subject.context.slug, group=subject.group.uuid))
