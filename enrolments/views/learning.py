"""Pages of taking part: catalogue, course, lesson, glossary, resources, files and groups; enrolling and marking as done."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, request, url_for
from sqlalchemy import Row
from sqlalchemy.orm import Session

from accounts import access_log
from accounts.privacy import AccessPurpose
from accounts.rules import fold
from courses import versions
from courses.access import edits
from courses.catalogue import list_course_links
from courses.content.course_file import key_in_words
from courses.content.course_settings import licence_words
from courses.content.translations import LanguageShare
from courses.facade import Facade, FacadeSize
from courses.models import CourseResource, Term
from courses.rules import HoursBasis, Outline, OutlineModule, activity_url, printed_basis, printed_time
from enrolments import boards, course_context, editions, enrolment, learner_groups, learners
from enrolments.access import ActivityContext, CourseFileContext, GroupContext, GroupMemberContext, LearnerContext, LearningAction, is_staff
from enrolments.announcements import visible_news
from enrolments.awards import LatestCertificate, find_award, find_own_renewal
from enrolments.course_view import (
    CourseCard,
    CoursePicture,
    CourseView,
    RenewalView,
    course_shares,
    course_url,
    draw,
    foreign,
    html,
    length_words,
    picture_of,
    renewal_view,
    required_renewal,
    rounded,
)
from enrolments.dates import DatedItem, DateKind
from enrolments.editions import EditionRow, dates_of
from enrolments.learner_groups import get_group_members
from enrolments.learners import visible_next_courses
from enrolments.progress import length_in_words
from enrolments.rules import EnrolmentRefusal, may_join, required_modules
from enrolments.takes import list_takes
from kernel import clock
from kernel.errors import Conflict, NotFound, require_found
from kernel.i18n import LANGUAGES, _, choose, enumeration, language, lazy_, local, ngettext, number
from kernel.markup.model import SafeHtml
from kernel.markup.passages import anchored, plain_text
from kernel.own_records import LEFT_OUT
from kernel.permissions import Actor
from kernel.search.index import MatchTier, SearchQuery, SearchScope, read_question
from kernel.search.results import ResultPaging, find, fits_text
from kernel.search.sources import SEARCH_KINDS, FoundPage
from kernel.web.file_responses import send_content, send_text
from kernel.web.forms import Form, as_uuid, line, whole_number
from kernel.web.limits import count_search
from kernel.web.pages import cached_page
from kernel.web.request import Answer, current_actor, current_session, file_store, page, public, requires, see_other
from kernel.web.table import requested_page, requested_words


class GroupForm(Form):
    """The name of a group."""

    name = line(lazy_("Name of the group"), most=100, required=lazy_("Give the group a name."))


@dataclass(frozen=True, slots=True)
class CoursePageView:
    """A course on its page."""

    slug: str
    title: str
    title_language: str
    summary: SafeHtml
    tone: int
    facade: Facade | None
    picture: CoursePicture | None
    objectives: tuple[SafeHtml, ...]
    time: str
    hours_basis: str
    """What states the hours; empty where the time is estimated."""
    estimate: str
    """The time that its parts take, where the hours are from elsewhere."""
    shares: tuple[LanguageShare, ...]
    languages: tuple[str, ...]
    authors: tuple[str, ...]
    topic: str
    version: int
    certificate: bool
    validity: str
    """How long, in words; empty: for ever."""
    licence: str
    has_glossary: bool
    has_resources: bool
    has_board: bool
    """The reader reads its discussions."""
    archived: bool


def course_facts(view: CourseView, topics: Mapping[str, str]) -> CoursePageView:
    """Return the facts of the course, its façade lit as far as the learner is; ``topics`` are the site's names of them by key."""
    outline, length = view.outline, view.outline.length
    is_estimated = length.basis is HoursBasis.ESTIMATED
    return CoursePageView(
        slug=outline.slug,
        title=choose(outline.title),
        title_language=foreign(outline.title),
        summary=html(outline.summary),
        tone=outline.tone,
        facade=draw(outline, view.progress if view.context.is_learner else None, FacadeSize.COURSE),
        picture=picture_of(outline),
        objectives=tuple(html(text) for text in outline.objectives),
        time=length_words(outline),
        hours_basis="" if is_estimated else printed_basis(length, language()),
        estimate="" if is_estimated else printed_time(outline.time, language()),
        shares=course_shares(outline),
        languages=outline.languages,
        authors=outline.authors,
        topic=topics.get(outline.topic) or key_in_words(outline.topic),
        version=outline.number,
        certificate=outline.certificate != "none",
        validity=length_in_words(outline.certificate_valid) if outline.certificate_valid else "",
        licence=licence_words(outline.licence),
        has_glossary=outline.has_glossary,
        has_resources=outline.has_resources,
        has_board=boards.is_offered(view.actor, view.context),
        archived=view.context.archived,
    )


