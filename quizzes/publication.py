"""Publication of a quiz: its questions rendered and frozen as versions, its slots with the versions that each may give."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session, aliased

from courses.content.model import ActivitySource, CourseFolder, Finding
from courses.content.texts import activity_entries
from courses.kinds import ActivityDescription, ActivityPublisher, Publication
from courses.models import Activity, CourseVersion
from courses.publishing import MINUTES_OF_A_QUESTION, to_json
from courses.rendering import Html, Renderer, plain_texts
from courses.rules import OutlineActivity
from courses.versions import list_activity_entries
from kernel.bulk_rows import insert_all
from kernel.i18n import _, reading
from kernel.markup.model import SafeHtml, element, gap_marker
from kernel.search import index
from kernel.search.index import SearchDocument
from questions.content.banks import banks_of, questions_of, reworded
from questions.models import Question, QuestionVersion
from questions.question_bank import _gap_names, find_newest_numbers, get_questions, keep_origins, render_question
from questions.rules import definitions
from questions.rules.definitions import (
    GapsBody,
    MatchingBody,
    MatrixBody,
    MultipleChoiceBody,
    OrderingBody,
    ShortAnswerBody,
    SingleChoiceBody,
)
from questions.rules.encoding import canonical_json, checksum, encode, to_document
from questions.rules.feedback import ReviewFlag
from questions.rules.item_layout import EXPRESSION
from questions.rules.variants import variants_of
from quizzes import snapshots
from quizzes.answering import rename_attempts
from quizzes.attempts import find_answering, find_ungraded, is_answering, list_submitted
from quizzes.content.blueprints import candidate_of, pair_of
from quizzes.content.pools import DrawSlot, FixedSlot, PageBreak, QuizSource, SectionSlot, candidates
from quizzes.content.quiz import KIND
from quizzes.content.quiz_fields import describe_quiz
from quizzes.content.selecting import freeze_use, rules_of_quiz
from quizzes.effective_settings import find_final_end, find_final_release, outline_of_activity, own_dates
from quizzes.item_history import begin_history
from quizzes.models import QuizVersion, Slot, SlotCandidate
from quizzes.overrides import end_personal_overrides
from quizzes.pass_marks import find_record_of
from quizzes.rules.balanced_draw import Balance, PairedTests, facility_key, forms_seed
from quizzes.rules.layout import SlotEntry
from quizzes.rules.result_use import PassBasis, ResultUse
from quizzes.rules.settings import QuizSettings, ReviewMoment, flags_for
from quizzes.rules.states import NO_RULES, IntegrityRules


@dataclass(frozen=True, slots=True)
class PreparedSlot:
    """A slot with everything it may give."""

    position: int
    draws: int
    mark: Fraction | None
    require_previous: bool
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PreparedQuiz:
    """A quiz rendered; `questions` by key, texts as HTML."""

    settings: QuizSettings
    instructions: Html
    entries: tuple[dict[str, object], ...]
    slots: tuple[PreparedSlot, ...]
    questions: Mapping[str, definitions.QuestionDefinition]
    banks: Mapping[str, str]
    search_documents: tuple[SearchDocument, ...] = ()
    """What can be found of it."""
    balance: Balance | None = None
    forms: int = 0
    """How many parallel forms it has."""
    selection: ResultUse | None = None
    integrity: IntegrityRules = NO_RULES
    """What is recorded beside the answers."""
    pair: PairedTests | None = None
    """The initial and final test of which it is one."""
    basis: PassBasis | None = None


def prepare_quiz(activity: ActivitySource, renderer: Renderer) -> tuple[PreparedQuiz, ActivityDescription]:
    """Render a quiz and every question that its slots may give."""
    quiz: QuizSource = activity.settings
    module = next(module.key for module in renderer.course.modules if activity in module.activities)
    slots = [
        _prepared_slot(renderer.course, module, quiz, position)
        for position, entry in enumerate(quiz.slots)
        if isinstance(entry, FixedSlot | DrawSlot)
    ]
    keys = dict.fromkeys(key for slot in slots for key in slot.questions)
    known = questions_of(renderer.course)
    banks = {question.key: bank.key for bank in banks_of(renderer.course) for question in bank.questions}
    prepared = PreparedQuiz(
        settings=quiz.settings,
        instructions=renderer.markdown(quiz.instructions, activity.path),
        entries=tuple(_entry(position, entry, activity, renderer, slots, known) for position, entry in enumerate(quiz.slots)),
        slots=tuple(slots),
        questions={key: _rendered(known[key], renderer) for key in keys},
        banks={key: banks[key] for key in keys},
        balance=quiz.balance,
        forms=quiz.forms,
        selection=freeze_use(renderer.course, module, quiz),
        integrity=rules_of_quiz(quiz.integrity, renderer.course, selecting=quiz.selection is not None),
        pair=pair_of(renderer.course, activity),
        basis=quiz.basis,
        search_documents=tuple(activity_entries(KIND.name, plain_texts(activity.title), renderer.inline(activity.summary, activity.path))),
    )
    return prepared, _description(activity, quiz, slots)


def _rendered(question: definitions.QuestionDefinition, renderer: Renderer) -> definitions.QuestionDefinition:
    """Render a question once for all the quizzes that may draw it."""
    return renderer.once(question.key, lambda: render_question(question, renderer, _path_of(renderer.course, question.key)))


def _prepared_slot(course: CourseFolder, module: str, quiz: QuizSource, position: int) -> PreparedSlot:
    entry = quiz.slots[position]
    if isinstance(entry, FixedSlot):
        return PreparedSlot(position, 1, entry.mark, entry.require_previous, (entry.question,))
    assert isinstance(entry, DrawSlot)
    keys = tuple(question.key for question in candidates(course, module, quiz, entry))
    return PreparedSlot(position, entry.count, entry.mark, entry.require_previous, keys)


def _entry(
    position: int,
    entry: object,
    activity: ActivitySource,
    renderer: Renderer,
    slots: Sequence[PreparedSlot],
    known: Mapping[str, definitions.QuestionDefinition],
) -> dict[str, object]:
    if isinstance(entry, FixedSlot | DrawSlot):
        keys = next(slot.questions for slot in slots if slot.position == position)
        return {"kind": "slot", **exclusions(entry, {key: known[key] for key in keys})}
    if isinstance(entry, PageBreak):
        return {"kind": "page"}
    text = renderer.markdown(entry.text, activity.path)  # type: ignore[attr-defined]  # sections and words have a text
    if isinstance(entry, SectionSlot):
        return {"kind": "section", "title": dict(entry.title), "shuffle": entry.shuffle, "text": text}
    return {"kind": "text", "text": text}


def exclusions(slot: FixedSlot | DrawSlot, questions: Mapping[str, definitions.QuestionDefinition]) -> dict[str, object]:
    """Return which of a slot's questions may not meet others and which have variants, frozen with the quiz; empty without any.

    spec/selection 1.7, 1.8 and 1.23.
    """
    limits: dict[str, object] = {
        "families": {key: own.selection.family for key, own in questions.items() if own.selection.family},
        "enemies": {key: sorted(own.selection.enemies) for key, own in questions.items() if own.selection.enemies},
        "variants": {key: variants_of(own) for key, own in questions.items() if own.selection.by_variant},
        "by_family": isinstance(slot, DrawSlot) and slot.by_family,
    }
    return {name: value for name, value in limits.items() if value}


def _description(activity: ActivitySource, quiz: QuizSource, slots: list[PreparedSlot]) -> ActivityDescription:
    questions = sum(slot.draws for slot in slots)
    minutes = activity.minutes or ceil(quiz.settings.limit / 60 if quiz.settings.limit else questions * MINUTES_OF_A_QUESTION)
    return ActivityDescription(
        minutes, questions, quiz.settings.attempts, quiz.settings.category, quiz.settings.weight, is_final=quiz.is_final
    )


def _path_of(course: CourseFolder, key: str) -> str:
    return next(bank.path for bank in banks_of(course) for question in bank.questions if question.key == key)


def embed_question(course: CourseFolder, key: str, renderer: Renderer, language: str) -> SafeHtml | None:
    """Return a question as a self-check inside a lesson: what is asked with its choices, and the answer or explanation to unfold."""
    question = questions_of(course).get(key)
    if question is None:
        return None
    rendered = render_question(question, renderer, _path_of(course, key))
    question_html = element("div", {}, _searchable_text(rendered, language))
    answer = _answer(rendered, language)
    if not answer:
        return question_html
    with reading(language):
        label = _("See an answer")
    return SafeHtml.stored(question_html + element("details", {"class": "mod"}, SafeHtml.stored(element("summary", {}, label) + answer)))


def _searchable_text(question: definitions.QuestionDefinition, language: str) -> SafeHtml:
    """Return the searchable text of the question, with a dotted place for each gap and with what there is to choose from."""
    text = str(_in(question.text, language))
    for name in _gap_names(question):
        text = text.replace(gap_marker(name), "…")
    return SafeHtml.stored(text + "".join(_listed(texts, language) for texts in _choices(question.body)))


def _answer(question: definitions.QuestionDefinition, language: str) -> SafeHtml:
    """Return the model answer, else what is right of the options with the explanation; empty where there is nothing to see."""
    if isinstance(question.body, ShortAnswerBody) and question.body.model:
        return _in(question.body.model, language)
    right = (
        [option.text for option in question.body.options if option.right]
        if isinstance(question.body, SingleChoiceBody | MultipleChoiceBody)
        else []
    )
    return SafeHtml.stored(_listed(right, language) + (_in(question.explanation, language) if question.explanation else ""))


def _choices(body: definitions.Body) -> tuple[Sequence[definitions.Texts], ...]:
    """Return the lists that a question shows; one written in the right order is put in an order that reveals nothing."""
    match body:
        case SingleChoiceBody(options) | MultipleChoiceBody(options):
            return ([option.text for option in options] if not body.shuffle else _mixed(option.text for option in options),)
        case MatchingBody(pairs, extra):
            return [pair.item for pair in pairs], _mixed([*(pair.match for pair in pairs), *(label.text for label in extra)])
        case OrderingBody(items):
            return (_mixed(item.text for item in items),)
        case MatrixBody(columns, rows):
            return [row.text for row in rows], [column.text for column in columns]
        case GapsBody(choices=choices):
            return (_mixed(choice.text for choice in choices),)
        case _:
            return ()


def _mixed(texts: Iterable[definitions.Texts]) -> list[definitions.Texts]:
    """Return texts once each, in an order that is the same at each publication and nobody's choice."""
    known = {hashlib.sha256(to_json(dict(text)).encode()).hexdigest(): text for text in texts}
    return [known[digest] for digest in sorted(known)]


