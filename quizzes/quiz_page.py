"""The page of a quiz: its rules, its attempts so far, its integrity record in words, and the tools of the course team."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import ceil
from uuid import UUID

from sqlalchemy.orm import Session

from courses.rules import Outline, OwnDates
from enrolments.access import ActivityContext
from enrolments.course_context import DateView, date_view
from enrolments.dates import DatedEnrolment, next_end
from enrolments.learners import result_of
from enrolments.models import ActivityResult
from enrolments.rules import GradingMethod, has_passed
from kernel.errors import N_
from kernel.i18n import _, choose, format_datetime, ngettext, number
from questions.question_page import points
from questions.rules.feedback import ReviewFlag
from quizzes.access import QuizAction
from quizzes.attempts import AttemptRow, LoadedAttempt, has_open
from quizzes.rules.grades import AttemptGrade, grade_over_attempts
from quizzes.rules.layout import SlotEntry
from quizzes.rules.result_use import ObjectionRules, ResultUse, TieRules
from quizzes.rules.settings import Behaviour, EffectiveSettings, Navigation, SettingSources, flags_for, moment_of
from quizzes.rules.states import ENDED_STATES, AttemptRefusalReason, AttemptState, StartRuling, read_record
from quizzes.snapshots import QuizSnapshot, get_snapshot


def declaration_of(snapshot: QuizSnapshot) -> str:
    """Return the words of the declaration that a quiz asks for; '' where it asks for none."""
    return choose(snapshot.integrity.declaration) if snapshot.integrity.honour else ""


def recorded_lines(snapshot: QuizSnapshot, setting_sources: SettingSources) -> list[str]:
    """Describe what is recorded of this person beside the answers; nothing where the quiz records nothing more (6.1)."""
    rules = snapshot.integrity
    spared = setting_sources.accommodation is not None
    lines = (
        (rules.honour, _("That you accepted the declaration, and when.")),
        (
            rules.times,
            _(
                "About how long you spend on each question. "
                "Where the browser does not allow it, it is not known, which never counts against you."
            ),
        ),
        (
            rules.focus and not spared,
            _("When you leave the page, and for how long. You see it at once, and later with your attempt."),
        ),
        (rules.focus and spared, _("Not recorded for you: when you leave the page.")),
        (
            rules.sessions,
            _("From how many devices and shortened networks you answer. Moving from home to a mobile network is usual and nothing bad."),
        ),
    )
    recorded = [line for is_on, line in lines if is_on]
    return [*recorded, _("None of it changes a mark. You can see it in your attempt until it is deleted.")] if recorded else []


@dataclass(frozen=True, slots=True)
class IntegrityView:
    """The notes on an attempt as its learner sees them."""

    declared_at: datetime | None
    times: tuple[tuple[int, str], ...]
    """Number of the question, and its time in words."""
    is_approximate: bool
    absences: tuple[tuple[datetime, str], ...]
    """When each time began during which the page was hidden, and how long it lasted, in words."""
    absent: int
    absent_length: str
    devices: int
    networks: int


def seconds_in_words(seconds: int) -> str:
    """Write a length of time of seconds or minutes."""
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return _("%(seconds)s s", seconds=number(rest))
    if not rest:
        return _("%(minutes)s min", minutes=number(minutes))
    return _("%(minutes)s min %(seconds)s s", minutes=number(minutes), seconds=number(rest))


def own_record(loaded: LoadedAttempt) -> IntegrityView | None:
    """Return the notes on an attempt for its learner; None where there are none (6.12)."""
    record, rules = read_record(loaded.row.integrity_record), loaded.snapshot.integrity
    if loaded.row.declared_at is None and not loaded.row.integrity_record:
        return None
    known, pages = record.times(), [item.page for item in loaded.items if item.number is not None]
    return IntegrityView(
        declared_at=loaded.row.declared_at,
        times=tuple(
            (item.number, seconds_in_words(known[item.position]) if item.position in known else _("not known"))
            for item in loaded.items
            if rules.times and item.number is not None
        ),
        is_approximate=len(pages) > len(set(pages)),
        absences=tuple(
            (loaded.row.started_at + timedelta(seconds=absence.at), seconds_in_words(absence.seconds)) for absence in record.absences
        ),
        absent=record.absent,
        absent_length=seconds_in_words(record.absent_seconds),
        devices=len({session.device for session in record.sessions}),
        networks=len({session.network for session in record.sessions}),
    )


CHECKS: Mapping[Behaviour, str] = {Behaviour.IMMEDIATE: "once", Behaviour.INTERACTIVE: "again", Behaviour.ADAPTIVE: "again"}


@dataclass(frozen=True, slots=True)
class QuizRulesView:
    """The rules of a quiz, as shown before it starts."""

    questions: int
    pages: int
    points: Decimal | None
    """None where it depends on what is drawn."""
    limit_minutes: int | None
    at_end: str
    """'submit', 'grace' or 'abandon': what becomes of what is open when the time ends."""
    attempts: int
    pass_percent: Decimal | None
    grading: str
    sequential: bool
    pauses: tuple[int, int]
    """Minutes before the second attempt and before later ones; (0, 0) where there is no pause, or one attempt alone."""
    opens_at: datetime | None
    closes_at: datetime | None
    checks: str
    """'once' where an answer that was checked stays, 'again' where it may be mended, '' where none is checked before handing in."""
    rates_certainty: bool
    """Whether each answer carries a certainty rating, which lets the result reach 300 %."""


def rules_of(snapshot: QuizSnapshot, access: EffectiveSettings) -> QuizRulesView:
    """Return the rules of a quiz shown before it starts, to a person for whom this access holds."""
    settings = snapshot.settings
    slots = [entry for entry in snapshot.entries if isinstance(entry, SlotEntry)]
    questions = sum(slot.count for slot in slots if slot.pool[0].numbered)
    return QuizRulesView(
        questions=questions,
        pages=ceil(questions / settings.per_page) if settings.per_page else 1,
        points=_total(slots),
        limit_minutes=None if access.limit is None else ceil(access.limit / 60),
        at_end=settings.at_end.value,
        attempts=access.attempts,
        pass_percent=None if settings.pass_mark is None else points(settings.pass_mark),
        grading=settings.grading.value,
        sequential=settings.navigation is Navigation.SEQUENTIAL,
        pauses=(0, 0) if access.attempts == 1 else (ceil(access.pause.first / 60), ceil(access.pause.later / 60)),
        opens_at=access.opens,
        closes_at=access.closes,
        checks=CHECKS.get(settings.behaviour, ""),
        rates_certainty=settings.behaviour is Behaviour.CERTAINTY,
    )


def result_use(snapshot: QuizSnapshot, access: EffectiveSettings) -> list[tuple[str, str]]:
    """Return the notice before a quiz whose results are used outside the course: headings with plain words, none for others.

    spec/selection 0.4.
    """
    use = snapshot.selection
    if use is None:
        return []
    counting: Mapping[str, str] = {
        GradingMethod.HIGHEST: _("If you make several attempts, the best one counts."),
        GradingMethod.AVERAGE: _("If you make several attempts, their average counts."),
        GradingMethod.FIRST: _("If you make several attempts, the first one counts."),
        GradingMethod.LAST: _("If you make several attempts, the last one counts."),
    }
    recorded = _(
        "Your answers and when each was saved, when you begin and when you submit, and your marks. "
        "Camera, microphone, screen and location are not recorded."
    )
    listed = [
        (_("For what and by whom"), choose(use.use)),
        (_("What counts"), _("You have one attempt, and it counts.") if access.attempts == 1 else counting[snapshot.settings.grading]),
        (_("Pass mark"), _basis_words(use)),
        (_("What is recorded"), recorded),
        (_("If results are equal"), _tie_words(use.ties)),
        (_("If you think a question is wrong"), _objection_words(use.objections)),
        (_("Questions about it"), choose(use.contact)),
    ]
    return [(heading, words) for heading, words in listed if words]


def _basis_words(use: ResultUse) -> str:
    if use.norm:
        return _("A norm sets it: %(norm)s", norm=choose(use.norm))
    return _("Judges who know the subject set it question by question; their record is kept.") if use.record else ""


def _tie_words(rules: TieRules | None) -> str:
    """Describe what decides between equal results (spec/selection 4.4)."""
    if rules is None:
        return _("People with equal results share a rank.")
    sentences = []
    if rules.objectives:
        parts = "; ".join(choose(rules.titles[key]) for key in rules.objectives)
        sentences.append(_("Between equal results the higher result in these parts decides, in this order: %(parts)s.", parts=parts))
    if rules.draw:
        sentences.append(
            _("A public draw decides what is still equal, made of this text and of the provisional acta: “%(text)s”.", text=rules.draw)
        )
    return " ".join(sentences)


def _objection_words(rules: ObjectionRules | None) -> str:
    """Describe how long learners may object and until when it is decided (spec/selection 5.1)."""
    if rules is None:
        return ""
    term = ngettext(
        "You can object to a question for %(count)s day after the provisional acta is published and you can see your result, "
        "until midnight at the end of the last day.",
        "You can object to a question for %(count)s days after the provisional acta is published and you can see your result, "
        "until midnight at the end of the last day.",
        rules.term,
    )
    decide = ngettext(
        "Two people who did not write the question decide within %(count)s day after that.",
        "Two people who did not write the question decide within %(count)s days after that.",
        rules.decide,
    )
    return f"{term} {decide}"


def quiz_enrolment(subject: ActivityContext, setting_sources: SettingSources, result: ActivityResult | None) -> DatedEnrolment:
    """Return a person before a quiz with what its dates follow from."""
    context, access, key = subject.context, setting_sources.effective_settings(), subject.activity.key
    return DatedEnrolment(
        enrolment_id=context.enrolment_id or 0,
        person_id=0,
        outline=subject.outline.for_person(
            {key: OwnDates(access.opens, access.closes, setting_sources.sets_opening, setting_sources.sets_closing)}
        ),
        results={} if result is None else {key: result_of(result)},
        starts_at=context.starts_at,
        ends_at=context.ends_at,
        archived=context.archived,
    )


def access_for(subject: ActivityContext, setting_sources: SettingSources) -> EffectiveSettings:
    """Return a person's effective settings with the dates by which they can start: those of the module and their edition too."""
    access, enrolment = setting_sources.effective_settings(), quiz_enrolment(subject, setting_sources, None)
    if not subject.context.is_learner:
        return access
    opens = enrolment.opening(enrolment.outline.by_key[subject.activity.key])
    return replace(access, opens=opens, closes=subject.context.end_for(access.closes, is_own=setting_sources.sets_closing))


