"""Every recorded act is said in words, in both languages."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

import pytest
from flask import Flask
from sqlalchemy import select

from kernel import audit, clock, i18n
from kernel.audit import AuditEntry, Verb
from kernel.permissions import SYSTEM
from lms.audit_words import FORMER_ACTS, NAMED_BY_REASON, FactWriter, acts, nouns
from lms.auditing import entries_in_words
from lms.instance import Instance
from tests.support.project import PACKAGES
from tests.support.wording import in_spanish


def verbs_of_product() -> Iterator[Verb]:
    """Yield the members of every enum of audit verbs."""
    for package in PACKAGES:
        for module in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
            for each in vars(import_module(module.name)).values():
                if isinstance(each, type) and issubclass(each, Verb) and each.__module__ == module.name:
                    yield from each


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_verb_has_words(app: Flask, instance: Instance, language: str) -> None:
    verbs = sorted(set(verbs_of_product()))
    with instance.database.unit_of_work() as session:
        for verb in verbs:
            audit.record(session, SYSTEM, verb, None, now=clock.now())
    with app.app_context(), i18n.reading(language), instance.database.unit_of_work(write=False) as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.verb.in_(verbs)).order_by(AuditEntry.id)).all()
        words = dict(zip([entry.verb for entry in entries], entries_in_words(session, entries), strict=True))

    assert len(words) == len(verbs) > 100
    assert [verb for verb, said in words.items() if not said or said == verb] == []


def test_an_act_that_is_recorded_no_more_is_no_verb_of_the_product() -> None:
    assert FORMER_ACTS.keys().isdisjoint(set(verbs_of_product()))
    assert acts().keys() > FORMER_ACTS.keys()


def test_whatever_acts_are_about_has_a_noun() -> None:
    assert {"person", "course", "waiver"} <= nouns().keys()


@pytest.mark.parametrize("verb", NAMED_BY_REASON)
def test_the_name_of_a_unit_is_no_reason(app: Flask, verb: str) -> None:
    """Older entries keep the name as `reason`; nobody gave one."""
    writer = FactWriter(lambda _table, number: f"Unidad {number}", {})
    with app.app_context(), i18n.reading("es"):
        lines = writer.lines(verb, {"organisation": 7, "reason": "Agencia Centro"})

    assert lines == [(in_spanish("Institution or unit"), "Unidad 7"), (in_spanish("Name"), "Agencia Centro")]
