"""Badges baked into pictures: one text chunk of a PNG, one element of an SVG (spec/certificates B7)."""

import re
import struct
import zlib
from collections.abc import Iterator

from certificates.rules.profiles import NotOurProfile
from certificates.rules.strict_json import MOST_BYTES, UnreadableDocument

PNG_MARK = b"\x89PNG\r\n\x1a\n"
KEYWORD = b"openbadgecredential"
NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"
_ELEMENT = re.compile(r"<openbadges:credential\b[^>]*?(?:/>|>(.*?)</openbadges:credential\s*>)", re.DOTALL)
_ROOT = re.compile(r"<svg\b[^>]*>")
_ACTIVE = re.compile(
    r"<!DOCTYPE|<!ENTITY|<script\b|<foreignObject\b|\son\w+\s*=|(?:href|src)\s*=\s*[\"'](?!#)|url\(\s*[\"']?(?!#|[\"'])|@import",
    re.IGNORECASE,
)
"""Doctypes, entities, scripts, and references to anything outside the picture."""
_CDATA = re.compile(r"\s*<!\[CDATA\[(.*?)\]\]>\s*", re.DOTALL)


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of each part of a PNG; raise UnreadableDocument where it is damaged or goes on after its end."""
    offset, kind = len(PNG_MARK), b""
    if not picture.startswith(PNG_MARK):
        raise UnreadableDocument
    while kind != b"IEND":
        head = picture[offset : offset + 8]
        if len(head) < 8:
            raise UnreadableDocument
        length, kind = struct.unpack(">I4s", head)
        body, check = picture[offset + 8 : offset + 8 + length], picture[offset + 8 + length : offset + 12 + length]
        if check != struct.pack(">I", zlib.crc32(kind + body)):
            raise UnreadableDocument
        yield kind, body
        offset += 12 + length
    if offset != len(picture):
        raise UnreadableDocument


def _is_badge(kind: bytes, body: bytes) -> bool:
    return kind in (b"iTXt", b"tEXt", b"zTXt") and body.startswith(KEYWORD + b"\0")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body))


def baked_png(picture: bytes, badge: bytes) -> bytes:
    """Return a PNG that holds a badge, in place of one that it may hold already; raise UnreadableDocument for what is no PNG."""
    parts = [_chunk(kind, body) for kind, body in _chunks(picture) if not _is_badge(kind, body)]
    parts.insert(-1, _chunk(b"iTXt", KEYWORD + b"\0\0\0\0\0" + badge))
    return PNG_MARK + b"".join(parts)


def png_badge(picture: bytes) -> bytes:
    """Return the badge of a PNG; raise UnreadableDocument where it holds none, NotOurProfile where it holds several."""
    badges = [(kind, body) for kind, body in _chunks(picture) if _is_badge(kind, body)]
    if not badges:
        raise UnreadableDocument
    kind, body = badges[0]
    if len(badges) > 1 or kind != b"iTXt":
        raise NotOurProfile
    flags, rest = body[len(KEYWORD) + 1 : len(KEYWORD) + 3], body[len(KEYWORD) + 3 :]
    _language, _, rest = rest.partition(b"\0")
    _translated, separator, text = rest.partition(b"\0")
    if not separator:
        raise UnreadableDocument
    return _unpacked(text) if flags[:1] == b"\1" else text


def _unpacked(text: bytes) -> bytes:
    reader = zlib.decompressobj()
    try:
        content = reader.decompress(text, MOST_BYTES)
    except zlib.error:
        raise UnreadableDocument from None
    if not reader.eof:
        raise UnreadableDocument  # cut off, or larger than any badge
    return content


def baked_svg(picture: str, badge: str) -> str:
    """Return an SVG that holds a badge as JSON, in place of one that it may hold already; raise UnreadableDocument for no SVG."""
    plain = _ELEMENT.sub("", picture)
    root = _ROOT.search(plain)
    if root is None:
        raise UnreadableDocument
    inside = badge.replace("]]>", "]]\\u003e")  # the same JSON, and no end of the section
    element = f'<openbadges:credential xmlns:openbadges="{NAMESPACE}"><![CDATA[{inside}]]></openbadges:credential>'
    return plain[: root.end()] + element + plain[root.end() :]


def svg_badge(picture: str) -> str:
    """Return the badge of an SVG; raise UnreadableDocument where it holds none, NotOurProfile for several or an active picture."""
    badges = list(_ELEMENT.finditer(picture))
    if not badges:
        raise UnreadableDocument
    section = _CDATA.fullmatch(badges[0][1] or "")
    if len(badges) > 1 or section is None or _ACTIVE.search(_ELEMENT.sub("", picture)):
        raise NotOurProfile
    return section[1]
