"""The pages of regrades: what can be regraded, why a version does not fit, and the results of a dry run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.errors import N_
from kernel.i18n import _, ngettext
from kernel.tables import Cell
from quizzes.models import Regrade
from quizzes.pages.figures import decimal
from quizzes.pages.question import points, short_title
from quizzes.queries import attempts
from quizzes.queries.dry_runs import RegradeChangeRow
from quizzes.queries.regrading import QuizQuestionVersions, RegradeEntry, VersionCount
from quizzes.rules.definitions import QuestionDefinition
from quizzes.rules.question_marker import is_judged_by_rule
from quizzes.rules.regrade import KeyDifference, RegradeKind, differences

KINDS: Mapping[str, str] = {
    "same": N_("Regraded with the same version"),
    "other": N_("Regraded with another version"),
    "full_credit": N_("Voided: full marks for everyone"),
    "removed": N_("Voided: left out of the total"),
    "void_unless_lower": N_("Voided: left out only where that lowers no mark"),
}
POLICIES: Mapping[str, str] = {
    "replace": N_("The new marks replace the old ones"),
    "keep_best": N_("For each question, the better mark counts"),
    "only_raise": N_("New marks only in attempts whose total goes up"),
}
_PARTS: Mapping[str, str] = {
    "kind": N_("kind of question"),
    "options": N_("options"),
    "pairs": N_("pairs"),
    "matches": N_("matches"),
    "items": N_("items"),
    "columns": N_("columns"),
    "rows": N_("rows"),
    "gaps": N_("gaps"),
    "choices": N_("choices"),
    "variables": N_("variables"),
}


def question_rows(session: Session, listed: Sequence[QuizQuestionVersions]) -> list[dict[str, object]]:
    """Return the questions that a quiz has asked, with their versions and in how many attempts."""
    questions = attempts.get_questions(session, [versions_of_question.versions[0].id for versions_of_question in listed])
    return [
        {
            "key": versions_of_question.key,
            "title": short_title(questions[versions_of_question.versions[0].id]),
            "versions": versions_of_question.versions,
            "attempts": versions_of_question.attempts,
        }
        for versions_of_question in listed
    ]


def title_of(session: Session, question_versions: QuizQuestionVersions) -> str:
    """Return the first words of the newest version of a question."""
    return short_title(attempts.get_questions(session, [question_versions.versions[0].id])[question_versions.versions[0].id])


def is_by_rule(session: Session, question_versions: QuizQuestionVersions) -> bool:
    """Say whether the program marks a question, so that it can judge it again."""
    versions = [version.id for version in question_versions.versions]
    return any(is_judged_by_rule(question) for question in attempts.get_questions(session, versions).values())


@dataclass(frozen=True, slots=True)
class TouchedRecord:
    """A signed record whose people a regrade would give another result; it stays as it is."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class IncompatibleVersion:
    """A version whose answers another one cannot judge, in how many attempts it was asked, and why."""

    number: int
    attempts: int
    reasons: tuple[str, ...]


def incompatible_versions(session: Session, question_versions: QuizQuestionVersions, target_id: int) -> list[IncompatibleVersion]:
    """Return the versions that were asked and whose answers the chosen version cannot judge (spec/quiz-engine 5.11.2)."""
    questions = attempts.get_questions(session, [version.id for version in question_versions.versions])
    judged = (
        (version, _reasons(questions[version.id], questions[target_id])) for version in question_versions.versions if version.attempts
    )
    return [IncompatibleVersion(version.number, version.attempts, reasons) for version, reasons in judged if reasons]


def _reasons(answered: QuestionDefinition, target: QuestionDefinition) -> tuple[str, ...]:
    return tuple(_reason_of_difference(difference) for difference in differences(answered, target))


def _reason_of_difference(difference: KeyDifference) -> str:
    part = (
        _(_PARTS[difference.part]) if difference.part in _PARTS else _("options of gap %(gap)s", gap=difference.part.removeprefix("gap:"))
    )
    lacking, added = ", ".join(difference.lacking), ", ".join(difference.added)
    if lacking and added:
        return _("%(part)s: missing %(lacking)s, adds %(added)s.", part=part, lacking=lacking, added=added)
    if lacking:
        return _("%(part)s: missing %(lacking)s.", part=part, lacking=lacking)
    return _("%(part)s: adds %(added)s.", part=part, added=added)


def version_choices(versions: Sequence[VersionCount]) -> list[tuple[str, str]]:
    """Return the versions of a question for a field: which one, and in how many attempts it was asked."""
    return [
        (
            str(version.number),
            ngettext(
                "Version %(number)s (used in %(count)s attempt)",
                "Version %(number)s (used in %(count)s attempts)",
                version.attempts,
                number=version.number,
            ),
        )
        for version in versions
    ]


def entry_rows(entries: Sequence[RegradeEntry], titles: Mapping[str, str]) -> list[dict[str, object]]:
    """Return the regrades of a quiz, in words."""
    return [
        {
            "uuid": entry.uuid,
            "kind": _(KINDS[entry.kind]),
            "question": titles.get(entry.question, entry.question) or _("Every question"),
            "state": entry.state,
            "reason": entry.reason,
            "created_at": entry.created_at,
            "created_by": entry.created_by,
        }
        for entry in entries
    ]


@dataclass(frozen=True, slots=True)
class DryRunRowView:
    """One attempt of a dry run, for the page."""

    attempt: UUID
    name: str
    number: int
    before: Decimal | None
    after: Decimal | None
    pass_change: str
    """`gains`, `loses` or empty, of the learner's result by all attempts together."""
    award: str
    changed: bool
    late: bool


def _percent(value: Fraction | None) -> Decimal | None:
    return None if value is None else points(value)


def line_views(lines: Sequence[RegradeChangeRow]) -> list[DryRunRowView]:
    """Return the lines of a page."""
    return [
        DryRunRowView(
            attempt=line.attempt,
            name=line.name,
            number=line.number,
            before=_percent(line.percent_before),
            after=_percent(line.percent_after),
            pass_change="gains" if line.gains else "loses" if line.loses else "",
            award=line.award,
            changed=line.changed,
            late=line.late,
        )
        for line in lines
    ]


def facts(row: Regrade) -> dict[str, Any]:
    """Return the request of a regrade, in words, and its state."""
    return {
        "uuid": row.uuid,
        "kind": _(KINDS[row.kind]),
        "voids": RegradeKind(row.kind).voids,
        "policy": _(POLICIES[row.policy]),
        "with_manual": row.with_manual,
        "reason": row.reason,
        "state": row.state,
        "seen": row.seen,
        "outdated": row.outdated,
        "total": row.total,
        "for_objection": row.for_objection,
        "created_at": row.created_at,
        "committed_at": row.committed_at,
        "undone_at": row.undone_at,
        "undo_reason": row.undo_reason,
    }


def headings() -> list[str]:
    """Return the headings of the download."""
    return [
        _("Learner"),
        _("Attempt"),
        _("Percentage before"),
        _("Percentage after"),
        _("Passed before"),
        _("Passes after"),
        _("Certificate"),
    ]


def download_rows(lines: Iterator[RegradeChangeRow]) -> Iterator[Sequence[Cell]]:
    """Yield the lines of a dry run as the rows of a table, as they come; results are those of all attempts together."""
    for line in lines:
        results = [None if result is None else int(result) for result in (line.result_before, line.result_after)]
        yield (line.name, line.number, decimal(line.percent_before), decimal(line.percent_after), *results, line.award)
