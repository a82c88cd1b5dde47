"""Permissions to see, take, review and analyse quizzes, and to work on their questions."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from accounts.models import Person
from courses.access import EDITORS, ENROLLED, TEAM, CourseContext, PartContext, edits, teaches
from courses.models import StaffRole
from courses.rules import Outline
from enrolments.access import ActivityContext, hiding_all, is_staff
from enrolments.models import LearnerGroup
from kernel.own_records import changes_record, changes_records, is_own
from kernel.permissions import Actor, Permission, Roles, Verdict, administrator, allow_if, open_to_strangers
from quizzes.models import Incident, JudgeSheet, PassMarkRecord, QuizOverride
from quizzes.rules.settings import Reader
from quizzes.rules.states import OPEN_STATES, AttemptState


class QuizAction(StrEnum):
    """Acts on quizzes and attempts."""

    VIEW_INTRO = "quiz:view_intro"
    START = "quiz:start"
    ANSWER = "attempt:save"
    SUBMIT = "attempt:submit"
    REVIEW = "attempt:view"
    SELF_ASSESS = "attempt:self_assess"
    """Judge one's own text by its rubric, after submission."""
    FETCH_FILE = "attempt:file"
    SHOW_PAPER = "attempt:paper"
    PROOF = "attempt:proof"
    """Take along the proof of an attempt that has ended."""
    VERIFY_PROOF = "attempt:verify_proof"
    """Compare a file with a proof in public."""
    MANAGE = "quiz:manage"
    REPORT = "quiz:report"
    EXPORT_REPORT = "quiz:export_report"
    """Take the attempts out as files."""
    ANGOFF = "angoff:record"
    """Judge the pass mark of a quiz, and sign the record of it."""
    MARK = "attempt:grade_by_hand"
    REGRADE = "quiz:regrade"
    REOPEN = "attempt:reopen"
    OVERRIDE = "override:manage"
    INCIDENT = "incident:manage"
    """Give time to all who answer now."""
    ACCOMMODATE = "accommodation:manage"


@dataclass(frozen=True)
class AttemptContext:
    """A person before an attempt: whose it is, its state, and what the person is in its course."""

    id: int
    uuid: UUID
    person_id: int
    course_id: int
    state: AttemptState
    preview: bool
    staff_role: StaffRole | None


@dataclass(frozen=True)
class QuizContext:
    """A quiz of a course, in all its versions, as those who teach and grade work on it; `outline` is of the newest one that has it."""

    course_id: int
    slug: str
    key: str
    activity_id: int
    outline: Outline
    staff_role: StaffRole | None


@dataclass(frozen=True)
class OverrideContext:
    """The context of a quiz override, for the course team."""

    quiz: QuizContext
    row: QuizOverride


@dataclass(frozen=True)
class NewOverrideContext:
    """For whom something is to be set at a quiz: a group, a person, or everybody where it is neither."""

    quiz: QuizContext
    group: LearnerGroup | None = None
    person: Person | None = None


@dataclass(frozen=True)
class IncidentContext:
    """The context of a quiz incident, for the course team."""

    quiz: QuizContext
    row: Incident


@dataclass(frozen=True, slots=True)
class JudgingContext(PartContext):
    """A record of judges on the pass mark of a quiz, for the course's team; where one fills a sheet of it, that sheet too."""

    record: PassMarkRecord
    sheet: JudgeSheet | None = None


@dataclass(frozen=True, slots=True)
class ItemHistoryContext(CourseContext):
    """A published question of a course, by its key and its number, for those who look at its history."""

    key: str
    question_id: int


def _view_intro(actor: Actor, subject: ActivityContext) -> Verdict:
    if is_staff(actor, subject.context):
        return Verdict.ALLOW
    return allow_if(subject.context.is_learner)


def _start(actor: Actor, subject: ActivityContext) -> Verdict:
    """Let learners start attempts, and course editors previews. Dates and limits are checked by the service."""
    return allow_if(subject.context.is_learner or edits(actor, subject.context.staff_role))


def _own(actor: Actor, subject: AttemptContext) -> Verdict:
    return allow_if(is_own(actor, subject.person_id), Verdict.HIDE)


def _self_assess(actor: Actor, subject: AttemptContext) -> Verdict:
    """The learner judges their own text once it is submitted; nobody else does."""
    return allow_if(is_own(actor, subject.person_id) and subject.state not in OPEN_STATES, Verdict.HIDE)


