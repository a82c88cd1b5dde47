"""Under which action of the access lists each route stands, or why everybody may use it."""

from collections.abc import Mapping

ROUTES: Mapping[str, str] = {
    "accommodation.manage": """
        quizzes_accommodations.accommodations quizzes_accommodations.end quizzes_accommodations.person quizzes_accommodations.restore
    """,
    "administration.view": "lms.administration lms_condition.retry lms_condition.retry_all lms_condition.system_state",
    "announcement.change": "enrolments_announcements.announcement enrolments_announcements.withdraw",
    "attempt.file": "quizzes_files.fetch",
    "attempt.grade_by_hand": "quizzes_marking.item quizzes_marking.mark",
    "attempt.paper": "quizzes.attempt_as_shown",
    "attempt.proof": "quizzes_proofs.proof quizzes_proofs.pdf",
    "attempt.reopen": "quizzes_reopening.ask quizzes_reopening.reopen",
    "attempt.save": "quizzes.attempt quizzes.save quizzes.summary quizzes_files.send",
    "attempt.self_assess": "quizzes_self_assessments.assess",
    "attempt.submit": "quizzes.submit",
    "attempt.verify_proof": "quizzes_proofs.compare_file",
    "attempt.view": "quizzes.record quizzes.review",
    "audience.edit": """
        compliance_audience_rules.apply compliance_audience_rules.change compliance_audience_rules.discard compliance_audience_rules.renew
        organisations_audience_lists.delete organisations_audience_lists.lists organisations_audience_lists.people
        organisations_audience_lists.save organisations_audiences.delete
        organisations_audiences.change organisations_audiences.make organisations_audiences.new organisations_audiences.rule
    """,
    "obligation.activate": "compliance_changes.activate",
    "obligation.change": "compliance_changes.correct",
    "obligation.edit": """
        compliance_changes.apply compliance_changes.discard compliance_changes.renew compliance_obligations.change_draft
        compliance_obligations.delete compliance_obligations.draft compliance_obligations.end compliance_obligations.make
        compliance_obligations.new compliance_obligations.set_owner compliance_obligations.try_activation
        compliance_obligations.try_end compliance_obligations.try_version compliance_obligations.version
    """,
    "obligation.list": "compliance_obligations.obligations",
    "obligation.view": "compliance_changes.change compliance_obligations.obligation",
    "audience.view": "organisations_audiences.audience organisations_audiences.audiences organisations_audiences.why",
    "recognition.approve": "compliance_recognitions.decide compliance_recognitions.revoke",
    "recognition.approve_many": "compliance_recognition_lists.decide",
    "recognition.load": """
        compliance_recognition_lists.confirm compliance_recognition_lists.discard
        compliance_recognition_lists.faults compliance_recognition_lists.lists compliance_recognition_lists.pending
    """,
    "recognition.propose": "compliance_recognitions.ask compliance_recognitions.propose",
    "recognition.withdraw": "compliance_recognitions.withdraw",
    "training.why": """
        compliance_learner.why
        compliance_recognitions.evidence compliance_recognitions.recognition
        compliance_waivers.evidence compliance_waivers.own compliance_waivers.waiver
    """,
    "waiver.approve": "compliance_waivers.decide compliance_waivers.revoke",
    "waiver.list": "compliance_recognition_lists.made compliance_waivers.claims",
    "waiver.propose": "compliance_waivers.ask compliance_waivers.propose",
    "waiver.withdraw": "compliance_waivers.withdraw",
    "audit_log.view": "lms_auditing.log",
    "calendar.use": """
        enrolments_calendar.calendar enrolments_calendar.date_file enrolments_calendar.end_address enrolments_calendar.make_address
        enrolments_reminders.delete enrolments_reminders.new_reminder enrolments_reminders.reminder
    """,
    "personal_note.use": "notes.as_markdown notes.delete notes.note notes.own_notes",
    "personal_note.write": "notes.of_activity",
    "certificate.download": "certificates.download",
    "certificate.view": "certificates.certificate",
    "certificate.list_own": "certificates.certificates",
    "transcript.make": "certificates_transcripts.make certificates_transcripts.own_transcript",
    "transcript.view": "certificates_transcripts.transcript_of",
    "transcript.download": "certificates_transcripts.document certificates_transcripts.download",
    "certificate.list": "certificates_register.course_register certificates_register.register",
    "certificate.set_validity": "certificates_validity.change_validity",
    "certificate.bulk_zip": "certificates_bulk.request_download",
    "certificate.open_bulk_zip": """
        certificates_bulk.cancel certificates_bulk.download certificates_bulk.file certificates_bulk.pause certificates_bulk.resume
    """,
    "certificate.export": "certificates_register.export",
    "certificate.export_identity": "certificates_register.identities certificates_register.take_identities",
    "certificate.badge": "certificates_badges.badge",
    "certificate.verify": "certificates_identity.compare certificates_verification.verify_files",
    "certificate.revoke": "certificates.revoke",
    "template.list": "certificates_templates.templates certificates_templates.create certificates_templates.import_folder",
    "template.view": "certificates_templates.versions",
    "template.preview": "certificates_templates.preview_version",
    "template.edit": """
        certificates_templates.change_elements certificates_templates.export certificates_templates.preview
        certificates_templates.put_picture certificates_templates.save_text certificates_templates.template
    """,
    "template.publish": "certificates_templates.publish",
    "certificate.replace": "certificates.replace",
    "certificate.renew": "certificates.renew",
    "certificate.ask_correction": "certificates_reviews.ask_correction",
    "certificate.print_id": "certificates_identity.choose_printed_identity",
    "certificate.list_reviews": "certificates_reviews.reviews certificates_reviews.course_reviews certificates_reviews.former_reviews",
    "certificate.decide": "certificates_reviews.decide",
    "certificate.call_replaced": "certificates_reviews.call_replaced",
    "certificate.correct_name": "certificates_reviews.correct_name",
    "completion_review.settle": "enrolments_completion_reviews.reviews enrolments_completion_reviews.settle",
    "completion.take_back": "lms_people.revoke_completion",
    "course.announce": "enrolments_announcements.announcements enrolments_messages.message",
    "course.approve": "courses_plans.approve courses_plans.refuse",
    "course.archive": "courses_archiving.archive",
    "course.create": "courses_outline.new_course",
    "course.delete": "courses_outline.deletion",
    "course.edit": """
        courses_folders.confirm courses_folders.discard courses_folders.download courses_folders.upload courses_history.change
        courses_history.changes courses_history.restoration courses_lists.entries courses_lists.entry courses_lists.new_entry
        courses_lists.removal courses_media.media courses_outline.new_activity courses_outline.new_module courses_outline.outline
        courses_outline.removal courses_outline.undo courses_settings.course courses_settings.part courses_settings.rename
        courses_texts.text quizzes_blueprints.approve quizzes_blueprints.blueprint quizzes_slots.slots
    """,
    "course.enrol_other": """
        compliance_agreements.agreements compliance_agreements.answer
        enrolments_editions.close enrolments_editions.edition enrolments_editions.editions enrolments_editions.make_code
        enrolments_editions.reopen enrolments_editions.take_code enrolments_roster.confirm enrolments_roster.discard
        enrolments_roster.enrol enrolments_roster.preview enrolments_roster.remove enrolments_roster.roster enrolments_roster.upload
    """,
    "course.enrol_self": "enrolments.enrol",
    "enrolment.accept_invitation": "enrolments_invited.accept",
    "enrolment.leave": "enrolments_leaving.leave",
    "enrolment.invite": """
        enrolments_invitations.invite enrolments_invitations.links enrolments_invitations.links_csv enrolments_invitations.renew
        enrolments_invitations.unanswered enrolments_invitations.withdraw enrolments_invitations.withdraw_list
    """,
    "course.import": "courses_folders.confirm_new courses_folders.discard_new courses_folders.upload_new",
    "course.join_team": "courses_team.invitation",
    "course.assign_staff": """
        courses_team.change_role courses_team.remove courses_team.set_approval courses_team.team courses_team.withdraw_invitation
    """,
    "course.publish": """
        courses.publishing courses_plans.withdraw courses_versions.publish courses_versions.restore courses_versions.version
        courses_versions.versions
    """,
    "course.view": "enrolments.course enrolments.glossary enrolments.resources",
    "course.view_log": "courses_team.log",
    "edition.join": "enrolments_editions.accept enrolments_editions.join",
    "edition.look_up": "enrolments_editions.code enrolments_editions.invitation",
    "edition.stop_waiting": "enrolments_editions.stop_waiting",
    "grade.override": "enrolments_results.override",
    "free_day.manage": """
        compliance_free_days.add compliance_free_days.apply compliance_free_days.change compliance_free_days.days
        compliance_free_days.delete compliance_free_days.discard compliance_free_days.review
    """,
    "gradebook.view": """
        enrolments_following.progress enrolments_gradebook.gradebook enrolments_grading.grading
    """,
    "gradebook.export": "enrolments_gradebook.as_csv enrolments_gradebook.as_opendocument enrolments_gradebook.as_workbook",
    "group.manage": """
        enrolments.add_members enrolments.delete_group enrolments.group enrolments.groups enrolments.remove_member
        enrolments.rename_group
    """,
    "home.view": "enrolments_mistakes.own_reports lms.learning lms_training.duties",
    "incident.manage": "quizzes_time.apply_incident quizzes_time.incidents quizzes_time.undo",
    "item.manage": "enrolments_grading.item enrolments_grading.new_item enrolments_grading.retire",
    "item.mark": "enrolments_grading.marks",
    "lesson.edit": """
        courses_lessons.autosave courses_lessons.files_of_lesson courses_lessons.lesson
        courses_lessons.preview_fragment courses_lessons.paste
        courses_lessons.preview courses_lessons.removal
    """,
    "lesson.file_download": "enrolments.download",
    "lesson.mark_complete": "enrolments.mark_done enrolments.unmark_done",
    "lesson.view": "enrolments.activity",
    "metrics.view": "lms_condition.figures",
    "mistake.decide": "enrolments_mistakes.decide",
    "mistake.list": "enrolments_mistakes.lesson enrolments_mistakes.mistake enrolments_mistakes.reports",
    "mistake.report": "enrolments_mistakes.report quizzes_mistakes.report",
    "note.delete": "enrolments_results.delete_note",
    "note.write": "enrolments_results.write_note",
    "notice.read": "accounts_notices.notices_list",
    "organisation.follow": "enrolments_units.people enrolments_units.people_csv enrolments_units.unit enrolments_units.units",
    "organisation.load": """
        organisations_loads.confirm organisations_loads.discard organisations_loads.faults organisations_loads.load
        organisations_loads.loads
    """,
    "organisation.manage": """
        organisations.add_manager organisations.add_member organisations.add_place organisations.add_training_role organisations.change
        organisations.close organisations.delete organisations.end_manager organisations.end_training_role
        organisations.make_institution organisations.move organisations.organisation organisations.organisations
        organisations.remove_member organisations.reopen organisations_posts.merge organisations_posts.post organisations_posts.posts
        organisations_posts.preview_merge organisations_posts.rename
    """,
    "override.manage": """
        quizzes_time.add quizzes_time.apply quizzes_time.change quizzes_time.end quizzes_time.overrides quizzes_time.restore
    """,
    "personal_data.export": "lms_own_data.copy lms_own_data.copy_of_another",
    "profile.edit": """
        accounts.change_password accounts.profile accounts_addresses.change_address accounts_names.ask_for_correction
        accounts_addresses.address_change_requested accounts_notices.switches
        lms_own_data.deletion lms_own_data.overview lms_own_data.cancel_deletion
    """,
    "progress.view": "enrolments_results.own_results lms_following.learner",
    "question_bank.view": """
        questions_banks.change questions_banks.new_question questions_banks.preview questions_banks.question questions_banks.questions
        questions_banks.versions questions.new_question questions.question questions_variants.variants standards.confirm
        standards.discard standards.export standards.upload
    """,
    "quiz.manage": "quizzes_manage.manage quizzes_marking.queue quizzes_marking.quizzes",
    "quiz.regrade": """
        quizzes_regrading.apply quizzes_regrading.commit quizzes_regrading.discard quizzes_regrading.lines_csv quizzes_regrading.new
        quizzes_regrading.regrade quizzes_regrading.regrades quizzes_regrading.renew quizzes_regrading.undo
        quizzes_reopening.delete_previews
    """,
    "angoff.record": """
        quizzes_pass_marks.change quizzes_pass_marks.new quizzes_pass_marks.overview quizzes_pass_marks.record
        quizzes_pass_marks.save_sheet quizzes_pass_marks.sheet quizzes_pass_marks.scan quizzes_pass_marks.attach_scan
    """,
    "item_history.segment": "analysis_item_history.mark_wording_only analysis_item_history.withdraw_wording_only",
    "item_history.view": "analysis_item_history.question analysis_item_history.table_csv",
    "draw_table.view": "analysis_draws.quiz",
    "decision_quality.view": "analysis_decisions.people analysis_decisions.quiz",
    "quiz.export_report": "quizzes_reports.attempts_csv quizzes_reports.attempts_ods quizzes_reports.attempts_xlsx",
    "quiz.report": "quizzes_reports.attempts",
    "quiz.start": "quizzes.begin quizzes.start",
    "quiz.statistics": """
        analysis_gain.class_gain
        analysis_statistics.question analysis_statistics.quiz analysis_statistics.quizzes analysis_statistics.surveys
        analysis_statistics.surveys_csv analysis_statistics.table_csv analysis_statistics.workbook
    """,
    "quiz.view_intro": "quizzes.quiz analysis_gain.comparison",
    "recording.note_watched": "webinars.watched",
    "recording.view": "webinars.recording",
    "reminder.send": "compliance_reminders.remind",
    "second_step.manage": """
        accounts_second.new_app accounts_second.new_codes accounts_second.new_passkey accounts_second.overview accounts_second.prove
        accounts_second.remove accounts_second.request_new_passkey
    """,
    "session.list_and_end": """
        accounts.devices accounts.end_device accounts.end_devices accounts.prove_for_devices lms_people.end_sessions
    """,
    "site.manage": """
        organisations_site.access organisations_site.appearance organisations_site.dismiss_hint organisations_site.mail_server
        organisations_site.names organisations_site.overview organisations_site.personal_data organisations_site.remove_logo
        organisations_site.set_colours organisations_site.set_logo organisations_site.signatories organisations_site.test_mail
    """,
    "institution.list": "organisations_institutions.institutions",
    "institution.add": """
        organisations_institutions.add organisations_institutions.end_administrator organisations_institutions.name_administrator
    """,
    "institution.edit": """
        certificates_templates.set_default
        organisations_institutions.institution organisations_institutions.remove_logo organisations_institutions.set_colours
        organisations_institutions.set_logo organisations_institutions.set_names
    """,
    "signatory.edit": """
        organisations_institutions.add_signatory organisations_site.remove_signatory organisations_site.signatory
        organisations_site.signature
    """,
    "selection.list_own": "selections.own",
    "acta.draft": "selections_actas.discard selections_actas.prepare",
    "acta.amend": "selections_actas.amendment",
    "acta.freeze": "selections_actas.publish",
    "acta.sign": "selections_actas.sign",
    "acta.export": "selections_exports.export",
    "acta.export_identity": "selections_exports.identities",
    "acta.verify": "selections_verification.compare_file selections_verification.compare_line",
    "acta.view": "selections_actas.acta",
    "acta.view_own": "selections_actas.own_line",
    "incident.open": "selections_incidents.ask",
    "incident.view": "selections_incidents.incident",
    "incident.propose": "selections_incidents.propose",
    "incident.decide": "selections_incidents.decide",
    "incident.answer": "selections_incidents.own",
    "integrity.view": "selections_incidents.signs",
    "selection.view": "selections_actas.selection",
    "objection.list_own": "selections_objections.own",
    "objection.open": "selections_objections.object_to selections_objections.objection selections_objections.withdraw",
    "objection.view": "selections_objection_groups.file selections_objection_groups.group selections_objection_groups.listing",
    "objection.propose": "selections_objection_groups.propose selections_objection_groups.return_proposal",
    "objection.decide": "selections_objection_groups.decide",
    "selection.manage": "selections.end_member selections.members selections.quiz",
    "simulator.answer": "simulators.answer",
    "simulator.review": "simulators.submission",
    "simulator.view_task": "simulators.task",
    "report.view": """
        compliance_report.people compliance_report.place compliance_report.places compliance_report_exports.dictionary
    """,
    "report.export": """
        compliance_actas.download compliance_actas.make
        compliance_report_exports.identities compliance_report_exports.table compliance_report_exports.take_identities
    """,
    "bundle.make": "compliance_bundles.bundles compliance_bundles.download compliance_bundles.request_bundle",
    "training.view": "compliance_report.person compliance_report_exports.person",
    "take.begin": "enrolments_takes.begin",
    "take.renew": "compliance_renewals.renew",
    "teaching.list": "lms.teaching",
    "training.as_known": "compliance_learner.past compliance_learner.record",
    "user.add": "lms_new_person.add",
    "user.correct_name": "accounts_names.correct_name",
    "user.merge": "lms_merges.find_other lms_merges.preview_merge lms_merges.merge",
    "user.reset_password": "lms_people.invite lms_people.send_reset",
    "user.set_role": "lms_people.restore lms_people.set_role lms_people.suspend",
    "user.view_email": "accounts_names.name_requests lms_people.learning_record lms_people.people lms_people.record",
    "version.choose": "enrolments.choose_version",
}
"""The routes that ask for an action, under its name in `access.py`."""

