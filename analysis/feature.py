"""The feature of statistics and item analysis, as the application registers it."""

from analysis import jobs, waiting
from analysis.access import ANALYSIS_PERMISSIONS, AnalysisAction
from analysis.statistics import estimate_decisions
from analysis.views import decisions, draw_quality, gain, item_history, statistics
from analysis.views.statistics_page import value_findings
from courses.kinds import COURSE_PARTS, CourseKinds
from courses.team import PAGES_BELOW, TEAM_PAGES, TeamPage
from courses.waiting import WAITING
from kernel.errors import N_
from kernel.feature import Feature
from quizzes.quiz_page import StaffToolLink
from quizzes.views.blueprints import VALUE_FINDINGS
from quizzes.views.reports import QUIZ_TOOLS

STATISTICS_TOOL = StaffToolLink(
    "analysis_statistics.quiz",
    "chart-column",
    N_("Statistics and item analysis"),
    N_("How well the questions worked, and which of them need attention."),
    AnalysisAction.STATISTICS,
    before="quizzes_time.overrides",
)
FEATURE = Feature(
    name="analysis",
    blueprints=(statistics.bp, decisions.bp, draw_quality.bp, gain.bp, item_history.bp),
    permissions=ANALYSIS_PERMISSIONS,
    jobs={
        "quizzes.examine": jobs.examine,
        "quizzes.update_analysis": jobs.examine,
        "quizzes.order_analyses": jobs.order_analyses,
    },
    patient=("quizzes.update_analysis",),
    hooks=(
        QUIZ_TOOLS.add(STATISTICS_TOOL),
        VALUE_FINDINGS.add(value_findings),
        WAITING.add(waiting.waiting_findings),
        TEAM_PAGES.add(
            TeamPage(
                "analysis_statistics.quizzes",
                N_("Statistics"),
                70,
                below="analysis_statistics analysis_decisions analysis_draws analysis_gain.class_gain",
                needs_version=True,
            )
        ),
        PAGES_BELOW.add(("courses_outline.outline", "analysis_item_history")),
        COURSE_PARTS.add(CourseKinds(comparers=(estimate_decisions,))),
    ),
    help={
        "learner/quizzes#both-tests": "analysis_gain.comparison",
        "instructor/statistics#history": "analysis_item_history.question",
        "instructor/statistics#analysis": "analysis_statistics.question analysis_statistics.quiz analysis_statistics.quizzes",
        "instructor/statistics#decisions": "analysis_decisions.people analysis_decisions.quiz",
        "instructor/statistics#draws": "analysis_draws.quiz",
        "instructor/statistics#gain": "analysis_gain.class_gain",
        "instructor/statistics#downloads": "analysis_statistics.surveys",
    },
)
