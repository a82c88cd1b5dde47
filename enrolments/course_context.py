"""Open a course in the present request: its view, its dates in words, visits and mistake reports, for pages here and above."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Response, flash, request
from wtforms import RadioField, SelectField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from courses import catalogue, versions
from courses.catalogue import list_shipped_in_preparation
from courses.kinds import COURSE_KINDS
from courses.rules import Outline, OutlineActivity
from enrolments import enrolment as enrolments_enrolment
from enrolments import learners, mistakes
from enrolments.access import ActivityContext, LearnerContext
from enrolments.course_view import CourseCard, CourseView, card, foreign
from enrolments.dates import RUNNING_OUT, DatedEnrolment, DatedItem, DateKind, DateRequest, collect_dates, list_ungraded, next_end
from enrolments.mistakes import MISTAKE_KINDS, MistakePlace, MistakeValues, ReportIsLong, find_own_open
from enrolments.models import MistakeKind
from enrolments.rules import EnrolmentRefusal, Progress, evaluate_completion, may_enrol
from kernel import clock
from kernel.db import HookList
from kernel.errors import N_, TooMany
from kernel.i18n import _, choose, format_date, format_datetime, format_time, language, lazy_, local, ngettext, reading, zone, zone_name
from kernel.permissions import Actor
from kernel.web import after_response
from kernel.web.forms import Form, at_most, clean_text
from kernel.web.limits import limit, limiter
from kernel.web.request import Answer, begin_writing, current_actor, current_session, page, see_page


def activity_header(outline: Outline, key: str, present: str = "") -> dict[str, object]:
    """Return course, module and activity for the head of a page; `present` is the key that the activity has now, if another."""
    activity = outline.by_key[key]
    module = outline.module_by_key[activity.module]
    return {
        "course": {"slug": outline.slug, "title": choose(outline.title)},
        "module": {"number": module.number, "title": choose(module.title)},
        "activity": {"key": present or key, "title": choose(activity.title)},
    }


@dataclass(frozen=True, slots=True)
class ActivityPage:
    """A page of a package above beside some kinds of activity: its label, to be translated, and its endpoint, by `slug` and `key`."""

    label: str
    endpoint: str
    icon: str
    kinds: frozenset[str]
    is_shown: Callable[[Actor, LearnerContext], bool] = field(default=lambda _actor, _context: True, repr=False)
    """Whom before which course it is for; pages that are kept are named by what they show, not by this."""


@dataclass(frozen=True, slots=True)
class LearnerPage:
    """A page of a package above with something of one's own from all courses: its label, marked for translation, and its endpoint."""

    label: str
    endpoint: str


ACTIVITY_LINKS = HookList[ActivityPage]("activity_links")
"""Gives the links at the end of lessons and recordings."""
LEARNER_PAGES = HookList[LearnerPage]("learner_pages")
"""Gives the links at the end of «My learning»."""


def activity_links(activity: OutlineActivity, context: LearnerContext) -> list[ActivityPage]:
    """Return the links at the end of an activity's page."""
    links, actor = ACTIVITY_LINKS.of(current_session()), current_actor()
    return [link for link in links if activity.kind in link.kinds and link.is_shown(actor, context)]


SOON = timedelta(days=3)
"""Before its end, within which a date is told with emphasis, and in titles of pages."""
OPEN_ATTEMPTS = frozenset({DateKind.ATTEMPT_OPEN, DateKind.ATTEMPT_ENDS})
_SYMBOLS = {
    DateKind.ATTEMPT_ENDS: "clock",
    DateKind.REMINDER: "bell",
}


@dataclass(frozen=True, slots=True)
class DateView:
    """A dated item on a page, in the reader's language and zone."""

    kind: DateKind
    at: datetime
    day: date
    title: str
    title_language: str
    course: str
    """Title of the course; empty where the title is that."""
    url: str
    words: str
    """The sentence that says what happens, and when."""
    elsewhere: str
    """The same moment in the course's zone, where the clocks differ; else nothing."""
    left: str
    """How long it is from now."""
    soon: bool
    """It ends within three days."""
    symbol: str
    continues: bool
    """It is an attempt in progress, which its page goes on with."""
    caution: str = ""


