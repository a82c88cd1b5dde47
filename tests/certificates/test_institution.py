"""The institution on certificates: its names and who signs, as they are on the day of issue and never changed afterwards."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from certificates import credentials, pdf
from certificates.certificate_page import sheet_of
from certificates.models import Credential
from kernel import clock
from kernel.i18n import local
from kernel.outbox import deliver_waiting
from kernel.permissions import SYSTEM
from lms.instance import Instance
from lms.publishing import publish_folder
from organisations import profile
from organisations.profile import SignatoryValues
from tests.support.builders import a_course, folder
from tests.support.certificates import complete, words_of
from tests.support.drafts import write_folder


def name_site(instance: Instance, short: str, full: str) -> None:
    values = {"short_names": {"es": short, "en": f"{short} EN"}, "names": {"es": full}}
    with instance.database.unit_of_work() as session:
        profile.change_profile(session, SYSTEM, instance.present_settings, values, now=clock.now())


def add_signatory(instance: Instance, name: str, since: int | None, until: int | None, picture: bytes | None = None) -> None:
    """Let somebody sign between two days, counted from today."""
    day = local(clock.now()).date()
    days = [None if one is None else day + timedelta(days=one) for one in (since, until)]
    with instance.database.unit_of_work() as session:
        values = SignatoryValues(name, {"es": f"Cargo de {name}"}, *days, picture)
        profile.add_signatory(session, SYSTEM, instance.present_settings, values, now=clock.now())


def issued(instance: Instance, email: str, course_key: str) -> Credential:
    complete(instance, a_course(instance, course_key, modules=1), email)
    deliver_waiting(instance.worker, now=clock.now())
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Credential).order_by(Credential.id.desc())).first()  # type: ignore[return-value]  # it is there


def printed(instance: Instance, row: Credential, language: str = "es") -> list[str]:
    with instance.database.unit_of_work(write=False) as session:
        signers = credentials.list_signers(session, row)
    return words_of(pdf.render(sheet_of(row, signers, "http://localhost:8000", language)))


def test_a_new_certificate_carries_the_institution_s_names_and_an_old_one_keeps_its_own(instance: Instance) -> None:
    old = issued(instance, "ana@example.org", "antes")
    before = printed(instance, old)
    name_site(instance, "Páramo", "Ministerio del Páramo")

    new = issued(instance, "luis@example.org", "despues")

    assert (new.site_name, new.institution) == ("Páramo", "Ministerio del Páramo")
    assert "Páramo" in printed(instance, new)
    assert "Ministerio del Páramo" in " ".join(printed(instance, new))
    assert (old.site_name, old.institution) == (instance.settings.institution, instance.settings.institution_name)
    assert printed(instance, old) == before


def test_those_sign_whose_time_it_is_on_the_day_of_issue(instance: Instance) -> None:
    """spec/certificates I3."""
    target = BytesIO()
    Image.new("RGB", (200, 80), (10, 10, 90)).save(target, "PNG")
    add_signatory(instance, "Antes", None, -1)
    add_signatory(instance, "Ahora", -3, 0, target.getvalue())
    add_signatory(instance, "Siempre", None, None)
    add_signatory(instance, "Mañana", 1, None)

    row = issued(instance, "ana@example.org", "firmado")

    with instance.database.unit_of_work(write=False) as session:
        signers = credentials.list_signers(session, row)
    assert [(one.name, bool(one.picture)) for one in signers] == [("Ahora", True), ("Siempre", False)]
    assert "Cargo de Ahora" in printed(instance, row, "en")


@pytest.mark.settings(signatory_1="Del Servidor; Dirección")
def test_who_signs_by_the_environment_wins(instance: Instance) -> None:
    add_signatory(instance, "De la Web", None, None)

    row = issued(instance, "ana@example.org", "servidor")

    with instance.database.unit_of_work(write=False) as session:
        assert [one.name for one in credentials.list_signers(session, row)] == ["Del Servidor"]


@pytest.mark.parametrize(("until", "certificate", "is_told"), [(-1, "constancia", True), (0, "constancia", False), (-1, "none", False)])
def test_a_folder_is_published_with_a_word_where_no_one_signs(
    instance: Instance, tmp_path: Path, until: int, certificate: str, *, is_told: bool
) -> None:
    """spec/certificates I3."""
    add_signatory(instance, "Ahora", None, until)
    source = write_folder(tmp_path / "prueba", folder("prueba", certificate=certificate))

    assert publish_folder(instance, source).is_unsigned is is_told


@pytest.mark.settings(signatory_1="Del Servidor; Dirección")
def test_a_folder_is_published_without_a_word_where_the_environment_names_who_signs(instance: Instance, tmp_path: Path) -> None:
    assert not publish_folder(instance, write_folder(tmp_path / "prueba", folder("prueba"))).is_unsigned
