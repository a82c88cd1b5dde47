"""The notices of selections, in words: to the jury of what differs from an acta, and to those whose line changed (spec/selection 4.10)."""

from sqlalchemy.orm import Session

from accounts.notices import Message
from accounts.rules import NoticeKind
from kernel.codes import printed_code
from kernel.i18n import _, choose, in_every_language
from selections.models import ActaCorrection, SelectionActa
from selections.pages.actas import difference_words
from selections.queries.selections import get_row, list_titles


def jury_message(session: Session, task: ActaCorrection, acta: SelectionActa) -> Message:
    """Return what the jury reads of a task that was opened, or that was closed because nothing differs any more."""
    row = get_row(session, acta.selection_id)
    title = list_titles(session, [row])[row.slug, row.activity_key]
    if task.closed_at is None:
        return Message(
            NoticeKind.SELECTION,
            key=f"acta-correction:{task.id}:open",
            subject=in_every_language(lambda: _("Results differ from the acta of “%(title)s”", title=choose(title))),
            words=in_every_language(
                lambda: _(
                    "%(changes)s would change. The acta stays as it is. The jury decides on an amendment.",
                    changes=difference_words(task),
                )
            ),
            path=f"/selections/{row.uuid}/amendment",
        )
    return Message(
        NoticeKind.SELECTION,
        key=f"acta-correction:{task.id}:closed",
        subject=in_every_language(lambda: _("Results are again those of the acta of “%(title)s”", title=choose(title))),
        words=in_every_language(lambda: _("No amendment is needed any more. The task is closed and stays on record.")),
        path=f"/selections/{row.uuid}",
    )


def amendment_message(session: Session, acta: SelectionActa) -> Message:
    """Return what somebody reads whose line an amendment changed."""
    row = get_row(session, acta.selection_id)
    title = list_titles(session, [row])[row.slug, row.activity_key]
    return Message(
        NoticeKind.SELECTION,
        key=f"acta-amended:{acta.uuid}",
        subject=in_every_language(lambda: _("Your line in the acta of “%(title)s” was corrected", title=choose(title))),
        words=in_every_language(
            lambda: _(
                "The amendment %(code)s is in force. The page shows your line before and after, and the reason.",
                code=printed_code(acta.code),
            )
        ),
        path=f"/selections/{row.uuid}/own-line",
    )
