"""Mail: composed and sent by jobs only. Without a mail server each message is written to the data folder's `mail/`."""

import base64
import re
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.header import Header
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import Policy, default
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

import idna

from kernel import clock
from kernel.documents import document_template
from kernel.errors import N_
from kernel.i18n import _, choose, reading
from kernel.outbox import Away, Delivery
from kernel.settings import Settings, private_file
from kernel.site_profile import PresentSettings

Refused = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, ValueError)
"""What `dispatch` raises where one message is refused for good, by the mail server or already when it is composed: others go out."""
CLOSES = 421
"""The mail server ends the conversation, whatever was just said."""
PATIENCE = 20.0
"""Seconds that a mail server may take for each of its answers."""
SMTPS = 465
"""The port on which a mail server speaks TLS from the first byte."""
NOBODYS = (b"5.1.1 ", b"5.1.2 ", b"5.1.3 ", b"5.1.6 ", b"5.1.10 ", b"5.2.1 ")
"""No such mailbox, no such domain, an address that is none, a mailbox that moved, a domain without mail, a mailbox that was closed."""


class _Addresses(UnstructuredHeader, BaseHeader):
    """A header of addresses in pointed brackets (RFC 2369), which stands on one line: folded, a mail program finds none in it."""

    def fold(self, *, policy: Policy) -> str:
        """Return the header as it goes out."""
        return f"{self.name}: {self}{policy.linesep}"


class _Subject(UnstructuredHeader, BaseHeader):
    """A subject that is read as it was written: folded by the policy of Python 3.11, some lose a space or a letter at the end of a line."""

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Take a text as it is, also one that looks encoded."""
        super().parse(value, kwds)
        kwds["decoded"] = value

    def fold(self, *, policy: Policy) -> str:
        """Return the header as it goes out: as it is where that is plain and short, else encoded as a whole."""
        text = str(self)
        if not (text.isascii() and text.isprintable() and "=?" not in text and len(f"{self.name}: {text}") < LONGEST_LINE):
            text = Header(text, "utf-8", maxlinelen=LONGEST_LINE, header_name=self.name).encode(linesep=policy.linesep)
        return f"{self.name}: {text}{policy.linesep}"


LONGEST_LINE = 76
"""Characters of a line with an encoded word (RFC 2047, section 2)."""


class _HeaderClasses(HeaderRegistry):
    """The classes of headers, each made once: the library makes one for each header of each message, a fifth of what a mail takes."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        """Return the class of a header."""
        if name not in self._made:
            self._made[name] = super().__getitem__(name)
        return self._made[name]


_HEADERS = _HeaderClasses()
for _name in ("List-Unsubscribe", "List-Id", "References", "In-Reply-To"):
    _HEADERS.map_to_type(_name, _Addresses)
_HEADERS.map_to_type("Subject", _Subject)
_POLICY = default.clone(header_factory=_HEADERS)


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one person; `key` is the same for every try, so that a doubled one can be recognised."""

    to: str
    subject: str
    text: str
    html: str
    language: str
    key: str
    stop_url: str = ""
    """Whole address where a POST stops such mails (RFC 8058); none for what has to arrive."""
    reply_to: str = ""
    """Address of a person to whom an answer goes, instead of to nobody."""
    thread_key: str = ""
    """The same for all mails of a conversation, which mail programs then show together: letters, digits, `.`, `_`, `-`."""
    list_id: str = ""
    """The same for all mails of one place of the site (RFC 2919), of the same signs; the host stands behind it."""


def compose(settings: Settings, mail: Mail) -> EmailMessage:
    """Return the message with a text and an HTML part; line ends in headers are refused by the library (ValueError)."""
    message = EmailMessage(_POLICY)
    message["From"] = settings.mail_from
    message["To"] = _ascii_domain(mail.to)
    message["Subject"] = " ".join(mail.subject.split())
    if mail.reply_to:
        message["Reply-To"] = _ascii_domain(mail.reply_to)
    message["Date"] = clock.now()
    host = urlsplit(settings.public_url).hostname or "localhost"
    message["Message-ID"] = f"<{mail.key}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if mail.thread_key:
        message["References"] = message["In-Reply-To"] = f"<thread-{_token(mail.thread_key)}@{host}>"
    if mail.list_id:
        message["List-Id"] = f"<{_token(mail.list_id)}.{host}>"
    if mail.stop_url:
        message["List-Unsubscribe"] = f"<{mail.stop_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    message["Content-Language"] = mail.language  # last: headers of the content go to its parts
    return message


