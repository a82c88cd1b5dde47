"""The use of results outside the course in a quiz's file: ties, objections, basis of the pass mark, and integrity record."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial

from courses.content import scalars
from courses.content.course_file import objectives_of
from courses.content.mapping_cursor import MappingCursor
from courses.content.model import CourseFolder
from kernel.errors import N_
from kernel.i18n import _, reading
from questions.content.banks import questions_of
from questions.rules.definitions import DescriptionBody, QuestionDefinition, is_marked
from quizzes.content.pools import DrawSlot, FixedSlot, QuizSource, candidates
from quizzes.rules.result_use import DAY, LONGEST_DECISION, LONGEST_TERM, ObjectionRules, PassBasis, ResultUse, TieRules
from quizzes.rules.settings import Behaviour, DecisionRule, QuizSettings, explains_early
from quizzes.rules.states import IntegrityRules

FEWEST_QUESTIONS = 30
"""With fewer questions the check warns that another set of them would often decide otherwise (spec/selection 0.3)."""
MOST_NAMED = 5


def selecting_table(table: MappingCursor, name: str, code: str, message: str, hint: str) -> MappingCursor | None:
    """Return the table of a field that only a selecting quiz has; None where it is absent or is no table.

    Read it after `selection`. In other quizzes the field is reported, and read all the same.
    """
    value = table.get(name)
    if value is None:
        return None
    table.flows.add(name)
    if not table.has("selection"):
        table.report(code, message, hint, at=name)
    return value.table()


def read_selection(table: MappingCursor) -> ResultUse | None:
    """Read `selection`: what the results are used for outside the course, and whom to ask, in every language of the course."""
    value = table.get("selection")
    inner = value.table() if value is not None else None
    if inner is None:
        return None
    use, contact = inner.text("use", required=True), inner.text("contact", required=True)
    for name, text in (("use", use), ("contact", contact)):
        lacking = [language for language in table.session.languages if text and language not in text]
        if lacking:
            inner.report(
                "C514",
                N_("The text is missing in: %(languages)s. Learners read it before they begin."),
                N_("Write it in every language of the course."),
                at=name,
                languages=", ".join(lacking),
            )
    return ResultUse(use, contact)


def check_selecting(table: MappingCursor, quiz: QuizSource, course: CourseFolder) -> None:
    """Report what a selecting quiz lacks, and what makes its results less sure (spec/content-format C514, C515, C517, C522)."""
    if quiz.selection is None:
        return
    module = table.session.module_keys.get(table.file.partition("/")[0], "")
    pools = [(slot, candidates(course, module, quiz, slot)) for slot in quiz.slots if isinstance(slot, DrawSlot)]
    _check_rules(table, quiz, varies=any(len(pool) > slot.count for slot, pool in pools))
    _check_questions(table, quiz, list_questions(course, module, quiz))
    _check_objectives(table, quiz, course)
    _check_length(table, quiz, course)
    _check_attempts(table, quiz)


def _check_rules(table: MappingCursor, quiz: QuizSource, *, varies: bool) -> None:
    settings = quiz.settings
    if not quiz.blueprint:
        table.report(
            "C514",
            N_("A quiz whose results are used outside the course needs a blueprint."),
            N_("Add “blueprint:”: what share of the marks each objective has."),
            at="selection",
        )
    if varies and quiz.balance is None:
        table.report(
            "C514",
            N_("Learners get different questions, and nothing makes them equally hard. Results used outside the course need that."),
            N_("Add “balance: {within: 1}”, or give everybody the same questions."),
            at="selection",
        )
    if settings.behaviour is not Behaviour.DEFERRED:
        table.report(
            "C514",
            N_("Results used outside the course need answers that are marked after submitting."),
            N_("Write “behaviour: deferred”."),
            at="behaviour",
        )
    if explains_early(settings.review, Behaviour.DEFERRED):
        table.report(
            "C514",
            N_("Right answers, explanations or feedback on answers are shown before the quiz is closed, while others still answer."),
            N_("Choose “review: exam” or “review: hidden”."),
            at="review",
        )


def list_questions(course: CourseFolder, module: str, quiz: QuizSource) -> list[QuestionDefinition]:
    """Return the questions that an attempt may get, once each; `module` is the key of the quiz's module."""
    known = questions_of(course)
    fixed = [known[slot.question] for slot in quiz.slots if isinstance(slot, FixedSlot) and slot.question in known]
    pools = [candidates(course, module, quiz, slot) for slot in quiz.slots if isinstance(slot, DrawSlot)]
    return list({question.key: question for pool in (fixed, *pools) for question in pool}.values())


