"""Pages of the register: which certificates there are, in which order, exports of it, and many certificates as files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

from flask import Blueprint, Response, flash, request
from sqlalchemy import Row
from wtforms import SelectField

from accounts import access_log
from accounts.models import Person
from accounts.privacy import PeopleListKind
from accounts.rules import masked
from certificates import bulk
from certificates import register as certificates_register
from certificates.access import BulkContext, CertificateAction, RegisterContext
from certificates.bulk import list_downloads
from certificates.credentials import today
from certificates.models import BulkDownload
from certificates.register import RegisterCourse, RegisterFilter, RegisterOrder, RegisterSort, get_register
from certificates.rules.credentials import CODE_LENGTH, CredentialState
from certificates.templates import list_titles
from certificates.validity_changes import get_validity, list_unfounded_courses
from courses.editor import course_header
from courses.models import Course
from kernel import clock
from kernel.codes import printed_code, read_signs
from kernel.db import KeysetPage
from kernel.errors import N_, NotFound
from kernel.i18n import _, choose, lazy_, trimmed
from kernel.web import after_response
from kernel.web.file_responses import send_content
from kernel.web.forms import Form, as_day, as_uuid, line, whole_number
from kernel.web.limits import limit, limiter
from kernel.web.request import Answer, allows, begin_writing, current_actor, current_session, file_store, page, requires, see_page
from kernel.web.table import Column, Table, member_of, requested_stretch, send_sheets
from organisations.access import InstitutionScope
from organisations.institutions import INSTITUTION_ROLE
from organisations.models import Organisation
from organisations.training_scope import list_audited_roots

LONGEST = 100
DAY_FIELDS = ("issued_from", "issued_until", "expires_from", "expires_until")


@dataclass(frozen=True, slots=True)
class RegisterRequest:
    """The register that an address asks for: as it was typed, what it means, and what is wrong with its days."""

    typed: Mapping[str, str]
    wanted: RegisterFilter
    sort: RegisterSort
    page: KeysetPage
    faults: Mapping[str, str]

    def fields(self, **changes: str) -> dict[str, Any]:
        """Return the fields in the address of the same list, without the place in it, with some of it changed."""
        return {name: value for name, value in {**self.typed, **changes}.items() if value}

    def sorted_by(self, name: str) -> dict[str, Any]:
        """Return the fields that sort by a column, or turn its direction round."""
        descends = not self.sort.descends if self.sort.order == name else name == RegisterOrder.ISSUED
        return self.fields(sort=f"{'-' if descends else ''}{name}")

    def direction(self, name: str) -> str:
        """Return the sort direction of a column's heading: `ascending`, `descending`, or nothing."""
        return "" if self.sort.order != name else "descending" if self.sort.descends else "ascending"


def read_register_request(args: Mapping[str, str], course_id: int | None, courses: Mapping[str, int]) -> RegisterRequest:
    """Read an address; what names nothing is as if it were not there. `courses` are those that may be asked for, by their address."""
    typed = {name: " ".join(args.get(name, "").split())[:LONGEST] for name in ("course", "edition", "unit", "q", "code", *DAY_FIELDS)}
    typed |= {name: args.get(name, "").strip()[:LONGEST] for name in ("state", "template", "take", "sort")}
    days: dict[str, Any] = {name: as_day(typed[name]) for name in DAY_FIELDS}
    code = read_signs(typed["code"])
    filters = RegisterFilter(
        course_id=course_id or courses.get(typed["course"]),
        edition=as_uuid(typed["edition"]),
        unit=as_uuid(typed["unit"]),
        words=typed["q"],
        code=(code or "")[:CODE_LENGTH],
        state=member_of(CredentialState, typed["state"]),
        template=typed["template"],
        take=max(whole_number(typed["take"]), 0) or None,
        institution_keys=None,
        **days,
    )
    faults = {name: _("Enter a date, for example 2026-11-30.") for name in DAY_FIELDS if typed[name] and days[name] is None}
    if typed["take"] and filters.take is None:
        faults["take"] = _("Enter a whole number from 1 on.")
    if code is None:
        faults["code"] = _("This is not a valid certificate code.")
    return RegisterRequest(typed, filters, _sort(typed["sort"]), requested_stretch(), faults)


