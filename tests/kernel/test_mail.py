"""Mail: what a message is made of, where it goes without a server, and through a real one on this machine."""

import email
import re
import ssl
from collections.abc import Iterator
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kernel import mail
from kernel.mail import Mail
from kernel.paths import TEMPLATES
from kernel.settings import Settings, load
from tests.support.postbox import Postbox

TEMPLATE_NAMES = sorted(path.stem for path in (TEMPLATES / "mail").glob("*.txt"))
FACTS: dict[str, object] = {
    "name": 'Ana & "Co" <b>',
    "title": "Curso <i>",
    "course": "Curso <i>",
    "kind": "Certificados",
    "words": "Está <b>listo</b>.",
    "moment": "2 de marzo de 2026, 07:00",
    "sends_mail": True,
    "forgotten_url": "https://x.ec/password/forgotten",
}
FACTS |= {"writer": "Luz <i>", "stop_contact_url": "https://x.ec/directory/stop/t"}
FACTS |= {"community": "Red <i>", "added": ["Hola <b>."]}
FACTS |= {"provider_name": "Instituto <i>"}
FACTS |= {"source": "Curso <i>", "stop_kind_url": "https://x.ec/notices/stop/k"}
FACTS |= {"switches_url": "https://x.ec/profile/notices", "lines": [{"title": "Uno <i>", "words": "Algo", "url": "https://x.ec/1"}]}


def settings_for(tmp_path: Path, **fields: object) -> Settings:
    return load(data_dir=tmp_path, public_url="https://cursos.example.org", **fields)


SETTINGS = settings_for(Path("instance"))


def a_mail(**fields: str) -> Mail:
    facts = {"to": "ana@example.org", "subject": "Hola", "text": "Texto", "html": "<p>Texto</p>", "language": "es", "key": "job-7"}
    return Mail(**{**facts, **fields})


def test_a_message_has_what_a_mail_server_wants(tmp_path: Path) -> None:
    message = mail.compose(settings_for(tmp_path), a_mail(subject="Elija una contraseña"))
    parsed = email.message_from_bytes(bytes(message), policy=policy.default)

    assert parsed["To"] == "ana@example.org"
    assert parsed["Subject"] == "Elija una contraseña"
    assert parsed["From"] == "aulario@example.org"
    assert parsed["Date"].datetime is not None
    assert parsed["Message-ID"] == "<job-7@cursos.example.org>"
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed["Content-Language"] == "es"
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]
    assert bytes(message).isascii()


WORDS = ("más", "en", "«Cuestionario", "del", "módulo", "3»", "—", "mañana", "José", "Ñauñay", "=?utf-8?q?x?=", "último")
LINES = st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)


@given(st.one_of(st.text(max_size=200), LINES))
@example("20 minutos más en «Cuestionario del módulo 3»")
@example("prevención de riesgos y mañana María provincia — gestión «Inducción» — segunda parte")
@example("=??Q??=")
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    """By programs that know RFC 2047 of today and by older ones, and no line is too long."""
    raw = bytes(mail.compose(SETTINGS, a_mail(subject=subject)))
    parsed = email.message_from_bytes(raw, policy=policy.default)["Subject"]
    older = str(make_header(decode_header(email.message_from_bytes(raw)["Subject"])))

    assert (parsed, older) == (" ".join(subject.split()),) * 2
    assert max(map(len, raw.partition(b"\n\n")[0].splitlines())) <= 78


def header_names(message: EmailMessage) -> list[str]:
    return email.message_from_bytes(bytes(message)).keys()


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_no_line_end_gets_into_a_header(tmp_path: Path, end: str) -> None:
    """spec/security 4.2."""
    settings = settings_for(tmp_path)
    subject = mail.compose(settings, a_mail(subject=f"Hola{end}Bcc: evil@example.org"))
    assert subject["Bcc"] is None
    assert header_names(subject) == header_names(mail.compose(settings, a_mail()))
    with pytest.raises((ValueError, UnicodeError)):
        mail.compose(settings, a_mail(to=f"ana@example.org{end}Bcc: evil@example.org"))
    with pytest.raises((ValueError, UnicodeError)):
        mail.compose(settings_for(tmp_path, mail_from=f"a@b.ec{end}Bcc: evil@example.org"), a_mail())


def test_mails_of_a_conversation_stand_together_and_answers_by_machines_are_declined(tmp_path: Path) -> None:
    thread, board = "Ab3" * 10, "board-" + "x" * 80
    raw = bytes(mail.compose(settings_for(tmp_path), a_mail(subject="[Énfasis] Uno", thread_key=thread, list_id=board)))
    head = raw.decode().partition("\n\n")[0].splitlines()

    assert [line for line in head if line.startswith(("References", "In-Reply-To", "List-Id", "X-Auto"))] == [
        "X-Auto-Response-Suppress: All",
        f"References: <thread-{thread}@cursos.example.org>",
        f"In-Reply-To: <thread-{thread}@cursos.example.org>",
        f"List-Id: <{board}.cursos.example.org>",
    ]
    plain = mail.compose(settings_for(tmp_path), a_mail())
    assert plain["X-Auto-Response-Suppress"] == "All"
    assert {"References", "In-Reply-To", "List-Id"}.isdisjoint(plain.keys())


