"""Staff of the demonstration: essays marked, questions regraded, quizzes tried, certificates and accounts administered, courses edited."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

from accounts import accounts
from accounts.accounts import ProfileChanges
from accounts.models import NameSource, Person
from certificates import credentials, templates
from certificates.models import Credential
from certificates.rules.credentials import ReplacementReason, RevocationReason
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
from kernel.crypto import signing_keys
from kernel.permissions import Actor
from lms.demo.institution import RUNNING, find_edition
from lms.demo.learning import COMMENTS, AttemptTarget, hand_in, seeded_uuid
from lms.demo.people import (
    ADMINISTRATOR,
    LEARNER,
    STAFF,
    WEEKS,
    DemoLearner,
    DemoOutcome,
    DemoTimeline,
    Identity,
    Life,
    activity_context_at,
    person_of,
    sign_in,
)
from questions import question_bank
from questions.rules.marking import rubric_mark, rubric_of
from quizzes import answering, dry_runs, incidents, marking, marks, overrides, regrades, regrading, teaching
from quizzes import teaching as quiz_teaching
from quizzes.dry_runs import RegradeRequest
from quizzes.marking import ManualMarkValues
from quizzes.marks import MarkingQueue, MarkingQueueRow
from quizzes.overrides import AccommodationProfile, AffectedAttempts, OverrideTarget, OverrideValues, list_open_attempts
from quizzes.rules.regrade import RegradeKind

EVENINGS = (35, 28, 21, 14, 7)
"""Days before the present moment on which essays are marked."""
QUEUE = 500
APPLIED, DRY_RUN = timedelta(days=8), timedelta(hours=30)
"""How long ago a regrade was applied, and another one tried."""


def grader_life(stage: DemoTimeline) -> Life:
    """Mark most of the essays that wait, some evenings; what came in the last week waits.

    Most essays are marked and the last ones wait.
    """
    actor = stage.people[STAFF[StaffRole.GRADER].email]
    chance = Random(actor.email)  # noqa: S311 - invented
    for days in EVENINGS:
        moment = stage.now - timedelta(days=days, hours=chance.uniform(0, 4))
        yield moment
        sign_in(stage, actor, chance, now=moment)
        for row in _waiting(stage, actor):
            if chance.random() < 0.85:
                mark_essay(stage, actor, row, chance, now=moment)


def _waiting(stage: DemoTimeline, actor: Actor) -> Iterator[MarkingQueueRow]:
    for outline in stage.outlines:
        for quiz in quizzes_of(outline):
            yield from essays_waiting(stage, actor, outline.slug, quiz.key)


def essays_waiting(stage: DemoTimeline, actor: Actor, slug: str, key: str) -> Sequence[MarkingQueueRow]:
    """List the answers of a quiz that wait for a person."""
    context = teaching.get_taught_quiz(stage.session, actor, slug, key)
    return marks.list_queue(stage.session, context, MarkingQueue(), offset=0, limit=QUEUE)


def quizzes_of(outline: Outline, *, required: bool | None = None) -> list[OutlineActivity]:
    """List the quizzes of a course, those alone that count for completion or that do not."""
    return [activity for activity in outline.activities() if activity.kind == "quiz" and required in (None, activity.required)]


def mark_essay(stage: DemoTimeline, actor: Actor, row: MarkingQueueRow, chance: Random, *, now: datetime) -> None:
    """Choose a level of each criterion of the rubric, or a share of the mark where there is none."""
    subject = marks.lock_marked_item(stage.session, actor, row.attempt, row.place)
    question = question_bank.get_questions(stage.session, [row.question_version_id])[row.question_version_id]
    levels = {criterion.key: _level(len(criterion.levels), chance) for criterion in rubric_of(question)}
    points = rubric_mark(question, levels, row.maximum)
    seen = marks.current_events(stage.session, [row.item_id])[row.item_id].id
    given = ManualMarkValues(row.maximum * chance.randint(5, 10) / 10 if points is None else points, seen, chance.choice(COMMENTS), levels)
    marking.mark_by_hand(stage.session, actor, subject, given, now=now)


def _level(count: int, chance: Random) -> int:
    """Choose a level, a higher one more often."""
    return chance.choices(range(count), range(1, count + 1))[0]


def regrading_life(stage: DemoTimeline) -> Life:
    """Give everybody full marks for a question of the initial test, and try the same for one of the first quiz, not applied yet."""
    owner = stage.people[STAFF[StaffRole.OWNER].email]
    for before, required in ((APPLIED, False), (DRY_RUN, True)):
        moment = stage.now - before
        yield moment
        for outline in stage.outlines[:1]:
            for quiz in quizzes_of(outline, required=required)[:1]:
                _regrade(stage, owner, outline, quiz, applied=not required, now=moment)


def _regrade(stage: DemoTimeline, actor: Actor, outline: Outline, quiz: OutlineActivity, *, applied: bool, now: datetime) -> None:
    context = teaching.get_taught_quiz(stage.session, actor, outline.slug, quiz.key)
    versions = regrades.list_question_versions(stage.session, context)
    if not versions:
        return
    question_versions = max(versions, key=lambda versions_of: versions_of.attempts)
    kind = RegradeKind.FULL_CREDIT if applied else RegradeKind.REMOVED
    reason = "El enunciado se podía leer de dos maneras (motivo inventado)."
    dry_run = dry_runs.begin_dry_run(stage.session, actor, context, RegradeRequest(kind, reason, question_versions.id), now=now)
    if applied:
        regrading.apply_dry_run(stage.session, actor, dry_run, seen=dry_run.seen, now=now)


TEMPLATE = "diploma-de-muestra"


def staff_life(stage: DemoTimeline, identity: Identity) -> Life:
    """Sign in some evenings, and try the first quiz of each course as its staff do."""
    chance, actor = Random(identity.email), stage.people[identity.email]  # noqa: S311 - invented
    for week in range(WEEKS):
        moment = stage.start + timedelta(weeks=week, days=chance.uniform(0, 5), hours=chance.uniform(0, 12))
        yield moment
        sign_in(stage, actor, chance, now=moment)
    for outline in stage.outlines:
        quiz = next((activity for activity in outline.activities() if activity.kind == "quiz" and activity.required), None)
        if quiz is None:
            continue
        moment += timedelta(minutes=4)
        yield moment
        attempt = answering.start_attempt(
            stage.session, actor, activity_context_at(stage, actor, outline, quiz.key, now=moment), "es", now=moment
        ).uuid
        moment += timedelta(minutes=5)
        yield moment
        hand_in(stage, actor, attempt, AttemptTarget(0.9), chance, now=moment)


def administrator_life(stage: DemoTimeline, identity: Identity, people: Sequence[DemoLearner]) -> Life:
    """Sign in each week; near the end revoke one certificate, correct the name on another, make a template and suspend one person."""
    chance, actor = Random(identity.email), stage.people[identity.email]  # noqa: S311 - invented
    for week in range(WEEKS):
        moment = stage.start + timedelta(weeks=week, days=chance.uniform(0, 5), hours=chance.uniform(8, 12))
        yield moment
        sign_in(stage, actor, chance, now=moment)
    moment = stage.now - timedelta(hours=20)
    yield moment
    known = [(learner, stage.people[learner.identity.email]) for learner in people if learner.identity.email in stage.people]
    held = [row for _learner, holder in known for row in credentials.list_of(stage.session, holder.person_id)]
    if len(held) > 1:
        reason = "Constancia emitida por error durante la demostración."
        credentials.revoke_credential(stage.session, actor, held[1], RevocationReason.ISSUED_BY_MISTAKE, reason, now=moment)
    moment += timedelta(minutes=6)
    yield moment
    for row in held[2:3]:
        _correct_name(stage, actor, row, now=moment)
    _make_template(stage, actor, now=moment)
    moment += timedelta(minutes=3)
    yield moment
    for stalled in [person for learner, person in known if learner.fate is DemoOutcome.STALLED][-1:]:
        accounts.suspend(stage.session, actor, person_of(stage, stalled), "Cuenta compartida (demostración).", now=moment)


def _correct_name(stage: DemoTimeline, actor: Actor, row: Credential, *, now: datetime) -> None:
    """Put the second surname of somebody right, and issue their certificate again with it."""
    person = stage.session.get_one(Person, row.person_id)
    surname = f"{person.second_surname} Corregido"
    changes = ProfileChanges(
        person.given_names, person.first_surname, surname, language=person.language, zone=person.zone, national_id=None
    )
    accounts.edit_profile(stage.session, actor, person, changes, source=NameSource.CORRECTION, now=now)
    settings = stage.instance.settings
    reason = "El segundo apellido estaba incompleto (demostración)."
    credentials.replace_credential(
        stage.session, actor, row, ReplacementReason.NAME, reason, settings, signing_keys(settings.data_dir), now=now
    )


def _make_template(stage: DemoTimeline, actor: Actor, *, now: datetime) -> None:
    """Publish a template of the institution's own, which begins as the program's; no course uses it yet."""
    row = templates.create_template(stage.session, actor, stage.instance.settings, TEMPLATE, now=now)
    templates.publish_template(stage.session, actor, row, "Primera versión", row.revision, now=now)


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
        (item.id, row.enrolment_id): GradeEntry(Decimal(MAXIMUM - number % 8), "" if number % 3 else "Clara y ordenada.", 0)
        for number, row in enumerate(marked)
    }
    number = seeded_uuid(teaching.outline.slug, "item")
    grade_items.mark_items(session, teaching.owner, [item], entries, number, now=now)


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
    reports = [
        group.MistakeReport for group in mistakes.list_mistakes(session, teaching.outline.course_id, None, offset=0, limit=len(REPORTS))
    ]
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
    """Give time after a power cut to those whose attempt is open and ends, as that of one learner with a closing date of their own."""
    session, slug, course_id = teaching.stage.session, teaching.outline.slug, teaching.outline.course_id
    for quiz in teaching.quizzes:
        attempts = list_open_attempts(session, AffectedAttempts(course_id, quiz.key), limit=1)
        if attempts:
            context = quiz_teaching.get_taught_quiz(session, teaching.owner, slug, quiz.key)
            target, values = (
                OverrideTarget(person=attempts[0][1]),
                OverrideValues(sets_closes=True, closes_at=teaching.stage.day(2, 18)),
            )
            reason = "Turno de la tarde (motivo inventado)."
            before = overrides.find_in_force(session, context, target)
            overrides.set_override(session, teaching.owner, context, target, values, reason, seen=before, now=now)
            reason, number = "Corte de luz en la sala (motivo inventado).", seeded_uuid(slug, "incident")
            incidents.add_incident_time(session, teaching.owner, context, 20, reason, number, now=now)
            return


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
