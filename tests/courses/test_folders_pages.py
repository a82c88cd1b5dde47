"""A course's folder as a ZIP on the web: out byte for byte, in only after a look, and hostile archives leave nothing behind."""

import stat
import warnings
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from accounts.uploads import delete_pending_uploads
from courses import catalogue, drafts
from courses.content.archives import read_folder_archive
from courses.content.folder_formats import FOLDER_FORMATS
from courses.drafts import text_content
from courses.models import Course, CourseStaff, DraftFile, DraftRevision, PendingFolder, StaffRole
from kernel import clock
from kernel.archives import ArchiveRefused, write_archive
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, folder, sign_in
from tests.support.shared import SHARED, needs_shared
from tests.support.wording import in_spanish

FOLDER = "/teaching/prueba/folder"
NEW = "/teaching/new-course/folder"
LESSON = "01-parte/01-leccion.es.md"
VIDEO = "01-parte/02-video.recording.yaml"


def packed(files: dict[str, bytes], comment: bytes = b"") -> bytes:
    """Return an archive."""
    target = BytesIO()
    write_archive(target, files, comment=comment)
    return target.getvalue()


def odd(name: str, *, mode: int = stat.S_IFREG | 0o644, utf8: bool = True, content: bytes = b"x") -> bytes:
    """Return the archive of a good folder with one odd entry."""
    target = BytesIO(packed(folder()))
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo("placeholder")
        entry.filename, entry.external_attr, entry.compress_type = name, mode << 16, zipfile.ZIP_DEFLATED
        archive.writestr(entry, content)
    if utf8:
        return target.getvalue()
    return target.getvalue().replace("ñ".encode(), b"\xa4\xa4").replace(b"\x00\x08\x08\x00", b"\x00\x00\x08\x00")


@pytest.fixture
def editor(browser: Browser, instance: Instance) -> Browser:
    """Return a browser in which somebody edits a published course."""
    a_teacher(instance, a_course(instance, modules=1))
    return sign_in(browser, "profe@example.org")


def send(browser: Browser, content: bytes, page: str = FOLDER, status: int = 200) -> None:
    """Send an archive on the page that takes one, and look at what follows."""
    browser.get(page)
    fields = {**dict(browser.page.form(page).fields), "file": (BytesIO(content), "curso.zip")}
    browser.path = page
    browser._request("POST", page, data=fields, content_type="multipart/form-data")
    browser._arrive(status)


def draft(instance: Instance, slug: str = "prueba") -> dict[str, bytes]:
    """Return a course's draft."""
    with instance.database.unit_of_work(write=False) as session:
        course = session.execute(select(Course.id).where(Course.slug == slug)).scalar_one()
        return drafts.draft_files(session, instance.files, course)


def edit(instance: Instance, contents: dict[str, bytes]) -> None:
    """Edit the draft as another page does."""
    with instance.database.unit_of_work() as session:
        course = catalogue.lock_course(session, session.execute(select(Course.id).where(Course.slug == "prueba")).scalar_one())
        texts = {path: text_content(content.decode()) for path, content in contents.items()}
        drafts.save_files(session, SYSTEM, course, texts, now=clock.now())


def counted(instance: Instance) -> tuple[int, int]:
    """Count what waits and the revisions of all drafts."""
    with instance.database.unit_of_work(write=False) as session:
        waiting = session.scalar(select(func.count()).select_from(PendingFolder)) or 0
        return waiting, session.scalar(select(func.count()).select_from(DraftRevision)) or 0


def stored(instance: Instance) -> set[str]:
    """Return the names of the contents that are kept."""
    return {path.name for path in instance.files.folder.rglob("*") if path.is_file()}