@dataclass(frozen=True, slots=True)
class EnrolmentView:
    """The learner on the page of a course."""

    percent: int
    modules_done: int
    modules: int
    minutes_left: int | None
    begun: bool
    """An activity has been opened."""
    completed_at: datetime | None
    certificate_url: str
    """The address of what proves completion now."""
    ended_certificate_url: str
    """Where the last one is, where it does not hold any more."""
    muted: bool
    """They want no notifications of the course."""


def enrolment_facts(view: CourseView, completed_at: datetime | None, award: LatestCertificate | None) -> EnrolmentView | None:
    """Return the facts of the learner; nothing for those who are not enrolled."""
    if not view.context.is_learner:
        return None
    done, total = view.progress.modules_of(view.outline)
    certificate_url = url_for("certificates.certificate", credential=award.uuid) if award else ""
    return EnrolmentView(
        percent=view.progress.percent,
        modules_done=done,
        modules=total,
        minutes_left=None if completed_at else view.time_left.required or None,
        begun=bool(view.results),
        completed_at=completed_at,
        certificate_url=certificate_url if award and award.in_force else "",
        ended_certificate_url=certificate_url if award and not award.in_force else "",
        muted=view.context.muted,
    )


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that completing the course asks."""

    text: str
    done: int
    needed: int
    words: str


def requirements(view: CourseView) -> list[Requirement]:
    """Describe the requirements of the course, and how much of them is met."""
    outline, progress = view.outline, view.progress
    required = required_modules(outline)
    done = sum(progress.module(key).completed for key in required)
    text = _parts_to_complete([module for module in outline.modules if module.key in required])
    listed = [Requirement(text, done, len(required), _("%(done)s of %(total)s", done=done, total=len(required)))] if required else []
    return listed if outline.completion_grade is None else [*listed, _required_grade(outline.completion_grade, view.shown_grade)]


def _parts_to_complete(modules: Sequence[OutlineModule]) -> str:
    """Name what has to be completed: the numbered modules by their count, the others by their titles."""
    numbered = sum(module.number is not None for module in modules)
    parts = [ngettext("the only module", "the %(count)s modules", numbered)] if numbered else []
    parts += [_("“%(title)s”", title=choose(dict(module.title))) for module in modules if module.number is None]
    return _("Complete %(parts)s", parts=enumeration(parts))


def _required_grade(needed: Fraction, grade: Fraction | None) -> Requirement:
    text = _("A course grade of at least %(grade)s", grade=number(rounded(needed)))
    if grade is None:
        return Requirement(text, 0, int(needed), _("no result yet"))
    return Requirement(text, int(min(grade, needed)), int(needed), _("%(grade)s so far", grade=number(rounded(grade))))


def entry_of(actor: Actor, context: LearnerContext) -> str:
    """Return the reader's way into the course."""
    if context.is_learner:
        return "enrolled"
    if is_staff(actor, context):
        return "staff"
    ways: Mapping[EnrolmentRefusal | None, str] = {
        None: "sign_in" if actor.is_anonymous else "open",
        EnrolmentRefusal.BY_EDITION: "sign_in_edition" if actor.is_anonymous else "edition",
        EnrolmentRefusal.BY_INVITATION: "code" if context.enrolment_mode == "code" else "invitation",
        EnrolmentRefusal.NOT_YET: "not_yet",
    }
    return ways.get(context.refusal, "closed")


