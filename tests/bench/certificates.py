"""Certificates: whether time tells a code or an address that exists, and the time of a status list (spec/certificates V4, 10, 12)."""

import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from statistics import median
from uuid import uuid4

from sqlalchemy import insert, inspect, select
from sqlalchemy.orm import Session

from certificates.badges import find_status_list, signed_status_list
from certificates.models import Credential
from certificates.rules.credentials import CODE_LENGTH
from certificates.rules.status_lists import STATUS_LIST_PLACES, StatusPurpose
from kernel import clock
from kernel.codes import code_from_bits, printed_code
from lms.app import create_app
from lms.instance import Instance
from tests.bench.table import Row, ratio
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, sign_in
from tests.support.certificates import complete, issue

ENDED = 36_000
"""Certificates of the one list, each of them revoked."""
ROUNDS = 400
APART = 1.1
"""Times so far apart tell nothing (spec/certificates V4)."""
GOAL = 1.05


def certificates(instance: Instance) -> list[Row]:
    """Measure what a stranger may not learn by the clock, and what a status list costs with very many that ended."""
    complete(instance, a_course(instance, modules=1))
    held = issue(instance)
    with instance.database.unit_of_work() as session:
        _end_many(session, held)
    return [*_unknown_ones(instance, held), _status_list(instance)]


def _end_many(session: Session, held: Credential) -> None:
    """Write as many revoked certificates as the bar names, each like the one that is held."""
    columns = {one.key: getattr(held, one.key) for one in inspect(Credential).column_attrs if one.key != "id"}
    now = clock.now()
    places = (place for place in range(STATUS_LIST_PLACES) if place != held.status_place)
    rows = [
        {**columns, "uuid": uuid4(), "code": _code(), "status_place": next(places), "revoked_at": now, "revoked_reason": "Medida."}
        for _number in range(ENDED)
    ]
    session.execute(insert(Credential), rows)


def _code() -> str:
    return code_from_bits(secrets.randbits(5 * CODE_LENGTH), CODE_LENGTH)


def _unknown_ones(instance: Instance, held: Credential) -> list[Row]:
    """Ask for a code that is near a known one and for a drawn one in turns, then for somebody's certificate and for none."""
    app, addresses = create_app(instance), count(1)
    near = [held.code[:-1] + sign for sign in "0123456789ABCDEFGHJKMNPQRSTVWXYZ" if sign != held.code[-1]]
    stranger = app.test_client()

    def verify(code: str) -> None:
        number = next(addresses)  # each from somewhere else: sixty a minute are allowed
        where = {"REMOTE_ADDR": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
        answer = stranger.get(f"/verify/{printed_code(code)}", base_url="https://localhost", environ_overrides=where)
        assert answer.status_code == 404

    a_person(instance, "otra@example.org")
    browser = Browser(app, instance)
    sign_in(browser, "otra@example.org")

    def view(address: object) -> None:
        assert browser.client.get(f"/certificates/{address}", base_url="https://localhost").status_code == 404

    return [
        _apart("unknown codes, near a known one or not", lambda: verify(secrets.choice(near)), lambda: verify(_code())),
        _apart("a certificate of another person, or none", lambda: view(held.uuid), lambda: view(uuid4())),
    ]


def _apart(what: str, one: Callable[[], object], other: Callable[[], object]) -> Row:
    """Do both in turns, in changing order; the median of the rounds says how many times as long the slower one takes."""
    one(), other()
    pairs = []
    for round_ in range(ROUNDS):
        spent = {}
        for side, act in ((0, one), (1, other))[:: 1 if round_ % 2 else -1]:
            began = time.perf_counter()
            act()
            spent[side] = time.perf_counter() - began
        pairs.append((spent[0], spent[1]))
    found = ratio("V4", what, pairs, APART, GOAL)
    return replace(found, value=max(found.value, 1 / found.value)) if found.value else found


def _status_list(instance: Instance) -> Row:
    spent = []
    for _round in range(20):
        began = time.process_time()
        with instance.database.unit_of_work(write=False) as session:
            row = find_status_list(session, 1)
            assert row is not None
            signed_status_list(session, row, StatusPurpose.REVOCATION, "https://aulario.example", instance.keys, now=clock.now())
        spent.append((time.process_time() - began) * 1000)
    with instance.database.unit_of_work(write=False) as session:
        assert len(session.scalars(select(Credential.id).where(Credential.revoked_at.is_not(None))).all()) == ENDED
    return Row(
        "C7",
        f"status list signed anew, {ENDED} of it ended, in ms of processor time",
        median(spent),
        50,
        30,
        f"{min(spent):.0f} to {max(spent):.0f} ms",
    )
