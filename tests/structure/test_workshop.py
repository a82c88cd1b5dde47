"""The workshop: pinned requirements, no trace of a machine, licences of what is not ours, one version."""

import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from scripts import prepare
from tests.support.project import PYPROJECT, ROOT, tracked

PIN = re.compile(r"^([a-z0-9._-]+)(?:\[[a-z0-9,]+\])?==([^ ]+)", re.MULTILINE)
EXTRAS = re.compile(r"^([a-z0-9._-]+)(\[[a-z0-9,]+\])?==", re.MULTILINE)
TEXT = [
    path
    for path in tracked()
    if path.suffix not in {".woff2", ".ttf", ".png", ".jpg", ".webp", ".pdf", ".gz", ".sqlite", ".zip", ".mp3", ".mp4"}
]
HOMES = re.compile(r"/(?<![\w.].)(?:(?:home|Users|root)/[\w.-]+|wo" + r"rk/main\b)")
REGISTRIES = re.compile(
    r"index-u" + r"rl(?! )|files\.python" + r"hosted|pypi\.or" + r"g/simple|registry\.np" + r"mjs|\"resol" + r"ved\"\s*:"
)
"""Both begin with a plain letter or a few, for which Python looks ten times as fast."""


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / name).read_text("utf-8")))


def traces(text: str) -> list[str]:
    """Return paths of a machine and addresses of package registries."""
    found = [*HOMES.findall(text), *(match for match in REGISTRIES.findall(text))]
    return found + [str(ROOT)] * (str(ROOT) in text and len(ROOT.parts) > 2)


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = {path.relative_to(ROOT).as_posix(): traces(path.read_text("utf-8", errors="replace")) for path in TEXT}

    assert not {name: said for name, said in found.items() if said}


@pytest.mark.parametrize(
    "text", ["see /ho" + "me/ana/x", "cd /ro" + "ot/x", "--index-u" + "rl=x", "https://pypi.or" + "g/simple/x", '"resol' + 'ved": 1']
)
def test_the_rule_above_sees_each_trace(text: str) -> None:
    assert traces(text)


@pytest.mark.parametrize("name", list(prepare.INCLUDES))
def test_every_requirement_is_pinned_with_hashes(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    entries = re.split(r"\n(?=[a-z])", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))

    assert len(pins(name)) == len([entry for entry in entries if entry.strip()])
    assert all("--hash=sha256:" in entry for entry in entries if entry.strip())


@pytest.mark.parametrize("name", list(prepare.INCLUDES))
def test_every_pin_names_the_extras_that_its_dependents_ask_for(name: str) -> None:
    """Without them the pip of Python 3.11 looks for the newest release instead, and stops as it has no hash of it."""
    named = {
        entry.name: entry.extras
        for entry in (Requirement(f"{name}{extras}") for name, extras in EXTRAS.findall((ROOT / name).read_text("utf-8")))
    }
    asked = [
        Requirement(line)
        for pin, extras in named.items()
        for line in requires(pin) or []
        if (marker := Requirement(line).marker) is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))
    ]

    assert name != "requirements-dev.txt" or any(needed.extras for needed in asked)
    assert not [str(needed) for needed in asked if not needed.extras <= named[canonicalize_name(needed.name)]]


def test_what_tests_need_holds_everything_that_running_needs() -> None:
    """scripts/prepare.py counts on it (INCLUDES)."""
    for name, held in prepare.INCLUDES.items():
        for other in held:
            assert pins(other).items() <= pins(name).items()
    assert set(prepare.INCLUDES["requirements-dev.txt"]) == set(prepare.INCLUDES) - {"requirements-dev.txt"}


def test_what_builds_the_project_is_not_installed_to_run() -> None:
    """Its faults would be on every server; scripts/prepare.py takes it away again, and so do the lines of the pages and of the image."""
    builders = {re.split(r"[<>=\[]", line)[0] for line in PYPROJECT["dependency-groups"]["install"]}

    assert builders <= set(pins(prepare.BUILDER))
    assert not {*builders, "setuptools", "pip", "wheel"} & set(pins("requirements-scaled.txt"))
    for name in ("install.md", "upgrade.md", "es/install.md", "es/upgrade.md"):
        lines = (ROOT / "docs" / "operations" / name).read_text("utf-8").splitlines()
        wheels = [at for at, line in enumerate(lines) if "pip install --no-deps dist/" in line]
        assert wheels, name
        assert all("pip uninstall --yes setuptools pip" in lines[at + 1] for at in wheels), name


def test_the_pins_suit_the_oldest_python_that_is_promised() -> None:
    """Debian 12 has 3.11.2: a package that asks for 3.11.5 would end both commands there."""
    promised = PYPROJECT["project"]["requires-python"].removeprefix(">=") + ".0"
    compiled = re.findall(r"uv pip compile .*--python-version (\S+)", (ROOT / "Makefile").read_text("utf-8"))

    assert set(compiled) == {promised}
    for pin in pins("requirements-dev.txt"):
        with suppress(PackageNotFoundError):  # of another platform
            assert SpecifierSet(metadata(pin).get("Requires-Python", "")).contains(promised), pin


