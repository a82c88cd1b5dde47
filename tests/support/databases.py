"""Databases of the suite: which tests are about the forms and words of pages, that runs on PostgreSQL leave to those on SQLite."""

from pathlib import PurePath

_PAGES = "test_views_"
"""How the names of modules about the forms and words of pages begin."""
BOTH = frozenset(("accounts/test_views_passwords.py",))
"""Those that try what two requests do at once."""
OTHERS = frozenset(
    f"{name}.py"
    for name in (
        "accounts/test_mail_away",
        "certificates/test_bad_input",
        "certificates/test_template_pages",
        "kernel/test_active_requests",
        "kernel/test_errors",
        "kernel/test_forms",
        "kernel/test_headers",
        "kernel/test_templating",
        "lms/test_guide",
        "lms/test_looks",
        "lms/test_site_header",
        "lms/test_team_bar",
        "organisations/test_site_settings",
        "quizzes/test_form_findings",
        "quizzes/test_question_forms",
        "standards/test_views",
    )
)
"""Others about forms and words, and about mail that a server does not take."""


def is_of_pages(module: PurePath) -> bool:
    """Say whether a module, by its path in the folder of the tests, is about the forms and words of pages.

    The statements of these pages are tried on PostgreSQL by tests of services and queries, by those of the access matrix, and by the walks
    over every page and form.
    """
    name = module.as_posix()
    return name in OTHERS or (module.name.startswith(_PAGES) and name not in BOTH)