PUBLIC: Mapping[str, str] = {
    "accounts.accept_invitation": "leads into an account: the secret of the invitation decides",
    "accounts.confirm": "the secret of the mail decides, with the password that was chosen or the browser in which it was",
    "accounts.forgotten": "asked before one is in; says nothing of who has an account",
    "accounts.reset": "the secret of the mail decides",
    "accounts.set_up": "the secret of the command line decides, and where an administrator exists there is no page: first_admin.create",
    "accounts.sign_in": "the way in",
    "accounts.sign_out": "whoever is out already stays out",
    "accounts.sign_up": "the way in",
    "accounts.sign_up_requested": "says the same to everybody",
    "accounts_addresses.confirm_address_change": "the secret of the mail decides",
    "accounts_notices.stop": "the signed address in the mail decides; it only ends mails",
    "accounts_second.enter": "between password and entry: the proof in the cookie decides",
    "accounts_second.enter_with_passkey": "between password and entry: the proof in the cookie decides",
    "accounts_second.request_passkey": "between password and entry: the proof in the cookie decides",
    "assets.static": "styles, scripts, fonts and pictures of the program",
    "organisations_site.logo": "the logo stands on every page",
    "organisations_site.style": "the colours stand on every page",
    "compliance_actas.verify": "everybody may check a code: acta.verify",
    "selections_verification.verify": "everybody may check a code: acta.verify",
    "quizzes_proofs.verify": "everybody may check a code: attempt.verify_proof",
    "certificates_keys.did": "everybody may read the keys: keys.read",
    "certificates_keys.key_list": "everybody may read the keys: keys.read",
    "certificates_keys.keys": "everybody may read the keys: keys.read",
    "certificates_keys.authority_certificate": "everybody may read the keys: keys.read",
    "certificates_offline.offline_page": "everybody may verify without a network: certificate.verify",
    "certificates_status.ended": "says of no place whose it is: status.read",
    "certificates_status.replaced": "says of no place whose it is: status.read",
    "certificates.short": "leads to certificates.verify",
    "certificates.verify": "everybody may check a code: certificate.verify",
    "certificates_verification.verify_form": "asks for a code or files",
    "enrolments_calendar.feed": "the secret of the address decides: other calendars read it, who sign in nowhere",
    "enrolments.catalogue": "lists what course.view shows to strangers",
    "enrolments_invited.account": "the secret of the invitation decides; says nothing of who has an account",
    "enrolments_invited.invitation": "the secret of the invitation decides; says nothing of who has an account",
    "lms.accessibility": "says the same to everybody",
    "lms.home": "leads strangers to the catalogue and others to what is theirs",
    "lms.live": "tells a probe that the process lives",
    "lms.privacy": "says the same to everybody",
    "lms.ready": "tells a probe that the process can work",
    "lms.robots": "says the same to everybody",
    "lms.security": "says the same to everybody",
    "lms.set_language": "keeps a choice in the browser's cookie",
    "lms.set_theme": "keeps a choice in the browser's cookie",
    "lms_guide.chapter": "says the same to everybody",
    "lms_guide.contents": "says the same to everybody",
    "lms_search.search": "finds what the reader may see: each kind of thing asks its own permission",
    "simulators.comparison": "the tool is open to everybody and keeps nothing",
    "simulators.contributory": "the tool is open to everybody and keeps nothing",
    "simulators.export": "the tool is open to everybody and keeps nothing",
    "simulators.rollout": "the tool is open to everybody and keeps nothing",
    "simulators.social_budget": "the tool is open to everybody and keeps nothing",
    "webinars.recordings": "lists what recording.view allows whoever asks",
}
"""The routes that everybody may use, and why."""
