"""A proof of an attempt as its page and its PDF show it: what is known here decides the digest of the document (spec/selection 10)."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from kernel.i18n import _, format_datetime, language, ngettext, number, percent
from kernel.markup.model import SafeHtml
from quizzes.pages.question import CriterionView
from quizzes.pages.question_review import QuestionReview, ReviewRow
from quizzes.rules.attempts import AttemptState
from quizzes.rules.definitions import QuestionKind
from quizzes.rules.proofs import AttemptMarks, digest_of
from quizzes.rules.settings import ReviewFlag

_TYPED = frozenset({QuestionKind.ESSAY, QuestionKind.SHORT})


@dataclass(frozen=True, slots=True)
class ProofQuestion:
    """A question as it was laid out, with what was answered and as much of what came of it as may be shown."""

    place: int
    number: int | None
    is_answered: bool
    title: str = ""
    """Of the section that begins with it; with its words."""
    words: SafeHtml | str = ""
    review: QuestionReview | None = None
    """None where the questions of the attempt are not shown."""
    offered: tuple[SafeHtml, ...] = ()
    """What could be chosen for its rows or gaps, in the order in which it was offered."""
    said: tuple[str, ...] = ()
    """The answer in words, where the question is not shown and its learner may take the answers along."""
    file_digests: tuple[tuple[str, str], ...] = ()
    """Name and SHA-256 of each file of the answer."""
    void_effect: str = ""


@dataclass(frozen=True, slots=True)
class PrintedRow:
    """An option, a pair, a gap or a text of an answer, as it is printed: what it is, in words."""

    label: SafeHtml | str
    text: SafeHtml | str
    words: str
    why: SafeHtml | str
    mine: bool
    verdict: str


@dataclass(frozen=True, slots=True)
class PrintedQuestion:
    """A question as page and PDF print it, every text in the reader's language."""

    place: int
    number: int | None
    title: str
    words: SafeHtml | str
    head: str
    text: SafeHtml | str
    language: str
    is_typed: bool
    """Whether its answer is a text, with its own line breaks."""
    offered: tuple[SafeHtml, ...]
    rows: tuple[PrintedRow, ...]
    files: tuple[str, ...]
    tries: tuple[str, ...]
    rubric: tuple[CriterionView, ...]
    texts: tuple[tuple[str, SafeHtml | str], ...]
    """Feedback, each piece with what it is."""
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProofResult:
    """The result of an attempt, as far as it may be shown."""

    raw: Decimal | None = None
    maximum: Decimal | None = None
    percent: Decimal | None = None
    passed: bool | None = None
    pass_percent: Decimal | None = None
    overall: SafeHtml | str = ""
    sections: tuple[tuple[str, Decimal, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class GivenTime:
    """Time that was given to everybody who answered at a moment."""

    at: datetime
    seconds: int
    reason: str


@dataclass(frozen=True, slots=True)
class AttemptProofView:
    """Everything that a proof says: nothing of limits, extra time, breaks, attempts that were granted or other accommodations."""

    person: str
    institution: str
    quiz: str
    course: str
    course_version: int
    attempt: str
    number: int
    form: str
    language: str
    """In which the attempt was begun."""
    state: str
    started_at: datetime
    ended_at: datetime
    waits: bool
    """Whether an answer waits for a person to mark it."""
    shown: tuple[str, ...]
    """The review flags of the moment."""
    result: ProofResult
    incidents: tuple[GivenTime, ...]
    questions: tuple[ProofQuestion, ...]

    @property
    def shows_marks(self) -> bool:
        """Return whether marks are shown, or which answers are right."""
        return bool({ReviewFlag.MARKS.value, ReviewFlag.CORRECTNESS.value} & set(self.shown))

    def digest(self, marks: AttemptMarks) -> str:
        """Return the digest of the document in the reader's language, with the marks on which it stands."""
        return digest_of({**asdict(self), "written_in": language(), "marks": marks.digest(with_marks=self.shows_marks)})

    @property
    def shows_questions(self) -> bool:
        """Return whether the questions may be shown."""
        return any(question.review is not None for question in self.questions)


def fact_lines(proof: AttemptProofView) -> list[tuple[str, str]]:
    """Return the facts of an attempt in the order of the document, each with its name."""
    abandoned = proof.state == AttemptState.ABANDONED
    facts = [
        (_("Person"), proof.person),
        (_("Quiz"), proof.quiz),
        (_("Course"), proof.course),
        (_("Version of the course"), number(proof.course_version)),
        (_("Attempt"), number(proof.number)),
        (_("Form"), _("Form %(name)s", name=proof.form) if proof.form else ""),
        (_("Started on"), format_datetime(proof.started_at)),
        (_("Ended without submission") if abandoned else _("Submitted on"), format_datetime(proof.ended_at)),
        (_("Result"), result_words(proof)),
    ]
    return [fact for fact in facts if fact[1]]


def result_words(proof: AttemptProofView) -> str:
    """Say what came of an attempt, as far as it may be shown."""
    result = proof.result
    if proof.state == AttemptState.ABANDONED:
        return _("This attempt was not submitted in time")
    if proof.waits:
        return _("Submitted: not yet graded")
    if result.percent is None:
        return _("Not shown at this moment")
    parts = [_share(result.percent)]
    if result.raw is not None and result.maximum is not None:
        facts = {"raw": _mark(result.raw), "maximum": number(result.maximum)}
        parts.append(ngettext("%(raw)s of %(maximum)s point", "%(raw)s of %(maximum)s points", result.maximum, **facts))
    if result.passed is not None:
        parts.append(_("Passed") if result.passed else _("Not passed"))
    if result.pass_percent is not None:
        parts.append(_("needed: %(percent)s", percent=_share(result.pass_percent)))
    return " · ".join(parts)


def _share(value: Decimal) -> str:
    return percent(value, 2 if value % 1 else 0)


def _mark(value: Decimal) -> str:
    return number(value, 2 if value % 1 else 0)


def incident_words(given: GivenTime) -> str:
    """Say what an incident gave to everybody who was answering."""
    minutes = number(Decimal(given.seconds) / 60 if given.seconds % 60 else Decimal(given.seconds // 60))
    return _(
        "%(moment)s: everyone who was answering got %(minutes)s more minutes. Reason: %(reason)s",
        moment=format_datetime(given.at),
        minutes=minutes,
        reason=given.reason,
    )


def head_words(question: ProofQuestion) -> str:
    """Return the head of a question: its number, its points and how the answer was judged, as far as that may be shown."""
    parts, review = [_("Question %(number)s", number=question.number)], question.review
    if review is not None and review.mark is not None and review.maximum is not None:
        facts = {"mark": _mark(review.mark), "maximum": number(review.maximum)}
        parts.append(ngettext("%(mark)s of %(maximum)s point", "%(mark)s of %(maximum)s points", review.maximum, **facts))
    elif review is not None and not review.self_review and (worth := review.maximum if review.mark is None else review.mark) is not None:
        parts.append(ngettext("%(count)s point", "%(count)s points", worth))
    state = _state_words().get(review.state if review else "", "")
    return " · ".join([*parts, *([state] if state else [])])


def _state_words() -> Mapping[str, str]:
    return {
        "right": _("Right"),
        "partial": _("Partly right"),
        "wrong": _("Wrong"),
        "unanswered": _("Not answered"),
        "done": _("Done, not marked"),
        "waiting": _("Not yet graded"),
    }


def printed_question(question: ProofQuestion) -> PrintedQuestion:
    """Return a question as it is printed."""
    review = question.review
    if review is None:
        printed_rows = tuple(PrintedRow("", line, "", "", mine=True, verdict="") for line in question.said)
        notes = () if printed_rows else (_("Answered") if question.is_answered else _("Not answered"),)
        return _printed(question, rows=printed_rows, notes=notes)
    if question.number is None:
        return _printed(question, text=review.text)
    return _printed(
        question,
        text=review.text,
        offered=question.offered,
        rows=tuple(_printed_row(review, row) for row in review.rows),
        files=tuple(_("%(name)s, SHA-256: %(digest)s", name=name, digest=digest) for name, digest in question.file_digests),
        tries=tuple(f"{attempted.number}. {' · '.join(attempted.said) or _('(nothing)')}" for attempted in review.tries)
        if len(review.tries) > 1
        else (),
        rubric=review.rubric,
        texts=tuple(_texts(review)),
        notes=tuple(_notes(question, review)),
    )


def _printed(question: ProofQuestion, **parts: Any) -> PrintedQuestion:
    empty: dict[str, Any] = {"text": "", "offered": (), "rows": (), "files": (), "tries": (), "rubric": (), "texts": (), "notes": ()}
    head = "" if question.number is None else head_words(question)
    review = question.review
    facts = {"language": review.language if review else "", "is_typed": review is None or review.kind in _TYPED}
    return PrintedQuestion(question.place, question.number, question.title, question.words, head, **{**facts, **empty, **parts})


def _printed_row(review: QuestionReview, row: ReviewRow) -> PrintedRow:
    return PrintedRow(row.label, row.text or _("(nothing)"), _row_words(review, row), row.why, row.mine, row.verdict)


def _texts(review: QuestionReview) -> Iterator[tuple[str, SafeHtml | str]]:
    if review.general:
        yield _("Explanation"), review.general
    if review.model:
        yield _("Example of a good answer:"), review.model
    for criterion in review.criteria:
        yield _("Criterion"), criterion
    if review.comment:
        yield _("From the grader:"), review.comment


def _notes(question: ProofQuestion, review: QuestionReview) -> Iterator[str]:
    if not question.is_answered and not review.state:
        yield _("Not answered")
    if review.certainty:
        yield _("Certainty rating: %(level)s of 3.", level=review.certainty)
    if review.self_review and review.self_review.earned is not None and review.self_review.most is not None:
        earned, most = number(review.self_review.earned), number(review.self_review.most)
        yield _("Judged by its writer: %(earned)s of %(most)s.", earned=earned, most=most)
    if review.judged_anew and review.state:
        yield _("This question was regraded with a corrected version.")
    if question.void_effect:
        yield _void_words(question.void_effect)


def section_lines_of_proof(proof: AttemptProofView) -> list[str]:
    """Return the points of each section in words."""
    return [
        f"{title}: {_('%(mark)s of %(maximum)s', mark=_mark(mark), maximum=_mark(maximum))}"
        for title, mark, maximum in proof.result.sections
    ]


def _row_words(review: QuestionReview, row: ReviewRow) -> str:
    """Say what an option, a pair, a gap or a text is: the answer, and whether it is right where that may be shown."""
    if row.mine and not row.text:
        return ""
    if row.mine and row.verdict == "bad":
        return _("Answer given, wrong")
    if row.mine and row.right:
        return _("Answer given, right")
    if row.mine:
        return _("Answer given")
    if not row.right:
        return ""
    return _("Should have been selected") if review.kind == QuestionKind.MULTIPLE else _("Right answer")


def _void_words(effect: str) -> str:
    """Say what voiding a question did to it; empty where it was not voided."""
    sentences = {
        "full_credit": _("This question was voided: everyone gets its points."),
        "void_unless_lower": _("This question was voided: it counts only where leaving it out would lower the result."),
        "removed": _("This question was voided: it does not count towards the total."),
    }
    return sentences.get(effect, "")
