"""The files of a template: read, checked for required elements and where they stand, their elements listed and edited in the text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType

from certificates.layout.template import (
    Area,
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
    area,
    coloured,
    length,
    numbers,
    point,
    size,
    spacing,
    template_text,
    word_of,
)
from courses.content import scalars
from courses.content.editing import (
    Written,
    add_alike,
    list_entries,
    read_fields,
    replace_entry,
    with_entry_moved,
    without_entries,
    write_field,
)
from courses.content.mapping_cursor import MappingCursor, MarkupLevel, ReadingSession
from courses.content.model import Finding, Severity
from courses.content.source import decode, root_table
from kernel.errors import N_
from kernel.yaml_tree import YamlMapping, YamlScalar

LEAST_QR, LEAST_CODE = 20.0, 3.0
"""Millimetres at which telephones and people still read them."""
QUIET = 4
"""Modules of white around a QR code; it has at least 25 a side."""
FEWEST_MODULES = 25


def check_template(table: MappingCursor, template: CertificateTemplate, tables: Sequence[MappingCursor]) -> None:
    """Report what is required and missing or twice, too small, or outside the page or its margin."""
    shown = [(inner, element) for inner, element in zip(tables, template.elements, strict=True) if not element.hidden]
    codes = [(inner, element) for inner, element in shown if isinstance(element, CodeElement)]
    squares = [(inner, element) for inner, element in shown if isinstance(element, QrElement)]
    _check_only_one(table, "code", [inner for inner, _one in codes])
    _check_only_one(table, "qr", [inner for inner, _one in squares])
    for inner, code in codes:
        if code.size < LEAST_CODE:
            inner.report("C221", N_("The code has to be at least %(least)s mm high."), at="size", least=f"{LEAST_CODE:g}")
    for inner, square in squares:
        if square.size < LEAST_QR:
            inner.report("C221", N_("The QR code has to be at least %(least)s mm wide."), at="size", least=f"{LEAST_QR:g}")
        _check_quiet(inner, square, shown)
    for inner, element in shown:
        _check_place(inner, element, template.page)


def _check_only_one(table: MappingCursor, kind: str, tables: Sequence[MappingCursor]) -> None:
    if not tables:
        fix = N_("Add “- {kind: %(kind)s, …}”. A certificate cannot be verified without it.")
        table.report("C221", N_("The template has no element “%(kind)s”."), fix, at="elements", kind=kind)
    for extra in tables[1:]:
        extra.report("C221", N_("The element “%(kind)s” is here a second time."), N_("Delete it."), kind=kind)


def _check_quiet(table: MappingCursor, square: QrElement, shown: Sequence[tuple[MappingCursor, TemplateElement]]) -> None:
    """Report what stands in the white around a QR code."""
    white = QUIET * square.size / (FEWEST_MODULES + 2 * QUIET)
    zone = Area(square.x - white, square.y - white, square.size + 2 * white, square.size + 2 * white)
    for _inner, other in shown:
        taken = None if other is square or is_ground(other) else area_of(other)
        if taken is not None and _touch(zone, taken):
            table.report(
                "C221", N_("Something is inside the white area that the QR code needs around it."), N_("Leave 4 mm free on each side.")
            )
            return


def _touch(area: Area, other: Area) -> bool:
    beside = area.x + area.width <= other.x or other.x + other.width <= area.x
    return not beside and not (area.y + area.height <= other.y or other.y + other.height <= area.y)


def _check_place(table: MappingCursor, element: TemplateElement, page: PageFormat) -> None:
    taken = area_of(element)
    if taken is None:
        return
    if taken.x + taken.width > page.width + 0.01 or taken.y + taken.height > page.height + 0.01 or taken.y < -0.01:
        table.report(
            "C224",
            N_("This lies outside the page, which is %(width)s × %(height)s mm."),
            width=f"{page.width:g}",
            height=f"{page.height:g}",
        )
    elif not is_ground(element) and not _inside(taken, page):
        fix = N_("Move it, make it smaller, or set another margin of the page.")
        table.report("C224", N_("This is inside the margin of %(margin)s mm."), fix, margin=f"{page.margin:g}")


def _inside(taken: Area, page: PageFormat) -> bool:
    left, top = taken.x >= page.margin - 0.01, taken.y >= page.margin - 0.01
    right, bottom = taken.x + taken.width <= page.width - page.margin + 0.01, taken.y + taken.height <= page.height - page.margin + 0.01
    return left and top and right and bottom


def is_ground(element: TemplateElement) -> bool:
    """Return whether an element is decoration, which may cross the margin and lie below others."""
    decorative = isinstance(element, ImageElement) and not element.alt
    return decorative or isinstance(element, (BoxElement, BorderElement, LineElement, SignElement))


def area_of(element: TemplateElement) -> Area | None:
    """Return the rectangle that an element takes at most; None where it has none of its own."""
    if isinstance(element, TextElement):
        return _area_of_text(element)
    if isinstance(element, CodeElement):
        return Area(element.x, element.y - element.size, element.width, element.size)
    if isinstance(element, QrElement):
        return Area(element.x, element.y, element.size, element.size)
    if isinstance(element, LineElement):
        (x1, y1), (x2, y2) = element.start, element.end
        return Area(min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1))
    return getattr(element, "area", None)


def _area_of_text(element: TextElement) -> Area:
    """Return the rectangle of a text on its baselines, with the letters above the first of them."""
    largest = max(element.fits, key=lambda fit: fit.lines)
    baselines = largest.baselines or tuple(element.y + line * element.leading * largest.largest for line in range(largest.lines))
    top = min(baselines, default=element.y) - largest.largest * 0.75
    return Area(element.x, top, element.width, max(baselines, default=element.y) - top)


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
    decoded = decode(session, TEMPLATE_FILE, MAXIMUM_BYTES)
    table = None if decoded is None else root_table(session, TEMPLATE_FILE, decoded[0])
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
    return TextFit(max(1, min(len(baselines), MOST_LINES)), largest, smallest, step=step, spacing=space, baselines=baselines, label=label)


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


FACADE = "facade"
"""The sheet of the product: a window for each module."""
NEWEST = 6
INSTITUTION_DEFAULT = "constancia"
"""The name by which courses ask for the template that their institution uses; what was issued by it before 0.3 was version 1 of ours."""
_FOLDER = Path(__file__).parent.parent / "templates"
_ANY_DAY = date(2026, 1, 1)


def facade_files(version: int = NEWEST) -> dict[str, bytes]:
    """Return the files of a version of the sheet of the product."""
    return {path.name: path.read_bytes() for path in sorted((_FOLDER / f"{FACADE}-{version}").iterdir())}


@cache
def facade(version: int = NEWEST) -> CertificateTemplate:
    """Return a version of the sheet of the product."""
    result = read_template(facade_files(version), today=_ANY_DAY)
    assert result.template is not None, [f"{TEMPLATE_FILE}:{finding.line}: {finding.message}" for finding in result.findings]
    return result.template


def find_built_in(key: str, version: int) -> CertificateTemplate | None:
    """Return the built-in template by which a certificate was issued; None where an institution made it."""
    return facade(version) if key in (FACADE, INSTITUTION_DEFAULT) else None


ELEMENTS = "elements"
ORDER = (
    *("kind", "hidden", "role", "text", "label", "file", "alt", "decorative", "at", "from", "to", "inset", "width", "font", "size"),
    *("lines", "leading", "align", "spacing", "run_on", "fits", "most", "colour", "colour2", "ground", "floor", "accent", "line"),
)
"""The order in which a new field is written."""
NEW_ELEMENTS: Mapping[str, str] = {
    "text": "kind: text\ntext: '{course.title}'\nat: [98, 60]\nwidth: 100\nsize: [5, 3]\n",
    "facade": "kind: facade\nat: [11, 36]\nsize: [56, 156]\n",
    "signatories": "kind: signatories\nat: [98, 149]\nsize: [120, 30]\nmost: 2\n",
    "qr": "kind: qr\nat: [234, 142]\nsize: 36\n",
    "code": "kind: code\nat: [234, 193]\nwidth: 36\nsize: 3\n",
    "image": "kind: image\nfile: imagen.png\nat: [20, 20]\nsize: [40, 20]\ndecorative: true\n",
    "logo": "kind: logo\nat: [230, 15]\nsize: [50, 20]\n",
    "sign": "kind: sign\nat: [20, 20]\nsize: [10, 10]\n",
    "border": "kind: border\ninset: 8\n",
    "box": "kind: box\nat: [20, 20]\nsize: [40, 20]\ncolour: brand\n",
    "line": "kind: line\nfrom: [20, 60]\nto: [120, 60]\n",
}
assert set(NEW_ELEMENTS) == set(ELEMENT_KINDS)


@dataclass(frozen=True, slots=True)
class ElementSummary:
    """An element as a list shows it; `at` and `size` as they are written, numbers with a comma between."""

    place: int
    kind: str
    texts: Mapping[str, str]
    """What a text says, by language; under an empty key where it is the same in each."""
    file: str
    at: str
    size: str
    hidden: bool

    @property
    def name(self) -> str:
        """Return the first line of what it says, or its file."""
        return next(iter(self.texts.values()), self.file).split("\n")[0]


def list_elements(text: str) -> tuple[ElementSummary, ...]:
    """Return the elements of a template's text; raise EditRefused where lines cannot separate them."""
    return tuple(_summary(index, read_fields(entry.text)) for index, entry in enumerate(list_entries(text, ELEMENTS)))