@dataclass(frozen=True, slots=True)
class EditionChoice:
    """An edition that anyone who sees the course may choose."""

    uuid: UUID
    name: str
    starts_at: datetime | None
    ends_at: datetime | None
    enrols_from: datetime | None
    refusal: str
    is_full: bool
    waits: bool
    left: str
    """How long there is until it ends, where that is soon."""


ENDS_SOON = timedelta(days=14)


def _left(ends_at: datetime | None, now: datetime) -> str:
    if ends_at is None or ends_at - now > ENDS_SOON:
        return ""
    return course_context.running_out(ends_at, (local(ends_at).date() - local(now).date()).days, now=now)


def edition_choices(lines: Sequence[EditionRow], waits: Collection[int], *, archived: bool, now: datetime) -> list[EditionChoice]:
    """Return the editions that are open to anyone who sees the course and have not ended, those that begin first before the others."""
    chosen = [line for line in lines if line.edition.self_enrolment and line.edition.closed_at is None]
    chosen = [line for line in chosen if line.edition.ends_at is None or now < line.edition.ends_at]
    return [
        EditionChoice(
            uuid=line.edition.uuid,
            name=line.edition.name,
            starts_at=line.edition.starts_at,
            ends_at=line.edition.ends_at,
            enrols_from=line.edition.enrols_from,
            refusal=refused.value if (refused := may_join(dates_of(line.edition), archived=archived, now=now)) else "",
            is_full=line.is_full,
            waits=line.edition.id in waits,
            left=_left(line.edition.ends_at, now),
        )
        for line in sorted(chosen, key=lambda line: (line.edition.starts_at is None, line.edition.starts_at or now, line.edition.id))
    ]


@dataclass(frozen=True, slots=True)
class LessonPageView:
    """A lesson on its page."""

    key: str
    title: str
    minutes: int
    updated_on: datetime
    done: bool
    markable: bool
    required: bool
    language: str


def lesson_context(subject: ActivityContext, view: CourseView, page: Row[*tuple[Any, ...]]) -> Mapping[str, object]:
    """Return everything that the template of a lesson shows, from its rendered text in one language."""
    activity, outline = subject.activity, subject.outline
    before, after = outline.neighbours(activity.key)
    facts = LessonPageView(
        key=activity.key,
        title=page.title,
        minutes=page.minutes,
        updated_on=outline.published_at,
        done=view.is_done(activity.key),
        markable=view.context.is_learner and subject.closed is None and activity.completion_rule == "marked",
        required=activity.required,
        language="" if page.language == language() else page.language,
    )
    return {
        "course": {"slug": outline.slug, "title": choose(outline.title)},
        "module": view.module_block(outline.module_by_key[activity.module], activity.key),
        "activity": facts,
        "body": anchored(SafeHtml.stored(page.body)),
        "icons": page.icons,
        "headings": [heading.split("|", 1) for heading in page.headings],
        "links": course_context.activity_links(activity, subject.context),
        "previous": view.activity_link(before),
        "next": view.activity_link(after),
    }


@dataclass(frozen=True, slots=True)
class TermEntry:
    """One term of the glossary."""

    key: str
    term: str
    also: tuple[str, ...]
    definition: SafeHtml
    language: str


