"""Differences of two folders, the three-way merge of texts, and the changes that an imported folder brings into a draft."""

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.content.differences import DifferenceKind, PartDifference, PartKind, compare, compared, compared_text
from courses.content.merging import (
    MOST_LINES,
    ConflictResolution,
    FileMergeState,
    FilePlan,
    MergeRegion,
    MergeSide,
    RegionState,
    both_changed,
    file_merge_states,
    likely_base,
    lines_changed,
    lines_of,
    merge,
)
from kernel import i18n
from lms.app import KINDS
from tests.support import folders
from tests.support.builders import folder
from tests.support.soon import within


def parts(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> dict[tuple[str, str], PartDifference]:
    """Compare two folders in Spanish; parts by place and key."""
    with i18n.reading("es"):
        found = compare(folders.course(before), folders.course(after), KINDS.tellers)
    return {(part.place.value, part.key): part for part in found}


def told(part: PartDifference) -> dict[str, tuple[str | None, str | None]]:
    """Return the settings of a part that differ."""
    return {change.label: (change.before, change.after) for change in part.settings}


def swapped(files: Mapping[str, bytes], path: str, old: str, new: str) -> dict[str, bytes]:
    """Replace one text in a file of a folder."""
    return folders.changed(path, old, new, files)


LESSON = "01-parte/01-leccion.es.md"
QUIZ = "01-parte/03-cuestionario.quiz.yaml"


def test_a_folder_does_not_differ_from_itself() -> None:
    files = folders.a_folder()

    assert parts(files, files) == {}


def test_a_comment_is_no_difference_that_is_told() -> None:
    files = folder()

    assert parts(files, swapped(files, QUIZ, "slots:", "# antes\nslots:")) == {}


def test_a_reworded_lesson_is_told_by_paragraph_and_word() -> None:
    files = folder()

    (part,) = parts(files, swapped(files, LESSON, "con los dedos", "con las manos")).values()

    assert (part.place, part.key, part.number, part.marks) == (PartKind.ACTIVITY, "leccion-1", "1.1", (DifferenceKind.TEXT,))
    (text,) = part.texts
    assert (text.language, text.added, text.removed) == ("es", 2, 2)
    assert [(piece.kind, piece.words) for piece in text.blocks[-1].pieces] == [
        ("same", "Se cuenta con"),
        ("gone", "los dedos."),
        ("new", "las manos."),
    ]


def test_settings_are_told_in_words_and_not_as_they_are_stored() -> None:
    files = folder(settings="attempts: 3\nlimit: 20 min\npass_mark: 60\n")
    after = swapped(files, QUIZ, "attempts: 3\nlimit: 20 min\npass_mark: 60", "attempts: 2\nlimit: 30 min\nrequired: false\npass_mark: 75")

    part = parts(files, after)["activity", "cuestionario-1"]

    assert part.marks == (DifferenceKind.SETTINGS,)
    assert told(part) == {
        "Obligatoria": ("sí", "no"),
        "Intentos (0: sin límite)": ("3", "2"),
        "Tiempo límite": ("20:00", "30:00"),
        "Minutos": ("20", "30"),
        "Porcentaje para aprobar": ("60", "75"),
    }


def test_weights_and_slots_of_a_quiz_are_told() -> None:
    files = folder()
    after = swapped(files, QUIZ, "  - draw: 7\n", "  - draw: 2\n  - question: suma-1\n    mark: 3\nweight: 2\n")

    part = parts(files, after)["activity", "cuestionario-1"]

    assert told(part) == {"Peso en la nota": ("1", "2")}
    lines = [(piece.kind, piece.words) for block in part.texts[0].blocks for piece in block.pieces]
    assert ("new", "La pregunta «suma-1», 3 puntos") in lines


def test_what_came_went_and_got_another_title_is_told_in_the_courses_order() -> None:
    files = folder(modules=3)
    after = {path: content for path, content in files.items() if "02-parte/02-video" not in path}
    after["03-parte/04-mas.es.md"] = b"---\nkey: mas\ntitle: Para saber m\xc3\xa1s\nrequired: false\n---\n## Leer\n\nTres lecturas.\n"
    after = swapped(after, LESSON, "title: Contar 1", "title: Contar hasta diez")

    found = parts(files, after)

    assert found["activity", "mas"].marks == (DifferenceKind.ADDED,)
    assert found["activity", "mas"].number == "3.4"
    assert found["activity", "video-2"].marks == (DifferenceKind.REMOVED,)
    renamed = found["activity", "leccion-1"]
    assert (renamed.marks, renamed.before_title, renamed.title) == ((DifferenceKind.RENAMED,), "Contar 1", "Contar hasta diez")
    assert len(found) == 3


def test_a_key_that_names_its_former_one_is_the_same_activity() -> None:
    files = folder()

    found = parts(files, swapped(files, LESSON, "key: leccion-1", "key: contar\nformer_keys: [leccion-1]"))

    assert found == {}


def test_a_key_without_its_former_one_is_another_activity() -> None:
    files = folder()

    found = parts(files, swapped(files, LESSON, "key: leccion-1", "key: contar"))

    assert {key: part.marks for (_place, key), part in found.items()} == {
        "contar": (DifferenceKind.ADDED,),
        "leccion-1": (DifferenceKind.REMOVED,),
    }


def test_only_what_changed_places_has_moved() -> None:
    """One activity taken to another module, one before its neighbour; those between them stayed."""
    files = folder(modules=2)
    after = dict(files)
    after["02-parte/00-video.recording.yaml"] = after.pop("01-parte/02-video.recording.yaml")
    after["02-parte/09-leccion.es.md"] = after.pop("02-parte/01-leccion.es.md")
    after["02-parte/09-leccion.en.md"] = after.pop("02-parte/01-leccion.en.md")

    found = parts(files, after)

    assert {key: part.marks for (_place, key), part in found.items()} == {
        "video-1": (DifferenceKind.MOVED,),
        "leccion-2": (DifferenceKind.MOVED,),
    }


def test_a_draft_of_an_activity_is_not_there_yet() -> None:
    files = folder()

    found = parts(files, swapped(files, LESSON, "title:", "state: draft\ntitle:"))

    assert [part.marks for part in found.values()] == [(DifferenceKind.REMOVED,)]


@pytest.mark.parametrize(
    ("path", "old", "new", "place", "label"),
    [
        (folders.COURSE, "hours: 1", "hours: 2", "course", "Horas"),
        (folders.COURSE, "closes: 2026-12-31", "closes: 2026-12-15", "course", "Cierra la inscripción"),
        (folders.COURSE, "grade: 60", "grade: 70", "course", "Nota para completarlo"),
        (folders.GLOSSARY, "en un día", "en una semana", "term", "Definición (es)"),
        (folders.RECORDING_FILE, "at: 0:05", "at: 0:06", "activity", "Capítulo «2»: comienza en"),
    ],
)
def test_settings_of_every_part_have_a_name_on_the_screen(path: str, old: str, new: str, place: str, label: str) -> None:
    found = parts(folders.a_folder(), folders.changed(path, old, new))

    (part,) = found.values()
    assert part.place == place
    assert list(told(part)) == [label]


def test_paragraphs_far_from_a_change_are_counted_and_not_shown() -> None:
    before = "\n\n".join(f"Párrafo número {n}." for n in range(10))

    blocks = compared_text(before, before.replace("número 5.", "cinco, cambiado."))

    assert [(block.kind, block.count) for block in blocks] == [
        ("skipped", 4),
        ("same", 0),
        ("changed", 0),
        ("same", 0),
        ("skipped", 3),
    ]


def test_paragraphs_that_have_nothing_in_common_are_one_gone_and_one_new() -> None:
    blocks = compared_text("Todo esto sobraba aquí.", "Nada queda de aquello.")

    assert [block.kind for block in blocks] == ["gone", "new"]


words = st.lists(st.sampled_from(["uno", "dos", "tres", "cuatro", "cinco"]), max_size=12).map(" ".join)
texts = st.lists(words, max_size=6).map("\n\n".join)


@given(words, words)
def test_both_texts_can_be_read_from_the_pieces(before: str, after: str) -> None:
    pieces = compared(before, after)

    assert " ".join(piece.words for piece in pieces if piece.kind != "new").split() == before.split()
    assert " ".join(piece.words for piece in pieces if piece.kind != "gone").split() == after.split()


@given(texts, texts)
def test_blocks_hold_every_word_that_came_or_went(before: str, after: str) -> None:
    """What is not shown is the same in both."""
    blocks = compared_text(before, after)
    shown = {
        side: sum(len(piece.words.split()) for block in blocks for piece in block.pieces if piece.kind != other)
        for side, other in (("before", "new"), ("after", "gone"))
    }
    hidden_before, hidden_after = len(before.split()) - shown["before"], len(after.split()) - shown["after"]

    assert hidden_before == hidden_after >= 0
    assert bool(sum(block.count for block in blocks)) >= bool(hidden_before)


LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", "d\r\n", "  key: x\n"]), max_size=12)
TEXTS = st.builds(lambda lines, end: "".join(lines) + end, LINES, st.sampled_from(["", "e", "\x0b", "f\u2028g"]))
POEM = "uno\ndos\ntres\ncuatro\ncinco\n"


@given(TEXTS, TEXTS)
def test_with_a_side_that_changed_nothing_the_other_comes_out(base: str, changed: str) -> None:
    assert merge(base, base, changed).text == changed
    assert merge(base, changed, base).text == changed
    assert merge(base, changed, changed).text == changed


@given(TEXTS, TEXTS, TEXTS)
def test_the_regions_hold_every_line_of_all_three_and_say_who_changed_what(base: str, mine: str, theirs: str) -> None:
    regions = merge(base, mine, theirs).regions

    for name, text in (("base", base), ("mine", mine), ("theirs", theirs)):
        assert "".join(line for region in regions for line in getattr(region, name)) == text
    for region in regions:
        assert region.agreement is expected(region)


def expected(region: MergeRegion) -> RegionState:
    """Say again, in other words, what a region is."""
    different = {region.base, region.mine, region.theirs}
    if len(different) == 3:
        return RegionState.CONFLICT
    if region.mine == region.theirs:
        return RegionState.COMMON
    return RegionState.MINE if region.theirs == region.base else RegionState.THEIRS


@given(TEXTS, TEXTS, TEXTS)
def test_no_line_that_somebody_wrote_is_lost(base: str, mine: str, theirs: str) -> None:
    """What a side added stands in the result or in a conflict, as often as that side has it beyond the base."""
    merged = merge(base, mine, theirs)

    for side, text in ((MergeSide.MINE, mine), (MergeSide.THEIRS, theirs)):
        assert Counter(lines_of(text)) - Counter(lines_of(base)) <= Counter(lines_of(merged.preferring(side)))


@given(TEXTS, TEXTS, TEXTS)
def test_it_does_not_matter_who_is_called_mine(base: str, mine: str, theirs: str) -> None:
    one, other = merge(base, mine, theirs), merge(base, theirs, mine)

    assert one.text == other.text
    assert one.preferring(MergeSide.MINE) == other.preferring(MergeSide.THEIRS)
    assert len(one.conflicts) == len(other.conflicts)


@given(TEXTS, TEXTS, TEXTS)
def test_conflicts_are_resolved_one_by_one(base: str, mine: str, theirs: str) -> None:
    merged = merge(base, mine, theirs)
    answers = {place: "".join(region.theirs) for place, region in enumerate(merged.conflicts)}

    assert merged.resolved(answers) == merged.preferring(MergeSide.THEIRS)
    if answers:
        assert merged.resolved({}) is None


def test_changes_of_different_lines_go_together() -> None:
    merged = merge(POEM, POEM.replace("dos", "DOS"), POEM.replace("cuatro\n", "") + "seis\n")

    assert merged.text == "uno\nDOS\ntres\ncinco\nseis\n"
    assert not merged.conflicts


def test_changes_of_the_same_line_are_a_conflict_with_all_three_texts() -> None:
    merged = merge(POEM, POEM.replace("dos", "DOS"), POEM.replace("dos", "2"))

    assert merged.text is None
    assert merged.conflicts == (MergeRegion(RegionState.CONFLICT, ("dos\n",), ("DOS\n",), ("2\n",)),)
    assert merged.resolved({0: "dos y 2\n"}) == "uno\ndos y 2\ntres\ncuatro\ncinco\n"
    assert merged.preferring(MergeSide.THEIRS) == POEM.replace("dos", "2")


def test_a_line_that_one_removes_and_the_other_changes_is_a_conflict() -> None:
    merged = merge(POEM, POEM.replace("tres\n", ""), POEM.replace("tres", "TRES"))

    assert [region.mine for region in merged.conflicts] == [()]


def test_a_last_line_without_an_end_stays_last() -> None:
    assert merge("uno\ndos", "cero\nuno\ndos", "uno\ndos\n").text == "cero\nuno\ndos\n"
    assert merge("uno\n", "uno\ndos", "cero\nuno\n").text == "cero\nuno\ndos"


def test_without_a_base_two_texts_are_one_conflict() -> None:
    assert [region.agreement for region in merge("", "uno\n", "dos\n").regions] == [RegionState.CONFLICT]
    assert merge("", "uno\n", "uno\n").text == "uno\n"


def test_very_long_texts_of_lines_that_repeat_take_no_time() -> None:
    """A file at its limit that is nothing but two kinds of line must not keep a server busy."""
    base, mine = "x\ny\n" * 60_000, "y\nx\n" * 60_000
    merged = within(5, lambda: merge(base, mine, base + "end\n"))

    assert len(merged.conflicts) <= 1
    longest = "x\n" * MOST_LINES
    assert merge(longest, "y\n" + longest, longest + "z\n").text == "y\n" + longest + "z\n"


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


def steps(*states: dict[str, str]) -> list[tuple[int, str, str | None]]:
    """Write a history that went through these states."""
    history: list[tuple[int, str, str | None]] = []
    before: dict[str, str] = {}
    for revision, state in enumerate(states, start=1):
        history += [(revision, path, state.get(path)) for path in {**before, **state} if before.get(path) != state.get(path)]
        before = state
    return history


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
