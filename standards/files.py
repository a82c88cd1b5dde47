"""Files of questions: texts decoded, archives judged, media taken along, pictures in texts, and HTML as Markdown."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from html import escape, unescape
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote
from zipfile import ZipFile

from courses.content.mapping_cursor import slug
from kernel import archives, tables
from kernel.archives import ArchiveRefused
from kernel.errors import N_
from kernel.filetypes import KINDS, MAXIMUM_DOCUMENT, MAXIMUM_IMAGE
from kernel.markup.foreign import FORMULAS, Converter, HtmlElement, put_formulas, show_formulas, simplified, take_tex
from kernel.markup.sanitise import sanitise
from kernel.tables import DecodedText
from questions.rules.definitions import TextShape
from standards.model import FileRefused, NotTranslatable, RemarkSeverity, TransferRemarkCollector
from standards.texts import escape_markdown, from_plain, one_line
from standards.xml import judge


def decode(content: bytes, remarks: TransferRemarkCollector) -> DecodedText:
    """Return the text of a file, telling where its encoding is a guess; raise FileRefused where it is no text.

    A guessed encoding is reported in the remarks.
    """
    try:
        decoded = tables.decode(content)
    except tables.Undecodable as refused:
        raise FileRefused(refused.text, code=None, **refused.facts) from refused
    remark_guessed_encoding(decoded.encoding_guessed_from, remarks)
    return decoded


def remark_guessed_encoding(line: int | None, remarks: TransferRemarkCollector) -> None:
    """Note from which line on the encoding of a file is a guess, where it is."""
    if line is not None:
        remarks.note(
            N_("The file was read as Windows-1252."),
            N_("It is not UTF-8 from line %(at)s onwards. Check the accented letters."),
            line=line,
            at=line,
        )


_BEFORE_XML = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"


def read_archive(content: bytes, *suffixes: str) -> Mapping[str, bytes]:
    """Return the files of an archive with one of these endings (lower case; none for all), path -> bytes; raises FileRefused."""
    try:
        return archives.read_archive(content, *suffixes)
    except ArchiveRefused as refused:
        facts: dict[str, Any] = dict(refused.facts)
        raise FileRefused(refused.text, **facts) from refused


def names_in(content: bytes) -> list[str]:
    """Return the paths of all files of an archive that `read_archive` has read."""
    with ZipFile(BytesIO(content)) as archive:
        return [entry.filename for entry in archive.infolist() if not entry.is_dir()]


def judge_document(content: bytes) -> None:
    """Judge an archive that a library will read (a spreadsheet): its list, and each XML in it by any name; raises FileRefused."""
    for part in read_archive(content).values():
        if part[:1000].lstrip(_BEFORE_XML).startswith(b"<"):
            judge(part)


PREFIX = "traida-"
"""Begins the name of every file that came with an import."""
RASTER = ("png", "jpg", "gif", "webp")
AUDIO = ("mp3", "m4a", "ogg", "oga", "wav")
DOCUMENTS = ("pdf", "docx", "xlsx", "pptx", "odt", "ods", "odp", "txt", "csv")
SUFFIXES = tuple(f".{ending}" for ending in (*RASTER, "jpeg", *AUDIO, *DOCUMENTS))
"""Endings of the files that are looked at in a package."""
MOST = 40_000_000
"""Bytes of all files of one import."""
_HOSTS = ("@@PLUGINFILE@@/", "$IMS-CC-FILEBASE$/", "$IMS-CC-FILEBASE$", "%24IMS-CC-FILEBASE%24/")
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//|#", re.IGNORECASE)
_LINK = re.compile(r"<a\b([^<>]*)>", re.IGNORECASE)
_ADDRESS = re.compile(r"\b(?:src|data|href)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
_PLAYER = re.compile(r"<(audio|video|object|embed)\b[^<>]*>", re.IGNORECASE)
_MARKDOWN = re.compile(r"\]\(\s*<?@@PLUGINFILE@@/([^()<>\s]+)>?\s*\)")


def named(content: bytes, given: str) -> str:
    """Return the name of a file in media/, '' for what is no picture, audio or document within the limits (spec/security 4.3)."""
    kind = next((ending for ending in RASTER if KINDS[ending].fits(content)), "") if len(content) <= MAXIMUM_IMAGE else ""
    ending = PurePosixPath(given).suffix.lower().removeprefix(".")
    if not kind and ending in (*AUDIO, *DOCUMENTS) and 0 < len(content) <= MAXIMUM_DOCUMENT and KINDS[ending].fits(content):
        kind = ending
    if not kind:
        return ""
    digest = sha256(content).hexdigest()[:12]
    stem = slug(PurePosixPath(given).stem).removeprefix(PREFIX).removesuffix(digest)[:30].strip("-")
    return f"{PREFIX}{stem + '-' if stem else ''}{digest}.{kind}"


def address_in(attributes: str) -> str:
    """Return the address that the attributes of a tag name, '' for none."""
    match = _ADDRESS.search(attributes)
    return unescape(next((part for part in match.groups() if part), "")) if match else ""


def found_in(offered: Mapping[str, bytes], address: str) -> tuple[str, bytes] | None:
    """Return the file that an address in a text means, by its path or by the end of it."""
    requested = bare(address)
    if not requested:
        return None
    if requested in offered:
        return requested, offered[requested]
    return next(((path, content) for path, content in offered.items() if path.endswith(f"/{requested}")), None)


def bare(address: str) -> str:
    """Return the path that an address means inside what it came with."""
    path = unescape(address)
    for host in _HOSTS:
        path = path.removeprefix(host)
    return unquote(path.partition("?")[0]).lstrip("./")


def is_with(address: str) -> bool:
    """Return whether an address means a file that should be included, not one on another server."""
    return bool(address) and not _ELSEWHERE.match(address)


def import_file(address: str, remarks: TransferRemarkCollector) -> str:
    """Take the file that an address means into the media of the import and return its name there; '' where it is not taken."""
    entry = found_in(remarks.offered, address)
    name = named(entry[1], entry[0]) if entry is not None else ""
    if entry is None or not name:
        return ""
    size = sum(len(content) for known, content in remarks.media.items() if known != name)
    if size + len(entry[1]) > MOST:
        return ""
    remarks.media[name] = entry[1]
    remarks.taken.add(entry[0])
    return name


def needs(address: str, remarks: TransferRemarkCollector) -> bool:
    """Return whether a text is not whole without the file that an address means: of a source that carries its files."""
    return remarks.carries_files and is_with(address)


def refuse(address: str, remarks: TransferRemarkCollector) -> None:
    """Report a file that a text needs and that is not imported; the question is then a draft."""
    entry = found_in(remarks.offered, address)
    why = N_("It is not a picture, audio file or document, or it is too large.") if entry is not None else N_("It was not included.")
    remarks.loss(
        N_("The file “%(name)s”, which the question needs, is left out; the question is imported as a draft."), why, name=bare(address)[:80]
    )
    remarks.lacks_file = True


def with_links(source: str, remarks: TransferRemarkCollector) -> str:
    """Return HTML whose links and players of files that came along lead to media/; those of refused ones are words alone."""
    pieces, at = [], 0
    lower = source.lower()
    while match := _PLAYER.search(source, at):
        close = f"</{match[1].lower()}>"
        end = lower.find(close, match.end())
        whole = source[match.start() : end + len(close)] if end >= 0 else match[0]
        pieces += [source[at : match.start()], _player(whole, remarks)]
        at = match.start() + len(whole)
    return _LINK.sub(lambda match: _link(match, remarks), "".join([*pieces, source[at:]]))


def _player(tag: str, remarks: TransferRemarkCollector) -> str:
    """Return a link to the file that a player plays; the player as it is where that is not taken, so that it is reported."""
    address = address_in(tag)
    name = import_file(address, remarks) if is_with(address) else ""
    if not name and needs(address, remarks):
        refuse(address, remarks)
        return ""
    return f'<a href="media/{name}">{escape(PurePosixPath(bare(address)).name)}</a>' if name else tag


def _link(match: re.Match[str], remarks: TransferRemarkCollector) -> str:
    address = address_in(match[1])
    if address.startswith(f"media/{PREFIX}"):
        return match[0]
    name = import_file(address, remarks) if is_with(address) else ""
    if name:
        return f'<a href="media/{name}">'
    if not address.startswith(_HOSTS):
        return match[0]
    refuse(address, remarks)
    return "<a>"


def in_markdown(text: str, remarks: TransferRemarkCollector) -> str:
    """Return Markdown of Moodle whose files that came along lead to media/; of refused ones the address is taken out."""

    def replaced(match: re.Match[str]) -> str:
        name = import_file(match[1], remarks)
        if name:
            return f"](media/{name})"
        refuse(match[1], remarks)
        return "]"

    return _MARKDOWN.sub(replaced, text)


SIGN = "\ue001"
_TAG = re.compile(r"<img\b([^<>]*)>", re.IGNORECASE)
_ALTERNATIVE = re.compile(r"\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_PLACE = re.compile(f" *{SIGN}([0-9]+){SIGN} *")
_INSIDE = re.compile(r"\s*(?:[-*+>|]|[0-9]+[.)])\s?|\s{2,}")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that a text shows: its name in media/ and what the source says in its stead."""

    name: str
    alternative: str