def _listed(texts: Sequence[definitions.Texts], language: str) -> SafeHtml:
    return element("ul", {}, *(element("li", {}, _in(text, language)) for text in texts)) if texts else SafeHtml.stored("")


def _in(texts: Mapping[str, str], language: str) -> SafeHtml:
    return SafeHtml.stored(EXPRESSION.sub("…", texts.get(language) or next(iter(texts.values()), "")))


def freeze_quizzes(session: Session, publication: Publication, quizzes: Sequence[tuple[Activity, PreparedQuiz]]) -> None:
    """Write quizzes with their slots, and new versions of the questions whose content has changed."""
    versions = _question_versions(session, publication, [payload for _activity, payload in quizzes], now=publication.version.published_at)
    balanced = [versions[key] for _activity, payload in quizzes if payload.balance for key in payload.questions]
    answers = snapshots.count_answers_by_variant(session, balanced)
    used = [(activity, replace(payload, selection=_use(session, publication, activity, payload))) for activity, payload in quizzes]
    insert_all(session, [_quiz_row(activity, payload, versions, answers) for activity, payload in used])
    statement = select(QuizVersion.activity_id, QuizVersion.id)
    statement = statement.where(QuizVersion.activity_id.in_([activity.id for activity, _payload in quizzes]))
    quiz_version_ids: dict[int, int] = dict(session.execute(statement).all())
    begin_history(session, list(quiz_version_ids.values()))
    slots = [(quiz_version_ids[activity.id], slot) for activity, payload in quizzes for slot in payload.slots]
    insert_all(session, [_slot_row(quiz_id, slot) for quiz_id, slot in slots])
    listed = select(Slot.quiz_version_id, Slot.position, Slot.id).where(Slot.quiz_version_id.in_(quiz_version_ids.values()))
    slot_ids = {(quiz_id, position): slot_id for quiz_id, position, slot_id in session.execute(listed)}
    candidates = [
        {"slot_id": slot_ids[quiz_id, slot.position], "question_version_id": versions[key]}
        for quiz_id, slot in slots
        for key in slot.questions
    ]
    if candidates:
        session.execute(insert(SlotCandidate), candidates)
    index.write_many(session, publication.version.id, [(activity.id, payload.search_documents) for activity, payload in quizzes])


