"""The page that verifies without a network, opened from a disk in Chromium: the golden cases, and attacks (spec/certificates V6, V7)."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from certificates.offline import FAULTS, PAGE, build_page
from certificates.pdf import render
from certificates.rules import verification
from certificates.rules.badges import badge_document, badge_quads, baked_svg, compact_json, signed_document
from certificates.sealing import FileFault, FileVerdict, judge_files
from certificates.sheet import compose
from kernel.i18n import reading
from kernel.keys import seal_keys
from kernel.pdf.document import PdfAttachment
from lms.certificate_files import reports_of
from tests.support.attacks import attacked_keys, file_attacks
from tests.support.badges import BADGE, ISSUERS, METHOD, VECTOR_KEY, VECTORS, token_of, vector, vector_document
from tests.support.certificates import FACTS
from tests.support.seals import GOLDEN_KEYS, a_sealed_sheet
from tests.support.transcripts import CONTENT, golden_transcript
from tests.support.wording import in_spanish

CASES = json.loads(vector("cases.json"))
KEYS = vector_document("keys.json")
VERDICTS = {
    "genuine": "valid",
    "altered": "altered",
    "revoked": "revoked",
    "credential genuine, sheet not sealed": "unsealed",
    "genuine, state unknown: no list": "unknown",
    "genuine, state unknown: the list is of 21 November 2026 and out of date": "unknown",
}
NO_ED25519 = """
const imported = crypto.subtle.importKey.bind(crypto.subtle);
crypto.subtle.importKey = (form, key, kind, ...rest) => kind === 'Ed25519'
  ? Promise.reject(new DOMException('Unrecognized name.', 'NotSupportedError')) : imported(form, key, kind, ...rest);