def quiz_deadline(
    subject: ActivityContext, setting_sources: SettingSources, result: ActivityResult | None, *, now: datetime
) -> DateView | None:
    """Return until when a learner can start a quiz; nothing where they have nothing left to do in it."""
    enrolment = quiz_enrolment(subject, setting_sources, result)
    activity = enrolment.outline.by_key[subject.activity.key]
    if not subject.context.is_learner or enrolment.is_done(activity):
        return None
    end = next_end(enrolment, activity, now=now)
    return None if end is None else date_view(end, now=now)


def _total(slots: Sequence[SlotEntry]) -> Decimal | None:
    total = Fraction(0)
    for slot in slots:
        mark = slot.pool[0].mark if slot.mark is None else slot.mark
        if slot.mark is None and any(candidate.mark != mark for candidate in slot.pool):
            return None
        total += mark * slot.count
    return points(total)


@dataclass(frozen=True, slots=True)
class AttemptListItem:
    """One attempt in the list beside a quiz."""

    uuid: UUID
    number: int
    state: str
    preview: bool
    started_at: datetime
    submitted_at: datetime | None
    minutes: int | None
    percent: Decimal | None
    passed: bool | None
    waits: bool
    """Whether a person has yet to mark something of it."""
    reviewable: bool


def attempt_lines(
    rows: Sequence[AttemptRow], snapshot: QuizSnapshot, setting_sources: SettingSources, *, now: datetime
) -> list[AttemptListItem]:
    """Return the attempts, newest first, with only what their moment lets a learner see."""
    telling = _telling_marks(rows, snapshot, setting_sources, now)
    return [_line(row, shows_marks=row in telling) for row in reversed(rows)]