def term_groups(rows: Iterable[Term], query: str) -> dict[str, list[TermEntry]]:
    """Return the terms that a search finds, in the order of the reader's language, by their initial."""
    needle = fold(query)
    groups: defaultdict[str, list[TermEntry]] = defaultdict(list)
    for term in sorted((_entry(row) for row in rows), key=lambda entry: fold(entry.term)):
        if not needle or needle in fold(f"{term.term} {' '.join(term.also)} {plain_text(term.definition)}"):
            groups[fold(term.term)[:1].upper()].append(term)
    return groups


def _entry(row: Term) -> TermEntry:
    return TermEntry(row.key, choose(row.term), row.also.get(language(), ()), html(row.definition), foreign(row.term))


@dataclass(frozen=True, slots=True)
class ResourceEntry:
    """One document or link."""

    key: str
    title: str
    title_language: str
    kind: str
    host: str
    host_language: str
    url: str
    outside: bool
    language: str
    day: str
    verified: date | None


def resource_groups(rows: Sequence[CourseResource]) -> list[tuple[str, list[ResourceEntry]]]:
    """Return the resources by kind, laws first."""
    names = {
        "law": _("Laws and regulations"),
        "official": _("Official pages"),
        "document": _("Documents"),
        "report": _("Reports and studies"),
        "dataset": _("Data"),
        "press": _("Press"),
        "page": _("Pages"),
        "audio": _("Audio"),
        "video": _("Video"),
        "platform": _("Platforms"),
    }
    groups = ((name, [_resource(row) for row in rows if row.kind == kind]) for kind, name in names.items())
    return [(name, listed) for name, listed in groups if listed]


def _resource(row: CourseResource) -> ResourceEntry:
    return ResourceEntry(
        key=row.key,
        title=choose(row.title),
        title_language=foreign(row.title),
        kind=row.kind,
        host=choose(row.host),
        host_language=row.language if foreign(row.host) and row.language != language() else "",
        url=row.url,
        outside=row.url.startswith(("http://", "https://")),
        language=row.language,
        day=row.dated,
        verified=row.verified,
    )


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
MOST_COURSES, MOST_PASSAGES = 500, 50

PEOPLE = 50
MOST_DATES = 4
"""On the page of a course, the most pressing ones."""


def _fitting(card: CourseCard, question: SearchQuery) -> CourseCard | None:
    """Return the card of a course that a question finds, with the module or activity that bears the name; None where it finds nothing."""
    if fits_text(f"{card.title} {plain_text(card.summary)}", question, language()):
        return card
    for module in card.outline.modules:
        title = choose(module.title)
        if fits_text(f"{card.title} {title}", question, language()):
            named = _("Module %(number)s: %(title)s", number=module.number, title=title) if module.number else title
            return replace(card, inside=named)
    for activity in card.outline.activities():
        title = choose(activity.title)
        if fits_text(f"{card.title} {title}", question, language()):
            return replace(card, inside=_("In it: %(title)s", title=title))
    return None


def _search_cards(cards: list[CourseCard], typed: str) -> list[CourseCard]:
    """Return the cards that a question finds by what the page of a course names, else by its glossary and documents, titles first."""
    question = read_question(typed)
    named = [card for each in cards if (card := _fitting(each, question)) is not None]
    if named or question.is_empty:
        return sorted(named, key=lambda card: card.inside != "")
    count_search(current_actor().person_id)
    by_version = {card.outline.version_id: card for card in cards}
    scope = SearchScope(frozenset(by_version), whole=frozenset(), parts=frozenset())
    groups = find(current_session(), question, language(), scope, ResultPaging(limit=MOST_PASSAGES)).groups
    by_tier = sorted(groups, key=lambda group: group.hits[0].tier)
    best = {group.number: group.hits[0] for group in by_tier[::-1]}
    return [
        replace(by_version[number], inside="" if hit.title == by_version[number].title else _("In it: %(title)s", title=hit.title))
        for number, hit in sorted(best.items(), key=lambda pair: pair[1].tier)
    ]