@pytest.mark.parametrize("bad", ["a\r\nBcc: x@example.org", "a\nb", "a b", "a>", "á", "=?utf-8?q?x?=", "x" * 101, "a\x00"])
@pytest.mark.parametrize("field", ["thread_key", "list_id"])
def test_keys_of_conversations_and_lists_cannot_write_headers(tmp_path: Path, bad: str, field: str) -> None:
    with pytest.raises(ValueError, match=re.escape(bad)):
        mail.compose(settings_for(tmp_path), a_mail(**{field: bad}))


@pytest.mark.parametrize(
    "title",
    [
        "Hola\r\nBcc: evil@example.org\r\n\r\ncuerpo",
        "=?utf-8?q?Bcc=3A_evil=40example.org?=",
        "¿Cómo se corrige la evaluación de «Prevención de riesgos laborales» según la última versión del módulo número tres?",
        "👩\u200d💻 Taller 🎉",
    ],
)
def test_the_title_of_a_conversation_is_its_subject_and_nothing_else(tmp_path: Path, title: str) -> None:
    raw = bytes(mail.compose(settings_for(tmp_path), a_mail(subject=f"[Red] {title}", thread_key="k", list_id="b")))
    parsed = email.message_from_bytes(raw, policy=policy.default)

    assert parsed["Subject"] == " ".join(f"[Red] {title}".split())
    assert parsed["Bcc"] is None
    assert raw.partition(b"\n\n")[0].isascii()


@pytest.mark.parametrize(
    ("domain", "known"), [("ñandú.example", "xn--and-6ma2c.example"), ("faß.example", "xn--fa-hia.example"), ("example.org", "example.org")]
)
def test_a_domain_is_written_as_servers_know_it_and_never_as_another_one(tmp_path: Path, domain: str, known: str) -> None:
    """By IDNA 2008, as addresses are checked: fass.example belongs to somebody else."""
    message = mail.compose(settings_for(tmp_path), a_mail(to=f"ana@{domain}"))

    assert message["To"] == f"ana@{known}"


def test_without_a_server_the_message_lies_in_the_folder_for_its_owner_alone(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    path = mail.send(settings, a_mail())
    again = mail.send(settings, a_mail(text="Otra vez"))

    assert path == again == tmp_path / "mail" / "job-7.eml"
    assert path is not None
    assert b"Otra vez" in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    """Return a mail server that takes everything."""
    box = Postbox()
    yield box
    box.close()


def test_a_message_reaches_a_mail_server(tmp_path: Path, postbox: Postbox) -> None:
    settings = settings_for(tmp_path, smtp_host="127.0.0.1", smtp_port=postbox.port, smtp_starttls=False)

    assert mail.send(settings, a_mail(subject="Confirme su correo")) is None
    assert [message["Subject"] for message in postbox.messages] == ["Confirme su correo"]
    assert not (tmp_path / "mail").exists()


def test_a_server_that_will_not_encrypt_gets_neither_message_nor_password(tmp_path: Path) -> None:
    for encrypts in (False, True):  # it does not offer, or refuses when asked
        box = Postbox(encrypts=encrypts)
        settings = settings_for(tmp_path, smtp_host="127.0.0.1", smtp_port=box.port, smtp_user="u", smtp_password="geheim")
        with pytest.raises((OSError, ssl.SSLError)):
            mail.send(settings, a_mail())
        box.close()
        assert box.messages == []
        assert not any("AUTH" in line for line in box.conversation)


def test_a_refusal_of_the_server_is_raised_for_the_job_to_try_again(tmp_path: Path) -> None:
    box = Postbox(refuses="@")
    with pytest.raises(OSError):  # noqa: PT011 - smtplib's errors are OSErrors, and the outbox takes all of them
        mail.send(settings_for(tmp_path, smtp_host="127.0.0.1", smtp_port=box.port, smtp_starttls=False), a_mail())
    box.close()
    with pytest.raises(OSError):  # noqa: PT011 - nobody listens any more
        mail.send(settings_for(tmp_path, smtp_host="127.0.0.1", smtp_port=box.port, smtp_starttls=False), a_mail())


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("template", TEMPLATE_NAMES)
def test_every_mail_says_the_same_in_text_and_html(tmp_path: Path, template: str, language: str) -> None:
    message = mail.write(settings_for(tmp_path), "ana@example.org", template, language, key="job-1", path="/confirm/abc", **FACTS)

    assert message.subject
    assert "\n" not in message.subject
    assert "https://cursos.example.org/confirm/abc" in message.text
    assert "https://cursos.example.org/confirm/abc" in message.html
    assert FACTS["name"] in message.text
    assert "<b>" not in message.html
    assert "&lt;b&gt;" in message.html
    assert f'lang="{language}"' in message.html
    assert "<script" not in message.html
    assert mail.write(settings_for(tmp_path), "a@b.ec", template, "es", key="k", path="/", **FACTS).text != (
        mail.write(settings_for(tmp_path), "a@b.ec", template, "en", key="k", path="/", **FACTS).text
    )


def test_the_mails_of_accounts_are_among_them() -> None:
    assert {"confirm", "known_address", "password_changed", "reset"} <= set(TEMPLATE_NAMES)
