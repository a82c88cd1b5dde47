"""The proof of an attempt as a page and as a tagged PDF, made of the review as its learner may see it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from kernel.codes import printed_code
from kernel.i18n import _, choose, format_datetime, language, ngettext, number, percent
from kernel.markup.model import SafeHtml
from kernel.pdf.document import PdfDocument, compose_pdf
from kernel.pdf.pen import STRONG, TEXT, TITLE, TextRun, TextStyle, spans
from kernel.pdf.prose import ProseBlock, followed_by, led_by, plain_prose, read_prose, runs_of
from kernel.pdf.sheets import BRAND, GAP, INK, LEFT, LINE, QR, SIZE, SMALL, SOFT, ProseSheet, sheet_properties
from questions.question_page import CriterionView, QuestionView, html, points, view_question
from questions.question_review import QuestionReview, ReviewRow, response_lines
from questions.rules.definitions import QuestionKind
from questions.rules.feedback import ReviewFlag
from questions.rules.item_layout import LoadedItem
from questions.rules.numbers import convention_for
from quizzes.attempt_page import AttemptView, review_items, section_lines
from quizzes.marks import MarkRecord
from quizzes.proofs import SignedProof, list_given_time
from quizzes.rules.grades import band_for
from quizzes.rules.proofs import AttemptMarks, digest_of
from quizzes.rules.settings import may_download_answers
from quizzes.rules.states import AttemptState, answer_state

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
    """Describe the result of an attempt, as far as it may be shown."""
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
    """Describe what an incident gave to everybody who was answering."""
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
        tries=tuple(f"{attempted.number}. " + (" · ".join(attempted.said) or _("(nothing)")) for attempted in review.tries)
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
    return PrintedRow(row.label, row.text or _("(nothing)"), _row_words(review, row), why=row.why, mine=row.mine, verdict=row.verdict)


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
        f"{title}: " + _("%(mark)s of %(maximum)s", mark=_mark(mark), maximum=_mark(maximum))
        for title, mark, maximum in proof.result.sections
    ]


def _row_words(review: QuestionReview, row: ReviewRow) -> str:
    """Describe an option, a pair, a gap or a text: the answer, and whether it is right where that may be shown."""
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
    """Describe what voiding a question did to it; empty where it was not voided."""
    sentences = {
        "full_credit": _("This question was voided: everyone gets its points."),
        "void_unless_lower": _("This question was voided: it counts only where leaving it out would lower the result."),
        "removed": _("This question was voided: it does not count towards the total."),
    }
    return sentences.get(effect, "")


Pictures = Mapping[str, tuple[bytes, int, int]]
"""Content, width and height in pixels of each picture by the address that the texts use."""
ROW = LEFT + 6


def render_proof(proof: AttemptProofView, signed: SignedProof, address: str, pictures: Pictures) -> bytes:
    """Draw a proof in the reader's language; `address` is where it is verified."""
    title = _("Proof of an attempt")
    subject = f"{title} ({printed_code(signed.code)})"
    properties = sheet_properties(f"{title}: {proof.quiz}", proof.institution, made_at=proof.ended_at, code=signed.code, subject=subject)
    return compose_pdf(properties, lambda document: _ProofSheet(document, proof, signed, pictures).draw(title, address))