def _summary(index: int, fields: Mapping[str, Written]) -> ElementSummary:
    content, file = fields.get("text"), fields.get("file")
    texts = content if isinstance(content, Mapping) else {"": content}
    at = fields.get("at") or fields.get("from") or ""
    return ElementSummary(
        index,
        str(fields.get("kind") or ""),
        {language: text for language, text in texts.items() if isinstance(text, str)},
        file=file if isinstance(file, str) else "",
        at=_listed(at),
        size=_listed(fields.get("size") or ""),
        hidden=fields.get("hidden") == "true",
    )


def _listed(value: Written) -> str:
    return ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)


def with_titles(text: str, titles: Mapping[str, str]) -> str:
    """Return the text of a template with another title, by language."""
    return write_field(text, "title", dict(titles), ("format", "key", "title"), flow=True)


def list_titles(text: str) -> dict[str, str]:
    """Return the title that a template's text has, by language; raise EditRefused where lines cannot tell it."""
    title = read_fields(text).get("title")
    return {language: words for language, words in title.items() if isinstance(words, str)} if isinstance(title, dict) else {}


def with_element_added(text: str, kind: str) -> str:
    """Return the text with another element at the end."""
    return add_alike(text, ELEMENTS, NEW_ELEMENTS[kind])


def with_element_copied(text: str, index: int) -> str:
    """Return the text with a copy of an element right after it."""
    entries = list_entries(text, ELEMENTS)
    after = add_alike(text, ELEMENTS, entries[index].text)
    return with_entry_moved(after, ELEMENTS, len(entries), index + 1)


