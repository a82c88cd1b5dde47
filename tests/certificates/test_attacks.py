"""Attacks that must fail on the page and in the command (spec/certificates 10); tests/browser does the same with the offline page."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO

import pytest

from certificates.rules import verification
from certificates.sealing import MOST_FILES
from certificates.views import file_verification
from kernel.keys import SealKeys, seal_keys
from kernel.web.limits import limit
from lms.certificate_files import ALTERED, UNREADABLE, exit_code, reports_of
from lms.instance import Instance
from tests.support.attacks import AttackedKeys, FileAttack, attacked_keys, file_attacks
from tests.support.badges import vector
from tests.support.browser import Browser
from tests.support.wording import in_spanish

NOW = datetime(2026, 12, 1, tzinfo=UTC)
A_REQUEST = 450_000
"""Bytes that the client of the tests keeps in memory."""
HEADINGS = {
    in_spanish(verification.ALTERED): "altered",
    in_spanish(verification.UNREADABLE): "unreadable",
    in_spanish(verification.UNSEALED): "unsealed",
}


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> SealKeys:
    """Return keys of seals that came into other hands."""
    return seal_keys(tmp_path_factory.mktemp("lost"), "IESS-EDUCA")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory, lost: SealKeys) -> AttackedKeys:
    """Return the keys that are attacked."""
    ours, theirs = (seal_keys(tmp_path_factory.mktemp(name), "IESS-EDUCA") for name in ("ours", "theirs"))
    return attacked_keys(ours, theirs, lost)


@pytest.fixture(scope="module")
def attacks(keys: AttackedKeys, lost: SealKeys) -> list[FileAttack]:
    """Return every attack that is a file."""
    return file_attacks(keys, lost)


def test_every_attack_fails_in_the_command(keys: AttackedKeys, attacks: list[FileAttack]) -> None:
    """spec/certificates attacks 1 to 8, 11 to 14 and 16: with a list by which the badge would be in force."""
    lists, files = [("list", vector("status-clean-older.json"))], [(attack.name, attack.content) for attack in attacks]

    reports = reports_of(files, lists, keys.verifiers, now=NOW)

    assert {attack.number for attack in attacks} == {1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 16}
    assert [one.name for one, report in zip(attacks, reports, strict=True) if report.verdict not in one.verdicts] == []
    assert {exit_code([report]) for report in reports} == {ALTERED, UNREADABLE}


def in_portions(attacks: list[FileAttack]) -> Iterator[list[FileAttack]]:
    """Return them as they fit into requests."""
    portion: list[FileAttack] = []
    for attack in attacks:
        if len(portion) == MOST_FILES or sum(len(one.content) for one in [*portion, attack]) > A_REQUEST:
            yield portion
            portion = []
        portion.append(attack)
    yield portion


@pytest.mark.slow
def test_every_attack_fails_on_the_page(
    browser: Browser, instance: Instance, keys: AttackedKeys, attacks: list[FileAttack], monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/certificates attacks 1 to 8, 11 to 14 and 16: never a fault of the server. The sandbox is tried by other tests."""
    monkeypatch.setattr(file_verification, "trusted_keys", lambda: keys.verifiers)
    monkeypatch.setattr(file_verification, "FILES", limit("verify_files", "1000 per minute"))
    monkeypatch.setattr(file_verification, "run_sandboxed", lambda act, *arguments, **_bounds: act(*arguments))
    wrong = []
    for portion in in_portions(attacks):
        browser.get("/verify")
        page = browser.post("/verify", data={"files": [(BytesIO(one.content), f"{place}.pdf") for place, one in enumerate(portion)]})
        found = re.findall(r'<h2 id="file-\d+">(.*?)</h2>', page.html)
        wrong += [(one.name, heading) for one, heading in zip(portion, found, strict=True) if HEADINGS.get(heading) not in one.verdicts]

    assert wrong == []


@pytest.mark.slow
def test_an_installation_that_issued_it_is_named(browser: Browser, keys: AttackedKeys, attacks: list[FileAttack]) -> None:
    """spec/certificates attack 14: as text, by its address."""
    other = next(attack for attack in attacks if attack.what == "badge of another installation")

    browser.get("/verify")
    page = browser.post("/verify", data={"files": [(BytesIO(other.content), "badge.json")]})

    assert in_spanish("Another site issued it: %(issuer)s.", issuer="other.example") in page.text
    assert not page.has_link("https://other.example")


def test_no_other_site_shows_a_verdict_of_ours_or_keeps_it(browser: Browser, instance: Instance) -> None:
    """spec/certificates attacks 8 and 9: not in a frame, and not from a cache after a revocation."""
    for path in ("/verify", "/verify/7K4M-92XD-C3QF-8TRA", "/verify/keys", "/verify/offline.html"):
        answer = browser._request("GET", path)
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], path
        assert "max-age" not in answer.headers.get("Cache-Control", ""), path
        assert re.search("no-store|no-cache", answer.headers.get("Cache-Control", "")), path
