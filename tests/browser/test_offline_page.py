"""The page that verifies without a network, opened from a disk in Chromium: the golden cases, and attacks (spec/certificates V6, V7)."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from certificates.rules.baking import baked_svg
from certificates.services.offline_page import build_page
from tests.support.badges import METHOD, VECTORS, token_of, vector, vector_document

GENUINE = "Genuino y vigente"

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


def trusted(*lists: str) -> dict[str, object]:
    """Return what a page for the golden files believes."""
    return {
        "address": "https://aulario.example",
        "institution": "IESS-EDUCA",
        "version": "0.3.0",
        "zone": "America/Guayaquil",
        "made": "2026-11-20T00:00:00Z",
        "created": "2026-11-20T00:00:00Z",
        "keys": [{"method": METHOD, "key": KEYS["ed25519"]["public_base64url"], "compromised": ""}],
        "seals": [KEYS["seal_p256"]["public_spki_base64"]],
        "lists": [vector_document(name) for name in lists],
    }


class OfflineDesk:
    """The page in a browser without a network, on a day."""

    def __init__(self, chromium: Browser, folder: Path, *lists: str, day: str = "2026-12-01", width: int = 1280, script: str = "") -> None:
        path = folder / "offline.html"
        path.write_bytes(build_page(trusted(*lists)).content)
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


@pytest.fixture
def desks(chromium: Browser, tmp_path: Path) -> Iterator[list[OfflineDesk]]:
    """Close what a test opens; nothing failed in it, and nothing was sent."""
    opened: list[OfflineDesk] = []
    yield opened
    for desk in opened:
        assert desk.faults == []
        desk.page.context.close()


@pytest.mark.slow
def test_every_golden_case_has_its_verdict(chromium: Browser, tmp_path: Path, desks: list[OfflineDesk]) -> None:
    """spec/certificates V1, V6, K7: with the list of each case, dropped as a file."""
    wrong = []
    for case in CASES:
        desk = OfflineDesk(chromium, tmp_path, day=case["on"])
        desks.append(desk)
        for name in (case.get("with_status"), case.get("and_newer")):
            if name:
                desk.give((name, vector(name)))
        verdict = desk.judge(vector(case["file"]), case["file"])
        if verdict != VERDICTS[case["says"]]:
            wrong.append((case["file"], case["what"], verdict))
    assert wrong == []


@pytest.mark.slow
def test_a_list_that_is_dropped_later_changes_what_was_found(chromium: Browser, tmp_path: Path, desks: list[OfflineDesk]) -> None:
    """spec/certificates K7, V7: an older list is never taken; the date stands large, and amber beyond thirty days."""
    desk = OfflineDesk(chromium, tmp_path, "status-clean-older.json")
    desks.append(desk)
    assert "21 de noviembre de 2026" in desk.page.inner_text("#date")
    assert desk.judge(vector("credential.json")) == "valid"
    desk.give(("newer.json", vector("status-revoked.json")), ("older.json", vector("status-clean-older.json")))
    assert desk.verdicts == ["revoked"]
    late = OfflineDesk(chromium, tmp_path, "status-clean-older.json", day="2027-02-23")
    desks.append(late)
    assert "94" in late.page.inner_text("#date")
    assert late.page.get_attribute("#date", "class") == "date old"
    assert late.judge(vector("sealed.pdf")) == "unknown"


@pytest.mark.slow
def test_attacks_fail_offline_too(chromium: Browser, tmp_path: Path, desks: list[OfflineDesk]) -> None:
    """spec/certificates 10: 1, 2, 3, 11, 12 and 15, each beside the right keys and lists."""
    desk = OfflineDesk(chromium, tmp_path, "status-clean-older.json")
    desks.append(desk)
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
    assert {name: desk.judge(content) for name, content in as_bytes.items()} == dict.fromkeys(as_bytes, "altered")
    genuine = [credential, token_of(head, payload).encode(), svg.encode(), sealed, f"{token[:90]}\r\n{token[90:]}".encode()]
    assert [desk.judge(content) for content in genuine] == ["valid"] * 5
    for content in (b"", b"x", b"[" * 10_000, b"\xef\xbb\xbf" + credential, b"%PDF-1.7", vector("badge.png") + b"x", bytes(2_000_000)):
        assert desk.judge(content) == "unreadable", content[:9]


@pytest.mark.slow
def test_a_browser_without_ed25519_says_so_and_still_judges_seals(chromium: Browser, tmp_path: Path, desks: list[OfflineDesk]) -> None:
    """spec/certificates V7."""
    desk = OfflineDesk(chromium, tmp_path, "status-clean-older.json", script=NO_ED25519)
    desks.append(desk)
    assert "https://aulario.example/verify" in desk.page.inner_text("#limits")
    assert desk.judge(vector("sealed.pdf")) == "valid"
    assert desk.judge(vector("sealed-edited.pdf")) == "altered"
    for name in ("credential.json", "credential.jwt", "badge.png", "unsealed.pdf"):
        assert desk.judge(vector(name)) == "unchecked", name


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
def test_everybody_can_use_the_page(chromium: Browser, tmp_path: Path, desks: list[OfflineDesk]) -> None:
    """spec/certificates V6: both languages, the keyboard, 360 px, pasted text, axe."""
    for width in (360, 1280):
        desk = OfflineDesk(chromium, tmp_path, "status-clean-older.json", width=width)
        desks.append(desk)
        page = desk.page
        desk.give(("sealed.pdf", vector("sealed.pdf")), ("x.json", vector("credential-name.json")), ("y", b"y"))
        page.fill("#text", vector("credential.jwt").decode())
        page.focus("#check")
        page.keyboard.press("Enter")
        page.wait_for_selector(".result:nth-child(4)")
        assert desk.verdicts == ["valid", "unreadable", "altered", "valid"]
        assert "Luis Alberto Chasi Guamán" in page.inner_text(".result")
        assert GENUINE in page.inner_text(".result h2")
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=tmp_path / f"{width}.png", full_page=True)
        page.focus("#language")
        page.keyboard.press("Enter")
        assert "Genuine and valid" in page.inner_text(".result h2")
        assert page.get_attribute("html", "lang") == "en"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert [rule["id"] for rule in Axe().run(page).response["violations"]] == []


@pytest.mark.slow
def test_files_of_the_golden_folder_are_all_judged(chromium: Browser, tmp_path: Path, desks: list[OfflineDesk]) -> None:
    """Several files at once."""
    desk = OfflineDesk(chromium, tmp_path, "status-revoked.json")
    desks.append(desk)
    names = [path.name for path in sorted(VECTORS.glob("*.pdf"))]
    desk.give(*((name, vector(name)) for name in names))
    assert dict(zip(reversed(names), desk.verdicts, strict=True))["sealed.pdf"] == "revoked"
