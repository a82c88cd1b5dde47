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

from courses import drafts, folders, history
from courses.content.merging import ConflictResolution, FileMergeState
from courses.content.reader import read_directory, read_folder
from courses.models import Course
from kernel import clock
from kernel.errors import Conflict
from kernel.files import FolderStore
from kernel.permissions import SYSTEM
from lms.app import KINDS
from lms.importing import DraftWasEditedError, EditConflictPolicy, ImportOptions, ImportOutcome, describe_import, import_folder, plan_folder
from lms.instance import Instance
from lms.publishing import export_course, publish_folder
from questions import question_bank
from tests.support.builders import folder
from tests.support.drafts import draft_contents, draft_origins, edit_draft, write_folder
from tests.support.folders import FOLDERS

LESSON = "01-parte/01-leccion.es.md"
BANK = "01-parte/banco.yaml"
VIDEO = "01-parte/02-video.recording.yaml"
MERGE, REPLACE = ImportOptions(EditConflictPolicy.MERGE), ImportOptions(EditConflictPolicy.REPLACE)


def test_a_folder_comes_in_again_and_again_while_nobody_edits_the_draft(instance: Instance, tmp_path: Path) -> None:
    """Also with a text taken back; a folder that is wholly as it once was may be an old copy, so that is asked."""
    files = folder(modules=1)
    changed = {**files, LESSON: files[LESSON].replace(b"dedos", b"manos"), "README.md": b"Nota\n"}
    partly = {**changed, LESSON: files[LESSON], BANK: files[BANK] + b"# mas\n"}

    for state in (files, changed, partly):
        assert import_folder(instance, write_folder(tmp_path / "c", state), ImportOptions()).outcome is ImportOutcome.IMPORTED
        assert draft_contents(instance) == state
    assert import_folder(instance, tmp_path / "c", ImportOptions()).outcome is ImportOutcome.UNCHANGED
    assert import_folder(instance, write_folder(tmp_path / "c", files), ImportOptions()).outcome is ImportOutcome.UNDECIDED
    assert import_folder(instance, tmp_path / "c", REPLACE).outcome is ImportOutcome.IMPORTED

    assert draft_contents(instance) == files
    assert draft_origins(instance) == ["imported"] * 4


def test_a_dry_run_tells_all_and_writes_nothing(instance: Instance, tmp_path: Path) -> None:
    files = folder(modules=1)
    first = import_folder(instance, write_folder(tmp_path / "c", files), ImportOptions(dry=True))
    assert first.outcome is ImportOutcome.IMPORTED
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Course)) == 0
    import_folder(instance, tmp_path / "c", ImportOptions())
    changed = {**files, LESSON: files[LESSON].replace(b"dedos", b"manos"), "README.md": b"Nota\n"}
    del changed[VIDEO]

    imported = import_folder(instance, write_folder(tmp_path / "c", changed), ImportOptions(dry=True))

    assert draft_contents(instance) == files
    assert imported.plan is not None
    assert list(describe_import(imported.plan, imported.course)) == [
        f"{LESSON} (leccion-1): cambia, +1 −1",
        f"{VIDEO}: se quita",
        "README.md: nuevo",
    ]


def test_a_folder_over_an_edited_draft_is_told_and_not_written(instance: Instance, tmp_path: Path) -> None:
    files = folder(modules=1)
    import_folder(instance, write_folder(tmp_path / "c", files), ImportOptions())
    edited = {**files, LESSON: files[LESSON].replace(b"dedos", b"manos")}
    edit_draft(instance, {LESSON: edited[LESSON]})
    write_folder(tmp_path / "c", {**files, LESSON: files[LESSON].replace(b"dedos", b"pies"), "README.md": b"Nota\n"})

    asked = import_folder(instance, tmp_path / "c", ImportOptions())
    merged = import_folder(instance, tmp_path / "c", MERGE)

    assert asked.outcome is merged.outcome is ImportOutcome.UNDECIDED
    assert draft_contents(instance) == edited
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
    assert draft_contents(instance) == edited


