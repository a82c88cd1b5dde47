"""What differs between two folders of a course, in the words of the screen (design: publicar.html)."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.content.differences import DifferenceKind, PartDifference, PartKind, compare
from courses.content.text_diff import compared, compared_text
from kernel import i18n
from lms.app import KINDS
from tests.support import folders
from tests.support.builders import folder


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
