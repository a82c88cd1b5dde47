"""What a folder brings into a draft, told by checksums and texts alone: nothing that somebody did is lost unseen."""

from hypothesis import given
from hypothesis import strategies as st

from courses.content.folder_merge import (
    ConflictResolution,
    FileMergeState,
    FilePlan,
    FileStep,
    both_changed,
    file_merge_states,
    likely_base,
    lines_changed,
)

PATHS = ("a", "b", "c")
STATES = st.fixed_dictionaries({}, optional={path: st.sampled_from("123") for path in PATHS})


@given(STATES, STATES)
def test_a_folder_over_a_draft_that_nobody_edited_brings_all_it_has(base: dict[str, str], folder: dict[str, str]) -> None:
    found = file_merge_states(base, base, folder)

    assert set(found) == {path for path in PATHS if base.get(path) != folder.get(path)}
    assert set(found.values()) <= {FileMergeState.ADDED, FileMergeState.CHANGED, FileMergeState.REMOVED}


@given(STATES, STATES)
def test_a_folder_that_nobody_edited_changes_nothing(base: dict[str, str], draft: dict[str, str]) -> None:
    assert set(file_merge_states(base, draft, base).values()) <= {FileMergeState.KEPT}


@given(STATES, STATES, STATES)
def test_what_both_changed_differently_is_always_a_conflict(base: dict[str, str], draft: dict[str, str], folder: dict[str, str]) -> None:
    found = file_merge_states(base, draft, folder)

    for path in PATHS:
        here, there, before = draft.get(path), folder.get(path), base.get(path)
        assert (found.get(path) is FileMergeState.CONFLICT) == (len({here, there, before}) == 3)


def test_a_file_is_settled_by_what_was_chosen() -> None:
    plan = both_changed("a.md", b"uno\ndos\ntres\n", b"UNO\ndos\n3\n", b"1\ndos\nTRES\n")

    assert (plan.fate, plan.questions) == (FileMergeState.CONFLICT, 2)
    assert plan.settled([ConflictResolution.DRAFT, ConflictResolution.FOLDER]) == b"UNO\ndos\nTRES\n"
    assert plan.settled([ConflictResolution.BOTH, ConflictResolution.DRAFT]) == b"UNO\n1\ndos\n3\n"


def test_texts_go_together_where_they_can_and_other_files_never_do() -> None:
    assert both_changed("a.md", b"uno\ndos\ntres\n", b"UNO\ndos\ntres\n", b"uno\ndos\nTRES\n").settled([]) == b"UNO\ndos\nTRES\n"
    picture = both_changed("a.png", b"\x89PNG\x00", b"\x89PNG\x001", b"\x89PNG\x002")
    gone = both_changed("a.md", b"uno\n", None, b"dos\n")

    assert (picture.fate, picture.merge, picture.questions) == (FileMergeState.CONFLICT, None, 1)
    assert picture.settled([ConflictResolution.FOLDER]) == b"\x89PNG\x002"
    assert gone.settled([ConflictResolution.DRAFT]) is None
    assert gone.settled([ConflictResolution.FOLDER]) == b"dos\n"
    assert FilePlan("b", FileMergeState.KEPT, None, b"x").settled([]) is None


def test_a_text_that_windows_saved_again_is_not_changed_in_every_line() -> None:
    plan = both_changed("a.md", b"uno\ndos\ntres\n", b"UNO\ndos\ntres\n", b"uno\r\ndos\r\nTRES\r\n")

    assert plan.settled([]) == b"UNO\ndos\nTRES\n"


def test_lines_are_counted_for_texts_only() -> None:
    assert lines_changed(b"uno\ndos\n", b"uno\ntres\ncuatro\n") == (2, 1)
    assert lines_changed(None, b"uno\n") == (1, 0)
    assert lines_changed(b"\x89PNG\x00", b"") is None


def steps(*states: dict[str, str]) -> list[FileStep]:
    """Write a history that went through these states."""
    found: list[FileStep] = []
    before: dict[str, str] = {}
    for revision, state in enumerate(states, start=1):
        found += [FileStep(revision, path, state.get(path)) for path in {**before, **state} if before.get(path) != state.get(path)]
        before = state
    return found


@given(st.lists(STATES.filter(bool), min_size=1, max_size=6))
def test_an_exported_folder_is_known_again(states: list[dict[str, str]]) -> None:
    """As the same or an equal revision, whatever came after it."""
    different = [state for place, state in enumerate(states) if place == 0 or state != states[place - 1]]
    for state in different:
        found = likely_base(steps(*different), state, None)
        assert found is not None
        assert different[found - 1] == state


def test_where_it_could_be_several_the_import_or_the_oldest_is_taken() -> None:
    """So that an edit in the draft is a change of the draft: a text that both edited becomes a conflict and is never overwritten unseen."""
    imported, edited = {"a": "1", "b": "1"}, {"a": "2", "b": "1"}

    assert likely_base(steps(imported, edited), {"a": "3", "b": "1"}, 1) == 1
    assert likely_base(steps(imported, edited), {"a": "3", "b": "1"}, None) == 1
    assert likely_base(steps(imported, edited), {"a": "2", "b": "3"}, 1) == 2
    assert likely_base(steps(imported, edited, imported), {"a": "1", "b": "3"}, 3) == 3
    assert likely_base([], {"a": "1"}, None) is None
