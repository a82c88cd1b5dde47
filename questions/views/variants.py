"""The page that makes fixed variants of a calculated question of the draft, shown before they are written."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, flash
from wtforms import HiddenField

from courses import catalogue, draft_checks, drafts, publishing
from courses.access import CourseArchived
from courses.content.editing import EditRefused
from courses.content.model import CourseFolder
from courses.editor import FormFindings, course_header, course_kinds
from kernel import clock
from kernel.errors import DomainError
from kernel.i18n import _, lazy_, ngettext, site_day
from kernel.web.forms import FileField, Form, WholeField, area
from kernel.web.request import Answer, begin_writing, current_actor, current_session, file_store, page, requires, see_page
from questions import question_bank
from questions.access import BankQuestionContext, QuestionAction
from questions.content.variants import LARGEST_TABLE, VariantPlan, plan_drawn, plan_from_table, written_pattern, written_variants
from questions.question_bank import EntryChanged, EntryText, checksum_of
from questions.question_page import figure
from questions.rules.definitions import CalculatedBody
from questions.rules.variants import MOST_VARIANTS, Variant, VariantRemark, VariantRemarkKind

MOST_TYPED = 100_000


class VariantsForm(Form):
    """The number of variants to draw, or a table of values, as a file or typed; and the pattern's text when it was looked at."""

    number = WholeField(lazy_("How many variants to draw"), least=1, most=MOST_VARIANTS)
    file = FileField(lazy_("Table of values (CSV)"))
    table = area(lazy_("Or type the table here"), most=MOST_TYPED)
    seen = HiddenField()
    do = HiddenField()

    def content(self) -> bytes:
        """Return the table that was sent, b"" where there is none; a file comes before what was typed, and stays typed afterwards."""
        sent = self.file.data
        content: bytes = sent.read(LARGEST_TABLE + 1) if hasattr(sent, "read") else b""
        if content and len(content) <= MOST_TYPED:
            self.table.data = content.decode("utf-8-sig", errors="replace")
        return content or (self.table.data or "").encode()


MOST_REMARKS = 50
DECIMALS_OF_VARIANTS = 6


@dataclass(frozen=True, slots=True)
class VariantsView:
    """Variants that would be written: names of the variables, formulas of wrong answers, the rows, and what is to be looked at."""

    family: str
    variables: tuple[str, ...]
    mistakes: tuple[str, ...]
    rows: tuple[tuple[str, list[str], str, list[str]], ...]
    """Of each variant its key in the bank, the values of its variables, its right answer, and typical wrong answers."""
    remarks: tuple[str, ...]
    more_remarks: int
    pattern: str


def variants_view(plan: VariantPlan) -> VariantsView:
    """Return variants as their page shows them."""
    body = plan.pattern.body
    assert isinstance(body, CalculatedBody)
    names = [variable.name for variable in body.variables]
    mistakes = [answer.expression for answer in body.answers if not answer.right]
    return VariantsView(
        plan.family,
        tuple(names),
        tuple(mistakes),
        rows=tuple(_row(variant, names, mistakes, body.decimals) for variant in plan.variants),
        remarks=tuple(remark_words(remark) for remark in plan.remarks[:MOST_REMARKS]),
        more_remarks=max(0, len(plan.remarks) - MOST_REMARKS),
        pattern=pattern_words(plan),
    )


def _row(variant: Variant, names: Sequence[str], mistakes: Sequence[str], decimals: int | None) -> tuple[str, list[str], str, list[str]]:
    wrong, shown = dict(variant.mistakes), DECIMALS_OF_VARIANTS if decimals is None else decimals
    values = [figure(variant.values[name], DECIMALS_OF_VARIANTS) for name in names]
    return variant.name, values, figure(variant.key, shown), [figure(wrong.get(expression), shown) for expression in mistakes]


def remark_words(remark: VariantRemark) -> str:
    """Describe what is to be looked at, and why."""
    first, last = remark.names[0], remark.names[-1]
    match remark.kind:
        case VariantRemarkKind.SAME_VALUES:
            return _("%(first)s and %(last)s have the same values: they are one question.", first=first, last=last)
        case VariantRemarkKind.SAME_KEY:
            return _(
                "The right answer of %(first)s is also right in %(last)s: anyone who has heard it passes both.", first=first, last=last
            )
        case VariantRemarkKind.NEAR_KEY:
            return _("The right answers of %(first)s and %(last)s are so near that some numbers pass in both.", first=first, last=last)
        case VariantRemarkKind.MISTAKE:
            return _("%(first)s takes the typical mistake “%(detail)s” for right.", first=first, detail=remark.detail)
        case VariantRemarkKind.LESSON:
            return _(
                "The numbers of %(first)s stand in the lesson “%(detail)s”: it may be its worked example.",
                first=first,
                detail=remark.detail,
            )