def taken_out(source: str, remarks: TransferRemarkCollector) -> tuple[str, list[Picture]]:
    """Return HTML with a sign for each picture whose file was included, and those pictures; the others stay to be reported."""
    pictures: list[Picture] = []

    def replaced(match: re.Match[str]) -> str:
        picture = _imported_picture(match[1], remarks)
        if picture is None:
            return _left(match, remarks)
        pictures.append(picture)
        return f"{SIGN}{len(pictures) - 1}{SIGN}"

    return _TAG.sub(replaced, source.replace(SIGN, "")), pictures


def as_links(source: str, remarks: TransferRemarkCollector) -> str:
    """Return HTML of one line with a link in the place of each picture whose file came along: options show no figures."""

    def replaced(match: re.Match[str]) -> str:
        picture = _imported_picture(match[1], remarks)
        if picture is None:
            return _left(match, remarks)
        remarks.note(
            N_("The picture “%(name)s” in an option or feedback became a link."),
            N_("Only texts with paragraphs of their own can show pictures."),
            name=picture.name,
        )
        return f'<a href="media/{picture.name}">{escape(picture.alternative or PurePosixPath(bare(address_in(match[1]))).name)}</a>'

    return _TAG.sub(replaced, source)


def _left(match: re.Match[str], remarks: TransferRemarkCollector) -> str:
    """Return the tag of a picture that is not taken, to be reported; '' where the question needs it, which is reported at once."""
    address = address_in(match[1])
    if not needs(address, remarks):
        return match[0]
    refuse(address, remarks)
    return ""


