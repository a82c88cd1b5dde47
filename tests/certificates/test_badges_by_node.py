"""Badges and status lists as `@digitalbazaar/vc` judges them, the verifier that others wrote (spec/certificates D1, K6)."""

import json
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import openbadgeslib
import pytest

from certificates.rules.badges import BadgeContent, badge_document, badge_quads, compact_json, signed_document
from certificates.rules.status_lists import StatusListContent, StatusPurpose, encoded_bits, status_list_document, status_list_quads
from tests.support.badges import BADGE, METHOD, VECTOR_KEY, vector, vector_document
from tests.support.missing import note
from tests.support.programs import program
from tests.support.project import ROOT

FOLDER = Path(__file__).with_name("digitalbazaar")
CONTEXTS = Path(openbadgeslib.__file__).parent / "ob3" / "contexts"
PLACES = {
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json": "ob-v3p0-context-3.0.3.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json": "ob-v3p0-extensions.json",
    "https://w3id.org/security/multikey/v1": "security-multikey-v1.json",
}
SOON = BADGE.valid_from + timedelta(days=300)


def badge(content: BadgeContent) -> bytes:
    return compact_json(signed_document(badge_document(content), badge_quads(content), METHOD, content.valid_from, VECTOR_KEY.sign))


def status_list(purpose: StatusPurpose) -> bytes:
    content = StatusListContent(
        "https://aulario.example/status/1/replaced",
        BADGE.issuer,
        encoded_bits((1, 4711), 131_072),
        BADGE.valid_from,
        SOON,
        purpose,
    )
    return compact_json(signed_document(status_list_document(content), status_list_quads(content), METHOD, SOON, VECTOR_KEY.sign))


@pytest.mark.slow
def test_a_verifier_that_others_wrote_takes_our_documents(tmp_path: Path) -> None:
    """spec/certificates D1: the golden ones and new ones; what was changed it refuses."""
    node = program("node")
    if not (FOLDER / "node_modules").is_dir():
        pytest.skip(note(f"the badges' second verifier is missing (npm ci --ignore-scripts --prefix {FOLDER.relative_to(ROOT)})"))
    files = {
        "credential.json": vector("credential.json"),
        "status-clean-older.json": vector("status-clean-older.json"),
        "badge.json": badge(BADGE),
        "hostile.json": badge(replace(BADGE, person_name='İ "ß" \\ Ñandú \U0001f600\nß', title="Ḱichwa </script>", valid_until=SOON)),
        "list.json": status_list(StatusPurpose.REFRESH),
        "credential-name.json": vector("credential-name.json"),
    }
    (tmp_path / "contexts").write_text(json.dumps({address: str(CONTEXTS / name) for address, name in PLACES.items()}))
    (tmp_path / "key").write_text(json.dumps({"method": METHOD, "multikey": vector_document("keys.json")["ed25519"]["multikey"]}))
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    command = [node, "verify.mjs", str(tmp_path / "contexts"), str(tmp_path / "key"), *(str(tmp_path / name) for name in files)]
    found = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False, timeout=120)
    assert found.returncode == 0, found.stderr
    answers = {Path(path).name: answer for path, answer in json.loads(found.stdout).items()}
    assert {name: answer for name, answer in answers.items() if answer is not True}.keys() == {"credential-name.json"}, answers
