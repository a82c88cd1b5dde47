"""Folders, both ways: what was not edited comes out byte for byte, and an import never overwrites what was edited on the web unseen."""

import difflib
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from courses.content.folder_merge import ConflictResolution, FileMergeState
from courses.content.marks import MARK, write_mark
from courses.content.reader import read_directory, read_directory_mark, read_folder
from courses.models import Course, DraftRevision
from courses.queries import catalogue as course_catalogue
from courses.queries import drafts as draft_queries
from courses.queries import history
from courses.services import drafts, importing
from courses.services.drafts import text_content
from courses.services.importing import Provenance
from kernel import clock
from kernel.errors import Conflict, NotFound
from kernel.files import FolderStore
from kernel.permissions import SYSTEM
from lms.app import KINDS
from lms.importing import (
    DraftWasEditedError,
    EditConflictPolicy,
    ImportOptions,
    ImportOutcome,
    describe_edits,
    describe_import,
    import_folder,
    plan_folder,
)
from lms.instance import Instance
from lms.publishing import export_course, publish_folder
from quizzes.services import banks
from tests.support.builders import a_teacher, folder
from tests.support.folders import FOLDERS
from tests.support.learning import actor_of

LESSON = "01-parte/01-leccion.es.md"
BANK = "01-parte/banco.yaml"
VIDEO = "01-parte/02-video.recording.yaml"
MERGE, REPLACE = ImportOptions(EditConflictPolicy.MERGE), ImportOptions(EditConflictPolicy.REPLACE)


def write(target: Path, files: dict[str, bytes]) -> Path:
    """Make a folder on the disk hold these files and no others."""
    shutil.rmtree(target, ignore_errors=True)
    for name, content in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return target


def edit(instance: Instance, contents: dict[str, bytes], *, removed: tuple[str, ...] = ()) -> int:
    """Edit the draft as the web does; return its revision."""
    with instance.database.unit_of_work() as session:
        course = course_catalogue.lock_course(session, session.execute(select(Course.id)).scalar_one())
        texts = {path: text_content(content.decode()) for path, content in contents.items()}
        drafts.save_files(session, SYSTEM, course, texts, removed=removed, now=clock.now())
        return course.draft_revision


def draft(instance: Instance) -> dict[str, bytes]:
    """Return the draft of the only course."""
    with instance.database.unit_of_work(write=False) as session:
        return draft_queries.draft_files(session, instance.files, session.execute(select(Course.id)).scalar_one())


def origins(instance: Instance) -> list[str]:
    """Return how each revision came about."""
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(DraftRevision.origin).order_by(DraftRevision.number)))


def test_a_folder_comes_in_again_and_again_while_nobody_edits_the_draft(instance: Instance, tmp_path: Path) -> None:
    """Also with a text taken back; a folder that is wholly as it once was may be an old copy, so that is asked."""
    files = folder(modules=1)
    changed = {**files, LESSON: files[LESSON].replace(b"dedos", b"manos"), "README.md": b"Nota\n"}
    partly = {**changed, LESSON: files[LESSON], BANK: files[BANK] + b"# mas\n"}

    for state in (files, changed, partly):
        assert import_folder(instance, write(tmp_path / "c", state), ImportOptions()).outcome is ImportOutcome.IMPORTED
        assert draft(instance) == state
    assert import_folder(instance, tmp_path / "c", ImportOptions()).outcome is ImportOutcome.UNCHANGED
    assert import_folder(instance, write(tmp_path / "c", files), ImportOptions()).outcome is ImportOutcome.UNDECIDED
    assert import_folder(instance, tmp_path / "c", REPLACE).outcome is ImportOutcome.IMPORTED

    assert draft(instance) == files
    assert origins(instance) == ["imported"] * 4


