"""Pure rules of accounts (spec/security 2.1, 3.1, 3.3, 7.1), and the pace of mail to many (spec/compulsory 17, K10)."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import passwords, rules
from accounts.rules import (
    PasswordFault,
    device_label,
    fold,
    is_other_name,
    masked,
    password_fault,
    richer_spelling,
    safe_next,
    session_ended,
    valid_cedula,
)
from compliance.notices import TRAINING_NOTICE
from enrolments.notices import GRADED_NOTICE
from kernel import mail
from kernel.errors import Unavailable
from kernel.i18n import DEFAULT_ZONE
from kernel.settings import Settings
from tests.support.shared import attacks, needs_shared

COMMON = frozenset({"password", "12345678", "contraseña1"})
ANA = ("Ana María", "Quinde", "", "ana.quinde@iess.gob.ec", "1710034065")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "password",
    [
        "cuatro palabras sin relación",
        "ñandúñandú",
        "        ",
        "ÑÑÑÑÑÑÑÑ",
        "🐢🐢🐢🐢🐢🐢🐢🐢",
        "a" * 128,
        "ñ" * 128,
        "'; DROP TABLE person; --",
        "dos  espacios ",
    ],
)
def test_any_sign_may_stand_in_a_password(password: str) -> None:
    """spec/security 2.1: 8 to 128 characters, any, no rule of composition."""
    assert password_fault(password, ANA, COMMON) is None


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("", PasswordFault.SHORT),
        ("siete77", PasswordFault.SHORT),
        ("n\u0303" * 7, PasswordFault.SHORT),
        ("a" * 129, PasswordFault.LONG),
        ("password", PasswordFault.COMMON),
        ("PassWord", PasswordFault.COMMON),
        ("CONTRASEÑA1", PasswordFault.COMMON),
        ("miquinde2026", PasswordFault.PERSONAL),
        ("QUINDE-quinde", PasswordFault.PERSONAL),
        ("soy maria de quito", PasswordFault.PERSONAL),
        ("xx ana.quinde xx", PasswordFault.PERSONAL),
        ("ana.quinde@iess.gob.ec", PasswordFault.PERSONAL),
        ("1710034065", PasswordFault.PERSONAL),
        ("clave-1710034065", PasswordFault.PERSONAL),
    ],
)
def test_short_long_common_and_personal_passwords_are_refused(password: str, fault: PasswordFault) -> None:
    assert password_fault(password, ANA, COMMON) is fault


def test_short_parts_of_a_name_forbid_nothing() -> None:
    """«Ana» or «Li» stand in half of all words."""
    assert password_fault("campana y banana", ("Ana", "Li", "", "a@b.ec"), COMMON) is None


def test_at_least_the_3000_commonest_passwords_are_known() -> None:
    assert len(passwords._commonest()) >= 3000
    for password in ("12345678", "password", "qwertyuiop", "iloveyou"):
        assert passwords.fault_of(password, (), None) is PasswordFault.COMMON


def a_list(path: Path, words: Iterable[str], end: str = "\r\n") -> Path:
    """Write a list of breached passwords as Have I Been Pwned gives it."""
    hashes = sorted(hashlib.sha1(word.encode(), usedforsecurity=False).hexdigest().upper() for word in words)
    path.write_bytes("".join(f"{one}:{number + 1}{end}" for number, one in enumerate(hashes)).encode())
    return path


@pytest.mark.parametrize("size", [1, 2, 3, 100, 1001])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_password_of_a_breached_list_is_found_and_no_other(tmp_path: Path, size: int, end: str) -> None:
    """ASVS V6.2.12: by bisection, first and last line too."""
    words = [f"ñandú {number * 7919}" for number in range(size)]
    path = a_list(tmp_path / "list.txt", words, end)

    assert all(passwords.is_breached(path, word) for word in words)
    assert not any(passwords.is_breached(path, f"otra {number}") for number in range(200))


def test_a_breached_password_is_refused_and_a_list_that_is_away_refuses_none(tmp_path: Path) -> None:
    path = a_list(tmp_path / "list.txt", ["cuatro caballos verdes", "otra"])
    (tmp_path / "empty.txt").touch()
    (tmp_path / "other.txt").write_text("no es una lista\n")

    assert passwords.fault_of("cuatro caballos verdes", (), None) is None
    assert passwords.fault_of("cuatro caballos verdes", (), path) is PasswordFault.COMMON
    assert passwords.fault_of("cuatro caballos azules", (), path) is None
    assert passwords.fault_of("cuatro caballos verdes", (), tmp_path / "away.txt") is None
    names = ("list.txt", "empty.txt", "other.txt", "away.txt")
    assert [passwords.is_list(tmp_path / name) for name in names] == [True, False, False, False]


def test_a_password_is_compared_exactly_but_for_the_way_its_accents_are_typed() -> None:
    stored = passwords.hash_password("contraseña larga")

    assert passwords.verify_password(stored, "contrasen\u0303a larga")
    for other in ("contrasena larga", "Contraseña larga", "contraseña larga ", "contraseña  larga"):
        assert not passwords.verify_password(stored, other)


@pytest.mark.hashes
def test_hashes_are_argon2id_with_the_parameters_of_the_specification() -> None:
    """At least 19 MiB, t = 2, p = 1 (spec/security 2.1), and each with a salt of its own."""
    stored = passwords.hash_password("cuatro palabras")

    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.hash_password("cuatro palabras") != stored
    assert not passwords.outdated(stored)
    assert passwords.outdated("$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHRzb21l$" + "A" * 43)


@pytest.mark.hashes
def test_an_unknown_person_costs_one_hash_with_the_same_parameters() -> None:
    """spec/security 2.2: and it never waits for its own turn, also where one thread may hash at a time."""
    assert not passwords.outdated(passwords.NOBODYS)
    assert not passwords.verify_password(None, "anything")
    assert not passwords.verify_password("", "anything")
    assert not passwords.verify_password("garbage", "anything")


def test_a_crowd_at_the_door_does_not_take_every_thread_of_the_server() -> None:
    """spec/security 2.1: hashing has a bounded pool; who finds it full is asked to come back."""
    assert passwords.PLACES < 128
    taken = 0
    try:
        while passwords._PLACES.acquire(blocking=False):
            taken += 1
        with pytest.raises(Unavailable):
            passwords.verify_password(None, "anything")
    finally:
        for _turn in range(taken):
            passwords._PLACES.release()

    assert taken == passwords.PLACES
    assert not passwords.verify_password(None, "anything")


@pytest.mark.parametrize("number", ["1710034065", "0926687856", "1713175071", "0961234564", "1765432107", "3061234567", "3010034068"])
def test_identity_numbers_that_are_right(number: str) -> None:
    """Also those of foreign residents, with a 6 in the third place, and those given out abroad, which begin with 30."""
    assert valid_cedula(number)


@pytest.mark.parametrize(
    "number",
    [
        "1710034064",
        "0000000000",
        "2510034065",
        "1760034065",
        "1770034062",
        "1780034060",
        "1799999998",
        "171003406",
        "17100340655",
        "171003406a",
        "١٧١٠٠٣٤٠٦٥",
        "",
        "３710034065",
    ],
)
def test_identity_numbers_that_are_wrong(number: str) -> None:
    assert not valid_cedula(number)


@given(st.integers(0, 8), st.integers(1, 9))
def test_a_wrong_digit_is_always_noticed(place: int, step: int) -> None:
    digits = [int(digit) for digit in "1710034065"]
    digits[place] = (digits[place] + step) % 10

    assert not valid_cedula("".join(map(str, digits)))


@pytest.mark.parametrize(("number", "shown"), [("1710034065", "••••••4065"), ("", ""), ("123", "123")])
def test_an_identity_number_is_shown_by_its_end(number: str, shown: str) -> None:
    """spec/security 7.1."""
    assert masked(number) == shown


@pytest.mark.parametrize("target", ["/", "/learning", "/courses/a?page=2&q=ñ", "/a//b", "/cursos/%2F%2Fx"])
def test_a_path_of_this_site_may_be_gone_to(target: str) -> None:
    assert safe_next(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "learning",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        "/a\r\nSet-Cookie: x",
        " /a",
        "/a b",
        "/\u0085/evil",
        "/\u2028/evil",
        "/\u200b/evil",
        "/\x00",
        "/\x7f",
    ],
)
def test_nothing_else_may(target: str | None) -> None:
    """spec/security 3.3."""
    assert safe_next(target) is None


HOME = "https://cursos.example.org/sign-in"


@pytest.mark.shared
@needs_shared
@pytest.mark.parametrize("target", attacks("open-redirect-payloads.txt"))
def test_no_known_attack_leads_off_the_site(target: str) -> None:
    """spec/security 3.3: as it is listed, with a slash before it, and decoded; where it is taken, a browser stays here."""
    for given_ in {target, f"/{target}", unquote(target), f"/{unquote(target)}"}:
        accepted = safe_next(given_)
        if accepted is not None:
            there = urlsplit(urljoin(HOME, accepted.replace("\\", "/")))  # browsers read one for the other
            assert (there.scheme, there.netloc) == ("https", "cursos.example.org")


@pytest.mark.shared
@needs_shared
def test_the_list_of_attacks_is_there() -> None:
    assert len(attacks("open-redirect-payloads.txt")) > 200


@given(st.text(max_size=30))
def test_whatever_is_accepted_begins_with_one_slash_and_holds_no_control_sign(text: str) -> None:
    accepted = safe_next(text)
    if accepted is not None:
        assert accepted == text
        assert accepted[0] == "/"
        assert accepted[1:2] not in ("/", "\\")
        assert accepted.isprintable() or not accepted.isascii()


@pytest.mark.parametrize(
    ("created_ago", "seen_ago", "ended"),
    [(0, 0, False), (60, 60, False), (61, 61, True), (719, 1, False), (720, 1, False), (721, 1, True), (100, 61, True)],
)
def test_a_session_ends_by_disuse_and_by_age(created_ago: int, seen_ago: int, ended: bool) -> None:
    """spec/security 3.1: idle 60 minutes, absolute 12 hours; here in minutes."""
    created, seen = NOW - timedelta(minutes=created_ago), NOW - timedelta(minutes=seen_ago)

    assert session_ended(created, seen, NOW, idle=timedelta(hours=1), absolute=timedelta(hours=12)) is ended


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "Firefox · Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0 Safari/537.36 Edg/120.0", "Edge · Windows"),
        (
            "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 SamsungBrowser/23 Chrome/115 Mobile Safari/537.36",
            "Samsung Internet · Android",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605 Version/17 Mobile Safari/604", "Safari · iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14) AppleWebKit/605 Version/17 Safari/605", "Safari · macOS"),
        ("curl/8", "?"),
        ("<script>alert(1)</script>", "?"),
        ("", "?"),
    ],
)
def test_a_browser_is_named_in_words_of_ours(agent: str, label: str) -> None:
    assert device_label(agent) == label


def test_initials_and_folding() -> None:
    assert rules.initials("ñusta", "Évora") == "ÑÉ"
    assert rules.initials("", "") == ""
    assert fold("Ñandú ÁÉÍ ß") == "nandu aei ss"
    assert fold("D’Ángelo") == fold("DʼÁngelo") == fold("D´Ángelo") == "d'angelo"
    assert fold("Ana\u2011Lucía") == fold("Ana–Lucía") == "ana-lucia"


def turns(settings: Settings, count: int) -> float:
    """Return how many seconds so many turns took, the first of which waits for none."""
    mail.await_turn(settings)
    begun = monotonic()
    for _turn in range(count):
        mail.await_turn(settings)
    return monotonic() - begun


def test_mails_to_many_wait_for_their_turn(settings: Settings) -> None:
    """spec/compulsory 17, K10."""
    sending = settings.model_copy(update={"smtp_host": "127.0.0.1", "mails_per_second": 20})

    assert turns(sending, 8) >= 0.35


def test_nobody_waits_without_a_mail_server_or_without_a_limit(settings: Settings) -> None:
    unlimited = settings.model_copy(update={"smtp_host": "127.0.0.1", "mails_per_second": 0})

    assert turns(settings, 1_000) < 5
    assert turns(unlimited, 1_000) < 5


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-12-04T13:00", None),
        ("2026-12-04T22:59", None),
        ("2026-12-04T23:00", "2026-12-07T13:00"),
        ("2026-12-05T15:00", "2026-12-07T13:00"),
        ("2026-12-07T12:59", "2026-12-07T13:00"),
    ],
)
def test_mail_of_compulsory_training_goes_out_in_office_hours(now: str, until: str | None) -> None:
    """spec/compulsory 10.2: what a mail server did not take in time waits for the next morning."""
    moment, expected = (datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None for text in (now, until))
    assert moment is not None

    assert TRAINING_NOTICE.mail_waits_until(moment, DEFAULT_ZONE) == expected
    assert GRADED_NOTICE.mail_waits_until(moment, DEFAULT_ZONE) is None


@pytest.mark.parametrize(
    ("present", "listed", "kept"),
    [
        ("Ana Lucía", "ANA LUCIA", "Ana Lucía"),
        ("ANA LUCIA", "Ana Lucía", "Ana Lucía"),
        ("Ana Lucia", "ANA LUCÍA", "Ana Lucía"),
        ("Muñoz", "munoz", "Muñoz"),
        ("De la Torre", "DE LA TORRE", "De la Torre"),
        ("De La Torre", "De la Torre", "De la Torre"),
        ("Ana Lucía", "LUCIA ANA MARIA", "Lucía Ana MARIA"),
        ("Ana", "Ána", "Ána"),
        ("ÑAUPARI", "Naupari", "Ñaupari"),
        ("Weiß", "WEISS", "Weiß"),
        ("Peña", "VEGA", "VEGA"),
        ("", "VEGA", "VEGA"),
    ],
)
def test_the_richer_of_two_spellings_is_kept(present: str, listed: str, kept: str) -> None:
    """spec/compulsory 2.5a."""
    assert richer_spelling([present], [listed]) == (kept,)


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_name_is_the_one_of_the_list_whatever_its_spelling(present: str, listed: str) -> None:
    assert fold(richer_spelling([present], [listed])[0]) == fold(" ".join(listed.split()))


GLADYS = ("Gladys Fanny", "Naranjo", "Quinde")


@pytest.mark.parametrize(
    ("listed", "other"),
    [
        (("Nuevo Dos", "Quinde", "Quinde"), True),
        (("Nuevo", "Quinde", ""), True),
        (("Gladys", "Vega", "Paz"), True),
        (("Rosa", "Vega", "Paz"), True),
        (("GLADYS", "NARANJO", ""), False),
        (("Gladis", "Naranjo", "Quinde"), False),
        (("Gladys Fanny", "Vega", "Quinde"), False),
    ],
)
def test_another_surname_with_another_given_name_is_another_person(listed: tuple[str, str, str], other: bool) -> None:
    """spec/compulsory 2.5."""
    assert is_other_name(GLADYS, listed) is other