@pytest.mark.parametrize(("prefer", "word"), [(ConflictResolution.DRAFT, b"manos"), (ConflictResolution.FOLDER, b"pies")])
def test_a_conflict_is_settled_by_saying_whose_lines_count(
    instance: Instance, tmp_path: Path, prefer: ConflictResolution, word: bytes
) -> None:
    files = folder(modules=1)
    import_folder(instance, write_folder(tmp_path / "c", files), ImportOptions())
    edit_draft(instance, {LESSON: files[LESSON].replace(b"dedos", b"manos"), BANK: files[BANK] + b"# del borrador\n"})
    write_folder(tmp_path / "c", {**files, LESSON: files[LESSON].replace(b"dedos", b"pies").replace(b"Contar 1", b"Contar uno")})

    imported = import_folder(instance, tmp_path / "c", ImportOptions(EditConflictPolicy.MERGE, prefer))

    assert imported.outcome is ImportOutcome.IMPORTED
    expected = files[LESSON].replace(b"dedos", word).replace(b"Contar 1", b"Contar uno")
    assert draft_contents(instance) == {**files, LESSON: expected, BANK: files[BANK] + b"# del borrador\n"}
    assert draft_origins(instance) == ["imported", "edited", "merged"]


def test_changes_of_different_files_and_lines_go_together(instance: Instance, tmp_path: Path) -> None:
    """And after a merge the folder is still known: what it does not have is not taken for removed."""
    files = folder(modules=1)
    import_folder(instance, write_folder(tmp_path / "c", files), ImportOptions())
    edit_draft(instance, {LESSON: files[LESSON].replace(b"dedos", b"manos"), "scripts/a.py": b"1\n"}, removed=(VIDEO,))
    changed = {**files, LESSON: files[LESSON].replace(b"Contar 1", b"Contar uno"), "README.md": b"Nota\n"}

    assert import_folder(instance, write_folder(tmp_path / "c", changed), MERGE).outcome is ImportOutcome.IMPORTED
    both = {**changed, LESSON: changed[LESSON].replace(b"dedos", b"manos"), "scripts/a.py": b"1\n"}
    del both[VIDEO]
    assert draft_contents(instance) == both

    changed[BANK] = files[BANK] + b"# mas\n"
    assert import_folder(instance, write_folder(tmp_path / "c", changed), ImportOptions()).outcome is ImportOutcome.UNDECIDED
    assert import_folder(instance, tmp_path / "c", MERGE).outcome is ImportOutcome.IMPORTED
    assert draft_contents(instance) == {**both, BANK: changed[BANK]}


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
    publish_folder(instance, write_folder(tmp_path / "c", files))
    edited = {**files, LESSON: files[LESSON].replace(b"dedos", b"manos")}
    sending = Sending(instance.settings.data_dir / "files", lambda: edit_draft(instance, {LESSON: edited[LESSON]}))

    with pytest.raises(Conflict, match="in the meantime"):
        publish_folder(replace(instance, files=sending), write_folder(tmp_path / "c", {**files, BANK: files[BANK] + b"# mas\n"}))

    assert draft_contents(instance) == edited
    assert draft_origins(instance) == ["imported", "edited"]


def test_of_two_who_publish_the_same_new_folder_at_once_the_second_finds_it_done(instance: Instance, tmp_path: Path) -> None:
    write_folder(tmp_path / "c", {**folder(modules=1), "scripts/datos.bin": b"\x00"})
    sending = Sending(instance.settings.data_dir / "files", lambda: publish_folder(instance, tmp_path / "c"))

    assert not publish_folder(replace(instance, files=sending), tmp_path / "c").is_new

    assert draft_origins(instance) == ["imported"]


def test_a_folder_replaces_the_draft_where_that_was_said(instance: Instance, tmp_path: Path) -> None:
    files = folder(modules=1)
    import_folder(instance, write_folder(tmp_path / "c", files), ImportOptions())
    edit_draft(instance, {LESSON: files[LESSON].replace(b"dedos", b"manos"), "README.md": b"Nota\n"})

    imported = import_folder(instance, tmp_path / "c", REPLACE)

    assert (imported.outcome, imported.revision) == (ImportOutcome.IMPORTED, 3)
    assert draft_contents(instance) == files
    with instance.database.unit_of_work(write=False) as session:
        course = session.execute(select(Course)).scalar_one()
        assert "manos" in (history.find_text_at(session, course.id, LESSON, 2) or "")


