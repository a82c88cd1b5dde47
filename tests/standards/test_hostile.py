"""Hostile files stop at the doors: archives, XML, encodings, numbers, and any bytes at all."""

import stat
import zipfile
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xlsxwriter import Workbook

from kernel.archives import ArchiveLimits, ArchiveRefused, read_archive
from questions.rules.definitions import EssayBody, QuestionDefinition, TextShape
from standards import files, texts, xml
from standards.bank import read
from standards.files import MAXIMUM, to_markdown
from standards.importing import FORMATS, import_file
from standards.model import FileRefused, NotTranslatable, RemarkSeverity, TransferRemarkCollector
from standards.spreadsheet import read as sheet_read
from standards.spreadsheet import write as sheet_write
from standards.texts import escape_markdown, rendered
from tests.support.hostile import harm, hostile_html
from tests.support.shared import SHARED, needs_shared

SECURITY = SHARED / "fixtures" / "security"
LZMA_HEADER = 9
few = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
READ = {name: form.read for name, form in FORMATS.items() if form.read is not None} | {"bank": read.read}
SEEDS = (
    b"::a::b{=c ~d}",
    b"T\nA) a\nB) b\nANSWER: A\n",
    (
        b'<?xml version="1.0"?><quiz><question type="shortanswer"><name><text>n</text></name><questiontext format="html"><text>t</text>'
        b'</questiontext><answer fraction="100"><text>a</text></answer></question></quiz>'
    ),
    b"kind,text,right,option 1,option 2\nsingle,x,1,a,b\n",
    b"questions:\n  - key: a\n    kind: essay\n    text: x\n",
    b"{1:SHORTANSWER:=a}",
    (
        b'<assessmentItem identifier="i" title="t"><responseDeclaration identifier="R" cardinality="single" baseType="identifier">'
        b"<correctResponse><value>a</value></correctResponse></responseDeclaration><itemBody><p>x</p>"
        b'<choiceInteraction responseIdentifier="R"><simpleChoice identifier="a">a</simpleChoice><simpleChoice identifier="b">b'
        b"</simpleChoice></choiceInteraction></itemBody></assessmentItem>"
    ),
    (
        b'<questestinterop><item ident="i"><presentation><material><mattext>x</mattext></material><response_lid ident="r">'
        b'<render_choice><response_label ident="a"><material><mattext>y</mattext></material></response_label></render_choice>'
        b'</response_lid></presentation><resprocessing><respcondition><conditionvar><varequal respident="r">a</varequal></conditionvar>'
        b"<setvar>100</setvar></respcondition></resprocessing></item></questestinterop>"
    ),
)


def archive(*entries: tuple[str, bytes], mode: int = 0, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", method) as made:
        for name, content in entries:
            info = zipfile.ZipInfo(name)
            info.compress_type, info.external_attr = method, mode << 16
            made.writestr(info, content)
    return target.getvalue()


def test_archive_gives_the_files_that_are_asked_for() -> None:
    found = files.read_archive(archive(("a/b.xml", b"<a/>"), ("c.png", b"x")), ".xml")

    assert found == {"a/b.xml": b"<a/>"}


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "C:\\x", "a\\..\\..\\x", "c:x"])
def test_entry_that_leads_out_is_refused(name: str) -> None:
    """spec/security 4.4: .., absolute paths and drives."""
    with pytest.raises(FileRefused, match="points outside"):
        files.read_archive(archive((name, b"x")))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices_are_refused(kind: int) -> None:
    with pytest.raises(FileRefused, match="link or a device"):
        files.read_archive(archive(("x", b"y"), mode=kind | 0o644))


def test_names_that_are_there_twice_are_refused() -> None:
    with pytest.raises(FileRefused, match="twice"):
        files.read_archive(archive(("a.xml", b"x"), ("A.xml", b"y")))


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_STORED])
def test_broken_data_of_an_entry_are_refused_in_every_compression(method: int) -> None:
    """spec/security 4.4: whatever the compression's library raises becomes one message."""
    whole = archive(("a.xml", bytes(range(256)) * 40), method=method)
    begins = whole.index(b"a.xml") + len("a.xml")

    for place in range(begins, begins + 60):
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        if method == zipfile.ZIP_LZMA and place < begins + LZMA_HEADER:
            with suppress(FileRefused):  # not every byte of its header is looked at
                files.read_archive(bytes(broken))
            continue
        with pytest.raises(FileRefused):
            files.read_archive(bytes(broken))


