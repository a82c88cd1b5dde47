"""Criteria for equal results of a selecting quiz, in its file (spec/selection 4.4)."""

from dataclasses import replace

from courses.content import scalars
from courses.content.mapping_cursor import MappingCursor
from courses.content.model import CourseFolder
from courses.content.objectives import objectives_of
from kernel.errors import N_
from quizzes.content.model import QuizSource
from quizzes.content.selecting import list_questions, selecting_table
from quizzes.rules.definitions import QuestionDefinition, is_marked
from quizzes.rules.selection import ResultUse
from quizzes.rules.ties import TieRules

SHORTEST_TEXT, LONGEST_TEXT = 10, 500
"""Characters of the text of a draw: one that is announced and that nobody can guess afterwards to be another."""


def read_ties(table: MappingCursor) -> TieRules | None:
    """Read `ties`: objectives in order, and the text of a public draw."""
    inner = selecting_table(
        table,
        "ties",
        "C521",
        N_("Criteria for equal results are for results that are used outside the course, and this quiz does not say so."),
        N_("Add “selection:”, or delete “ties:”."),
    )
    if inner is None:
        return None
    inner.flows.add("objectives")
    objectives = inner.listed("objectives", lambda value: value.read(scalars.key))
    draw = inner.value("draw", _announced, "")
    if not objectives and not draw:
        inner.report("C110", N_("It names neither objectives nor a draw."), N_("Add one of the two, or delete “ties:”."))
        return None
    if len(set(objectives)) < len(objectives):
        inner.report("C521", N_("An objective is named twice: the second time decides nothing."), at="objectives")
    return TieRules(tuple(dict.fromkeys(objectives)), draw)


def _announced(text: str) -> str:
    announced = " ".join(text.split())
    if not SHORTEST_TEXT <= len(announced) <= LONGEST_TEXT:
        raise scalars.RefusedError(
            "C113",
            N_("The text of the draw needs %(least)s to %(most)s characters."),
            N_("Write what you announce before the sitting, for example the act and its date."),
            least=SHORTEST_TEXT,
            most=LONGEST_TEXT,
        )
    return announced


def check_ties(table: MappingCursor, quiz: QuizSource, course: CourseFolder) -> None:
    """Report objectives that the course does not have, or that no marked question of the quiz examines."""
    rules = quiz.selection.ties if quiz.selection is not None else None
    if rules is None:
        return
    module = table.session.module_keys.get(table.file.partition("/")[0], "")
    known, of_questions = objectives_of(course), set(objectives_of_questions(rules, list_questions(course, module, quiz)).values())
    for objective in rules.objectives:
        if objective not in known:
            table.report("C203", N_("The course has no objective “%(key)s”."), at="ties", key=objective)
        elif objective not in of_questions:
            table.report(
                "C521",
                N_("No marked question of the quiz examines “%(key)s”, so it cannot decide between equal results."),
                N_("Choose an objective that the blueprint asks for."),
                at="ties",
                key=objective,
            )


def objectives_of_questions(rules: TieRules, questions: list[QuestionDefinition]) -> dict[str, str]:
    """Return the objective of each marked question that one of the criteria is about, by its key."""
    return {
        question.key: question.selection.objective
        for question in questions
        if is_marked(question) and question.selection.objective in rules.objectives
    }


def freeze_use(course: CourseFolder, module: str, quiz: QuizSource) -> ResultUse | None:
    """Return the use of results with what its criteria for equal results and its blueprint are at publication (spec/selection 4.2, 4.4)."""
    if quiz.selection is None:
        return None
    rules = quiz.selection.ties
    if rules is not None:
        titles = {key: dict(text) for key, text in objectives_of(course).items() if key in rules.objectives}
        rules = replace(rules, of=objectives_of_questions(rules, list_questions(course, module, quiz)), titles=titles)
    return replace(quiz.selection, ties=rules, blueprint=quiz.blueprint)
