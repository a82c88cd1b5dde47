"""The feature of quizzes, as the application registers it."""

from accounts.notices import NOTICE_KINDS
from courses.access import teaches
from courses.audit_verbs import CourseVerb
from courses.kinds import COURSE_PARTS, CourseKinds
from courses.team import PAGES_BELOW, TEAM_PAGES, TeamPage
from courses.waiting import WAITING
from discussions.boards import THREAD_GUARDS
from enrolments.dates import DATES
from enrolments.learner_groups import GROUP_GUARDS
from kernel.errors import N_
from kernel.feature import PAGES_OF_CODES, PAGES_OF_FILES, Feature
from kernel.menu import Menu, MenuEntry
from kernel.personal import ERASURES, OWN_DATA, OWN_FILES, OWN_RESULTS, TRANSFERS
from kernel.search.sources import SEARCH_KINDS, ResultKind
from questions.question_bank import PLACE_QUESTION, QUESTION_USES
from quizzes import board_guard, corrections, files, jobs, log, notices, own_data, publication, saves, teaching
from quizzes.access import PERMISSIONS
from quizzes.content import quiz_fields
from quizzes.content.quiz import BANKS
from quizzes.jury import mind_members
from quizzes.overrides import erase_reasons, pause_dates, quiz_dates, transfer_accommodation
from quizzes.pass_marks import missing_records
from quizzes.regrading import RegradeVerb
from quizzes.views import accommodations, answers, attempts, blueprints, marking, overrides, pass_marks, proofs, regrading, reports, slots

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
    menu=(
        MenuEntry(
            Menu.PEOPLE,
            "quizzes_accommodations.accommodations",
            N_("Accommodations"),
            position=40,
            icon="clock",
            about=N_("More time, breaks or attempts in quizzes for a person who needs them."),
        ),
    ),
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
    hooks=(
        SEARCH_KINDS.add(ResultKind("quiz", N_("Quizzes"), "clipboard-list", 150, enrol_words=N_("Enrol to take it"))),
        OWN_DATA.add(own_data.select_own_data),
        OWN_RESULTS.add(own_data.list_own_results),
        OWN_FILES.add(files.list_handed_in),
        ERASURES.add(erase_reasons, saves.erase_integrity_records),
        TRANSFERS.add(transfer_accommodation),
        NOTICE_KINDS.add(*notices.KINDS),
        DATES.add(quiz_dates, pause_dates),
        QUESTION_USES.add(teaching.USES_IN_QUIZZES),
        PLACE_QUESTION.bind(quiz_fields.with_question),
        PAGES_OF_CODES.add(proofs.find_page),
        PAGES_OF_FILES.add(proofs.find_page_of_file),
        WAITING.add(teaching.waiting_attempts),
        THREAD_GUARDS.add(board_guard.GUARD),
        GROUP_GUARDS.add(mind_members),
        TEAM_PAGES.add(
            TeamPage(
                "quizzes_marking.quizzes",
                N_("Quizzes and marking"),
                50,
                teaches,
                "quizzes_marking quizzes_manage quizzes_regrading quizzes_reopening quizzes_reports quizzes_time",
                needs_version=True,
            )
        ),
        PAGES_BELOW.add(("courses_outline.outline", "quizzes_slots quizzes_blueprints quizzes_pass_marks")),
        COURSE_PARTS.add(
            CourseKinds(
                publishers=(publication.QUIZ,),
                parts=(BANKS,),
                embed_question=publication.embed_question,
                comparers=(publication.reworded_questions,),
                site_checks=(missing_records,),
                part_comparers=(corrections.compare_questions,),
                regrade_lists=(corrections.list_regraded,),
                logs=(log.LOG, corrections.LOG),
            )
        ),
    ),
    help={
        "learner/lessons#mistake": "quizzes_mistakes.report",
        "learner/quizzes#before": "quizzes.quiz",
        "learner/quizzes#start": "quizzes.begin",
        "learner/quizzes#answer": "quizzes.attempt",
        "learner/quizzes#submit": "quizzes.summary",
        "learner/quizzes#review": "quizzes.review",
        "learner/quizzes#proof": "quizzes_proofs.proof",
        "board/check-a-certificate#proofs": "quizzes_proofs.verify",
        "instructor/quizzes#slots": "quizzes_slots.slots",
        "instructor/quizzes#blueprint": "quizzes_blueprints.blueprint",
        "instructor/quizzes#pass-mark-confirmed": "quizzes_pass_marks.scan",
        "instructor/quizzes#pass-mark": "quizzes_pass_marks.overview quizzes_pass_marks.record quizzes_pass_marks.sheet",
        "instructor/marking#mark": "quizzes_manage.manage quizzes_marking.item quizzes_marking.queue quizzes_marking.quizzes",
        "instructor/time-and-exceptions#override": "quizzes_time.add quizzes_time.change quizzes_time.overrides",
        "instructor/time-and-exceptions#incident": "quizzes_time.incidents",
        "instructor/time-and-exceptions#reopen": "quizzes_reopening.ask",
        "instructor/statistics#downloads": "quizzes.attempt_as_shown quizzes_reports.attempts",
        "instructor/regrading#regrade": "quizzes_regrading.new quizzes_regrading.regrades",
        "instructor/regrading#apply": "quizzes_regrading.regrade",
        "administrator/people#accommodation": "quizzes_accommodations.accommodations quizzes_accommodations.person",
    },
)
