"""The rules of tests/support/house_rules.py, over every module; and each rule over a sample that breaks it."""

import re

import pytest
from babel.messages.pofile import read_po

from tests.support.house_rules import (
    CHECKS,
    DOORS,
    EVERYWHERE,
    RULES,
    Rule,
    faults,
    is_named_privately,
    modules_are_short,
    shared_class_names,
    shares_through_support,
    silenced_checks_say_why,
)
from tests.support.project import PACKAGES, PYPROJECT, ROOT, modules, modules_of, modules_of_tests, text

RIDDLES = re.compile(
    r"\b(whoever|somebody|nobody|told|tells|lacks|mended|brought in|handed in|stands beside|is worth nothing|who takes)\b", re.IGNORECASE
)

DISTRIBUTIONS = {
    "argon2-cffi": "argon2",
    "beautifulsoup4": "bs4",
    "pillow": "PIL",
    "pymdown-extensions": "pymdownx",
    "pyyaml": "yaml",
    "ruamel.yaml": "ruamel",
    "webvtt-py": "webvtt",
}


@pytest.mark.parametrize("package", [*PACKAGES, "scripts"])
def test_every_module_keeps_the_rules(package: str) -> None:
    assert not [fault for path in modules_of(package) for fault in faults(path, text(path), *CHECKS)]


def test_a_public_class_name_stands_in_one_module_alone() -> None:
    assert not shared_class_names({path: text(path) for path in modules()})


def test_the_rule_of_class_names_sees_a_name_given_twice() -> None:
    texts = {
        "courses/models.py": "class Term:\n    pass\nclass _Row:\n    pass",
        "quizzes/terms.py": "class Term:\n    class Kind:\n        pass",
        "lms/kinds.py": "class Kind:\n    pass\nclass _Row:\n    pass",
    }

    assert shared_class_names(texts) == {"Term": ["courses/models.py", "quizzes/terms.py"]}


@pytest.mark.parametrize("folder", sorted({path.split("/")[1] for path in modules_of_tests()}))
def test_modules_of_tests_are_short_share_through_support_and_say_why_they_silence_a_check(folder: str) -> None:
    paths = [path for path in modules_of_tests() if path.split("/")[1] == folder]

    assert not [
        fault for path in paths for fault in faults(path, text(path), shares_through_support, modules_are_short, silenced_checks_say_why)
    ]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.check.__name__}-{rule.broken[:20]!r}")
def test_rule_sees_what_breaks_it_and_lets_pass_what_keeps_it(rule: Rule) -> None:
    assert faults(rule.path, rule.broken, rule.check)
    assert not faults(rule.kept_path or rule.path, rule.kept, rule.check)


def test_every_library_has_its_door_and_is_used() -> None:
    """A dependency enters with its first import, never before."""
    named = {re.split(r"[<>=\[]", line)[0] for line in PYPROJECT["project"]["dependencies"]}
    modules_named = {DISTRIBUTIONS.get(name, name.replace("-", "_")) for name in named}
    imported = {found for path in modules() for found in re.findall(r"^\s*(?:from|import) (\w+)", text(path), re.MULTILINE)}

    assert modules_named <= {*DOORS, *EVERYWHERE}
    assert modules_named <= imported


def test_templates_have_names_of_the_field() -> None:
    found = [path.name for path in (ROOT / "templates").rglob("*.*") if is_named_privately(path.name.partition(".")[0])]

    assert not found


def test_messages_of_the_interface_are_plain_english() -> None:
    """Vocabulary 3.6: no message is a riddle to those who speak the language."""
    with (ROOT / "translations" / "es" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        texts = [text for message in read_po(file) for text in ([message.id] if isinstance(message.id, str) else message.id)]

    assert len(texts) > 4000
    assert not [text for text in texts if RIDDLES.search(text)]