def test_every_cell_of_folders(browser: Browser, instance: Instance) -> None:
    """spec/security 4.4 and 9: editors take their course out and in; whoever may make courses brings in a new one."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    wrong = cast.check("course.edit", "own_course", cast.outcomes(FOLDER))
    wrong += cast.check("course.edit", "own_course", cast.outcomes(f"{FOLDER}/download", "POST"))
    sent = {"file": (BytesIO(packed(folder("nuevo"))), "curso.zip")}
    got = {}
    for letter, one in cast.browsers.items():
        sent = {"file": (BytesIO(packed(folder("nuevo"))), "curso.zip")}
        got[letter] = "deny"
        one.get("/help")
        token = dict(one.page.form("/language").fields)["csrf_token"]
        one._request("POST", NEW, data={"csrf_token": token, **sent}, content_type="multipart/form-data")
        if one.response.status_code == 303 and "/new-course/folder/" in one.response.headers["Location"]:
            got[letter] = "allow"

    assert wrong == []
    assert cast.check("course.import", "package_upload", got) == []


def test_a_draft_goes_out_and_comes_in_byte_for_byte(editor: Browser, instance: Instance) -> None:
    archives = []
    for _again in range(2):
        editor.get(FOLDER)
        editor._request("POST", f"{FOLDER}/download", data=dict(editor.page.form(f"{FOLDER}/download").fields))
        archives.append(editor.response.data)

    assert archives[0] == archives[1]
    assert editor.response.headers["Content-Disposition"] == "attachment; filename=prueba-1.zip"
    assert dict(read_folder_archive(archives[0]).files) == draft(instance) == folder(modules=1)
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).where(AuditEntry.verb == "course.exported")) == 2
    send(editor, archives[0])
    assert in_spanish("The folder is the same as the draft. There is nothing to import.") in editor.page.text


def test_nothing_changes_before_a_yes_and_everything_after_it(editor: Browser, instance: Instance) -> None:
    before = draft(instance)
    changed = {**before, LESSON: before[LESSON].replace(b"dedos", b"manos"), "README.md": b"Nota\n"}
    del changed[VIDEO]

    send(editor, packed({f"mi curso/{path}": content for path, content in changed.items()} | {"__MACOSX/._x": b"\x00"}))

    for words in ("Archivos nuevos", "README.md", LESSON, "+1 −1", "Archivos que se quitan", VIDEO):
        assert words in editor.page.text
    assert draft(instance) == before
    editor.submit(editor.path)
    assert draft(instance) == changed
    assert counted(instance) == (0, 2)


def test_a_conflict_shows_both_texts_and_needs_a_choice(editor: Browser, instance: Instance) -> None:
    before = draft(instance)
    edit(instance, {LESSON: before[LESSON].replace(b"dedos", b"manos"), VIDEO: before[VIDEO] + b"# aqui\n"})
    send(editor, packed({**before, LESSON: before[LESSON].replace(b"dedos", b"pies")}))
    address = editor.path

    assert "Se cuenta con los manos." in editor.page.text
    assert "Se cuenta con los pies." in editor.page.text
    assert f"Conflicto en {LESSON}" in editor.page.text
    page = editor.submit(address, status=422)
    assert in_spanish("For each conflict, choose which version to keep.") in page.text
    editor.submit(address, {"choice-0-0": "both"})

    after = draft(instance)
    assert b"con los manos.\nSe cuenta con los pies.\n" in after[LESSON]
    assert after[VIDEO] == before[VIDEO] + b"# aqui\n"


def test_an_archive_that_was_downloaded_here_is_merged_from_what_it_was(editor: Browser, instance: Instance) -> None:
    """Its mark tells the revision: editing a line again that was edited before the download is no conflict."""
    before = draft(instance)
    edit(instance, {LESSON: before[LESSON].replace(b"dedos", b"manos")})
    editor.get(FOLDER)
    editor._request("POST", f"{FOLDER}/download", data=dict(editor.page.form(f"{FOLDER}/download").fields))
    files = dict(read_folder_archive(editor.response.data).files)

    send(editor, packed({**files, LESSON: before[LESSON].replace(b"dedos", b"pies")}, comment=b"aulario prueba 2"))

    assert "Conflicto" not in editor.page.text
    editor.submit(editor.path)
    assert draft(instance)[LESSON] == before[LESSON].replace(b"dedos", b"pies")


def downloaded(browser: Browser) -> bytes:
    """Return the draft as the page gives it."""
    browser.get(FOLDER)
    browser._request("POST", f"{FOLDER}/download", data=dict(browser.page.form(f"{FOLDER}/download").fields))
    return browser.response.data


def unpacked(content: bytes) -> dict[str, bytes]:
    """Return all files of an archive, as a program that unpacks it writes them."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_folder_that_was_unpacked_and_packed_again_keeps_its_revision_and_names_who_edited_meanwhile(
    editor: Browser, instance: Instance
) -> None:
    """The same folder is sent in twice: its person's own change of before is no conflict, another's is."""
    before = draft(instance)
    edit(instance, {LESSON: before[LESSON].replace(b"dedos", b"manos")})
    files = unpacked(downloaded(editor))
    assert ".aulario" in files
    for word in (b"pies", b"ojos"):
        files[LESSON] = before[LESSON].replace(b"dedos", word)
        send(editor, packed({f"mi carpeta/{path}": content for path, content in files.items()}))
        assert "Conflicto" not in editor.page.text
        editor.submit(editor.path)
    assert draft(instance) == {**before, LESSON: files[LESSON]}

    edit(instance, {LESSON: before[LESSON].replace(b"dedos", b"codos")})
    files[LESSON] = before[LESSON].replace(b"dedos", b"nudos")
    send(editor, packed(files))

    assert f"Conflicto en {LESSON}" in editor.page.text
    assert editor.page.has_link("/teaching/prueba/history/5")
    assert "el más parecido" not in editor.page.text