def test_a_dry_run_tells_all_and_writes_nothing(instance: Instance, tmp_path: Path) -> None:
    files = folder(modules=1)
    first = import_folder(instance, write(tmp_path / "c", files), ImportOptions(dry=True))
    assert first.outcome is ImportOutcome.IMPORTED
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Course)) == 0
    import_folder(instance, tmp_path / "c", ImportOptions())
    changed = {**files, LESSON: files[LESSON].replace(b"dedos", b"manos"), "README.md": b"Nota\n"}
    del changed[VIDEO]

    imported = import_folder(instance, write(tmp_path / "c", changed), ImportOptions(dry=True))

    assert draft(instance) == files
    assert imported.plan is not None
    assert list(describe_import(imported.plan, imported.course)) == [
        f"{LESSON} (leccion-1): cambia, +1 −1",
        f"{VIDEO}: se quita",
        "README.md: nuevo",
    ]


def test_a_folder_over_an_edited_draft_is_told_and_not_written(instance: Instance, tmp_path: Path) -> None:
    files = folder(modules=1)
    import_folder(instance, write(tmp_path / "c", files), ImportOptions())
    edited = {**files, LESSON: files[LESSON].replace(b"dedos", b"manos")}
    edit(instance, {LESSON: edited[LESSON]})
    write(tmp_path / "c", {**files, LESSON: files[LESSON].replace(b"dedos", b"pies"), "README.md": b"Nota\n"})

    asked = import_folder(instance, tmp_path / "c", ImportOptions())
    merged = import_folder(instance, tmp_path / "c", MERGE)

    assert asked.outcome is merged.outcome is ImportOutcome.UNDECIDED
    assert draft(instance) == edited
    assert asked.plan is not None
    assert [(file.path, file.fate) for file in asked.plan.files] == [(LESSON, FileMergeState.CONFLICT), ("README.md", FileMergeState.ADDED)]
    assert list(describe_import(asked.plan, asked.course))[1:5] == [
        "  borrador:",
        "  < Se cuenta con los manos.",
        "  carpeta:",
        "  > Se cuenta con los pies.",
    ]
    with pytest.raises(DraftWasEditedError, match=LESSON):
        publish_folder(instance, tmp_path / "c")
    assert draft(instance) == edited


@pytest.mark.parametrize(("prefer", "word"), [(ConflictResolution.DRAFT, b"manos"), (ConflictResolution.FOLDER, b"pies")])
def test_a_conflict_is_settled_by_saying_whose_lines_count(
    instance: Instance, tmp_path: Path, prefer: ConflictResolution, word: bytes
) -> None:
    files = folder(modules=1)
    import_folder(instance, write(tmp_path / "c", files), ImportOptions())
    edit(instance, {LESSON: files[LESSON].replace(b"dedos", b"manos"), BANK: files[BANK] + b"# del borrador\n"})
    write(tmp_path / "c", {**files, LESSON: files[LESSON].replace(b"dedos", b"pies").replace(b"Contar 1", b"Contar uno")})

    imported = import_folder(instance, tmp_path / "c", ImportOptions(EditConflictPolicy.MERGE, prefer))

    assert imported.outcome is ImportOutcome.IMPORTED
    expected = files[LESSON].replace(b"dedos", word).replace(b"Contar 1", b"Contar uno")
    assert draft(instance) == {**files, LESSON: expected, BANK: files[BANK] + b"# del borrador\n"}
    assert origins(instance) == ["imported", "edited", "merged"]


def test_changes_of_different_files_and_lines_go_together(instance: Instance, tmp_path: Path) -> None:
    """And after a merge the folder is still known: what it does not have is not taken for removed."""
    files = folder(modules=1)
    import_folder(instance, write(tmp_path / "c", files), ImportOptions())
    edit(instance, {LESSON: files[LESSON].replace(b"dedos", b"manos"), "scripts/a.py": b"1\n"}, removed=(VIDEO,))
    changed = {**files, LESSON: files[LESSON].replace(b"Contar 1", b"Contar uno"), "README.md": b"Nota\n"}

    assert import_folder(instance, write(tmp_path / "c", changed), MERGE).outcome is ImportOutcome.IMPORTED
    both = {**changed, LESSON: changed[LESSON].replace(b"dedos", b"manos"), "scripts/a.py": b"1\n"}
    del both[VIDEO]
    assert draft(instance) == both

    changed[BANK] = files[BANK] + b"# mas\n"
    assert import_folder(instance, write(tmp_path / "c", changed), ImportOptions()).outcome is ImportOutcome.UNDECIDED
    assert import_folder(instance, tmp_path / "c", MERGE).outcome is ImportOutcome.IMPORTED
    assert draft(instance) == {**both, BANK: changed[BANK]}


