"""Documents of compulsory training: terms as stored, the numbers of actas, the files of evidence bundles and their replay.

spec/compulsory 12.3, 12.4.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from accounts.rules import fold
from compliance.rules.documents import (
    PRINTED,
    ActaCount,
    ActaNumbers,
    ActaVerdict,
    BundledObligation,
    BundleManifest,
    BundleSignature,
    FileEvidence,
    ReplayedState,
    acta_counts,
    acta_digest,
    acta_verdict,
    canonical_json,
    fact_cells,
    proof_path,
    read_fact,
    read_manifest,
    read_obligations,
    read_requirement,
    read_signature,
    read_terms,
    replay_person,
    terms_document,
    unit_document,
)
from compliance.rules.history import TrainingTally
from compliance.rules.record import FactKind, PersonFact, RecordScope
from compliance.rules.states import TrainingState
from compliance.rules.terms import AllRequirement, AnyRequirement, CourseRequirement, ObligationTerms
from organisations.rules.units import OrganisationKind, ParentSpan, TreeHistory, UnitSummary
from tests.support.training_cases import COURSE, QUITO, RULES, A, a_fact

EVERY = [(f"{name}-{number}", terms) for name, versions in RULES.items() for number, terms in enumerate(versions)]
SEVERAL = AllRequirement((CourseRequirement("a"), AnyRequirement((CourseRequirement("b"), CourseRequirement("c")))))


@pytest.mark.parametrize("terms", [terms for _name, terms in EVERY], ids=[name for name, _terms in EVERY])
def test_terms_are_read_back_as_they_were(terms: ObligationTerms) -> None:
    document = json.loads(json.dumps(terms_document(terms)))

    assert read_terms(document, terms.recorded_at, terms.effective_on) == terms


def test_a_requirement_of_several_is_read_back() -> None:
    terms = replace(RULES["A"][0], requirement=SEVERAL)

    assert read_terms(json.loads(json.dumps(terms_document(terms))), terms.recorded_at, terms.effective_on).requirement == SEVERAL


def test_a_requirement_of_another_kind_is_refused() -> None:
    terms = RULES["A"][0]

    with pytest.raises(KeyError):
        read_terms({**terms_document(terms), "requirement": {"none": []}}, terms.recorded_at, terms.effective_on)


def test_the_requirement_of_a_version_is_read_alone() -> None:
    assert read_requirement(terms_document(replace(A, requirement=SEVERAL))) == SEVERAL


def test_lines_are_put_together_by_province() -> None:
    """spec/compulsory 12.3: numbers by province; the rest of the scope, and who is in no place of it."""
    parents: dict[int, int | None] = {1: None, 2: 1, 3: 2, 4: 1, 5: None}
    done, late = (TrainingTally({state: 1}) for state in (TrainingState.DONE, TrainingState.OVERDUE))

    lines = acta_counts([(3, done), (2, late), (4, done), (5, late), (None, done)], parents, 1, {2})

    assert {line.place_id: line.tally.required for line in lines} == {2: 2, 1: 1, None: 2}


def test_the_verdict_goes_by_the_digest() -> None:
    """spec/compulsory 12.3: a number, a state or a province changed; the order does not matter."""
    one, two = (ActaCount(place, TrainingTally({TrainingState.DONE: place})) for place in (1, 2))
    digest = acta_digest([one, two])

    assert acta_verdict(digest, ActaNumbers([two, one], [one], [one, two])) is ActaVerdict.SAME
    assert acta_verdict(digest, ActaNumbers([one, two], [two, one], [one])) is ActaVerdict.CORRECTED
    assert acta_verdict(digest, ActaNumbers([one, two], [one], [one])) is ActaVerdict.OUTDATED
    assert acta_verdict(digest, ActaNumbers(None, None, None)) is ActaVerdict.DELETED
    for other in (TrainingTally({TrainingState.DONE: 3}), TrainingTally({TrainingState.OVERDUE: 2})):
        assert acta_verdict(digest, ActaNumbers([one, ActaCount(2, other)], [], [])) is ActaVerdict.DIFFERENT
    assert acta_verdict(digest, ActaNumbers([one, ActaCount(3, two.tally)], [], [])) is ActaVerdict.DIFFERENT


def test_the_tree_is_named_only_where_it_alone_makes_numbers_others() -> None:
    """spec/compulsory 12.3."""
    one, two = (ActaCount(place, TrainingTally({TrainingState.DONE: place})) for place in (1, 2))
    digest, both = acta_digest([one, two]), [one, two]

    assert acta_verdict(digest, ActaNumbers(both, both, [one], both)) is ActaVerdict.TREE
    assert acta_verdict(digest, ActaNumbers(both, both, [one], [two])) is ActaVerdict.CORRECTED
    assert acta_verdict(digest, ActaNumbers(both, both, both, [two])) is ActaVerdict.SAME
    assert acta_verdict(digest, ActaNumbers([two], both, [one], [one], both)) is ActaVerdict.TREE, "of an earlier version"
    assert acta_verdict(digest, ActaNumbers([two], [two], [one], [one], [one])) is ActaVerdict.DIFFERENT


@pytest.mark.parametrize("states", [PRINTED, tuple(TrainingState)], ids=["today", "an earlier version"])
def test_people_of_whom_nothing_is_required_are_neither_printed_nor_compared(states: tuple[TrainingState, ...]) -> None:
    """spec/compulsory 12.3: a unit that moved took a line of noughts along, no number."""
    required, idle = ActaCount(1, TrainingTally({TrainingState.DONE: 1})), ActaCount(2, TrainingTally({TrainingState.NOT_REQUIRED: 3}))
    digest = acta_digest([required, idle], states)

    assert (required.is_printed, idle.is_printed) == (True, False)
    assert acta_verdict(digest, ActaNumbers([required, idle], [required], [required])) is ActaVerdict.SAME
    assert acta_verdict(digest, ActaNumbers([required, idle], [required], [idle])) is ActaVerdict.CORRECTED


NOON = datetime(2026, 12, 16, 12, tzinfo=QUITO)
HOUR = timedelta(hours=1)
MANIFEST = BundleManifest(
    {"place": "iess", "obligations": ["etica"]}, NOON - HOUR, NOON, "1.0", {"people.csv": FileEvidence("ab" * 32, 120)}
)
SIGNATURE = BundleSignature("2026-1", "c2lnbmF0dXJl", "-----BEGIN PUBLIC KEY-----")


def test_a_manifest_is_read_back() -> None:
    """spec/compulsory 12.4: SHA-256 and size of each file, scope, both moments, program version."""
    assert read_manifest(MANIFEST.text()) == MANIFEST


def test_a_manifest_of_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="aulario evidence 2"):
        read_manifest(MANIFEST.text().replace(b"evidence 1", b"evidence 2"))


def test_equal_documents_have_equal_bytes() -> None:
    """spec/compulsory 12.4: the same records give the same bytes."""
    assert canonical_json({"b": "ñ", "a": 1}) == canonical_json({"a": 1, "b": "ñ"}) == '{\n "a": 1,\n "b": "ñ"\n}\n'.encode()


def test_a_signature_is_read_back() -> None:
    assert read_signature(SIGNATURE.text()) == SIGNATURE


@pytest.mark.parametrize(
    "text",
    [
        SIGNATURE.text() + b" ",
        SIGNATURE.text().replace(b"Ed25519", b"ed25519"),
        replace(SIGNATURE, signature="c2lnbmF0dXJl?").text(),
        replace(SIGNATURE, signature="c2lnbmF0dXI").text(),
        b"{}",
        b"[]",
        b"",
        b"\xff",
    ],
)
def test_a_signature_with_another_byte_is_none(text: bytes) -> None:
    """spec/compulsory 12.4: changed, whichever byte it is."""
    assert read_signature(text) is None


def test_files_that_prove_something_lie_by_their_checksum() -> None:
    """spec/compulsory 12.4: a name tells nothing of a person."""
    assert proof_path("ab12", "Certificado de Ana.PDF") == "evidence/ab12.pdf"


STAY = a_fact(first_on=date(2026, 1, 10), key=5)
DONE = a_fact(at=datetime(2026, 3, 1, 10, tzinfo=QUITO), version=2, course=COURSE, last_on=date(2027, 3, 1))


@pytest.mark.parametrize(
    ("kind", "fact", "cells"),
    [
        (FactKind.STAY, STAY, "4,stay,2026-01-10,,2000-01-01T00:00:00-05:00,,,5,,"),
        (FactKind.DONE, DONE, "4,done,,2027-03-01,2000-01-01T00:00:00-05:00,,2026-03-01T10:00:00-05:00,,2,gobernanza"),
        (
            FactKind.WAIVED,
            a_fact(first_on=date(2026, 5, 1), ended_at=NOON),
            "4,waived,2026-05-01,,2000-01-01T00:00:00-05:00,2026-12-16T12:00:00-05:00,,,,",
        ),
    ],
)
def test_a_fact_is_read_back(kind: FactKind, fact: PersonFact, cells: str) -> None:
    """spec/compulsory 12.4: a line of `facts.csv`; what a kind does not have is empty."""
    assert fact_cells(4, kind, fact) == cells.split(",")
    assert read_fact(cells.split(",")) == (kind, fact)


@pytest.mark.parametrize("cells", ["4,gone,2026-01-10,,,,,,,", "4,stay,10/01/2026,,,,,,,", "4,stay,,,,,,five,,", "4,stay"])
def test_a_line_that_is_no_fact_is_refused(cells: str) -> None:
    with pytest.raises(ValueError, match=r"gone|10/01/2026|five|unpack"):
        read_fact(cells.split(","))


def a_unit(number: int, parent: int | None, kind: OrganisationKind, name: str, zone: str = "") -> UnitSummary:
    return UnitSummary(number, UUID(int=number), parent, kind, name, fold(name), name[:4], False, zone)


UNITS = {
    unit.id: unit
    for unit in (
        a_unit(1, None, OrganisationKind.INSTITUTION, "Instituto"),
        a_unit(2, 1, OrganisationKind.PROVINCE, "Galápagos"),
        a_unit(3, 2, OrganisationKind.UNIT, "Dirección", "America/Lima"),
    )
}


def test_the_obligations_of_a_bundle_are_read_with_their_versions_and_units() -> None:
    """spec/compulsory 12.4: `obligations.json` and `audiences.json`."""
    versions = [
        {"terms": terms_document(terms), "recorded_at": terms.recorded_at.isoformat(), "effective_on": terms.effective_on.isoformat()}
        for terms in RULES["N"]
    ]
    obligation = {"number": 7, "key": "etica", "institution": 1, "audience": 5, "zone": "", "versions": versions}

    spans = [ParentSpan(1, None, NOON.date(), NOON, is_assumed=True), ParentSpan(2, NOON.date() + timedelta(days=1), None, NOON)]
    history = TreeHistory(UNITS, {3: spans})
    units = [unit_document(unit, history.spans.get(number, ())) for number, unit in UNITS.items()]

    obligations = read_obligations(canonical_json({"obligations": [obligation]}), canonical_json({"units": units}))

    assert obligations == {7: BundledObligation("etica", RULES["N"], RecordScope(7, 5, 1, {COURSE}, "", history))}
    for unit in units:
        del unit["stood"]  # as versions before wrote them
    obligations = read_obligations(canonical_json({"obligations": [obligation]}), canonical_json({"units": units}))
    assert obligations[7].scope.history == TreeHistory(UNITS)


BUNDLED = BundledObligation("etica", (A,), RecordScope(7, 5, 1, {COURSE}, "America/Guayaquil", TreeHistory(UNITS)))
INSIDE, PASSED = (FactKind.STAY, STAY), (FactKind.DONE, DONE)
JOINED_TODAY = (FactKind.STAY, STAY._replace(first_on=NOON.date()))


def replay(
    states: Mapping[int, str], *facts: tuple[FactKind, PersonFact], at: datetime = NOON, obligation: BundledObligation = BUNDLED
) -> list[ReplayedState] | None:
    """Return what differs of a person with some facts in a bundle of a moment, as known three hours later."""
    by_kind = defaultdict[FactKind, list[PersonFact]](list)
    for kind, fact in facts:
        by_kind[kind].append(fact)
    return replay_person(4, by_kind, states, {7: obligation}, replace(MANIFEST, at=at, known=at + 3 * HOUR))


@pytest.mark.parametrize(
    ("states", "facts", "differing"),
    [
        ({7: "done"}, (INSIDE, PASSED), []),
        ({7: "overdue started"}, (INSIDE, (FactKind.STARTED, DONE)), []),
        ({7: "not_started"}, (INSIDE, PASSED), [ReplayedState(4, "etica", "not_started", "done")]),
        ({7: "done late"}, (INSIDE, PASSED), [ReplayedState(4, "etica", "done late", "done")]),
        ({}, (INSIDE,), [ReplayedState(4, "etica", "", "overdue")]),
        ({}, (), []),
        ({7: "overdue", 9: "done"}, (INSIDE,), [ReplayedState(4, "9", "done", "")]),
    ],
)
def test_a_replay_finds_the_states_that_the_facts_do_not_give(
    states: Mapping[int, str], facts: Sequence[tuple[FactKind, PersonFact]], differing: list[ReplayedState]
) -> None:
    """spec/compulsory 12.4: `--replay` computes `states.csv` from `facts.csv` again."""
    assert replay(states, *facts) == differing


@pytest.mark.parametrize(("minutes", "is_borne"), [(59, True), (60, False)])
def test_a_replay_bears_for_an_hour_what_the_clock_changed(minutes: int, is_borne: bool) -> None:
    """spec/compulsory 7.3: the job writes it afterwards; overdue, and in the audience, since midnight."""
    at = datetime(2026, 12, 16, tzinfo=QUITO) + timedelta(minutes=minutes)

    assert replay({7: "not_started"}, INSIDE, at=at) == ([] if is_borne else [ReplayedState(4, "etica", "not_started", "overdue")])
    assert replay({}, JOINED_TODAY, at=at) == ([] if is_borne else [ReplayedState(4, "etica", "", "not_started")])


@pytest.mark.parametrize(("minutes", "is_passed_over"), [(59, True), (60, False)])
def test_a_replay_passes_over_people_of_whom_something_was_recorded_in_the_last_hour(minutes: int, is_passed_over: bool) -> None:
    """spec/compulsory 12.4: in the hour before `known`, of the person or of the obligation."""
    recorded_at = NOON + 3 * HOUR - timedelta(minutes=minutes)
    changed = replace(BUNDLED, terms=(A, replace(A, recorded_at=recorded_at)))

    assert replay({7: "overdue"}, INSIDE, (FactKind.WAIVED, STAY._replace(recorded_at=recorded_at, key=8))) == []
    assert (replay({7: "done"}, INSIDE, (FactKind.DONE, DONE._replace(recorded_at=recorded_at))) is None) is is_passed_over
    assert (replay({7: "overdue"}, INSIDE, obligation=changed) is None) is is_passed_over
