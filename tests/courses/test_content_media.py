"""Files of media/ (spec/content-format 12, C6xx)."""

import zlib

import pytest

from courses.content.filetypes import KINDS
from tests.support import folders
from tests.support.folders import LESSON

SVG = "01-contar/media/usos.svg"

CONTENTS = {
    "media/a.png": b"GIF89a",
    "media/a.jpg": b"\x89PNG\r\n\x1a\n",
    "media/a.pdf": b"PK\x03\x04",
    "media/a.docx": b"PK\x03\x04 xl/",
    "media/a.txt": b"\xff\xfe",
    "media/a.mp4": b"RIFF",
    "media/a.svg": b"<html>",
    "media/a.exe": b"MZ",
    "media/a.html": b"<html>",
}


@pytest.mark.parametrize("path", CONTENTS)
def test_content_that_is_not_what_the_name_says_is_refused(path: str) -> None:
    """spec/content-format C603: extension and first bytes agree, other kinds are not accepted."""
    assert "C603" in folders.codes(folders.with_file(path, CONTENTS[path]))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n"),
        ("a.jpg", b"\xff\xd8\xff\xe0"),
        ("a.gif", b"GIF89a"),
        ("a.webp", b"RIFF\x00\x00\x00\x00WEBP"),
        ("a.pdf", b"%PDF-1.7"),
        ("a.docx", b"PK\x03\x04 word/document.xml"),
        ("a.odt", b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.text"),
        ("a.mp3", b"\xff\xfb\x90"),
        ("a.m4a", b"\x00\x00\x00\x20ftypM4A "),
        ("a.ogg", b"OggS"),
        ("a.wav", b"RIFF\x00\x00\x00\x00WAVE"),
        ("a.mp4", b"\x00\x00\x00\x20ftypisom"),
        ("a.webm", b"\x1a\x45\xdf\xa3"),
        ("a.csv", b"uso;litros"),
    ],
)
def test_the_accepted_kinds_are_known_by_their_first_bytes(name: str, content: bytes) -> None:
    """spec/content-format C603, and C602 because nothing uses them."""
    assert {finding.code for finding in folders.findings(folders.with_file(f"media/{name}", content))} == {"C602"}


def test_files_that_are_too_large_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/content-format C604, limits of the security rules."""
    png = folders.a_folder()["media/gota.png"]
    assert "C604" in folders.codes(folders.with_file("media/gota.png", png + b"\x00" * KINDS["png"].limit))


def test_unused_and_missing_files_are_told() -> None:
    """spec/content-format C601 and C602."""
    assert [(finding.file, finding.code) for finding in folders.findings(folders.with_file("media/otra.txt", "hola"))] == [
        ("media/otra.txt", "C602")
    ]
    assert [finding.field for finding in folders.findings(folders.changed("course.yaml", "media/gota.png", "media/nada.png"), "C601")] == [
        "image"
    ]


@pytest.mark.parametrize("path", ["../course.yaml", "/etc/passwd", "../../media/gota.png", "../02-cuidar/media/x.svg", "media/"])
def test_paths_stay_in_the_places_for_media(path: str) -> None:
    """Type `path`: the module's media/ or the course's (spec/content-format C601)."""
    assert "C601" in folders.codes(folders.changed("01-contar/02-charla.recording.yaml", "../media/guia.txt", path))


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("C605", '<rect class="b1"', '<rect onload="x" class="b1"'),
        ("C605", '<rect class="b1"', '<image href="x"/><rect class="b1"'),
        ("C606", "<title>Usos del agua</title>\n", ""),
        ("C606", 'viewBox="0 0 320 40" ', ""),
    ],
)
def test_drawings_keep_to_the_allowed_elements(code: str, old: str, new: str) -> None:
    """spec/content-format 7, Figures in SVG."""
    assert SVG in [finding.file for finding in folders.findings(folders.changed(SVG, old, new), code)]


def test_media_are_listed_with_type_size_and_checksum() -> None:
    """The picture of the folder carries what publication needs."""
    found = {file.path: file for file in folders.course().media}

    assert found["media/guia.txt"].media_type == "text/plain"
    assert found["media/guia.txt"].size == 17
    assert len(found["media/guia.txt"].sha256) == 64
    assert LESSON not in found


def test_a_small_file_that_opens_into_a_huge_picture_is_an_error() -> None:
    """spec/security 4.3: points are capped, whatever the file's own size."""
    header = b"IHDR" + (8_000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    huge = b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4, "big") + header + zlib.crc32(header).to_bytes(4, "big")
    huge += b"\x00\x00\x00\x00IDAT" + zlib.crc32(b"IDAT").to_bytes(4, "big")

    assert "C604" in folders.codes(folders.with_file("media/foto.png", huge))
    assert "C604" not in folders.codes(folders.a_folder())
