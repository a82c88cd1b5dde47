"""Transcripts for tests: one of the golden key, as the verifiers of the golden files take it."""

from dataclasses import replace
from datetime import UTC, date, datetime

from certificates.rules.badges import compact_json
from certificates.rules.credentials import CredentialState
from certificates.rules.transcripts import OpenCourse, TranscriptCertificate, TranscriptContent, TranscriptRecord, signed_transcript
from tests.support.badges import METHOD, VECTOR_KEY

HELD = TranscriptCertificate("7K4M-92XD-C3QF-8TRA", date(2026, 7, 14), status=(1, 4711))
RECORD = TranscriptRecord("prueba", 3, 1, "Prueba", "IESS", 90, "estimated", date(2026, 7, 14), True, HELD, CredentialState.VALID)
WITHOUT = replace(RECORD, course="otra", title="Otra «prueba»", take=2, is_passed=False, certificate=None, state=None)
CONTENT = TranscriptContent(
    code="0000-1111-2222-3333",
    person_name="Ana Ñusta",
    institution="IESS",
    language="es",
    made_at=datetime(2026, 11, 2, 12, tzinfo=UTC),
    records=(RECORD, WITHOUT),
    open_courses=(OpenCourse("Por terminar", date(2026, 10, 1), 1, 4),),
    address="https://aulario.example",
)


def golden_transcript(content: TranscriptContent = CONTENT) -> bytes:
    """Return a transcript as JSON, signed by the golden key."""
    return compact_json(signed_transcript(content, METHOD, content.made_at, VECTOR_KEY.sign))