def _elsewhere(typed: str) -> list[FoundPage]:
    """Return the pages of the site and sections of the help whose titles have all that was typed, the best of each kind."""
    kinds = sorted(SEARCH_KINDS.of(current_session()), key=lambda kind: kind.order)
    best = [row for kind in kinds if kind.find and typed for row in kind.find(typed, language(), current_actor())[:1]]
    return [row for row in best if row.tier == MatchTier.TITLE]


@bp.get("/courses")
@public("lists what course.view shows to strangers")
def catalogue() -> Answer:
    """List the public courses, all or those that a search finds."""
    query, chosen = requested_words(), request.args.get("language", "")
    cards = course_context.catalogue_cards(MOST_COURSES)
    preparing = course_context.courses_in_preparation(len(cards))
    if query:
        cards = _search_cards(cards, query)
    if chosen in LANGUAGES:
        cards = [card for card in cards if chosen in card.languages]
    return page(
        "enrolments/catalogue.html",
        courses=cards,
        query=query,
        elsewhere=_elsewhere(query),
        language=chosen,
        filtered=bool(query or chosen in LANGUAGES),
        preparing=preparing,
    )


@bp.get("/courses/<slug>")
@requires(LearningAction.VIEW_COURSE, learners.get_learner_context)
def course(context: LearnerContext) -> Answer:
    """Show a course: its façade, the way through it, and how to take part."""
    session, actor = current_session(), current_actor()
    if context.version_id is None:
        return see_other(url_for("courses.publishing", slug=context.slug))
    view = course_context.course_view(context, versions.get_outline(session, context.version_id))
    enrolment_id = context.enrolment_id
    completed_at, offer, news = visible_news(session, context.course_id, enrolment_id) if enrolment_id else (None, None, [])
    dated = course_context.course_dates(view, completed=completed_at is not None)
    dates = _dates(view, dated)
    award = find_award(session, context.enrolment_id) if context.enrolment_id and completed_at else None
    return cached_page(
        "enrolments/course.html",
        course=course_facts(view, course_context.site_topics()),
        enrolment=enrolment_facts(view, completed_at, award),
        entry=entry_of(actor, context),
        offer=offer,
        uncounted=_uncounted(view, dated) if completed_at is None else None,
        editions=_editions(context),
        obligation=next((view_of_date for view_of_date in dates if view_of_date.kind is DateKind.OBLIGATION_ENDS), None),
        dates=[view_of_date for view_of_date in dates if view_of_date.kind is not DateKind.OBLIGATION_ENDS][:MOST_DATES],
        announcements=news,
        begins_at=context.not_begun[1] if context.not_begun else None,
        ended_at=context.ends_at if context.ends_at is not None and context.now >= context.ends_at else None,
        opens_at=context.opens_at,
        closes_at=context.closes_at,
        next_activity=view.next_activity,
        next_courses=visible_next_courses(session, actor, view.outline) if completed_at else [],
        may_publish=edits(actor, context.staff_role),
        modules=[view.module_block(module) for module in view.outline.modules],
        requirements=requirements(view),
        renewal=_renewal(view, dated) if completed_at else None,
        takes=list_takes(session, actor.person_id or 0, context.course_id) if context.take > 1 else [],
        links=list_course_links(session, actor, context.course_id),
    )


def _renewal(view: CourseView, dated: Sequence[DatedItem]) -> RenewalView | None:
    """Return how the reader renews what they completed: an obligation asks for it, or the certificate is in its time of renewal."""
    if any(item.kind is DateKind.OBLIGATION_ENDS and item.covers == {view.outline.slug} for item in dated):
        return required_renewal(view.outline.slug)
    person = current_actor().person_id
    own = find_own_renewal(current_session(), person, view.context.course_id) if person is not None else None
    return None if own is None else renewal_view(own, view.context.now)


