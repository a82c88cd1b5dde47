"""Learners of the demonstration: the courses they take, the answers and essays they give, and the attempts and tasks they hand in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from random import Random
from typing import cast
from uuid import NAMESPACE_URL, UUID, uuid5

from courses.rules import Outline, OutlineActivity
from enrolments import enrolment
from enrolments.access import ActivityContext
from enrolments.rules import GradingMethod
from kernel.i18n import choose
from kernel.permissions import Actor
from lms.demo.institution import enter_course
from lms.demo.people import LEARNER, WEEKS, ZONE, DemoLearner, DemoOutcome, DemoTimeline, Life, activity_context_at, join, sign_in
from notes.notes import NoteAnchor, list_headings, write_note
from questions import question_bank
from questions.rules.answers import (
    Answer,
    GapsAnswer,
    MatchingAnswer,
    MatrixAnswer,
    MultipleChoiceAnswer,
    NumberAnswer,
    OrderingAnswer,
    SingleChoiceAnswer,
    TextAnswer,
    TrueFalseAnswer,
    page_from_answer,
)
from questions.rules.definitions import (
    CalculatedBody,
    EssayBody,
    GapsBody,
    MatchingBody,
    MatrixBody,
    MultipleChoiceBody,
    NumericalBody,
    QuestionDefinition,
    ShortAnswerBody,
    SingleChoiceBody,
)
from questions.rules.feedback import right_answer
from questions.rules.item_layout import LoadedItem
from questions.rules.marking import computed
from questions.rules.numbers import Convention, convention_for, write_number
from quizzes import answering, attempts, snapshots
from quizzes.answering import mark_item
from quizzes.attempts import LoadedAttempt
from quizzes.rules import states
from quizzes.saves import SaveRequest
from quizzes.snapshots import QuizSnapshot
from simulators import tasks
from simulators.rules.budget import compute
from simulators.rules.scenario import Inputs
from simulators.tasks import TaskContext, TaskWork
from webinars import recordings

FIRST: Mapping[str, str] = {
    "es": "Este texto lo inventó la demostración: nadie lo escribió.",
    "en": "The demonstration invented this text: nobody wrote it.",
}
SENTENCES: Mapping[str, tuple[str, ...]] = {
    "es": (
        "Primero separo los datos del caso de lo que solo se supone.",
        "Después comparo cada dato con el requisito que le corresponde.",
        "El plazo me parece el punto más débil de la propuesta.",
        "Con la cifra de la tabla, la segunda opción queda más cerca de lo que se pide.",
        "No estoy de acuerdo con la primera afirmación, porque confunde el año con el mes.",
        "Para decidir haría falta un dato que el enunciado no trae.",
        "Si ese dato fuera la mitad, mi conclusión cambiaría.",
        "Recomiendo empezar por lo que afecta a más personas.",
        "Lo explicaría con un ejemplo corto y una sola cuenta.",
        "En resumen, elijo la segunda opción y digo qué la haría cambiar.",
    ),
    "en": (
        "First I separate the facts of the case from what is only assumed.",
        "Then I compare each fact with the condition it belongs to.",
        "The time limit seems to me the weakest point of the proposal.",
        "With the figure in the table, the second option comes closer to what is asked.",
        "I disagree with the first statement, because it takes the year for the month.",
        "To decide, one more figure would be needed, which the case does not give.",
        "If that figure were half as large, my conclusion would change.",
        "I recommend beginning with what affects most people.",
        "I would explain it with a short example and a single calculation.",
        "In short, I choose the second option and say what would change it.",
    ),
}
LONG, A_PARAGRAPH = 90, 4
"""Words of an essay where the question does not say how many, and sentences of a paragraph."""
COMMENTS = (
    "Ordena bien los datos. Falta decir qué haría cambiar la conclusión.",
    "La conclusión se entiende; muestre también la cuenta que la sostiene.",
    "Buen trabajo: distingue lo que se sabe de lo que se supone.",
    "Revise el segundo apartado de la lección: confundió dos requisitos.",
)
"""What the grader says."""


def essay_text(body: EssayBody, language: str, chance: Random) -> str:
    """Return an essay of about as many words as the question wants.

    Its sentences are about how its invented writer worked, say nothing of the subject, and say that they are invented.
    """
    known = language if language in SENTENCES else "es"
    least = body.words.minimum or min(LONG, body.words.maximum or LONG)
    sentences = [FIRST[known]]
    while sum(len(sentence.split()) for sentence in sentences) < least + 10:
        sentences += chance.sample(SENTENCES[known], len(SENTENCES[known]))
    count, chosen = 0, []
    for sentence in sentences:
        if count >= least or (body.words.maximum and count + len(sentence.split()) > body.words.maximum):
            break
        count += len(sentence.split())
        chosen.append(sentence)
    return "\n\n".join(" ".join(chosen[start : start + A_PARAGRAPH]) for start in range(0, len(chosen), A_PARAGRAPH))


Parts = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class DemoAnswer:
    """A demonstration answer to an item, and the share of its mark that it earns."""

    item: LoadedItem
    parts: Parts
    worth: Fraction

    @property
    def marks(self) -> Fraction:
        """Return the marks that come of it."""
        return self.worth * self.item.maximum


def answer_all(
    items: Sequence[LoadedItem],
    questions: Mapping[int, QuestionDefinition],
    language: str,
    chance: Random,
    *,
    share: float,
    below: Fraction | None,
) -> list[DemoAnswer]:
    """Submit answers to items so that about `share` of the marks are reached, the easy questions first.

    With `below` the marks stay under that many, otherwise they are at least `share`: an attempt passes or fails as it was meant
    to, whichever questions it drew.
    """
    total = sum((item.maximum for item in items), Fraction(0))
    answers_wanted = Fraction(share).limit_denominator(1000) * total
    order = sorted(items, key=lambda item: _difficulty(questions[item.question_version_id]) + chance.gauss(0, 0.25))
    given: list[DemoAnswer] = []
    marks = Fraction(0)
    for item in order:
        question = questions[item.question_version_id]
        answers = [
            DemoAnswer(item, parts, mark_item(item, question, parts, language).fraction or Fraction(0))
            for parts in _candidates(item, question, language, chance, right=marks < answers_wanted)
        ]
        chosen = next(candidate for candidate in answers if below is None or marks + candidate.marks < below or not candidate.parts)
        given.append(chosen)
        marks += chosen.marks
    return sorted(given, key=lambda candidate: candidate.item.position)


def _difficulty(question: QuestionDefinition) -> float:
    return Random(question.key).random()  # noqa: S311 - the same question is as hard for everybody


def _candidates(item: LoadedItem, question: QuestionDefinition, language: str, chance: Random, *, right: bool) -> list[Parts]:
    """List what may be answered, the preferred first; the last is nothing at all."""
    if isinstance(question.body, EssayBody):
        return [{"answer": [essay_text(question.body, language, chance)]}, {}]
    if isinstance(question.body, MatrixBody) and question.body.survey:
        return [as_parts(question, item, _opinion(question.body, chance)), {}]
    answer = right_answer(question, item.layout, language, convention_for(language))
    if answer is None:
        return [{}]
    wrong = [_mistake(question, item, answer, chance, convention_for(language), whole=whole) for whole in (False, True)]
    if chance.random() < 0.12:
        wrong = [{}]
    return [*([as_parts(question, item, answer)] if right else []), *wrong, {}]


def _opinion(body: MatrixBody, chance: Random) -> MatrixAnswer:
    """Choose a column of a survey's scale for each row, the better end more often."""
    columns = [column.key for column in body.columns]
    return MatrixAnswer({row.key: chance.choices(columns, range(1, len(columns) + 1))[0] for row in body.rows})


