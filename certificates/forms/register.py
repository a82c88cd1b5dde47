"""The address of the register: which certificates, in which order, from which of them on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from wtforms import SelectField
from wtforms.validators import DataRequired, Length

from accounts.people import PageDirection
from certificates.queries.register import RegisterFilter, RegisterOrder, RegisterPage, RegisterSort
from certificates.rules.credentials import CODE_LENGTH, CredentialState
from kernel.codes import read_signs
from kernel.i18n import _, lazy_
from kernel.web.forms import DAYS, Form, LineField, as_uuid, whole_number

LONGEST = 100
DAY_FIELDS = ("issued_from", "issued_until", "expires_from", "expires_until")
Member = TypeVar("Member", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class RegisterRequest:
    """The register that an address asks for: as it was typed, what it means, and what is wrong with its days."""

    typed: Mapping[str, str]
    wanted: RegisterFilter
    sort: RegisterSort
    page: RegisterPage
    faults: Mapping[str, str]

    @property
    def fields(self) -> dict[str, Any]:
        """Return what the address of the same list holds, without the place in it."""
        return {name: value for name, value in self.typed.items() if value}


def read_register_request(args: Mapping[str, str], course_id: int | None, courses: Mapping[str, int]) -> RegisterRequest:
    """Read an address; what names nothing is as if it were not there. `courses` are those that may be asked for, by their address."""
    typed = {name: " ".join(args.get(name, "").split())[:LONGEST] for name in ("course", "edition", "unit", "q", "code", *DAY_FIELDS)}
    typed |= {name: args.get(name, "").strip()[:LONGEST] for name in ("state", "template", "take", "sort")}
    days, code = {name: _day(typed[name]) for name in DAY_FIELDS}, read_signs(typed["code"])
    filters = RegisterFilter(
        course_id=course_id or courses.get(typed["course"]),
        edition=as_uuid(typed["edition"]),
        unit=as_uuid(typed["unit"]),
        words=typed["q"],
        code=(code or "")[:CODE_LENGTH],
        state=_member(CredentialState, typed["state"]),
        template=typed["template"],
        take=whole_number(typed["take"]) or None,
        institution_keys=None,
        **days,
    )
    faults = {name: _("Enter a date, for example 2026-11-30.") for name in DAY_FIELDS if typed[name] and days[name] is None}
    if code is None:
        faults["code"] = _("This is not a valid certificate code.")
    return RegisterRequest(typed, filters, _sort(typed["sort"]), _page(args), faults)


def _day(text: str) -> date | None:
    for form in DAYS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day, not a moment
        except ValueError:
            continue
    return None


def _member(members: type[Member], text: str) -> Member | None:
    return next((member for member in members if member.value == text), None)


def _sort(text: str) -> RegisterSort:
    """Read the column, with a hyphen before it where what is greatest comes first; none: the newest first."""
    order = _member(RegisterOrder, text.removeprefix("-"))
    return RegisterSort() if order is None else RegisterSort(order, text.startswith("-"))


def _page(args: Mapping[str, str]) -> RegisterPage:
    if "last" in args:
        return RegisterPage(PageDirection.LAST)
    before = as_uuid(args.get("before", ""))
    return RegisterPage(PageDirection.BEFORE, before) if before else RegisterPage(PageDirection.AFTER, as_uuid(args.get("after", "")))


class RegisterIdentityForm(Form):
    """The reason for which the register is taken out with identity numbers."""

    reason = LineField(
        lazy_("Reason"),
        [
            DataRequired(lazy_("Enter the reason: it is kept in the audit log.")),
            Length(max=300, message=lazy_("Use at most %(max)d characters.")),
        ],
    )
    kind = SelectField(lazy_("Format"), choices={"csv": "CSV", "xlsx": "Excel (XLSX)"}, default="csv")