def test_a_folder_that_was_exported_is_merged_from_the_revision_that_it_was(instance: Instance, tmp_path: Path) -> None:
    files = folder(modules=1)
    import_folder(instance, write(tmp_path / "c", files), ImportOptions())
    edit(instance, {LESSON: files[LESSON].replace(b"dedos", b"manos")})
    exported = export_course(instance, "prueba", tmp_path / "out")
    edit(instance, {BANK: files[BANK] + b"# luego\n"})
    lesson = tmp_path / "out" / LESSON
    lesson.write_bytes(lesson.read_bytes().replace(b"manos", b"pies"))

    assert (exported.files, exported.revision) == (len(files), 2)
    assert plan_folder(instance, "prueba", read_directory(tmp_path / "out"), Provenance(2)).conflicts == ()
    assert import_folder(instance, tmp_path / "out", ImportOptions(EditConflictPolicy.MERGE, base=2)).outcome is ImportOutcome.IMPORTED
    assert draft(instance) == {**files, LESSON: files[LESSON].replace(b"dedos", b"pies"), BANK: files[BANK] + b"# luego\n"}
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
    import_folder(instance, write(tmp_path / "c", files), ImportOptions())
    edit(instance, {LESSON: files[LESSON].replace(b"dedos", b"manos")})
    out = exported_folder(instance, tmp_path / "out")

    for old, new in ((b"manos", b"pies"), (b"pies", b"ojos")):
        rewrite(out / LESSON, old, new)
        assert import_folder(instance, out, ImportOptions()).outcome is ImportOutcome.IMPORTED
    rewrite(out / LESSON, b"ojos", b"codos")
    publish_folder(instance, out)
    rewrite(out / LESSON, b"codos", b"nudos")
    assert import_folder(instance, out, ImportOptions()).outcome is ImportOutcome.IMPORTED

    assert draft(instance) == {**files, LESSON: files[LESSON].replace(b"dedos", b"nudos")} == read_directory(out)
    mark = read_directory_mark(out)
    assert mark is not None
    assert mark.revision == len(origins(instance))
    assert import_folder(instance, out, ImportOptions()).outcome is ImportOutcome.UNCHANGED


def test_a_marked_folder_never_undoes_what_was_edited_since(instance: Instance, tmp_path: Path) -> None:
    """Also where its author removed a file and a colleague's text is nearer to an older state than to the one it was made from."""
    files = folder(modules=1)
    import_folder(instance, write(tmp_path / "c", files), ImportOptions())
    edit(instance, {LESSON: files[LESSON].replace(b"dedos", b"manos")})
    out = exported_folder(instance, tmp_path / "out")
    edit(instance, {BANK: files[BANK] + b"# de Ana\n"})
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
    assert draft(instance) == both
    mark = read_directory_mark(out)
    assert mark is not None
    assert mark.revision == 2  # the folder does not have what was merged: it is still made from what it was


def test_a_mark_counts_by_what_the_files_were_and_not_by_a_number(instance: Instance, tmp_path: Path) -> None:
    """A database put back counts its revisions anew, and another installation counts its own: neither may lose an edit."""
    files = folder(modules=1)
    import_folder(instance, write(tmp_path / "c", files), ImportOptions())
    out = exported_folder(instance, tmp_path / "out")
    (out / MARK).write_bytes(write_mark("prueba", 3, files))
    edit(instance, {LESSON: files[LESSON].replace(b"dedos", b"manos")})
    edit(instance, {BANK: files[BANK] + b"# de Ana\n"})
    (out / "README.md").write_bytes(b"Nota\n")

    assert import_folder(instance, out, ImportOptions()).outcome is ImportOutcome.UNDECIDED
    assert import_folder(instance, out, MERGE).outcome is ImportOutcome.IMPORTED

    changed = {LESSON: files[LESSON].replace(b"dedos", b"manos"), BANK: files[BANK] + b"# de Ana\n", "README.md": b"Nota\n"}
    assert draft(instance) == {**files, **changed}