def test_a_mark_of_another_course_is_no_base(editor: Browser, instance: Instance) -> None:
    before = draft(instance)
    edit(instance, {LESSON: before[LESSON].replace(b"dedos", b"manos")})
    send(editor, packed({**before, "README.md": b"Nota\n", ".aulario": b"course ajeno revision 2\n"}))

    assert (
        in_spanish("The folder does not say which revision of the draft it was made from, so the closest one was used.") in editor.page.text
    )
    editor.submit(editor.path)
    assert draft(instance) == {**before, LESSON: before[LESSON].replace(b"dedos", b"manos"), "README.md": b"Nota\n"}


def test_a_mark_of_another_house_is_no_base(editor: Browser, instance: Instance) -> None:
    send(editor, packed({**draft(instance), "README.md": b"Nota\n"}, comment=b"aulario prueba 77"))

    editor.submit(editor.path)
    assert draft(instance)["README.md"] == b"Nota\n"


def test_who_edits_meanwhile_is_not_overwritten(editor: Browser, instance: Instance) -> None:
    before = draft(instance)
    send(editor, packed({**before, LESSON: before[LESSON].replace(b"dedos", b"pies")}))
    edit(instance, {LESSON: before[LESSON].replace(b"dedos", b"manos")})

    page = editor.submit(editor.path, status=409)

    assert "cambió entretanto" in page.text
    assert f"Conflicto en {LESSON}" in page.text
    assert b"manos" in draft(instance)[LESSON]


def test_a_broken_folder_is_told_fault_by_fault_and_never_comes_in(editor: Browser, instance: Instance) -> None:
    before = draft(instance)
    send(editor, packed({**before, LESSON: b"nada\n", VIDEO: b"key: [\n", "01-parte/banco.yaml": b"\xff"}))

    for path in (LESSON, VIDEO, "01-parte/banco.yaml"):
        assert path in editor.page.text
    assert not [form for form in editor.page.forms if form.action == editor.path and ("button", "") in form.fields]
    editor.submit(editor.path, status=422)
    assert draft(instance) == before
    editor.submit(f"{editor.path}/discard")
    assert counted(instance)[0] == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (odd("../../etc/passwd"), "../../etc/passwd"),
        (odd("/etc/passwd"), "/etc/passwd"),
        (odd("C:/x"), "C:/x"),
        (odd("a\\b.md"), "a\\b.md"),
        (odd("01-parte/x", mode=stat.S_IFLNK | 0o777), "01-parte/x"),
        (odd("Course.YAML"), "Course.YAML"),
        (odd(VIDEO), VIDEO),
        (odd("bomba.md", content=b" " * 20_000_000), "bomba.md"),
        (odd("a//b.md"), "a//b.md"),
        (odd("lección-ñ.md", utf8=False), "UTF-8"),
        (packed(folder())[:-40], "ZIP"),
        (b"nada", "ZIP"),
        (packed(folder("otro")), "otro"),
    ],
)
def test_hostile_archives_are_refused_whole_with_the_entry_named(editor: Browser, instance: Instance, content: bytes, said: str) -> None:
    """spec/security 4.4: nothing of them is kept, waits, or is in the draft."""
    before, kept = counted(instance), stored(instance)

    send(editor, content, status=422)

    assert said in editor.page.text
    assert counted(instance) == before
    assert stored(instance) == kept


@pytest.mark.shared
@needs_shared
def test_archives_that_were_made_to_harm_are_refused() -> None:
    for path in sorted((SHARED / "fixtures" / "security").rglob("*.zip")):
        with pytest.raises(ArchiveRefused):
            read_folder_archive(path.read_bytes())


def test_an_archive_that_lies_about_its_sizes_is_refused() -> None:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("course.yaml", b"a" * 50_000)
    content = target.getvalue().replace((50_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))

    with pytest.raises(ArchiveRefused):
        read_folder_archive(content)


