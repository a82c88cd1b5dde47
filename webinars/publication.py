"""How a recording is published: its rows, with the captions' cues as a transcript."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from courses.content.model import ActivitySource
from courses.models import Activity
from courses.publication import Facts, Publication, Publisher, Renderer, plain_texts
from webinars.content import KIND, RecordingSource, read_cues
from webinars.models import Caption, Chapter, Recording, RecordingDocument, WatchedSpan

MINUTES_WITHOUT_LENGTH = 30
_MOMENT = re.compile(r"^\[(\d+(?::\d\d){1,2})\]\s*")

Cues = list[tuple[int | None, str]]
"""What is said, each with the second at which it begins where that is known."""


@dataclass(frozen=True, slots=True)
class PreparedRecording:
    """A recording with what is said in it, by language."""

    source: RecordingSource
    transcripts: Mapping[str, Cues]


def prepare_recording(activity: ActivitySource, renderer: Renderer) -> tuple[PreparedRecording, Facts]:
    """Read the captions and transcripts of a recording."""
    source: RecordingSource = activity.settings
    paths = {**source.captions, **source.transcript}
    transcripts = {
        language: read_transcript(renderer.media[path].content, path) for language, path in paths.items() if path in renderer.media
    }
    minutes = activity.minutes or (ceil(source.duration / 60) if source.duration else MINUTES_WITHOUT_LENGTH)
    papers = [document.path for document in source.documents]
    own = (source.path, source.audio, source.low, source.poster, *source.captions.values(), *papers)
    return PreparedRecording(source, transcripts), Facts(minutes, media=tuple(path for path in own if path))


def read_transcript(content: bytes, path: str) -> Cues:
    """Return what is said, from captions or from a text whose paragraphs may begin with `[12:30]`."""
    if path.endswith(".vtt"):
        return [(cue.start // 1000, cue.words) for cue in read_cues(content)]
    paragraphs = [" ".join(block.split()) for block in content.decode("utf-8-sig").split("\n\n") if block.strip()]
    return [_paragraph(words) for words in paragraphs]


def _paragraph(words: str) -> tuple[int | None, str]:
    found = _MOMENT.match(words)
    if found is None:
        return None, words
    total = 0
    for part in found[1].split(":"):
        total = total * 60 + int(part)
    return total, words[found.end() :]


def freeze_recording(session: Session, _publication: Publication, activity: Activity, payload: PreparedRecording) -> None:
    """Write a recording's rows."""
    source = payload.source
    row = Recording(
        activity_id=activity.id,
        kind=source.kind.value,
        path=source.path,
        audio=source.audio,
        low=source.low,
        poster=source.poster,
        url=source.url,
        host=plain_texts(source.host),
        seconds=source.duration,
        language=source.language,
        dated=source.held,
        speakers=tuple(speaker.name for speaker in source.speakers),
        series=plain_texts(source.series),
        number=source.number,
    )
    session.add(row)
    session.flush()  # chapters and captions point to it
    for chapter in source.chapters:
        session.add(Chapter(recording_id=row.id, second=chapter.at, title=plain_texts(chapter.title)))
    for language in dict.fromkeys([*source.captions, *payload.transcripts]):
        cues = json.dumps(payload.transcripts.get(language, []), ensure_ascii=False)
        session.add(Caption(recording_id=row.id, language=language, path=source.captions.get(language, ""), transcript=cues))
    for position, document in enumerate(source.documents):
        session.add(
            RecordingDocument(
                recording_id=row.id,
                position=position,
                kind=document.kind.value,
                title=plain_texts(document.title),
                path=document.path,
                resource=document.resource,
                language=document.language,
            )
        )


def rename_spans(session: Session, enrolment_id: int, renames: Mapping[str, str]) -> None:
    """Move what a learner has seen to the present keys of their recordings, except where something was seen under the new one already."""
    present = set(session.scalars(select(WatchedSpan.activity_key).where(WatchedSpan.enrolment_id == enrolment_id).distinct()))
    for old, new in renames.items():
        if old in present and new not in present:
            session.execute(
                update(WatchedSpan)
                .where(WatchedSpan.enrolment_id == enrolment_id, WatchedSpan.activity_key == old)
                .values(activity_key=new)
            )


RECORDING = Publisher(KIND, prepare_recording, freeze_recording, rename_spans)
