"""Transcripts in the reader's language: their records, and beside each what the register says of it today (spec/certificates R6, R7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from certificates.rules.credentials import CredentialState
from certificates.rules.transcripts import NO_CERTIFICATE, OpenCourse, TranscriptContent, TranscriptRecord, TranscriptSum, sums_of
from certificates.transcript_pdf import printed_length
from courses.rules import printed_hours
from kernel.i18n import language

PresentStates = Mapping[str, tuple[CredentialState, str]]
"""The state of certificates today and the code of what replaced them, by their printed codes."""
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TranscriptRowView:
    """A record; `state` and `now` are states of certificates, `none` without one, `now` `unknown` where the register has it no more."""

    title: str
    institution: str
    length: str
    hours_basis: str
    completed_on: date
    issued_on: date | None
    expires_on: date | None
    is_passed: bool
    state: str
    now: str
    code: str
    replacement_code: str = ""

    @property
    def has_changed(self) -> bool:
        """Return whether the register says something else today."""
        return self.state != self.now


@dataclass(frozen=True, slots=True)
class TranscriptSumView:
    """The hours in force of an institution in a year."""

    institution: str
    year: int
    length: str


@dataclass(frozen=True, slots=True)
class TranscriptView:
    """Everything that a transcript says."""

    rows: tuple[TranscriptRowView, ...]
    sums: tuple[TranscriptSumView, ...]
    open_courses: tuple[OpenCourse, ...] = ()

    @property
    def has_changed(self) -> bool:
        """Return whether the register says something else of a record today."""
        return any(row.has_changed for row in self.rows)


def present_view(records: Sequence[TranscriptRecord], open_courses: Sequence[OpenCourse] = ()) -> TranscriptView:
    """Return what a person completed as it stands now."""
    rows = tuple(_row(record, _word(record.state)) for record in records)
    return TranscriptView(rows, _sums(sums_of(records)), tuple(open_courses))


def made_view(content: TranscriptContent, present: PresentStates) -> TranscriptView:
    """Return a transcript that was made, with the present state of each of its certificates."""
    rows = []
    for record in content.records:
        if record.certificate is None:
            rows.append(_row(record, NO_CERTIFICATE))
            continue
        known = present.get(record.certificate.code)
        rows.append(_row(record, known[0].value, known[1]) if known else _row(record, UNKNOWN))
    return TranscriptView(tuple(rows), _sums(content.sums), content.open_courses)


def _word(state: CredentialState | None) -> str:
    return state.value if state else NO_CERTIFICATE


def _row(record: TranscriptRecord, now: str, replacement_code: str = "") -> TranscriptRowView:
    held, (length, *basis) = record.certificate, printed_length(record)
    return TranscriptRowView(
        title=record.title,
        institution=record.institution,
        length=length,
        hours_basis=basis[0] if basis else "",
        completed_on=record.completed_on,
        issued_on=held.issued_on if held else None,
        expires_on=held.expires_on if held else None,
        is_passed=record.is_passed,
        state=_word(record.state),
        now=now,
        code=held.code if held else "",
        replacement_code=replacement_code,
    )


def _sums(sums: Sequence[TranscriptSum]) -> tuple[TranscriptSumView, ...]:
    return tuple(TranscriptSumView(subtotal.institution, subtotal.year, printed_hours(subtotal.hours, language())) for subtotal in sums)
