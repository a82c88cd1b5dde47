"""Rare situations of accounts, second steps, people and the tree: links of mails, suspended accounts, tasks that failed."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pyotp
from lxml import html as markup
from sqlalchemy import delete

from accounts import accounts, addresses, notices, privacy, second_factor
from accounts.models import Person, RoleGrant, SecondFactor, TokenPurpose
from enrolments.notices import ANNOUNCEMENT_NOTICE
from kernel import clock
from kernel.i18n import local
from kernel.outbox import Job
from kernel.permissions import SYSTEM
from kernel.settings import secret_keys
from organisations import units
from organisations.models import Organisation
from organisations.rules.units import TrainingRole
from tests.support.authenticator import Authenticator, text
from tests.support.browser import Browser
from tests.support.builders import PASSWORD
from tests.support.places import a_place, give_training, manage, put
from tests.support.situations import SCRIPT, Room, Scene, Stage

AGREED = {"consent": "y"}

# --- Links of mails ----------------------------------------------------------------------------------------------------------------------


def _link(stage: Stage, purpose: TokenPurpose, person: Person | None) -> str:
    with stage.instance.database.unit_of_work() as session:
        return accounts.make_token(session, purpose, person, now=clock.now())


def an_address_to_confirm(stage: Stage) -> Scene:
    """Somebody has signed up and opens the link of the mail in another browser."""
    link = _link(stage, TokenPurpose.CONFIRM, stage.person(confirmed=False))
    return Scene(stage.nobody(), f"/confirm/{link}", {"password": PASSWORD})


def a_forgotten_password(stage: Stage) -> Scene:
    """Somebody has forgotten their password and opens the link of the mail."""
    return Scene(stage.nobody(), f"/password/reset/{_link(stage, TokenPurpose.RESET, stage.person())}")


def an_invitation(stage: Stage) -> Scene:
    """An administrator has added somebody, who opens the link of the mail."""
    return Scene(stage.nobody(), f"/invitation/{_link(stage, TokenPurpose.INVITE, stage.person(confirmed=False))}", AGREED)


def an_instance_without_administrator(stage: Stage) -> Scene:
    """Nobody administers yet; whoever started the server opens the link that it printed."""
    with stage.instance.database.unit_of_work() as session:
        session.execute(delete(RoleGrant))
    words = {"email": f"rosa.{stage.number()}@example.org", "given_names": "Rosa", "first_surname": "Tello", **AGREED}
    return Scene(stage.nobody(), f"/set-up/{_link(stage, TokenPurpose.SET_UP, None)}", words)


def another_address(stage: Stage) -> Scene:
    """Somebody has asked for another address and opens the link of the mail to it."""
    person = stage.person()
    return Scene(
        stage.nobody(), f"/address/{addresses.address_link(secret_keys(stage.instance.settings), person, f'otra.{person.id}@example.org')}"
    )


def mails_to_stop(stage: Stage) -> Scene:
    """Somebody opens the link at the end of a mail that stops its kind."""
    secret = secret_keys(stage.instance.settings)[0]
    token = notices.unsubscription_token(secret, stage.person().uuid, ANNOUNCEMENT_NOTICE.value)
    return Scene(stage.nobody(), f"/notices/stop/{token}")


def a_name_that_an_institution_keeps(stage: Stage) -> Scene:
    """Somebody whose name comes from staff records asks for a correction."""
    person = stage.person()
    put(stage.instance, person, a_place(stage.instance, f"Oficina {stage.number()}"))
    return Scene(stage.signed_in(person), "/profile/name", {"reason": "Falta una tilde."})


# --- Second steps ------------------------------------------------------------------------------------------------------------------------


def _with_app(stage: Stage) -> tuple[Person, list[str]]:
    """Add somebody with an application; return them with their recovery codes."""
    person, keys = stage.person(), secret_keys(stage.instance.settings)
    with stage.instance.database.unit_of_work() as session:
        factor = second_factor.app_factor(keys, "Aplicación", second_factor.new_app_secret(), 0)
        return person, second_factor.add(session, SYSTEM, person, factor, now=clock.now())


def a_code_to_type(stage: Stage) -> Scene:
    """Somebody has typed the password and is asked for a code."""
    person, codes = _with_app(stage)
    return Scene(stage.signed_in(person), "/sign-in/second-step", {"code": codes[0]}, more=("resume",))


def _passkey_of(stage: Stage, person: Person) -> Authenticator:
    """Let somebody have a passkey."""
    made = Authenticator()
    passkey = SecondFactor(kind="passkey", name="Llave", secret=text(made.public_key), credential=text(made.credential), counter=0)
    with stage.instance.database.unit_of_work() as session:
        second_factor.add(session, SYSTEM, person, passkey, now=clock.now())
    return made


def _asked(visitor: Browser, page: str) -> dict[str, str]:
    """Ask what a passkey is to sign, as the page's script does."""
    tree = markup.fromstring(page.encode())
    form = tree.xpath("//form[@data-passkey]")[0]
    token = form.fields["csrf_token"]
    response = visitor._request("POST", form.get("data-request"), headers={**SCRIPT, "X-CSRFToken": token})
    answer: dict[str, str] = response.get_json()
    return answer