def test_bombs_are_refused_by_ratio_before_they_are_unpacked() -> None:
    bomb = archive(("x.xml", b" " * 20_000_000))

    with pytest.raises(FileRefused, match="times its size"):
        files.read_archive(bomb, ".nothing")


def test_bombs_are_refused_by_total_size() -> None:
    with pytest.raises(ArchiveRefused, match="unpacks to more"):
        read_archive(archive(("x", b"a" * 600), ("y", b"b" * 600), method=zipfile.ZIP_STORED), limits=ArchiveLimits(unpacked=1000))


def test_too_many_entries_are_refused() -> None:
    with pytest.raises(ArchiveRefused, match="more than 3 entries"):
        read_archive(archive(*((f"{at}", b"") for at in range(4))), limits=ArchiveLimits(entries=3))


def test_what_is_no_archive_is_refused() -> None:
    for content in (b"", b"PK\x03\x04 and then nothing", archive(("a", b"b"))[:-10]):
        with pytest.raises(FileRefused):
            files.read_archive(content)


@pytest.mark.shared
@needs_shared
def test_archive_with_a_link_to_the_passwords_is_refused() -> None:
    with pytest.raises(FileRefused, match="link or a device"):
        files.read_archive((SECURITY / "zip-symlink-etc_passwd.zip").read_bytes())


@pytest.mark.shared
@needs_shared
@pytest.mark.parametrize("name", ["xmlbomb.xml", "cyclic.xml", "external_file.xml", "dtd.xml"])
def test_xml_with_a_document_type_or_entities_is_refused(name: str) -> None:
    """spec/security 4.4: XML without DTD, entities or network."""
    content = (SECURITY / "xml" / name).read_bytes()

    with pytest.raises(FileRefused, match="document type or entities"):
        xml.parse(content)
    with pytest.raises(FileRefused, match="document type or entities"):
        import_file(name, content)


def test_xml_that_is_nested_too_deep_is_refused_with_the_line() -> None:
    deep = b"<a>" + b"\n<b>" * 500 + b"</b>" * 500 + b"</a>"

    with pytest.raises(FileRefused, match="line 101"):
        xml.parse(deep)


def test_broken_xml_is_refused_with_the_line() -> None:
    with pytest.raises(FileRefused, match="line 3"):
        xml.parse(b"<quiz>\n<question>\n</quiz>")


@pytest.mark.parametrize(
    "content",
    [
        b'<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n\xe9</quiz>',
        b'<?xml version="1.0" encoding="nothing-known"?><quiz/>',
        "<quiz/>".encode("utf-16-le")[1:],
    ],
)
def test_xml_in_another_encoding_than_it_says_is_refused(content: bytes) -> None:
    with pytest.raises(FileRefused):
        xml.parse(content)


def test_xml_in_windows_1252_that_says_so_is_read() -> None:
    root = xml.parse('<?xml version="1.0" encoding="windows-1252"?><quiz>años</quiz>'.encode("cp1252"))

    assert root.text == "años"


def test_encoding_that_was_guessed_is_told_with_its_line() -> None:
    remarks = TransferRemarkCollector()

    assert files.decode("uno\ndos años".encode("cp1252"), remarks).words == "uno\ndos años"
    assert [remark.line for remark in remarks.remarks] == [2]


def test_marks_of_encodings_are_read_and_taken_away() -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        remarks = TransferRemarkCollector()
        assert files.decode("años".encode(encoding), remarks).words == "años"
        assert not remarks.remarks


def test_bytes_that_are_no_text_are_refused_with_the_line() -> None:
    for content in (b"uno\n\x00dos", b"uno\nse\xf1or \x81"):
        with pytest.raises(FileRefused, match="ine 2"):
            files.decode(content, TransferRemarkCollector())


@pytest.mark.parametrize("words", ["1e999999999", "9" * 50, "1e16", "0x10", "1_000", "nan", "inf", "", "1/3", "١"])
def test_numbers_that_are_none_or_huge_are_refused(words: str) -> None:
    with pytest.raises(NotTranslatable):
        texts.to_fraction(words)


@pytest.mark.parametrize("sign", ["\r", "\u2028", "\u0085"])
def test_bank_with_other_line_ends_is_read_or_refused(sign: str) -> None:
    """YAML counts them as ends of lines; so does whoever looks up what stands there."""
    with suppress(FileRefused):
        assert read.read(f"title: a{sign}{sign}b{sign}questions: []{sign}".encode()).remarks is not None


