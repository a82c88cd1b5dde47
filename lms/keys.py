"""Keys of an instance in one locked file, apart from its backups: the finder of a backup must not be able to sign with it."""

import base64
import json
from pathlib import Path

from kernel.crypto import lock, unlock
from kernel.settings import Settings, private_file, read_private
from lms.backups import BackupError

SHORTEST = 12
SESSIONS = "secret.key"


def list_keys(settings: Settings) -> dict[str, Path]:
    """Return every key of an instance, by its place in the data folder."""
    folder = settings.data_dir
    paths = {path.relative_to(folder).as_posix(): path for path in sorted([*folder.glob("*.key"), *folder.glob("*.old/*.key")])}
    if settings.secret_key_file is not None:
        paths[SESSIONS] = settings.secret_key_file
    return paths


def check_passphrase(passphrase: str) -> str:
    """Return a passphrase that is long enough; raise BackupError for another."""
    if len(passphrase) < SHORTEST:
        raise BackupError(f"The passphrase must have {SHORTEST} characters or more.")
    return passphrase


def save(settings: Settings, target: Path, passphrase: str) -> list[str]:
    """Write every key into one locked file, and return their names."""
    check_passphrase(passphrase)
    if target.exists():
        raise BackupError(f"{target} exists already.")
    keys = {name: base64.b64encode(read_private(path)).decode() for name, path in list_keys(settings).items()}
    if not keys:
        raise BackupError(f"There are no keys in {settings.data_dir}.")
    private_file(target, lock(passphrase, json.dumps(keys).encode()))
    return list(keys)


def put_back(settings: Settings, source: Path, passphrase: str) -> list[str]:
    """Write the keys of a locked file into the data folder; one that is there and another is refused."""
    try:
        content = unlock(passphrase, source.read_bytes())
    except OSError as error:
        raise BackupError(f"{source} cannot be read ({error.strerror}).") from error
    if content is None:
        raise BackupError(f"{source} is not a file of keys, or the passphrase is another.")
    keys = {name: base64.b64decode(text) for name, text in json.loads(content).items()}
    places = {name: _place(settings, name) for name in keys}
    taken = [name for name, path in places.items() if path.exists() and read_private(path) != keys[name]]
    if taken:
        raise BackupError(f"There is another {taken[0]} in {settings.data_dir}: move it away first.")
    for name, path in places.items():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            private_file(path, keys[name])
    return list(keys)


def _place(settings: Settings, name: str) -> Path:
    if name == SESSIONS and settings.secret_key_file is not None:
        return settings.secret_key_file
    path = settings.data_dir / name
    if path.suffix != ".key" or not path.resolve().is_relative_to(settings.data_dir.resolve()):
        raise BackupError(f"{name} is no key of an instance.")
    return path