def a_passkey_to_use(stage: Stage) -> Scene:
    """Somebody has typed the password and is asked for a passkey."""
    person = stage.person()
    authenticator = _passkey_of(stage, person)
    visitor = stage.signed_in(person)

    def signed(page: str) -> Mapping[str, str]:
        return {"credential": authenticator.get(_asked(visitor, page))}

    return Scene(visitor, "/sign-in/second-step", signed, more=("resume",))


def a_passkey_to_ask_for(stage: Stage) -> Scene:
    """The page of the second step asks what a passkey is to sign."""
    return replace(a_passkey_to_use(stage), good={}, script=(), more=())


def _proven(stage: Stage, person: Person | None = None) -> Browser:
    """Return the browser of somebody who has just typed the password again, and may change their second factors."""
    visitor = stage.signed_in(person)
    visitor.get("/second-step")
    visitor.submit("/second-step/password", {"current_password": PASSWORD})
    return visitor


def a_new_app(stage: Stage) -> Scene:
    """Somebody has scanned the secret of a new application and types its first code."""

    def code(page: str) -> Mapping[str, str]:
        found = re.search(r"secret=([A-Z2-7]+)", html.unescape(page))
        assert found is not None
        return {"code": pyotp.TOTP(found[1]).at(int(clock.now().timestamp()))}

    return Scene(_proven(stage), "/second-step/app", code, more=("resume",))


def a_new_passkey(stage: Stage) -> Scene:
    """Somebody has made a passkey with their device."""
    visitor = _proven(stage)

    def made(page: str) -> Mapping[str, str]:
        return {"credential": Authenticator().create(_asked(visitor, page))}

    return Scene(visitor, "/second-step", made, more=("resume",))


def a_new_passkey_to_ask_for(stage: Stage) -> Scene:
    """The page of second factors asks which passkey to make."""
    return Scene(_proven(stage), "/second-step", script=())


def _with_a_factor(stage: Stage) -> Scene:
    visitor = _proven(stage)
    visitor.get("/second-step/app")
    found = re.search(r"secret=([A-Z2-7]+)", html.unescape(visitor.page.html))
    assert found is not None
    visitor.submit("/second-step/app", {"code": pyotp.TOTP(found[1]).at(int(clock.now().timestamp()))})
    return Scene(visitor, "/second-step")


# --- People and the instance -------------------------------------------------------------------------------------------------------------


def a_task_that_failed(stage: Stage) -> Scene:
    """Two tasks were given up; an administrator looks at the state."""
    past = clock.now() - timedelta(days=1)
    with stage.instance.database.unit_of_work() as session:
        for kind in ("lms.apply_retention", "accounts.send_notices"):
            session.add(
                Job(kind=kind, arguments="{}", attempts=6, created_at=past, available_at=past, failed_at=past, last_error="OSError")
            )
    return Scene(stage.boss, "/administration/state")


def two_accounts(stage: Stage) -> Scene:
    """Somebody has two accounts."""
    return Scene(stage.boss, f"/administration/people/{stage.person().uuid}/merging/{stage.person().uuid}", {"reason": "Dos cuentas"})


def a_deletion_that_waits(stage: Stage) -> Scene:
    """Somebody has asked for their account to be deleted."""
    person = stage.person()
    with stage.instance.database.unit_of_work() as session:
        privacy.ask_deletion(session, SYSTEM, session.get_one(Person, person.id), now=clock.now())
    return Scene(stage.signed_in(person), "/profile/data")


def an_unconfirmed_person(stage: Stage) -> Scene:
    """Somebody was invited and has not come."""
    return Scene(stage.boss, f"/administration/people/{stage.person(confirmed=False).uuid}")


def a_suspended_person(stage: Stage) -> Scene:
    """Somebody is suspended."""
    person = stage.person()
    with stage.instance.database.unit_of_work() as session:
        accounts.suspend(session, SYSTEM, session.get_one(Person, person.id), "Motivo", now=clock.now())
    return Scene(stage.boss, f"/administration/people/{person.uuid}", {"reason": "Ya se aclaró"})