def _imported_picture(attributes: str, remarks: TransferRemarkCollector) -> Picture | None:
    address, match = address_in(attributes), _ALTERNATIVE.search(attributes)
    name = import_file(address, remarks) if is_with(address) else ""
    if not name:
        return None
    return Picture(name, " ".join(unescape(match[1] or match[2] or "").split()) if match else "")


def put_back(markdown: str, pictures: list[Picture], remarks: TransferRemarkCollector) -> str:
    """Return a text with its pictures as figures of their own; those inside a list or table stand after it."""
    lines: list[str] = []
    waiting: list[Picture] = []
    for line in markdown.split("\n"):
        if _INSIDE.match(line):
            waiting += [pictures[int(match[1])] for match in _PLACE.finditer(line)]
            lines.append(_PLACE.sub("", line))
            continue
        if line:
            lines += _after(waiting, remarks)
            waiting = []
        lines.append(_PLACE.sub(lambda match: _figure(pictures[int(match[1])], remarks), line))
    lines += _after(waiting, remarks)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _after(waiting: list[Picture], remarks: TransferRemarkCollector) -> list[str]:
    for picture in waiting:
        remarks.note(N_("The picture “%(name)s” was inside a list or table and is placed after it."), name=picture.name)
    return [_figure(picture, remarks) for picture in waiting]


def _figure(picture: Picture, remarks: TransferRemarkCollector) -> str:
    alternative = re.sub(r"[\[\]\\]", "", picture.alternative)
    if not alternative:
        remarks.add(
            RemarkSeverity.TO_CORRECT,
            N_("The picture “%(name)s” has no description for people who cannot see it."),
            N_("Write what it shows between the brackets."),
            name=picture.name,
        )
    return f"\n\n![{alternative}](media/{picture.name})\n\n: {alternative or picture.name}\n\n"


MAXIMUM = 200_000
"""Characters of one text; ours have 20,000 at most."""
_TAGS = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)\b([^<>]*)>")
_IMAGE = re.compile(r"(?:src|data)\s*=\s*[\"']?(?:@@PLUGINFILE@@/|\$IMS-CC-FILEBASE\$/?)?([^\"'\s>]{1,80})", re.IGNORECASE)
_MEDIA = frozenset({"img", "audio", "video", "iframe", "object", "embed", "svg", "source"})
_ACTIVE = frozenset({"script", "style", "form", "input", "button", "textarea", "select", "link", "meta", "base"})
_BLOCKS = frozenset({"ul", "ol", "table", "pre", "blockquote"})
_DRAWN = re.compile(r"\b(?:style|color|bgcolor|face|class)\s*=", re.IGNORECASE)
_UNDRAWN = frozenset({"font", "center", "small", "big"})


class _Converter(Converter):
    """The library's converter, speaking the dialect of our questions' fields."""

    shape = TextShape.MARKDOWN

    def escape(self, text: str, parent_tags: Iterable[str]) -> str:
        """Escape what means something in our dialect."""
        return escape_markdown(text.replace("\u00a0", " "), self.shape)

    def convert_hN(self, n: int, el: HtmlElement, text: str, parent_tags: Iterable[str]) -> str:  # noqa: N802 - the name that the library calls
        """Write a heading as a paragraph in bold: fields of questions have no headings."""
        return f"\n\n**{one_line(text)}**\n\n" if text.strip() else ""

    def convert_pre(self, el: HtmlElement, text: str, parent_tags: Iterable[str]) -> str:
        """Write a block of code between fences that its own text does not close."""
        runs = [len(run) for run in re.findall(r"`+", text)]
        fence = "`" * max(3, *(length + 1 for length in runs), 3)
        return f"\n\n{fence}\n{text.strip(chr(10))}\n{fence}\n\n" if text.strip() else ""