def _works_on(actor: Actor, subject: AttemptContext) -> bool:
    """Return whether the actor reviews an attempt as course team or administrator, never one that they are answering."""
    if is_own(actor, subject.person_id) and subject.state in OPEN_STATES and not subject.preview:
        return False
    return teaches(actor, subject.staff_role)


def _review(actor: Actor, subject: AttemptContext) -> Verdict:
    """The learner sees an ended attempt, also one who works in the course; its staff and administrators see any of others."""
    if _works_on(actor, subject):
        return Verdict.ALLOW
    if not is_own(actor, subject.person_id):
        return Verdict.HIDE
    return allow_if(subject.state not in OPEN_STATES)


def _prove(actor: Actor, subject: AttemptContext) -> Verdict:
    """Let learners take the proof of their own ended attempts, and administrators that of others'; a preview proves nothing."""
    own = is_own(actor, subject.person_id)
    if subject.preview or not (own or actor.is_administrator):
        return Verdict.HIDE
    return allow_if(subject.state not in OPEN_STATES)


@open_to_strangers
def _verify_proof(_actor: Actor, _subject: object) -> Verdict:
    """Let everybody who has the code compare a file."""
    return Verdict.ALLOW


def _manage(actor: Actor, subject: QuizContext | CourseContext) -> Verdict:
    """The course's staff, graders too, and administrators; to others there is no such page."""
    return allow_if(teaches(actor, subject.staff_role), Verdict.HIDE)


def see_question_keys(actor: Actor, subject: QuizContext | CourseContext) -> Verdict:
    """Allow what tells keys of questions, as statistics do, to those who edit the course; graders are refused.

    spec/security 9, question bank.
    """
    return allow_if(edits(actor, subject.staff_role), Verdict.HIDE if subject.staff_role is None else Verdict.FORBID)


@dataclass(frozen=True)
class MarkingContext:
    """The context of marking one question of a submitted attempt."""

    person_id: int
    staff_role: StaffRole | None
    is_by_hand: bool
    """Whether a person marks it; else the mark of the program may be overruled."""


def _mark(actor: Actor, subject: MarkingContext) -> Verdict:
    """The course's staff mark what waits for a person, those who edit overrule the program."""
    if not teaches(actor, subject.staff_role):
        return Verdict.HIDE
    return allow_if(subject.is_by_hand or edits(actor, subject.staff_role))


def _edit_quiz(actor: Actor, subject: QuizContext) -> Verdict:
    """Those who edit the course; to its graders it is closed, to others there is no such page."""
    if _manage(actor, subject) is Verdict.HIDE:
        return Verdict.HIDE
    return allow_if(edits(actor, subject.staff_role))


def _reopen(actor: Actor, subject: AttemptContext) -> Verdict:
    if not teaches(actor, subject.staff_role):
        return Verdict.HIDE
    return allow_if(edits(actor, subject.staff_role))


def _show_layout(actor: Actor, subject: AttemptContext) -> Verdict:
    """Show a learner's attempt layout to the course team and administrators; hide it from everyone else, its learner too."""
    return allow_if(_works_on(actor, subject), Verdict.HIDE)


def _fetch_file(actor: Actor, subject: AttemptContext) -> Verdict:
    """The learner fetches the files of their own answers at any time; the course's staff and administrators those of any."""
    return Verdict.ALLOW if is_own(actor, subject.person_id) else _review(actor, subject)


def _override(actor: Actor, subject: QuizContext | OverrideContext | NewOverrideContext | IncidentContext) -> Verdict:
    """Those who edit the course decide who gets more time; to others there is no such page."""
    quiz = subject if isinstance(subject, QuizContext) else subject.quiz
    return allow_if(edits(actor, quiz.staff_role), Verdict.HIDE)


def reader_of(actor: Actor, subject: AttemptContext) -> Reader:
    """Return the reader role for an attempt: right answers are for course editors, and for its learner at their moment."""
    if edits(actor, subject.staff_role):
        return Reader.EDITOR
    return Reader.LEARNER if is_own(actor, subject.person_id) else Reader.GRADER


def _learner(subject: AttemptContext | MarkingContext) -> tuple[int]:
    return (subject.person_id,)


def _overridden(subject: object) -> tuple[int | None, ...]:
    """Return the person an override is for; one for a group or everyone is left out of its author's record instead."""
    if isinstance(subject, OverrideContext):
        return (subject.row.person_id,)
    return (subject.person.id,) if isinstance(subject, NewOverrideContext) and subject.person else ()