def a_place_with_people(stage: Stage) -> Scene:
    """A unit of an institution has a member, a manager and a training officer; there is another institution."""
    place = a_place(stage.instance, f"Unidad {stage.number()}", stage.once("institution", lambda: a_place(stage.instance)))
    stage.once("other", lambda: a_place(stage.instance, "MIES"))
    put(stage.instance, stage.person(), place)
    manage(stage.instance, stage.person(), place)
    give_training(stage.instance, stage.person(), place, TrainingRole.OFFICER)
    return Scene(stage.boss, f"/administration/organisations/{place.uuid}")


def a_place_without_people(stage: Stage) -> Scene:
    """A unit of an institution to which nobody belongs, so that it is moved at once; there is another institution."""
    place = a_place(stage.instance, f"Unidad {stage.number()}", stage.once("institution", lambda: a_place(stage.instance)))
    stage.once("other", lambda: a_place(stage.instance, "MIES"))
    return Scene(stage.boss, f"/administration/organisations/{place.uuid}", _another_place)


def a_place_that_is_to_move(stage: Stage) -> Scene:
    """A unit is to stand under another province from tomorrow on."""
    root = stage.once("institution", lambda: a_place(stage.instance))
    unit, parent = (a_place(stage.instance, f"Unidad {stage.number()}", root) for _place in range(2))
    tomorrow = local(clock.now()).date() + timedelta(days=1)
    with stage.instance.database.unit_of_work() as session:
        rows = (session.get_one(Organisation, place.id) for place in (unit, parent))
        units.move(session, SYSTEM, *rows, now=clock.now(), since_on=tomorrow)
    return Scene(stage.boss, f"/administration/organisations/{unit.uuid}")


def _another_place(page: str) -> Mapping[str, str]:
    """Return a place under which the unit does not stand yet: the form offers no other."""
    chosen = markup.fromstring(page).xpath("//select[@name='move-place']/option[@value != '']/@value")
    return {"move-place": chosen[0]}


def a_closed_place(stage: Stage) -> Scene:
    """A unit takes nobody in any more."""
    place = a_place(stage.instance, f"Cerrada {stage.number()}", stage.once("institution", lambda: a_place(stage.instance)))
    with stage.instance.database.unit_of_work() as session:
        units.close(session, SYSTEM, session.get_one(type(place), place.id), None, now=clock.now())
    return Scene(stage.boss, f"/administration/organisations/{place.uuid}")


def somebody_signed_in(stage: Stage) -> Scene:
    """Somebody is signed in with two browsers, looks at them and has typed the password again."""
    person = stage.person()
    stage.signed_in(person)
    return Scene(_proven(stage, person), "/profile/devices")


LINKS: Room = {
    "accounts.confirm": an_address_to_confirm,
    "accounts.reset": a_forgotten_password,
    "accounts.accept_invitation": an_invitation,
    "accounts.set_up": an_instance_without_administrator,
    "accounts_addresses.confirm_address_change": another_address,
    "accounts_names.ask_for_correction": a_name_that_an_institution_keeps,
    "accounts_notices.stop": mails_to_stop,
}
SECOND_STEPS: Room = {
    "accounts_second.enter": a_code_to_type,
    "accounts_second.enter_with_passkey": a_passkey_to_use,
    "accounts_second.request_passkey": a_passkey_to_ask_for,
    "accounts_second.new_app": a_new_app,
    "accounts_second.new_passkey": a_new_passkey,
    "accounts_second.request_new_passkey": a_new_passkey_to_ask_for,
    "accounts_second.new_codes": _with_a_factor,
    "accounts_second.remove": _with_a_factor,
}
SESSIONS: Room = dict.fromkeys(("accounts.sign_out", "accounts.end_device", "accounts.end_devices"), somebody_signed_in)
ADMINISTRATION: Room = {
    "lms_condition.retry": a_task_that_failed,
    "lms_condition.retry_all": a_task_that_failed,
    "lms_merges.merge": two_accounts,
    "lms_own_data.cancel_deletion": a_deletion_that_waits,
    "lms_people.invite": an_unconfirmed_person,
    "lms_people.restore": a_suspended_person,
    "organisations.cancel_move": a_place_that_is_to_move,
    "organisations.end_manager": a_place_with_people,
    "organisations.end_training_role": a_place_with_people,
    "organisations.move": a_place_without_people,
    "organisations.remove_member": a_place_with_people,
    "organisations.reopen": a_closed_place,
}