def pattern_words(plan: VariantPlan) -> str:
    """Describe what becomes of the pattern."""
    if plan.retires_pattern:
        return _("“%(key)s” stays in the bank as a draft, so that it is not drawn beside its variants.", key=plan.pattern.key)
    return _("“%(key)s” stays as it is, because a quiz asks it; it belongs to the family from now on.", key=plan.pattern.key)


def count_words(plan: VariantPlan) -> str:
    """Describe how many variants there are, and of which family."""
    return ngettext(
        "%(count)s variant of the family “%(family)s”.",
        "%(count)s variants of the family “%(family)s”.",
        len(plan.variants),
        family=plan.family,
    )


bp = Blueprint("questions_variants", __name__)


@bp.route("/teaching/<slug>/questions/<key>/variants", methods=["GET", "POST"])
@requires(QuestionAction.EDIT_BANK, question_bank.get_taught_question, reads_first=True)
def variants(subject: BankQuestionContext) -> Answer:
    """Show the variants that draws or a table would give, with remarks, and write them into the bank once they were looked at."""
    form = VariantsForm()
    entry = question_bank.get_entry(current_session(), subject.id, subject.path, subject.key)
    folder = _folder(subject.id)
    if not form.is_submitted():
        return _page(subject, form, None, _refusal(folder, subject.key))
    if not form.validate_on_submit() or folder is None:
        return _page(subject, form, None, "" if folder is not None else _refusal(folder, subject.key)), 422
    content = form.content()
    try:
        plan = (
            plan_from_table(folder, subject.key, content) if content.strip() else plan_drawn(folder, subject.key, form.number.number or 0)
        )
    except DomainError as refused:
        return _page(subject, form, None, _(refused.text, **refused.facts)), 422
    if form.do.data != "save":
        form.seen.data = checksum_of(entry.text)
        return _page(subject, form, plan, "")
    return _save(subject, form, plan, entry.text)


def _save(subject: BankQuestionContext, form: VariantsForm, plan: VariantPlan, text: str) -> Answer:
    """Write the variants; shown again where somebody else changed the pattern, or where the bank would not hold together."""
    try:
        change = EntryText(subject.path, subject.key, written_pattern(text, plan), form.seen.data or "")
        added = written_variants(text, plan)
        body = question_bank.with_variants(question_bank.body_of(current_session(), subject.id, subject.path), change, added)
    except EntryChanged as refused:
        form.seen.data = checksum_of(text)
        return _page(subject, form, plan, _(refused.text) + " " + _("Look at the variants again before you save them.")), 409
    except EditRefused as refused:
        return _page(subject, form, plan, _(refused.text)), 422
    contents = drafts.draft_files(current_session(), file_store(), subject.id)
    checked = publishing.check({**contents, subject.path: body.encode()}, course_kinds(), today=site_day(clock.now()))
    refusing = [finding for finding in checked.findings if finding.refuses_import]
    if refusing:
        return _page(subject, form, plan, FormFindings(course_kinds()).message(refusing[0])), 422
    writing = begin_writing()
    try:
        question_bank.save_variants(writing, current_actor(), subject.id, change, added, now=clock.now())
    except (EntryChanged, CourseArchived) as refused:
        return _page(subject, form, plan, _(refused.text)), 409
    flash(
        ngettext("%(count)s variant was added to the draft.", "%(count)s variants were added to the draft.", len(plan.variants)),
        "ok",
    )
    return see_page("questions_banks.questions", slug=subject.slug, text=plan.family)


def _folder(course_id: int) -> CourseFolder | None:
    course = catalogue.get_course(current_session(), course_id)
    return draft_checks.cached_draft_check(current_session(), file_store(), course, course_kinds(), now=clock.now()).folder


def _refusal(folder: CourseFolder | None, key: str) -> str:
    """Return why a question cannot be a pattern, '' where it can."""
    if folder is None:
        return _("The draft has errors that keep it from being read. Correct them first.")
    try:
        plan_drawn(folder, key, 1)
    except DomainError as refused:
        return _(refused.text, **refused.facts)
    return ""


def _page(subject: BankQuestionContext, form: VariantsForm, plan: VariantPlan | None, refusal: str) -> Response:
    return page(
        "quizzes/bank/variants.html",
        course=course_header(catalogue.get_course(current_session(), subject.id)),
        key=subject.key,
        form=form,
        view=None if plan is None else variants_view(plan),
        refusal=refusal,
        most=MOST_VARIANTS,
    )