def test_every_dependency_is_pinned() -> None:
    extras = PYPROJECT["project"]["optional-dependencies"]
    ordinary = [*PYPROJECT["project"]["dependencies"], *extras["postgres"]]
    for named, name in ((ordinary, "requirements.txt"), ([*ordinary, *extras["scaled"]], "requirements-scaled.txt")):
        assert {re.sub(r"[._-]+", "-", re.split(r"[<>=\[]", line)[0].lower()) for line in named} <= set(pins(name))


def release_of(version: str) -> tuple[str, bool]:
    """Return the number of a version, and whether it is still being made."""
    number, _dot, rest = version.partition(".dev")
    return number, bool(rest)


def test_one_version() -> None:
    """The newest section of the changelog is this version's, or the last release's while the next one is being made."""
    number, unreleased = release_of(version("aulario"))
    found = re.search(r"^## (\d\S*)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)

    assert PYPROJECT["project"]["version"] == version("aulario")
    assert found is not None
    newest = found[1]
    if unreleased:
        assert [int(part) for part in newest.split(".")] < [int(part) for part in number.split(".")]
    else:
        assert newest == number


def fragment_faults(name: str, words: str) -> list[str]:
    """Say what is wrong with a changelog fragment."""
    readers = [kind["directory"] for kind in PYPROJECT["tool"]["towncrier"]["type"]]
    return [
        said
        for holds, said in (
            (re.fullmatch(rf"[a-z0-9-]+\.({'|'.join(readers)})\.md", name), f"{name}: not <slug>.<reader>.md with a reader of {readers}"),
            (re.match(r"(Added|Changed|Fixed|Security|Upgrading): \S", words), f"{name}: begins with no kind of change"),
            (len(words.strip().splitlines()) <= 3, f"{name}: more than three lines"),
        )
        if not holds
    ]


def test_changelog_fragments_name_their_reader_and_kind() -> None:
    """Towncrier leaves out what it cannot sort."""
    fragments = [path for path in tracked() if path.parent.name == "changelog.d" and path.name not in {"README.md", "template.md.jinja"}]

    assert [fault for path in fragments for fault in fragment_faults(path.name, path.read_text("utf-8"))] == []
    assert fragment_faults("quiz-time.learner.md", "Added: The time left.\n") == []
    assert len(fragment_faults("quiz-time.md", "The time left.\n")) == 2


def test_fonts_lie_beside_their_licence() -> None:
    folders = {path.parent for path in tracked() if path.suffix in {".woff2", ".ttf", ".otf"}}

    assert folders
    for folder in folders:
        licences = list(folder.glob("OFL*.txt"))
        assert licences, folder
        assert all("SIL OPEN FONT LICENSE" in path.read_text("utf-8") for path in licences), folder


def test_the_licence_page_names_every_library_that_is_installed_to_run() -> None:
    page = (ROOT / "docs" / "licences.md").read_text("utf-8")

    assert not [f"{name} {pinned}" for name, pinned in pins("requirements-scaled.txt").items() if f"| {name} | {pinned} |" not in page]


def run_prepare(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "prepare.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_taken_port_is_told_before_anything_is_done() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run_prepare("--port", "127.0.0.1", str(port), "no-such-file.txt")

    assert done.returncode == 1
    assert (
        done.stderr == f"aulario: 127.0.0.1:{port} cannot be used (Address already in use). Choose another port: make run PORT={port + 1}\n"
    )


@pytest.mark.parametrize("port", ["0", "65536", "http", ""])
def test_what_is_no_port_is_told_in_one_line(port: str) -> None:
    done = run_prepare("--port", "127.0.0.1", port, "requirements.txt")

    assert done.returncode == 1
    assert done.stderr == f"aulario: PORT={port} is not a port: choose a number from 1 to 65535.\n"


def test_a_python_that_is_too_old_or_lacks_venv_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare.check_python()
    assert capsys.readouterr().err == "" or sys.version_info[:2] not in prepare.TRIED

    monkeypatch.setattr(prepare, "find_spec", lambda name: None if name == "ensurepip" else name)
    with pytest.raises(prepare.CannotPrepare, match="apt-get install python3-venv"):
        prepare.check_python()
    monkeypatch.setattr(prepare, "OLDEST", (99, 0))
    with pytest.raises(prepare.CannotPrepare, match=r"needs 3\.11 or newer"):
        prepare.check_python()


def a_package(folder: Path) -> str:
    """Write a wheel of one module into a folder; return the pinned requirement, with its hash."""
    info = "drop-1.0.dist-info"
    files = {
        "drop.py": "WATER = 1\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: drop\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    wheel = folder / "drop-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(name, text)
    return f"drop==1.0 --hash=sha256:{sha256(wheel.read_bytes()).hexdigest()}\n"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkout of a project of one module, on a machine that reaches its folder of packages alone; pip comes there once for all tests."""
    folder = tmp_path_factory.mktemp("workshop")
    (folder / "packages").mkdir()
    (folder / "pyproject.toml").write_text('[project]\nname = "well"\nversion = "1"\n', "utf-8")
    (folder / "pip.conf").write_text(f"[global]\nno-index = true\nfind-links = {folder / 'packages'}\n", "utf-8")
    venv.create(folder / ".venv", symlinks=True)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
            patch.delenv(name)
        patch.setenv("PIP_CONFIG_FILE", str(folder / "pip.conf"))
        patch.setattr(prepare, "ROOT", folder)
        patch.setattr(prepare, "VENV", folder / ".venv")
        pip = prepare.find_pip()
        patch.setattr(prepare, "find_pip", lambda: pip)
        yield folder


@pytest.fixture
def workshop(checkout: Path) -> Iterator[Path]:
    """The checkout with its one requirement, which is not installed yet."""
    (checkout / "requirements.txt").write_text(a_package(checkout / "packages"), "utf-8")
    (checkout / "requirements-uv.txt").write_text((ROOT / prepare.INSTALLER).read_text("utf-8"), "utf-8")
    yield checkout
    for path in (*checkout.glob(".venv/lib/*/site-packages/**/drop*"), checkout / ".venv" / "bin" / "uv"):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def bytecode_of(workshop: Path) -> list[Path]:
    return list(workshop.glob(".venv/lib/*/site-packages/__pycache__/drop.*.pyc"))


def test_uv_installs_from_where_pip_is_told_to_and_writes_the_bytecode(workshop: Path) -> None:
    (workshop / ".venv" / "bin" / "uv").symlink_to(Path(sys.prefix) / "bin" / "uv")
    options = prepare.read_pip_options(prepare.find_pip())

    prepare.install_packages(prepare.uv_command(options), "requirements.txt", options)

    assert options.items() >= {"UV_FIND_LINKS": str(workshop / "packages")}.items()
    assert "--no-index" in prepare.uv_command(options)
    assert "--no-index" not in prepare.uv_command({})
    assert bytecode_of(workshop)


def test_pip_installs_where_uv_cannot_be_had(workshop: Path, capfd: pytest.CaptureFixture[str]) -> None:
    command, options = prepare.choose_installer()

    prepare.install_packages(command, "requirements.txt", options)

    assert capfd.readouterr().err == (
        "uv cannot be had here: pip installs instead, which takes longer.\nInstalling 1 packages of requirements.txt.\n"
    )
    assert not (workshop / ".venv" / "bin" / "uv").exists()
    assert bytecode_of(workshop)


def test_a_package_with_another_hash_is_refused_by_both(workshop: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (workshop / ".venv" / "bin" / "uv").symlink_to(Path(sys.prefix) / "bin" / "uv")
    (workshop / "requirements.txt").write_text(f"drop==1.0 --hash=sha256:{sha256(b'another').hexdigest()}\n", "utf-8")
    pip = prepare.find_pip()
    options = prepare.read_pip_options(pip)

    for command in (prepare.uv_command(options), (*pip, "-qq", "install")):
        with pytest.raises(prepare.CannotPrepare):
            prepare.install_packages(command, "requirements.txt", options)

    assert not bytecode_of(workshop)


def test_an_uv_with_another_hash_is_no_reason_to_take_pip(workshop: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (workshop / "requirements-uv.txt").write_text(f"drop==1.0 --hash=sha256:{sha256(b'another').hexdigest()}\n", "utf-8")

    with pytest.raises(prepare.CannotPrepare, match="uv could not be installed"):
        prepare.choose_installer()

    assert "DO NOT MATCH THE HASHES" in capfd.readouterr().err


def test_the_makefile_and_the_tests_of_a_fresh_machine_run_the_same_command() -> None:
    """`.ci/run` installs what lacks and then calls exactly the README's test command."""
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()

    steps = [line for line in lines if re.search(r"\bmake test", line) and not line.startswith("#")]
    assert steps[:2] == ["make test-bare || red=1", "make test || red=1"]
    assert [re.findall(r"make (test[^;|]*)", step)[-1].strip() for step in steps[2:]] == ["test DB=postgres", 'test-rest MINUTES="$(left)"']
    assert all(step.startswith("if begun ") for step in steps[2:])
    assert lines[-1] == 'exit "$red"'
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
    assert "make run" in (ROOT / "README.md").read_text("utf-8")
    assert "make test" in (ROOT / "README.md").read_text("utf-8")


def test_every_command_of_the_makefile_says_what_it_does() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    targets = re.findall(r"^([a-z-]+):", text, re.MULTILINE)

    assert re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)[1].split() == targets  # type: ignore[index]  # it matches
    assert all(re.search(rf"^{target}:.*## \S", text, re.MULTILINE) for target in targets)


def test_scripts_are_named_by_the_makefile_the_contracts_or_another_script() -> None:
    makefile, contracts = (ROOT / "Makefile").read_text("utf-8"), (ROOT / "pyproject.toml").read_text("utf-8")
    paths = sorted(Path(ROOT / "scripts").glob("*.py"))
    scripts = "".join(path.read_text("utf-8") for path in paths)

    assert not [
        path.name
        for path in paths
        if f"scripts/{path.name}" not in makefile
        and f": scripts.{path.stem}." not in contracts
        and f"from scripts.{path.stem} import" not in scripts
    ]
