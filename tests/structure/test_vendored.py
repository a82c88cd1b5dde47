"""Scripts of others that are kept with the product: which, under which licence, and that nobody changed them."""

import hashlib
import tomllib
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[2] / "static" / "vendor"


def test_every_script_of_others_is_listed_with_its_licence_and_checksum() -> None:
    """Libraries, «Vendored»: version, licence and SHA-256 of each file, the licence's text beside it."""
    listed = {entry["path"]: entry for entry in tomllib.loads((VENDOR / "vendor.toml").read_text("utf-8"))["file"]}
    ours = {"LICENSE", "vendor.toml"}
    present = {path.relative_to(VENDOR).as_posix(): path for path in VENDOR.rglob("*") if path.is_file() and path.name not in ours}

    assert listed.keys() == present.keys()
    for name, path in present.items():
        entry = listed[name]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == entry["sha256"], name
        assert entry["version"] in path.read_text("utf-8")[:200], name
        assert entry["licence"] in (path.parent / "LICENSE").read_text("utf-8"), name
