"""`make test-changed`: which tests a changed file brings, by its name, and what is left out."""

from pathlib import Path

import pytest

from scripts import changed_tests
from scripts.changed_tests import (
    BY_FOLDER,
    OF_DOCUMENTS,
    OF_WORKSHOP,
    SHARED_TEMPLATES,
    Plan,
    faults_of_rules,
    packages_rendering,
    plan_for,
)
from tests.support.project import PACKAGES, ROOT


def test_every_test_that_a_rule_names_is_there() -> None:
    named = {*OF_DOCUMENTS, *OF_WORKSHOP, *SHARED_TEMPLATES, *(test for tests in BY_FOLDER.values() for test in tests)}
    named |= {f"tests/structure/test_{name}.py" for name in changed_tests.BY_NAME.values()}

    assert {name for name in named if not (ROOT / name).exists()} == set()
    assert {name for name in changed_tests.CHECKS_OF_FOLDER.values() if not (ROOT / "scripts" / f"{name}.py").exists()} == set()


def test_every_folder_of_the_project_has_a_rule() -> None:
    """A changed file of any is not passed over in silence."""
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}

    assert folders - {"build", "dist", "instance", "mutants"} <= {*PACKAGES, *BY_FOLDER, "templates", "tests", "scripts"}
    assert {package for package in PACKAGES if not (ROOT / "tests" / package).is_dir()} == set()


@pytest.mark.parametrize(
    ("path", "tests"),
    [
        ("simulators/rules/budget.py", {"tests/simulators"}),
        ("courses/access.py", {"tests/courses", "tests/structure/test_routes.py"}),
        ("compliance/models.py", {"tests/compliance", "tests/structure/test_schema.py"}),
        ("templates/webinars/recording.html", {"tests/structure/test_templates.py"}),
        ("templates/lms/home.html", {"tests/lms", "tests/structure/test_templates.py"}),
        ("templates/macros/ui.html", {"tests/structure/test_templates.py", *SHARED_TEMPLATES}),
        ("static/css/base.css", {"tests/structure/test_vendored.py"}),
        ("translations/es/LC_MESSAGES/messages.po", {"tests/structure/test_wording.py", "tests/kernel/test_i18n.py"}),
        ("migrations/versions/2026_11_30_92_keep.py", {"tests/structure/test_schema.py", "tests/kernel/test_migrations.py"}),
        ("docs/spec/README.md", {"tests/structure/test_documents.py"}),
        ("README.md", {"tests/structure/test_front_door.py"}),
        ("deploy/systemd/lms", {"tests/structure/test_deploy.py"}),
        ("scripts/prepare.py", {"tests/structure/test_workshop.py"}),
        ("tests/kernel/test_codes.py", {"tests/kernel/test_codes.py"}),
        ("tests/kernel/conftest.py", {"tests/kernel"}),
        ("tests/support/pooler.py", {"tests/scale/test_scaled_out.py"}),  # through cluster.py
        ("tests/samples/figures.tsv", set()),
    ],
)
def test_a_changed_file_brings_its_tests(path: str, tests: set[str]) -> None:
    assert tests <= set(plan_for([path]).paths())


def test_actions_of_a_package_bring_their_cells_from_other_folders() -> None:
    """`course:edit` of courses/access.py is the cell `course.edit`, which the editor of quizzes tries too."""
    cells = [test for test in plan_for(["courses/access.py"]).paths() if "::" in test]

    assert any(test.startswith("tests/quizzes/") for test in cells)
    assert all(not test.startswith("tests/courses/") for test in cells)


def test_a_template_belongs_to_the_packages_that_show_it_through_others_too() -> None:
    assert packages_rendering("lms/home.html") == {"lms"}
    assert {"courses", "quizzes"} <= packages_rendering("courses/_parts.html")
    assert len(packages_rendering("layouts/staff.html")) > changed_tests.FEW


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("courses/access.py", "courses: tests of the packages that import it (enrolments, "),
        ("templates/macros/ui.html", "templates/macros/ui.html: pages of accounts, "),
        ("static/js/simulator.js", "static/js/simulator.js: in a browser (make browser)"),
        ("tests/support/builders.py", "tests/support/builders.py: more than 12 modules of tests use it (make test)"),
        ("unheard/of.txt", "unheard/of.txt: no rule names its tests"),
    ],
)
def test_what_is_left_out_is_told_with_its_reason(path: str, reason: str) -> None:
    assert any(line.startswith(reason) for line in plan_for([path]).left_out)


def test_a_test_is_not_run_twice_beside_its_folder() -> None:
    assert Plan({"tests/quizzes", "tests/quizzes/test_rules.py", "tests/kernel/test_codes.py::test_a"}).paths() == [
        "tests/kernel/test_codes.py::test_a",
        "tests/quizzes",
    ]


def test_checks_of_catalogue_migrations_and_documents_are_run_for_their_folders() -> None:
    assert plan_for(["translations/es/LC_MESSAGES/messages.po", "docs/glossary.md"]).checks == {"translations", "documents"}
    assert plan_for(["migrations/env.py"]).checks == {"migrations"}


def test_rules_of_each_module_look_at_the_changed_ones_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changed_tests, "ROOT", tmp_path)
    for folder in ("quizzes", "tests"):
        (tmp_path / folder).mkdir()
    (tmp_path / "quizzes" / "marks.py").write_text('"""Marks."""\nsession.commit()\n')
    (tmp_path / "quizzes" / "other.py").write_text("import nh3\n")
    (tmp_path / "tests" / "test_a.py").write_text("import subprocess\nsubprocess.run(['git', 'log'])\n")

    assert list(faults_of_rules(["quizzes/marks.py", "quizzes/deleted.py", "tests/test_a.py", "README.md"])) == [
        "quizzes/marks.py:2 .commit() outside kernel/db.py",
        "tests/test_a.py:2 starts ['git', 'log']",
    ]
