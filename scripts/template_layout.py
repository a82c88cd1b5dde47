"""Break the wide lines of a template where the page that comes of it stays the same.

White space between inline elements is never made or lost: a break where none was carries a dash (`{{-`, `-%}`), and only beside a block
element a new line costs nothing. Lines that are short enough stay as they are written.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from typing import NamedTuple

WIDTH = 140
BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body br caption col colgroup datalist dd details dialog div dl dt fieldset figcaption figure "
        "footer form g h1 h2 h3 h4 h5 h6 head header hr html legend li link main meta nav ol optgroup option p path rect circle line "
        "polyline script text section summary svg table tbody td tfoot th thead title tr ul",
    )
)
"""Elements beside whose tags white space is not drawn."""
VOID = frozenset(re.findall(r"\w+", "br circle col hr image img input line link meta path polyline rect source track use wbr"))
PREFORMATTED = re.compile(r"<(pre|textarea|script)\b|<(\w+)(?=\s)[^<>]*?\bclass=\"[^\"]*\b(?:typed|pre|diff)\b")
"""Opens an element in which white space is drawn as it stands."""
SPACES_MEAN_NOTHING = frozenset({"class", "d", "style"})
OPENERS = frozenset({"block", "call", "filter", "for", "if", "macro", "set"})
MIDDLES = frozenset({"elif", "else"})
SPACE = re.compile(r"\s+")
TAG = re.compile(r"</?[a-zA-Z!]")
JINJA = re.compile(r"\{[{%#]")
CODE = re.compile(r"\s+|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|\w+|[-+]?[%}]\}|//|\*\*|[=!<>]=|.", re.DOTALL)
BREAKS_BEFORE = frozenset({"if", "else", "and", "or", "~", "+", "-", "*", "/", "|"})
CLOSING = {"(": ")", "[": "]", "{": "}"}


class Break(NamedTuple):
    """A place where a line may end: what stands there in one line, and what stands before and after the break of a line."""

    flat: str = ""
    before: str = ""
    after: str = ""
    always: bool = False


@dataclass(frozen=True, slots=True)
class Indent:
    """A part that is indented where lines break in it."""

    by: int
    doc: "Doc"


@dataclass(frozen=True, slots=True)
class Group:
    """A part that stands in one line if it fits."""

    doc: "Doc"


Doc = str | Break | Indent | Group | list["Doc"]
Waiting = list[tuple[int, bool, Doc]]


def _fits(room: int, waiting: Waiting, rest: Waiting) -> bool:
    """Return whether what waits fits into a line as far as the next break."""
    stack, below = list(waiting), len(rest)
    while room >= 0:
        if not stack:
            if not below:
                return True
            below -= 1
            stack.append(rest[below])
        indent, broken, doc = stack.pop()
        match doc:
            case str():
                room -= len(doc)
            case Break():
                if broken:
                    return room >= len(doc.before)
                room -= len(doc.flat)
            case Indent():
                stack.append((indent, broken, doc.doc))
            case Group():
                stack.append((indent, False, doc.doc))
            case _:
                stack.extend((indent, broken, part) for part in reversed(doc))
    return False


def _print(doc: Doc, indent: int) -> str:
    """Return a document with its lines broken, the first of which begins after its indentation."""
    out, column, stack = list[str](), indent, [(indent, True, doc)]
    while stack:
        indent, broken, doc = stack.pop()
        match doc:
            case str():
                out.append(doc)
                column += len(doc)
            case Break():
                if not broken or (not doc.always and _fits(WIDTH - column - len(doc.flat), [], stack)):
                    out.append(doc.flat)
                    column += len(doc.flat)
                else:
                    column = max(indent, 2 if doc.flat == " " and not doc.always else 0)
                    out.append(f"{doc.before}\n{' ' * column}{doc.after}")
                    column += len(doc.after)
            case Indent():
                stack.append((indent + doc.by, broken, doc.doc))
            case Group():
                stack.append((indent, not _fits(WIDTH - column, [(indent, False, doc.doc)], stack), doc.doc))
            case _:
                stack.extend((indent, broken, part) for part in reversed(doc))
    return "".join(out)


def _jinja_end(text: str, start: int) -> int:
    """Return where the delimiters that open at a position are closed."""
    if text.startswith("{#", start):
        return text.index("#}", start) + 2
    end, depth = "}}" if text.startswith("{{", start) else "%}", 0
    for token in CODE.finditer(text, start + 2):
        if not depth and token[0].endswith(end):
            return token.end()
        depth += (token[0] in CLOSING) - (token[0] in CLOSING.values()) - 2 * (token[0] == "}}")
    raise ValueError(text[start : start + 80])


def _tag_end(text: str, start: int) -> int:
    """Return where the tag that opens at a position ends, past what Jinja writes in it."""
    at = start + 1
    while text[at] != ">":
        at = _jinja_end(text, at) if JINJA.match(text, at) else _value_end(text, at + 1, text[at]) + 1 if text[at] in "\"'" else at + 1
    return at + 1


def _string(literal: str) -> Doc:
    """Return a string that may be broken after a space into literals side by side, which Jinja joins."""
    pieces = re.findall(r"\S*\s*", literal[1:-1])
    broken: list[Doc] = [literal[0]]
    for number, piece in enumerate(filter(None, pieces)):
        broken += [Break("", literal[0], literal[0]), piece] if number else [piece]
    return Group([*broken, literal[0]])


def _code(pieces: Iterator[str], end: str) -> list[Doc]:
    """Return an expression up to its end; it breaks after commas, and where that is not enough before operators."""
    items, item, space = list[Doc](), list[Doc](), ""
    for piece in pieces:
        if piece == end:
            break
        if piece.isspace():
            space = " "
            continue
        glue: Doc = Break(space) if piece == "|" or (space and piece in BREAKS_BEFORE) else space
        item += [glue] if item else []
        space = ""
        if piece in CLOSING:
            item.append(Group([piece, Indent(2, _code(pieces, CLOSING[piece])), CLOSING[piece]]))
        else:
            item.append(_string(piece) if piece[0] in "\"'" else piece)
        if piece == "," and end:
            items += [Group(item), Break(" ")]
            item = []
    return [*items, Group(item)]


@dataclass(slots=True)
class Leaf:
    """A word, a tag, or what stands between delimiters of Jinja."""

    kind: str
    name: str
    opening: str
    doc: Doc
    closing: str = ""

    @property
    def docs(self) -> list[Doc]:
        """Return the printed form: delimiters that moved into a break are no longer its own."""
        return [self.opening, self.doc, self.closing]

    @property
    def is_block(self) -> bool:
        """Return whether white space beside it is not drawn."""
        return self.kind in ("open", "close", "void") and self.name in BLOCKS

    @property
    def is_code(self) -> bool:
        """Return whether it stands between delimiters of Jinja."""
        return self.kind in ("expression", "statement", "comment")

    @property
    def is_trimmed(self) -> bool:
        """Return whether Jinja takes the end of the line after it."""
        return self.kind in ("statement", "comment")


def _jinja(text: str) -> Leaf:
    """Return delimiters of Jinja with their code."""
    opening, closing = text[: 2 + (text[2] in "-+")], text[-2 - (text[-3] in "-+") :]
    inner = text[len(opening) : len(text) - len(closing)].strip()
    if text[1] == "#":
        words: Doc = [part for word in re.split(r"(?<!:)\s+", inner) for part in (Break(" "), word)]
        return Leaf("comment", "", opening, Indent(3, [words, " "]), closing)
    name = re.match(r"\w*", inner)[0] if text[1] == "%" else ""  # type: ignore[index]  # it always matches
    if name == "set" and "=" in inner:
        name = "let"
    code: Doc = Group([" ", Indent(4, _code((token[0] for token in CODE.finditer(inner)), "")), " "])
    return Leaf("statement" if text[1] == "%" else "expression", name, opening, code, closing)


def _pieces(text: str) -> Iterator[str]:
    """Return the pieces of a text: white space, words, tags and delimiters of Jinja."""
    at, word = 0, ""
    while at < len(text):
        if JINJA.match(text, at):
            end = _jinja_end(text, at)
        elif TAG.match(text, at):
            end = _tag_end(text, at)
        elif text[at].isspace():
            end = SPACE.match(text, at).end()  # type: ignore[union-attr]  # it always matches
        else:
            word, at = word + text[at], at + 1
            continue
        yield from filter(None, (word, text[at:end]))
        word, at = "", end
    yield from filter(None, (word,))


def _glue(left: Leaf, right: Leaf, space: str, *, exact: bool) -> Doc:
    """Return the text between two neighbours, and move a delimiter into it where a break changes that."""
    beside_block = not exact and (left.is_block or right.is_block)
    always = beside_block and right.name != "br"
    if space:
        return space if exact or (left.is_trimmed and right.is_trimmed) else Break(" ", always=always)
    if beside_block or left.closing[:1] == "-" or right.opening[-1:] == "-":
        return Break("", always=always)
    if right.is_code:
        opening, right.opening = right.opening, ""
        return Break(opening, "", opening.rstrip("+") + "-")
    if left.is_code:
        closing, left.closing = left.closing, ""
        return Break(closing, f"-{closing.lstrip('+')}", "")
    return ""


def _leaves(text: str, exact: Callable[[int], bool]) -> tuple[list[Leaf], list[Doc]]:
    """Return the leaves of a text with what stands between them; where white space counts, it stays as it is."""
    leaves, glues, space, at = list[Leaf](), list[Doc](), "", 0
    for piece in _pieces(text):
        if piece.isspace():
            space = piece if exact(at) else " "
        else:
            leaf = _jinja(piece) if JINJA.match(piece) else _tag(piece) if TAG.match(piece) else Leaf("text", "", "", piece)
            glues += [_glue(leaves[-1], leaf, space, exact=exact(at))] if leaves else []
            leaves.append(leaf)
            space = ""
        at += len(piece)
    return leaves, glues


def _tag(text: str) -> Leaf:
    """Return a tag, which breaks between its attributes."""
    if text.startswith("<!"):
        return Leaf("void", "!", "", text)
    name = re.match(r"</?([\w-]+)", text)[1]  # type: ignore[index]  # it always matches
    if text.startswith("</"):
        return Leaf("close", name, "", text)
    end = "/>" if text.endswith("/>") else ">"
    leaves, glues, space = [Leaf("text", "", "", f"<{name}")], list[Doc](), ""
    for piece in _attributes(text[len(name) + 1 : -len(end)]):
        if piece.isspace():
            space = " "
            continue
        leaf = _jinja(piece) if JINJA.match(piece) else Leaf("text", "", "", _attribute(piece))
        glues.append(_glue(leaves[-1], leaf, space, exact=False))
        leaves.append(leaf)
        space = ""
    ending = space + end if end == "/>" else end
    return Leaf("void" if end == "/>" or name in VOID else "open", name, "", Group([Indent(4, _nested(leaves, glues)), ending]))


def _attributes(text: str) -> Iterator[str]:
    """Return the attributes of a tag, with white space and Jinja between them."""
    at, start = 0, 0
    while at < len(text):
        if not text[at].isspace() and not JINJA.match(text, at):
            at = _value_end(text, at + 1, text[at]) + 1 if text[at] in "\"'" else at + 1
            continue
        end = _jinja_end(text, at) if JINJA.match(text, at) else SPACE.match(text, at).end()  # type: ignore[union-attr]  # it always matches
        yield from filter(None, (text[start:at], text[at:end]))
        at = start = end
    yield from filter(None, (text[start:],))


def _value_end(text: str, at: int, quote: str) -> int:
    """Return where the value of an attribute ends, past what Jinja writes in it."""
    while text[at] != quote:
        at = _jinja_end(text, at) if JINJA.match(text, at) else at + 1
    return at


def _attribute(text: str) -> Doc:
    """Return an attribute, whose value breaks in what Jinja writes."""
    name, equals, value = text.partition("=")
    if not value or value[0] not in "\"'":
        return text
    loose = name in SPACES_MEAN_NOTHING
    return Group([f"{name}{equals}{value[0]}", _nested(*_leaves(value[1:-1], lambda _at: not loose)), value[-1]])


@dataclass(slots=True)
class Node:
    """An element or a statement, by the number of its leaf, with what stands between its tags."""

    number: int
    leaf: Leaf
    sections: "list[list[Node]]" = field(default_factory=lambda: [[]])
    marks: list[int] = field(default_factory=list)


def _tree(leaves: Sequence[Leaf]) -> list[Node]:
    """Return leaves as nodes, in which stands what is between their tags; what lacks an end ends with what is around it."""
    stack = [Node(-1, Leaf("text", "", "", ""))]
    for number, leaf in enumerate(leaves):
        depth = next((at for at in range(len(stack) - 1, 0, -1) if _belongs(leaf, stack[at].leaf)), 0)
        if not depth:
            stack[-1].sections[-1].append(node := Node(number, leaf))
            if leaf.kind == "open" or (leaf.kind == "statement" and leaf.name in OPENERS):
                stack.append(node)
            continue
        del stack[depth + 1 :]
        stack[-1].marks.append(number)
        if leaf.name in MIDDLES:
            stack[-1].sections.append([])
        else:
            stack.pop()
    return stack[0].sections[0]


def _belongs(leaf: Leaf, opener: Leaf) -> bool:
    """Return whether a leaf ends what another begins, or divides it."""
    if leaf.kind == "close":
        return opener.kind == "open" and opener.name == leaf.name
    return leaf.kind == opener.kind == "statement" and (
        leaf.name == f"end{opener.name}" or (leaf.name in MIDDLES and opener.name in ("if", "for"))
    )


def _nested(leaves: Sequence[Leaf], glues: Sequence[Doc]) -> list[Doc]:
    """Return leaves with what stands in elements and statements indented."""
    return _side_by_side(_tree(leaves), leaves, glues)


def _side_by_side(nodes: Sequence[Node], leaves: Sequence[Leaf], glues: Sequence[Doc]) -> list[Doc]:
    """Return nodes in a row, with what stands in them."""
    parts, unmatched = list[Doc](), 0
    for node in nodes:
        unmatched += 2 * (bool(parts) and (node.leaf.kind == "close" or node.leaf.name.startswith("end")))
        shown = node.leaf.docs
        for section, mark in zip_longest(node.sections, node.marks):
            if section:
                shown.append(Indent(2, [glues[section[0].number - 1], *_side_by_side(section, leaves, glues)]))
            if mark is not None:
                glue = glues[mark - 1]
                if isinstance(glue, Break) and section and (node.leaf.is_block or node.leaf.kind == "statement"):
                    glue = glue._replace(always=True)
                shown += [glue, *leaves[mark].docs]
        parts += [Indent(-unmatched, glues[node.number - 1])] if parts else []
        parts.append(Group(shown))
    return parts


def _preformatted(text: str) -> list[range]:
    """Return where white space is drawn as it stands."""
    spans = list[range]()
    for opening in PREFORMATTED.finditer(text):
        name, start, depth = opening[1] or opening[2], _tag_end(text, opening.start()), 1
        for tag in re.compile(rf"<(/?){name}\b").finditer(text, start):
            depth += -1 if tag[1] else 1
            if not depth:
                spans.append(range(start, tag.start() + 1))
                break
    return spans


def _units(text: str) -> Iterator[tuple[int, str]]:
    """Return the lines of a template with where they begin, those that a tag or a delimiter spans together."""
    start = at = 0
    for piece in _pieces(text):
        if piece.isspace():
            for line in re.finditer("\n", piece):
                yield start, text[start : at + line.start()]
                start = at + line.end()
        at += len(piece)
    if start < at:
        yield start, text[start:]


def format_template(text: str) -> str:
    """Return a template without lines over the width that can be broken."""
    if max(map(len, text.splitlines()), default=0) <= WIDTH:
        return text
    spans, out = _preformatted(text), list[str]()
    for start, unit in _units(text):
        if max(map(len, unit.split("\n"))) <= WIDTH:
            out.append(unit)
            continue
        content = unit.strip()
        indent = unit.index(content)
        leaves, glues = _leaves(content, partial(_is_exact, spans, start + indent))
        out.append(unit[:indent] + _print(_nested(leaves, glues), indent))
    return "\n".join(out) + "\n"


def _is_exact(spans: Sequence[range], start: int, at: int) -> bool:
    """Return whether white space is drawn as it stands at a position after another."""
    return any(start + at in span for span in spans)