def _token(text: str) -> str:
    """Return a text that can stand in a header as it is; raise ValueError where it has other signs."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", text):
        raise ValueError(text)
    return text


def _ascii_domain(address: str) -> str:
    """Return an address with its domain as mail servers know it: ana@ñandú.ec is ana@xn--and-6ma2c.ec."""
    name, _at, domain = address.rpartition("@")
    return f"{name}@{idna.encode(domain, uts46=True).decode()}"


def _connect(settings: Settings, patience: float) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if settings.smtp_port == SMTPS:
        return smtplib.SMTP_SSL(settings.smtp_host, settings.smtp_port, timeout=patience, context=context)
    server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=patience)
    if settings.smtp_starttls:
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server


def send(settings: Settings, mail: Mail, *, patience: float = PATIENCE) -> Path | None:
    """Send the message, or write it to a file and return its path; raise OSError or smtplib.SMTPException where that fails."""
    message = compose(settings, mail)
    if not settings.sends_mail:
        folder = settings.data_dir / "mail"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{mail.key}.eml"
        path.unlink(missing_ok=True)
        private_file(path, bytes(message))
        return path
    server = _connect(settings, patience)
    try:
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        server.send_message(message)
        with suppress(smtplib.SMTPException, OSError):  # what was taken is sent, however the server says goodbye
            server.quit()
    finally:
        server.close()
    return None


_turn = Lock()
_next_turn = [0.0]
"""When the next of many mails may go out, by the clock that only goes forward."""


def await_turn(settings: Settings) -> None:
    """Wait until another of many mails may go out of this process (`LMS_MAILS_PER_SECOND`); mail to one person alone does not ask."""
    if not settings.sends_mail or not settings.mails_per_second:
        return
    with _turn:
        begins = max(monotonic(), _next_turn[0])
        _next_turn[0] = begins + 1 / settings.mails_per_second
    sleep(max(0.0, begins - monotonic()))


def dispatch(delivery: Delivery, mail: Mail) -> None:
    """Send a message from a job; raise one of `Refused` where it is refused for good.

    Raise `outbox.Away` where it may go out later: the server does not answer, lets nobody in or takes nothing (its name stands in the
    error), or it puts off this message alone (a code of 4xx, RFC 5321).
    """
    settings, service = delivery.settings, delivery.settings.mail_server
    try:
        if send(settings, mail) is None:
            delivery.reached.add(service)
    except OSError as error:  # among them all of smtplib
        codes = _codes_of_this_one(error)
        if codes and min(codes) >= 500:
            raise
        raise Away(_reason(error, codes), "" if codes or not settings.sends_mail else service) from error


def _codes_of_this_one(error: OSError) -> list[int]:
    """Return the answers of a mail server to one message or its receivers; none where the trouble is everybody's."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _said in error.recipients.values()]
    else:
        codes = [error.smtp_code] if isinstance(error, smtplib.SMTPDataError) else []
    return [] if CLOSES in codes else codes


def _reason(error: OSError, codes: list[int]) -> str:
    """Name an error without the server's words, which repeat addresses."""
    if isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(error.__context__, OSError):
        error = error.__context__
    code = codes[0] if codes else getattr(error, "smtp_code", error.errno)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def knows_nobody(error: Exception) -> bool:
    """Return whether the mail server refused every address for good because it does not exist (RFC 3463).

    Without such a code the refusal may concern the sender, or the program: then the addressee still waits for the mail.
    """
    return isinstance(error, smtplib.SMTPRecipientsRefused) and all(
        code >= 500 and reply.startswith(NOBODYS) for code, reply in error.recipients.values()
    )


def _logo_url(settings: Settings) -> str:
    """Return the address of the logo where mail programs show it, else nothing."""
    logo = settings.profile.logo if isinstance(settings, PresentSettings) else None
    return f"{settings.public_url}/site/logo/{logo.digest}" if logo and logo.is_safe_in_mail and settings.is_reachable else ""


