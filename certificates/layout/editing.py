"""Changes of a template's text, element by element: every other line stays the same to the character, comments included."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from certificates.layout.reading import ELEMENT_KINDS
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
    text: str
    at: str
    size: str
    hidden: bool


def list_elements(text: str) -> tuple[ElementSummary, ...]:
    """Return the elements of a template's text; raise EditRefused where lines cannot separate them."""
    return tuple(_summary(index, read_fields(entry.text)) for index, entry in enumerate(list_entries(text, ELEMENTS)))


def _summary(index: int, fields: Mapping[str, Written]) -> ElementSummary:
    content = fields.get("text") or fields.get("file") or ""
    if isinstance(content, Mapping):
        content = next((text for text in content.values() if isinstance(text, str)), "")
    at = fields.get("at") or fields.get("from") or ""
    return ElementSummary(
        index,
        str(fields.get("kind") or ""),
        content.split("\n")[0] if isinstance(content, str) else "",
        _listed(at),
        _listed(fields.get("size") or ""),
        fields.get("hidden") == "true",
    )


def _listed(value: Written) -> str:
    return ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)


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


def with_element_placed(text: str, index: int, at: Sequence[str], size: Sequence[str], content: str | None = None) -> str:
    """Return the text with an element at another place, of another size, and with other words; empty ones stay as they are."""
    fields: dict[str, Written] = {}
    entry = read_fields(list_entries(text, ELEMENTS)[index].text)
    if at:
        fields["at" if "at" in entry else "from"] = list(at)
    if size:
        fields["size"] = list(size) if len(size) > 1 else size[0]
    if content is not None and isinstance(entry.get("text"), str):
        fields["text"] = content
    return _with_fields(text, index, fields)


def _with_fields(text: str, index: int, fields: Mapping[str, Written]) -> str:
    entry = list_entries(text, ELEMENTS)[index].text
    for name, value in fields.items():
        if read_fields(entry).get(name) != value:
            entry = write_field(entry, name, value, ORDER, flow=True)
    return replace_entry(text, ELEMENTS, index, entry)
