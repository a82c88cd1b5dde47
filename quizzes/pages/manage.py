"""What the page of a quiz for its course's staff links to."""

from dataclasses import dataclass

from kernel.errors import N_
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
    action: QuizAction


TOOLS: tuple[StaffToolLink, ...] = (
    StaffToolLink(
        "quizzes_marking.queue",
        "pencil",
        N_("Mark answers"),
        N_("Essays and files that a person reads: by question or by learner, with or without names."),
        QuizAction.MANAGE,
    ),
    StaffToolLink(
        "quizzes_regrading.regrades",
        "rotate-ccw",
        N_("Mark again"),
        N_("After a key was corrected, or to annul a question: with a trial first, and undoable."),
        QuizAction.REGRADE,
    ),
    StaffToolLink(
        "quizzes.quiz", "eye", N_("See the quiz"), N_("The page that learners open, and a preview for those who edit."), QuizAction.MANAGE
    ),
    StaffToolLink(
        "quizzes_reports.attempts",
        "users",
        N_("Report of attempts"),
        N_("Who has taken it, when, and with which result; as CSV and Excel too."),
        QuizAction.REPORT,
    ),
    StaffToolLink(
        "quizzes_statistics.quiz",
        "chart-column",
        N_("Statistics and question doctor"),
        N_("How the questions did their work, and which of them deserve a look."),
        QuizAction.STATISTICS,
    ),
    StaffToolLink(
        "quizzes_time.overrides",
        "calendar-clock",
        N_("Dates, time and attempts for some"),
        N_("Other dates, more time or attempts, a password or networks: for everybody, a group or a person."),
        QuizAction.OVERRIDE,
    ),
    StaffToolLink(
        "quizzes_time.incidents",
        "clock",
        N_("Something went wrong: more time for all"),
        N_("Minutes more for everybody who is answering now; they can be taken back."),
        QuizAction.INCIDENT,
    ),
)
"""In the order of the page: what is done most comes first."""