def write(
    settings: Settings,
    to: str,
    template: str,
    language: str,
    *,
    key: str,
    path: str,
    stop_path: str = "",
    thread_key: str = "",
    list_id: str = "",
    reply_to: str = "",
    **facts: object,
) -> Mail:
    """Write a message from `mail/<template>.txt` and `.html`; the text's first line is the subject, `url` the full address of `path`.

    `stop_path` is where such mails are stopped without signing in; `stop_url` its full address, or nothing.
    """
    stop_url = settings.public_url + stop_path if stop_path else ""
    with reading(language):
        known = {
            "url": settings.public_url + path,
            "site_url": settings.public_url,
            "institution": choose(settings.short_names),
            "contact_email": settings.contact_email,
            "logo_url": _logo_url(settings),
            "locale": language,
            "stop_url": stop_url,
            "thread_key": thread_key,
            **facts,
        }
        text = document_template(f"mail/{template}.txt").render(known)
        subject, _rest, body = text.partition("\n")
        html = document_template(f"mail/{template}.html").render(subject=subject.strip(), **known)
    return Mail(
        to=to,
        subject=subject.strip(),
        text=body.lstrip("\n"),
        html=html,
        language=language,
        key=key,
        stop_url=stop_url,
        reply_to=reply_to,
        thread_key=thread_key,
        list_id=list_id,
    )


LONGEST_ANSWER = 160
"""Signs of a server's answer that are shown."""

_CAUSES: tuple[tuple[type[Exception], str], ...] = (
    (smtplib.SMTPAuthenticationError, N_("%(server)s does not accept the user or the password.")),
    (smtplib.SMTPSenderRefused, N_("%(server)s does not accept the sender's address %(sender)s.")),
    (smtplib.SMTPRecipientsRefused, N_("%(server)s does not accept your address %(address)s.")),
    (smtplib.SMTPDataError, N_("%(server)s does not accept the message.")),
    (
        smtplib.SMTPNotSupportedError,
        N_("%(server)s does not offer what is set here: encryption (STARTTLS), or signing in with a user and a password."),
    ),
    (smtplib.SMTPServerDisconnected, N_("%(server)s closed the connection. Check the port: 587 with STARTTLS, 465 without.")),
    (smtplib.SMTPException, N_("%(server)s answered with an error.")),
    (ssl.SSLError, N_("The connection to %(server)s could not be encrypted. Check the port and the server's certificate.")),
    (socket.gaierror, N_("There is no server called %(server)s. Check its name.")),
    (ConnectionRefusedError, N_("%(server)s refuses the connection. Check the port and the firewall.")),
    (TimeoutError, N_("%(server)s does not answer. Check the port and the firewall.")),
    (OSError, N_("%(server)s cannot be reached from this machine.")),
    (ValueError, N_("The sender's address %(sender)s or yours cannot be used in a message.")),
)


def try_server(settings: Settings, mail: Mail, *, patience: float) -> str:
    """Send a message and return nothing, or what went wrong in the reader's words; never the password."""
    try:
        send(settings, mail, patience=patience)
    except (OSError, ValueError) as error:  # among them all of smtplib
        cause = next(cause for kind, cause in _CAUSES if isinstance(_cause_of(error), kind))
        facts = {"server": settings.mail_server, "sender": settings.mail_from, "address": mail.to}
        reply = _answer_of(error, settings)
        return " ".join(part for part in (_(cause, **facts), _("It answered: %(words)s", words=reply) if reply else "") if part)
    return ""


def _printable(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _cause_of(error: Exception) -> Exception:
    """Return the cause behind a connection that the library found closed."""
    behind = error.__context__
    is_closed = isinstance(error, smtplib.SMTPServerDisconnected)
    return behind if is_closed and isinstance(behind, OSError) and not isinstance(behind, smtplib.SMTPException) else error


def _answer_of(error: Exception, settings: Settings) -> str:
    """Return the server's answer, cleaned and cut, nothing where it repeats the password."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, reply = next(iter(error.recipients.values()))
    else:
        code, reply = getattr(error, "smtp_code", 0), getattr(error, "smtp_error", b"")
    answer = reply.decode(errors="replace") if isinstance(reply, bytes) else str(reply)
    password = settings.smtp_password.get_secret_value()
    login = f"\0{settings.smtp_user}\0{password}"
    secret = (password, *(base64.b64encode(text.encode()).decode() for text in (password, login)))
    if password and any(text in answer for text in secret):
        answer = ""
    return f"{code} {_printable(answer)[:LONGEST_ANSWER]}".strip() if code else ""
