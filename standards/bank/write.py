"""Write questions as a bank's file in canonical form (spec/content-format 8 and 11)."""

from collections.abc import Iterable, Iterator, Sequence

from courses.content.reader import canonical
from courses.content.writing import scalar
from questions.rules.definitions import QuestionDefinition
from standards.bank.read import PATH, Tree, open_bank, question_tree
from standards.model import ExportedFile

_STEP = "  "


def write(questions: Sequence[QuestionDefinition], language: str = "es") -> ExportedFile:
    """Return `banco.yaml` as bytes. Nothing is lost: it is our own format."""
    trees = [question_tree(question, language) for question in questions]
    source = "questions:\n" + "\n".join(_lines(trees)) + "\n" if trees else "questions: []\n"
    return ExportedFile(_canonical(source, language).encode(), len(questions))


def _canonical(source: str, language: str) -> str:
    _imported, session = open_bank({PATH: source.encode()}, PATH, language)
    read = session.read_files.get(PATH)
    return canonical(read) if read is not None else source


def _lines(tree: Tree) -> Iterator[str]:
    """Yield the lines of a tree in block style, each text in quotes or, if it has several lines, as a block."""
    if isinstance(tree, str):
        yield _quoted(tree)
    elif isinstance(tree, Sequence):
        for entry in tree:
            yield from _led("- ", entry)
    else:
        for name, entry in tree.items():
            yield from _led(f"{scalar(name, flow=False)}: ", entry)


def _led(lead: str, tree: Tree) -> Iterator[str]:
    if isinstance(tree, str) and "\n" in tree:
        yield f"{lead}|{'2' if tree.startswith(' ') else ''}"
        yield from _indented(tree.split("\n"))
    elif isinstance(tree, str):
        yield lead + _quoted(tree)
    elif lead == "- " and tree:
        first, *rest = _lines(tree)
        yield lead + first
        yield from _indented(rest)
    else:
        yield lead.rstrip() + ("" if tree else " []")
        yield from _indented(_lines(tree))


def _indented(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield _STEP + line if line else ""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