def right_parts(question: QuestionDefinition, item: LoadedItem, language: str = "es") -> Parts:
    """Return the right answer, as the page's form would send it."""
    answer = right_answer(question, item.layout, language, convention_for(language))
    return {} if answer is None else as_parts(question, item, answer)


def likely_mistake(question: QuestionDefinition, item: LoadedItem, chance: Random, language: str = "es") -> Parts:
    """Return a wrong answer, with a mistake that is likely."""
    answer = right_answer(question, item.layout, language, convention_for(language))
    return {} if answer is None else _mistake(question, item, answer, chance, convention_for(language), whole=True)


def _mistake(
    question: QuestionDefinition, item: LoadedItem, answer: Answer, chance: Random, convention: Convention, *, whole: bool
) -> Parts:
    body = question.body
    match body, answer:
        case SingleChoiceBody(options), SingleChoiceAnswer(key):
            wrong: Answer = SingleChoiceAnswer(_other([option.key for option in options], key, chance))
        case MultipleChoiceBody(options), MultipleChoiceAnswer(keys):
            wrong = _other_choices([option.key for option in options], keys, chance, whole=whole)
        case _, TrueFalseAnswer(value):
            wrong = TrueFalseAnswer(not value)
        case MatchingBody(), MatchingAnswer(matches):
            wrong = MatchingAnswer(_exchanged(matches, chance, whole=whole))
        case MatrixBody(columns), MatrixAnswer(rows):
            wrong = MatrixAnswer(_replaced(rows, [column.key for column in columns], chance, whole=whole))
        case _, OrderingAnswer(order):
            wrong = OrderingAnswer(_disturbed(order, chance, whole=whole), confirmed=True)
        case GapsBody(), GapsAnswer(values):
            spoilt = list(values) if whole else [chance.choice(list(values))]
            wrong = replace(
                answer,
                values={**values, **{name: _other_gap(body, name, value, chance) for name, value in values.items() if name in spoilt}},
            )
        case _, NumberAnswer():
            wrong = replace(answer, text=_other_number(question, item, chance, convention))
        case _, TextAnswer():
            wrong = TextAnswer("no lo sé")
        case _:
            return {}
    return as_parts(question, item, wrong)


