"""Every message that the code translates stands in the catalogue: what collects them does not look into f-strings."""

import ast

from babel.messages.pofile import read_po

from tests.support.project import ROOT

TRANSLATE = frozenset({"_", "N_", "lazy_", "ngettext", "lazy_plural"})
CATALOGUE = ROOT / "translations" / "es" / "LC_MESSAGES" / "messages.po"


def messages_in(source: str) -> set[str]:
    """Return the literal messages of the calls that translate."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name))
    first = (node.args[0] for node in calls if isinstance(node.func, ast.Name) and node.func.id in TRANSLATE and node.args)
    return {node.value for node in first if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_every_message_of_the_code_stands_in_the_catalogue() -> None:
    with CATALOGUE.open("rb") as file:
        known = {message.id if isinstance(message.id, str) else message.id[0] for message in read_po(file)}
    packages = [path.parent for path in ROOT.glob("*/feature.py")] + [ROOT / "kernel"]
    missing = {
        (path.relative_to(ROOT).as_posix(), message)
        for package in packages
        for path in package.rglob("*.py")
        for message in messages_in(path.read_text("utf-8")) - known
    }

    assert missing == set()


def test_a_message_inside_an_f_string_is_found() -> None:
    assert messages_in("""f"{words} {_('More.')}" + ngettext("one", "many", 2)""") == {"More.", "one"}
