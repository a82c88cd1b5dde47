"""Databases of the suite: what its second run, on PostgreSQL, leaves to the first one."""

OF_PAGES = frozenset(
    f"{name}.py"
    for name in (
        *(f"courses/test_views_{page}" for page in ("folders", "lessons", "lists", "media", "outline", "settings", "settings_meanwhile")),
        "courses/test_views_translations",
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
        "organisations/test_views_audience_builder",
        "quizzes/test_form_findings",
        "quizzes/test_question_forms",
        *(
            f"quizzes/test_views_{page}"
            for page in ("bank", "checks", "keys", "papers", "questions", "record", "rules", "slots", "variants")
        ),
        "simulators/test_views_task",
        "simulators/test_views_tool",
        "standards/test_views",
    )
)
"""Modules about the forms and words of pages, and about mail that a server does not take: their statements are tried on PostgreSQL by tests
of services and queries, by those of the access matrix, and by the walks over every page and form.
"""