def _other(keys: Sequence[str], key: str, chance: Random) -> str:
    """Choose a wrong key; some mistakes are more common than others."""
    others = [candidate for candidate in keys if candidate != key]
    return chance.choices(others, [2**-index for index in range(len(others))])[0] if others else key


def _other_choices(keys: Sequence[str], right: Sequence[str], chance: Random, *, whole: bool) -> MultipleChoiceAnswer:
    wrong = [key for key in keys if key not in right]
    if whole or len(right) < 2:
        return MultipleChoiceAnswer(tuple(sorted(wrong[:2])))
    return MultipleChoiceAnswer(tuple(sorted([*chance.sample(list(right), len(right) - 1), *wrong[: chance.randrange(2)]])))


def _exchanged(matches: Mapping[str, str], chance: Random, *, whole: bool) -> dict[str, str]:
    """Exchange the matches of two items, or of all."""
    items = list(matches) if whole else chance.sample(list(matches), min(2, len(matches)))
    return {**matches, **{item: matches[other] for item, other in zip(items, [*items[1:], items[0]], strict=True)}}


def _replaced(rows: Mapping[str, str], columns: Sequence[str], chance: Random, *, whole: bool) -> dict[str, str]:
    changed = list(rows) if whole else [chance.choice(list(rows))]
    return {row: _other(columns, column, chance) if row in changed else column for row, column in rows.items()}


def _disturbed(order: Sequence[str], chance: Random, *, whole: bool) -> tuple[str, ...]:
    if whole:
        return tuple(reversed(order))
    index = chance.randrange(max(1, len(order) - 1))
    return (*order[:index], *reversed(order[index : index + 2]), *order[index + 2 :])


def _other_gap(body: GapsBody, name: str, value: str, chance: Random) -> str:
    gap = next(gap for gap in body.gaps if gap.name == name)
    if body.drag:
        return _other([choice.key for choice in body.choices], value, chance)
    match gap.body:
        case SingleChoiceBody(options):
            return _other([option.key for option in options], value, chance)
        case NumericalBody():
            return f"{value}9"
        case ShortAnswerBody():
            return "no lo sé"


def _other_number(question: QuestionDefinition, item: LoadedItem, chance: Random, convention: Convention) -> str:
    """Return a number that the author expected as a mistake, else one with a zero too many."""
    match question.body:
        case NumericalBody(answers):
            known = [answer.value for answer in answers if answer.credit < 1]
            right = max(answers, key=lambda answer: answer.credit).value
        case CalculatedBody(answers=answers) as body:
            known = [computed(answer.expression, body, item.layout.variables) for answer in answers if answer.credit < 1]
            right = computed(max(answers, key=lambda answer: answer.credit).expression, body, item.layout.variables)
        case _:
            return ""
    expected = [value for value in known if value is not None]
    value = chance.choice(expected) if expected and chance.random() < 0.7 else (right or Fraction(1)) * 10
    return write_number(value, convention, 2, keep_zeros=False)


