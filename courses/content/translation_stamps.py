"""Stamps of lessons: what a translation was last brought up to date with (spec/content-format 4.4)."""

import hashlib
import re
import unicodedata
from pathlib import Path

from kernel import yaml_tree
from kernel.errors import N_, Invalid
from kernel.yaml_tree import YamlMapping, YamlScalar

LENGTH = 12
FENCE = "---"
_TWIN = re.compile(r"(.+)\.[a-z]{2}\.md\Z")
_LINE = re.compile(r"translated_from:.*")
_STAMP = re.compile(rf"[0-9a-f]{{{LENGTH}}}")


def stamp(title: str, summary: str, body: str) -> str:
    """Return the stamp of a source text: the first 12 hexadecimal digits of SHA-256 over its normal form."""
    text = "\n".join((_normal(title), _normal(summary), _normal(body)))
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]


def _normal(text: str) -> str:
    """Return NFC with LF, line ends stripped and blank lines at both ends dropped."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def split(text: str) -> tuple[list[str], str] | None:
    """Return the lines of a lesson's front matter and its body, None where it has no front matter."""
    lines = text.split("\n")
    end = next((number for number, line in enumerate(lines[1:], start=1) if line.rstrip() == FENCE), 0)
    if lines[0].rstrip() != FENCE or not end:
        return None
    return lines[1:end], "\n".join(lines[end + 1 :])


def stamp_of(text: str, language: str) -> str:
    """Return the stamp of a lesson's whole file; '' where it has no front matter that can be read."""
    parts = split(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    root = yaml_tree.parse("\n".join(parts[0]) + "\n").root if parts else None
    if parts is None or not isinstance(root, YamlMapping):
        return ""
    return stamp(_field(root, "title", language), _field(root, "summary", language), parts[1])


def _field(root: YamlMapping, name: str, language: str) -> str:
    value = root.entries[name].value if name in root.entries else None
    if isinstance(value, YamlMapping):
        value = value.entries[language].value if language in value.entries else None
    return value.text.strip("\n") if isinstance(value, YamlScalar) else ""


def is_stamp(text: str) -> bool:
    """Say whether a text may be a stamp."""
    return _STAMP.fullmatch(text) is not None


def with_stamp(text: str, stamp: str) -> str:
    """Return a translated lesson with this stamp in its front matter; everything else stays as it is."""
    parts = split(text)
    if parts is None:
        raise Invalid(N_("The file has no front matter."))
    fields, body = parts
    line = f"translated_from: {stamp}"
    places = [number for number, field in enumerate(fields) if _LINE.match(field)]
    if places:
        fields[places[0]] = line
    else:
        fields.append(line)
    return "\n".join((FENCE, *fields, FENCE, body))


def write_stamp(file: Path) -> str:
    """Write the stamp of the source lesson into a translated file and return it; raises Invalid where there is no source.

    The course's own language is the one of the neighbouring file that names no `translated_from`.
    """
    match = _TWIN.match(file.name)
    for source in sorted(file.parent.glob(f"{match[1]}.??.md")) if match else ():
        text = source.read_text(encoding="utf-8")
        parts = split(text)
        if source != file and parts and not any(_LINE.match(line) for line in parts[0]):
            present = stamp_of(text, source.name.split(".")[-2])
            file.write_text(with_stamp(file.read_text(encoding="utf-8"), present), encoding="utf-8")
            return present
    raise Invalid(N_("There is no lesson in the course's main language next to this file."))
