"""Names, identity numbers and employments are written by the verbs of one module each, so that no door passes by what they guard."""

import ast
from collections.abc import Iterator

import pytest

from tests.support.project import modules, text

OWNERS = {
    "PersonName": "accounts/names.py",
    "NationalIdentity": "accounts/accounts.py",
    "Employment": "organisations/employment.py",
}
"""The module that writes the rows of each table."""
NAMES = {"given_names", "first_surname", "second_surname"}
COLUMNS = {
    **dict.fromkeys(NAMES, "accounts/names.py"),
    **dict.fromkeys(("staff_number", "entered_on", "left_on", "account_closed_at"), "organisations/employment.py"),
}
"""The module that changes each of these columns of a row."""
MAKES_PEOPLE = {"accounts/accounts.py", "accounts/uploads.py"}
"""Where an account begins, with its name."""
WRITES = {"insert", "update", "delete"}


def writers(path: str, tree: ast.Module) -> Iterator[str]:
    """Yield what a module writes of a name, a number or an employment that another module guards."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            names = [node.func.id] if node.func.id not in WRITES else [ast.unparse(argument) for argument in node.args[:1]]
            yield from (name for name in names if OWNERS.get(name, path) != path)
            if node.func.id == "Person" and path not in MAKES_PEOPLE:
                yield "Person"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "values":
            yield from (word.arg for word in node.keywords if word.arg in NAMES and path != COLUMNS[word.arg])
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign | ast.AnnAssign) else []
        written = [part.attr for target in targets for part in ast.walk(target) if isinstance(part, ast.Attribute)]
        yield from (name for name in written if COLUMNS.get(name, path) != path)


def test_names_numbers_and_employments_have_one_writer() -> None:
    found = {path: sorted(writers(path, ast.parse(text(path)))) for path in modules()}

    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("person.given_names, person.theme = 'Ana', ''", ["given_names"]),
        ("row.left_on = today", ["left_on"]),
        ("session.add(NationalIdentity(person_id=1, number=number))", ["NationalIdentity"]),
        ("session.execute(update(Employment).where(Employment.id == 1).values(retracted_at=now))", ["Employment"]),
        ("session.execute(update(Person).values(given_names=''))", ["given_names"]),
        ("session.execute(delete(NationalIdentity))", ["NationalIdentity"]),
        ("row = Person(email=email)", ["Person"]),
        ("statement = select(Employment.person_id)", []),
        ("names.change_name(session, actor, person, parts, source, now=now)", []),
    ],
)
def test_a_writer_around_them_is_seen(code: str, seen: list[str]) -> None:
    assert sorted(writers("lms/a.py", ast.parse(code))) == seen
