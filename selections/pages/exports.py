"""Actas as tables: one row for each line, and a second sheet with what the acta says of itself (spec/selection 4.13)."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from accounts.rules import masked
from kernel.codes import printed_code
from kernel.errors import N_
from kernel.i18n import _, format_datetime, number
from kernel.tables import Cell
from selections.models import SelectionActa
from selections.pages.actas import ActaEntryView, head_facts, line_views, precision_facts
from selections.queries.actas import ActaEntryRow, SignatureRow

PART = 1000
"""Lines of one PDF: what is drawn takes the time of whoever waits for a page meanwhile."""
HEADINGS = (
    *(N_("Place"), N_("Name"), N_("Identity number"), N_("Rank"), N_("Result"), N_("Result without rounding"), N_("Give or take")),
    *(N_("Status"), N_("Band from"), N_("Band to"), N_("Attempts that count"), N_("Objections"), N_("Incidents"), N_("Before")),
)


def headings() -> list[str]:
    """Return the headings of the table."""
    return [_(heading) for heading in HEADINGS]


def table_rows(lines: Iterable[ActaEntryRow], people: int, *, identities: bool = False) -> Iterator[Sequence[Cell]]:
    """Yield the rows of the table as they come; identity numbers are masked where they were not asked for."""
    for line in lines:
        (view,) = line_views([line], people)
        yield _row(line, view, line.identity if identities else masked(line.identity))


def _row(line: ActaEntryRow, view: ActaEntryView, identity: str) -> Sequence[Cell]:
    fields = line.fields
    band = fields.get("not_told_apart", (None, None))
    return (
        line.place,
        view.name,
        "" if line.is_withdrawn else identity,
        fields.get("rank"),
        Decimal(fields["shown"]) if "shown" in fields else None,
        fields.get("percent", ""),
        Decimal(fields["csem"]).quantize(Decimal("0.1")) if "csem" in fields else None,
        view.outcome,
        *band,
        ", ".join(map(str, fields.get("attempts", ()))),
        len(fields.get("objections", ())),
        len(fields.get("incidents", ())),
        view.was,
    )


def facts_rows(row: SelectionActa, title: str, signed: Sequence[SignatureRow], address: str) -> list[tuple[str, str]]:
    """Return what an acta says of itself, as the rows of a sheet."""
    assert row.frozen_at is not None
    return [
        (_("Acta"), title),
        (_("Code"), printed_code(row.code)),
        (_("Figures of"), format_datetime(row.frozen_at)),
        *([(_("In force since"), format_datetime(row.published_at))] if row.published_at else []),
        *([(_("Reason for the amendment"), row.reason)] if row.reason else []),
        *head_facts(row),
        *((name, f"{figure}. {explanation}") for name, figure, explanation in precision_facts(row)),
        *((_("Signed by"), f"{signature.name}, {format_datetime(signature.signed_at)}") for signature in signed),
        ("SHA-256", row.sha256),
        (_("Verify it at"), address),
    ]


def count_parts(row: SelectionActa) -> int:
    """Return in how many parts the PDF of an acta comes."""
    return max(1, -(-row.people // PART))


def part_words(row: SelectionActa, part: int) -> str:
    """Return which part of a long list a PDF has; nothing where it has all of it."""
    if count_parts(row) == 1:
        return ""
    places = {"first": number(PART * (part - 1) + 1), "last": number(min(PART * part, row.people))}
    return _("Part %(part)s of %(count)s: places %(first)s to %(last)s", part=number(part), count=number(count_parts(row)), **places)


def export_name(row: SelectionActa, kind: str) -> str:
    """Return the name under which a file of an acta is saved."""
    return f"acta-{printed_code(row.code)}.{kind}"