def _sort(text: str) -> RegisterSort:
    """Read the column, with a hyphen before it where what is greatest comes first; none: the newest first."""
    order = member_of(RegisterOrder, text.removeprefix("-"))
    return RegisterSort() if order is None else RegisterSort(order, text.startswith("-"))


class RegisterIdentityForm(Form):
    """The reason for which the register is taken out with identity numbers."""

    reason = line(lazy_("Reason"), most=300, required=lazy_("Enter the reason: it is kept in the audit log."))
    kind = SelectField(lazy_("Format"), choices={"csv": "CSV", "xlsx": "Excel (XLSX)"}, default="csv")


def person_words(row: Row[*tuple[Any, ...]]) -> str:
    """Return the name that a certificate prints, or that its person's data were deleted."""
    return _(bulk.DELETED) if row.is_deleted else row.person_name


def register_table(titles: Mapping[str, Mapping[str, str]], *, identities: bool = False) -> Table[Row[*tuple[Any, ...]]]:
    """Return the table of the register with the titles of templates; identity numbers are masked where they were not asked for."""
    columns: tuple[Column[Row[*tuple[Any, ...]]], ...] = (
        Column(N_("Code"), lambda row: printed_code(row.code)),
        Column(N_("Name"), person_words, name=RegisterOrder.NAME, sorts=True),
        Column(N_("Email"), lambda row: "" if row.is_deleted else row.email),
        Column(N_("Identity number"), lambda row: row.identity or "" if identities else masked(row.identity or "")),
        Column(N_("Unit"), lambda row: row.unit or "", name="unit"),
        Column(N_("Course"), lambda row: choose(row.course_titles), name=RegisterOrder.COURSE, sorts=True),
        Column(N_("Version"), lambda row: row.course_version),
        Column(N_("Edition"), lambda row: row.edition or ""),
        Column(N_("Hours"), lambda row: trimmed(Decimal(row.hours))),
        Column(N_("Issued on"), lambda row: row.issued_on, kind="day", name=RegisterOrder.ISSUED, sorts=True),
        Column(N_("Valid until"), lambda row: row.expires_on, kind="day", name=RegisterOrder.EXPIRES, sorts=True),
        Column(N_("State"), lambda row: _(bulk.STATES[row.state]), name="state"),
        Column(N_("Template"), lambda row: choose(titles.get(row.template)) or row.template),
        Column(N_("Take"), lambda row: row.take),
    )
    return Table(N_("Certificates"), columns)


register_bp = Blueprint("certificates_register", __name__)

ROWS = 50
FOLDED = ("edition", "unit", "template", "take", *DAY_FIELDS)
"""The filters that the page shows when they are asked for."""


@register_bp.get("/administration/certificates")
@requires(CertificateAction.LIST, get_register)
def register(context: RegisterContext) -> Answer:
    """List the certificates of the institutions that the reader administers, or of the places that they audit."""
    return _page(context, "certificates/register.html", "certificates_register.register", {}, is_audited=bool(context.audited))


@register_bp.get("/teaching/<slug>/certificates")
@requires(CertificateAction.LIST, get_register)
def course_register(context: RegisterContext) -> Answer:
    """List the certificates of a course."""
    assert context.course is not None
    course = current_session().get_one(Course, context.course.id)
    here = {"slug": context.course.slug}
    more = {"course": course_header(course), "may_set_validity": _may_set_validity(course.slug)}
    return _page(context, "certificates/course_register.html", "certificates_register.course_register", here, **more)


def _may_set_validity(slug: str) -> bool:
    return allows(CertificateAction.SET_VALIDITY, get_validity(current_session(), current_actor(), slug))


