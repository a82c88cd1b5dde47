"""The routes whose forms the walk of `test_hostile_input.py` meets; every other route that takes a POST has its situation in `rooms.py`."""

_NAMES = """
    accounts.change_password accounts.forgotten accounts.profile accounts.prove_for_devices accounts.sign_in accounts.sign_up
    accounts_addresses.change_address accounts_names.correct_name accounts_notices.switches accounts_second.prove certificates_bulk.cancel
    certificates_bulk.pause certificates_bulk.request_download certificates_bulk.resume certificates_register.take_identities
    certificates_templates.change_elements certificates_templates.create certificates_templates.import_folder
    certificates_templates.publish certificates_templates.put_picture certificates_templates.save_text
    certificates_templates.set_default certificates_verification.verify_files compliance_free_days.add compliance_free_days.review
    compliance_obligations.make courses.publishing courses_archiving.archive courses_folders.confirm courses_folders.confirm_new
    courses_folders.discard courses_folders.discard_new courses_folders.download courses_folders.upload courses_folders.upload_new
    courses_history.restoration courses_lessons.lesson courses_lists.new_entry courses_media.media courses_outline.new_activity
    courses_outline.new_course courses_outline.new_module courses_outline.outline courses_outline.removal courses_settings.course
    courses_settings.part courses_settings.rename courses_team.change_role courses_team.remove courses_team.set_approval
    courses_team.team courses_texts.text courses_versions.publish courses_versions.restore enrolments.add_members
    enrolments.delete_group enrolments.groups enrolments.mark_done enrolments.remove_member enrolments.rename_group
    enrolments.unmark_done enrolments_announcements.announcements enrolments_calendar.end_address
    enrolments_calendar.make_address
    enrolments_calendar.set_alarm
    enrolments_editions.close enrolments_editions.edition enrolments_editions.editions enrolments_editions.join
    enrolments_editions.make_code enrolments_editions.take_code enrolments_gradebook.save_marks enrolments_grading.item
    enrolments_grading.marks enrolments_grading.new_item enrolments_grading.retire enrolments_mark_files.upload enrolments_messages.message
    enrolments_mistakes.report
    enrolments_reminders.delete enrolments_reminders.new_reminder enrolments_reminders.reminder enrolments_results.delete_note
    enrolments_results.override enrolments_results.write_note enrolments_roster.discard enrolments_roster.remove
    enrolments_roster.upload lms.set_language lms.set_theme lms_front.front_page
    lms_new_person.add lms_own_data.copy lms_own_data.copy_of_another
    lms_own_data.deletion lms_people.end_sessions lms_people.revoke_completion lms_people.send_reset lms_people.set_role
    lms_people.suspend organisations.add_manager organisations.add_member organisations.add_place organisations.add_training_role
    organisations.change organisations.close organisations.delete organisations.make_institution organisations_audience_lists.save
    organisations_audiences.make organisations_institutions.add organisations_institutions.add_signatory
    organisations_institutions.end_administrator organisations_institutions.name_administrator organisations_institutions.remove_logo
    organisations_institutions.set_colours organisations_institutions.set_logo organisations_institutions.set_names
    organisations_loads.confirm organisations_loads.discard organisations_loads.loads organisations_site.access
    organisations_site.dismiss_hint organisations_site.mail_server organisations_site.names organisations_site.personal_data
    organisations_site.remove_signatory organisations_site.set_colours organisations_site.set_logo organisations_site.signatories
    organisations_site.signatory quizzes.save quizzes.start quizzes_accommodations.end quizzes_accommodations.person
    quizzes_accommodations.restore questions_banks.change questions_banks.new_question questions_banks.preview questions_banks.question
    quizzes_marking.mark quizzes_pass_marks.change quizzes_pass_marks.new quizzes_pass_marks.save_sheet questions.new_question
    questions.question quizzes_regrading.commit quizzes_regrading.discard quizzes_regrading.new quizzes_regrading.undo
    quizzes_reopening.delete_previews quizzes_reopening.reopen quizzes_slots.slots quizzes_time.add quizzes_time.change
    quizzes_time.end quizzes_time.incidents quizzes_time.restore quizzes_time.undo standards.confirm standards.discard
    standards.export standards.upload notes.delete notes.note notes.of_activity federation_providers.edit federation_providers.new
    federation_providers.check federation_providers.switch federation_links.add_link
"""
WALKED = frozenset(_NAMES.split())