def _uncounted(view: CourseView, dated: Sequence[DatedItem]) -> dict[str, object] | None:
    """Return for what compulsory training the version of the course that the reader takes does not count, and from which one does."""
    own, slug = view.outline.number, view.outline.slug
    item = next((item for item in dated if item.lowest_versions.get(slug, 0) > own), None)
    return None if item is None else {"title": item.title, "url": item.path, "own": own, "lowest": item.lowest_versions[slug]}


def _dates(view: CourseView, dated: Sequence[DatedItem]) -> list[course_context.DateView]:
    """Return the reader's dates ahead in the course; their edition stands under its name, its beginning in a message of its own."""
    items, now = course_context.upcoming(dated, now=view.context.now), view.context.now
    shown = course_context.date_views([item for item in items if item.kind is not DateKind.EDITION_BEGINS], now=now)
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
    lines = editions.list_editions(session, context.course_id)
    waits = editions.waits_for(session, actor.person_id, [line.edition.id for line in lines]) if actor.person_id else set()
    return edition_choices(lines, waits, archived=context.archived, now=context.now)


@bp.post("/courses/<slug>/enrolment")
@requires(LearningAction.ENROL, learners.get_learner_context)
def enrol(context: LearnerContext) -> Answer:
    """Enrol the actor in an open course."""
    enrolment.enrol(current_session(), current_actor(), context, now=clock.now())
    flash(_("You are enrolled. Start with the first activity."), "ok")
    return see_other(course_url(context.slug))


@bp.post("/courses/<slug>/version")
@requires(LearningAction.CHOOSE_VERSION, learners.get_learner_context)
def choose_version(context: LearnerContext) -> Answer:
    """Take a learner's answer: stay with the version they follow, or move to the newer one."""
    moves, version = request.form.get("answer") == "move", whole_number(request.form.get("version", ""))
    enrolment.answer_offer(current_session(), current_actor(), context, version, moves=moves, now=clock.now())
    flash(
        _("You are now on the new version. What you have completed stays completed.")
        if moves
        else _("You are staying on your current version."),
        "ok",
    )
    return see_other(course_url(context.slug))


@bp.get("/courses/<slug>/activities/<key>")
@requires(LearningAction.VIEW_LESSON, learners.get_activity_context)
def activity(subject: ActivityContext) -> Answer:
    """Show a lesson; an activity of another kind has a page of its own."""
    if subject.activity.kind != "page":
        return see_other(activity_url(subject.outline.slug, subject.activity.kind, subject.activity.key))
    view = course_context.course_view(subject.context, subject.outline)
    lesson_texts = versions.list_lesson_texts(current_session(), subject.activity.id)
    page = next((row for row in lesson_texts if row.language == language()), lesson_texts[0])
    course_context.record_visit_later(subject, view)
    deadline = course_context.activity_deadline(view, subject.activity.key)
    return cached_page("enrolments/lesson.html", **lesson_context(subject, view, page), deadline=deadline)


@bp.post("/courses/<slug>/activities/<key>/done")
@requires(LearningAction.MARK_DONE, learners.get_activity_context)
def mark_done(subject: ActivityContext) -> Answer:
    """Complete a lesson or an outside recording by the learner's word, and go on to the next open activity."""
    enrolment.mark_done(current_session(), current_actor(), subject, now=clock.now())
    flash(_("Marked as done: %(title)s", title=choose(subject.activity.title)), "ok")
    _before, after = subject.outline.neighbours(subject.activity.key)
    activity_link = course_context.course_view(subject.context, subject.outline).activity_link(after)
    return see_other(activity_link.url if activity_link else course_url(subject.outline.slug))


@bp.post("/courses/<slug>/activities/<key>/undone")
@requires(LearningAction.MARK_DONE, learners.get_activity_context)
def unmark_done(subject: ActivityContext) -> Answer:
    """Take the learner's mark back."""
    enrolment.unmark_done(current_session(), current_actor(), subject, now=clock.now())
    return see_other(activity_url(subject.outline.slug, subject.activity.kind, subject.activity.key))


