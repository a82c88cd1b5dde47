"""Lists of recognitions: reviewed before anything is written, then proposed, then decided on by another person (spec/compulsory 4.11)."""

from collections.abc import Mapping
from datetime import date, timedelta
from io import BytesIO

import pytest
from sqlalchemy import func, select, update

from accounts.models import Notification, Person
from accounts.uploads import UploadedList
from compliance.claims import RecognitionValues, propose_list, receive_list
from compliance.models import PendingRecognitionList, Recognition, RecognitionList
from kernel import clock, outbox
from kernel.left_out import SENTENCE
from kernel.tables import COLUMNS
from lms.instance import Instance
from organisations.models import Employment
from organisations.rules.units import TrainingRole
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, sign_in
from tests.support.learning import actor_of
from tests.support.obligations import an_audience_of, an_obligation, assignment_of, let_stay, rules_of
from tests.support.places import a_place, give_training, put
from tests.support.scenes import scene
from tests.support.wording import in_spanish

LISTS = "/training/recognition-lists"
HEAD = "correo;curso;fecha;institución;documento\n"


@pytest.fixture
@scene
def people(instance: Instance) -> Mapping[str, Person]:
    """Two officers of an institution, one of whom is on lists too, two who work there, one elsewhere, and a course."""
    root, other = a_place(instance, "IESS", code="IESS"), a_place(instance, "Otra", code="OTRA")
    found = {name: a_person(instance, f"{name}@example.org") for name in ("ofelia", "otto", "ana", "beto", "eva")}
    for name in ("ofelia", "otto", "ana", "beto"):
        put(instance, found[name], root)
    put(instance, found["eva"], other)
    for name in ("ofelia", "otto"):
        give_training(instance, found[name], root, TrainingRole.OFFICER)
    a_course(instance, modules=1)
    return found


@pytest.fixture
def officer(browser: Browser, people: Mapping[str, Person]) -> Browser:
    return sign_in(browser, people["ofelia"].email)


@pytest.fixture
def second(browser: Browser, people: Mapping[str, Person]) -> Browser:
    return sign_in(browser.another(), people["otto"].email)


def send(officer: Browser, content: str | bytes, name: str = "convalidaciones.csv", status: int = 200) -> str:
    """Send a list in; return the address of its review."""
    officer.get(LISTS)
    sent = content if isinstance(content, bytes) else (HEAD + content).encode()
    officer.post(LISTS, {"file": (BytesIO(sent), name)}, status=status, content_type="multipart/form-data")
    return officer.path.removeprefix("https://localhost")


def count_of(instance: Instance, table: type[Recognition] | type[RecognitionList] | type[PendingRecognitionList]) -> int:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_review_writes_nothing_and_names_each_fault_by_its_line(officer: Browser, instance: Instance) -> None:
    """spec/compulsory 4.11 and 18."""
    tomorrow = (clock.now() + timedelta(days=2)).date()
    send(
        officer,
        "ana@example.org;prueba;2025-11-20;SECAP;S-1\n"
        "beto@example.org;Prueba;20/11/2025;SECAP;S-2\n"
        f"ana@example.org;prueba;{tomorrow};SECAP;S-3\n"
        "ana@example.org;prueba;1949-12-31;SECAP;S-4\n"
        "ana@example.org;prueba;31/02/2025;SECAP;S-5\n"
        "ana@example.org;prueba;;SECAP;S-6\n"
        "nadie@example.org;prueba;2025-11-20;SECAP;S-7\n"
        "ana@example.org;otro;2025-11-20;SECAP;S-8\n"
        "eva@example.org;prueba;2025-11-20;SECAP;S-9\n"
        "ana@example.org;prueba;2025-11-20;SECAP;S-10\n"
        "ana@example.org;prueba;2025-11-21;;S-11\n"
        "no es;prueba;2025-11-20;SECAP;S-12\n",
    )

    text = officer.page.text
    assert count_of(instance, Recognition) == 0
    for line, message in (
        (4, "The day cannot be in the future or before 1950."),
        (7, "The day is missing."),
        (8, "No one in your units has this address or number."),
        (9, "There is no published course with this key or title."),
        (10, "No one in your units has this address or number."),
        (12, "The institution that certifies it or the number of the document is missing."),
        (13, "This is not an email address."),
    ):
        assert f"{in_spanish('Row %(line)s', line=line)}" in text
        assert in_spanish(message) in text
    assert in_spanish("The same recognition is already on line %(first)s.", first=2) in text
    csv = officer._request("GET", officer.path + "/faults.csv")
    assert csv.get_data(as_text=True).count("\n") == 11
    mixed = "The days are written in two ways: see lines %(one)s and %(other)s. Those with slashes are read with the day first."
    assert in_spanish(mixed, one=2, other=3) in text


def test_a_column_of_a_list_that_is_not_read_is_named(officer: Browser) -> None:
    send(officer, (HEAD.strip() + ";horas\nana@example.org;prueba;2025-11-20;SECAP;S-1;40\n").encode())

    assert in_spanish(SENTENCE, thing=in_spanish(COLUMNS), number=1, examples="horas") in officer.page.text


