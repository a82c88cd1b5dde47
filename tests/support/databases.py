"""Databases of the suite: which tests are about the forms and words of pages, that runs on PostgreSQL leave to those on SQLite."""

from pathlib import PurePath

_PAGES = "_pages"
"""How the names of modules about the forms and words of pages end."""
BOTH = frozenset(
    f"{name}.py"
    for name in (
        "accounts/test_passwords_pages",
        "browser/test_staff_pages",
        "certificates/test_certificates_pages",
        "courses/test_publishing_pages",
        "enrolments/test_course_files_bucket_pages",
        "enrolments/test_course_files_pages",
        "enrolments/test_learning_pages",
        "lms/test_search_pages",
        "lms/test_upgraded_pages",
        "quizzes/test_attempts_pages",
        "structure/test_developer_pages",
        "webinars/test_recordings_pages",
    )
)
"""Those that try what two requests do at once, and what pages give of services and queries."""
OTHERS = frozenset(
    f"{name}.py"
    for name in (
        "accounts/test_mail_away",
        "kernel/test_active_requests",
        "kernel/test_errors",
        "kernel/test_forms",
        "kernel/test_headers",
        "kernel/test_templating",
        "lms/test_guide",
        "lms/test_looks",
        "lms/test_site_header",
        "lms/test_team_bar",
        "questions/test_question_forms",
        "quizzes/test_form_findings",
    )
)
"""Others about forms and words, and about mail that a server does not take."""


def is_of_pages(module: PurePath) -> bool:
    """Return whether a module, by its path in the folder of the tests, is about the forms and words of pages.

    The statements of these pages are tried on PostgreSQL by tests of services and queries, by those of the access matrix, and by the walks
    over every page and form.
    """
    name = module.as_posix()
    return name in OTHERS or (module.stem.endswith(_PAGES) and name not in BOTH)