def as_parts(question: QuestionDefinition, item: LoadedItem, answer: Answer) -> Parts:
    """Write an answer as the page's form would send it."""
    shown = page_from_answer(question, item.layout, answer)
    match shown:
        case {"choice": str(option)}:
            return {"answer": [option]}
        case {"choices": list() | tuple() as options}:
            return {"answer": [str(option) for option in options]}
        case {"value": value}:
            return {"answer": ["true" if value in (True, "true") else "false"]}
        case {"order": list() | tuple() as order}:
            return {str(item_key): [str(position)] for position, item_key in enumerate(order, 1)}
        case {"matches": Mapping() as rows} | {"rows": Mapping() as rows} | {"values": Mapping() as rows}:
            return {str(name): [str(value)] for name, value in rows.items()}
        case {"text": str(text)}:
            unit = next(iter(getattr(question.body, "units", {})), "")
            return {"answer": [text.replace("*", "")], **({"unit": [unit]} if unit else {})}
    return {}


LEASE = 1000


@dataclass(frozen=True, slots=True)
class AttemptTarget:
    """The share of the marks that an attempt is meant to reach, and whether it has to stay below the pass mark."""

    share: float
    fails: bool = False


def meant(learner: DemoLearner, snapshot: QuizSnapshot, chance: Random, *, last: bool) -> AttemptTarget:
    """Draw how an attempt is to end; those who have to get on pass their last one at the latest."""
    share = min(1.0, max(0.1, chance.gauss(learner.ability - 0.06, 0.14)))
    needed = float(snapshot.settings.pass_mark or 0) / 100
    if last and learner.fate in (DemoOutcome.FINISHED, DemoOutcome.OPEN):
        share = max(share, needed)
    return AttemptTarget(share, fails=share < needed)


def hand_in(stage: DemoTimeline, actor: Actor, attempt: UUID, plan: AttemptTarget, chance: Random, *, now: datetime) -> bool | None:
    """Give every answer and hand the attempt in; return whether it passed, or nothing where that is not asked."""
    loaded = locked(stage, actor, attempt)
    batch = SaveRequest(LEASE, tuple(_answers(stage, loaded, plan, chance)), "submit")
    answering.submit_attempt(stage.session, actor, loaded, [batch], now=now)
    return loaded.row.passed