@pytest.mark.parametrize(
    "mark", [b"", b"<<<<<<< HEAD\ncourse prueba revision 2\n", b"\xff", b"course otro revision 1\n", b"course prueba revision 2\nx\n"]
)
def test_a_mark_that_nobody_understands_is_no_mark_and_no_file_of_the_course(instance: Instance, tmp_path: Path, mark: bytes) -> None:
    files = folder(modules=1)
    import_folder(instance, write(tmp_path / "c", files), ImportOptions())
    edit(instance, {LESSON: files[LESSON].replace(b"dedos", b"manos")})
    write(tmp_path / "c", {**files, "README.md": b"Nota\n", MARK: mark})

    imported = import_folder(instance, tmp_path / "c", ImportOptions())

    assert imported.outcome is ImportOutcome.UNDECIDED
    assert imported.plan is not None
    assert imported.plan.is_guess
    assert MARK not in {file.path for file in imported.plan.files}
    assert import_folder(instance, tmp_path / "c", MERGE).outcome is ImportOutcome.IMPORTED
    assert MARK not in draft(instance)


def test_only_a_draft_that_was_edited_is_exported_with_a_mark(instance: Instance, tmp_path: Path) -> None:
    """A folder that comes out as it came in is the same to the last file."""
    files = folder(modules=1)
    import_folder(instance, write(tmp_path / "c", files), ImportOptions())

    assert not (exported_folder(instance, tmp_path / "out") / MARK).exists()
    edit(instance, {"README.md": b"Nota\n"})
    assert (exported_folder(instance, tmp_path / "out") / MARK).exists()


def test_whose_changes_a_folder_does_not_know_is_told(instance: Instance, tmp_path: Path) -> None:
    files = folder(modules=1)
    import_folder(instance, write(tmp_path / "c", files), ImportOptions())
    with instance.database.unit_of_work() as session:
        course = session.execute(select(Course)).scalar_one()
        session.expunge(course)
    ana = actor_of(a_teacher(instance, course))
    changes = ((ana, b"manos"), (SYSTEM, b"pies"))
    for actor, word in changes:
        with instance.database.unit_of_work() as session:
            row = course_catalogue.lock_course(session, course.id)
            text = text_content(files[LESSON].replace(b"dedos", word).decode())
            drafts.save_files(session, actor, row, {LESSON: text}, now=clock.now())
    edit(instance, {"scripts/a.py": b"1\n"})

    plan = import_folder(instance, write(tmp_path / "c", {**files, "README.md": b"Nota\n"}), ImportOptions()).plan

    assert plan is not None
    assert [[*line.split(",")[:2], line.rpartition(": ")[2]] for line in describe_edits(plan)] == [
        ["  revisión 4", " la línea de comandos", "scripts/a.py"],
        ["  revisión 3", " la línea de comandos", LESSON],
        ["  revisión 2", " Pilar Maestra", LESSON],
    ]
    with pytest.raises(DraftWasEditedError, match="la línea de comandos, Pilar Maestra"):
        publish_folder(instance, tmp_path / "c")


@dataclass(frozen=True)
class Sending(FolderStore):
    """Files in the midst of whose arrival something happens."""

    happens: Callable[[], object]

    def put(self, content: bytes) -> str:
        """Keep a content, after what happens."""
        self.happens()
        return super().put(content)


