"""The quizzes feature, as the application registers it."""

from courses.audit_verbs import CourseVerb
from kernel.feature import Feature
from quizzes import jobs
from quizzes.dates import pause_dates, quiz_dates
from quizzes.permissions import PERMISSIONS
from quizzes.queries.waiting import waiting_attempts, waiting_findings
from quizzes.services.regrading import RegradeVerb
from quizzes.views import (
    accommodations,
    attempts,
    banks,
    blueprints,
    decisions,
    files,
    item_history,
    manage,
    marking,
    mistakes,
    overrides,
    paired_tests,
    pass_marks,
    questions,
    regrading,
    reopening,
    reports,
    self_assessments,
    slots,
    statistics,
)

FEATURE = Feature(
    name="quizzes",
    blueprints=(
        banks.bp,
        questions.bp,
        slots.bp,
        blueprints.bp,
        attempts.bp,
        files.bp,
        manage.bp,
        marking.bp,
        regrading.bp,
        reopening.bp,
        reports.bp,
        self_assessments.bp,
        statistics.bp,
        decisions.bp,
        paired_tests.bp,
        pass_marks.bp,
        item_history.bp,
        mistakes.bp,
        overrides.bp,
        accommodations.bp,
    ),
    permissions=PERMISSIONS,
    jobs={
        "quizzes.close_due": jobs.close_due,
        "quizzes.send_marked": jobs.notify_marked,
        "quizzes.tell_reopened": jobs.notify_reopened,
        "quizzes.tell_override": jobs.notify_override,
        "quizzes.tell_incident": jobs.notify_incident,
        "quizzes.tell_regrade": jobs.notify_regrade,
        "quizzes.examine": jobs.examine,
        "quizzes.update_analysis": jobs.examine,
        "quizzes.plan_analyses": jobs.plan_analyses,
        "quizzes.order_analyses": jobs.order_analyses,
        "quizzes.fill_history": jobs.fill_history,
        "quizzes.plan_regrade": jobs.plan_regrade,
        "quizzes.commit_regrade": jobs.commit_regrade,
        "quizzes.undo_regrade": jobs.undo_regrade,
        "quizzes.catch_up_regrade": jobs.catch_up_regrade,
        "quizzes.note_due": jobs.note_due,
        "quizzes.carry_overrides": jobs.carry_overrides,
        "quizzes.move_reviews": jobs.move_reviews,
    },
    periodic={"quizzes.close_due": jobs.CLOSE_EVERY, "quizzes.move_reviews": jobs.MOVE_EVERY, "quizzes.plan_analyses": jobs.PLAN_EVERY},
    patient=("quizzes.update_analysis",),
    subscriptions={
        **dict.fromkeys(jobs.SCOPES, "quizzes.note_due"),
        **dict.fromkeys(RegradeVerb, "quizzes.tell_regrade"),
        CourseVerb.PUBLISHED: "quizzes.carry_overrides",
    },
    dates=(quiz_dates, pause_dates),
    waiting=(waiting_attempts, waiting_findings),
)