def with_element_moved(text: str, index: int, to: int) -> str:
    """Return the text with an element at another place of the list; beyond its ends nothing moves."""
    count = len(list_entries(text, ELEMENTS))
    return with_entry_moved(text, ELEMENTS, index, min(max(to, 0), count - 1))


def without_element(text: str, index: int) -> str:
    """Return the text without an element."""
    return without_entries(text, ELEMENTS, [index])


def with_element_hidden(text: str, index: int, *, hidden: bool) -> str:
    """Return the text with an element hidden, or shown again."""
    return _with_fields(text, index, {"hidden": "true" if hidden else None})


def with_element_placed(
    text: str, index: int, at: Sequence[str] = (), size: Sequence[str] = (), texts: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Return the text with an element at another place, of another size, or saying something else, by language; the rest stays."""
    fields: dict[str, Written] = {}
    entry = read_fields(list_entries(text, ELEMENTS)[index].text)
    if at:
        fields["at" if "at" in entry else "from"] = list(at)
    if size:
        fields["size"] = list(size) if len(size) > 1 else size[0]
    content = entry.get("text")
    if texts:
        fields["text"] = {**content, **texts} if isinstance(content, dict) else texts[""]
    return _with_fields(text, index, fields)


def _with_fields(text: str, index: int, fields: Mapping[str, Written]) -> str:
    entry = list_entries(text, ELEMENTS)[index].text
    for name, value in fields.items():
        if read_fields(entry).get(name) != value:
            entry = write_field(entry, name, value, ORDER, flow=True)
    return replace_entry(text, ELEMENTS, index, entry)
