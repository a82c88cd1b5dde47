"""What hangs in a space is changed by one way: `spaces.acts` locks, compares, changes, records, has found again and takes notices back."""

import ast

from tests.support.project import modules_of, text

ON_SPACES = ("communities", "discussions", "notes")
BY_HAND = {"audit.record", "search.note_changed", "notices.take_back", "notices.take_back_others"}
OF_NO_ACT = {
    "communities/boards.py: with_for_update": "boards are held as they are while somebody writes",
    "communities/communities.py: notices.take_back_others": "a request that ends by itself, of nobody's act",
    "communities/groups.py: search.note_changed": "the group is added beside the act on its community",
    "communities/life.py: with_for_update": "deletion in the background, portion after portion",
    "communities/search.py: with_for_update": "the job of the index itself",
    "communities/standing.py: audit.record": "who of the site opened a community changes nothing",
    "discussions/moderation.py: with_for_update": "the reports of a post that is locked",
    "discussions/subscriptions.py: with_for_update": "how far a person has read",
}


def by_hand(path: str) -> list[str]:
    """Return what a module does by itself of what an act does."""
    did = []
    for node in ast.walk(ast.parse(text(path))):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            locks = name.endswith(".with_for_update") or any(keyword.arg == "with_for_update" for keyword in node.keywords)
            did += [name] if name in BY_HAND else ["with_for_update"] if locks else []
        elif isinstance(node, ast.AugAssign | ast.Assign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            did += ["row_version"] if any("row_version" in ast.unparse(target) for target in targets) else []
    return did


def test_no_verb_locks_versions_records_or_indexes_by_hand() -> None:
    done = {(path, act) for package in ON_SPACES for path in modules_of(package) for act in by_hand(path)}

    assert {f"{path}: {act}" for path, act in done} == set(OF_NO_ACT)
