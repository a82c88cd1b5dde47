"""The content of an acta in the reader's language, as its PDF and its public page show it (spec/compulsory 12.3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from compliance.models import TrainingActa
from compliance.pages.report import ReportEntryView, ReportTable
from compliance.queries.actas import ActaScope, ActaTexts
from compliance.rules.actas import ActaCount
from compliance.rules.tally import tally_sum
from kernel.codes import printed_code
from kernel.i18n import _, choose, format_datetime, language, reading


@dataclass(frozen=True, slots=True)
class ActaView:
    """An acta in words: its scope, its moments, its numbers; who made it stands on the PDF alone."""

    code: str
    address: str
    institution: str
    place: str
    obligation: str
    audience: str
    data_of: str
    """Of which moment the numbers are, as known at which other."""
    made_on: str
    maker: str
    made_at: datetime
    first_heading: str
    table: ReportTable


def acta_view(row: TrainingActa, scope: ActaScope, texts: ActaTexts, lines: Iterable[ActaCount], site: str) -> ActaView:
    """Return an acta in words, its times in the zone of its place whoever reads it."""
    with reading(language(), scope.zone):
        moments = {"moment": format_datetime(row.at), "known": format_datetime(row.known)}
        return ActaView(
            code=printed_code(row.code),
            address=f"{site}/acta/{printed_code(row.code)}",
            institution=scope.institution.name,
            place=scope.place.name,
            obligation=_("%(title)s (version %(number)s)", title=choose(texts.title), number=texts.version),
            audience=texts.audience,
            data_of=_("%(moment)s, as known on %(known)s", **moments) if row.at != row.known else format_datetime(row.at),
            made_on=format_datetime(row.made_at),
            maker=texts.maker,
            made_at=row.made_at,
            first_heading=_("Province") if scope.provinces else _("Unit"),
            table=_table(scope, lines),
        )


def acta_file_name(row: TrainingActa, scope: ActaScope) -> str:
    """Return the name under which an acta is saved."""
    return f"acta-{row.at.astimezone(scope.zone):%Y-%m-%d}-{printed_code(row.code)}.pdf"


def _table(scope: ActaScope, lines: Iterable[ActaCount]) -> ReportTable:
    """Return the lines by name, the rest of the place and those in no place of it at the end."""
    last = {scope.place.id: 1, None: 2}
    ordered = sorted(lines, key=lambda line: (last.get(line.place_id, 0), _key(scope, line), line.place_id or 0))
    entries = [ReportEntryView(_name(scope, line.place_id), line.tally) for line in ordered]
    return ReportTable(entries, tally_sum(entry.tally for entry in entries))


def _key(scope: ActaScope, line: ActaCount) -> str:
    return "" if line.place_id is None else scope.places[line.place_id].name_key


def _name(scope: ActaScope, place_id: int | None) -> str:
    if place_id is None:
        return _("In no unit of the institution")
    if place_id == scope.place.id:
        return _("Outside the provinces") if scope.provinces else _("Directly in %(name)s", name=scope.place.name)
    return scope.places[place_id].name
