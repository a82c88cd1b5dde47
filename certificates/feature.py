"""The certificates feature, as the application registers it."""

from accounts.notices import NOTICE_KINDS
from accounts.people import AccountVerb
from certificates import bulk, issuing, jobs
from certificates.access import PERMISSIONS
from certificates.credentials import CERTIFICATE_NOTICE, last_awards
from certificates.register import LOG
from certificates.reviews import open_doubts, waiting_reviews, withdraw_doubts
from certificates.templates import list_own_templates
from certificates.transcripts import erase_transcripts, select_own_data
from certificates.views import credentials, file_verification, keys, register, reviews, templates, transcripts, validity_changes
from courses.kinds import COURSE_PARTS, CourseKinds
from courses.team import TEAM_PAGES, TeamPage
from courses.waiting import WAITING
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.awards import AWARD_DOUBTS, AWARDS, AwardDoubts
from kernel.errors import N_
from kernel.feature import Feature
from kernel.menu import Menu, MenuEntry, is_signed_in, is_visitor
from kernel.personal import ERASURES, OWN_DATA

FEATURE = Feature(
    name="certificates",
    blueprints=(
        keys.badges_bp,
        credentials.credentials_bp,
        register.register_bp,
        register.bulk_bp,
        reviews.bp,
        keys.keys_bp,
        file_verification.offline_bp,
        credentials.printed_identity_bp,
        keys.status_lists_bp,
        templates.bp,
        transcripts.bp,
        validity_changes.bp,
        file_verification.verification_bp,
    ),
    permissions=PERMISSIONS,
    menu=(
        MenuEntry(
            Menu.CERTIFICATES,
            "certificates_register.register",
            N_("Register of certificates"),
            position=10,
            icon="award",
            about=N_("Every certificate that was issued: find, correct, replace or revoke it."),
        ),
        MenuEntry(
            Menu.CERTIFICATES,
            "certificates_templates.templates",
            N_("Certificate templates"),
            position=20,
            icon="square-pen",
            about=N_("What certificates say and how they look."),
        ),
        MenuEntry(
            Menu.MAIN,
            "certificates_verification.verify_form",
            N_("Verify a certificate"),
            position=80,
            icon="shield-check",
            key="verify",
            is_for=is_visitor,
        ),
        MenuEntry(
            Menu.SEARCH,
            "certificates_verification.verify_form",
            N_("Verify a certificate"),
            position=11,
            icon="shield-check",
            is_for=is_signed_in,
        ),
        MenuEntry(
            Menu.SEARCH, "certificates_transcripts.own_transcript", N_("My transcript"), position=10, icon="award", is_for=is_signed_in
        ),
        MenuEntry(Menu.OWN, "certificates.certificates", N_("My certificates"), position=30, icon="award"),
    ),
    jobs={
        "certificates.complete_former": jobs.complete_former,
        "certificates.issue": jobs.issue,
        "certificates.notify_expiry": jobs.notify_expiry,
        "certificates.plan_expiry_notices": jobs.plan_expiry_notices,
        "certificates.review_merged": jobs.review_merged,
        "certificates.review_withdrawn": jobs.review_withdrawn,
        "certificates.renew_seal": jobs.renew_seal,
        "certificates.send_issued": jobs.notify_issued,
        "certificates.send_replaced": jobs.notify_replaced,
        "certificates.send_revoked": jobs.notify_revoked,
        "certificates.write_files": jobs.write_files,
        "certificates.end_files": jobs.end_files,
        "certificates.change_validity": jobs.change_validity,
    },
    subscriptions={
        EnrolmentVerb.COMPLETED: "certificates.issue",
        EnrolmentVerb.TAKEN_BACK: "certificates.review_withdrawn",
        AccountVerb.MERGED: "certificates.review_merged",
    },
    patient=("certificates.complete_former", "certificates.notify_expiry", "certificates.write_files", "certificates.change_validity"),
    periodic={
        "certificates.complete_former": 3600,
        "certificates.end_files": 86_400,
        "certificates.plan_expiry_notices": 3600,
        "certificates.renew_seal": jobs.RENEWAL_EVERY,
    },
    hooks=(
        OWN_DATA.add(select_own_data),
        ERASURES.add(bulk.end_files_of_person, erase_transcripts),
        NOTICE_KINDS.add(CERTIFICATE_NOTICE),
        AWARDS.bind(last_awards),
        AWARD_DOUBTS.bind(AwardDoubts(open_doubts, withdraw_doubts)),
        WAITING.add(waiting_reviews),
        TEAM_PAGES.add(
            TeamPage("certificates_register.course_register", N_("Certificates"), 80, below="certificates_reviews certificates_validity")
        ),
        COURSE_PARTS.add(CourseKinds(site_checks=(issuing.missing_template,), certificate_templates=list_own_templates, logs=(LOG,))),
    ),
    help={
        "learner/certificates#obtain": "certificates.certificates",
        "learner/certificates#download": "certificates.certificate",
        "board/check-a-certificate#paper": "certificates.verify certificates_verification.verify_form",
        "board/check-a-certificate#reader": "certificates_keys.keys",
        "board/check-a-certificate#offline": "certificates_offline.offline_page",
        "learner/certificates#transcript": "certificates_transcripts.own_transcript",
        "administrator/certificates#transcript": "certificates_transcripts.transcript_of",
        "learner/certificates#badge": "certificates_badges.badge",
        "administrator/certificates#register": """
            certificates_register.course_register certificates_register.export certificates_register.identities
            certificates_register.register
        """,
        "administrator/certificates#validity": "certificates_validity.change_validity",
        "administrator/certificates#bulk": "certificates_bulk.download",
        "administrator/certificates#revoke": "certificates.revoke",
        "administrator/certificates#correct": "certificates.replace",
        "administrator/certificates#renew": "certificates.renew",
        "administrator/certificates#templates": """
            certificates_templates.export certificates_templates.template certificates_templates.templates
            certificates_templates.versions
        """,
        "administrator/certificates#decide": """
            certificates_reviews.course_reviews certificates_reviews.former_reviews certificates_reviews.reviews
        """,
        "administrator/certificates#names": "certificates_reviews.correct_name",
        "learner/certificates#correction": "certificates_reviews.ask_correction",
    },
)
