"""Files of the keys that sign and seal: the key as PEM, and above it in plain lines since when it is used and why no longer.

A file carries its own history, so a copy of it on another machine, or in the file of `lms backup-keys`, carries it too.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kernel.settings import SettingsError, private_file, read_private

FROM, UNTIL, COMPROMISED, MARKED, REASON = "From", "Until", "Compromised-Since", "Marked", "Reason"
_FACT = re.compile(rf"^({FROM}|{UNTIL}|{COMPROMISED}|{MARKED}|{REASON}): (.*)$")
_BEGIN = b"-----BEGIN "


class KeyState(StrEnum):
    """The state of a key: it signs now, it signed until another took its place, or somebody else may have signed with it."""

    CURRENT = "current"
    RETIRED = "retired"
    COMPROMISED = "compromised"


@dataclass(frozen=True, slots=True)
class KeyHistory:
    """The history that the file of a key states; a key older than this form states no beginning."""

    begun_at: datetime | None = None
    ended_at: datetime | None = None
    compromised_since: datetime | None = None
    marked_at: datetime | None = None
    """When it was said to be compromised."""
    reason: str = ""

    def write(self) -> bytes:
        """Return them as the first lines of a file."""
        moments = {FROM: self.begun_at, UNTIL: self.ended_at, COMPROMISED: self.compromised_since, MARKED: self.marked_at}
        lines = [f"{name}: {moment.isoformat(timespec='seconds')}" for name, moment in moments.items() if moment is not None]
        return "".join(f"{line}\n" for line in [*lines, *([f"{REASON}: {' '.join(self.reason.split())}"] if self.reason else [])]).encode()


@dataclass(frozen=True, slots=True)
class KeyCompromise:
    """The moment from which somebody else may have signed with a key, why that is believed, and when it is said."""

    since: datetime
    marked_at: datetime
    reason: str


def read_history(content: bytes) -> KeyHistory:
    """Return what the first lines of a key's file state."""
    head = content.partition(_BEGIN)[0].decode(errors="replace")
    facts = {match[1]: match[2] for line in head.splitlines() if (match := _FACT.match(line))}
    return KeyHistory(
        _moment(facts, FROM), _moment(facts, UNTIL), _moment(facts, COMPROMISED), _moment(facts, MARKED), facts.get(REASON, "")
    )


def _moment(facts: Mapping[str, str], name: str) -> datetime | None:
    try:
        return datetime.fromisoformat(facts[name])
    except (KeyError, ValueError):
        return None


def with_history(content: bytes, history: KeyHistory) -> bytes:
    """Return the file of a key with other history above the same key."""
    _head, begin, key = content.partition(_BEGIN)
    return history.write() + begin + key


def replace_file(path: Path, content: bytes) -> None:
    """Put a whole new file, which only its owner reads, in the place of one of that name."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    private_file(fresh, content)
    fresh.replace(path)


PublicKey: TypeAlias = Ed25519PublicKey | EllipticCurvePublicKey


def spki_of(key: PublicKey) -> bytes:
    """Return a public key as DER (SubjectPublicKeyInfo)."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


TEST_KEYS = frozenset(
    {
        "54ecbd4e19a8a2f5be3abad966399bec1ca25f2e615c3f130b2153145b5493c5",
        "07474a817ba28673d60e5222f8cdaeb85ba1b40cf6abf5f31343bbae4f84b78e",
    }
)
"""SHA-256 of the public keys of the golden files, whose private halves everybody can read."""


def refuse_test_key(path: Path, key: PublicKey) -> None:
    """Raise SettingsError for a key of the golden files: no instance signs with it."""
    if hashlib.sha256(spki_of(key)).hexdigest() in TEST_KEYS:
        raise SettingsError(f"{path} is the key of published examples: delete the file, or put your own there.")


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A key that signs or signed here: its public half, from when until when, its state, and its certificate where it has one."""

    identifier: str
    public: PublicKey
    state: KeyState
    history: KeyHistory
    certificate: bytes = b""
    """DER; empty for the keys of credentials."""

    @property
    def spki(self) -> bytes:
        """Return the public key as DER (SubjectPublicKeyInfo)."""
        return spki_of(self.public)

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 of the certificate, or of the public key where there is none, as 64 hexadecimal digits."""
        return hashlib.sha256(self.certificate or self.spki).hexdigest()

    @property
    def printed_fingerprint(self) -> str:
        """Return the fingerprint in groups of four, as people compare it."""
        return in_fours(self.fingerprint)


def in_fours(fingerprint: str) -> str:
    """Return a fingerprint in groups of four digits."""
    return " ".join(fingerprint[start : start + 4] for start in range(0, len(fingerprint), 4))


def state_of_file(history: KeyHistory, *, is_current: bool) -> KeyState:
    """Return the state of a key, given where its file lies and what it states."""
    if history.compromised_since is not None:
        return KeyState.COMPROMISED
    return KeyState.CURRENT if is_current else KeyState.RETIRED


Stamp: TypeAlias = tuple[str, int, int, int]
"""Of a file: its name, number, size, and when it last changed in whatever way, so that a changed key is read again at once."""


def stamps(paths: Iterable[Path]) -> tuple[Stamp, ...]:
    """Return what changes when one of these files does."""
    states = ((path.as_posix(), path.stat()) for path in paths)
    return tuple((name, about.st_ino, about.st_size, about.st_ctime_ns) for name, about in states)


def older_files(folder: Path, kind: str) -> list[Path]:
    """List the files of the older keys of a kind."""
    return sorted((folder / f"{kind}.old").glob("*.key"))


def keep_as_older(folder: Path, kind: str, identifier: str, *, ended_at: datetime) -> None:
    """Lay the present key of a kind among the older ones, with its end; what lies there already is left as it is."""
    older = folder / f"{kind}.old"
    older.mkdir(mode=0o700, exist_ok=True)
    content, target = read_private(folder / f"{kind}.key"), older / f"{identifier}.key"
    history = read_history(content)
    if not target.exists():
        private_file(target, with_history(content, KeyHistory(history.begun_at, ended_at)))


def mark_compromised(path: Path, compromise: KeyCompromise) -> None:
    """Write into the file of a key since when somebody else may have signed with it, and why that is believed."""
    content = read_private(path)
    history = read_history(content)
    marked = KeyHistory(history.begun_at, history.ended_at, compromise.since, compromise.marked_at, compromise.reason)
    replace_file(path, with_history(content, marked))