def _use(session: Session, publication: Publication, activity: Activity, payload: PreparedQuiz) -> ResultUse | None:
    """Return the use of a quiz's results, with the norm or the record that its pass mark goes by (spec/selection 3.11)."""
    use, basis, mark = payload.selection, payload.basis, payload.settings.pass_mark
    if use is None or basis is None or mark is None:
        return use
    record = find_record_of(session, publication.course.id, activity.key, mark) if basis.by_judges else None
    return replace(use, norm=basis.norm, record=str(record or ""))


def list_quiz_entries(session: Session, version_id: int) -> Iterator[tuple[int, SearchDocument]]:
    """Yield the search entries of a version's quizzes, each with its activity's id."""
    return list_activity_entries(session, version_id, KIND.name)


def _quiz_row(
    activity: Activity, payload: PreparedQuiz, versions: Mapping[str, int], answers: Mapping[tuple[int, str], snapshots.FirstAnswers]
) -> QuizVersion:
    slots = [
        SlotEntry(tuple(candidate_of(payload.questions[key]) for key in slot.questions), slot.draws, slot.mark) for slot in payload.slots
    ]
    keys = {versions[key]: key for key in payload.questions}
    own = {facility_key(keys[version], variant): facility for (version, variant), facility in answers.items() if version in keys}
    seed = forms_seed(payload.pair.initial if payload.pair else activity.key, slots)
    return QuizVersion(
        activity_id=activity.id,
        settings=canonical_json(encode(payload.settings)).decode(),
        instructions=payload.instructions,
        entries=to_json(
            [
                *payload.entries,
                *snapshots.written_rules(payload.selection, payload.integrity, payload.pair),
                *snapshots.frozen_balance(payload.balance, slots, payload.questions, own, number=payload.forms, seed=seed),
            ]
        ),
    )