"""


def trusted(*lists: str, **others: object) -> dict[str, object]:
    """Return what a page for the golden files believes, or something else in its place."""
    return {
        "address": "https://aulario.example",
        "institution": "IESS-EDUCA",
        "version": "0.3.0",
        "zone": "America/Guayaquil",
        "made": "2026-11-20T00:00:00Z",
        "created": "2026-11-20T00:00:00Z",
        "keys": [{"method": METHOD, "key": KEYS["ed25519"]["public_base64url"], "compromised": ""}],
        "seals": [{"spki": KEYS["seal_p256"]["public_spki_base64"], "certificate": ""}],
        "lists": [vector_document(name) for name in lists],
        **others,
    }


class OpenedOfflinePage:
    """The page in a browser without a network, on a day."""

    def __init__(
        self,
        chromium: Browser,
        folder: Path,
        *lists: str,
        day: str = "2026-12-01",
        width: int = 1280,
        script: str = "",
        believes: dict[str, object] | None = None,
    ) -> None:
        path = folder / "offline.html"
        path.write_bytes(build_page(trusted(*lists, **(believes or {}))).content)
        context = chromium.new_context(offline=True, locale="es-EC", viewport={"width": width, "height": 900})
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda message: self.faults.append(message.text) if message.type == "error" else None)
        self.page.on("request", lambda request: self.faults.append(request.url) if not request.url.startswith("file:") else None)
        self.page.clock.set_fixed_time(datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC))
        if script:
            self.page.add_init_script(script)
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("body[data-ready]", state="attached")

    def give(self, *files: tuple[str, bytes]) -> None:
        """Choose files, and wait until they are judged."""
        self.page.evaluate("document.getElementById('status').textContent = ''")
        self.page.set_input_files("#files", [{"name": name, "mimeType": "", "buffer": content} for name, content in files])
        self.page.wait_for_selector("#status:not(:empty)")

    @property
    def verdicts(self) -> list[str]:
        """Return the verdicts, the newest first."""
        found: list[str] = self.page.evaluate("[...document.querySelectorAll('.result')].map((one) => one.dataset.verdict)")
        return found

    def judge(self, content: bytes, name: str = "file") -> str:
        """Return the verdict on a file."""
        self.give((name, content))
        return self.verdicts[0]


def words_of_the_command(case: dict[str, Any]) -> str:
    """Return what `lms certificates verify` calls a golden case."""
    lists = [(name, vector(name)) for name in (case.get("with_status"), case.get("and_newer")) if name]
    now = datetime.fromisoformat(case["on"]).replace(hour=12, tzinfo=UTC)
    with reading("es"):
        return reports_of([(case["file"], vector(case["file"]))], lists, GOLDEN_KEYS, now=now)[0].words


@pytest.fixture
def opened(chromium: Browser, tmp_path: Path) -> Iterator[list[OpenedOfflinePage]]:
    """Close what a test opens; nothing failed in it, and nothing was sent."""
    opened: list[OpenedOfflinePage] = []
    yield opened
    for offline in opened:
        assert offline.faults == []
        offline.page.context.close()


@pytest.mark.slow
def test_every_golden_case_has_its_verdict(chromium: Browser, tmp_path: Path, opened: list[OpenedOfflinePage]) -> None:
    """spec/certificates V1, V2, V6, K7: with the list of each case, dropped as a file, in the words of the command."""
    wrong = []
    for case in CASES:
        offline = OpenedOfflinePage(chromium, tmp_path, day=case["on"])
        opened.append(offline)
        for name in (case.get("with_status"), case.get("and_newer")):
            if name:
                offline.give((name, vector(name)))
        verdict, words = offline.judge(vector(case["file"]), case["file"]), offline.page.inner_text(".result h2")
        if (verdict, words) != (VERDICTS[case["says"]], words_of_the_command(case)):
            wrong.append((case["file"], case["what"], verdict, words))
    assert wrong == []


@pytest.mark.slow
def test_a_list_that_is_dropped_later_changes_what_was_found(chromium: Browser, tmp_path: Path, opened: list[OpenedOfflinePage]) -> None:
    """spec/certificates K7, V7: an older list is never taken; the date stands large, and amber beyond thirty days."""
    offline = OpenedOfflinePage(chromium, tmp_path, "status-clean-older.json")
    opened.append(offline)
    assert "20 de noviembre de 2026" in offline.page.inner_text("#date"), "the day in Ecuador of a list made at 00:00 UTC"
    assert offline.judge(vector("credential.json")) == "valid"
    offline.give(("newer.json", vector("status-revoked.json")), ("older.json", vector("status-clean-older.json")))
    assert offline.verdicts == ["revoked"]
    begins = replace(BADGE, valid_from=datetime(2026, 11, 30, 12, tzinfo=UTC))
    issued_later = signed_document(badge_document(begins), badge_quads(begins), METHOD, begins.valid_from, VECTOR_KEY.sign)
    clean = OpenedOfflinePage(chromium, tmp_path, "status-clean-older.json")
    opened.append(clean)
    assert clean.judge(compact_json(issued_later)) == "unknown"
    assert in_spanish(PAGE["before"], day="|").partition("|")[2] in clean.page.inner_text(".result")
    late = OpenedOfflinePage(chromium, tmp_path, "status-clean-older.json", day="2027-02-23")
    opened.append(late)
    assert "94" in late.page.inner_text("#date")
    assert late.page.get_attribute("#date", "class") == "date old"
    assert late.judge(vector("sealed.pdf")) == "unknown"


@pytest.mark.slow
def test_attacks_fail_offline_too(chromium: Browser, tmp_path: Path, opened: list[OpenedOfflinePage]) -> None:
    """spec/certificates 10: 1, 2, 3, 11, 12 and 15, each beside the right keys and lists."""
    offline = OpenedOfflinePage(chromium, tmp_path, "status-clean-older.json")
    opened.append(offline)
    credential, sealed, token = vector("credential.json"), vector("sealed.pdf"), vector("credential.jwt").decode().strip()
    payload = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    head = {"alg": "EdDSA", "kid": METHOD, "typ": "vc+jwt"}
    svg = baked_svg('<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9"/></svg>', credential.decode())
    changed: dict[str, Any] = {
        "algorithm": token_of({**head, "alg": "ES256"}, payload),
        "header": token_of({**head, "jwk": {}}, payload),
        "other key": token_of({**head, "kid": "did:web:aulario.example#../k1"}, payload),
        "later end": token_of(head, {**payload, "exp": 4_102_444_800}),
        "bits beyond the end": token[:-1] + chr(ord(token[-1]) + 1),
        "a point": credential.replace(b"{", b'{"a": 1.5,', 1),
        "a control character": credential.replace(b"{", b'{"a": "\\u0007",', 1),
        "zero for false": credential.replace(b'"hashed": false', b'"hashed": 0'),
        "script": svg.replace("<path", "<script>1</script><path"),
        "two in one picture": svg.replace("</svg>", svg[svg.index("<openb") : svg.index("<path")] + "</svg>"),
        "a byte of the seal": sealed.replace(b"/SubFilter /ETSI", b"/SubFilter /ETSJ"),
        "a byte of the sheet": sealed.replace(b"/Lang (es)", b"/Lang (en)"),
        "a line more": sealed + b"\n",
        "two seals": sealed.replace(b"%%EOF", b"%/ByteRange [0 1 2 3]\n%%EOF", 1),
    }
    as_bytes = {name: text.encode() if isinstance(text, str) else text for name, text in changed.items()}
    assert {name: offline.judge(content) for name, content in as_bytes.items()} == dict.fromkeys(as_bytes, "altered")
    genuine = [credential, token_of(head, payload).encode(), svg.encode(), sealed, f"{token[:90]}\r\n{token[90:]}".encode()]
    assert [offline.judge(content) for content in genuine] == ["valid"] * 5
    for content in (b"", b"x", b"[" * 10_000, b"\xef\xbb\xbf" + credential, b"%PDF-1.7", vector("badge.png") + b"x", bytes(2_000_000)):
        assert offline.judge(content) == "unreadable", content[:9]


@pytest.mark.slow
def test_every_attack_fails_as_in_the_other_ways(
    chromium: Browser, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, opened: list[OpenedOfflinePage]
) -> None:
    """spec/certificates V1, attacks 1 to 8, 11 to 14 and 16: file by file the verdict of the page and of the command."""
    ours, theirs, lost = (seal_keys(tmp_path_factory.mktemp(name), "IESS-EDUCA") for name in ("ours", "theirs", "lost"))
    keys = attacked_keys(ours, theirs, lost)
    attacks, found = file_attacks(keys, lost), []
    sound = [
        {"spki": base64.b64encode(one.spki).decode(), "certificate": base64.b64encode(one.certificate).decode()} for one in ours.trusted
    ]
    offline = OpenedOfflinePage(chromium, tmp_path, "status-clean-older.json", believes={"seals": sound})
    opened.append(offline)

    for start in range(0, len(attacks), 100):
        offline.page.click("#clear")
        offline.give(*((one.name, one.content) for one in attacks[start : start + 100]))
        found += reversed(offline.verdicts)

    judged = judge_files([(one.name, one.content) for one in attacks], keys.verifiers)
    assert [(one.name, here) for one, here in zip(judged, found, strict=True) if here != one.verdict] == []
    assert {one.verdict for one in judged} == {FileVerdict.ALTERED, FileVerdict.UNREADABLE, FileVerdict.UNSEALED}
    assert offline.judge(a_sealed_sheet(ours)) == "valid"


@pytest.mark.slow
def test_a_sheet_that_names_another_code_says_which_one_differs(chromium: Browser, tmp_path: Path, opened: list[OpenedOfflinePage]) -> None:
    """spec/certificates V3 d, attack 7: whose credential it is, and which code the sheet names; M5: a sheet before seals."""
    offline = OpenedOfflinePage(chromium, tmp_path, "status-clean-older.json")
    opened.append(offline)
    other, badge = (
        compose(replace(FACTS, code="0000111122223333")),
        PdfAttachment("a.json", "application/vc+ld+json", vector("credential.json")),
    )
    assert offline.judge(render(other, badge)) == "altered"
    said = offline.page.inner_text(".result")
    assert in_spanish(FAULTS[FileFault.OTHER_CODE], code="0000-1111-2222-3333") in said
    assert "Luis Alberto Chasi Guamán" in said
    assert offline.judge(render(compose(FACTS), badge)) == "unsealed"
    assert offline.judge(render(compose(FACTS))) == "without_seal"
    assert "7K4M-92XD-C3QF-8TRA" in offline.page.inner_text(".result")


@pytest.mark.slow
def test_a_key_that_was_compromised_later_leaves_the_state_unknown(
    chromium: Browser, tmp_path: Path, opened: list[OpenedOfflinePage]
) -> None:
    """spec/certificates K4: the register knows whether a badge was signed before; a seal covers its credential; a list counts no more."""
    lost = {"method": METHOD, "key": KEYS["ed25519"]["public_base64url"], "compromised": "2026-11-30T05:00:00Z"}
    offline = OpenedOfflinePage(chromium, tmp_path, believes={"keys": [lost]})
    opened.append(offline)
    assert offline.judge(vector("credential.json")) == "unknown"
    assert "30 de noviembre de 2026" in offline.page.inner_text(".result")
    assert offline.judge(vector("credential.jwt")) == "altered"
    offline.give(("list.json", vector("status-clean-older.json")))
    assert in_spanish(PAGE["none"]) in offline.page.inner_text("#date")
    assert offline.judge(vector("sealed.pdf")) == "unknown"
    assert in_spanish(verification.UNKNOWN) in offline.page.inner_text(".result h2")


@pytest.mark.slow
def test_a_browser_without_ed25519_says_so_and_still_judges_seals(
    chromium: Browser, tmp_path: Path, opened: list[OpenedOfflinePage]
) -> None:
    """spec/certificates V7."""
    offline = OpenedOfflinePage(chromium, tmp_path, "status-clean-older.json", script=NO_ED25519)
    opened.append(offline)
    assert "https://aulario.example/verify" in offline.page.inner_text("#limits")
    assert offline.judge(vector("sealed.pdf")) == "valid"
    assert offline.judge(vector("sealed-edited.pdf")) == "altered"
    for name in ("credential.json", "credential.jwt", "badge.png", "unsealed.pdf"):
        assert offline.judge(vector(name)) == "unchecked", name


def test_the_page_is_small_and_keeps_to_itself() -> None:
    """spec/certificates V6: at most 60 kB without lists, and no address that a browser would open."""
    page = build_page(trusted())
    text = page.content.decode()
    assert len(page.content) <= 60_000
    assert "default-src 'none'" in text
    assert " src=" not in text
    assert "href=" not in text
    assert build_page(trusted()).content == page.content


@pytest.mark.slow
def test_everybody_can_use_the_page(chromium: Browser, tmp_path: Path, opened: list[OpenedOfflinePage]) -> None:
    """spec/certificates V6: both languages, the keyboard, 360 px, pasted text, axe."""
    for width in (360, 1280):
        offline = OpenedOfflinePage(chromium, tmp_path, "status-clean-older.json", width=width)
        opened.append(offline)
        page = offline.page
        offline.give(("sealed.pdf", vector("sealed.pdf")), ("x.json", vector("credential-name.json")), ("y", b"y"))
        page.fill("#text", vector("credential.jwt").decode())
        page.focus("#check")
        page.keyboard.press("Enter")
        page.wait_for_selector(".result:nth-child(4)")
        assert offline.verdicts == ["valid", "unreadable", "altered", "valid"]
        assert "Luis Alberto Chasi Guamán" in page.inner_text(".result")
        assert in_spanish("Genuine and in force") in page.inner_text(".result h2")
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=tmp_path / f"{width}.png", full_page=True)
        page.focus("#language")
        page.keyboard.press("Enter")
        assert "Genuine and in force" in page.inner_text(".result h2")
        assert page.get_attribute("html", "lang") == "en"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert [rule["id"] for rule in Axe().run(page).response["violations"]] == []


@pytest.mark.slow
def test_an_issuer_is_shown_as_an_address(chromium: Browser, tmp_path: Path, opened: list[OpenedOfflinePage]) -> None:
    """spec/certificates attack 14: with its port, as the server shows it; that of a certificate of ours too."""
    offline = OpenedOfflinePage(chromium, tmp_path, "status-clean-older.json")
    opened.append(offline)

    assert {issuer: offline.page.evaluate("(issuer) => hostOf(issuer)", issuer) for issuer in ISSUERS} == ISSUERS
    offline.give(("a.json", vector("credential.json")))
    assert "(aulario.example)" in offline.page.inner_text(".result")


@pytest.mark.slow
def test_files_of_the_golden_folder_are_all_judged(chromium: Browser, tmp_path: Path, opened: list[OpenedOfflinePage]) -> None:
    """Several files at once."""
    offline = OpenedOfflinePage(chromium, tmp_path, "status-revoked.json")
    opened.append(offline)
    names = [path.name for path in sorted(VECTORS.glob("*.pdf"))]
    offline.give(*((name, vector(name)) for name in names))
    assert dict(zip(reversed(names), offline.verdicts, strict=True))["sealed.pdf"] == "revoked"


@pytest.mark.slow
def test_a_transcript_says_the_states_of_its_day_and_of_the_list(
    chromium: Browser, tmp_path: Path, opened: list[OpenedOfflinePage]
) -> None:
    """spec/certificates R7, V7: as far as a list at hand can say; one that was changed is none of ours."""
    offline = OpenedOfflinePage(chromium, tmp_path, "status-clean-older.json")
    opened.append(offline)
    content = golden_transcript()
    assert offline.judge(content.replace(b"Otra", b"Otro", 1)) == "altered"
    assert offline.judge(content.replace(b'"minutes":90', b'"minutes":91', 1)) == "altered"
    assert offline.judge(content) == "made_valid"
    shown = offline.page.inner_text("#results")
    assert CONTENT.person_name in shown
    assert CONTENT.records[1].title in shown
    assert CONTENT.open_courses[0].title in shown
    assert [one["id"] for one in Axe().run(offline.page).response["violations"]] == []

    without = OpenedOfflinePage(chromium, tmp_path, width=360)
    opened.append(without)
    assert without.judge(content) == "made_unknown"
    assert without.page.evaluate("document.documentElement.scrollWidth") <= 360
    revoked = OpenedOfflinePage(chromium, tmp_path, "status-revoked.json")
    opened.append(revoked)
    assert revoked.judge(content) == "made_changed"