def to_markdown(source: str, shape: TextShape, remarks: TransferRemarkCollector) -> str:
    """Return HTML as Markdown; an inline field becomes one line. Images, embeds, scripts and styles are reported as losses.

    Raises NotTranslatable for more than MAXIMUM characters and for elements nested too deep.
    """
    if len(source) > MAXIMUM:
        raise NotTranslatable(N_("A text has more than %(limit)s characters."), limit=MAXIMUM)
    pictures: list[Picture] = []
    source = with_links(show_formulas(source, blocks=shape is TextShape.MARKDOWN), remarks)
    if shape is TextShape.MARKDOWN:
        source, pictures = taken_out(source, remarks)
    else:
        source = as_links(source, remarks)
    _remark_losses(source, shape, remarks)
    try:
        converter = _Converter()
        converter.shape = shape
        source, formulas = simplified(source, partial(_leave_out, remarks), _MEDIA | _ACTIVE)
        bare = put_formulas(converter.convert(sanitise(source)), formulas)
    except RecursionError:
        raise NotTranslatable(N_("The HTML of a text is nested too deeply.")) from None
    if shape is TextShape.INLINE:
        return one_line(re.sub(r"(?m)^```+.*$", "", bare))
    lines = [line if line.endswith("  ") and line.strip() else line.rstrip() for line in bare.strip().split("\n")]
    return put_back(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip(), pictures, remarks)


def plain_to_markdown(text: str, shape: TextShape, remarks: TransferRemarkCollector) -> str:
    """Return plain words of an outside file as Markdown, formulas between the signs of Moodle or Canvas as formulas of ours."""
    bare, formulas = take_tex(text, partial(_leave_out, remarks))
    return put_formulas(from_plain(bare, shape), formulas)


_WIRIS = re.compile(r"«math\b.*?«/math»", re.DOTALL)
_WIRIS_SIGNS = str.maketrans({"«": "<", "»": ">", "¨": '"', "§": "&"})


def with_mathml(text: str) -> str:
    """Return a text with the formulas of MathType and WIRIS, which write other signs for those of MathML, as MathML."""
    return _WIRIS.sub(lambda formula: formula[0].translate(_WIRIS_SIGNS), text)


def with_own_formulas(markdown: str, remarks: TransferRemarkCollector) -> str:
    """Return Markdown of another tool whose formulas between the signs of Moodle or Canvas are formulas of ours."""
    return put_formulas(*take_tex(markdown, partial(_leave_out, remarks)))


LOST_FORMULAS = N_("Formulas that cannot be translated; their questions are imported as drafts")


def _leave_out(remarks: TransferRemarkCollector, kind: str, example: str) -> None:
    """Count what a text leaves out; without a formula of its own a question is a draft, as without a file."""
    remarks.leave_out(LOST_FORMULAS if kind == FORMULAS else kind, example)
    remarks.lacks_file = remarks.lacks_file or kind == FORMULAS


def is_like_html(text: str) -> bool:
    """Return whether a text without a declared format has tags or entities."""
    return bool(re.search(r"</?(?:p|br|b|i|em|strong|span|div|ul|ol|li|a|img|code|pre|sub|sup|h[1-6]|table)\b[^<>]*>", text, re.IGNORECASE))


def _remark_losses(source: str, shape: TextShape, remarks: TransferRemarkCollector) -> None:
    tags = [(match[1].lower(), match[2]) for match in _TAGS.finditer(source)]
    for tag, attributes in tags:
        if tag in _MEDIA:
            name = _IMAGE.search(attributes)
            remarks.loss(
                N_("%(tag)s “%(name)s” is left out."),
                N_("Put the file into media/ and refer to it in the text."),
                tag=tag,
                name=name[1] if name else "–",
            )
        elif tag in _ACTIVE:
            remarks.loss(N_("<%(tag)s> is left out."), N_("Texts cannot contain scripts, styles or form fields."), tag=tag)
    if any(tag in _UNDRAWN or _DRAWN.search(attributes) for tag, attributes in tags):
        remarks.loss(N_("Colours, sizes and other text formatting are left out."), N_("Texts follow the site's appearance."))
    if shape is TextShape.INLINE and any(tag in _BLOCKS for tag, _ in tags):
        remarks.loss(N_("A list, table or block of code became one line."), N_("Options and feedback are a single paragraph."))
