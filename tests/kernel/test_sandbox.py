"""Reading in a process of its own: it answers as if called here, and what asks for too much ends alone (spec/security 4.4)."""

import posixpath
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kernel import sandbox
from kernel.archives import ArchiveRefused, read_archive
from kernel.errors import TooMany, Unavailable
from kernel.i18n import language, reading
from kernel.sandbox import AT_ONCE, SandboxLimitExceeded, SandboxLimits, one_file_of, run_sandboxed
from tests.support.soon import until

MODEST = SandboxLimits(memory=200_000_000, seconds=1, patience=10)
LASTING = SandboxLimits(patience=120)


@pytest.mark.slow
def test_what_is_read_comes_back() -> None:
    assert run_sandboxed(divmod, 17, 5) == (3, 2)
    assert run_sandboxed(sorted, [3, 1, 2], reverse=True) == [3, 2, 1]


@pytest.mark.slow
def test_it_reads_for_the_same_reader() -> None:
    with reading("en"):
        assert run_sandboxed(language) == "en"
    with reading("es"):
        assert run_sandboxed(language) == "es"


def test_a_refusal_arrives_with_its_words_and_facts() -> None:
    with pytest.raises(ArchiveRefused) as here:
        read_archive(b"PK")
    with pytest.raises(ArchiveRefused) as there:
        run_sandboxed(read_archive, b"PK")

    assert (there.value.text, there.value.reason, there.value.facts) == (here.value.text, here.value.reason, here.value.facts)


@pytest.mark.slow
def test_what_asks_for_too_much_memory_is_refused() -> None:
    assert len(run_sandboxed(bytes, 50_000_000, bounds=MODEST)) == 50_000_000
    with pytest.raises(SandboxLimitExceeded):
        run_sandboxed(bytes, 300_000_000, bounds=MODEST)


@pytest.mark.slow
def test_what_computes_for_too_long_is_refused() -> None:
    with pytest.raises(SandboxLimitExceeded):
        run_sandboxed(pow, 7, 10**9, bounds=MODEST)


@pytest.mark.slow
def test_what_waits_for_too_long_is_refused() -> None:
    with pytest.raises(SandboxLimitExceeded):
        run_sandboxed(time.sleep, 60, bounds=SandboxLimits(patience=2))


@pytest.mark.slow
def test_several_are_read_at_a_time_and_who_waits_too_long_is_told() -> None:
    """A long list beside which others are read, until every place is taken."""
    with ThreadPoolExecutor() as threads:
        long = [threads.submit(run_sandboxed, time.sleep, 15, bounds=LASTING)]
        until(lambda: sandbox._places._value == AT_ONCE - 1)  # what is free of a semaphore, it says nowhere else
        assert run_sandboxed(divmod, 17, 5) == (3, 2)
        assert not long[0].done()
        long += [threads.submit(run_sandboxed, time.sleep, 5, bounds=LASTING) for _place in range(AT_ONCE - 1)]
        until(lambda: not sandbox._places._value)
        with pytest.raises(Unavailable):
            run_sandboxed(divmod, 17, 5, bounds=SandboxLimits(patience=0.1))
        assert [one.result() for one in long] == [None] * AT_ONCE

    assert run_sandboxed(divmod, 17, 5) == (3, 2)


def test_one_file_of_a_person_is_read_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/security 4.4: nobody takes every place; a second file waits for a moment, and those of others are read."""
    monkeypatch.setattr(sandbox, "_TURN_SECONDS", 0.05)
    with one_file_of(1):
        with pytest.raises(TooMany, match="still being read"), one_file_of(1):
            pass
        with one_file_of(2):
            pass

    with pytest.raises(RuntimeError), one_file_of(1):
        raise RuntimeError
    with one_file_of(1):
        pass


def test_a_fault_of_ours_is_no_refusal() -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        run_sandboxed(divmod, 1, 0)


def test_secrets_stay_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMS_SECRET_KEY", "nobody-may-know")

    assert posixpath.expandvars("$LMS_SECRET_KEY") == "nobody-may-know"
    assert run_sandboxed(posixpath.expandvars, "$LMS_SECRET_KEY") == "$LMS_SECRET_KEY"
