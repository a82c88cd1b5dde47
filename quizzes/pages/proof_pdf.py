"""A proof of an attempt as a tagged PDF, A4; the same proof in the same language gives the same bytes (spec/selection 10.2)."""

from collections.abc import Mapping

from kernel.codes import printed_code
from kernel.i18n import _
from kernel.markup.model import SafeHtml
from kernel.pdf.document import PdfDocument, compose_pdf
from kernel.pdf.pen import STRONG, TEXT, TITLE, TextRun, TextStyle, spans
from kernel.pdf.prose import ProseBlock, followed_by, led_by, plain_prose, read_prose, runs_of
from kernel.pdf.sheets import BRAND, GAP, INK, LEFT, LINE, QR, SIZE, SMALL, SOFT, ProseSheet, sheet_properties
from quizzes.pages.proof import (
    AttemptProofView,
    PrintedQuestion,
    PrintedRow,
    fact_lines,
    incident_words,
    printed_question,
    section_lines_of_proof,
)
from quizzes.services.proofs import SignedProof

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
