"""Pages of recordings. Nothing of another host is loaded; a film of ours loads when its button is pressed."""

from bisect import bisect_left, bisect_right
from functools import partial
from itertools import accumulate
from posixpath import basename
from urllib.parse import quote

from flask import Blueprint, Response, jsonify, request

from accounts.rules import fold
from courses.models import CourseFile
from courses.rules import activity_url, file_url
from enrolments import learners
from enrolments.access import ActivityContext
from enrolments.course_context import activity_deadline, activity_links, course_view, record_visit_later
from enrolments.course_view import foreign, html
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import choose, language
from kernel.markup.model import SafeHtml, icons_in
from kernel.web.request import Answer, current_actor, current_session, page, public, requires
from kernel.web.table import requested_words
from webinars import recordings as webinars_recordings
from webinars.access import RecordingAction
from webinars.content import Cues, TranscriptPassage
from webinars.recordings import ListedRecording, PublishedRecording
from webinars.rules import read_spans, share_watched

bp = Blueprint("webinars", __name__)

LANGUAGE_NAMES = {"es": "Español", "en": "English"}


def _medium_url(slug: str, medium: CourseFile) -> str:
    return file_url(slug, medium.sha256, quote(basename(medium.path)))


def _documents(published: PublishedRecording, slug: str) -> list[dict[str, object]]:
    listed: list[dict[str, object]] = []
    for document in published.documents:
        medium, resource = published.media.get(document.path), published.resources.get(document.resource)
        if medium is not None:
            listed.append({"url": _medium_url(slug, medium), "size": medium.size, "outside": False, "host": ""})
        elif resource is not None and resource.url:
            listed.append({"url": resource.url, "size": 0, "outside": resource.url.startswith("http"), "host": choose(resource.host)})
        else:
            continue
        listed[-1] |= {"title": choose(document.title), "kind": document.kind}
    return listed


@bp.get("/courses/<slug>/recordings/<key>")
@requires(RecordingAction.VIEW, learners.get_activity_context)
def recording(subject: ActivityContext) -> Answer:
    """Show a recording with its chapters, transcript and documents."""
    if subject.activity.kind != "recording":
        raise NotFound
    session, outline = current_session(), subject.outline
    published = webinars_recordings.get_recording(session, subject.activity.id, outline.version_id)
    row, media, medium_url = published.row, published.media, partial(_medium_url, outline.slug)
    view = course_view(subject.context, outline)
    record_visit_later(subject, view)
    before, after = outline.neighbours(subject.activity.key)
    module = outline.module_by_key[subject.activity.module]
    spoken = language() if published.cues(language()) else row.language
    cues = published.cues(spoken)
    needed = subject.activity.completion_amount if subject.activity.completion_rule == "watched" else None
    return page(
        "webinars/recording.html",
        course={"slug": outline.slug, "title": choose(outline.title)},
        module={"number": module.number, "title": choose(module.title)},
        activity={
            "key": subject.activity.key,
            "title": choose(subject.activity.title),
            "done": view.is_done(subject.activity.key),
            "markable": subject.context.is_learner and subject.closed is None and _markable(subject),
        },
        recording=row,
        film=media.get(row.path),
        low=media.get(row.low),
        audio=media.get(row.audio),
        poster=media.get(row.poster),
        medium_url=medium_url,
        tracks=[
            (medium_url(media[caption.path]), caption.language, LANGUAGE_NAMES.get(caption.language, caption.language))
            for caption in published.captions
            if caption.path in media
        ],
        summary=html(subject.activity.summary),
        icons=icons_in("".join(cue.html for cue in cues)),
        chapters=published.chapters,
        transcript=[{"second": cue.second, "text": cue.words, "html": SafeHtml.stored(cue.html)} for cue in cues],
        transcript_language="" if spoken == language() else spoken,
        start=_start(),
        documents=_documents(published, outline.slug),
        watched_percent=_watched(subject, published) if needed else None,
        needed_percent=needed,
        deadline=activity_deadline(view, subject.activity.key),
        links=activity_links(subject.activity, subject.context),
        previous=view.activity_link(before),
        next=view.activity_link(after),
    )


