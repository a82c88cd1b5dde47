"""Teaching in the demonstration: groups, messages, overrides and marks given manually."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from courses.models import StaffRole
from courses.rules import Outline, OutlineActivity
from enrolments import announcements, editions, grade_items, learner_groups, mistakes, results
from enrolments import learners as enrolment_queries
from enrolments.announcements import AnnouncementRecipients, AnnouncementText
from enrolments.grade_items import GradeEntry, GradeItemValues
from enrolments.learner_groups import LearnerRow
from enrolments.mistakes import MistakeDecision, MistakePlace, MistakeValues
from enrolments.models import Enrolment, LearnerGroup, ManualGradeItem, MistakeKind, MistakeState
from enrolments.results import ResultOverrideValues
from lms.demo.editions import RUNNING, find_edition
from lms.demo.marking import quizzes_of
from lms.demo.people import ADMINISTRATOR, LEARNER, STAFF
from lms.demo.tasks import seeded_uuid
from lms.demo.timeline import DemoTimeline, Life, person_of
from quizzes import attempts, incidents, overrides
from quizzes import teaching as quiz_teaching
from quizzes.attempts import has_open
from quizzes.effective_settings import PersonQuizKey
from quizzes.overrides import AccommodationProfile, OverrideTarget, OverrideValues

GROUPS = ("Turno de la mañana", "Turno de la tarde")
ITEM, ITEM_TO_COME = "Exposición en clase", "Informe de la visita"
MAXIMUM = 20
NOTES = (
    "Pidió que se le escriba por correo y no se le llame por teléfono.",
    "Trabaja por turnos: entrega de madrugada.",
    "Preguntó por el segundo módulo; se le respondió el mismo día.",
)
REPORTS = (
    (0, MistakeKind.OUTDATED, "El porcentaje de la tabla es el del año pasado; el vigente está en la resolución nueva (aviso inventado)."),
    (1, MistakeKind.FACT, "Creo que la fecha de la ley es otra, pero no estoy seguro (aviso inventado)."),
    (2, MistakeKind.TYPING, "Dice «afilación» y debe decir «afiliación» (aviso inventado)."),
    (2, MistakeKind.TYPING, "En el segundo párrafo falta una i: «afilación» (aviso inventado)."),
)
"""Mistakes that learners report: the place of the lesson in the course, the kind, and the words."""
DECISIONS = (
    MistakeDecision(MistakeState.ACCEPTED, "Tiene razón: cambiará con la próxima versión. Gracias."),
    MistakeDecision(
        MistakeState.DECLINED, "La fecha es la de la publicación en el Registro Oficial, no la de la firma. Gracias por leer con atención."
    ),
)
LEARNERS = 1000
Act = Callable[["CourseTeaching", datetime], None]


class CourseTeaching:
    """The first course as its owner works on it at a moment."""

    def __init__(self, stage: DemoTimeline, outline: Outline) -> None:
        """Begin work on a course."""
        self.stage, self.outline = stage, outline
        self.owner = stage.people[STAFF[StaffRole.OWNER].email]

    @property
    def learners(self) -> list[LearnerRow]:
        """List those who take the course, the learner of the role table first."""
        rows = learner_groups.list_learners(self.stage.session, self.outline.course_id, limit=LEARNERS)
        return sorted(rows, key=lambda row: (row.email != LEARNER.email, row.enrolment_id))

    @property
    def unfinished(self) -> list[LearnerRow]:
        """List those of them who have begun and not completed the course."""
        session = self.stage.session
        begun = [row for row in self.learners if session.get_one(Enrolment, row.enrolment_id).last_visited_at is not None]
        return [row for row in begun if enrolment_queries.find_completion(session, row.enrolment_id) is None]

    @property
    def lessons(self) -> list[OutlineActivity]:
        """List the lessons of the course."""
        return [activity for activity in self.outline.activities() if activity.kind == "page"]

    @property
    def quizzes(self) -> list[OutlineActivity]:
        """List the quizzes that count for completion."""
        return quizzes_of(self.outline, required=True)

    def announce(
        self, purpose: str, title: str, body: str, audience: AnnouncementRecipients, *, now: datetime, is_message: bool = False
    ) -> None:
        """Send an announcement or a message."""
        text = AnnouncementText(seeded_uuid(self.outline.slug, purpose), title, body, is_message)
        announcements.send_announcement(self.stage.session, self.owner, audience, text, now=now)


def teaching_life(stage: DemoTimeline) -> Life:
    """Do everything that stands in WORK, each at its moment."""
    if not stage.outlines:
        return
    teaching = CourseTeaching(stage, stage.outlines[0])
    for before, act in WORK:
        moment = stage.now - before
        yield moment
        act(teaching, moment)


def _welcome(teaching: CourseTeaching, now: datetime) -> None:
    text = "Empiece por la prueba inicial: no lleva nota. Las dudas se responden de lunes a viernes. (Aviso inventado.)"
    teaching.announce("welcome", "Bienvenida al curso", text, AnnouncementRecipients(teaching.outline.course_id), now=now)


def _make_groups(teaching: CourseTeaching, now: datetime) -> None:
    stage, owner = teaching.stage, teaching.owner
    for number, name in enumerate(GROUPS):
        group = learner_groups.make_group(stage.session, owner, teaching.outline.course_id, name, now=now)
        learner_groups.add_to_group(stage.session, owner, group, [row.uuid for row in teaching.learners[number::2]], now=now)


def _make_items(teaching: CourseTeaching, now: datetime) -> None:
    categories = teaching.outline.categories
    category = categories[0].key if categories else ""
    for title, due in ((ITEM, teaching.stage.day(-15, 18)), (ITEM_TO_COME, teaching.stage.day(5, 18))):
        plan = GradeItemValues(title, Decimal(MAXIMUM), Decimal(1), category, due)
        grade_items.make_item(teaching.stage.session, teaching.owner, teaching.outline.course_id, plan, now=now)


def _mark_item(teaching: CourseTeaching, now: datetime) -> None:
    """Mark half of those who have not finished; the others have no mark yet."""
    session = teaching.stage.session
    item = _item(teaching, ITEM)
    marked = [row for number, row in enumerate(teaching.unfinished) if number % 2 == 0]
    entries = {
        row.enrolment_id: GradeEntry(Decimal(MAXIMUM - number % 8), "" if number % 3 else "Clara y ordenada.", 0)
        for number, row in enumerate(marked)
    }
    number = seeded_uuid(teaching.outline.slug, "item")
    grade_items.mark_item(session, teaching.owner, item, entries, number, now=now)


def _item(teaching: CourseTeaching, title: str) -> ManualGradeItem:
    items = grade_items.list_items(teaching.stage.session, teaching.outline.course_id)
    return next(item for item in items if item.title == title)


def _accommodate(teaching: CourseTeaching, now: datetime) -> None:
    """Give the learner of the role table more time in every quiz."""
    stage = teaching.stage
    if LEARNER.email in stage.people:
        administrator, person = stage.people[ADMINISTRATOR.email], person_of(stage, stage.people[LEARNER.email])
        profile = AccommodationProfile(Decimal("1.5"), 1, 600)
        overrides.grant_accommodation(stage.session, administrator, person, profile, "Lee con lupa (dato inventado).", now=now)


def _override_quizzes(teaching: CourseTeaching, now: datetime) -> None:
    """Give a group more attempts at the first quiz, and one learner a later end at the second."""
    stage, session = teaching.stage, teaching.stage.session
    group_id = next(row.id for row in learner_groups.list_groups(session, teaching.outline.course_id) if row.name == GROUPS[1])
    in_group, more = OverrideTarget(group=session.get_one(LearnerGroup, group_id)), OverrideValues(attempts=4)
    planned = [(in_group, more, "La sala de cómputo no tuvo luz (motivo inventado).")]
    if LEARNER.email in stage.people:
        later = OverrideValues(attempts=5, sets_closes=True, closes_at=stage.day(2, 18))
        planned.append((OverrideTarget(person=person_of(stage, stage.people[LEARNER.email])), later, "Licencia (motivo inventado)."))
    for quiz, (target, values, reason) in zip(teaching.quizzes, planned, strict=False):
        context = quiz_teaching.get_taught_quiz(session, teaching.owner, teaching.outline.slug, quiz.key)
        overrides.set_override(session, teaching.owner, context, target, values, reason, now=now)


def _override_result(teaching: CourseTeaching, now: datetime) -> None:
    """Let another result count for two learners who have not finished, and for one of them the earned one again."""
    session, owner, slug = teaching.stage.session, teaching.owner, teaching.outline.slug
    if not teaching.quizzes:
        return
    key = teaching.quizzes[0].key
    for row, scores in zip(teaching.unfinished, ((Fraction(85),), (Fraction(90), None)), strict=False):
        for score in scores:
            reason = "Se registró a otra persona (motivo inventado)." if score is None else "Rindió la prueba en papel (motivo inventado)."
            values = ResultOverrideValues(seeded_uuid(slug, key, row.email, score), score, reason)
            context = results.get_result_context(session, owner, slug, row.uuid, key)
            results.override_result(session, owner, context, values, now=now)


def _write_notes(teaching: CourseTeaching, now: datetime) -> None:
    session, slug = teaching.stage.session, teaching.outline.slug
    for row, note in zip(teaching.learners, NOTES, strict=False):
        learner_place = editions.get_place(session, teaching.owner, slug, row.uuid)
        results.write_note(session, teaching.owner, learner_place, note, seeded_uuid(slug, "note", row.email), now=now)


def _report_mistakes(teaching: CourseTeaching, now: datetime) -> None:
    """Let learners report mistakes in lessons: two the same one."""
    for row, (number, kind, description) in zip(teaching.learners, REPORTS, strict=False):
        lesson = teaching.lessons[number % len(teaching.lessons)]
        mistake_place = MistakePlace(teaching.outline.course_id, teaching.outline.version_id, lesson.key, lesson.title["es"], "es")
        reporter = teaching.stage.people[row.email]
        mistakes.report_mistake(teaching.stage.session, reporter, mistake_place, MistakeValues(kind, description), now=now)


def _decide_on_mistakes(teaching: CourseTeaching, now: datetime) -> None:
    """Accept the first report and decline the second; the others stay open."""
    session = teaching.stage.session
    reports = [group.newest for group in mistakes.list_mistakes(session, teaching.outline.course_id, None, offset=0, limit=len(REPORTS))]
    for report, decision in zip(sorted(reports, key=lambda row: row.id), DECISIONS, strict=False):
        mistakes.decide(session, teaching.owner, report, (), decision, now=now)


def _message_idle(teaching: CourseTeaching, now: datetime) -> None:
    text = "No le hemos visto en dos semanas. Si algo le impide seguir, conteste a su instructor. (Mensaje inventado.)"
    audience = AnnouncementRecipients(teaching.outline.course_id, only_open=True, idle_days=14)
    teaching.announce("idle", "¿Todo bien con el curso?", text, audience, now=now, is_message=True)


def _message_learner(teaching: CourseTeaching, now: datetime) -> None:
    text = "Su informe de la visita se entrega esta semana. (Mensaje inventado.)"
    audience = AnnouncementRecipients(teaching.outline.course_id, words=LEARNER.first_surname)
    teaching.announce("learner", "Su informe", text, audience, now=now, is_message=True)


def _announce_end(teaching: CourseTeaching, now: datetime) -> None:
    """Tell those of the running edition that it ends, with a word that is corrected a little later."""
    edition = find_edition(teaching.stage, teaching.outline, RUNNING)
    audience = AnnouncementRecipients(teaching.outline.course_id, edition_id=edition.id if edition else None)
    text = "La edición cierra en pocos días: envíe lo que tenga abierto. (Aviso inventado.)"
    teaching.announce("end", "La edición termina", text, audience, now=now)


def _give_time(teaching: CourseTeaching, now: datetime) -> None:
    """Give time after a power cut to those whose attempt is open, at the quiz of the learner of the role table."""
    session, slug = teaching.stage.session, teaching.outline.slug
    quiz = next((quiz for quiz in teaching.quizzes if _is_open(teaching, quiz)), None)
    if quiz is not None:
        context = quiz_teaching.get_taught_quiz(session, teaching.owner, slug, quiz.key)
        reason, number = "Corte de luz en la sala (motivo inventado).", seeded_uuid(slug, "incident")
        incidents.add_incident_time(session, teaching.owner, context, 20, reason, number, now=now)


def _is_open(teaching: CourseTeaching, quiz: OutlineActivity) -> bool:
    session, course = teaching.stage.session, teaching.outline.course_id
    places = (PersonQuizKey(row.person_id, row.enrolment_id, course, quiz.key) for row in teaching.learners)
    return any(has_open(attempts.list_attempts(session, taker)) for taker in places)


WORK: Sequence[tuple[timedelta, Act]] = (
    (timedelta(days=49), _welcome),
    (timedelta(days=30), _make_groups),
    (timedelta(days=29), _make_items),
    (timedelta(days=25), _accommodate),
    (timedelta(days=24), _override_quizzes),
    (timedelta(days=14), _mark_item),
    (timedelta(days=12), _write_notes),
    (timedelta(days=10), _override_result),
    (timedelta(days=8), _report_mistakes),
    (timedelta(days=6), _decide_on_mistakes),
    (timedelta(days=5), _message_idle),
    (timedelta(days=2), _announce_end),
    (timedelta(hours=3), _message_learner),
    (timedelta(minutes=50), _give_time),
)
"""How long before the present moment each thing is done."""
