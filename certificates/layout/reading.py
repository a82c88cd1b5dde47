"""Read the folder of a template: files in, the template and everything there is to say about it out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from certificates.layout.checks import check_template
from certificates.layout.element_fields import area, coloured, length, numbers, point, size, spacing, template_text, word_of
from certificates.layout.template import (
    BorderElement,
    BoxElement,
    CertificateTemplate,
    CodeElement,
    ElementRole,
    FacadeElement,
    FontName,
    ImageElement,
    LineElement,
    LogoElement,
    PageFormat,
    PageOrientation,
    PageSize,
    QrElement,
    SignatoriesElement,
    SignElement,
    TemplateElement,
    TextAlignment,
    TextElement,
    TextFit,
    TextLabel,
)
from courses.content import scalars
from courses.content.mapping_cursor import MappingCursor
from courses.content.model import Finding, Severity
from courses.content.read_collector import MarkupLevel
from courses.content.reading_session import ReadingSession
from courses.content.source import decode, root_table
from kernel.errors import N_
from kernel.yaml_tree import YamlMapping, YamlScalar

TEMPLATE_FILE = "template.yaml"
FORMAT = 1
MAXIMUM_BYTES = 64_000
MOST_ELEMENTS = 100
MOST_LINES = 6
MOST_SIGNATORIES = 4
PICTURES = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True, slots=True)
class TemplateReadResult:
    """The template, None where an error was found, and all findings by their place."""

    template: CertificateTemplate | None
    findings: tuple[Finding, ...]


def read_template(files: Mapping[str, bytes], *, today: date) -> TemplateReadResult:
    """Read the files of a template, name to content; the pictures are taken as they are."""
    session = ReadingSession(files, today)
    template = _read(session)
    findings = tuple(sorted(map(_strict, session.findings), key=lambda finding: finding.place))
    wrong = any(finding.severity is Severity.ERROR for finding in findings)
    return TemplateReadResult(None if wrong else template, findings)


def _strict(finding: Finding) -> Finding:
    """Return a finding as templates judge it: a field that is not known is an error here."""
    return replace(finding, severity=Severity.ERROR) if finding.code == "C107" else finding


def _read(session: ReadingSession) -> CertificateTemplate | None:
    if TEMPLATE_FILE not in session.files:
        session.report_file(TEMPLATE_FILE, "C110", N_("The template has no template.yaml."))
        return None
    text = decode(session, TEMPLATE_FILE, MAXIMUM_BYTES)
    table = None if text is None else root_table(session, TEMPLATE_FILE, text.words)
    if table is None:
        return None
    session.languages = _languages(table)
    table.language = session.first_language
    template = _template(table)
    table.close()
    return template


def _languages(table: MappingCursor) -> tuple[str, ...]:
    """Return the languages of a template: those of its title."""
    entry = table.node.entries.get("title")
    written = tuple(entry.value.entries) if entry is not None and isinstance(entry.value, YamlMapping) else ()
    return written or ("es",)


def _template(table: MappingCursor) -> CertificateTemplate:
    if table.value("format", scalars.whole(1), required=True) not in (FORMAT, None):
        table.report("C115", N_("This program reads templates of format 1."), at="format")
    key = table.value("key", scalars.key, required=True) or ""
    institution = table.value("institution", scalars.key, "")
    title = table.text("title", MarkupLevel.PLAIN, required=True)
    page = _page(table)
    listed = table.get("elements", required=True)
    values = list(listed.items()) if listed is not None else []
    if len(values) > MOST_ELEMENTS:
        table.report("C105", N_("The template has more than %(most)s elements."), at="elements", most=MOST_ELEMENTS)
    tables = [inner for value in values[:MOST_ELEMENTS] if (inner := value.table()) is not None]
    read = [(inner, element) for inner in tables if (element := _element(inner)) is not None]
    template = CertificateTemplate(key, title, page, tuple(element for _inner, element in read), institution)
    check_template(table, template, [inner for inner, _element in read])
    return template


def _page(table: MappingCursor) -> PageFormat:
    inner = table.inner("page")
    if inner is None:
        return PageFormat()
    table.flows.add("page")
    paper = inner.value("size", word_of(PageSize), PageSize.A4)
    orientation = inner.value("orientation", word_of(PageOrientation), PageOrientation.LANDSCAPE)
    return PageFormat(paper, orientation, inner.value("margin", length, 12.0))


def _element(table: MappingCursor) -> TemplateElement | None:
    kind = table.get("kind", required=True)
    if kind is None:
        return None
    name = kind.as_text()
    read = _KINDS.get(name)
    if read is None:
        kind.read(_kind)
        table.asked |= dict.fromkeys(table.node.entries)
        return None
    return replace(read(table), hidden=table.flag("hidden", False))


def _kind(text: str) -> str:
    """Refuse a kind of element that there is not, with the nearest one."""
    nearest = scalars.nearest_of(text, tuple(_KINDS))
    raise scalars.RefusedError(
        "C112", N_("“%(text)s” is not known here."), N_("The closest is “%(nearest)s”. Known are: %(known)s."),
        text=text, nearest=nearest, known=", ".join(_KINDS),
    )  # fmt: skip


def _text(table: MappingCursor) -> TextElement:
    role = table.value("role", word_of(ElementRole), ElementRole.P)
    text = template_text(table)
    x, y = point(table)
    width = table.value("width", size, required=True) or 1.0
    leading = table.value("leading", size, 1.2)
    return TextElement(
        text=text,
        x=x,
        y=y,
        width=width,
        role=role,
        font=table.value("font", word_of(FontName), FontName.TEXT),
        colour=coloured(table, "ink"),
        align=table.value("align", word_of(TextAlignment), TextAlignment.LEFT),
        label=_label(table),
        run_on=table.flag("run_on", False),
        leading=leading,
        fits=_fits(table),
    )


def _label(table: MappingCursor) -> TextLabel | None:
    inner = table.inner("label")
    if inner is None:
        return None
    return TextLabel(
        template_text(inner),
        inner.value("y", length, required=True) or 0.0,
        inner.value("size", size, required=True) or 1.0,
        inner.value("font", word_of(FontName), FontName.TEXT),
        coloured(inner, "ink2"),
    )


def _fits(table: MappingCursor) -> tuple[TextFit, ...]:
    """Return the ways to fit a text: those written in ``fits``, else one for each number of lines up to ``lines``."""
    if table.has("fits"):
        return tuple(_fit(inner) for inner in table.tables("fits")) or (TextFit(1, 1.0, 1.0),)
    largest, smallest = _sizes(table)
    space = table.value("spacing", spacing, 0.0)
    lines = table.value("lines", scalars.whole(1, MOST_LINES), 1)
    if lines == 1:
        return (TextFit(1, largest, smallest, None, space),)
    return tuple(TextFit(count, largest, smallest, 0.1, space) for count in range(1, lines + 1))


def _fit(table: MappingCursor) -> TextFit:
    largest, smallest = _sizes(table)
    step = table.value("step", size, 0.1)
    space = table.value("spacing", spacing, 0.0)
    listed = table.get("baselines", required=True)
    baselines = tuple(y for value in (listed.items() if listed else ()) if (y := value.read(length)) is not None)
    label = table.value("label", length)
    return TextFit(max(1, min(len(baselines), MOST_LINES)), largest, smallest, step, space, baselines, label)


def _sizes(table: MappingCursor) -> tuple[float, float]:
    """Return the largest and the smallest size of a text: one number, or two."""
    value = table.get("size", required=True)
    if value is None:
        return 1.0, 1.0
    if isinstance(value.node, YamlScalar):
        only = value.read(size) or 1.0
        return only, only
    read = numbers(table, "size", 2, size) or (1.0, 1.0)
    if read[0] < read[1]:
        value.report("C113", N_("The larger size comes first."))
    return max(read), min(read)


def _code(table: MappingCursor) -> CodeElement:
    x, y = point(table)
    width = table.value("width", size, required=True) or 1.0
    return CodeElement(x=x, y=y, width=width, size=table.value("size", size, 3.5), colour=coloured(table, "ink"))


def _qr(table: MappingCursor) -> QrElement:
    x, y = point(table)
    return QrElement(x=x, y=y, size=table.value("size", size, required=True) or 1.0, colour=coloured(table, "ink"))


def _facade(table: MappingCursor) -> FacadeElement:
    return FacadeElement(
        area=area(table),
        colour=coloured(table, "accent"),
        ground=coloured(table, "brand", "ground"),
        floor=coloured(table, "white", "floor"),
    )


def _signatories(table: MappingCursor) -> SignatoriesElement:
    return SignatoriesElement(
        area=area(table),
        most=table.value("most", scalars.whole(1, MOST_SIGNATORIES), 2),
        least=table.value("least", scalars.whole(1, MOST_SIGNATORIES)),
        colour=coloured(table, "ink"),
        colour2=coloured(table, "ink2", "colour2"),
        line=coloured(table, "#75838b", "line"),
    )


def _image(table: MappingCursor) -> ImageElement:
    value = table.get("file", required=True)
    name = (value.read(scalars.word) if value is not None else None) or ""
    if value is not None and not name.lower().endswith(PICTURES):
        value.report("C222", N_("Pictures of templates are PNG or JPEG."), name=name)
    elif value is not None and name not in table.session.files:
        value.report("C222", N_("The picture “%(name)s” is missing."), N_("Upload it to this template."), name=name)
    box = area(table)
    decorative = table.flag("decorative", False)
    alternative = template_text(table, "alt", required=not decorative)
    return ImageElement(file=name, area=box, alt={} if decorative else alternative)


def _logo(table: MappingCursor) -> LogoElement:
    return LogoElement(area=area(table))


def _sign(table: MappingCursor) -> SignElement:
    return SignElement(area=area(table), colour=coloured(table, "white"), accent=coloured(table, "accent", "accent"))


def _border(table: MappingCursor) -> BorderElement:
    inset = table.value("inset", length, required=True) or 0.0
    return BorderElement(inset=inset, width=table.value("width", size, 0.4), colour=coloured(table, "brand"))


def _box(table: MappingCursor) -> BoxElement:
    return BoxElement(area=area(table), colour=coloured(table, "brand"))


def _line(table: MappingCursor) -> LineElement:
    start, end = point(table, "from"), point(table, "to")
    return LineElement(start=start, end=end, width=table.value("width", size, 0.4), colour=coloured(table, "ink2"))


_KINDS: Mapping[str, Callable[[MappingCursor], TemplateElement]] = {
    "text": _text,
    "facade": _facade,
    "signatories": _signatories,
    "qr": _qr,
    "code": _code,
    "image": _image,
    "logo": _logo,
    "sign": _sign,
    "border": _border,
    "box": _box,
    "line": _line,
}
ELEMENT_KINDS: Sequence[str] = tuple(_KINDS)
