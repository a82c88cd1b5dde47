"""Links as files of a course folder: `NN-name.link.yaml` with an address."""

from dataclasses import dataclass

from courses.content import scalars
from courses.content.kinds import ActivityKind, ActivitySettings
from courses.content.mapping_cursor import MappingCursor, ReadingSession
from courses.content.model import ActivityCompletion, CompletionRule
from courses.content.settings import FieldShape, FieldSpec
from kernel.i18n import lazy_


@dataclass(frozen=True, slots=True)
class LinkSource:
    """A link as written: the address of a page on another site."""

    url: str


def read_link(table: MappingCursor, _session: ReadingSession) -> ActivitySettings:
    """Read the fields of a link, after those that every activity has; it is completed when the learner says so."""
    url = table.value("url", scalars.secure_address, "", required=True)
    return ActivitySettings(LinkSource(url), ActivityCompletion(CompletionRule.MARKED))


KIND = ActivityKind(
    "link",
    ".link.yaml",
    lazy_("Link"),
    "external-link",
    read_link,
    begin="",
    settings=(FieldSpec("url", FieldShape.WORD, lazy_("Address")),),
    order=("url",),
)
