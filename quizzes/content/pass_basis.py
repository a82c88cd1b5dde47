"""The basis of a quiz's pass mark in its file: the record of judges, or a norm (spec/selection 0.2, 3.10 and 3.11)."""

from courses.content.mapping_cursor import MappingCursor
from kernel.errors import N_
from quizzes.content.model import QuizSource
from quizzes.rules.pass_marks import PassBasis


def read_basis(table: MappingCursor) -> PassBasis | None:
    """Read `pass_basis`: that judges set it, or the norm that does with its citation, in every language of the course."""
    value = table.get("pass_basis")
    inner = value.table() if value is not None else None
    if inner is None:
        return None
    table.flows.add("pass_basis")
    judges, norm = inner.flag("judges", False), inner.text("norm")
    if judges == bool(norm):
        inner.report("C505", N_("Either judges set the pass mark, or a norm."), N_("Write “judges: true” or “norm:”."), at="norm")
        return None
    lacking = [language for language in table.session.languages if norm and language not in norm]
    if lacking:
        inner.report(
            "C514",
            N_("The text is missing in: %(languages)s. Learners read it before they begin."),
            N_("Write it in every language of the course."),
            at="norm",
            languages=", ".join(lacking),
        )
    return PassBasis(norm)


def check_basis(table: MappingCursor, quiz: QuizSource) -> None:
    """Report a selecting quiz whose pass mark goes by nothing, and a basis without a pass mark (spec/content-format C514, C505)."""
    if quiz.settings.pass_mark is None and quiz.basis is not None:
        table.report("C505", N_("The quiz says what its pass mark goes by, but it has none."), N_("Delete “pass_basis”."), at="pass_basis")
    if quiz.selection is not None and quiz.settings.pass_mark is not None and not table.has("pass_basis"):
        table.report(
            "C514",
            N_("Results used outside the course need a pass mark that goes by something: the record of judges, or a norm."),
            N_("Add “pass_basis: {judges: true}” or “pass_basis: {norm: …}”, or write “pass_mark: none”."),
            at="pass_mark" if table.has("pass_mark") else "selection",
        )
