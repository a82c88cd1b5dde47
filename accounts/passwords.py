"""Password hashing: argon2id with the parameters of the specification, in a bounded number of threads at once."""

import os
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from accounts.rules import PasswordFault, password_fault
from kernel.errors import Unavailable

PLACES = 64
"""How many may hash or wait for it; at 25 ms each the last waits less than two seconds."""
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_TURNS = threading.BoundedSemaphore(max(1, (os.cpu_count() or 2) - 1))
_PLACES = threading.BoundedSemaphore(PLACES)
NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$ldVB3twcOcKpnslmN30tmQ$OoOPL24Fi3fU51yPGBk/OJ7pUCzZh7bMfba8aLRToXk"
"""The hash of a random text that nobody kept: what a try for an unknown address is compared with."""


@contextmanager
def _turn() -> Iterator[None]:
    """Wait for a turn to hash; raise Unavailable where too many wait already, so that they do not take every thread of the server."""
    if not _PLACES.acquire(blocking=False):
        raise Unavailable
    try:
        with _TURNS:
            yield
    finally:
        _PLACES.release()


def _normal(password: str) -> str:
    return unicodedata.normalize("NFC", password)


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password."""
    with _turn():
        return _HASHER.hash(_normal(password))


def verify_password(stored: str | None, password: str) -> bool:
    """Say whether the password is right; an unknown person costs the same time as a wrong password."""
    with _turn():
        try:
            right = _HASHER.verify(stored or NOBODYS, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
    return bool(right) and stored is not None


def outdated(stored: str) -> bool:
    """Say whether a hash was made with older parameters."""
    return _HASHER.check_needs_rehash(stored)


@lru_cache
def _commonest() -> dict[str, int]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - 30,000 words, loaded when the first password is chosen

    return {word: rank for rank, word in enumerate(FREQUENCY_LISTS["passwords"])}


def fault_of(password: str, personal: tuple[str, ...]) -> PasswordFault | None:
    """Return why a new password is refused, or nothing."""
    return password_fault(_normal(password), personal, _commonest())