def test_a_broken_folder_imports_nothing_and_every_fault_is_told(instance: Instance, tmp_path: Path) -> None:
    files = folder(modules=1)
    import_folder(instance, write_folder(tmp_path / "c", files), ImportOptions())
    broken = {
        **files,
        "course.yaml": files["course.yaml"] + b"tone: [1\n",
        LESSON: b"sin encabezado\n",
        BANK: b"\xff\xfe",
        VIDEO: files[VIDEO].replace(b"host: Ejemplo\n", b""),
    }

    for way in EditConflictPolicy:
        imported = import_folder(instance, write_folder(tmp_path / "c", broken), ImportOptions(way))
        assert imported.outcome is ImportOutcome.REFUSED
        assert {finding.file for finding in imported.findings} >= {"course.yaml", LESSON, BANK, VIDEO}
    assert draft_contents(instance) == files


def test_a_merge_that_gives_a_broken_course_is_refused_whole(instance: Instance, tmp_path: Path) -> None:
    """Each side is sound alone: both gave the same key to a lesson of their own."""
    files = folder(modules=1)
    import_folder(instance, write_folder(tmp_path / "c", files), ImportOptions())
    lesson = b"---\nkey: nueva\ntitle: Nueva\n---\nTexto.\n"
    edit_draft(instance, {"01-parte/04-a.es.md": lesson})

    imported = import_folder(instance, write_folder(tmp_path / "c", {**files, "01-parte/05-b.es.md": lesson}), MERGE)

    assert imported.outcome is ImportOutcome.REFUSED
    assert "C202" in {finding.code for finding in imported.findings}
    assert "01-parte/05-b.es.md" not in draft_contents(instance)


def test_who_edits_while_an_import_is_looked_at_is_not_overwritten(instance: Instance, tmp_path: Path) -> None:
    files = folder(modules=1)
    import_folder(instance, write_folder(tmp_path / "c", files), ImportOptions())
    contents = {**files, "README.md": b"Nota\n"}
    plan = plan_folder(instance, "prueba", contents)
    edit_draft(instance, {LESSON: files[LESSON].replace(b"dedos", b"manos")})
    course = read_folder(contents, KINDS.kinds, KINDS.parts, today=clock.now().date()).course
    assert course is not None

    with pytest.raises(Conflict), instance.database.unit_of_work() as session:
        folders.apply_import_plan(session, SYSTEM, plan, course, drafts.keep_contents(instance.files, contents, {}), now=clock.now())
    assert "README.md" not in draft_contents(instance)


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

    imported = import_folder(instance, write_folder(tmp_path / "in", files), REPLACE)
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
    import_folder(instance, write_folder(tmp_path / "in", files), REPLACE)
    keys = chance.sample(["suma-1", "pares-1", "verdad-1", "mitad-1", "unir-1", "orden-1", "huecos-1"], chance.randint(1, 4))
    with instance.database.unit_of_work() as session:
        course = session.execute(select(Course)).scalar_one()
        changes = question_bank.FieldChanges(state="hidden", difficulty=chance.choice(["easy", "hard"]))
        assert question_bank.change_questions(session, SYSTEM, course.id, keys, changes, now=clock.now()) == len(keys)

    after = draft_contents(instance)

    assert {path for path in files if after[path] != files[path]} == {BANK}
    before_lines, after_lines = files[BANK].decode().split("\n"), after[BANK].decode().split("\n")
    told_lines = [line for line in difflib.ndiff(before_lines, after_lines) if line[0] in "+-"]
    assert len(told_lines) == 2 * len(keys)
    assert all(line.startswith(("+     state: hidden", "+     difficulty: ")) for line in told_lines)

    import_folder(instance, write_folder(tmp_path / "in", {**files, BANK: b"# de la carpeta\n" + files[BANK]}), MERGE)
    assert draft_contents(instance)[BANK] == b"# de la carpeta\n" + after[BANK]