def _check_questions(table: MappingCursor, quiz: QuizSource, questions: Sequence[QuestionDefinition]) -> None:
    marked = [question for question in questions if is_marked(question)]
    no_source = [question.key for question in marked if not question.source]
    if no_source:
        table.report(
            "C514",
            N_("Results used outside the course need questions with a source. These have none: %(keys)s."),
            N_("Add “source:” to each."),
            at="selection",
            keys=_named(no_source),
        )
    unverified = [question.key for question in marked if question.unverified]
    if unverified and not quiz.settings.is_graded:  # of a graded quiz C410 says it
        table.report(
            "C514",
            N_("Results used outside the course need verified questions. These are not: %(keys)s."),
            N_("Verify them, or leave them out."),
            at="selection",
            keys=_named(unverified),
        )


def _named(keys: Sequence[str], between: str = ", ") -> str:
    return between.join([*keys[:MOST_NAMED], *("…" for _rest in keys[MOST_NAMED : MOST_NAMED + 1])])


def _check_objectives(table: MappingCursor, quiz: QuizSource, course: CourseFolder) -> None:
    named = {line.objective for line in quiz.blueprint}
    missing = [text.first.removesuffix(".") for key, text in objectives_of(course).items() if key not in named]
    if quiz.blueprint and missing:
        table.report(
            "C515",
            N_("No line of the blueprint names these objectives of the course: %(objectives)s."),
            N_("Add lines for them, or be ready to explain why the quiz leaves them out."),
            at="blueprint",
            objectives=_named(missing, "; "),
        )


def count_positions(quiz: QuizSource, course: CourseFolder) -> int:
    """Count the questions that an attempt asks, words between them left out."""
    known = questions_of(course)
    drawn = sum(slot.count for slot in quiz.slots if isinstance(slot, DrawSlot))
    fixed = [known[slot.question] for slot in quiz.slots if isinstance(slot, FixedSlot) and slot.question in known]
    return drawn + sum(not isinstance(question.body, DescriptionBody) for question in fixed)


def _check_length(table: MappingCursor, quiz: QuizSource, course: CourseFolder) -> None:
    number = count_positions(quiz, course)
    if number < FEWEST_QUESTIONS:
        table.report(
            "C517",
            N_(
                "The quiz asks %(number)s questions. With 14, about one person in four would pass or fail differently "
                "with another set of questions; with 30 or more it is fewer."
            ),
            N_("Ask at least %(least)s questions."),
            at="slots",
            number=number,
            least=FEWEST_QUESTIONS,
        )


def counts_best_of_several(settings: QuizSettings) -> bool:
    """Return whether a quiz lets people pass by the best of several attempts (spec/selection 3.8)."""
    return settings.pass_mark is not None and DecisionRule(settings.pass_mark, settings.attempts, settings.grading).counts_best


def _check_attempts(table: MappingCursor, quiz: QuizSource) -> None:
    if counts_best_of_several(quiz.settings):
        table.report(
            "C522",
            N_(
                "Several attempts are allowed and the best counts. "
                "With three, usually more than twice as many people pass by luck as with one."
            ),
            N_("Allow one attempt, let the mean of all attempts count, or ask more questions."),
            at="attempts",
        )


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
    known, questions = objectives_of(course), list_questions(course, module, quiz)
    of_questions = set(objectives_of_questions(rules, questions).values())
    for objective in rules.objectives:
        if objective not in known:
            table.report("C203", N_("The course has no objective “%(key)s”."), at="ties", key=objective)
        elif questions and objective not in of_questions:  # without the banks nothing is known of them
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
        of_questions = objectives_of_questions(rules, list_questions(course, module, quiz))
        rules = replace(rules, of=of_questions, titles=_titles(course, rules.objectives))
    titles = _titles(course, {line.objective for line in quiz.blueprint})
    return replace(quiz.selection, ties=rules, blueprint=quiz.blueprint, titles=titles)


def _titles(course: CourseFolder, keys: Collection[str]) -> dict[str, dict[str, str]]:
    return {key: dict(text) for key, text in objectives_of(course).items() if key in keys}


def read_objections(table: MappingCursor) -> ObjectionRules:
    """Read `objections`; a quiz that says nothing has the usual times, if it is a selecting one."""
    usual = ObjectionRules()
    inner = selecting_table(
        table,
        "objections",
        "C520",
        N_("Objections are for results that are used outside the course, and this quiz does not say so."),
        N_("Add “selection:”, or delete “objections:”."),
    )
    if inner is None:
        return usual
    return ObjectionRules(
        term=inner.value("term", partial(_days, most=LONGEST_TERM), usual.term),
        decide=inner.value("decide", partial(_days, most=LONGEST_DECISION), usual.decide),
    )


def _days(text: str, *, most: int) -> int:
    """Read a number of whole days, written as a length of time: 5 d."""
    days, rest = divmod(scalars.duration(text), DAY)
    if rest or not 1 <= days <= most:
        raise scalars.RefusedError(
            "C113",
            N_("%(text)s is not a number of whole days from 1 to %(most)s."),
            N_("Write a number, a space and d: 5 d."),
            text=text,
            most=most,
        )
    return days


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
    """Return the rules that are frozen with a quiz: a selecting one asks for the declaration unless it has it otherwise (6.1)."""
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
