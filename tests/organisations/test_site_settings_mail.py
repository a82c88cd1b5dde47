"""Mail as an administrator sets it up on the web: the server, its test, and its password."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest

from accounts.people import find_person_by_email
from certificates.bulk import SheetSealer
from kernel import clock
from kernel.crypto import unlock_text
from kernel.settings import rotate_secret_key, secret_keys
from lms.instance import Instance
from lms.own_data import copy_of
from lms.retention import forget_unconfirmed
from organisations import profile
from organisations.profile import LOCKED_FOR
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, a_person, sign_in
from tests.support.institution import NAMES, SECRET, SITE, institution_entries, profile_of
from tests.support.postbox import Postbox

pytestmark = pytest.mark.fresh


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    """Return a mail server that takes everything."""
    opened = Postbox()
    yield opened
    with suppress(OSError):  # a test may have closed it
        opened.close()


def set_mail(browser: Browser, port: int, **changes: object) -> None:
    browser.get(f"{SITE}/mail")
    values = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_starttls": None, "mail_from": "cursos@paramo.gob.ec", "smtp_password": ""}
    browser.submit(f"{SITE}/mail", values | changes)


def test_mail_is_sent_by_the_server_that_was_set_and_the_test_says_so(boss: Browser, instance: Instance, postbox: Postbox) -> None:
    boss.get(f"{SITE}/names")
    boss.submit(f"{SITE}/names", NAMES)
    set_mail(boss, postbox.port)

    boss.submit(f"{SITE}/mail/test")

    assert f"127.0.0.1:{postbox.port} aceptó el mensaje" in boss.page.text
    [message] = postbox.messages
    assert (message["To"], message["From"]) == ("admin@example.org", "cursos@paramo.gob.ec")
    a_person(instance)
    visitor = boss.another()
    visitor.get("/password/forgotten")
    visitor.submit("/password/forgotten", {"email": "ana@example.org"})
    boss.deliver_jobs()
    assert [one["To"] for one in postbox.messages] == ["admin@example.org", "ana@example.org"]
    assert "Páramo" in postbox.messages[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]  # it has one
    assert not list((instance.settings.data_dir / "mail").glob("*.eml"))


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"RCPT": "550 no such user"}, "no acepta su dirección admin@example.org"),
        ({"MAIL": "553 sender refused"}, "no acepta la dirección del remitente cursos@paramo.gob.ec"),
        ({"AUTH": "535 bad credentials"}, "no ofrece"),
        ({"EHLO": "554 go away", "HELO": "554 go away"}, "respondió con un error"),
    ],
)
def test_a_test_that_fails_says_why_with_host_and_port(boss: Browser, answers: dict[str, str], words: str) -> None:
    box = Postbox(answers=answers)
    given = {"smtp_user": "sitio", "smtp_password": SECRET} if "AUTH" in answers else {}
    set_mail(boss, box.port, **given)

    boss.submit(f"{SITE}/mail/test")

    assert words in boss.page.text
    assert f"127.0.0.1:{box.port}" in boss.page.text
    assert SECRET not in boss.page.html
    assert box.messages == []
    box.close()


def test_a_server_that_is_not_there_is_named(boss: Browser, postbox: Postbox) -> None:
    postbox.close()
    set_mail(boss, postbox.port)
    boss.submit(f"{SITE}/mail/test")
    assert f"127.0.0.1:{postbox.port} rechaza la conexión" in boss.page.text

    set_mail(boss, 587, smtp_host="no-existe.invalid")
    boss.submit(f"{SITE}/mail/test")
    assert "no-existe.invalid:587" in boss.page.text


def test_only_so_many_tests_an_hour(boss: Browser, postbox: Postbox) -> None:
    set_mail(boss, postbox.port)
    for _time in range(10):
        boss.submit(f"{SITE}/mail/test")

    boss.submit(f"{SITE}/mail/test", status=429)

    assert len(postbox.messages) == 10


@pytest.mark.slow
def test_the_password_is_stored_locked_and_stands_nowhere(
    boss: Browser, instance: Instance, postbox: Postbox, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    set_mail(boss, postbox.port, smtp_user="sitio", smtp_password=SECRET)
    boss.submit(f"{SITE}/mail/test")
    told = boss.page.html + "".join(
        boss.get(path).html for path in (SITE, f"{SITE}/mail", "/administration/state", "/administration/audit")
    )
    set_mail(boss, postbox.port, smtp_user="sitio", smtp_port=postbox.port)

    stored = profile_of(instance).smtp_password
    assert unlock_text(secret_keys(instance.settings), LOCKED_FOR, stored) == SECRET
    assert instance.present_settings.smtp_password.get_secret_value() == SECRET, "an empty field keeps it"
    facts = "".join(entry.facts for entry in institution_entries(instance))
    assert "smtp_password" in facts
    with instance.database.unit_of_work(write=False) as session:
        boss_id = find_person_by_email(session, "admin@example.org").id  # type: ignore[union-attr]  # they are there
        copy = copy_of(
            session, boss_id, instance.files, SheetSealer("http://localhost", instance.keys, instance.seal_keys), now=clock.now()
        )
    output = capsys.readouterr()
    for text in (told, facts, stored, repr(copy), str(instance.present_settings), caplog.text, output.out, output.err):
        assert SECRET not in text
    assert "Guardada." in boss.get(f"{SITE}/mail").text


def test_a_password_is_required_again_for_another_server_and_goes_with_its_user(
    boss: Browser, instance: Instance, postbox: Postbox
) -> None:
    set_mail(boss, postbox.port, smtp_user="sitio", smtp_password=SECRET, smtp_starttls="y")
    weaker: tuple[dict[str, str | None], ...] = ({"smtp_host": "espia.example.org"}, {"smtp_port": "2525"}, {"smtp_starttls": None})
    for change in weaker:
        boss.get(f"{SITE}/mail")
        boss.submit(f"{SITE}/mail", change, status=422)
    row = profile_of(instance)
    assert (row.smtp_host, row.smtp_port, row.smtp_starttls) == ("127.0.0.1", postbox.port, True), "the next message would tell it"

    set_mail(boss, postbox.port, smtp_user="", smtp_host="otro.example.org")

    assert profile_of(instance).smtp_password == ""


def test_the_password_is_locked_with_the_new_key_after_a_rotation(boss: Browser, instance: Instance, postbox: Postbox) -> None:
    set_mail(boss, postbox.port, smtp_user="sitio", smtp_password=SECRET)
    keys = rotate_secret_key(instance.settings)
    with instance.database.unit_of_work() as session:
        profile.relock_password(session, keys)

    assert unlock_text(keys[:1], LOCKED_FOR, profile_of(instance).smtp_password) == SECRET


def test_switching_mail_on_locks_nobody_out_and_forgets_nobody(boss: Browser, instance: Instance, postbox: Postbox) -> None:
    a_person(instance, "ana@example.org", confirmed=False)
    set_mail(boss, postbox.port)
    a_person(instance, "luis@example.org", confirmed=False)

    before, new = boss.another(), boss.another()
    sign_in(before, "ana@example.org")
    assert before.path == "/learning"
    new.get("/sign-in")
    new.submit("/sign-in", {"email": "luis@example.org", "password": PASSWORD}, status=422)
    with instance.database.unit_of_work() as session:
        assert forget_unconfirmed(session, clock.now() + timedelta(days=31)) == 1
        assert find_person_by_email(session, "ana@example.org") is not None
