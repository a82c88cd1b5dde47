"""Every recorded act is said in words, in both languages."""

import ast
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import fields
from enum import StrEnum
from importlib import import_module

import pytest
from flask import Flask
from sqlalchemy import select

from communities.communities import CommunityValues
from compliance.rules.terms import ObligationTerms
from federation.links import IdentityRefused
from federation.relying_party import SecretUnreadable
from kernel import audit, clock, i18n
from kernel.audit import AuditEntry, Verb
from kernel.audit_words import CHANGES, FactWriter, acts, facts, nouns
from kernel.jose import TokenFault
from kernel.permissions import SYSTEM
from lms.auditing import entries_in_words
from lms.instance import Instance
from selections.audit_verbs import SelectionVerb
from selections.models import ActaKind
from selections.rules.signs import SignKind
from tests.support.project import PACKAGES, modules, text
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
    former = {verb for kind in Verb.__subclasses__() for verb in kind.former}
    assert former
    assert former.isdisjoint(set(verbs_of_product()))
    assert acts().keys() > former


def test_whatever_acts_are_about_has_a_noun() -> None:
    assert {"person", "course", "waiver"} <= nouns().keys()


@pytest.mark.parametrize(
    "verb",
    [
        *("membership.placed", "unit_manager.named", "unit_manager.ended", "training_grant.given", "training_grant.ended"),
        *("institution_administrator.given", "institution_administrator.ended"),
    ],
)
def test_the_name_of_a_unit_is_no_reason(app: Flask, verb: str) -> None:
    """Older entries keep the name as `reason`; nobody gave one."""
    writer = FactWriter(lambda _table, number: f"Unidad {number}", {})
    with app.app_context(), i18n.reading("es"):
        lines = writer.lines(verb, {"organisation": 7, "reason": "Agencia Centro"})

    assert lines == [(in_spanish("Institution or unit"), "Unidad 7"), (in_spanish("Name"), "Agencia Centro")]


def classes_below(parent: type) -> Iterator[type]:
    """Yield the classes that descend from one."""
    for each in parent.__subclasses__():
        yield each
        yield from classes_below(each)


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_refusal_of_a_sign_in_by_an_institution_is_said_in_words(app: Flask, language: str) -> None:
    codes = {each.code for each in classes_below(IdentityRefused)} | {fault.value for fault in TokenFault} | {SecretUnreadable.code}
    writer = FactWriter(lambda _table, _number: "", {})
    with app.app_context(), i18n.reading(language):
        assert [code for code in sorted(codes) if writer.text("identity.refused", "refusal", code) == code] == []


def test_a_change_of_a_provider_is_what_was_and_what_is(app: Flask) -> None:
    given = {"domains": [["im.gob.ec"], ["im.gob.ec", "example.org"]], "creates": [False, True], "factor_values": [[], ["mfa"]]}
    with app.app_context(), i18n.reading("es"):
        lines = dict(FactWriter(lambda _table, _number: "", {}).lines("provider.changed", given))
    assert list(lines.values()) == ["im.gob.ec → im.gob.ec, example.org", "No → Sí", "– → mfa"]


@pytest.mark.parametrize(
    ("verb", "kinds"),
    [(SelectionVerb.ACTA_REQUESTED, ActaKind), (SelectionVerb.ACTA_EXPORTED, ActaKind), (SelectionVerb.INCIDENT_OPENED, SignKind)],
)
def test_no_kind_of_acta_or_incident_is_a_code(app: Flask, verb: SelectionVerb, kinds: type[StrEnum]) -> None:
    writer = FactWriter(lambda _table, _number: "", {})
    with app.app_context(), i18n.reading("es"):
        assert [kind.value for kind in kinds if writer.text(verb.value, "kind", kind.value) == kind.value] == []


def recorded_facts() -> Iterator[str]:
    """Yield the keys of the facts that the code records by name; those of mappings made elsewhere are not read."""
    for path in modules():
        if "audit.record(" in (source := text(path)) or ".note(" in source:
            for call in ast.walk(ast.parse(source)):
                name = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
                if isinstance(call, ast.Call) and (name == "audit.record" or (name.endswith("act.note") and call.args)):
                    yield from (keyword.arg for keyword in call.keywords if keyword.arg not in (None, "now"))
                    literals = (keyword.value for keyword in call.keywords if isinstance(keyword.value, ast.Dict) and keyword.arg is None)
                    yield from (key.value for literal in literals for key in literal.keys if isinstance(key, ast.Constant))


def test_every_fact_has_a_label() -> None:
    """What was, of a change, stands in the line of what is now."""
    recorded = set(recorded_facts())
    values = {field.name for kind in (ObligationTerms, CommunityValues) for field in fields(kind)} - {"recorded_at", "effective_on"}

    assert len(recorded) > 100
    assert sorted((recorded | values) - facts().keys() - {before for before, _after in CHANGES}) == []


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ({"person_id": 7, "former": "member", "role": "moderator"}, [("Role", "{member} → {moderator}"), ("Person", "Ana Quinde")]),
        (
            {"reach": "everyone", "former_reach": "institution"},
            [("Who finds it", "{The people of an institution find it} → {Everyone finds it}")],
        ),
        ({"level": "open", "added": "related"}, [("Privacy", "{Open to all}"), ("Added", "{Related communities}")]),
        ({"kind": "people", "faulty": 2}, [("Kind", "{People}"), ("Lines with faults", "2")]),
        ({"origin": "edited"}, [("From where", "{Edited}")]),
        ({"fields": ["contact_email"]}, [("Fields", "{Email for questions}")]),
    ],
)
def test_facts_and_their_values_are_written_in_words(given: dict[str, object], lines: list[tuple[str, str]]) -> None:
    writer = FactWriter(lambda kind, number: "Ana Quinde" if (kind, number) == ("person", 7) else "", {})
    spoken = [(in_spanish(label), re.sub(r"\{(.*?)\}", lambda message: in_spanish(message[1]), line)) for label, line in lines]

    with i18n.reading("es"):
        assert sorted(writer.lines("some.act", given)) == sorted(spoken)
