"""Pages of the site and the section of the guide that explains each."""

from collections.abc import Mapping

from flask import request, url_for

from kernel.markup.model import ID_PREFIX

SECTIONS: Mapping[str, str] = {
    "learner/account#sign-up": "accounts.sign_up accounts.sign_up_requested",
    "learner/account#confirm": "accounts.confirm",
    "learner/account#invitation": "accounts.accept_invitation",
    "learner/account#forgotten": "accounts.forgotten accounts.reset",
    "learner/account#profile": "accounts.profile accounts_names.ask_for_correction",
    "learner/account#change": """
        accounts.change_password accounts_addresses.address_change_requested accounts_addresses.change_address
        accounts_addresses.confirm_address_change
    """,
    "learner/signing-in#sign-in": "accounts.sign_in",
    "learner/signing-in#second-step": "accounts_second.new_app accounts_second.overview",
    "learner/signing-in#lost-phone": "accounts_second.enter",
    "learner/signing-in#devices": "accounts.devices",
    "learner/courses#find": "enrolments.catalogue",
    "learner/courses#enrol": "enrolments.course",
    "learner/courses#invitation": "enrolments_invited.account enrolments_invited.invitation",
    "learner/courses#code": "enrolments_editions.code enrolments_editions.invitation",
    "learner/lessons#resume": "lms.learning",
    "learner/courses#leave": "enrolments_leaving.leave",
    "learner/compulsory#to-do": "lms_training.duties",
    "learner/compulsory#waivers": """
        compliance_recognitions.ask compliance_recognitions.propose compliance_waivers.ask compliance_waivers.own compliance_waivers.propose
    """,
    "administrator/institutions#waivers": """
        compliance_recognition_lists.lists compliance_recognition_lists.made compliance_recognition_lists.pending
        compliance_recognitions.recognition compliance_waivers.claims compliance_waivers.waiver
    """,
    "learner/compulsory#why": "compliance_learner.past compliance_learner.why",
    "learner/compulsory#again": "compliance_renewals.renew",
    "learner/lessons#progress": "enrolments.activity",
    "learner/lessons#glossary": "enrolments.glossary enrolments.resources",
    "learner/lessons#search": "lms_search.search",
    "learner/lessons#mistake": "enrolments_mistakes.own_reports enrolments_mistakes.report quizzes_mistakes.report",
    "learner/recordings#watch": "webinars.recording webinars.recordings",
    "learner/quizzes#before": "quizzes.quiz",
    "learner/quizzes#start": "quizzes.begin",
    "learner/quizzes#answer": "quizzes.attempt",
    "learner/quizzes#submit": "quizzes.summary",
    "learner/quizzes#review": "quizzes.review",
    "learner/quizzes#proof": "quizzes_proofs.proof",
    "board/check-a-certificate#proofs": "quizzes_proofs.verify",
    "learner/quizzes#objections": "selections_objections.objection selections_objections.own",
    "learner/quizzes#both-tests": "analysis_gain.comparison",
    "learner/simulator#tool": "simulators.comparison simulators.contributory simulators.rollout simulators.social_budget",
    "learner/simulator#task": "simulators.task",
    "learner/simulator#result": "simulators.submission",
    "learner/results#calendar": """
        enrolments_calendar.calendar enrolments_calendar.make_address enrolments_reminders.new_reminder enrolments_reminders.reminder
    """,
    "learner/results#grades": "enrolments_results.own_results",
    "learner/certificates#obtain": "certificates.certificates",
    "learner/certificates#download": "certificates.certificate",
    "board/check-a-certificate#paper": "certificates.verify certificates_verification.verify_form",
    "board/check-a-certificate#reader": "certificates_keys.keys",
    "board/check-a-certificate#offline": "certificates_offline.offline_page",
    "learner/certificates#transcript": "certificates_transcripts.own_transcript",
    "administrator/certificates#transcript": "certificates_transcripts.transcript_of",
    "learner/certificates#badge": "certificates_badges.badge",
    "learner/notifications-and-data#notifications": "accounts_notices.notices_list",
    "learner/notifications-and-data#preferences": "accounts_notices.stop accounts_notices.switches",
    "learner/notifications-and-data#copy": "lms_own_data.overview",
    "learner/notifications-and-data#delete": "lms_own_data.deletion",
    "instructor/create-a-course#create": "courses_outline.new_course",
    "instructor/create-a-course#pending": "lms.teaching",
    "instructor/create-a-course#outline": """
        courses_outline.new_activity courses_outline.new_module courses_outline.outline courses_outline.removal
    """,
    "instructor/create-a-course#undo": "courses_history.change courses_history.changes",
    "instructor/create-a-course#settings": "courses_settings.course courses_settings.part courses_settings.rename courses_texts.text",
    "instructor/lessons#write": "courses_lessons.lesson courses_lessons.removal",
    "instructor/lessons#check": "courses_lessons.preview",
    "instructor/lessons#lists": "courses_lists.entries courses_lists.entry courses_lists.new_entry courses_lists.removal",
    "instructor/lessons#files": "courses_media.media",
    "instructor/questions#write": """
        questions_banks.new_question questions_banks.question questions.new_question questions.question
    """,
    "instructor/questions#try": "questions_banks.preview",
    "instructor/questions#variants": "questions_variants.variants",
    "instructor/questions#find": "questions_banks.questions",
    "instructor/questions#correct": "questions_banks.versions",
    "instructor/quizzes#slots": "quizzes_slots.slots",
    "instructor/quizzes#blueprint": "quizzes_blueprints.blueprint",
    "instructor/statistics#history": "analysis_item_history.question",
    "instructor/quizzes#pass-mark-confirmed": "quizzes_pass_marks.scan",
    "instructor/quizzes#pass-mark": "quizzes_pass_marks.overview quizzes_pass_marks.record quizzes_pass_marks.sheet",
    "instructor/import-and-export#questions": "standards.confirm standards.upload",
    "instructor/import-and-export#export-questions": "standards.export",
    "instructor/import-and-export#folder": "courses_folders.confirm courses_folders.upload",
    "instructor/import-and-export#new-from-folder": "courses_folders.confirm_new courses_folders.upload_new",
    "instructor/publishing#publish": "courses.publishing",
    "instructor/publishing#mistakes": "enrolments_mistakes.lesson enrolments_mistakes.mistake enrolments_mistakes.reports",
    "instructor/publishing#versions": "courses_versions.version courses_versions.versions",
    "instructor/learners#enrol": "enrolments_roster.roster",
    "instructor/learners#list": "enrolments_roster.preview enrolments_roster.upload",
    "instructor/learners#invitations": "enrolments_invitations.unanswered",
    "instructor/learners#editions": "enrolments_editions.editions",
    "instructor/learners#code": "enrolments_editions.edition",
    "instructor/learners#groups": "enrolments.group enrolments.groups",
    "instructor/learners#compulsory": "compliance_agreements.agreements",
    "instructor/learners#again": "enrolments_takes.begin",
    "instructor/announcements-and-messages#announce": "enrolments_announcements.announcements",
    "instructor/announcements-and-messages#correct": "enrolments_announcements.announcement",
    "instructor/announcements-and-messages#message": "enrolments_messages.message",
    "instructor/marking#mark": "quizzes_manage.manage quizzes_marking.item quizzes_marking.queue quizzes_marking.quizzes",
    "instructor/marking#gradebook": "enrolments_gradebook.gradebook lms_following.learner",
    "instructor/marking#grading": "enrolments_grading.grading",
    "instructor/marking#items": "enrolments_grading.item enrolments_grading.marks enrolments_grading.new_item",
    "instructor/marking#override": "enrolments_results.override",
    "instructor/time-and-exceptions#override": "quizzes_time.add quizzes_time.change quizzes_time.overrides",
    "instructor/time-and-exceptions#incident": "quizzes_time.incidents",
    "instructor/time-and-exceptions#reopen": "quizzes_reopening.ask",
    "instructor/statistics#progress": "enrolments_following.progress",
    "instructor/statistics#analysis": "analysis_statistics.question analysis_statistics.quiz analysis_statistics.quizzes",
    "instructor/statistics#decisions": "analysis_decisions.people analysis_decisions.quiz",
    "instructor/statistics#draws": "analysis_draws.quiz",
    "instructor/statistics#gain": "analysis_gain.class_gain",
    "instructor/statistics#downloads": "quizzes.attempt_as_shown quizzes_reports.attempts analysis_statistics.surveys",
    "instructor/regrading#regrade": "quizzes_regrading.new quizzes_regrading.regrades",
    "instructor/regrading#apply": "quizzes_regrading.regrade",
    "instructor/selections#acta": "selections_actas.acta selections_actas.own_line selections_actas.selection",
    "instructor/selections#amendment": "selections_actas.amendment",
    "instructor/selections#incidents": """
        selections_incidents.ask selections_incidents.incident selections_incidents.own selections_incidents.signs
    """,
    "instructor/selections#verification": "selections_exports.export selections_exports.identities selections_verification.verify",
    "instructor/selections#objections": "selections_objection_groups.group selections_objection_groups.listing",
    "instructor/selections#jury": "selections.members selections.own selections.quiz",
    "instructor/team#add": "courses_team.invitation courses_team.team",
    "instructor/team#log": "courses_team.log",
    "instructor/team#archive": "courses_archiving.archive",
    "instructor/team#delete": "courses_outline.deletion",
    "administrator/first-steps#first-account": "accounts.set_up",
    "administrator/first-steps#first-steps": "lms.administration",
    "administrator/people#find": "lms_people.people lms_people.record",
    "administrator/people#name": "accounts_names.correct_name accounts_names.name_requests",
    "administrator/people#add": "lms_new_person.add",
    "administrator/people#merge": "lms_merges.find_other lms_merges.preview_merge",
    "administrator/people#completion": "lms_people.learning_record",
    "administrator/people#accommodation": "quizzes_accommodations.accommodations quizzes_accommodations.person",
    "administrator/lists#load": "organisations_loads.load organisations_loads.loads",
    "administrator/institutions#create": "organisations.organisation organisations.organisations",
    "administrator/compulsory-training#write": """
        compliance_obligations.draft compliance_obligations.new compliance_obligations.obligation compliance_obligations.obligations
    """,
    "administrator/compulsory-training#activate": "compliance_changes.change",
    "administrator/compulsory-training#change": """
        compliance_audience_rules.change compliance_obligations.end compliance_obligations.version
    """,
    "administrator/institutions#audiences": """
        organisations_audiences.audience organisations_audiences.audiences organisations_audiences.new organisations_audiences.rule
    """,
    "administrator/institutions#audience-people": """
        organisations_audience_lists.lists organisations_audience_lists.people organisations_audiences.why
    """,
    "administrator/institutions#free-days": "compliance_free_days.change compliance_free_days.days",
    "administrator/institutions#remind": "compliance_reminders.remind",
    "administrator/institutions#posts": "organisations_posts.post organisations_posts.posts organisations_posts.preview_merge",
    "administrator/institutions#follow": "enrolments_units.people enrolments_units.unit enrolments_units.units",
    "administrator/institutions#training-report": """
        compliance_report.people compliance_report.person compliance_report.place compliance_report.places
        compliance_report_exports.dictionary compliance_report_exports.identities compliance_report_exports.person
        compliance_report_exports.table
    """,
    "administrator/institutions#actas": "compliance_actas.verify",
    "administrator/institutions#evidence-bundles": "compliance_bundles.bundles compliance_bundles.download",
    "administrator/site-settings#settings": "organisations_site.overview",
    "administrator/site-settings#name": "organisations_site.names",
    "administrator/site-settings#appearance": "organisations_site.appearance",
    "administrator/site-settings#mail": "organisations_site.mail_server",
    "administrator/site-settings#access": "organisations_site.access",
    "administrator/site-settings#personal-data": "organisations_site.personal_data",
    "administrator/site-settings#signatories": "organisations_site.signatories organisations_site.signatory",
    "administrator/site-settings#institutions": "organisations_institutions.institution organisations_institutions.institutions",
    "administrator/system-status#read": "lms_condition.system_state",
    "administrator/audit-log#search": "lms_auditing.log",
    "administrator/certificates#register": """
        certificates_register.course_register certificates_register.export certificates_register.identities certificates_register.register
    """,
    "administrator/certificates#validity": "certificates_validity.change_validity",
    "administrator/certificates#bulk": "certificates_bulk.download",
    "administrator/certificates#revoke": "certificates.revoke",
    "administrator/certificates#correct": "certificates.replace",
    "administrator/certificates#renew": "certificates.renew",
    "administrator/certificates#templates": """
        certificates_templates.export certificates_templates.template
        certificates_templates.templates certificates_templates.versions
    """,
    "administrator/certificates#reviews": "enrolments_completion_reviews.reviews",
    "administrator/certificates#decide": """
        certificates_reviews.course_reviews certificates_reviews.former_reviews certificates_reviews.reviews
    """,
    "administrator/certificates#names": "certificates_reviews.correct_name",
    "learner/certificates#correction": "certificates_reviews.ask_correction",
}
"""The sections, as `reader/chapter#section`, each with the endpoints of the pages that lead to it."""
_BY_ENDPOINT = {endpoint: section for section, endpoints in SECTIONS.items() for endpoint in endpoints.split()}


def page_help() -> str:
    """Return the address of the section that explains the present page; nothing where none does."""
    section = _BY_ENDPOINT.get(request.endpoint or "")
    if section is None:
        return ""
    path, _sign, key = section.partition("#")
    reader, _slash, chapter = path.partition("/")
    return url_for("lms_guide.chapter", reader=reader, key=chapter, _anchor=ID_PREFIX + key)
