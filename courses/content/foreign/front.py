"""Front matter of other tools: YAML between ---, TOML between +++."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field

from courses.content.foreign.model import ForeignRemarkCollector, RemarkKind
from kernel import yaml_tree
from kernel.errors import N_
from kernel.yaml_tree import YamlMapping, YamlNode, YamlScalar, YamlSequence

TITLE = ("title", "linkTitle", "sidebar_label")
SUMMARY = ("description", "summary", "abstract")
AUTHORS = ("author", "authors")
BOXES_BEFORE = ("questions", "objectives")
BOXES_AFTER = ("keypoints",)
"""Lists that stand in boxes: before the text, and after it, as where they come from."""
_UNSEEN = ("lang", "language", "layout", "slug", "id", "permalink", "order", "weight", "nav_order", "sidebar_position")
"""Fields that say nothing to a learner, or that the order of the files says already."""


@dataclass(frozen=True, slots=True)
class ForeignFrontMatter:
    """The front matter of a foreign lesson as far as we use it, and the line on which the text begins."""

    title: str = ""
    summary: str = ""
    authors: tuple[str, ...] = ()
    is_draft: bool = False
    order: float | None = None
    first_line: int = 1
    boxes: Mapping[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    """The lists of BOXES_BEFORE and BOXES_AFTER: each item with its line."""


def read_front(lines: list[str], collector: ForeignRemarkCollector) -> ForeignFrontMatter:
    """Return the front matter of a text; fields without an equivalent here are reported by name and line."""
    fence = lines[0].strip() if lines else ""
    if fence not in ("---", "+++"):
        return ForeignFrontMatter()
    end = next((at for at, line in enumerate(lines[1:], start=1) if line.strip() in (fence, "..." if fence == "---" else fence)), None)
    if end is None:
        return ForeignFrontMatter()
    fields = _yaml(lines[1:end], collector) if fence == "---" else _toml(lines[1:end], collector)
    if fields is None:
        return (
            ForeignFrontMatter()
            if fence == "---" and end > 1 and ":" not in "".join(lines[1:end])
            else ForeignFrontMatter(first_line=end + 2)
        )
    for name, (line, items) in fields.items():
        if name not in (*TITLE, *SUMMARY, *AUTHORS, *_UNSEEN, "draft") and not (name in (*BOXES_BEFORE, *BOXES_AFTER) and items):
            collector.add(RemarkKind.FIELD, line, N_("The field “%(name)s” has no equivalent in lessons here."), name=name)
    return ForeignFrontMatter(
        _first(fields, TITLE),
        _first(fields, SUMMARY),
        tuple(", ".join(text for _line, text in fields[name][1]) for name in AUTHORS if name in fields),
        _first(fields, ("draft",)).lower() == "true",
        _number(_first(fields, ("order", "weight", "nav_order", "sidebar_position"))),
        end + 2,
        {name: fields[name][1] for name in (*BOXES_BEFORE, *BOXES_AFTER) if name in fields},
    )


Fields = Mapping[str, tuple[int, tuple[tuple[int, str], ...]]]
"""By name the line of a field's value, and its texts with theirs."""


def _first(fields: Fields, names: tuple[str, ...]) -> str:
    return next((" ".join(fields[name][1][0][1].split()) for name in names if name in fields and fields[name][1]), "")


def _number(text: str) -> float | None:
    return float(text) if text.replace(".", "", 1).isdigit() and text.isascii() else None


def _yaml(lines: list[str], collector: ForeignRemarkCollector) -> Fields | None:
    parsed = yaml_tree.parse("\n" + "\n".join(lines) + "\n")
    if not isinstance(parsed.root, YamlMapping):
        if parsed.troubles:
            collector.add(RemarkKind.FIELD, parsed.troubles[0].line, N_("The front matter cannot be read as YAML."))
        return None
    return {name: (entry.value.line, _texts(entry.value)) for name, entry in parsed.root.entries.items()}


def _texts(value: YamlNode) -> tuple[tuple[int, str], ...]:
    if isinstance(value, YamlScalar):
        return ((value.line, value.text),) if value.text else ()
    if not isinstance(value, YamlSequence):
        return ()
    return tuple((item.line, text) for item in value.items if (text := _item_text(item)))


def _item_text(item: YamlNode) -> str:
    """Return an item of a list as text; one with a colon and no quotation marks is a field to YAML, and words to its author."""
    if isinstance(item, YamlMapping):
        return ", ".join(f"{name}: {entry.value.text}" for name, entry in item.entries.items() if isinstance(entry.value, YamlScalar))
    return item.text if isinstance(item, YamlScalar) else ""


def _toml(lines: list[str], collector: ForeignRemarkCollector) -> Fields | None:
    try:
        values = tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError:
        collector.add(RemarkKind.FIELD, 1, N_("The front matter cannot be read as TOML."))
        return None
    places = {line.partition("=")[0].strip(): at for at, line in enumerate(lines, start=2)}
    return {name: (line := places.get(name, 1), tuple((line, text) for text in _plain(value))) for name, value in values.items()}


def _plain(value: object) -> tuple[str, ...]:
    if isinstance(value, bool):
        return (str(value).lower(),)
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)