def _telling_marks(rows: Sequence[AttemptRow], snapshot: QuizSnapshot, setting_sources: SettingSources, now: datetime) -> list[AttemptRow]:
    """Return the attempts that have ended and whose marks their learner may see."""
    another_open, settings = has_open(rows), snapshot.settings
    if setting_sources.is_held(now):
        return [row for row in rows if row.preview and row.state in ENDED_STATES]
    visible = []
    for row in rows:
        moment = moment_of(row.finished_at, setting_sources.review_closes(row.started_at), another_open=another_open, now=now)
        if row.state in ENDED_STATES and ReviewFlag.MARKS in flags_for(settings.review, moment, settings.behaviour):
            visible.append(row)
    return visible


def _line(row: AttemptRow, *, shows_marks: bool) -> AttemptListItem:
    minutes = None if row.submitted_at is None else ceil((row.submitted_at - row.started_at).total_seconds() / 60)
    return AttemptListItem(
        uuid=row.uuid,
        number=row.number,
        state=row.state.value,
        preview=row.preview,
        started_at=row.started_at,
        submitted_at=row.submitted_at,
        minutes=minutes,
        percent=points(row.percent) if shows_marks and row.percent is not None else None,
        passed=row.passed if shows_marks else None,
        waits=row.state is AttemptState.FINISHED and row.raw is None,
        reviewable=row.state in ENDED_STATES,
    )


def deciding_snapshot(session: Session, rows: Sequence[AttemptRow], snapshot: QuizSnapshot) -> QuizSnapshot:
    """Return the version of a quiz by which the course has recorded the result of these attempts: that of the last one that has ended.

    Where a correction changed the pass mark since, it is not the present one.
    """
    ended = [row for row in rows if row.state in ENDED_STATES and not row.preview]
    return get_snapshot(session, ended[-1].quiz_version_id) if ended else snapshot