def _outline(context: LearnerContext) -> Outline:
    if context.version_id is None:
        raise NotFound
    return versions.get_outline(current_session(), context.version_id)


@bp.get("/courses/<slug>/glossary")
@requires(LearningAction.VIEW_COURSE, learners.get_learner_context)
def glossary(context: LearnerContext) -> Answer:
    """List the terms of a course in the reader's language, all or those that a search finds."""
    outline, query = _outline(context), requested_words()
    groups = term_groups(versions.list_terms(current_session(), outline.version_id), query)
    return cached_page(
        "enrolments/glossary.html",
        course={"slug": outline.slug, "title": choose(outline.title)},
        query=query,
        count=sum(map(len, groups.values())),
        groups=groups,
    )


@bp.get("/courses/<slug>/resources")
@requires(LearningAction.VIEW_COURSE, learners.get_learner_context)
def resources(context: LearnerContext) -> Answer:
    """List the documents and links of a course."""
    outline = _outline(context)
    groups = resource_groups(versions.list_resources(current_session(), outline.version_id))
    return cached_page("enrolments/resources.html", course={"slug": outline.slug, "title": choose(outline.title)}, groups=groups)


@bp.get("/courses/<slug>/files/<sha256>/<name>")
@requires(LearningAction.DOWNLOAD, learners.get_file_context)
def download(subject: CourseFileContext) -> Response:
    """Send a media file of a course, in ranges where asked; only kinds that cannot run are shown in the page."""
    if subject.body is not None:
        return send_text(subject.body, subject.media_type, subject.name)
    files = file_store()
    inline = subject.media_type.startswith(SHOWN_IN_THE_PAGE)
    caching = "private, max-age=31536000, immutable"
    return send_content(files, subject.sha256, subject.media_type, subject.name, inline=inline, cache_control=caching)


def _chosen_members(session: Session, actor: Actor, slug: str, group: UUID) -> GroupMemberContext:
    group_context = learner_groups.get_group_context(session, actor, slug, group)
    return GroupMemberContext(group_context.context, group_context.group, None)


def _one_member(session: Session, actor: Actor, slug: str, group: UUID) -> GroupMemberContext:
    """Return the page context of the member whom the form names; raise NotFound."""
    group_context, person = (
        learner_groups.get_group_context(session, actor, slug, group),
        require_found(as_uuid(request.form.get("person", ""))),
    )
    return GroupMemberContext(group_context.context, group_context.group, actor.person_id if person == actor.person_uuid else None)


@bp.route("/courses/<slug>/groups", methods=["GET", "POST"])
@requires(LearningAction.MANAGE_GROUPS, learners.get_learner_context)
def groups(context: LearnerContext) -> Answer:
    """List the groups of a course, and make one."""
    session, form = current_session(), GroupForm()
    if form.validate_on_submit():
        with form.refusals(form.name, learner_groups.GroupNameConflict):
            made = learner_groups.make_group(session, current_actor(), context.course_id, form.name.data or "", now=clock.now())
            flash(_("The group has been created. Now add learners to it."), "ok")
            return see_other(url_for("enrolments.group", slug=context.slug, group=made.uuid))
    listed = learner_groups.list_groups(session, context.course_id)
    return page("enrolments/groups.html", course=course_context.course_name(context), groups=listed, form=form)


@bp.get("/courses/<slug>/groups/<uuid:group>")
@requires(LearningAction.MANAGE_GROUPS, learner_groups.get_group_context)
def group(subject: GroupContext) -> Answer:
    """Show who is in a group, and whom a search finds to put into it."""
    return _group_page(subject, GroupForm(name=subject.group.name))