def test_a_list_is_proposed_once_and_decided_on_by_another(
    officer: Browser, second: Browser, instance: Instance, people: Mapping[str, Person]
) -> None:
    """spec/compulsory 4.11 and 18: a second click has one effect, the decider's own is left out, statuses follow."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Employment).where(Employment.person_id == people["beto"].id).values(entered_on=date(2025, 12, 1)))
    review = send(officer, "".join(f"{name}@example.org;prueba;2025-11-20;SECAP;S-{name}\n" for name in ("ana", "beto", "otto")))
    for _click in range(2):
        officer.post(f"{review}/confirmation")
    assert (count_of(instance, Recognition), count_of(instance, RecognitionList)) == (3, 1)
    page = officer.path.removeprefix("https://localhost")
    assert in_spanish("You proposed it: another person decides.") in officer.page.text
    assert in_spanish("before entry") in officer.page.text
    officer.post(f"{page}/decision", {"decision": "approve"}, status=409)

    second.get("/training/waivers")
    assert second.page.has_link(page)
    second.get(page)
    second.post(f"{page}/decision", {"decision": "refuse", "words": ""}, status=422)
    for _click in range(2):
        second.post(f"{page}/decision", {"decision": "approve", "words": "Conforme."})
    assert in_spanish("Nothing of this list was waiting any more: someone else decided on it in the meantime.") in second.page.text
    second.deliver_jobs()

    with instance.database.unit_of_work(write=False) as session:
        states = dict(session.execute(select(Recognition.person_id, Recognition.state)).all())
        told = set(session.scalars(select(Notification.person_id).where(Notification.kind == "waiver")))
    assert states == {people["ana"].id: "approved", people["beto"].id: "approved", people["otto"].id: "proposed"}
    assert told == {people["ana"].id, people["beto"].id}
    again = send(officer, "ana@example.org;prueba;2025-11-20;SECAP;S-ana\n")
    officer.post(f"{again}/confirmation")
    assert (count_of(instance, Recognition), count_of(instance, RecognitionList)) == (3, 1)


def test_the_statuses_of_a_list_follow(officer: Browser, second: Browser, instance: Instance, people: Mapping[str, Person]) -> None:
    """spec/compulsory 4.11: approved as one by one."""
    course = a_course(instance, "obligatorio", modules=1)
    audience = an_audience_of(instance, a_place(instance, "Tercera", code="T"))
    an_obligation(instance, audience, rules_of(course))
    let_stay(instance, audience, people["ana"])
    officer.deliver_jobs()
    review = send(officer, "ana@example.org;obligatorio;2026-02-20;SECAP;S-1\n")
    officer.post(f"{review}/confirmation")
    page = officer.path.removeprefix("https://localhost")
    second.get(page)
    second.post(f"{page}/decision", {"decision": "approve", "words": ""})

    second.deliver_jobs()

    assert assignment_of(instance, people["ana"]).state == "done"


@pytest.mark.parametrize(
    "content",
    [b"", b"nombre\nAna\n", b"correo;fecha\na@example.org;2025-01-01\n", b"correo;curso\na@example.org;prueba\n", b"PK\x03\x04no"],
)
def test_what_is_no_list_of_recognitions_is_refused(officer: Browser, instance: Instance, content: bytes) -> None:
    send(officer, content, status=422)

    assert count_of(instance, PendingRecognitionList) == 0


def test_a_text_in_the_place_of_the_file_is_no_file(officer: Browser) -> None:
    officer.get(LISTS)

    officer.post(LISTS, {"file": "ana@example.org;curso"}, status=422)


def test_a_list_may_be_discarded(officer: Browser, instance: Instance) -> None:
    review = send(officer, "ana@example.org;prueba;2025-11-20;SECAP;S-1\n")

    officer.submit(f"{review}/discarding")

    assert (count_of(instance, PendingRecognitionList), count_of(instance, Recognition)) == (0, 0)
    officer.get(review, status=404)


def test_a_list_that_nobody_confirmed_in_time_is_deleted(officer: Browser, instance: Instance) -> None:
    review = send(officer, "ana@example.org;prueba;2025-11-20;SECAP;S-1\n")
    with instance.database.unit_of_work() as session:
        session.scalars(select(PendingRecognitionList)).one().expires_at = clock.now()
        outbox.enqueue(session, "compliance.forget_lists", {}, now=clock.now())

    officer.deliver_jobs()

    assert count_of(instance, PendingRecognitionList) == 0
    officer.get(review, status=404)


def test_nobody_else_sees_what_waits_for_confirmation(officer: Browser, second: Browser) -> None:
    review = send(officer, "ana@example.org;prueba;2025-11-20;SECAP;S-1\n")

    second.get(review, status=404)
    second.get(LISTS)
    second.post(f"{review}/confirmation", status=404)


def test_who_may_send_lists_in_and_decide_on_them(browser: Browser, instance: Instance) -> None:
    """spec/security 9: recognition.load and recognition.approve_many."""
    cast, course = a_cast(browser, instance), a_course(instance)
    values = RecognitionValues(course.id, date(2025, 11, 20), "SECAP", "S-1")
    proposer, person = actor_of(a_person(instance, "propone@example.org")), a_person(instance)
    with instance.database.unit_of_work() as session:
        pending = receive_list(session, proposer, UploadedList("lista.csv", b"", 1), now=clock.now())
        made = propose_list(session, proposer, pending, [(person.id, values)], now=clock.now())

    wrong = cast.check("recognition.load", "any", cast.outcomes(LISTS))
    decision = cast.outcomes(f"{LISTS}/{made.uuid}/decision", "POST", {"decision": "approve"})
    assert wrong + cast.check("recognition.approve_many", "of_another", decision) == []
