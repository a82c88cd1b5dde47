"""How links are published: prepared without a database, then frozen as rows, found by their title and summary."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.content.differences import SettingFact, SettingLabels, facts_of
from courses.content.model import ActivitySource
from courses.content.texts import activity_entries
from courses.kinds import ActivityDescription, ActivityPublisher, Publication
from courses.models import Activity
from courses.rendering import Renderer, plain_texts
from kernel.bulk_rows import insert_all
from kernel.errors import N_
from kernel.search import index
from kernel.search.index import SearchDocument
from tests.samples.link_activity.content import KIND, LinkSource
from tests.samples.link_activity.models import Link

MINUTES = 5
LABELS = SettingLabels({"url": N_("Address")})


@dataclass(frozen=True, slots=True)
class PreparedLink:
    """A link ready to be written, with its search entries."""

    source: LinkSource
    entries: tuple[SearchDocument, ...]


def prepare_link(activity: ActivitySource, renderer: Renderer) -> tuple[PreparedLink, ActivityDescription]:
    """Render a link: slow work, outside of any transaction."""
    summary = renderer.inline(activity.summary, activity.path)
    entries = tuple(activity_entries(KIND.name, plain_texts(activity.title), summary))
    return PreparedLink(activity.settings, entries), ActivityDescription(activity.minutes or MINUTES)


def freeze_links(session: Session, publication: Publication, links: Sequence[tuple[Activity, PreparedLink]]) -> None:
    """Write the rows of a version's links, in the transaction of the publication."""
    insert_all(session, [Link(activity_id=activity.id, url=payload.source.url) for activity, payload in links])
    index.write_many(session, publication.version.id, [(activity.id, payload.entries) for activity, payload in links])


def list_link_entries(session: Session, version_id: int) -> Iterator[tuple[int, SearchDocument]]:
    """Yield the search entries of a version's links, to make the index anew."""
    for activity in session.scalars(select(Activity).join(Link).where(Activity.version_id == version_id).order_by(Activity.id)):
        for entry in activity_entries(KIND.name, activity.title, activity.summary):
            yield activity.id, entry


def describe_link(activity: ActivitySource) -> tuple[SettingFact, ...]:
    """Return a link's settings in words, for the comparison of drafts and versions."""
    return facts_of(activity.settings, LABELS)


LINK = ActivityPublisher(KIND, prepare_link, freeze_links, entries=list_link_entries, tell=describe_link)