def _group_page(subject: GroupContext, form: GroupForm) -> Answer:
    session, requested, query = current_session(), requested_page(PEOPLE), requested_words()
    members = learner_groups.list_members(session, subject.group.id, offset=requested.offset, limit=PEOPLE + 1)
    outsiders = learner_groups.list_outside(session, subject.group, query, limit=PEOPLE + 1) if query else []
    access_log.record_people_access([row.person_id for row in members[:PEOPLE]], AccessPurpose.GROUP)
    access_log.record_search_access([row.person_id for row in outsiders[:PEOPLE]])
    return page(
        "enrolments/group.html",
        course=course_context.course_name(subject.context),
        group=subject.group,
        page=requested.of(members),
        query=query,
        found=outsiders[:PEOPLE],
        more_found=len(outsiders) > PEOPLE,
        form=form,
    )


@bp.post("/courses/<slug>/groups/<uuid:group>/name")
@requires(LearningAction.MANAGE_GROUPS, learner_groups.get_group_context)
def rename_group(subject: GroupContext) -> Answer:
    """Give a group another name."""
    form = GroupForm()
    if form.validate_on_submit():
        with form.refusals(form.name, learner_groups.GroupNameConflict):
            learner_groups.rename_group(current_session(), current_actor(), subject.group, form.name.data or "", now=clock.now())
            return see_other(url_for("enrolments.group", slug=subject.context.slug, group=subject.group.uuid))
    return _group_page(subject, form)


@bp.post("/courses/<slug>/groups/<uuid:group>/removal")
@requires(LearningAction.CHANGE_MEMBERS, get_group_members)
def delete_group(subject: GroupMemberContext) -> Answer:
    """Delete a group for which nothing was ever set."""
    try:
        learner_groups.delete_group(current_session(), current_actor(), subject.group, now=clock.now())
    except learner_groups.GroupInUse as refused:
        flash(_(refused.message), "bad")
        return see_other(url_for("enrolments.group", slug=subject.context.slug, group=subject.group.uuid))
    flash(_("The group has been deleted. Its learners are still in the course."), "ok")
    return see_other(url_for("enrolments.groups", slug=subject.context.slug))


@bp.post("/courses/<slug>/groups/<uuid:group>/members")
@requires(LearningAction.CHANGE_MEMBERS, _chosen_members)
def add_members(subject: GroupMemberContext) -> Answer:
    """Put the chosen learners into a group."""
    chosen = [number for text in request.form.getlist("person") if (number := as_uuid(text)) is not None]
    try:
        count = learner_groups.add_to_group(current_session(), current_actor(), subject.group, chosen, now=clock.now())
    except Conflict as refused:
        return _refused_change(subject, refused)
    if current_actor().person_uuid in chosen:
        flash(_(LEFT_OUT), "warn")
    if count:
        flash(ngettext("%(count)s learner has been added to the group.", "%(count)s learners have been added to the group.", count), "ok")
    elif current_actor().person_uuid not in chosen:
        flash(_("You have not selected anyone."), "warn")
    return see_other(url_for("enrolments.group", slug=subject.context.slug, group=subject.group.uuid))


def _refused_change(subject: GroupMemberContext, refused: Conflict) -> Response:
    """Redirect to the group's page, which states why nobody was added or taken out."""
    flash(_(refused.text, **refused.facts), "bad")
    return see_other(url_for("enrolments.group", slug=subject.context.slug, group=subject.group.uuid))


@bp.post("/courses/<slug>/groups/<uuid:group>/members/removal")
@requires(LearningAction.CHANGE_MEMBERS, _one_member)
def remove_member(subject: GroupMemberContext) -> Answer:
    """Take a learner out of a group."""
    person = as_uuid(request.form.get("person", ""))
    assert person is not None
    try:
        learner_groups.take_out_of_group(current_session(), current_actor(), subject.group, person, now=clock.now())
    except Conflict as refused:
        return _refused_change(subject, refused)
    flash(_("The learner is no longer in the group."), "ok")
    return see_other(url_for("enrolments.group", slug=subject.context.slug, group=subject.group.uuid))