def test_an_edit_that_is_saved_while_a_folder_is_published_is_not_overwritten(instance: Instance, tmp_path: Path) -> None:
    files = {**folder(modules=1), "scripts/datos.bin": b"\x00"}
    publish_folder(instance, write(tmp_path / "c", files))
    edited = {**files, LESSON: files[LESSON].replace(b"dedos", b"manos")}
    sending = Sending(instance.settings.data_dir / "files", lambda: edit(instance, {LESSON: edited[LESSON]}))

    with pytest.raises(Conflict, match="in the meantime"):
        publish_folder(replace(instance, files=sending), write(tmp_path / "c", {**files, BANK: files[BANK] + b"# mas\n"}))

    assert draft(instance) == edited
    assert origins(instance) == ["imported", "edited"]


def test_of_two_who_publish_the_same_new_folder_at_once_the_second_finds_it_done(instance: Instance, tmp_path: Path) -> None:
    write(tmp_path / "c", {**folder(modules=1), "scripts/datos.bin": b"\x00"})
    sending = Sending(instance.settings.data_dir / "files", lambda: publish_folder(instance, tmp_path / "c"))

    assert not publish_folder(replace(instance, files=sending), tmp_path / "c").is_new

    assert origins(instance) == ["imported"]


def test_a_folder_replaces_the_draft_where_that_was_said(instance: Instance, tmp_path: Path) -> None:
    files = folder(modules=1)
    import_folder(instance, write(tmp_path / "c", files), ImportOptions())
    edit(instance, {LESSON: files[LESSON].replace(b"dedos", b"manos"), "README.md": b"Nota\n"})

    imported = import_folder(instance, tmp_path / "c", REPLACE)

    assert (imported.outcome, imported.revision) == (ImportOutcome.IMPORTED, 3)
    assert draft(instance) == files
    with instance.database.unit_of_work(write=False) as session:
        course = session.execute(select(Course)).scalar_one()
        assert "manos" in (history.find_text_at(session, course.id, LESSON, 2) or "")


def test_a_broken_folder_imports_nothing_and_every_fault_is_told(instance: Instance, tmp_path: Path) -> None:
    files = folder(modules=1)
    import_folder(instance, write(tmp_path / "c", files), ImportOptions())
    broken = {
        **files,
        "course.yaml": files["course.yaml"] + b"tone: [1\n",
        LESSON: b"sin encabezado\n",
        BANK: b"\xff\xfe",
        VIDEO: files[VIDEO].replace(b"host: Ejemplo\n", b""),
    }

    for way in EditConflictPolicy:
        imported = import_folder(instance, write(tmp_path / "c", broken), ImportOptions(way))
        assert imported.outcome is ImportOutcome.REFUSED
        assert {finding.file for finding in imported.findings} >= {"course.yaml", LESSON, BANK, VIDEO}
    assert draft(instance) == files


def test_a_merge_that_gives_a_broken_course_is_refused_whole(instance: Instance, tmp_path: Path) -> None:
    """Each side is sound alone: both gave the same key to a lesson of their own."""
    files = folder(modules=1)
    import_folder(instance, write(tmp_path / "c", files), ImportOptions())
    lesson = b"---\nkey: nueva\ntitle: Nueva\n---\nTexto.\n"
    edit(instance, {"01-parte/04-a.es.md": lesson})

    imported = import_folder(instance, write(tmp_path / "c", {**files, "01-parte/05-b.es.md": lesson}), MERGE)

    assert imported.outcome is ImportOutcome.REFUSED
    assert "C202" in {finding.code for finding in imported.findings}
    assert "01-parte/05-b.es.md" not in draft(instance)


def test_who_edits_while_an_import_is_looked_at_is_not_overwritten(instance: Instance, tmp_path: Path) -> None:
    files = folder(modules=1)
    import_folder(instance, write(tmp_path / "c", files), ImportOptions())
    contents = {**files, "README.md": b"Nota\n"}
    plan = plan_folder(instance, "prueba", contents)
    edit(instance, {LESSON: files[LESSON].replace(b"dedos", b"manos")})
    course = read_folder(contents, KINDS.kinds, KINDS.parts, today=clock.now().date()).course
    assert course is not None

    with pytest.raises(Conflict), instance.database.unit_of_work() as session:
        importing.apply_import_plan(session, SYSTEM, plan, course, drafts.keep_contents(instance.files, contents, {}), now=clock.now())
    assert "README.md" not in draft(instance)