def _list_unfounded(courses: Sequence[RegisterCourse]) -> list[RegisterCourse]:
    """List the courses whose certificates the reader may correct, and which say that more was passed than was asked."""
    course_ids = list_unfounded_courses(current_session(), [number for number, _slug, _title in courses])
    return [course for course in courses if course[0] in course_ids and _may_set_validity(course[1])]


def _slug_with_validity(context: RegisterContext, requested: RegisterRequest) -> str:
    """Return the only course that the register of institutions shows, where the reader may set its validity."""
    slug = str(requested.fields().get("course", "")) if context.course is None and requested.wanted.course_id else ""
    return slug if slug and _may_set_validity(slug) else ""


def _page(context: RegisterContext, template: str, endpoint: str, here: Mapping[str, str], **more: object) -> Answer:
    session, day = current_session(), today()
    requested, courses = read_request(context)
    _record_access(context)
    listed = (
        None
        if requested.faults
        else certificates_register.list_register(session, requested.wanted, requested.sort, requested.page, today=day, limit=ROWS)
    )
    html = page(
        template,
        asked=requested,
        found=listed,
        count=certificates_register.count_register(session, requested.wanted, today=day) if listed else 0,
        columns=register_table({}).page_columns("name", *([] if context.course else ["course"]), "unit", "issued", "expires", "state"),
        printed_code=printed_code,
        options=_options(requested.wanted, courses, context.scope),
        has_more_filters=any(requested.typed[name] for name in FOLDED),
        endpoint=endpoint,
        here=here,
        fields=requested.fields(),
        one_course=context.course is not None,
        validity_of=_slug_with_validity(context, requested),
        unfounded=_list_unfounded(courses),
        identity_fields=requested.fields() | ({"course": context.course.slug} if context.course else {}),
        number=uuid4(),
        downloads=_downloads(context),
        may_take_identities=allows(CertificateAction.EXPORT_IDENTITY, context),
        may_take_files=allows(CertificateAction.BULK_ZIP, context),
        **more,
    )
    return (html, 422) if requested.faults else html


def _record_access(context: RegisterContext) -> None:
    """Write down that the register was opened: of a course, of the institutions that the reader administers, of audited units, or all."""
    if context.course is not None:
        access_log.record_list_access(PeopleListKind.CERTIFICATES, Course, context.course.id)
    elif context.scope.everywhere:
        access_log.record_list_access(PeopleListKind.CERTIFICATES, Person)
    for institution_id in sorted(context.scope.own) if context.course is None else ():
        access_log.record_list_access(PeopleListKind.CERTIFICATES, Organisation, institution_id, role=INSTITUTION_ROLE)
    for unit_id in list_audited_roots(current_session(), context.audited):
        access_log.record_list_access(PeopleListKind.CERTIFICATES, Organisation, unit_id)


def _downloads(context: RegisterContext) -> list[BulkDownload]:
    """List the bulk downloads of this register that the reader may open."""
    course, scope = context.course, context.scope
    rows = list_downloads(current_session(), course.id if course else None, scope.own if course is None and not scope.everywhere else None)
    contexts = [BulkContext(row, course.staff_role if course else None, scope.covers(row.institution_id)) for row in rows]
    return [download.row for download in contexts if allows(CertificateAction.OPEN_BULK_ZIP, download)]


def _options(
    filters: RegisterFilter, courses: Sequence[RegisterCourse], scope: InstitutionScope
) -> dict[str, Sequence[tuple[object, str]]]:
    editions, units, templates = certificates_register.list_choices(current_session(), filters, scope)
    titles = list_titles(current_session()) if len(templates) > 1 else {}
    return {
        "state": [(state.value, _(label)) for state, label in bulk.STATES.items()],
        "course": [(slug, choose(dict(title))) for _number, slug, title in courses],
        "edition": [(number, name) for number, name in editions],
        "unit": [(number, name) for number, name in units],
        "template": [(key, f"{choose(titles[key])} ({key})" if key in titles else key) for key in templates] if titles else [],
    }