_SELF_ASSESSED = "only its writer judges a text that nobody marks, after submission: spec/selection 8.6"
PERMISSIONS: Mapping[StrEnum, Permission] = hiding_all(
    {
        QuizAction.VIEW_INTRO: Permission(_view_intro, {"published": ENROLLED | TEAM}),
        QuizAction.START: Permission(
            _start,
            {
                "open": ENROLLED.because("teachers use preview, which leaves no attempt"),
                "not_yet_open": Roles.NOBODY,
                "closed": Roles.NOBODY,
                "attempts_used_up": Roles.NOBODY.because("also by race: CTFd 3.8.7"),
                "draft": Roles.NOBODY.hidden,
                "quiz.preview own_course": EDITORS,
            },
        ),
        QuizAction.ANSWER: Permission(
            _own,
            {
                "own_open": ENROLLED,
                "own_submitted": Roles.NOBODY,
                "own_time_expired": Roles.NOBODY.because("the server's clock decides, with the stated grace"),
                "of_another_learner": Roles.NOBODY.because("not even the administrator"),
            },
        ),
        QuizAction.SUBMIT: Permission(_own, {"of_another_learner": Roles.NOBODY.hidden, "own_open": ENROLLED.hidden}),
        QuizAction.REVIEW: Permission(
            _review,
            {
                "own_open": ENROLLED,
                "own_graded": ENROLLED,
                "of_another_learner": TEAM,
                "quiz.view_answers before_submit": EDITORS.because("nor in HTML, JSON, JavaScript, image names or timing"),
                "quiz.view_answers own_after_submit_review_off": EDITORS,
                "quiz.view_answers own_after_submit_review_on": ENROLLED | EDITORS,
                "quiz.view_answers after_close_only_before_close": EDITORS,
            },
        ),
        QuizAction.SELF_ASSESS: Permission(
            _self_assess,
            {
                "own_submitted": ENROLLED.hidden.because(_SELF_ASSESSED),
                "own_open": Roles.NOBODY.hidden.because(_SELF_ASSESSED),
                "of_another_learner": Roles.NOBODY.hidden.because(_SELF_ASSESSED),
            },
        ),
        QuizAction.FETCH_FILE: Permission(_fetch_file, {"of_another_learner": TEAM.hidden}),
        QuizAction.PROOF: Permission(
            _prove,
            {
                "own_ended": ENROLLED.because("a proof is for its learner: spec/selection 10"),
                "own_open": Roles.NOBODY.because("nobody proves what is not over: spec/selection 10"),
                "of_another_learner": Roles.ADMINISTRATORS.because("as its learner would have it: spec/selection 10"),
            },
        ),
        QuizAction.VERIFY_PROOF: Permission(
            _verify_proof, {"valid_code": Roles.EVERYBODY.because("public, names nobody and shows no mark: spec/selection 10.3")}
        ),
        QuizAction.SHOW_PAPER: Permission(_show_layout, {"of_another_learner": TEAM.hidden}),
        QuizAction.MANAGE: Permission(_manage, {"own_course": TEAM.hidden}),
        QuizAction.REPORT: Permission(_manage, {"own_course": TEAM.hidden}),
        QuizAction.EXPORT_REPORT: Permission(_edit_quiz, {"own_course": EDITORS}),
        QuizAction.ANGOFF: Permission(
            see_question_keys,
            {
                "own_course": EDITORS.because(
                    "spec/selection 12: judges see questions with their keys; a signed record is changed by nobody"
                )
            },
        ),
        QuizAction.MARK: Permission(
            changes_record(_mark, _learner),
            {"submitted_essay": TEAM, "own_attempt": Roles.NOBODY.because("nobody grades themself, whatever their role")},
        ),
        QuizAction.REGRADE: Permission(changes_records(_edit_quiz), {"own_course": EDITORS}),
        QuizAction.REOPEN: Permission(
            changes_record(_reopen, _learner), {"of_a_learner_graded": EDITORS.because("with a reason, in the audit log")}
        ),
        QuizAction.OVERRIDE: Permission(changes_records(changes_record(_override, _overridden)), {"own_course": EDITORS.hidden}),
        QuizAction.INCIDENT: Permission(changes_records(_override), {"own_course": EDITORS.hidden}),
        QuizAction.ACCOMMODATE: Permission(
            changes_record(administrator, lambda person: (person.id,)), {"of_a_person": Roles.ADMINISTRATORS}
        ),
    }
)
