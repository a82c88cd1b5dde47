"""Folders that were exported from an edited draft: their mark says which revision they were, and nothing edited since is undone."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from courses import catalogue, drafts
from courses.content.archives import MARK, write_mark
from courses.content.merging import FileMergeState
from courses.content.reader import read_directory, read_directory_mark
from courses.drafts import text_content
from courses.folders import Provenance
from courses.models import Course
from kernel import clock
from kernel.errors import NotFound
from kernel.permissions import SYSTEM
from lms.importing import DraftWasEditedError, EditConflictPolicy, ImportOptions, ImportOutcome, describe_edits, import_folder, plan_folder
from lms.instance import Instance
from lms.publishing import export_course, publish_folder
from tests.support.builders import a_teacher, folder
from tests.support.drafts import draft_contents, draft_origins, edit_draft, write_folder
from tests.support.learning import actor_of

LESSON = "01-parte/01-leccion.es.md"


BANK = "01-parte/banco.yaml"


VIDEO = "01-parte/02-video.recording.yaml"


MERGE, REPLACE = ImportOptions(EditConflictPolicy.MERGE), ImportOptions(EditConflictPolicy.REPLACE)


def test_a_folder_that_was_exported_is_merged_from_the_revision_that_it_was(instance: Instance, tmp_path: Path) -> None:
    files = folder(modules=1)
    import_folder(instance, write_folder(tmp_path / "c", files), ImportOptions())
    edit_draft(instance, {LESSON: files[LESSON].replace(b"dedos", b"manos")})
    exported = export_course(instance, "prueba", tmp_path / "out")
    edit_draft(instance, {BANK: files[BANK] + b"# luego\n"})
    lesson = tmp_path / "out" / LESSON
    lesson.write_bytes(lesson.read_bytes().replace(b"manos", b"pies"))

    assert (exported.files, exported.revision) == (len(files), 2)
    assert plan_folder(instance, "prueba", read_directory(tmp_path / "out"), Provenance(2)).conflicts == ()
    assert import_folder(instance, tmp_path / "out", ImportOptions(EditConflictPolicy.MERGE, base=2)).outcome is ImportOutcome.IMPORTED
    assert draft_contents(instance) == {**files, LESSON: files[LESSON].replace(b"dedos", b"pies"), BANK: files[BANK] + b"# luego\n"}
    with pytest.raises(NotFound):
        import_folder(instance, tmp_path / "out", ImportOptions(base=99))


def exported_folder(instance: Instance, target: Path) -> Path:
    """Return the folder of the only course, exported from a draft that was edited on the web."""
    shutil.rmtree(target, ignore_errors=True)
    export_course(instance, "prueba", target)
    return target


def rewrite(path: Path, old: bytes, new: bytes) -> None:
    """Change a word of a file as its author does."""
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))


def test_a_folder_of_a_draft_made_on_the_web_is_edited_and_brought_back_again_and_again(instance: Instance, tmp_path: Path) -> None:
    """A line that was edited before the export is edited in the folder, twice: nobody else touched it, so nobody is asked."""
    files = folder(modules=1)
    import_folder(instance, write_folder(tmp_path / "c", files), ImportOptions())
    edit_draft(instance, {LESSON: files[LESSON].replace(b"dedos", b"manos")})
    out = exported_folder(instance, tmp_path / "out")

    for old, new in ((b"manos", b"pies"), (b"pies", b"ojos")):
        rewrite(out / LESSON, old, new)
        assert import_folder(instance, out, ImportOptions()).outcome is ImportOutcome.IMPORTED
    rewrite(out / LESSON, b"ojos", b"codos")
    publish_folder(instance, out)
    rewrite(out / LESSON, b"codos", b"nudos")
    assert import_folder(instance, out, ImportOptions()).outcome is ImportOutcome.IMPORTED

    assert draft_contents(instance) == {**files, LESSON: files[LESSON].replace(b"dedos", b"nudos")} == read_directory(out)
    mark = read_directory_mark(out)
    assert mark is not None
    assert mark.revision == len(draft_origins(instance))
    assert import_folder(instance, out, ImportOptions()).outcome is ImportOutcome.UNCHANGED


def test_a_marked_folder_never_undoes_what_was_edited_since(instance: Instance, tmp_path: Path) -> None:
    """Also where its author removed a file and a colleague's text is nearer to an older state than to the one it was made from."""
    files = folder(modules=1)
    import_folder(instance, write_folder(tmp_path / "c", files), ImportOptions())
    edit_draft(instance, {LESSON: files[LESSON].replace(b"dedos", b"manos")})
    out = exported_folder(instance, tmp_path / "out")
    edit_draft(instance, {BANK: files[BANK] + b"# de Ana\n"})
    rewrite(out / LESSON, b"manos", b"pies")
    (out / VIDEO).unlink()

    asked = import_folder(instance, out, ImportOptions())
    assert asked.outcome is ImportOutcome.UNDECIDED
    assert asked.plan is not None
    assert [(file.path, file.fate) for file in asked.plan.files] == [
        (LESSON, FileMergeState.CHANGED),
        (VIDEO, FileMergeState.REMOVED),
        (BANK, FileMergeState.KEPT),
    ]
    with pytest.raises(DraftWasEditedError, match=BANK):
        publish_folder(instance, out)
    assert import_folder(instance, out, MERGE).outcome is ImportOutcome.IMPORTED

    both = {**files, LESSON: files[LESSON].replace(b"dedos", b"pies"), BANK: files[BANK] + b"# de Ana\n"}
    del both[VIDEO]
    assert draft_contents(instance) == both
    mark = read_directory_mark(out)
    assert mark is not None
    assert mark.revision == 2  # the folder does not have what was merged: it is still made from what it was