def read_request(context: RegisterContext) -> tuple[RegisterRequest, Sequence[RegisterCourse]]:
    """Read what the address asks for, and list the courses among which it lets choose; none in the register of one course."""
    session, course_id = current_session(), context.course.id if context.course else None
    keys = context.institution_keys
    courses = certificates_register.list_courses(session, keys, context.audited) if course_id is None else ()
    requested = read_register_request(request.args, course_id, {slug: number for number, slug, _title in courses})
    requested = replace(
        requested, wanted=replace(requested.wanted, institution_keys=keys, audited=context.audited, finds_identities=course_id is None)
    )
    return requested, courses


@register_bp.get("/administration/certificates/exports/<any(csv,xlsx):kind>")
@register_bp.get("/teaching/<slug>/certificates/exports/<any(csv,xlsx):kind>")
@requires(CertificateAction.EXPORT, get_register)
def export(context: RegisterContext) -> Answer:
    """Send the certificates that are asked for as a table, identity numbers masked."""
    name, answer = _table(context, str((request.view_args or {})["kind"]))
    actor, now, course_id = current_actor(), clock.now(), context.course.id if context.course else None
    after_response.leave_record(lambda session: certificates_register.record_register_export(session, actor, course_id, name, now=now))
    return answer


def _table(context: RegisterContext, kind: str, *, identities: bool = False) -> tuple[str, Response]:
    """Return the name of a file of what the address asks for, and the answer with it."""
    requested, _courses = read_request(context)
    day = today()
    rows = certificates_register.stream_register(current_session(), requested.wanted, requested.sort, today=day)
    name = _name(context, day, kind)
    return name, send_sheets(name, register_table(list_titles(current_session()), identities=identities).sheets(rows))


def _name(context: RegisterContext, day: date, kind: str) -> str:
    parts = (_("certificates"), context.course.slug if context.course else "", day.isoformat())
    return f"{'-'.join(part for part in parts if part)}.{kind}"


@register_bp.get("/administration/certificates/identity-numbers")
@requires(CertificateAction.EXPORT_IDENTITY, get_register)
def identities(context: RegisterContext) -> Answer:
    """Ask for the reason for which the register is taken out with identity numbers."""
    return _identity_page(context, RegisterIdentityForm(formdata=None))


@register_bp.post("/administration/certificates/identity-numbers")
@requires(CertificateAction.EXPORT_IDENTITY, get_register, reads_first=True)
def take_identities(context: RegisterContext) -> Answer:
    """Send the certificates that are asked for with identity numbers, and keep the reason."""
    form, (requested, _courses) = RegisterIdentityForm(), read_request(context)
    if not form.validate_on_submit() or requested.faults:
        return _identity_page(context, form), 422
    name, answer = _table(context, form.kind.data, identities=True)
    certificates_register.record_register_export(
        begin_writing(), current_actor(), None, name, reason=form.reason.data or "", now=clock.now()
    )
    return answer


def _identity_page(context: RegisterContext, form: RegisterIdentityForm) -> Response:
    requested, _courses = read_request(context)
    count = certificates_register.count_register(current_session(), requested.wanted, today=today())
    return page("certificates/register_identities.html", form=form, fields=requested.fields(), count=count)


bulk_bp = Blueprint("certificates_bulk", __name__)

RATE = limit("bulk-downloads", "20 per hour")


