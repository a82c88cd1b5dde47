"""The bill of materials of a release, and whether what is installed is what was pinned.

python scripts/sbom.py write FILE    write CycloneDX 1.6 JSON from requirements.txt: every component with its version and hashes; those
                                     that only requirements-scaled.txt has are optional
python scripts/sbom.py check         exit with 1 where a pinned library is absent, has another version, or a file of it was changed
"""

import base64
import csv
import hashlib
import io
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINNED, SCALED = ROOT / "requirements.txt", ROOT / "requirements-scaled.txt"
PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")
MARKER = re.compile(r";\s*([^\\]+)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Component:
    """One pinned library, with the hashes of the archives that may be installed."""

    name: str
    version: str
    hashes: tuple[str, ...]
    conditional: bool
    optional: bool = False
    """Installed where several processes or machines serve."""

    @property
    def reference(self) -> str:
        """Return its package address."""
        return f"pkg:pypi/{re.sub(r'[-_.]+', '-', self.name).lower()}@{self.version}"


def components(text: str) -> list[Component]:
    """Read a file of pinned requirements."""
    found = []
    for block in re.split(r"\n(?=\S)", text):
        pin = PIN.match(block)
        if pin:
            conditional = bool(MARKER.search(block.split("\n")[0]))
            found.append(Component(pin[1], pin[2], tuple(HASH.findall(block)), conditional))
    return found


def pinned() -> list[Component]:
    """Return every library that an installation may have: those of every one, then those that scaled ones have besides."""
    parts = components(PINNED.read_text("utf-8"))
    return [*parts, *(replace(part, optional=True) for part in components(SCALED.read_text("utf-8")) if part not in parts)]


def bill(parts: list[Component], version: str) -> dict[str, object]:
    """Return the bill of materials; the same pins give the same bytes."""
    serial = uuid.uuid5(uuid.NAMESPACE_URL, "\n".join(f"{part.reference} {part.hashes}" for part in parts) + version)
    product = {"type": "application", "bom-ref": f"pkg:pypi/aulario@{version}", "name": "aulario", "version": version}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": product},
        "components": [
            {
                "type": "library",
                "bom-ref": part.reference,
                "name": part.name,
                "version": part.version,
                "purl": part.reference,
                "scope": "optional" if part.optional else "required",
                "hashes": [{"alg": "SHA-256", "content": digest} for digest in part.hashes],
            }
            for part in parts
        ],
        "dependencies": [{"ref": product["bom-ref"], "dependsOn": [part.reference for part in parts]}],
    }


def changed_files(installed: Distribution) -> Iterator[str]:
    """Name the files of a library that are not what its own record says; compiled ones and programs have no hash there."""
    for name, digest, _size in csv.reader(io.StringIO(installed.read_text("RECORD") or "")):
        if not digest.startswith("sha256="):
            continue
        path = Path(str(installed.locate_file(name)))
        content = path.read_bytes() if path.is_file() else b""
        if base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode() != digest.removeprefix("sha256="):
            yield name


def faults(parts: list[Component]) -> list[str]:
    """List the packages that are not installed as pinned. The installer has compared the archives with the hashes."""
    said = []
    for part in parts:
        try:
            installed = distribution(part.name)
        except PackageNotFoundError:
            if not (part.conditional or part.optional):
                said.append(f"{part.name} is not installed")
            continue
        if installed.version != part.version:
            said.append(f"{part.name} {installed.version} is installed and {part.version} is pinned")
        if not part.hashes:
            said.append(f"{part.name} is pinned without a hash")
        said += [f"{part.name}: {name} is not what was installed" for name in changed_files(installed)]
    return said


def main() -> int:
    """Run the command."""
    parts = pinned()
    if sys.argv[1:2] == ["write"] and len(sys.argv) == 3:
        version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
        Path(sys.argv[2]).write_text(json.dumps(bill(parts, version), indent=2) + "\n", "utf-8")
        return 0
    found = faults(parts)
    for line in found:
        print(f"bill: {line}")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