def test_a_folder_becomes_a_new_course_of_whoever_brought_it(editor: Browser, instance: Instance) -> None:
    send(editor, packed(folder("nuevo", modules=1)), NEW)
    editor.submit(editor.path)

    assert draft(instance, "nuevo") == folder("nuevo", modules=1)
    with instance.database.unit_of_work(write=False) as session:
        course = session.execute(select(Course).where(Course.slug == "nuevo")).scalar_one()
        assert course.published_version_id is None
        assert session.scalars(select(CourseStaff.role).where(CourseStaff.course_id == course.id)).all() == [StaffRole.OWNER.value]
    send(editor, packed(folder("nuevo", modules=1)), NEW, status=422)
    assert "nuevo" in editor.page.text


@pytest.mark.slow
def test_lessons_of_another_tool_become_a_new_course_and_what_was_not_understood_is_told(editor: Browser, instance: Instance) -> None:
    send(editor, packed({"curso/1-agua.md": b"# Agua\n\n{% include x %}\n\nLlueve.\n", "curso/2-luz.md": b"# Luz\n\nBrilla.\n"}), NEW)

    assert "1-agua.md:3" in editor.page.text
    editor.submit(editor.path)
    made = draft(instance, "curso")
    assert "Llueve." in made["01-curso/01-agua.es.md"].decode()
    assert b"name: Pilar Maestra" in made["course.yaml"]
    send(editor, packed({"a.txt": b"x"}), NEW, status=422)
    assert "Markdown" in editor.page.text


def test_without_another_format_only_a_course_folder_becomes_a_course(editor: Browser, instance: Instance) -> None:
    with instance.database.unit_of_work(write=False) as session:
        known = dict(session.info)
    instance.database.configure({**known, FOLDER_FORMATS: ()})

    send(editor, packed({"curso/1-agua.md": b"# Agua\n\nLlueve.\n"}), NEW, status=422)
    assert in_spanish("The folder has no course.yaml.") in editor.page.text
    assert "Markdown" not in editor.page.text
    send(editor, packed(folder("nuevo", modules=1)), NEW)
    editor.submit(editor.path)
    assert "course.yaml" in draft(instance, "nuevo")


@pytest.mark.slow
def test_a_report_of_hundreds_of_lines_is_read_on_one_screen_and_begins_with_what_was_lost(editor: Browser, instance: Instance) -> None:
    """The button stands above it; each kind shows its number and some examples, and unfolds."""
    lesson = "# Agua\n\n" + "".join(f"{{% include x{number} %}} <div>{number}</div>\n\n> a\n{{: .raro}}\n\n" for number in range(200))
    send(editor, packed({"curso/1-agua.md": lesson.encode(), "curso/2-luz.md": b"# Luz\n\n![sol](fig/sol.png)\n"}), NEW)

    page = BeautifulSoup(editor.page.html, "html.parser").find("main")
    assert page is not None
    assert len(page.find_all("li")) > 400
    for folded in page.find_all("details"):
        for item in folded.find_all("li"):
            item.decompose()
    words = page.get_text(" ", strip=True)
    order = ["Importar", "No se importa", "1-agua.md:3", "Se importa con cambios", "{: .raro} 200"]
    assert [words.index(word) for word in order] == sorted(words.index(word) for word in order)
    assert in_spanish("%(count)s more like it", 197) in words
    assert len(page.find_all("li")) < 20


@pytest.mark.slow
def test_a_second_archive_does_not_make_the_page_of_the_first_go(editor: Browser, instance: Instance) -> None:
    """Some are kept, and the page that takes them leads to each."""
    pages = []
    for number in range(4):
        send(editor, packed({f"a{number}.md": b"# Agua\n"}), NEW)
        pages.append(editor.path.partition("?")[0])
        send(editor, packed({**draft(instance), "README.md": b"%d" % number}))

    editor.get(pages[0], status=404)
    for page in pages[1:]:
        editor.get(page)
        assert editor.get(NEW).has_link(page)
    assert counted(instance)[0] == 6
    editor.submit(f"{pages[1]}/discard") if editor.get(pages[1]) else None
    assert not editor.get(NEW).has_link(pages[1])