@bulk_bp.post("/administration/certificates/downloads")
@bulk_bp.post("/teaching/<slug>/certificates/downloads")
@requires(CertificateAction.BULK_ZIP, get_register)
def request_download(context: RegisterContext) -> Answer:
    """Let the certificates of a list be drawn as files."""
    session, actor, (listed, _courses) = current_session(), current_actor(), read_request(context)
    ids = [] if listed.faults else bulk.list_ids(session, listed.wanted, listed.sort)
    if not ids:
        flash(_("No certificates match this filter."), "warn")
        slug = {"slug": context.course.slug} if context.course else {}
        return see_page(
            "certificates_register.course_register" if slug else "certificates_register.register", **dict(listed.fields(), **slug)
        )
    limiter().use(RATE, str(actor.person_id))
    number = as_uuid(request.form.get("number", "")) or uuid4()
    course_id = context.course.id if context.course else None
    institutions = bulk.list_institution_ids(session, ids) if context.course or context.institution_keys is not None else []
    if len(institutions) > 1 and context.course is None:
        flash(_("These certificates are of several institutions. Filter them so that all are of one institution."), "warn")
        return see_page("certificates_register.register", **listed.fields())
    institution_id = institutions[0] if len(institutions) == 1 else None  # whose administrators may open it too
    row = bulk.request_download(session, actor, course_id, ids, number, institution_id=institution_id, now=clock.now())
    return see_page("certificates_bulk.download", download=row.uuid)


@bulk_bp.get("/certificate-downloads/<uuid:download>")
@requires(CertificateAction.OPEN_BULK_ZIP, bulk.get_download)
def download(context: BulkContext) -> Response:
    """Show how far a bulk download is, and its files."""
    session, row = current_session(), context.row
    course = session.get(Course, row.course_id) if row.course_id else None
    return page(
        "certificates/bulk_download.html",
        download=row,
        files=bulk.list_files(session, row.id),
        course_slug=course.slug if course else "",
        stage=_stage(context),
    )


def _stage(context: BulkContext) -> str:
    row = context.row
    stages = {"cancelled": row.cancelled_at, "ready": row.ready_at, "paused": row.paused_at, "waiting": row.is_waiting or None}
    return next((stage for stage, since in stages.items() if since is not None), "drawing")


@bulk_bp.post("/certificate-downloads/<uuid:download>/pause")
@requires(CertificateAction.OPEN_BULK_ZIP, bulk.get_download)
def pause(context: BulkContext) -> Answer:
    """Let the work rest."""
    bulk.pause_download(current_session(), current_actor(), context.row, now=clock.now())
    return _back(context)


@bulk_bp.post("/certificate-downloads/<uuid:download>/resumption")
@requires(CertificateAction.OPEN_BULK_ZIP, bulk.get_download)
def resume(context: BulkContext) -> Answer:
    """Let paused work go on."""
    bulk.resume_download(current_session(), current_actor(), context.row, now=clock.now())
    return _back(context)


@bulk_bp.post("/certificate-downloads/<uuid:download>/cancellation")
@requires(CertificateAction.OPEN_BULK_ZIP, bulk.get_download)
def cancel(context: BulkContext) -> Answer:
    """End a download, and delete its files."""
    bulk.cancel_download(current_session(), current_actor(), context.row, now=clock.now())
    return _back(context)


def _back(context: BulkContext) -> Response:
    return see_page("certificates_bulk.download", download=context.row.uuid)


@bulk_bp.get("/certificate-downloads/<uuid:download>/files/<int:number>")
@requires(CertificateAction.OPEN_BULK_ZIP, bulk.get_download)
def file(context: BulkContext) -> Answer:
    """Send a file to be saved, and record who took it."""
    number, actor, now = (request.view_args or {})["number"], current_actor(), clock.now()
    bulk_file = next((candidate for candidate in bulk.list_files(current_session(), context.row.id) if candidate.number == number), None)
    if bulk_file is None or bulk_file.sha256 is None or bulk_file.ended_at is not None or context.row.cancelled_at is not None:
        raise NotFound
    files = file_store()
    sent = send_content(
        files, bulk_file.sha256, bulk.MEDIA_TYPE, bulk.file_name(context.row, bulk_file), inline=False, cache_control="no-store"
    )
    if request.method == "GET":
        after_response.leave_record(lambda session: bulk.record_download(session, actor, bulk_file, now=now))
    return sent
