"""The quizzes of a course for its team, and the links on the page of each."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from courses.rules import Outline
from kernel.errors import N_
from kernel.i18n import choose
from quizzes.permissions import QuizAction


@dataclass(frozen=True, slots=True)
class StaffToolLink:
    """A page of the staff's tools; its endpoint takes the course's `slug` and the quiz's `key`.

    It is shown to those whom `action` allows before a `quizzes.permissions.QuizContext` (or an action's own subject, where the
    predicate takes that one too).
    """

    endpoint: str
    icon: str
    title: str
    text: str
    action: StrEnum
    selecting: bool = False
    """Only for a quiz whose results are used outside the course."""
    before: str = ""
    """The endpoint before which it stands; empty for the end."""


TOOLS: tuple[StaffToolLink, ...] = (
    StaffToolLink(
        "quizzes_marking.queue",
        "pencil",
        N_("Mark answers"),
        N_("Essays and files marked by a person: by question or by learner, with or without names."),
        QuizAction.MANAGE,
    ),
    StaffToolLink(
        "quizzes_regrading.regrades",
        "rotate-ccw",
        N_("Regrade"),
        N_("After correcting a key, or to void a question: with a dry run first, and it can be undone."),
        QuizAction.REGRADE,
    ),
    StaffToolLink(
        "quizzes.quiz", "eye", N_("See the quiz"), N_("The page that learners see, with a preview for editors."), QuizAction.MANAGE
    ),
    StaffToolLink(
        "quizzes_reports.attempts",
        "users",
        N_("Attempts report"),
        N_("Who has taken it, when and with what result; also as CSV and Excel."),
        QuizAction.REPORT,
    ),
    StaffToolLink(
        "quizzes_time.overrides",
        "calendar-clock",
        N_("Overrides: dates, time and attempts"),
        N_("Different dates, more time or attempts, a password or networks: for everyone, a group or a person."),
        QuizAction.OVERRIDE,
    ),
    StaffToolLink(
        "quizzes_time.incidents",
        "clock",
        N_("Incident: more time for everyone"),
        N_("Extra minutes for everyone with an attempt in progress; they can be withdrawn."),
        QuizAction.INCIDENT,
    ),
)
"""In the order of the page: what is done most comes first."""


def tools_in_order(offered: Iterable[StaffToolLink]) -> list[StaffToolLink]:
    """Return the tools of quizzes with those that other packages offer, each where it belongs."""
    tools = list(TOOLS)
    for tool in offered:
        rank = next((at for at, other in enumerate(tools) if other.endpoint == tool.before), len(tools))
        tools.insert(rank, tool)
    return tools


@dataclass(frozen=True, slots=True)
class CourseQuizView:
    """A quiz in a list of those of its course."""

    key: str
    title: str
    module: str
    """Empty for one that the published version does not have any more."""


def quiz_lines(outline: Outline, keys: Iterable[str]) -> list[CourseQuizView]:
    """Return the quizzes of a course in its order, then those of earlier versions among the keys that have attempts."""
    present = [activity for activity in outline.activities() if activity.kind == "quiz"]
    lines = [
        CourseQuizView(activity.key, choose(activity.title), choose(outline.module_by_key[activity.module].title)) for activity in present
    ]
    for key in sorted(set(keys) - {activity.key for activity in present}):
        now = outline.by_key.get(outline.renames.get(key, key))
        lines.append(CourseQuizView(key, choose(now.title) if now else key, ""))
    return lines
