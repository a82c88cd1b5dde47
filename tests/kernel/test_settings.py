"""Settings: every fault in one line, secrets in files of one's own (spec/security 8.3)."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from kernel.settings import LIBRARIES, Settings, SettingsError, former_names, load, private_file, rotate_secret_key, secret_keys


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("LMS_")]:
        monkeypatch.delenv(name)


NEW, OLD = b"nHq5-7VwJm2Kc9Xz4LpR8TbYd3FgS6Ae", b"oPw3-1ZxCv8Nb5Mq7Kj2HgFd9SaR4TyU"


def test_every_setting_has_a_meaning_and_a_default() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
        assert not field.is_required(), name


def test_settings_come_from_the_environment_and_empty_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMS_SMTP_PORT", "2525")
    monkeypatch.setenv("LMS_MAIL_FROM", "")
    monkeypatch.setenv("LMS_THREADS", "")
    found = load()

    assert found.smtp_port == 2525
    assert found.mail_from == "aulario@example.org"
    assert found.threads == 128


def test_a_setting_is_read_by_its_former_name_until_the_new_one_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    assert former_names() == []
    monkeypatch.setenv("LMS_CROWD", "7")
    monkeypatch.setenv("LMS_MAX_ACTIVE_REQUESTS", "")
    assert (load().max_active_requests, former_names()) == (7, ["LMS_CROWD"])
    monkeypatch.setenv("LMS_MAX_ACTIVE_REQUESTS", "9")
    assert load().max_active_requests == 9
    monkeypatch.setenv("LMS_CROWD", "")
    assert load().max_active_requests == 9


@pytest.mark.parametrize(
    ("name", "hint"), [("LMS_SMTP_HSOT", "did you mean LMS_SMTP_HOST?"), ("LMS_ZZZ", "LMS_ZZZ"), ("lms_smtp_hots", "lms_smtp_hots")]
)
def test_an_unknown_name_is_refused_with_the_nearest_one(monkeypatch: pytest.MonkeyPatch, name: str, hint: str) -> None:
    """Trap 9."""
    monkeypatch.setenv(name, "1")
    with pytest.raises(SettingsError, match="Unknown setting") as told:
        load()

    assert hint in str(told.value)
    assert "\n" not in str(told.value)


def test_several_faults_are_told_in_one_line_and_no_secret_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMS_SMTP_PORT", "70000")
    monkeypatch.setenv("LMS_THREADS", "many")
    monkeypatch.setenv("LMS_DATABASE_URL", "mysql://root:geheim@db/x")
    monkeypatch.setenv("LMS_SMTP_PASSWORD", "geheim")
    with pytest.raises(SettingsError) as told:
        load()

    said = str(told.value)
    for part in ("LMS_SMTP_PORT: ", "LMS_THREADS: ", "LMS_DATABASE_URL: must begin with postgresql+psycopg://"):
        assert part in said
    assert "\n" not in said
    assert "geheim" not in said
    assert "geheim" not in repr(load_without_faults(monkeypatch))


@pytest.mark.parametrize("address", ["postgresql+psycopg://u:clave/geheim@db/x", "postgresql+psycopg://u@db:geheim/x", "sqlite:///"])
def test_an_address_of_a_database_that_cannot_be_read_is_told_and_not_repeated(address: str) -> None:
    with pytest.raises(SettingsError, match="LMS_DATABASE_URL: ") as told:
        load(database_url=address)

    assert "geheim" not in str(told.value)


def load_without_faults(monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in ("LMS_SMTP_PORT", "LMS_THREADS", "LMS_DATABASE_URL"):
        monkeypatch.delenv(name)
    return load()


@pytest.mark.parametrize(
    "address",
    ["https://cursos.example.org", "https://cursos.example.org/", "https://x.ec:8443", "http://localhost:8000", "http://[::1]:8000"],
)
def test_a_public_address_is_an_origin(address: str) -> None:
    assert load(public_url=address).public_url == address.rstrip("/")


@pytest.mark.parametrize(
    "address",
    [
        "http://cursos.example.org",
        "cursos.example.org",
        "https://x.ec/cursos",
        "https://x.ec?a=1",
        "https://x.ec#a",
        "https://user:pw@x.ec",
        "ftp://x.ec",
        "https://",
        "https://x.ec:abc",
        "https://x.ec:99999",
        "https://[::1",
        "javascript:alert(1)",
    ],
)
def test_anything_else_is_no_public_address(address: str) -> None:
    with pytest.raises(SettingsError, match="LMS_PUBLIC_URL"):
        load(public_url=address)


def test_the_public_host_may_be_named_and_no_other() -> None:
    assert "cursos.example.org" in load(public_url="https://cursos.example.org:8443").host_names
    assert set(load().host_names) == {"127.0.0.1", "localhost", "::1"}


def test_the_secret_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    settings = load(data_dir=tmp_path)
    first = secret_keys(settings)

    assert len(first) == 1
    assert len(first[0]) >= 32
    assert secret_keys(settings) == first
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("content", "mode", "said"), [(b"x" * 31, 0o600, "shorter than 32"), (b"x" * 40, 0o644, "chmod 600"), (b"x" * 40, 0o640, "chmod 600")]
)
def test_a_short_or_open_secret_key_is_refused(tmp_path: Path, content: bytes, mode: int, said: str) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(SettingsError, match=said):
        secret_keys(load(data_dir=tmp_path))
    path.write_bytes(NEW + b"\n")
    path.chmod(0o600)

    assert secret_keys(load(data_dir=tmp_path)) == [NEW]


def test_a_new_key_on_the_first_line_keeps_the_old_ones_readable(tmp_path: Path) -> None:
    """spec/security 8.3: several keys for rotation."""
    path = tmp_path / "secret.key"
    private_file(path, NEW + b"\n" + OLD + b"\n")
    assert secret_keys(load(data_dir=tmp_path)) == [NEW, OLD]
    path.write_bytes(NEW + b"\nshort\n")
    with pytest.raises(SettingsError, match="shorter than 32"):
        secret_keys(load(data_dir=tmp_path))


@pytest.mark.parametrize("key", [b"x" * 40, b"change-me-before-you-begin-0123456789", b"un-ejemplo-de-clave-0123456789-abcdef"])
def test_an_example_is_no_secret(tmp_path: Path, key: bytes) -> None:
    """spec/security 8.3."""
    private_file(tmp_path / "secret.key", key)
    with pytest.raises(SettingsError, match="is an example"):
        secret_keys(load(data_dir=tmp_path))


def test_a_rotation_keeps_the_latest_keys_readable(tmp_path: Path) -> None:
    settings = load(data_dir=tmp_path)
    first = secret_keys(settings)
    for _round in range(5):
        keys = rotate_secret_key(settings)

    assert secret_keys(settings) == keys
    assert len(set(keys)) == 4
    assert first[0] not in keys
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "secret.key.new").exists()


def test_a_key_that_cannot_be_replaced_stays_and_is_told(tmp_path: Path) -> None:
    settings = load(data_dir=tmp_path)
    before = secret_keys(settings)
    (tmp_path / "secret.key.new").mkdir()
    with pytest.raises(SettingsError, match="cannot be replaced"):
        rotate_secret_key(settings)

    assert secret_keys(settings) == before


def test_a_secret_key_file_that_was_named_must_exist(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    with pytest.raises(SettingsError, match="No such file"):
        secret_keys(load(data_dir=tmp_path, secret_key_file=tmp_path / "absent"))
    with pytest.raises(SettingsError, match="directory"):
        secret_keys(load(data_dir=tmp_path, secret_key_file=folder))


MAKES_KEYS = """
import sys, time
from pathlib import Path
from kernel.crypto import signing_keys
from kernel.settings import load, secret_keys
folder = Path(sys.argv[1])
print("ready", flush=True)
sys.stdin.read(1)
print(secret_keys(load(data_dir=folder))[0].decode(), signing_keys(folder).identifier)
"""


@pytest.mark.slow
@pytest.mark.faults
def test_processes_that_start_together_in_a_new_folder_have_the_same_keys(tmp_path: Path) -> None:
    """Whoever makes a key first counts; nobody reads half of one."""
    for turn in range(4):
        folder = tmp_path / str(turn)
        folder.mkdir(mode=0o700)
        command = [sys.executable, "-c", MAKES_KEYS, str(folder)]
        processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _number in range(6)]
        for process in processes:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("x")
            process.stdin.flush()
        said = {process.communicate()[0] for process in processes}

        assert [process.returncode for process in processes] == [0] * 6
        assert len(said) == 1
        assert sorted(path.name for path in folder.iterdir()) == ["secret.key", "signing.key"]


def test_a_private_file_is_never_written_over(tmp_path: Path) -> None:
    private_file(tmp_path / "one", b"first")
    with pytest.raises(FileExistsError):
        private_file(tmp_path / "one", b"second")

    assert (tmp_path / "one").read_bytes() == b"first"


@pytest.mark.parametrize(
    ("library", "given", "named"),
    [
        ("redis", {"redis_url": "redis://127.0.0.1/0"}, ("LMS_REDIS_URL", "aulario[scaled]")),
        ("psycopg", {"database_url": "postgresql+psycopg://a@127.0.0.1/a"}, ("LMS_DATABASE_URL", "aulario[postgres]")),
        ("obstore", {"files_url": "s3://cubo"}, ("LMS_FILES_URL", "aulario[scaled]")),
    ],
)
def test_a_setting_whose_library_is_not_installed_is_refused_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, library: str, given: dict[str, str], named: tuple[str, ...]
) -> None:
    assert load(data_dir=tmp_path, **given)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(SettingsError) as refused:
        load(data_dir=tmp_path, **given)

    assert "\n" not in str(refused.value)
    assert "pip install" in str(refused.value)
    assert all(word in str(refused.value) for word in (library, *named))
    assert load(data_dir=tmp_path)


def test_every_library_that_only_some_installations_have_is_asked_for_by_a_setting() -> None:
    """A library that joins an extra has to be told too."""
    extras = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    libraries = {re.split(r"[\[<>=]", one)[0] for listed in extras.values() for one in listed}

    assert libraries == {library for _name, library, _extra in LIBRARIES}


@pytest.mark.parametrize(
    "value", ["https://idp.example.org", "10.0.0.0/33", "idp.example.org:443", "idp example.org", "*.example.org", "127.1"]
)
def test_what_may_be_called_is_a_list_of_hosts_and_networks(value: str) -> None:
    assert load(outgoing_allow=" IDP.example.org , 10.0.0.0/8,::1").outgoing_targets[0] == {"idp.example.org"}
    with pytest.raises(SettingsError, match=r"^LMS_OUTGOING_ALLOW: .* is neither a host nor a network$"):
        load(outgoing_allow=f"a.example.org, {value}")


@pytest.mark.parametrize(
    "value",
    ["proxy.example.org:3128", "https://proxy.example.org:3128", "http://proxy.example.org", "http://ana:clave@proxy.example.org:3128"],
)
def test_a_proxy_has_host_and_port_and_no_password(value: str) -> None:
    assert load(outgoing_proxy="http://proxy.example.org:3128/").outgoing_proxy == "http://proxy.example.org:3128"
    with pytest.raises(SettingsError, match=r"^LMS_OUTGOING_PROXY: must look like"):
        load(outgoing_proxy=value)
    for port in ("0", "70000"):
        with pytest.raises(SettingsError, match=r"^LMS_OUTGOING_PROXY: "):
            load(outgoing_proxy=f"http://proxy.example.org:{port}")
