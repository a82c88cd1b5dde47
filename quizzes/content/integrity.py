"""The record of a quiz beside the answers, and the declaration that learners make before they begin, in its file (spec/selection 6)."""

from dataclasses import replace

from courses.content.mapping_cursor import MappingCursor
from courses.content.model import CourseFolder
from kernel.errors import N_
from kernel.i18n import _, reading
from quizzes.rules.integrity import IntegrityRules


def read_integrity(table: MappingCursor) -> IntegrityRules | None:
    """Read `integrity`: what is on, and the words of the declaration; None where nothing is written."""
    value = table.get("integrity")
    if value is None:
        return None
    table.flows.add("integrity")
    inner = value.table()
    if inner is None:
        return None
    declaration = inner.text("declaration")
    rules = IntegrityRules(
        honour=inner.flag("honour", bool(declaration)),
        times=inner.flag("times", False),
        focus=inner.flag("focus", False),
        sessions=inner.flag("sessions", False),
        declaration=dict(declaration),
    )
    _check(inner, rules)
    return rules


def _check(table: MappingCursor, rules: IntegrityRules) -> None:
    lacking = [language for language in table.session.languages if rules.declaration and language not in rules.declaration]
    if lacking:
        table.report(
            "C519",
            N_("The declaration is missing in: %(languages)s. Learners accept it before they begin."),
            N_("Write it in every language of the course."),
            at="declaration",
            languages=", ".join(lacking),
        )
    if rules.declaration and not rules.honour:
        table.report(
            "C519",
            N_("There is a declaration, but “honour: false” says that no one is asked for it."),
            N_("Delete one of the two."),
            at="honour",
        )


def rules_of_quiz(written: IntegrityRules | None, course: CourseFolder, *, selecting: bool) -> IntegrityRules:
    """Return what is frozen with a quiz: a selecting one asks for the declaration unless it says otherwise (6.1)."""
    rules = IntegrityRules(honour=selecting) if written is None else written
    if not rules.honour or rules.declaration:
        return rules
    usual = {}
    for code in course.languages:
        with reading(code):
            usual[code] = _(
                "I am the person named above, I will answer by myself with the aids that the instructions allow, "
                "and I will not pass the questions on."
            )
    return replace(rules, declaration=usual)
