"""The register of certificates: the page of a course and that of the whole site, and its tables."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, BinaryIO
from uuid import uuid4

from flask import Blueprint, render_template, request

from accounts import access_log
from accounts.models import Person
from accounts.privacy import PeopleListKind
from certificates.forms.register import DAY_FIELDS, RegisterIdentityForm, RegisterRequest, read_register_request
from certificates.models import BulkDownload
from certificates.pages import register as pages
from certificates.permissions import BulkContext, CertificateAction, RegisterContext
from certificates.queries import register as queries
from certificates.queries.bulk import list_downloads
from certificates.queries.credentials import today
from certificates.queries.register import RegisterOrder, get_register
from certificates.queries.validity_changes import get_validity, list_unfounded_courses
from certificates.services import register as services
from courses.editor import course_header
from courses.models import Course
from kernel import clock
from kernel.codes import printed_code
from kernel.i18n import _, choose
from kernel.tables import on_disk, type_of, write_csv, write_xlsx
from kernel.web import after_response
from kernel.web.file_responses import send_generated
from kernel.web.request import Answer, allows, begin_writing, current_actor, current_session, requires

bp = Blueprint("certificates_register", __name__)

ROWS = 50
FOLDED = ("edition", "unit", "template", "take", *DAY_FIELDS)
"""The filters that the page shows when they are asked for."""


@bp.get("/administration/certificates")
@requires(CertificateAction.LIST, get_register)
def register(context: RegisterContext) -> Answer:
    """List the certificates of the institutions that the reader administers."""
    return _page(context, "certificates/register.html", "certificates_register.register", {})


@bp.get("/teaching/<slug>/certificates")
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


def _list_unfounded(context: RegisterContext, choices: queries.RegisterChoices) -> list[queries.RegisterCourse]:
    """List the courses whose certificates the reader may correct, and which say that more was passed than was asked."""
    courses = choices.courses if context.course is None else ()
    course_ids = list_unfounded_courses(current_session(), [number for number, _slug, _title in courses])
    return [course for course in courses if course[0] in course_ids and _may_set_validity(course[1])]


def _slug_with_validity(context: RegisterContext, requested: RegisterRequest) -> str:
    """Return the only course that the register of institutions shows, where the reader may set its validity."""
    slug = str(requested.fields.get("course", "")) if context.course is None and requested.wanted.course_id else ""
    return slug if slug and _may_set_validity(slug) else ""


def _page(context: RegisterContext, template: str, endpoint: str, here: Mapping[str, str], **more: object) -> Answer:
    session, day = current_session(), today()
    requested, choices = read_request(context)
    if context.course is None:
        access_log.record_list_access(PeopleListKind.CERTIFICATES, Person)
    else:
        access_log.record_list_access(PeopleListKind.CERTIFICATES, Course, context.course.id)
    listed = (
        None
        if requested.faults
        else queries.list_register(session, requested.wanted, requested.sort, requested.page, today=day, limit=ROWS)
    )
    page = render_template(
        template,
        asked=requested,
        choices=choices,
        found=listed,
        count=queries.count_register(session, requested.wanted, today=day) if listed else 0,
        rows=[_line(row) for row in listed.rows] if listed else [],
        headings=_headings(requested),
        options=_options(choices),
        has_more_filters=any(requested.typed[name] for name in FOLDED),
        endpoint=endpoint,
        here=here,
        fields=requested.fields,
        one_course=context.course is not None,
        validity_of=_slug_with_validity(context, requested),
        unfounded=_list_unfounded(context, choices),
        identity_fields=requested.fields | ({"course": context.course.slug} if context.course else {}),
        number=uuid4(),
        downloads=_downloads(context),
        may_take_identities=allows(CertificateAction.EXPORT_IDENTITY, context),
        **more,
    )
    return (page, 422) if requested.faults else page


def _downloads(context: RegisterContext) -> list[BulkDownload]:
    """List the bulk downloads of this register that the reader may open."""
    course, scope = context.course, context.scope
    rows = list_downloads(current_session(), course.id if course else None, scope.own if course is None and not scope.everywhere else None)
    contexts = [BulkContext(row, course.staff_role if course else None, scope.covers(row.institution_id)) for row in rows]
    return [download.row for download in contexts if allows(CertificateAction.OPEN_BULK_ZIP, download)]


def _options(choices: queries.RegisterChoices) -> dict[str, list[tuple[object, str]]]:
    return {
        "state": [(state.value, _(label)) for state, label in pages.STATES.items()],
        "course": [(slug, choose(dict(title))) for _number, slug, title in choices.courses],
        "edition": list(choices.editions),
        "unit": list(choices.units),
        "template": [(template, template) for template in choices.templates] if len(choices.templates) > 1 else [],
    }


def _line(row: queries.RegisterRow) -> dict[str, Any]:
    return {
        "uuid": row.uuid,
        "code": printed_code(row.code),
        "person": pages.person_words(row),
        "email": row.email,
        "title": choose(dict(row.titles)),
        "edition": row.edition,
        "unit": row.unit,
        "issued_on": row.issued_on,
        "expires_on": row.expires_on,
        "state": row.state.value,
        "take": row.take,
    }


def _headings(requested: RegisterRequest) -> dict[str, dict[str, str]]:
    """Return for each column by which the register is sorted its words, how it is sorted now, and what the address then holds."""
    shown = {}
    for order, label in pages.ORDERS.items():
        is_present = requested.sort.order is order
        descends = not requested.sort.descends if is_present else order is RegisterOrder.ISSUED
        direction = ("descending" if requested.sort.descends else "ascending") if is_present else ""
        shown[order.value] = {"words": _(label), "direction": direction, "sort": f"{'-' if descends else ''}{order.value}"}
    return shown


def read_request(context: RegisterContext) -> tuple[RegisterRequest, queries.RegisterChoices]:
    """Read what the address asks for, and list what its filters let choose."""
    session, course_id = current_session(), context.course.id if context.course else None
    keys = context.institution_keys
    courses = queries.list_courses(session, keys) if course_id is None else ()
    requested = read_register_request(request.args, course_id, {slug: number for number, slug, _title in courses})
    requested = replace(requested, wanted=replace(requested.wanted, institution_keys=keys))
    return requested, queries.list_choices(session, requested.wanted, courses, context.scope)


@bp.get("/administration/certificates/exports/<any(csv,xlsx):kind>")
@bp.get("/teaching/<slug>/certificates/exports/<any(csv,xlsx):kind>")
@requires(CertificateAction.EXPORT, get_register)
def export(context: RegisterContext) -> Answer:
    """Send the certificates that are asked for as a table, identity numbers masked."""
    name, file = _table(context, str((request.view_args or {})["kind"]))
    actor, now, course_id = current_actor(), clock.now(), context.course.id if context.course else None
    after_response.leave_record(lambda session: services.record_register_export(session, actor, course_id, name, now=now))
    return send_generated(file, type_of(name), name)


def _table(context: RegisterContext, kind: str, *, identities: bool = False) -> tuple[str, BinaryIO]:
    requested, _choices = read_request(context)
    day = today()
    rows = queries.stream_register(current_session(), requested.wanted, requested.sort, today=day)
    lines, headings = pages.register_rows(rows, identities=identities), pages.register_headings()
    writers: Mapping[str, Callable[[BinaryIO], None]] = {
        "csv": lambda target: write_csv(target, headings, lines),
        "xlsx": lambda target: write_xlsx(target, [(_("Certificates"), headings, lines)]),
    }
    return _name(context, day, kind), on_disk(writers[kind])


def _name(context: RegisterContext, day: date, kind: str) -> str:
    parts = (_("certificates"), context.course.slug if context.course else "", day.isoformat())
    return f"{'-'.join(part for part in parts if part)}.{kind}"


@bp.get("/administration/certificates/identity-numbers")
@requires(CertificateAction.EXPORT_IDENTITY, get_register)
def identities(context: RegisterContext) -> Answer:
    """Ask for the reason for which the register is taken out with identity numbers."""
    return _identity_page(context, RegisterIdentityForm(formdata=None))


@bp.post("/administration/certificates/identity-numbers")
@requires(CertificateAction.EXPORT_IDENTITY, get_register, reads_first=True)
def take_identities(context: RegisterContext) -> Answer:
    """Send the certificates that are asked for with identity numbers, and keep the reason."""
    form, (requested, _choices) = RegisterIdentityForm(), read_request(context)
    if not form.validate_on_post() or requested.faults:
        return _identity_page(context, form), 422
    name, file = _table(context, form.kind.data, identities=True)
    services.record_register_export(begin_writing(), current_actor(), None, name, reason=form.reason.data or "", now=clock.now())
    return send_generated(file, type_of(name), name)


def _identity_page(context: RegisterContext, form: RegisterIdentityForm) -> str:
    requested, _choices = read_request(context)
    count = queries.count_register(current_session(), requested.wanted, today=today())
    return render_template("certificates/register_identities.html", form=form, fields=requested.fields, count=count)
