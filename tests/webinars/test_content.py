"""Recordings as text (spec/content-format 10, C607 to C610)."""

import pytest

from courses.content.model import ActivityCompletion, CompletionRule, LocalisedText
from tests.support import folders
from tests.support.folders import LESSON, RECORDING_FILE
from webinars.content import ChapterSource, Cue, DocumentKind, RecordingKind, RecordingSource, read_cues

CAPTIONS = "01-contar/media/charla.es.vtt"
TRANSCRIPT = "01-contar/media/charla.es.md"
OUTSIDE = "02-cuidar/02-video.recording.yaml"

WRONG = [
    ("C301", "kind: audio\n", "kind: audio\nposter: ../media/gota.png\n"),
    ("C607", "captions:\n  es: media/charla.es.vtt\n", ""),
    ("C608", "es: media/charla.es.vtt", "es: ../media/guia.txt"),
    ("C608", "duration: 0:10", "duration: 0:07"),
    ("C609", "- at: 0:00", "- at: 0:01"),
    ("C609", "- at: 0:05", "- at: 0:00"),
    ("C609", "- at: 0:05", "- at: 0:10"),
    ("C610", "file: media/charla.mp3\n", ""),
    ("C610", "file: media/charla.mp3\n", "file: media/charla.mp3\nurl: https://example.org\n"),
    ("C110", "    file: ../media/guia.txt\n", ""),
    ("C111", "file: media/charla.mp3\n", "file: ../media/guia.txt\n"),
]


@pytest.mark.parametrize(("code", "old", "new"), WRONG)
def test_a_wrong_recording_is_told(code: str, old: str, new: str) -> None:
    """spec/content-format 10."""
    assert RECORDING_FILE in [finding.file for finding in folders.findings(folders.changed(RECORDING_FILE, old, new), code)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("00:05.000 --> 00:09.000", "00:05.000 --> 00:04.000"),
        ("00:00.000 --> 00:04.000", "00:06.000 --> 00:07.000"),
        ("00:05.000 --> 00:09.000", "00:05.000 --> 01:09.000"),
        ("00:00.000 --> 00:04.000", "00:0x.000 --> 00:04.000"),
        ("00:00.000 --> 00:04.000\nHablemos del agua.\n\n00:05.000 --> 00:09.000\nCada gota cuenta.\n", ""),
    ],
)
def test_captions_are_webvtt_and_run_forwards_to_the_end(old: str, new: str) -> None:
    """spec/content-format 10, C608."""
    assert "C608" in folders.codes(folders.changed(CAPTIONS, old, new))


def test_cues_keep_their_milliseconds() -> None:
    """spec/content-format 10: captions become the transcript."""
    found = read_cues(b"WEBVTT\n\n1\n00:00.500 --> 00:04.000\nHola,\nagua.\n\n01:00:05.250 --> 01:00:06.000\nFin.\n")

    assert found == (Cue(500, 4_000, "Hola, agua."), Cue(3_605_250, 3_606_000, "Fin."))


def test_signs_that_captions_have_to_write_otherwise_are_read() -> None:
    found = read_cues(b"WEBVTT\n\n00:00.500 --> 00:04.000\nR&amp;D y 3 &lt; 5&nbsp;%\n")

    assert [cue.words for cue in found] == ["R&D y 3 < 5 %"]


def test_a_transcript_says_who_speaks() -> None:
    """Voices of meeting programs, also two in one cue; turns with a dash; readings beside their signs. Who goes on is not named again."""
    first = "00:01.000 --> 00:02.000\n<v Ana Ruiz>Hola</v>\n<v Bruno>¿Qué <i>tal</i>?"
    second = "00:03.000 --> 00:04.000\n<v.loud Bruno>Bien.</v>\n\n00:05.000 --> 00:06.000\n- Uno\n- Dos, <ruby>漢<rt>kan</rt></ruby>."
    found = read_cues(f"WEBVTT\n\n{first}\n\n{second}\n".encode())

    words = ["Ana Ruiz: Hola", "Bruno: ¿Qué tal?", "Bien.", "Uno", "Dos, 漢 (kan)."]
    assert [cue.words for cue in found] == words
    assert [cue.start for cue in found] == [1_000, 1_000, 3_000, 5_000, 5_000]


def test_a_page_outside_names_its_host_and_cannot_be_watched() -> None:
    """spec/content-format 10, C610."""
    assert "C610" in folders.codes(folders.changed(OUTSIDE, "host: Empresa de agua\n", ""))
    assert "C610" in folders.codes(folders.changed(OUTSIDE, "host: Empresa de agua\n", "host: Empresa\ncompletion: {watched: 50}\n"))
    assert "C111" in folders.codes(folders.changed(OUTSIDE, "https:", "http:"))


def test_transcripts_are_checked_as_texts() -> None:
    """spec/content-format 10: spec/content-format 7 without embeds."""
    files = folders.changed(TRANSCRIPT, "Hablemos", "[[nada]]")
    assert [(finding.file, finding.line, finding.code) for finding in folders.findings(files)] == [(TRANSCRIPT, 1, "C306")]
    files = folders.changed(TRANSCRIPT, "[0:05] Cada gota cuenta.", "![Charla](course:charla)")
    assert [(finding.file, finding.code) for finding in folders.findings(files)] == [(TRANSCRIPT, "C305")]


def test_what_is_written_is_read() -> None:
    """spec/content-format 10: the picture of a recording."""
    activities = {activity.key: activity for activity in folders.course().activities()}
    found = activities["charla"].settings

    assert isinstance(found, RecordingSource)
    assert (found.kind, found.path, found.duration, found.language) == (RecordingKind.AUDIO, "01-contar/media/charla.mp3", 10, "es")
    assert found.chapters == (ChapterSource(0, LocalisedText({"es": "Inicio"})), ChapterSource(5, LocalisedText({"es": "Las gotas"})))
    assert (found.documents[0].kind, found.documents[0].path) == (DocumentKind.SUMMARY, "media/guia.txt")
    assert found.captions == {"es": CAPTIONS}
    assert activities["charla"].completion == ActivityCompletion(CompletionRule.WATCHED, 80)
    assert activities["video"].completion == ActivityCompletion(CompletionRule.MARKED)


def test_links_lead_into_a_recording_up_to_its_end() -> None:
    """spec/content-format 7, Link inside."""
    assert "C305" not in folders.codes(folders.changed(LESSON, "course:charla#t=0:05", "course:charla#t=0:09"))
    assert "C305" in folders.codes(folders.changed(LESSON, "course:charla#t=0:05", "course:charla#t=0:10"))