def leave_half(stage: DemoTimeline, actor: Actor, attempt: UUID, share: float, chance: Random, *, now: datetime) -> None:
    """Fill the first half of an attempt and flag its last question."""
    loaded = locked(stage, actor, attempt)
    answers = _answers(stage, loaded, AttemptTarget(share), chance)
    half = tuple(event for event in answers if event.position <= (len(loaded.items) + 1) // 2)
    answering.save_answers(stage.session, loaded, [SaveRequest(LEASE, half, "autosave")], now=now)
    answering.set_flag(stage.session, loaded, loaded.items[-1].position, flagged=True)


def locked(stage: DemoTimeline, actor: Actor, attempt: UUID) -> LoadedAttempt:
    """Return an attempt, locked, as an actor who changes it finds it."""
    return attempts.load_attempt(stage.session, attempts.lock_attempt(stage.session, actor, attempt).id)


def _answers(stage: DemoTimeline, loaded: LoadedAttempt, plan: AttemptTarget, chance: Random) -> list[states.AnswerSave]:
    questions = question_bank.get_questions(stage.session, [item.question_version_id for item in loaded.items])
    total = sum((item.maximum for item in loaded.items), Fraction(0))
    below = (loaded.snapshot.settings.pass_mark or 0) * total / 100 if plan.fails else None
    given = answer_all(loaded.items, questions, loaded.row.language, chance, share=plan.share, below=below)
    return [states.AnswerSave(answer.item.position, states.AnswerSequence(LEASE, 1), answer.parts) for answer in given if answer.parts]


GOAL_INPUTS: Mapping[str, float] = {
    "reserva.g_gasto": 0.04,
    "despliegue.pasos.1": 0.25,
    "despliegue.pasos.2": 0.65,
    "despliegue.pasos.3": 0.9,
    "despliegue.pasos.4": 0.95,
    "vejez.tramos.1.factor_linea": 0.88,
}
"""What somebody who reaches the goals of the sample courses' tasks changes; others leave the scenario as it begins."""
DECIMALS = 4


def seeded_uuid(*purpose: object) -> UUID:
    """Return a number for one purpose, the same at every filling."""
    return uuid5(NAMESPACE_URL, ":".join(["aulario-demo", *map(str, purpose)]))


def submits_task(learner: DemoLearner, chance: Random) -> bool:
    """Draw whether a learner submits a task; the others leave a draft."""
    return learner.fate is DemoOutcome.FINISHED or chance.random() < 0.4


def save_draft(stage: DemoTimeline, actor: Actor, subject: ActivityContext, *, now: datetime) -> None:
    """Change the scenario of a task, answer nothing yet, and go away."""
    task = tasks.load_task_context(stage.session, actor, subject, now=now)
    if not task.ruling.is_hidden:
        tasks.save_work(stage.session, actor, subject, TaskWork(_changed_inputs(task, all_goals=False), {}), now=now)


def submit(stage: DemoTimeline, learner: DemoLearner, actor: Actor, subject: ActivityContext, chance: Random, *, now: datetime) -> None:
    """Fill in a task's questions, as well as the learner can, and submit it; those who finish the course pass."""
    task = tasks.load_task_context(stage.session, actor, subject, now=now)
    if not task.ruling.allowed:
        return
    sure, expected = learner.fate is DemoOutcome.FINISHED, compute(task.start)
    answers, typed = {}, {}
    for ask in task.published.task.asks:
        value = expected.get(ask.output)
        right = round(Fraction(value or 0), DECIMALS)
        answers[ask.key] = right if sure or chance.random() < learner.ability else right * 10
        typed[ask.key] = write_number(answers[ask.key], convention_for(learner.identity.language), DECIMALS, keep_zeros=False)
    work = TaskWork(_changed_inputs(task, all_goals=sure or chance.random() < learner.ability), typed)
    number = seeded_uuid(learner.seed, subject.activity.key, now.isoformat())
    tasks.submit_task(stage.session, actor, subject, work, answers, number=number, now=now + timedelta(seconds=1))


def _changed_inputs(task: TaskContext, *, all_goals: bool) -> Inputs:
    """Return a scenario with the changes that reach a task's goals, or with the first of them alone."""
    editable = task.published.task.editable or frozenset()
    changed = [path for path in GOAL_INPUTS if path in editable]
    return {**task.start, **{path: GOAL_INPUTS[path] for path in (changed if all_goals else changed[:1])}}


LASTS = {
    DemoOutcome.FINISHED: (0.45, 0.97),
    DemoOutcome.STALLED: (0.2, 0.6),
    DemoOutcome.ACTIVE: (0.85, 1.02),
    DemoOutcome.OPEN: (0.8, 0.97),
}
"""Which share of the days since joining somebody studies, from and to."""


@dataclass(frozen=True, slots=True)
class Study:
    """A learner in a course of the demonstration."""

    stage: DemoTimeline
    learner: DemoLearner
    actor: Actor
    outline: Outline

    def context(self, activity: OutlineActivity, *, now: datetime) -> ActivityContext:
        """Return their place before an activity at a moment."""
        return activity_context_at(self.stage, self.actor, self.outline, activity.key, now=now)


NOTES: Mapping[str, Sequence[str]] = {
    "page": (
        "Para la exposición del viernes: empezar por el ejemplo y dejar la definición para el final.",
        "Preguntar en Talento Humano cómo se aplica esto en nuestra provincia.",
    ),
    "recording": ("Volver a oír la parte de las preguntas del público.",),
}
"""What the learner notes beside the first activity of a kind, each at the next heading."""


def note_life(stage: DemoTimeline) -> Life:
    """Write the learner's own notes yesterday."""
    moment = stage.now - timedelta(days=1)
    yield moment
    actor, outline = stage.people[LEARNER.email], stage.outlines[0]
    for kind, texts in NOTES.items():
        activity = next((activity for activity in outline.activities() if activity.kind == kind), None)
        if activity is None:
            continue
        headings = list(list_headings(stage.session, activity.id).items()) or [("", "")]
        for number, text in enumerate(texts):
            heading, heading_text = headings[number % len(headings)]
            anchor = NoteAnchor(outline.course_id, activity.key, choose(activity.title, "es"), heading, heading_text)
            write_note(stage.session, actor, anchor, text, seeded_uuid("note", kind, number), now=moment)


def learner_life(stage: DemoTimeline, learner: DemoLearner, password_hash: str) -> Life:
    """Sign up, enrol and study, as far as the fate says."""
    chance = learner.chance("life")
    moment = _arrival(stage, learner, chance)
    yield moment
    actor = join(stage, learner.identity, password_hash, now=moment, confirmed=learner.fate is not DemoOutcome.UNCONFIRMED)
    if learner.fate in (DemoOutcome.UNCONFIRMED, DemoOutcome.NOT_ENROLLED):
        return
    moment += timedelta(minutes=chance.uniform(5, 90))
    yield moment
    outline = stage.outlines[learner.number % len(stage.outlines)]
    sign_in(stage, actor, chance, now=moment)
    enter_course(stage, learner, actor, outline, now=moment)
    if learner.fate is not DemoOutcome.NEVER_STARTED:
        yield from _study(Study(stage, learner, actor, outline), moment)


def second_course_life(stage: DemoTimeline, first: DemoLearner, learner: DemoLearner) -> Life:
    """Let somebody take another course too, from the day after they came for their `first` one."""
    moment = _arrival(stage, first, first.chance("life")) + timedelta(days=1)
    yield moment
    actor, outline = stage.people[learner.identity.email], stage.outlines[learner.number % len(stage.outlines)]
    enter_course(stage, learner, actor, outline, now=moment)
    yield from _study(Study(stage, learner, actor, outline), moment)


def _arrival(stage: DemoTimeline, learner: DemoLearner, chance: Random) -> datetime:
    return stage.start + timedelta(days=_first_day(learner, chance), hours=chance.uniform(7, 21))


def _first_day(learner: DemoLearner, chance: Random) -> int:
    latest = {DemoOutcome.FINISHED: 18, DemoOutcome.STALLED: 30, DemoOutcome.ACTIVE: 35, DemoOutcome.OPEN: 30}.get(
        learner.fate, WEEKS * 7 - 2
    )
    return int(chance.triangular(0, latest, latest * 0.2))


def _study(study: Study, joined: datetime) -> Life:
    """Go through the part of the course that the fate allows, some activities an evening."""
    chance = study.learner.chance("study")
    steps = _steps(study, chance)
    moment = joined
    for evening, todo in _evenings(study, steps, joined, chance):
        moment = max(evening, moment + timedelta(minutes=5))
        yield moment
        sign_in(study.stage, study.actor, chance, now=moment)
        for activity in todo:
            for following in WORK.get(activity.kind, _read)(study, activity, moment):
                moment = following
                yield moment
            moment += timedelta(minutes=chance.uniform(1, 4))
    if study.learner.fate is DemoOutcome.OPEN:
        yield from _leave_open(study, {activity.key for activity in steps}, moment)


def _steps(study: Study, chance: Random) -> list[OutlineActivity]:
    chosen = [activity for activity in study.outline.activities() if activity.required or chance.random() < 0.5]
    share = {DemoOutcome.FINISHED: 1.0, DemoOutcome.STALLED: chance.uniform(0.05, 0.6), DemoOutcome.OPEN: 0.4}.get(
        study.learner.fate, chance.uniform(0.3, 0.9)
    )
    return chosen[: max(1, round(share * len(chosen)))]


def _evenings(
    study: Study, steps: Sequence[OutlineActivity], joined: datetime, chance: Random
) -> list[tuple[datetime, Sequence[OutlineActivity]]]:
    """Spread the steps over days from joining to the last visit."""
    last = int((study.stage.now - joined).days * chance.uniform(*LASTS[study.learner.fate]))
    count = max(1, min(last + 1, -(-len(steps) // chance.randint(2, 5))))
    days = sorted([*chance.sample(range(last), count - 1), last])
    bounds = [round(number * len(steps) / count) for number in range(count + 1)]
    midnight = joined.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    evenings = [midnight + timedelta(days=day, hours=chance.triangular(6, 22.5, 19.5)) for day in days]
    return [(evening, steps[first:after]) for evening, first, after in zip(evenings, bounds, bounds[1:], strict=False)]


def _read(study: Study, activity: OutlineActivity, moment: datetime) -> Life:
    """Open a lesson or recording, and mark it as done after a while; of a film of ours, keep what was seen."""
    chance = study.learner.chance("read", activity.key)
    context = study.context(activity, now=moment)
    if context.closed is not None:
        return
    enrolment.record_visit(study.stage.session, cast("int", context.context.enrolment_id), activity.key, now=moment)
    moment += timedelta(minutes=max(1.0, (activity.minutes or 4) * chance.uniform(0.5, 1.4)))
    yield moment
    seen = 1.0 if study.learner.fate is DemoOutcome.FINISHED or chance.random() < 0.6 else chance.uniform(0.1, 0.7)
    if activity.kind == "recording":
        _watch(study, study.context(activity, now=moment), seen, moment)
    if activity.completion_rule in ("marked", "viewed"):
        enrolment.mark_done(study.stage.session, study.actor, study.context(activity, now=moment), now=moment)


def _watch(study: Study, context: ActivityContext, seen: float, moment: datetime) -> None:
    recording = recordings.get_recording(study.stage.session, context.activity.id, context.outline.version_id)
    if recording.row.seconds:
        spans = [(0, round(seen * recording.row.seconds))]
        recordings.record_watched(study.stage.session, study.actor, context, spans, recording.row.seconds, now=moment)


def _take_quiz(study: Study, activity: OutlineActivity, moment: datetime) -> Life:
    """Take a quiz until it is passed or no attempt is left, with the pauses that it asks for."""
    stage, learner = study.stage, study.learner
    snapshot = snapshots.get_snapshot_of_activity(stage.session, activity.id)
    settings = snapshot.settings
    allowed = settings.attempts or 3
    for number in range(1, allowed + 1):
        chance = learner.chance("quiz", activity.key, number)
        context = study.context(activity, now=moment)
        if context.closed is not None:
            return
        attempt = answering.start_attempt(stage.session, study.actor, context, learner.identity.language, now=moment).uuid
        longest = timedelta(seconds=settings.limit or 3000) * 0.9
        moment += min(longest, timedelta(minutes=(activity.minutes or 10) * chance.uniform(0.6, 1.6)))
        yield moment
        last = number == allowed or settings.grading is GradingMethod.AVERAGE  # a mean is not made good in one attempt
        plan = meant(learner, snapshot, chance, last=last)
        if hand_in(stage, study.actor, attempt, plan, chance, now=moment) is not False or number == allowed:
            return
        pause = settings.pause.first if number == 1 else settings.pause.later
        moment += timedelta(seconds=pause, minutes=chance.uniform(2, 40))
        yield moment


def _work_on_task(study: Study, activity: OutlineActivity, moment: datetime) -> Life:
    """Open a simulator task, and submit it after a while or leave a draft; some do both, to get a better result another day."""
    chance = study.learner.chance("task", activity.key)
    context = study.context(activity, now=moment)
    if context.closed is not None:
        return
    enrolment.record_visit(study.stage.session, cast("int", context.context.enrolment_id), activity.key, now=moment)
    moment += timedelta(minutes=chance.uniform(4, 25))
    yield moment
    context = study.context(activity, now=moment)
    if submits_task(study.learner, chance):
        submit(study.stage, study.learner, study.actor, context, chance, now=moment)
        if chance.random() < 0.6:
            return
        moment += timedelta(minutes=chance.uniform(11, 30))
        yield moment
        context = study.context(activity, now=moment)
    save_draft(study.stage, study.actor, context, now=moment)


WORK: Mapping[str, Callable[[Study, OutlineActivity, datetime], Life]] = {"quiz": _take_quiz, "simulator": _work_on_task}
"""What is done with an activity of each kind; others are read."""


def _leave_open(study: Study, done: set[str], moment: datetime) -> Life:
    """Begin the next quiz in the last days, answer half of it, flag one question, and go away."""
    stage = study.stage
    left = (activity for activity in study.outline.activities() if activity.key not in done and activity.required)
    quiz = next((activity for activity in left if activity.kind == "quiz"), None)
    if quiz is None:
        return
    chance = study.learner.chance("open")
    moment = max(moment, stage.now - timedelta(hours=chance.uniform(2, 40)))
    yield moment
    context = study.context(quiz, now=moment)
    if context.closed is not None:
        return
    sign_in(stage, study.actor, chance, now=moment)
    attempt = answering.start_attempt(stage.session, study.actor, context, study.learner.identity.language, now=moment).uuid
    moment += timedelta(minutes=6)
    yield moment
    leave_half(stage, study.actor, attempt, study.learner.ability, chance, now=moment)