NOISE = st.lists(
    st.tuples(
        st.integers(0, 10_000),
        st.sampled_from(
            ["# una nota", "x-mio: 'algo'", "", "# ñandú  ", "x-otro: {a: 1,  b: [2,3]}", "aprobado-por: Ana", "x-largo: >\n  uno\n  dos"]
        ),
    ),
    max_size=12,
)
SOURCES = [read_directory(FOLDERS / "agua"), folder(modules=2)]


def with_noise(files: dict[str, bytes], noise: list[tuple[int, str]], *, crlf: bool) -> dict[str, bytes]:
    """Put comments and unknown fields between the first lines of mappings, in files chosen by the numbers."""
    texts = sorted(path for path in files if path.endswith(("module.yaml", "course.yaml", ".quiz.yaml", "banco.yaml")))
    changed = dict(files)
    for number, line in noise:
        path = texts[number % len(texts)]
        if line.partition(":")[0].encode() + b":" not in changed[path] or line.startswith("#"):
            changed[path] = changed[path] + line.encode() + b"\n" if number % 2 else line.encode() + b"\n" + changed[path]
    if crlf:
        changed[texts[0]] = b"\xef\xbb\xbf" + changed[texts[0]].replace(b"\n", b"\r\n")
    return changed


few = settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # each example is an import: shrinking would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@few
@given(source=st.sampled_from(SOURCES), noise=NOISE, crlf=st.booleans())
def test_what_was_imported_and_not_edited_comes_out_byte_for_byte(
    instance: Instance, tmp_path: Path, source: dict[str, bytes], noise: list[tuple[int, str]], *, crlf: bool
) -> None:
    """spec/content-format 1: comments, unknown fields, forms that are not canonical and the end of lines included."""
    files = with_noise(source, noise, crlf=crlf)
    key = next(line for line in source["course.yaml"].decode().split("\n") if line.startswith("key: ")).removeprefix("key: ")

    imported = import_folder(instance, write(tmp_path / "in", files), REPLACE)
    assert imported.outcome in (ImportOutcome.IMPORTED, ImportOutcome.UNCHANGED), [finding.message for finding in imported.findings]
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    export_course(instance, key, tmp_path / "out")

    assert read_directory(tmp_path / "out") == files


@pytest.mark.slow
@few
@given(noise=NOISE, seed=st.integers(0, 2**32))
def test_an_edit_on_the_web_changes_the_lines_that_it_concerns_and_no_others(
    instance: Instance, tmp_path: Path, noise: list[tuple[int, str]], seed: int
) -> None:
    """And merging that edit with a comment of the folder keeps both."""
    chance = random.Random(seed)  # noqa: S311 - what to edit, no secret
    files = with_noise(folder(modules=1), noise, crlf=False)
    import_folder(instance, write(tmp_path / "in", files), REPLACE)
    keys = chance.sample(["suma-1", "pares-1", "verdad-1", "mitad-1", "unir-1", "orden-1", "huecos-1"], chance.randint(1, 4))
    with instance.database.unit_of_work() as session:
        course = session.execute(select(Course)).scalar_one()
        changes = banks.FieldChanges(state="hidden", difficulty=chance.choice(["easy", "hard"]))
        assert banks.change_questions(session, SYSTEM, course.id, keys, changes, now=clock.now()) == len(keys)

    after = draft(instance)

    assert {path for path in files if after[path] != files[path]} == {BANK}
    before_lines, after_lines = files[BANK].decode().split("\n"), after[BANK].decode().split("\n")
    told_lines = [line for line in difflib.ndiff(before_lines, after_lines) if line[0] in "+-"]
    assert len(told_lines) == 2 * len(keys)
    assert all(line.startswith(("+     state: hidden", "+     difficulty: ")) for line in told_lines)

    import_folder(instance, write(tmp_path / "in", {**files, BANK: b"# de la carpeta\n" + files[BANK]}), MERGE)
    assert draft(instance)[BANK] == b"# de la carpeta\n" + after[BANK]
