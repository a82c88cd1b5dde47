"""What packages above give to one below goes through a typed hook, and never by a name in `session.info`."""

import re
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from kernel.db import Cache, Database, Hook, HookList, gather
from tests.support.project import ROOT

BY_NAME = re.compile(r"session(?:\(\))?\.info(\[|\.get\(|\.setdefault\(|\.pop\()[\"']")
OWN = {"kernel/outbox.py": 4}
"""The jobs of a transaction, which its session holds."""


def test_no_module_reads_the_session_by_a_name() -> None:
    packages = [path.parent for path in ROOT.glob("*/feature.py")] + [ROOT / "kernel"]
    sources = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for package in packages for path in package.rglob("*.py")}

    assert {name: len(BY_NAME.findall(text)) for name, text in sources.items() if BY_NAME.search(text)} == OWN


def test_a_hook_gives_what_was_bound_its_default_or_an_error() -> None:
    bound, optional, missing = Hook[int]("bound"), Hook[int | None]("optional", default=None), Hook[int]("missing")
    session = Session(info=dict([bound.bind(3)]))

    assert (bound.of(session), optional.of(session)) == (3, None)
    with pytest.raises(LookupError, match="missing"):
        missing.of(session)


def test_of_a_list_everything_is_given_in_the_order_of_the_packages() -> None:
    several, nothing = HookList[int]("several"), HookList[int]("nothing")
    session = Session(info=gather((several.add(1, 2), several.add(3))))

    assert (several.of(session), nothing.of(session)) == ((1, 2, 3), ())


def test_two_packages_do_not_give_what_there_is_one_of() -> None:
    single = Hook[int]("single")

    with pytest.raises(ValueError, match=r"single.* is given twice"):
        gather((single.bind(1), single.bind(2)))


def test_a_cache_is_shared_by_the_sessions_of_one_application(tmp_path: Path) -> None:
    cache, databases = Cache[int, str](), [Database(f"sqlite:///{tmp_path / name}.sqlite") for name in ("a", "b")]
    for database in databases:
        database.configure({})
    with databases[0].unit_of_work() as session:
        cache.of(session)[1] = "a"
    with databases[0].unit_of_work(write=False) as session:
        assert cache.of(session) == {1: "a"}
    with databases[1].unit_of_work() as session:
        assert cache.of(session) == {}
    for database in databases:
        database.dispose()