def test_a_mark_counts_by_what_the_files_were_and_not_by_a_number(instance: Instance, tmp_path: Path) -> None:
    """A database put back counts its revisions anew, and another installation counts its own: neither may lose an edit."""
    files = folder(modules=1)
    import_folder(instance, write_folder(tmp_path / "c", files), ImportOptions())
    out = exported_folder(instance, tmp_path / "out")
    (out / MARK).write_bytes(write_mark("prueba", 3, files))
    edit_draft(instance, {LESSON: files[LESSON].replace(b"dedos", b"manos")})
    edit_draft(instance, {BANK: files[BANK] + b"# de Ana\n"})
    (out / "README.md").write_bytes(b"Nota\n")

    assert import_folder(instance, out, ImportOptions()).outcome is ImportOutcome.UNDECIDED
    assert import_folder(instance, out, MERGE).outcome is ImportOutcome.IMPORTED

    changed = {LESSON: files[LESSON].replace(b"dedos", b"manos"), BANK: files[BANK] + b"# de Ana\n", "README.md": b"Nota\n"}
    assert draft_contents(instance) == {**files, **changed}


@pytest.mark.parametrize(
    "mark", [b"", b"<<<<<<< HEAD\ncourse prueba revision 2\n", b"\xff", b"course otro revision 1\n", b"course prueba revision 2\nx\n"]
)
def test_a_mark_that_nobody_understands_is_no_mark_and_no_file_of_the_course(instance: Instance, tmp_path: Path, mark: bytes) -> None:
    files = folder(modules=1)
    import_folder(instance, write_folder(tmp_path / "c", files), ImportOptions())
    edit_draft(instance, {LESSON: files[LESSON].replace(b"dedos", b"manos")})
    write_folder(tmp_path / "c", {**files, "README.md": b"Nota\n", MARK: mark})

    imported = import_folder(instance, tmp_path / "c", ImportOptions())

    assert imported.outcome is ImportOutcome.UNDECIDED
    assert imported.plan is not None
    assert imported.plan.is_guess
    assert MARK not in {file.path for file in imported.plan.files}
    assert import_folder(instance, tmp_path / "c", MERGE).outcome is ImportOutcome.IMPORTED
    assert MARK not in draft_contents(instance)


def test_only_a_draft_that_was_edited_is_exported_with_a_mark(instance: Instance, tmp_path: Path) -> None:
    """A folder that comes out as it came in is the same to the last file."""
    files = folder(modules=1)
    import_folder(instance, write_folder(tmp_path / "c", files), ImportOptions())

    assert not (exported_folder(instance, tmp_path / "out") / MARK).exists()
    edit_draft(instance, {"README.md": b"Nota\n"})
    assert (exported_folder(instance, tmp_path / "out") / MARK).exists()


def test_authors_of_changes_that_a_folder_does_not_know_are_named(instance: Instance, tmp_path: Path) -> None:
    files = folder(modules=1)
    import_folder(instance, write_folder(tmp_path / "c", files), ImportOptions())
    with instance.database.unit_of_work() as session:
        course = session.execute(select(Course)).scalar_one()
        session.expunge(course)
    ana = actor_of(a_teacher(instance, course))
    changes = ((ana, b"manos"), (SYSTEM, b"pies"))
    for actor, word in changes:
        with instance.database.unit_of_work() as session:
            row = catalogue.lock_course(session, course.id)
            text = text_content(files[LESSON].replace(b"dedos", word).decode())
            drafts.save_files(session, actor, row, {LESSON: text}, now=clock.now())
    edit_draft(instance, {"scripts/a.py": b"1\n"})

    plan = import_folder(instance, write_folder(tmp_path / "c", {**files, "README.md": b"Nota\n"}), ImportOptions()).plan

    assert plan is not None
    assert [[*line.split(",")[:2], line.rpartition(": ")[2]] for line in describe_edits(plan)] == [
        ["  revisión 4", " la línea de comandos", "scripts/a.py"],
        ["  revisión 3", " la línea de comandos", LESSON],
        ["  revisión 2", " Pilar Maestra", LESSON],
    ]
    with pytest.raises(DraftWasEditedError, match="la línea de comandos, Pilar Maestra"):
        publish_folder(instance, tmp_path / "c")