def _slot_row(quiz_id: int, slot: PreparedSlot) -> Slot:
    return Slot(
        quiz_version_id=quiz_id,
        position=slot.position,
        draws=slot.draws,
        mark=None if slot.mark is None else _decimal(slot.mark),
        require_previous=slot.require_previous,
    )


def _decimal(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.0000001"))


def _question_versions(session: Session, publication: Publication, quizzes: Sequence[PreparedQuiz], *, now: datetime) -> dict[str, int]:
    """Return the version of each question that holds exactly this content, made where there is none."""
    course_id = publication.course.id
    listed = select(Question.key, Question.id).where(Question.course_id == course_id)
    present: dict[str, int] = dict(session.execute(listed).all())
    questions = {key: question for payload in quizzes for key, question in payload.questions.items()}
    banks = {key: bank for payload in quizzes for key, bank in payload.banks.items()}
    added = [Question(course_id=course_id, key=key, bank=banks[key]) for key in questions if key not in present]
    if added:
        insert_all(session, added)
        present = dict(session.execute(listed).all())
    ids = [present[key] for key in questions]
    known = _known_versions(session, ids)
    counts = select(QuestionVersion.question_id, func.max(QuestionVersion.number)).where(QuestionVersion.question_id.in_(ids))
    last = dict(session.execute(counts.group_by(QuestionVersion.question_id)).all())
    digests = {key: checksum(question) for key, question in questions.items()}
    new = [
        QuestionVersion(
            question_id=present[key],
            number=last.get(present[key], 0) + 1,
            kind=question.kind.value,
            mark=_decimal(question.mark),
            checksum=digests[key],
            document=canonical_json(to_document(question)).decode(),
            created_at=now,
        )
        for key, question in questions.items()
        if (present[key], digests[key]) not in known
    ]
    if new:
        insert_all(session, new)
        known = _known_versions(session, ids)
    written = questions_of(publication.prepared.course)
    keep_origins(session, course_id, [written[key] for key in questions])
    return {key: known[present[key], digests[key]] for key in questions}


def _known_versions(session: Session, questions: Sequence[int]) -> dict[tuple[int, str], int]:
    """Return the versions of questions by question and checksum."""
    statement = select(QuestionVersion.question_id, QuestionVersion.checksum, QuestionVersion.id)
    rows = session.execute(statement.where(QuestionVersion.question_id.in_(questions)).order_by(QuestionVersion.id))
    return {(row.question_id, row.checksum): row.id for row in rows}


def reworded_questions(session: Session, course_id: int, course: CourseFolder) -> tuple[Finding, ...]:
    """Return findings on options that lost their key since their question was published last (spec/content-format C414)."""
    other = aliased(QuestionVersion)
    newest = select(func.max(other.number)).where(other.question_id == Question.id).correlate(Question).scalar_subquery()
    rows = session.execute(
        select(Question.key, QuestionVersion.id)
        .join(QuestionVersion, QuestionVersion.question_id == Question.id)
        .where(Question.course_id == course_id, QuestionVersion.number == newest)
    )
    versions: dict[str, int] = dict(rows.all())
    published = get_questions(session, list(versions.values()))
    return reworded({key: published[version_id] for key, version_id in versions.items()}, course)


def withheld_marks(session: Session, enrolment_id: int, quizzes: Sequence[OutlineActivity], now: datetime) -> frozenset[str]:
    """Return the keys of quizzes that do not show a learner their marks now, two minutes after handing in and later (spec/quiz-engine 5.9).

    Where the close date brings the marks, it brings them once no attempt of the learner is open.
    """
    settings = {quiz.key: snapshots.get_snapshot_of_activity(session, quiz.id).settings for quiz in quizzes}
    held, released = _held_for_final(session, enrolment_id, quizzes, now)
    later, closed = (_hidden_at(moment, settings) for moment in (ReviewMoment.LATER, ReviewMoment.CLOSED))
    over = {quiz.key for quiz in quizzes if quiz.closes_at is not None and now >= quiz.closes_at}
    over |= released
    over |= _answered_with_final(session, enrolment_id, [quiz for quiz in quizzes if quiz.key in later - closed - over - held])
    doubtful = over & (later ^ closed)
    if doubtful:
        over -= find_answering(session, enrolment_id, doubtful)
    return held | (later - over) | (closed & over)


def _held_for_final(
    session: Session, enrolment_id: int, quizzes: Sequence[OutlineActivity], now: datetime
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the keys of initial tests whose result waits for the final one's, and of those whose wait is over (spec/selection 7.2)."""
    held, released = set[str](), set[str]()
    for quiz in quizzes:
        pair = snapshots.get_snapshot_of_activity(session, quiz.id).pair
        if pair is not None and pair.initial == quiz.key:
            released_at, _is_awaited = find_final_release(session, enrolment_id, outline_of_activity(session, quiz.id), quiz.key, pair)
            (held if released_at is None or now < released_at else released).add(quiz.key)
    return frozenset(held), frozenset(released)


def _answered_with_final(session: Session, enrolment_id: int, quizzes: Sequence[OutlineActivity]) -> frozenset[str]:
    """Return the keys of those of these quizzes that are initial tests of which the learner has handed in the final one."""
    for quiz in quizzes:
        outline = outline_of_activity(session, quiz.id)
        if outline.initial_test is not None and outline.initial_test.key == quiz.key:
            return frozenset({quiz.key}) if find_final_end(session, enrolment_id, outline, quiz.key) else frozenset()
    return frozenset()


def _hidden_at(moment: ReviewMoment, settings: Mapping[str, QuizSettings]) -> frozenset[str]:
    """Return the keys of quizzes that show no marks at a moment."""
    return frozenset(
        key
        for key, quiz_settings in settings.items()
        if ReviewFlag.MARKS not in flags_for(quiz_settings.review, moment, quiz_settings.behaviour)
    )


def pass_mark_of(session: Session, activity: OutlineActivity) -> Fraction | None:
    """Return from which percent on a quiz is passed."""
    return snapshots.get_snapshot_of_activity(session, activity.id).settings.pass_mark


def counts_elsewhere(session: Session, activity: OutlineActivity) -> bool:
    """Return whether results of a quiz are used outside its course, by any version: a jury may have signed them (spec/selection 4.10)."""
    course = select(CourseVersion.course_id).join(Activity, Activity.version_id == CourseVersion.id).where(Activity.id == activity.id)
    return snapshots.selects_people(session, session.scalars(course).one(), activity.key)


QUIZ = ActivityPublisher(
    KIND,
    prepare_quiz,
    freeze_quizzes,
    rename_attempts,
    withheld_marks,
    entries=list_quiz_entries,
    tell=describe_quiz,
    dates=own_dates,
    pass_mark=pass_mark_of,
    counts_elsewhere=counts_elsewhere,
    ungraded=find_ungraded,
    question_numbers=find_newest_numbers,
    has_open_work=is_answering,
    end_personal=end_personal_overrides,
    submitted=list_submitted,
)
