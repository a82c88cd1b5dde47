"""Settle which revision of a working copy goes out: texts that pages saved by themselves stay behind unless who publishes takes them."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from courses.models import Course, RevisionOrigin
from courses.queries import autosaved, history
from courses.queries.autosaved import AutosavedText
from courses.services import drafts
from courses.services.drafts import FileContent
from courses.services.publishing import DraftChangedSinceReview, PublishOptions
from kernel.permissions import Actor


def resolve_revision_to_publish(
    session: Session, actor: Actor, course: Course, options: PublishOptions, digest: str, *, now: datetime
) -> PublishOptions:
    """Return the publishing options of a locked course with the revision (`revision_to_publish`) whose text was prepared, of this digest.

    Where texts stay behind and no revision holds the rest alone, one is made, and the texts are restored after it as they were.
    Raise DraftChangedSinceReview where the draft was saved since the review, or a text to be published was edited further.
    """
    _check_seen(session, course, options)
    behind = autosaved.left_out(session, course.id, options.autosaved)
    revision = _revision_without(session, actor, course, behind, now=now) if behind else course.draft_revision
    if autosaved.digest_at(session, course.id, revision) != digest:
        raise DraftChangedSinceReview
    return replace(options, revision_to_publish=revision, revision=None)


def _check_seen(session: Session, course: Course, options: PublishOptions) -> None:
    if options.revision is None or options.revision > course.draft_revision or autosaved.saved_since(session, course.id, options.revision):
        raise DraftChangedSinceReview
    if options.reviewed_digest and options.reviewed_digest != autosaved.outgoing_digest(session, course.id):
        raise DraftChangedSinceReview  # somebody saved what a page had saved by itself: that makes no revision of its own
    if not set(options.autosaved) <= {text.revision for text in autosaved.list_autosaved(session, course.id)}:
        raise DraftChangedSinceReview


def _revision_without(session: Session, actor: Actor, course: Course, behind: list[AutosavedText], *, now: datetime) -> int:
    """Return a revision that is the working copy but for these texts: the last saved one, or one made for it."""
    included = {text.revision for text in autosaved.list_autosaved(session, course.id)} - {text.revision for text in behind}
    last = autosaved.last_saved(session, course.id)
    if last is not None and autosaved.digest_at(session, course.id, last) == autosaved.outgoing_digest(session, course.id, included):
        return last
    for text in behind:
        _put_back(session, actor, course, text, now=now)
    revision = course.draft_revision
    drafts.write_autosaved(session, actor, course, {text.path: text for text in behind}, now=now)
    return revision


def _put_back(session: Session, actor: Actor, course: Course, text: AutosavedText, *, now: datetime) -> None:
    """Write a file as it was last saved; one that nobody ever saved goes."""
    if text.saved is None or text.saved_text is None:
        drafts.save_files(session, actor, course, {}, removed=[text.path], now=now)
        return
    saved = history.list_contents_at(session, course.id, [text.path], text.saved)[text.path]
    contents = {text.path: FileContent(saved.sha256, saved.size, saved.body, saved.media_type)}
    drafts.save_files(session, actor, course, contents, origin=RevisionOrigin.RESTORED, restored=text.saved, now=now)