@pytest.mark.slow
def test_an_archive_named_as_a_course_is_given_another_address(editor: Browser, instance: Instance) -> None:
    """On the page that shows it: lessons of another tool have no address but the name of their file."""
    a_course(instance, "curso", modules=1)
    theirs = draft(instance, "curso")
    send(editor, packed({"1-agua.md": b"# Agua\n\nLlueve.\n"}), NEW)
    address = editor.path

    assert "«curso»" in editor.page.text
    assert dict(editor.page.form(address).fields)["key"] == "curso-2"
    editor.submit(address, {"key": "Ni hablar"}, status=422)
    editor.submit(address, {"key": "curso"}, status=409)
    editor.submit(address, {"key": "agua-y-luz"})

    assert b"key: agua-y-luz\n" in draft(instance, "agua-y-luz")["course.yaml"]
    assert draft(instance, "curso") == theirs


def test_a_course_folder_comes_in_beside_the_course_of_its_address(editor: Browser, instance: Instance) -> None:
    files = folder("prueba", modules=1)
    send(editor, packed(files), NEW, status=422)
    assert dict(editor.page.form(NEW).fields)["key"] == "prueba-2"
    fields = {**dict(editor.page.form(NEW).fields), "file": (BytesIO(packed(files)), "curso.zip")}
    editor._request("POST", NEW, data=fields, content_type="multipart/form-data")
    editor._arrive(200)

    editor.submit(editor.path.partition("?")[0])

    changed = files["course.yaml"].replace(b"key: prueba\n", b"key: prueba-2\n")
    assert draft(instance, "prueba-2") == {**files, "course.yaml": changed}
    assert draft(instance) == files


def test_a_course_that_came_meanwhile_is_not_overwritten(editor: Browser, instance: Instance) -> None:
    send(editor, packed(folder("nuevo", modules=1)), NEW)
    a_course(instance, "nuevo", modules=2)

    editor.submit(editor.path, status=409)

    assert draft(instance, "nuevo") == folder("nuevo", modules=2)


def test_what_is_chosen_in_a_merge_makes_it_no_folder_of_another_course(editor: Browser, instance: Instance) -> None:
    """spec/security 1.2: lines of two texts, each with the course's own key, may give a text with another one."""
    victim = a_course(instance, "ajeno", modules=1)
    with instance.database.unit_of_work() as session:
        for word in ("Uno", "Dos"):
            drafts.save_files(
                session, SYSTEM, catalogue.lock_course(session, victim.id), {"README.md": text_content(word)}, now=clock.now()
            )
    before, theirs = draft(instance), draft(instance, "ajeno")
    rest = before["course.yaml"].decode().removeprefix("format: 1\nkey: prueba\n")
    common = 'key: ajeno\n# "\n'
    edit(instance, {"course.yaml": f'x-c: 1\nformat: 1\nx-q: "1\n{common}key: prueba\n{rest}'.encode()})
    edit(instance, {"course.yaml": f'x-d: 1\nformat: 1\nx-a: "1\n{common}key: prueba # d\n{rest}'.encode()})
    sent = f'key: prueba\nformat: 1\nx-b: "\n{common}x-f: 1\n{rest}'.encode()

    send(editor, packed({**before, "course.yaml": sent}, comment=b"aulario prueba 2"))
    page = editor.submit(editor.path, {"choice-0-0": "draft", "choice-0-1": "both", "choice-0-2": "folder"}, status=409)

    assert in_spanish("This folder belongs to the course “%(key)s”, not to this one.", key="ajeno") in page.text
    assert draft(instance, "ajeno") == theirs


def test_a_text_with_zeros_is_kept_as_a_file(editor: Browser, instance: Instance) -> None:
    """What is never read may hold any bytes; PostgreSQL keeps no zero in a text."""
    files = {**draft(instance), "scripts/datos.txt": b"a\x00b\n"}
    send(editor, packed(files))

    editor.submit(editor.path)

    assert draft(instance) == files
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(DraftFile.body).where(DraftFile.path == "scripts/datos.txt")) is None


def test_nobody_else_sees_what_waits_and_it_is_forgotten(editor: Browser, instance: Instance) -> None:
    send(editor, packed({**draft(instance), "README.md": b"Nota\n"}))
    address = editor.path
    with instance.database.unit_of_work(write=False) as session:
        course = session.execute(select(Course).where(Course.slug == "prueba")).scalar_one()
    a_teacher(instance, course, "otra@example.org")

    sign_in(editor.another(), "otra@example.org").get(address, status=404)
    with instance.database.unit_of_work() as session:
        delete_pending_uploads(session, PendingFolder, now=clock.now() + timedelta(hours=25))
    editor.get(address, status=404)
    assert counted(instance)[0] == 0