def _markable(subject: ActivityContext) -> bool:
    """Outside pages complete by the learner's word; so does a film of ours where no script can say what was seen."""
    return subject.activity.completion_rule in ("marked", "watched")


def _start() -> int:
    text = request.args.get("t", "0")
    return int(text[:6]) if text.isascii() and text.isdigit() else 0


def _watched(subject: ActivityContext, published: PublishedRecording) -> int:
    if subject.context.enrolment_id is None or not published.row.seconds:
        return 0
    spans = webinars_recordings.list_spans(current_session(), subject.context.enrolment_id, subject.activity.key)
    return int(share_watched(spans, published.row.seconds) * 100)


@bp.post("/courses/<slug>/recordings/<key>/watched")
@requires(RecordingAction.NOTE_WATCHED, learners.get_activity_context)
def watched(subject: ActivityContext) -> Response:
    """Keep which seconds of a recording were seen (`spans`: `12-40,55-90`)."""
    session = current_session()
    published = webinars_recordings.get_recording(session, subject.activity.id, subject.outline.version_id)
    seconds = published.row.seconds or 0
    spans = read_spans(request.form.get("spans", "")[:4000], seconds)
    share = webinars_recordings.record_watched(session, current_actor(), subject, spans, seconds, now=clock.now())
    needed = subject.activity.completion_amount or 100
    return jsonify(watched_percent=int(share * 100), done=share * 100 >= needed)


@bp.get("/recordings")
@public("lists what recording.view allows whoever asks")
def recordings() -> Answer:
    """List the recordings that the reader may open, or those that a search finds in titles, in chapters and in what is said."""
    session = current_session()
    query = requested_words()
    rows = webinars_recordings.visible_recordings(session, current_actor())
    numbers = [row.Activity.id for row in rows]
    spoken = webinars_recordings.transcripts_of(session, numbers) if query else {}
    chapters = webinars_recordings.chapters_of(session, numbers) if query else {}
    listed = []
    for row in rows:
        named = [
            TranscriptPassage(None if row.Recording.url else second, choose(title)) for second, title in chapters.get(row.Activity.id, [])
        ]
        entry = _entry(row, query, [*named, *spoken.get(row.Activity.id, [])])
        if entry is not None:
            listed.append(entry)
    return page("webinars/recordings.html", query=query, recordings=listed)


def _entry(row: ListedRecording, query: str, cues: Cues) -> dict[str, object] | None:
    recording, activity = row[0], row[1]
    url = activity_url(row.slug, "recording", activity.key)
    match = None
    if query and fold(query) not in fold(f"{choose(activity.title)} {' '.join(recording.speakers)}"):
        match = _find(query, cues, url)
        if match is None:
            return None
    return {
        "title": choose(activity.title),
        "title_language": foreign(activity.title),
        "url": url,
        "tone": row.tone,
        "kind": recording.kind,
        "seconds": recording.seconds,
        "speakers": ", ".join(recording.speakers),
        "day": recording.dated,
        "language": recording.language,
        "course_title": choose(row.course_title),
        "parts": [],
        "outside": bool(recording.url),
        "host": choose(recording.host),
        "found": match,
    }


def _find(query: str, cues: Cues, url: str) -> dict[str, object] | None:
    needle = fold(query)
    for second, text, _html in cues:
        if needle in fold(text):
            start, end = _place_of(needle, text)
            address = url if second is None else f"{url}?t={second}#player"
            return {"before": text[:start], "match": text[start:end], "after": text[end:], "second": second, "url": address}
    return None


def _place_of(needle: str, text: str) -> tuple[int, int]:
    """Return the position of folded words in a text, whose letters may fold to none or to several."""
    ends = list(accumulate(len(fold(letter)) for letter in text))
    first = fold(text).index(needle)
    return bisect_right(ends, first), bisect_left(ends, first + len(needle)) + 1
