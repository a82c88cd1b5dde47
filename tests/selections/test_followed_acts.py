"""Every act that changes results has the actas compared that rest on them, or is known to change none (spec/selection 4.10)."""

import ast
import importlib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from quizzes.answering import QuizVerb
from quizzes.marking import ReopeningVerb
from quizzes.regrading import RegradeVerb
from selections.feature import FEATURE
from tests.support.project import ROOT

CHANGING = {"write_grade", "record_quiz_result", "grade_again", "record_result_on_locked"}
"""What writes the grade of an attempt, or the result that follows from it."""
OTHERWISE = {
    QuizVerb.STARTED: "an attempt that begins has no result",
    QuizVerb.SUBMITTED: "compared once a day, whatever ended the attempt",
    QuizVerb.ABANDONED: "compared once a day, whatever ended the attempt",
    ReopeningVerb.PREVIEWS_DELETED: "previews of the team count nowhere",
}

WRITERS = {
    "enrolment": "records what an activity gives: of a quiz what the package above says",
    "grade_items": "a mark of an item given outside the platform, which no selection uses",
    "progress": "joins results of what became one activity, and keeps the best that was earned",
    "results": "refuses a result that counts outside its course (ResultUsedElsewhere)",
}
"""The modules of enrolments that write the score or outcome of a result, and why none of them passes the actas over."""


def changing_modules() -> Iterator[Path]:
    """Yield the modules of the domain that change results of quizzes."""
    for path in sorted((ROOT / "quizzes").glob("*.py")):
        calls = (node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
        if CHANGING & {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}:
            yield path


def verbs_of(path: Path) -> set[StrEnum]:
    """Return the audit verbs that a module has."""
    module = importlib.import_module(path.relative_to(ROOT).with_suffix("").as_posix().replace("/", "."))
    enums = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, StrEnum)]
    return {verb for found in enums if found.__name__.endswith("Verb") and found.__module__ == module.__name__ for verb in found}


def test_every_act_on_results_is_followed_or_known_to_change_none() -> None:
    verbs = {verb for path in changing_modules() for verb in verbs_of(path)}

    assert set(RegradeVerb) < verbs
    assert verbs - set(FEATURE.subscriptions) == set(OTHERWISE)


def writes_results(path: Path) -> bool:
    """Return whether a module gives the score, the outcome or an override of a result another value."""
    targets = (target for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Assign) for target in node.targets)
    single = (part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target]))
    return any(isinstance(part, ast.Attribute) and part.attr in {"score", "own_score", "passed", "own_passed"} for part in single)


def test_enrolments_write_results_in_known_places_alone() -> None:
    assert {path.stem for path in (ROOT / "enrolments").rglob("*.py") if writes_results(path)} == set(WRITERS)
