"""The bill of materials, and that what is installed is what was pinned."""

import json
import shutil
from importlib.metadata import Distribution, distribution
from pathlib import Path

from scripts import sbom
from tests.support.project import ROOT

PARTS = sbom.pinned()


def test_the_bill_names_every_pin_with_its_hashes() -> None:
    made = json.loads(json.dumps(sbom.bill(PARTS, "1.2.3")))
    text = (ROOT / "requirements-scaled.txt").read_text("utf-8")  # all of requirements.txt, and more
    pins = [line for line in text.splitlines() if "==" in line and not line.startswith((" ", "#"))]

    assert len(made["components"]) == len(pins) > 40
    assert all(part["hashes"] for part in made["components"])
    assert {"flask", "webauthn", "sqlalchemy"} <= {part["name"] for part in made["components"]}
    assert made["metadata"]["component"]["version"] == "1.2.3"
    assert made["serialNumber"] == sbom.bill(PARTS, "1.2.3")["serialNumber"] != sbom.bill(PARTS[1:], "1.2.3")["serialNumber"]


def test_what_is_installed_is_what_was_pinned() -> None:
    assert not sbom.faults(PARTS)


def test_another_version_and_an_absent_library_are_told() -> None:
    parts = [sbom.Component("flask", "0.1", ("a" * 64,), False), sbom.Component("not-there-at-all", "1", ("a" * 64,), False)]
    assert [line.split(" ")[0] for line in sbom.faults(parts)] == ["flask", "not-there-at-all"]


def test_a_changed_file_is_told(tmp_path: Path) -> None:
    source = distribution("pyotp")
    folder = Path(str(source.locate_file("")))
    for name in ("pyotp", f"pyotp-{source.version}.dist-info"):
        shutil.copytree(folder / name, tmp_path / name)
    copied = Distribution.at(tmp_path / f"pyotp-{source.version}.dist-info")
    assert not list(sbom.changed_files(copied))
    (tmp_path / "pyotp" / "totp.py").write_text("# changed")

    assert list(sbom.changed_files(copied)) == ["pyotp/totp.py"]


def test_what_only_scaled_installations_have_stands_in_the_bill_as_optional() -> None:
    made = json.loads(json.dumps(sbom.bill(PARTS, "1.2.3")))
    scopes = {part["name"]: part["scope"] for part in made["components"]}

    assert (scopes["redis"], scopes["obstore"], scopes["flask"]) == ("optional", "optional", "required")
    assert len(scopes) == len(made["components"])
    assert set(scopes) == {
        part.name for name in ("", "-scaled") for part in sbom.components((ROOT / f"requirements{name}.txt").read_text("utf-8"))
    }
