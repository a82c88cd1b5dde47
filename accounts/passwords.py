"""Passwords: argon2id with the parameters of the specification, in a bounded number of threads at once, and why a new one is refused."""

import hashlib
import os
import re
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from pathlib import Path
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
    """Return whether the password is right; an unknown person costs the same time as a wrong password."""
    try:
        right = _in_turn(lambda: _HASHER.verify(stored or NOBODYS, _normal(password)))
    except (VerificationError, InvalidHashError):
        return False
    return bool(right) and stored is not None


def outdated(stored: str) -> bool:
    """Return whether a hash was made with older parameters."""
    return _HASHER.check_needs_rehash(stored)


@lru_cache
def _commonest() -> dict[str, int]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - 30,000 words, loaded when the first password is chosen

    return {word: rank for rank, word in enumerate(FREQUENCY_LISTS["passwords"])}


SHA1_SIGNS = 40
_LINE = re.compile(rb"[0-9A-Fa-f]{40}(:\d+)?\r?\n?")


def is_breached(path: Path, password: str) -> bool:
    """Return whether a password is in a sorted file of lines `HASH:COUNT`, by bisection: it may have tens of gigabytes.

    Raise OSError where it cannot be read.
    """
    digest = hashlib.sha1(_normal(password).encode(), usedforsecurity=False).hexdigest().upper().encode()  # what the lists are made of
    with path.open("rb") as lines:
        low, high = 0, lines.seek(0, os.SEEK_END)
        while low < high:
            middle = (low + high) // 2
            lines.seek(middle)
            if middle:
                lines.seek(middle - 1)
                lines.readline()  # to the next beginning of a line
            line = lines.readline()[:SHA1_SIGNS].upper()
            if line == digest:
                return True
            if line and line < digest:
                low = lines.tell()
            else:
                high = middle
    return False


def is_list(path: Path) -> bool:
    """Return whether a file can be read and begins as a sorted list of breached passwords."""
    try:
        with path.open("rb") as lines:
            first = [line for line in (lines.readline(), lines.readline()) if line]
    except OSError:
        return False
    return bool(first) and all(_LINE.fullmatch(line) for line in first) and first == sorted(first)


def fault_of(password: str, personal: tuple[str, ...], breached: Path | None) -> PasswordFault | None:
    """Return why a new password is refused, or None; an unreadable list of breached ones refuses none (`lms check` reports it)."""
    fault = password_fault(_normal(password), personal, _commonest())
    if fault is not None or breached is None:
        return fault
    try:
        return PasswordFault.COMMON if is_breached(breached, password) else None
    except OSError:
        return None
