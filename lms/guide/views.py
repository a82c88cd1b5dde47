"""The help's pages: its contents with a search, and each chapter of the guide."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from kernel.errors import N_, require_found
from kernel.i18n import language
from kernel.permissions import Actor
from kernel.search.index import MatchTier
from kernel.search.sources import FoundPage
from kernel.web.request import current_actor, page, public
from lms.guide.chapters import READERS, find_chapter, list_chapters, search_guide

bp = Blueprint("lms_guide", __name__)

FORMER_CHAPTERS = {("administrator", "settings-and-mail"): "site-settings"}
"""By reader and former key the chapter that says the same today; links to the help stand in institutions' own papers."""
NAMES = {"learner": N_("For learners"), "instructor": N_("For instructors"), "administrator": N_("For administrators")}
NAMES["board"] = N_("For selection boards")


def _readers(actor: Actor) -> tuple[str, ...]:
    """Return the guides with the actor's own first."""
    own = "administrator" if actor.is_administrator else "instructor" if actor.is_staff_anywhere else "learner"
    return (own, *(reader for reader in READERS if reader != own))


def find_sections(typed: str, written: str, actor: Actor) -> list[FoundPage]:
    """Return the sections of the guides that a question of the site's search finds: of what the actor does, and for everybody."""
    ranks = ("learner", "instructor", "administrator")
    own = [*reversed(ranks[: ranks.index(_readers(actor)[0]) + 1]), "board"]
    hits = [hit for hit in search_guide(typed, written, READERS) if hit.chapter.reader in own]
    return [
        FoundPage(
            url_for("lms_guide.chapter", reader=hit.chapter.reader, key=hit.chapter.key, _anchor=hit.place or None),
            hit.title,
            hit.pieces,
            context=hit.chapter.title,
            tier=MatchTier.WHOLE if hit.missing else MatchTier.TITLE,
        )
        for hit in sorted(hits, key=lambda hit: (hit.missing, own.index(hit.chapter.reader), -hit.share))
    ]


@bp.get("/help")
@public("says the same to everybody")
def contents() -> ResponseReturnValue:
    """Show the chapters of the guide, or the sections that a question finds."""
    typed = " ".join(request.args.get("q", "").split())
    readers, chapters = _readers(current_actor()), list_chapters(language())
    hits = search_guide(typed, language(), readers) if typed else []
    return page(
        "lms/help.html",
        typed=typed,
        count=len(hits),
        found=[(NAMES[reader], rows) for reader in readers if (rows := [hit for hit in hits if hit.chapter.reader == reader])],
        guides=[(reader, NAMES[reader], [each for each in chapters if each.reader == reader]) for reader in readers],
    )


@bp.get("/help/<reader>/<key>")
@public("says the same to everybody")
def chapter(reader: str, key: str) -> ResponseReturnValue:
    """Show a chapter of the guide, or lead on to it from the address that it had."""
    if (reader, key) in FORMER_CHAPTERS:
        return redirect(url_for("lms_guide.chapter", reader=reader, key=FORMER_CHAPTERS[reader, key]), code=301)
    shown = require_found(find_chapter(language(), f"{reader}/{key}"))
    guide = [each for each in list_chapters(language()) if each.reader == reader]
    index = guide.index(shown)
    return page(
        "lms/help_chapter.html",
        chapter=shown,
        guide=guide,
        guide_name=NAMES[reader],
        previous=guide[index - 1] if index else None,
        next=guide[index + 1] if index + 1 < len(guide) else None,
    )