class _ProofSheet(ProseSheet):
    """A proof while it is drawn from top to bottom, over as many pages as its questions take."""

    def __init__(self, document: PdfDocument, proof: AttemptProofView, signed: SignedProof, pictures: Pictures) -> None:
        super().__init__(document, printed_code(signed.code), pictures)
        self._proof, self._signed = proof, signed

    def draw(self, title: str, address: str) -> None:
        """Draw everything."""
        proof = self._proof
        self._footer()
        self._paragraph(proof.institution, STRONG, 4.2, SOFT)
        self._paragraph(title, TITLE, 7.5, BRAND, role="H1")
        self._y += 2
        for label, value in fact_lines(proof):
            self._blocks(led_by((TextRun(label, TextStyle.STRONG),), plain_prose(value)), left=LEFT, size=SIZE, colour=INK)
        if proof.result.overall:
            self._html(proof.result.overall)
        if proof.result.sections:
            self._heading(_("Points by section"))
            for line in section_lines_of_proof(proof):
                self._plain(line)
        if proof.incidents:
            self._heading(_("Time given to everyone"))
            for given in proof.incidents:
                self._plain(incident_words(given))
        self._heading(_("Questions and answers"))
        if not proof.shows_questions:
            self._plain(_("The review of this quiz does not show its questions at this moment."))
        for question in proof.questions:
            self._question(printed_question(question))
        self._signature(address)

    def _heading(self, text: str) -> None:
        self._y += 4
        self._make_room(20)
        self._paragraph(text, STRONG, 4.4, BRAND, role="H2")
        self._y += 1

    def _question(self, question: PrintedQuestion) -> None:
        if question.title:
            self._heading(question.title)
        if question.words:
            self._html(question.words)
        self._y += 2
        self._make_room(16)
        if question.head:
            self._paragraph(question.head, STRONG, 3.8, INK, role="H3")
        self._prose(question.text, left=LEFT)
        if question.offered:
            self._small(_("In the order in which they were offered:"))
        for choice in question.offered:
            self._row("–", choice, INK)
        for row in question.rows:
            self._answer(row)
        for file in question.files:
            self._row("●", file, INK)
        self._outcome(question)

    def _answer(self, row: PrintedRow) -> None:
        self._row("●" if row.mine else "○", row.text, INK if row.mine or row.words else SOFT, before=row.label, after=row.words)
        self._prose(row.why, size=SMALL, colour=SOFT)

    def _outcome(self, question: PrintedQuestion) -> None:
        for note in question.notes:
            self._small(note)
        if question.tries:
            self._small(_("Answers checked along the way"))
        for line in question.tries:
            self._prose(line, size=SMALL, colour=SOFT)
        for criterion in question.rubric:
            self._prose(criterion.text, size=SMALL)
            for level in criterion.levels:
                self._row("●" if level.chosen else "○", level.text, INK if level.chosen else SOFT)
        for label, text in question.texts:
            self._small(label)
            self._prose(text, size=SMALL)

    def _prose(self, text: SafeHtml | str, *, left: float = ROW, size: float = SIZE, colour: str = INK) -> None:
        self._blocks(_blocks(text), left=left, size=size, colour=colour)

    def _row(self, sign: str, text: SafeHtml | str, colour: str, *, before: SafeHtml | str = "", after: str = "") -> None:
        """Write what can be chosen or was answered behind a sign, with what it belongs to before it, and what it is after it."""
        self._make_room(SIZE * LINE)
        with self._document.artifact() as pen:
            (shown, font), *_rest = spans(sign, TEXT)
            pen.text(LEFT + 1.5, self._y + SIZE * LINE, shown, font, SIZE, colour)
        blocks = _blocks(text)
        if before:
            blocks = led_by(runs_of(_blocks(before)), blocks)
        if after:
            blocks = followed_by(blocks, after)
        self._blocks(blocks, left=ROW, size=SIZE, colour=colour)

    def _small(self, text: str, *, colour: str = SOFT) -> None:
        self._plain(text, left=ROW, size=SMALL, colour=colour)

    def _signature(self, address: str) -> None:
        signed = self._signed
        self._heading(_("Signature"))
        self._check(address, _("Check at %(address)s whether it is genuine and whether a mark was changed since.", address=address))
        self._y += QR + 4
        self._plain(_("This site signed the text below with its key. It holds the digest of everything that this document says."))
        self._y += GAP
        self._letters(_("Key"), signed.key_id)
        self._letters(_("Signed text"), signed.statement)
        self._letters(_("Signature (Ed25519)"), signed.signature)


def _blocks(text: SafeHtml | str) -> list[ProseBlock]:
    return read_prose(text) if isinstance(text, SafeHtml) else plain_prose(text)


def proof_view(
    session: Session, opened: AttemptView, flags: frozenset[ReviewFlag], marks: Mapping[int, MarkRecord], *, person: str, institution: str
) -> AttemptProofView:
    """Return the content of a proof at this moment; the flags are those of the learner, whoever reads it, the marks by item."""
    row, header = opened.loaded.row, opened.activity_header
    quiz, course = header["activity"], header["course"]
    assert isinstance(quiz, dict)
    assert isinstance(course, dict)
    return AttemptProofView(
        person=person,
        institution=institution,
        quiz=quiz["title"],
        course=course["title"],
        course_version=opened.outline.number,
        attempt=str(row.uuid),
        number=row.number,
        form=row.form,
        language=row.language,
        state=row.state,
        started_at=row.started_at,
        ended_at=row.submitted_at or row.finished_at or row.started_at,
        waits=row.state == AttemptState.FINISHED and row.raw is None,
        shown=tuple(sorted(flag.value for flag in flags)),
        result=_result(session, opened, flags, marks),
        incidents=tuple(
            GivenTime(given_time.created_at, given_time.seconds, given_time.reason) for given_time in list_given_time(session, row.id)
        ),
        questions=_questions(session, opened, flags - {ReviewFlag.SOURCE}, marks),
    )


