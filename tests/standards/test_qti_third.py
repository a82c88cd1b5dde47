"""QTI 3 is refused by its name; what of a package is older still comes in."""

import zipfile
from io import BytesIO

import pytest

from standards.model import FileRefused, RemarkSeverity
from standards.qti.read import read

SPACE = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
ITEM = (
    f'<qti-assessment-item xmlns="{SPACE}" identifier="i" title="uno" adaptive="false" time-dependent="false"><qti-item-body><p>¿Qué?</p>'
    '<qti-choice-interaction response-identifier="R"><qti-simple-choice identifier="a">a</qti-simple-choice></qti-choice-interaction>'
    "</qti-item-body></qti-assessment-item>"
).encode()
TEST = f'<qti-assessment-test xmlns="{SPACE}" identifier="t" title="prueba"/>'.encode()
PREFIXED = ITEM.replace(b"<qti-assessment-item xmlns=", b"<q:qti-assessment-item xmlns:q=").replace(b"</qti-a", b"</q:qti-a")
MANIFEST = (
    b'<manifest xmlns="http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1" identifier="m"><resources>'
    b'<resource identifier="r" type="imsqti_item_xmlv3p0" href="i.xml"/></resources></manifest>'
)
OLDER = (
    b'<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="o" title="dos"><itemBody><p>Lea.</p></itemBody>'
    b"</assessmentItem>"
)
REFUSED = "This is QTI 3. Only 1.2, 2.1 and 2.2 can be imported."


def packed(files: dict[str, bytes]) -> bytes:
    """Return an archive of these files."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return target.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        ITEM,
        TEST,
        PREFIXED,
        MANIFEST,
        ITEM.decode().encode("utf-16"),
        packed({"imsmanifest.xml": MANIFEST, "i.xml": ITEM, "t.xml": TEST}),
        packed({"imsmanifest.xml": MANIFEST}),
    ],
    ids=["item", "test", "prefixed", "manifest", "utf-16", "package", "package of a manifest alone"],
)
def test_qti_3_is_refused_by_its_right_name(content: bytes) -> None:
    with pytest.raises(FileRefused) as refused:
        read(content)

    assert refused.value.text == REFUSED


def test_what_is_no_qti_at_all_is_not_called_qti_3() -> None:
    with pytest.raises(FileRefused) as refused:
        read(packed({"imsmanifest.xml": MANIFEST.replace(b"xmlv3p0", b"xmlv2p1"), "x.xml": b"<a/>"}))

    assert refused.value.text != REFUSED


def test_items_of_qti_3_among_older_ones_are_told_each_by_its_place() -> None:
    found = read(packed({"imsmanifest.xml": MANIFEST, "old.xml": OLDER, "new/i.xml": ITEM}))

    assert [question.key for question in found.questions] == ["dos"]
    assert [(remark.what, remark.question) for remark in found.of_severity(RemarkSeverity.PROBLEM)] == [(REFUSED, "new/i.xml")]