def best_and_passed(
    rows: Sequence[AttemptRow], snapshot: QuizSnapshot, setting_sources: SettingSources, *, now: datetime
) -> tuple[Decimal | None, bool | None]:
    """Return the percentage that counts and whether the quiz is passed with it, by the attempts whose marks may be seen.

    Neither is known while the attempt that decides waits for a grader.
    """
    counted = [row for row in _telling_marks(rows, snapshot, setting_sources, now) if not row.preview]
    grades = [AttemptGrade(row.number, row.percent, abandoned=row.state is AttemptState.ABANDONED) for row in counted]
    best = grade_over_attempts(snapshot.settings.grading, grades)
    return (None if best is None else points(best)), has_passed(best, snapshot.settings.pass_mark)


def refusal_words(ruling: StartRuling) -> list[str]:
    """Describe why no attempt can be started now, each reason a sentence."""
    return [_reason(refusal.reason, format_datetime(refusal.until) if refusal.until else "") for refusal in ruling.refusals]


def _reason(reason: AttemptRefusalReason, moment: str) -> str:
    match reason:
        case AttemptRefusalReason.NOT_OPEN_YET:
            return _("It opens on %(moment)s.", moment=moment)
        case AttemptRefusalReason.CLOSED:
            return _("It is closed: no new attempt can be started.")
        case AttemptRefusalReason.NO_ATTEMPTS_LEFT:
            return _("You have used all your attempts.")
        case AttemptRefusalReason.PAUSE:
            return _("You can try again from %(moment)s. Use the time to reread what you got wrong.", moment=moment)
        case AttemptRefusalReason.PASSWORD:
            return _("A password is needed to start.")
        case AttemptRefusalReason.NETWORK:
            return _("It can only be taken from certain networks.")
        case AttemptRefusalReason.PREREQUISITES:
            return _("Complete its prerequisites first.")


@dataclass(frozen=True, slots=True)
class StaffToolLink:
    """A page of the staff's tools; its endpoint takes the course's `slug` and the quiz's `key`.

    It is shown to those whom `action` allows before a `quizzes.access.QuizContext` (or an action's own subject, where the
    predicate takes that one too).
    """

    endpoint: str
    icon: str
    title: str
    text: str
    action: StrEnum
    selecting: bool = False
    """Only for a quiz whose results are used outside the course."""
    before: str = ""
    """The endpoint before which it stands; empty for the end."""


TOOLS: tuple[StaffToolLink, ...] = (
    StaffToolLink(
        "quizzes_marking.queue",
        "pencil",
        N_("Mark answers"),
        N_("Essays and files marked by a person: by question or by learner, with or without names."),
        QuizAction.MANAGE,
    ),
    StaffToolLink(
        "quizzes_regrading.regrades",
        "rotate-ccw",
        N_("Regrade"),
        N_("After correcting a key, or to void a question: with a dry run first, and it can be undone."),
        QuizAction.REGRADE,
    ),
    StaffToolLink(
        "quizzes.quiz", "eye", N_("See the quiz"), N_("The page that learners see, with a preview for editors."), QuizAction.MANAGE
    ),
    StaffToolLink(
        "quizzes_reports.attempts",
        "users",
        N_("Attempts report"),
        N_("Who has taken it, when and with what result; also as CSV and Excel."),
        QuizAction.REPORT,
    ),
    StaffToolLink(
        "quizzes_time.overrides",
        "calendar-clock",
        N_("Overrides: dates, time and attempts"),
        N_("Different dates, more time or attempts, a password or networks: for everyone, a group or a person."),
        QuizAction.OVERRIDE,
    ),
    StaffToolLink(
        "quizzes_time.incidents",
        "clock",
        N_("Incident: more time for everyone"),
        N_("Extra minutes for everyone with an attempt in progress; they can be withdrawn."),
        QuizAction.INCIDENT,
    ),
)
"""In the order of the page: what is done most comes first."""


def tools_in_order(offered: Iterable[StaffToolLink]) -> list[StaffToolLink]:
    """Return the tools of quizzes with those that other packages offer, each where it belongs."""
    tools = list(TOOLS)
    for tool in offered:
        rank = next((at for at, other in enumerate(tools) if other.endpoint == tool.before), len(tools))
        tools.insert(rank, tool)
    return tools


def quiz_lines(outline: Outline, keys: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return key, title and module of the quizzes of a course in its order, then those of earlier versions among the keys.

    These have no module.
    """
    present = [activity for activity in outline.activities() if activity.kind == "quiz"]
    lines = [(activity.key, choose(activity.title), choose(outline.module_by_key[activity.module].title)) for activity in present]
    for key in sorted(set(keys) - {activity.key for activity in present}):
        now = outline.by_key.get(outline.renames.get(key, key))
        lines.append((key, choose(now.title) if now else key, ""))
    return lines