SENTENCES = {
    DateKind.ATTEMPT_OPEN: N_("You began an attempt on %(moment)s and have not submitted it."),
    DateKind.ATTEMPT_ENDS: N_("Your attempt ends on %(moment)s."),
    DateKind.EDITION_BEGINS: N_("Your edition begins on %(moment)s."),
    DateKind.EDITION_ENDS: N_("Your edition ends on %(moment)s."),
    DateKind.MODULE_OPENS: N_("The module opens on %(moment)s."),
    DateKind.MODULE_CLOSES: N_("The module closes on %(moment)s."),
    DateKind.ACTIVITY_OPENS: N_("It opens on %(moment)s."),
    DateKind.ACTIVITY_CLOSES: N_("It closes on %(moment)s."),
    DateKind.CONDITION_OPENS: N_("You can try again from %(moment)s."),
    DateKind.OBLIGATION_ENDS: N_("You have to complete it by %(moment)s."),
    DateKind.REMINDER: N_("Your reminder for %(moment)s."),
}
TIME_IS_UP = N_("The time of your attempt ended on %(moment)s. Submit it now.")
OPENS_SOON = timedelta(days=7)
"""How long before it something that opens is told."""


def upcoming(items: Iterable[DatedItem], *, now: datetime) -> list[DatedItem]:
    """Return the dated items that are still to do: attempts in progress first, then by their moments.

    What opens is told in the week before, or where nothing ends before it.
    """
    left = [item for item in items if not item.done]
    attempts = [item for item in left if item.kind in OPEN_ATTEMPTS]
    ahead = [item for item in left if item.kind not in OPEN_ATTEMPTS and item.at > now]
    ends = [item for item in ahead if item.kind in RUNNING_OUT]
    opens = [item for item in ahead if item.kind not in RUNNING_OUT and (item.at - now <= OPENS_SOON or not ends)]
    return [*attempts, *sorted([*ends, *opens], key=lambda item: item.at)]


def date_views(items: Iterable[DatedItem], *, now: datetime) -> list[DateView]:
    """Return dated items in words, in their order."""
    return [date_view(item, now=now) for item in items]


def date_view(item: DatedItem, *, now: datetime) -> DateView:
    """Return a dated item in words."""
    return DateView(
        kind=item.kind,
        at=item.at,
        day=item.by_calendar(zone()).date(),
        title=item.title,
        title_language=foreign(item.texts),
        course="" if item.texts == item.course_texts else item.course_title,
        url=_course_path(item) if item.kind is DateKind.ACTIVITY_OPENS and item.at > now else item.path,
        words=_sentence(item, now),
        elsewhere=_elsewhere(item),
        left=time_left(item, now=now),
        soon=item.kind in RUNNING_OUT and item.at - now <= SOON,
        symbol=_SYMBOLS.get(item.kind, "calendar-clock"),
        continues=item.kind in OPEN_ATTEMPTS,
        caution=item.caution,
    )


def _course_path(item: DatedItem) -> str:
    """Return where an activity that is not open yet stands among the others."""
    return f"/courses/{item.slug}#way"


def _sentence(item: DatedItem, now: datetime) -> str:
    sentence = TIME_IS_UP if item.kind is DateKind.ATTEMPT_ENDS and item.at <= now else SENTENCES[item.kind]
    return _(sentence, moment=format_datetime(item.by_calendar(zone()), "short"))


def time_left(item: DatedItem, *, now: datetime) -> str:
    """Describe how long it is until a dated item: minutes within the hour, else days as the reader's calendar counts them."""
    if item.at <= now:
        return ""
    days = (item.by_calendar(zone()).date() - local(now).date()).days
    if item.kind in RUNNING_OUT:
        return running_out(item.at, days, now=now)
    if days <= 1:
        return _("Today") if days == 0 else _("Tomorrow")
    return ngettext("In %(count)s day", "In %(count)s days", days)