@pytest.mark.parametrize("name", ["xl/worksheets/sheet1.xml", "xl/other.bin"])
def test_workbook_with_hostile_xml_under_any_name_is_refused(name: str) -> None:
    with zipfile.ZipFile(BytesIO(sheet_write.write_xlsx([]).content)) as book:
        parts = {entry: book.read(entry) for entry in book.namelist()}

    bomb = b'<!DOCTYPE x [<!ENTITY a "123"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    with pytest.raises(FileRefused, match="document type or entities"):
        sheet_read.read_xlsx(archive(*{**parts, name: bomb}.items()))


def test_formula_in_a_workbook_is_not_computed_and_told() -> None:
    """spec/security 4.6: a cell is a text; one that computes keeps its question out."""
    found = sheet_read.read_csv_questions(b"kind,text\nessay,x\n")
    target = BytesIO()
    with Workbook(target) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["kind", "text"])
        sheet.write_row(1, 0, ["essay", "x"])
        sheet.write_string(2, 0, "essay")
        sheet.write_formula(2, 1, "=1+1")
    told = sheet_read.read_xlsx(target.getvalue())

    assert told.questions == found.questions
    assert [problem.line for problem in told.of_severity(RemarkSeverity.PROBLEM)] == [3]


@pytest.mark.parametrize("cell", ["=1+1", "+x", "-x", "@x", "|x", "%x", "'=x", "＝x"])
def test_cells_of_a_csv_compute_nothing(cell: str) -> None:
    """spec/security 4.6."""
    question = QuestionDefinition("k", {"es": cell}, EssayBody())
    written = sheet_write.write_csv([question])

    assert f"'{cell}" in written.content.decode("utf-8-sig")
    assert sheet_read.read_csv_questions(written.content).questions == (question,)


def test_file_with_more_questions_than_anybody_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("standards.model.MAXIMUM_QUESTIONS", 100)

    with pytest.raises(FileRefused, match="more than 100"):
        import_file("a.gift", b"\n\n".join(b"Sol?{T}" for _ in range(101)))


def test_control_and_direction_signs_do_not_come_in() -> None:
    """spec/security 4.2."""
    found = import_file("a.gift", "::a::uno\u202e dos\u200f {=c ~d}".encode()).imported

    assert found.questions[0].text["es"] == "uno dos"


def test_html_of_attackers_does_no_harm_once_it_is_markdown() -> None:
    for piece in hostile_html():
        for shape in TextShape:
            markdown = to_markdown(f"<p>a {piece} b</p>", shape, TransferRemarkCollector())
            assert not harm(rendered(markdown, shape, "es")), (piece, markdown)


@pytest.mark.slow
def test_html_that_is_too_long_or_too_deep_is_refused() -> None:
    for source in ("a" * (MAXIMUM + 1), "<div>" * 20_000):
        with pytest.raises(NotTranslatable):
            to_markdown(source, TextShape.MARKDOWN, TransferRemarkCollector())


@few
@given(words=st.text("abcñ 019*_[]{}$`<>|#~=:%-+.!@&\"'/\\;,()^", min_size=1, max_size=40).map(lambda text: " ".join(text.split())))
def test_plain_words_are_shown_as_they_are(words: str) -> None:
    for shape in TextShape:
        shown = (
            rendered(escape_markdown(words, shape), shape, "es")
            .removeprefix("<p>")
            .removesuffix("</p>")
            .replace("\u00a0", " ")
            .replace("&nbsp;", " ")
        )
        assert shown.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&#39;", "'").replace("&amp;", "&") == words


@pytest.mark.parametrize("name", sorted(READ))
@few
@given(data=st.data())
def test_any_bytes_are_read_or_refused(name: str, data: st.DataObject) -> None:
    """Nothing that comes in makes a reader fail in another way than it says."""
    seed = data.draw(st.sampled_from(SEEDS))
    cut, end = sorted((data.draw(st.integers(0, len(seed))), data.draw(st.integers(0, len(seed)))))
    middle = data.draw(st.one_of(st.binary(max_size=12), st.text("{}=~#:%\\<>&;\"'\n,-0T", max_size=12).map(str.encode)))
    content = seed[:cut] + middle + seed[end:]

    with suppress(FileRefused):
        READ[name](content, "es")
