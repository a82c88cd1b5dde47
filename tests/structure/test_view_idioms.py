"""Views are written as Flask's and WTForms' are, by the helpers of the kernel (docs/developer/03-how-a-package-looks.md)."""

import ast
from functools import cache
from itertools import pairwise

import pytest

from tests.support.project import modules, text

DRAWS = {"kernel/web/errors.py", "kernel/web/request.py", "quizzes/views/answers.py"}
"""Where a template is drawn without `page`: pages of errors have a status of their own, a part of a page goes into JSON."""
FIELDS = {"LineField", "TextAreaField"}
PLAIN_FIELDS = 37
"""Fields of text whose bounds are not those that `line` and `area` give: without a bound, or checked otherwise."""


@cache
def trees() -> dict[str, ast.Module]:
    return {path: ast.parse(text(path)) for path in modules()}


def called(names: set[str]) -> list[str]:
    """Return the modules that call one of some functions, once for each call."""
    return [
        path
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
    ]


def looks_up_by_hand(body: list[ast.stmt]) -> bool:
    """Return whether NotFound is raised by hand right after something was looked up."""
    for before, after in pairwise(body):
        if isinstance(before, ast.Assign) and isinstance(after, ast.If) and [ast.unparse(act) for act in after.body] == ["raise NotFound"]:
            return ast.unparse(after.test) == f"{ast.unparse(before.targets[0])} is None"
    return False


def test_pages_are_drawn_by_the_helper_that_knows_their_status() -> None:
    assert set(called({"render_template"})) == DRAWS


def test_look_ups_that_must_find_something_say_so() -> None:
    bodies = [(path, node.body) for path, tree in trees().items() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]

    assert [path for path, body in bodies if looks_up_by_hand(body)] == BY_HAND


BY_HAND = ["courses/views/outline.py"]
"""Of two types, which the type checker would join to `object`."""


@pytest.mark.parametrize(
    ("code", "by_hand"), [("row = f()\nif row is None:\n    raise NotFound", True), ("row = require_found(f())", False)]
)
def test_a_look_up_by_hand_is_seen(code: str, by_hand: bool) -> None:
    assert looks_up_by_hand(ast.parse(code).body) is by_hand


def test_fields_with_bounds_are_a_line_each() -> None:
    assert len(called(FIELDS)) <= PLAIN_FIELDS