def running_out(at: datetime, days: int, *, now: datetime) -> str:
    """Describe how long it is until something ends: minutes within the hour, else the days of the reader's calendar."""
    minutes = -(-int((at - now).total_seconds()) // 60)
    if minutes < 60:
        return ngettext("%(count)s minute left", "%(count)s minutes left", minutes)
    return _("Ends today") if days == 0 else ngettext("%(count)s day left", "%(count)s days left", days)


def _elsewhere(item: DatedItem) -> str:
    """Return the moment as the course's clocks show it, where the reader's show another time."""
    try:
        there = ZoneInfo(item.zone) if item.zone else None
    except (ZoneInfoNotFoundError, ValueError):
        return ""
    if there is None or item.at.astimezone(there).utcoffset() == item.at.astimezone(zone()).utcoffset():
        return ""
    with reading(language(), there):
        moment = format_datetime(item.by_calendar(there), "short")
    if item.kind is DateKind.OBLIGATION_ENDS:
        return _("%(moment)s by the time of %(zone)s", moment=moment, zone=zone_name(item.zone))
    return _("%(moment)s in the course's time zone, %(zone)s", moment=moment, zone=zone_name(item.zone))


def title_of(item: DatedItem) -> str:
    """Return the title of an event in the reader's language: «Cierra: Cuestionario 1»."""
    match item.kind:
        case DateKind.REMINDER:
            return item.title
        case DateKind.EDITION_BEGINS:
            return _("Begins: %(title)s", title=item.title)
        case DateKind.EDITION_ENDS:
            return _("Ends: %(title)s", title=item.title)
        case DateKind.OBLIGATION_ENDS:
            return _("Last day: %(title)s", title=item.title)
        case DateKind.ATTEMPT_ENDS:
            return _("Your attempt ends: %(title)s", title=item.title)
        case DateKind.MODULE_OPENS | DateKind.ACTIVITY_OPENS | DateKind.CONDITION_OPENS:
            return _("Opens: %(title)s", title=item.title)
        case _:
            return _("Closes: %(title)s", title=item.title)


def _in_days(days: int) -> str:
    if days < 2:
        return _("Tomorrow") if days else _("Today")
    return ngettext("In %(count)s day", "In %(count)s days", days)


def notice_words(item: DatedItem, days: int) -> tuple[str, str]:
    """Return the subject and the words by which a person is reminded of an item so many days before."""
    subject = _("%(when)s · %(what)s", when=_in_days(days), what=title_of(item))
    at = item.by_calendar(zone())
    when = {"day": format_date(at), "time": format_time(at)}
    course = date_view(item, now=item.at).course
    if not course:
        return subject, _("On %(day)s at %(time)s.", **when)
    return subject, _("On %(day)s at %(time)s, in “%(course)s”.", course=course, **when)


class WordsField(TextAreaField):
    """Several lines of text, cleaned."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take the first value, cleaned, without empty lines around it."""
        self.data = clean_text(str(valuelist[0]), lines=True) if valuelist else ""


class LearnerNoteForm(Form):
    """A note of the team on a learner."""

    words = WordsField(
        lazy_("New note"),
        [DataRequired(lazy_("Write the note.")), at_most(2000)],
    )


SHORTEST_REPORT = 10
LONGEST_REPORT = 2000


class MistakeForm(Form):
    """A mistake report: its kind, the heading under which the mistake stands, and what is wrong."""

    kind = RadioField(lazy_("What kind of mistake is it?"), [InputRequired(lazy_("Choose one."))], choices=[])
    heading = SelectField(lazy_("Where in the lesson"), choices=[], default="")
    words = WordsField(
        lazy_("What is wrong, and what should it say?"),
        [
            DataRequired(lazy_("Write what is wrong.")),
            Length(min=SHORTEST_REPORT, message=lazy_("Write at least %(min)d characters.")),
            at_most(LONGEST_REPORT),
        ],
    )

    def offer(self, headings: Sequence[tuple[str, str]], *, marked: bool) -> None:
        """Let these headings be chosen, each by its address; wrong marking only where something is marked."""
        kinds = [kind for kind in MistakeKind if marked or kind is not MistakeKind.MARKING]
        self.kind.choices = [(kind.value, _(MISTAKE_KINDS[kind])) for kind in kinds]
        self.heading.choices = [("", _("In the whole lesson")), *headings]

    def command(self) -> MistakeValues:
        """Return the report."""
        return MistakeValues(MistakeKind(self.kind.data), self.words.data or "", self.heading.data or None)


REPORTS_OF_PERSON = limit("mistake-reports-of-person", "10 per hour")
REPORTS_OF_COURSE = limit("mistake-reports-of-course", "1000 per day")


def course_view(context: LearnerContext, outline: Outline) -> CourseView:
    """Read the actor's results and dates and put the course together as they see it."""
    session = current_session()
    if context.enrolment_id is not None:
        outline = learners.with_personal_dates(session, {context.enrolment_id: outline})[context.enrolment_id]
    results = learners.results_of(session, context.enrolment_id)
    scored = [outline.by_key[key] for key, result in results.items() if result.score is not None and key in outline.by_key]
    number = context.enrolment_id or 0
    ungraded = list_ungraded(session, {number: outline}, {number: results}).get(number, frozenset())
    return CourseView(current_actor(), context, outline, results, _withheld(context, scored), ungraded)


def _withheld(context: LearnerContext, scored: Sequence[OutlineActivity]) -> frozenset[str]:
    """Return the keys of activities whose marks the actor does not see yet."""
    if context.enrolment_id is None:
        return frozenset()
    session, keys = current_session(), frozenset[str]()
    for publisher in COURSE_KINDS.of(session).publishers:
        own = [activity for activity in scored if activity.kind == publisher.kind.name]
        keys |= publisher.withholds(session, context.enrolment_id, own, context.now)
    return keys


def dated_enrolment(view: CourseView, *, completed: bool = False) -> DatedEnrolment | None:
    """Return the reader's enrolment with what its dates follow from; nothing for those who do not take the course."""
    context = view.context
    if context.enrolment_id is None:
        return None
    return DatedEnrolment(
        enrolment_id=context.enrolment_id,
        person_id=view.actor.person_id or 0,
        outline=view.outline,
        results=view.results,
        starts_at=context.starts_at,
        ends_at=context.ends_at,
        archived=context.archived,
        completed=completed,
        ungraded=view.ungraded,
    )


def course_dates(view: CourseView, *, completed: bool) -> list[DatedItem]:
    """List what happens to the reader in a course, the earliest first; of who does not take it, what asks them to."""
    enrolment, person_id = dated_enrolment(view, completed=completed), view.actor.person_id
    if person_id is None:
        return []
    date_request = DateRequest(() if enrolment is None else (enrolment,), (person_id,), view.context.now, slug=view.outline.slug)
    dated = collect_dates(current_session(), date_request)
    return [item for item in dated if item.is_of(view.outline.slug) and (enrolment is not None or item.covers)]


def activity_deadline(view: CourseView, key: str) -> DateView | None:
    """Return the next end for the reader of an activity: it itself, its module or the edition; no statement."""
    enrolment = dated_enrolment(view, completed=view.progress.completed)
    end = None if enrolment is None else next_end(enrolment, view.outline.by_key[key], now=view.context.now)
    return None if end is None else date_view(end, now=view.context.now)


def course_name(context: LearnerContext) -> dict[str, object]:
    """Return the name of a course for each of its pages: its short name, its title, and whether it is published."""
    title = choose(catalogue.get_course(current_session(), context.course_id).title)
    return {"slug": context.slug, "title": title, "published": context.is_published}


def site_topics() -> Mapping[str, str]:
    """Return the names of the site's topics by their keys."""
    return COURSE_KINDS.of(current_session()).topics


MOST_LISTED = 200
"""Announced courses among which chosen ones are looked for."""


def own_courses() -> dict[str, learners.OwnCourse]:
    """Return the actor's courses by slug; nothing for the anonymous."""
    actor = current_actor()
    return {} if actor.is_anonymous else {own.slug: own for own in learners.list_own_courses(current_session(), actor)}


def catalogue_cards(limit: int, keys: Sequence[str] = (), *, for_strangers: bool = False) -> list[CourseCard]:
    """Return the courses that the actor finds, or strangers do, as cards, lit as far as the actor is.

    Where keys are given, these courses in this order; all where nobody finds one of them any more.
    """
    own, now = {} if for_strangers else own_courses(), clock.now()
    reader = Actor() if for_strangers else current_actor()
    entries = catalogue.list_catalogue(current_session(), reader, limit=MOST_LISTED if keys else limit)
    chosen = {entry.slug: entry for entry in entries if entry.slug in keys}
    entries = [chosen[key] for key in keys if key in chosen] or entries[:limit]
    outlines = versions.list_outlines(current_session(), [entry.version_id for entry in entries])
    progress = _own_progress(own, now)
    cards = []
    for entry in entries:
        mine = own.get(entry.slug)
        completed = mine is not None and mine.completed_at is not None
        refusal = may_enrol(entry.enrolment, entry.opens_at, entry.closes_at, archived=False, now=now)
        opens_at = entry.opens_at if refusal is EnrolmentRefusal.NOT_YET else None
        cards.append(card(outlines[entry.version_id], refusal, opens_at, progress=progress.get(entry.slug), completed=completed))
    return cards


def courses_in_preparation(present: int) -> list[str]:
    """Return the titles of the courses that come with the program and are still being published; `found` are there."""
    return [choose(dict(title)) for title in list_shipped_in_preparation(current_session(), listed=present)]


def _own_progress(own: Mapping[str, learners.OwnCourse], now: datetime) -> dict[str, Progress]:
    """Return how far the actor is in each of their courses, by slug."""
    session = current_session()
    results = learners.results_of_many(session, [course.enrolment_id for course in own.values()]) if own else {}
    outlines = versions.list_outlines(session, [course.version_id for course in own.values()])
    return {slug: evaluate_completion(outlines[course.version_id], results[course.enrolment_id], now) for slug, course in own.items()}


def record_visit_later(subject: ActivityContext, view: CourseView) -> None:
    """Note the visit once, or again when the learner comes back from elsewhere; a lesson that opening completes is completed."""
    enrolment_id = subject.context.enrolment_id
    if enrolment_id is None or subject.closed is not None:
        return
    key, now, actor = subject.activity.key, clock.now(), current_actor()
    if subject.activity.completion_rule == "viewed" and not view.is_done(key):
        after_response.run_after_response(
            lambda session: enrolments_enrolment.record_result(
                session, actor, enrolment_id, key, enrolments_enrolment.ActivityOutcome(completed=True), now=now
            )
        )
    if subject.context.last_activity_key != key or key not in view.results:
        begun = subject.context.has_begun
        after_response.run_after_response(
            lambda session: enrolments_enrolment.record_visit(session, enrolment_id, key, now=now, actor=actor, has_begun=begun),
            gathered=True,
        )


def mistake_page(
    course: Mapping[str, object], mistake_place: MistakePlace, back: str, headings: Sequence[tuple[str, str]] = (), *, marked: bool
) -> Answer:
    """Show the form for a mistake report of a place, or store what was sent; `back` is where its reader comes from.

    `headings` are those of a lesson, each with its address; `marked` says whether answers are marked there.
    """
    form, session, person_id = MistakeForm(), current_session(), current_actor().person_id or 0
    form.offer(headings, marked=marked)

    def draw() -> Response:
        known = find_own_open(session, person_id, mistake_place.course_id, mistake_place.activity_key, mistake_place.question_key)
        text = known.words if known else ""
        return page(
            "enrolments/mistake_report.html",
            course=course,
            place=mistake_place,
            here=request.path,
            back=back,
            form=form,
            has_headings=bool(headings),
            said=text,
        )

    if not form.validate_on_submit():
        return draw()
    try:
        limiter().use(REPORTS_OF_PERSON, str(person_id))
        limiter().use(REPORTS_OF_COURSE, str(mistake_place.course_id))
    except TooMany:
        form.form_errors.append(_("There have been many reports in a short time. Keep your text and send it again in an hour."))
        return draw(), 429
    try:
        mistakes.report_mistake(begin_writing(), current_actor(), mistake_place, form.command(), now=clock.now())
    except ReportIsLong as refused:
        session = current_session()
        form.refuse(form.words, _(refused.message))
        return draw(), 409
    flash(_("Thank you: your report has reached the course team. You will see here what becomes of it."), "ok")
    return see_page("enrolments_mistakes.own_reports")