def _result(session: Session, opened: AttemptView, flags: frozenset[ReviewFlag], marks: Mapping[int, MarkRecord]) -> ProofResult:
    row, settings = opened.loaded.row, opened.loaded.snapshot.settings
    band = band_for(Fraction(row.percent), settings.feedback) if ReviewFlag.OVERALL in flags and row.percent is not None else None
    overall = html(band.text) if band else ""
    if ReviewFlag.MARKS not in flags or row.percent is None:
        return ProofResult(overall=overall)
    return ProofResult(
        raw=None if row.raw is None else points(Fraction(row.raw)),
        maximum=points(Fraction(row.maximum)) if ReviewFlag.MAX_MARKS in flags else None,
        percent=points(Fraction(row.percent)),
        passed=row.passed,
        pass_percent=None if settings.pass_mark is None else points(settings.pass_mark),
        overall=overall,
        sections=tuple(section_lines(session, opened, flags, marks)),
    )


def _questions(
    session: Session, opened: AttemptView, flags: frozenset[ReviewFlag], marks: Mapping[int, MarkRecord]
) -> tuple[ProofQuestion, ...]:
    if ReviewFlag.ATTEMPT not in flags:
        shown = review_items(session, opened, frozenset())
        return tuple(
            _hidden(item, review, opened, flags) for item, review in zip(opened.loaded.items, shown, strict=True) if item.number is not None
        )
    sections, before = _sections(opened), 0
    questions = []
    for item, review in zip(opened.loaded.items, review_items(session, opened, flags, marks), strict=True):
        title, section_text = sections.get(item.page, ("", "")) if item.page != before else ("", "")
        before = item.page
        questions.append(
            ProofQuestion(
                place=item.position,
                number=item.number,
                is_answered=_is_answered(item, opened),
                title=title,
                words=section_text,
                review=review,
                offered=_offered(item, opened),
                file_digests=tuple((file.name, file.sha256) for file in review.files),
                void_effect=item.void_effect,
            )
        )
    return tuple(questions)


def _hidden(item: LoadedItem, review: QuestionReview, opened: AttemptView, flags: frozenset[ReviewFlag]) -> ProofQuestion:
    """Return a question that is not shown: whether it was answered, and the words of the answer where they may be taken along."""
    lines = response_lines(review) if may_download_answers(flags) else ()
    return ProofQuestion(item.position, item.number, _is_answered(item, opened), said=lines)


def _is_answered(item: LoadedItem, opened: AttemptView) -> bool:
    question, parts = opened.questions[item.question_version_id], opened.responses.get(item.id)
    convention = convention_for(opened.loaded.row.language)
    return item.number is not None and answer_state(question, item.layout, parts, convention) != "unanswered"


def _sections(opened: AttemptView) -> Mapping[int, tuple[str, SafeHtml | str]]:
    """Return the titles and words that stood at the head of pages, by page."""
    sections: dict[int, tuple[str, SafeHtml | str]] = {}
    for entry in json.loads(opened.loaded.row.interludes):
        title, text = sections.get(entry["page"], ("", ""))
        text = f"{text}{choose(entry['text'])}" if entry["text"] else str(text)
        sections[entry["page"]] = (title or (choose(entry["title"]) if entry["title"] else ""), SafeHtml.stored(text))
    return sections


def _offered(item: LoadedItem, opened: AttemptView) -> tuple[SafeHtml, ...]:
    """Return the choices for rows and gaps, or the parts to put in order, in the order of this attempt; options show themselves."""
    question = opened.questions[item.question_version_id]
    view = view_question(item, question, opened.responses.get(item.id), 1, convention_for(opened.loaded.row.language))
    return tuple(dict.fromkeys(_choices(view)))


def _choices(view: QuestionView) -> list[SafeHtml]:
    if view.kind == "ordering":
        return [row.html for row in view.rows]
    gaps = [choice.html for piece in view.pieces if piece.gap for choice in piece.gap.choices]
    return [option.html for option in (*view.choices, *view.columns)] + gaps
