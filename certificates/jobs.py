"""Background work of credentials: issue after a completion, then tell the holder."""

from fractions import Fraction
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Person
from accounts.notices import Message
from accounts.rules import NoticeKind
from certificates import queries, services
from certificates.models import Credential
from certificates.rules import AwardPolicy, deserves
from certificates.sheets import verify_url
from courses.queries.outlines import get_outline
from enrolments.models import Completion, Enrolment
from enrolments.queries.learning import find_completion
from enrolments.rules import Progress
from kernel.codes import printed_code
from kernel.crypto import signing_keys
from kernel.i18n import _, choose, in_every_language
from kernel.outbox import Delivery, Effect
from kernel.permissions import Actor, Via


def issue(delivery: Delivery) -> Effect | None:
    """Issue the credential that a completion deserves; done twice it issues one."""
    enrolment_id = cast("int", delivery.arguments["subject"])
    keys = signing_keys(delivery.settings.data_dir)

    def write(session: Session) -> None:
        enrolment = session.execute(select(Enrolment).where(Enrolment.id == enrolment_id).with_for_update()).scalar_one()
        completion = find_completion(session, enrolment_id)
        if completion is None:
            return
        outline = get_outline(session, completion.course_version_id)
        newest = queries.find_newest(session, enrolment_id)
        policy = AwardPolicy(None if outline.certificate == "none" else outline.certificate, outline.completion_grade)
        if deserves(policy, _progress(enrolment, completion), held=queries.state(newest) if newest else None) is not None:
            return
        award = services.Award(session.get_one(Person, enrolment.person_id), enrolment, completion, outline)
        services.issue_credential(session, Actor(via=Via.JOB), award, delivery.settings, keys, now=delivery.now)

    return write


def _progress(enrolment: Enrolment, completion: Completion) -> Progress:
    """Return how far the learner was when the course was completed: that is a fact, whatever has changed since."""
    grade = None if completion.grade is None else Fraction(completion.grade)
    return Progress(enrolment.done, enrolment.total, modules=(), grade=grade, completed=True, next_activity=None)


def tell_issued(delivery: Delivery) -> Effect:
    """Tell the holder where the certificate is."""
    with delivery.database.unit_of_work(write=False) as session:
        row = session.get_one(Credential, cast("int", delivery.arguments["credential"]))
    code, address = printed_code(row.code), verify_url(delivery.settings.public_url, row.code)
    message = Message(
        NoticeKind.CERTIFICATE,
        key=f"certificate:{row.uuid}",
        subject=in_every_language(lambda: _("Your certificate of “%(title)s” is ready", title=choose(row.course_titles))),
        words=in_every_language(lambda: _("Anybody can verify it with the code %(code)s at %(address)s", code=code, address=address)),
        path=f"/certificates/{row.uuid}",
    )
    return lambda session: notices.give(session, message, [row.person_id], now=delivery.now)
