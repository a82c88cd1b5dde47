"""The features of questions, quizzes and their analysis, as the application registers them."""

from courses.audit_verbs import CourseVerb
from kernel.errors import N_
from kernel.feature import Feature
from quizzes import analysis_jobs, jobs
from quizzes.access import ANALYSIS_PERMISSIONS, PERMISSIONS, QUESTION_PERMISSIONS, AnalysisAction
from quizzes.overrides import pause_dates, quiz_dates
from quizzes.quiz_page import StaffToolLink
from quizzes.regrading import RegradeVerb
from quizzes.teaching import QUESTION_USES, waiting_attempts
from quizzes.views import (
    accommodations,
    answers,
    attempts,
    banks,
    blueprints,
    decisions,
    draw_quality,
    gain,
    item_history,
    marking,
    overrides,
    pass_marks,
    proofs,
    questions,
    regrading,
    reports,
    slots,
    statistics,
    variants,
)
from quizzes.views.statistics_page import value_findings
from quizzes.waiting import waiting_findings

QUESTIONS = Feature(name="questions", blueprints=(banks.bp, questions.bp, variants.bp), permissions=QUESTION_PERMISSIONS)
FEATURE = Feature(
    name="quizzes",
    blueprints=(
        slots.bp,
        blueprints.bp,
        attempts.attempts_bp,
        answers.bp,
        reports.manage_bp,
        marking.marking_bp,
        regrading.bp,
        marking.reopening_bp,
        reports.reports_bp,
        marking.self_assessments_bp,
        pass_marks.bp,
        proofs.bp,
        attempts.mistakes_bp,
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
        "quizzes.plan_analyses": jobs.plan_analyses,
        "quizzes.fill_history": jobs.fill_history,
        "quizzes.make_draw_tables": jobs.make_draw_tables,
        "quizzes.plan_regrade": jobs.plan_regrade,
        "quizzes.commit_regrade": jobs.commit_regrade,
        "quizzes.undo_regrade": jobs.undo_regrade,
        "quizzes.catch_up_regrade": jobs.catch_up_regrade,
        "quizzes.offer_regrade": jobs.offer_regrade,
        "quizzes.note_due": jobs.note_due,
        "quizzes.carry_overrides": jobs.carry_overrides,
        "quizzes.move_reviews": jobs.move_reviews,
    },
    periodic={"quizzes.close_due": jobs.CLOSE_EVERY, "quizzes.move_reviews": jobs.MOVE_EVERY, "quizzes.plan_analyses": jobs.PLAN_EVERY},
    patient=("quizzes.offer_regrade",),
    subscriptions={
        **dict.fromkeys(jobs.SCOPES, "quizzes.note_due"),
        **dict.fromkeys(RegradeVerb, "quizzes.tell_regrade"),
        CourseVerb.PUBLISHED: "quizzes.carry_overrides",
    },
    dates=(quiz_dates, pause_dates),
    question_uses=(QUESTION_USES,),
    verified=(proofs.find_page,),
    verified_files=(proofs.find_page_of_file,),
    waiting=(waiting_attempts,),
)
STATISTICS_TOOL = StaffToolLink(
    "quizzes_statistics.quiz",
    "chart-column",
    N_("Statistics and item analysis"),
    N_("How well the questions worked, and which of them need attention."),
    AnalysisAction.STATISTICS,
    before="quizzes_time.overrides",
)
ANALYSIS = Feature(
    name="analysis",
    blueprints=(statistics.bp, decisions.bp, draw_quality.bp, gain.bp, item_history.bp),
    permissions=ANALYSIS_PERMISSIONS,
    jobs={
        "quizzes.examine": analysis_jobs.examine,
        "quizzes.update_analysis": analysis_jobs.examine,
        "quizzes.order_analyses": analysis_jobs.order_analyses,
    },
    patient=("quizzes.update_analysis",),
    quiz_tools=(STATISTICS_TOOL,),
    value_findings=(value_findings,),
    waiting=(waiting_findings,),
)
