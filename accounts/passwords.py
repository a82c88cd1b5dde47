"""Password hashing: argon2id with the parameters of the specification, in a bounded number of threads at once."""

import os
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from accounts.rules import PasswordFault, password_fault
from kernel.errors import Unavailable

Result = TypeVar("Result")
PLACES = 64
"""How many may hash or wait for it; at 25 ms each the last waits less than two seconds."""
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_PLACES = threading.BoundedSemaphore(PLACES)
NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$ldVB3twcOcKpnslmN30tmQ$OoOPL24Fi3fU51yPGBk/OJ7pUCzZh7bMfba8aLRToXk"
"""The hash of a random text that nobody kept: what a try for an unknown address is compared with."""


@cache
def _pool(_process: int) -> ThreadPoolExecutor:
    """Return the threads of a process that hash: fewer than cores, each with 19 MiB of its own; any thread that hashed would keep them."""
    return ThreadPoolExecutor(max(1, (os.cpu_count() or 2) - 1), "hashing")


def _in_turn(work: Callable[[], Result]) -> Result:
    """Do what hashes; raise Unavailable where too many wait already, so that they do not take every thread of the server."""
    if not _PLACES.acquire(blocking=False):
        raise Unavailable
    try:
        return _pool(os.getpid()).submit(work).result()
    finally:
        _PLACES.release()


def _normal(password: str) -> str:
    return unicodedata.normalize("NFC", password)


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password."""
    return _in_turn(lambda: _HASHER.hash(_normal(password)))


def verify_password(stored: str | None, password: str) -> bool:
    """Say whether the password is right; an unknown person costs the same time as a wrong password."""
    try:
        right = _in_turn(lambda: _HASHER.verify(stored or NOBODYS, _normal(password)))
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
