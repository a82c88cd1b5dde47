"""Somebody of a course's team who also takes it, what they have to show, and every act of staff on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import select

from accounts import accounts
from accounts.models import Person
from certificates import credentials
from certificates.models import Credential, CredentialReview
from certificates.reviews import open_review
from certificates.rules.credentials import ReviewCause, RevocationReason
from compliance import claims
from compliance.claims import RecognitionValues, WaiverValues, propose_recognition, propose_waiver
from compliance.rules.claims import WaiverKind
from courses import team as courses_team
from courses.models import Course, StaffRole
from enrolments import editions, learner_groups, learners
from enrolments import enrolment as enrolments
from enrolments import results as learner_notes
from enrolments.models import CompletionReview, LearnerGroup, ManualGradeItem
from kernel import clock
from kernel.db import Base
from kernel.permissions import SYSTEM, Actor, SiteRole
from lms.instance import Instance
from quizzes import overrides, teaching
from quizzes.marking import ManualMarkValues
from quizzes.overrides import AccommodationProfile, OverrideTarget, OverrideValues
from tests.support import marking, results
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.learning import actor_of, enrolment_of, mark_done
from tests.support.offices import deliver
from tests.support.situations_of_federation import KEY, a_link

PASSING = frozenset({"audit_entry", "audit_seal", "job", "device", "notice"})
QUIZ = "/courses/prueba/quizzes/cuestionario-1"
TEACHING = "/teaching/prueba"
REASON = {"reason": "Porque sí."}


def writing_actions(app: Flask) -> set[StrEnum]:
    """Return the actions that routes ask for which take what somebody sends."""
    asked = (_asked(app, rule.endpoint) for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ()))
    return {action for action in asked if action}


def writing_endpoints(app: Flask, actions: set[StrEnum]) -> set[str]:
    """Return the endpoints that take what somebody sends for one of these actions."""
    return {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ()) and _asked(app, rule.endpoint) in actions}


def _asked(app: Flask, endpoint: str) -> StrEnum | None:
    action: StrEnum | None = app.view_functions[endpoint].access.action  # type: ignore[attr-defined]  # marks stand on the function
    return action


@dataclass(frozen=True)
class Act:
    """What a member of the team sends."""

    path: str
    fields: Mapping[str, str] = field(default_factory=dict)


class Team:
    """Two who own a course and administer the site; Ada takes it too, with marks, a certificate and all else that a learner can have."""

    def __init__(self, browser: Browser) -> None:
        self.instance: Instance = browser.instance
        self._numbers = 0
        self.course: Course = marking.a_marked_quiz(self.instance)
        self.ada, self.zoe = (self._member(email) for email in ("ada@example.org", "zoe@example.org"))
        self.browsers = {
            self.ada: sign_in(browser.another(), "ada@example.org"),
            self.zoe: sign_in(browser.another(), "zoe@example.org"),
        }
        for one in self.browsers.values():
            one.checks = False
        self.attempt: UUID = self._learn(self.ada)

    def _member(self, email: str) -> Actor:
        person = a_person(self.instance, email)
        with self.instance.database.unit_of_work() as session:
            accounts.grant_role(session, SYSTEM, person, SiteRole.ADMINISTRATOR, now=clock.now())
            courses_team.add_staff(session, SYSTEM, session.get_one(Course, self.course.id), person.id, StaffRole.OWNER, now=clock.now())
        return actor_of(person)

    def _learn(self, learner: Actor) -> UUID:
        with self.instance.database.unit_of_work() as session:
            enrolments.enrol(session, learner, learners.get_learner_context(session, learner, "prueba"), now=clock.now())
        mark_done(self.instance, learner, "prueba", "leccion-1")
        attempt = marking.hand_in(self.instance, learner)
        seen = marking.last_mark(self.instance, self.zoe, attempt).id
        marking.mark(self.instance, self.zoe, attempt, ManualMarkValues(3, seen))  # type: ignore[arg-type]  # whole points
        deliver(self.instance)
        return attempt

    def number(self) -> int:
        """Return a number that was not returned yet."""
        self._numbers += 1
        return self._numbers

    def send(self, actor: Actor, act: Act) -> tuple[int, str]:
        """Send something as a script would; return the status and the code of the refusal."""
        browser = self.browsers[actor]
        browser.get("/help")
        data = {**act.fields, "csrf_token": dict(browser.page.form("/language").fields)["csrf_token"]}
        response = browser._request("POST", act.path, data=data, headers={"Accept": "application/json"})
        return response.status_code, (response.get_json(silent=True) or {}).get("code", "")

    def everything(self) -> dict[str, list[tuple[object, ...]]]:
        """Return every row but those of the log, of the work to do and of who came when."""
        with self.instance.database.unit_of_work(write=False) as session:
            return {
                name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
                for name, table in Base.metadata.tables.items()
                if name not in PASSING
            }

    def certificate(self) -> UUID:
        """Return Ada's newest certificate."""
        with self.instance.database.unit_of_work(write=False) as session:
            return (
                session.scalars(
                    select(Credential.uuid).where(Credential.person_id == self.ada.person_id).order_by(Credential.id.desc())
                ).first()
                or uuid4()
            )

    def revoked(self) -> UUID:
        """Revoke Ada's certificate and return it."""
        with self.instance.database.unit_of_work() as session:
            row = session.scalars(select(Credential).where(Credential.uuid == self.certificate())).one()
            if row.revoked_at is None:
                credentials.revoke_credential(session, self.zoe, row, RevocationReason.ISSUED_BY_MISTAKE, "Copió.", now=clock.now())
            return row.uuid

    def group(self) -> LearnerGroup:
        """Make a group in which Ada is."""
        with self.instance.database.unit_of_work() as session:
            group = learner_groups.make_group(session, self.zoe, self.course.id, f"Grupo {uuid4()}", now=clock.now())
            learner_groups.add_to_group(session, self.zoe, group, [self.ada.person_uuid or uuid4()], now=clock.now())
        return group

    def item(self) -> ManualGradeItem:
        """Make an item in which Zoe marks Ada."""
        item = results.an_item(self.instance, self.zoe, self.course)
        results.mark(self.instance, self.zoe, self.course, item, {self.ada: "7"})
        return item

    def note(self) -> UUID:
        """Let Zoe write a note on Ada."""
        number = uuid4()
        with self.instance.database.unit_of_work() as session:
            place = editions.get_place(session, self.zoe, "prueba", self.ada.person_uuid or uuid4())
            learner_notes.write_note(session, self.zoe, place, "Conversamos.", number, now=clock.now())
        return number

    def override(self, *, ended: bool = False) -> UUID:
        """Let Zoe give Ada another attempt."""
        with self.instance.database.unit_of_work() as session:
            quiz = teaching.get_taught_quiz(session, self.zoe, "prueba", "cuestionario-1")
            whom = OverrideTarget(person=session.get_one(Person, self.ada.person_id))
            seen = overrides.find_in_force(session, quiz, whom)
            row = overrides.set_override(
                session, self.zoe, quiz, whom, OverrideValues(attempts=2), "Falló la red.", seen=seen, now=clock.now()
            )
            if ended:
                overrides.end_override(session, self.zoe, row, now=clock.now())
            return row.uuid

    def profile(self, *, ended: bool = False) -> int:
        """Let Zoe give Ada more time in every quiz."""
        with self.instance.database.unit_of_work() as session:
            person = session.get_one(Person, self.ada.person_id)
            row = overrides.grant_accommodation(session, self.zoe, person, AccommodationProfile(2, 0, 0), "Informe.", now=clock.now())  # type: ignore[arg-type]  # whole factor
            if ended:
                overrides.end_accommodation(session, self.zoe, person, now=clock.now())
            return row.id


def _issued_again(team: Team) -> UUID:
    """Return the certificate of Ada's that was revoked and issued again before."""
    with team.instance.database.unit_of_work(write=False) as session:
        issued_again = Credential.revoked_at.is_not(None), Credential.replaced_by_id.is_not(None)
        return session.scalars(select(Credential.uuid).where(*issued_again)).one()


def _certificate_review(team: Team) -> UUID:
    """Let the team decide on Ada's certificate."""
    with team.instance.database.unit_of_work() as session:
        row = session.scalars(select(Credential).where(Credential.uuid == team.certificate())).one()
        open_review(session, team.zoe, row, ReviewCause.COMPLETION_WITHDRAWN, now=clock.now())
        return session.scalars(select(CredentialReview.uuid).where(CredentialReview.settled_at.is_(None))).one()


def _completion_review(team: Team) -> UUID:
    """Ask an administrator whether a take of Ada's is completed."""
    enrolment, now = enrolment_of(team.instance, team.ada, team.course), clock.now()
    with team.instance.database.unit_of_work() as session:
        row = session.scalar(select(CompletionReview).where(CompletionReview.enrolment_id == enrolment.id))
        if row is None:
            row = CompletionReview(enrolment_id=enrolment.id, achieved_at=now, noticed_at=now)
            session.add(row)
            session.flush()
        return row.uuid


NAMES = {"given_names": "Ada", "first_surname": "Quinde"}


def _people(team: Team, end: str) -> str:
    return f"/administration/people/{team.ada.person_uuid}/{end}"


def _learner(team: Team, end: str) -> str:
    return f"{TEACHING}/learners/{team.ada.person_uuid}/{end}"


def _profiles(team: Team, end: str = "") -> str:
    return f"/administration/accommodations/{team.ada.person_uuid}{end}"


def _merge(team: Team) -> Act:
    other = a_person(team.instance, f"otra.{uuid4()}@example.org")
    return Act(_people(team, f"merging/{other.uuid}"), REASON)


def _waiver(team: Team, *, approved: bool = False) -> UUID:
    """Let Ada ask for a waiver, and Zoe approve it."""
    number = team.number()
    values = WaiverValues(WaiverKind.COMMISSION, date(2001 + number, 1, 1), date(2001 + number, 2, 1), document="M-1")
    with team.instance.database.unit_of_work() as session:
        row = propose_waiver(session, team.ada, team.ada.person_id or 0, values, now=clock.now())
        if approved:
            claims.decide(session, team.zoe, row, "", approves=True, now=clock.now())
        return row.uuid


def _recognition(team: Team, *, approved: bool = False) -> UUID:
    """Let Ada ask for a recognition, and Zoe approve it."""
    values = RecognitionValues(team.course.id, date(2001 + team.number(), 1, 1), "SECAP", "S-1")
    with team.instance.database.unit_of_work() as session:
        row = propose_recognition(session, team.ada, team.ada.person_id or 0, values, now=clock.now())
        if approved:
            claims.decide(session, team.zoe, row, "", approves=True, now=clock.now())
        return row.uuid


REVOKED = {"words": "Ya no vale.", "sure": "y"}
ITEM = {"heading": "Exposición", "maximum": "20", "weight": "3", "category": ""}
ALONE: Mapping[str, Callable[[Team], Act]] = {
    "certificates.replace": lambda team: Act(f"/certificates/{team.certificate()}/replacement", {"reason_class": "data", **REASON}),
    "certificates_reviews.decide": lambda team: Act(
        f"/certificates/reviews/{_certificate_review(team)}/decision", {"decision": "keep", "note": "Queda."}
    ),
    "certificates_reviews.correct_name": lambda team: Act(_people(team, "certificate-names"), REASON),
    "certificates.revoke": lambda team: Act(f"/certificates/{team.certificate()}/revocation", {"reason_class": "on_request", **REASON}),
    "certificates.renew": lambda team: Act(f"/certificates/{team.revoked()}/renewal", REASON),
    "certificates_reviews.call_replaced": lambda team: Act(f"/certificates/{_issued_again(team)}/replaced-state"),
    "enrolments.delete_group": lambda team: Act(f"/courses/prueba/groups/{team.group().uuid}/removal"),
    "enrolments.remove_member": lambda team: Act(
        f"/courses/prueba/groups/{team.group().uuid}/members/removal", {"person": str(team.ada.person_uuid)}
    ),
    "enrolments_grading.item": lambda team: Act(f"{TEACHING}/items/{team.item().uuid}", ITEM),
    "enrolments_grading.retire": lambda team: Act(f"{TEACHING}/items/{team.item().uuid}/state", {"state": "retired"}),
    "enrolments_results.delete_note": lambda team: Act(_learner(team, f"notes/{team.note()}/deletion")),
    "enrolments_results.override": lambda team: Act(_learner(team, "results/cuestionario-1"), {"score": "100", **REASON}),
    "enrolments_results.write_note": lambda team: Act(_learner(team, "notes"), {"words": "Muy bien."}),
    "quizzes_accommodations.end": lambda team: Act(_profiles(team, "/end" if team.profile() else "")),
    "quizzes_accommodations.person": lambda team: Act(_profiles(team), {"factor": "2", **REASON}),
    "quizzes_accommodations.restore": lambda team: Act(_profiles(team, "/restoration"), {"profile": str(team.profile(ended=True))}),
    "quizzes_marking.mark": lambda team: Act(f"/attempts/{team.attempt}/marking/1", {"points": "1", "seen": "0"}),
    "quizzes_time.add": lambda team: Act(f"{QUIZ}/overrides/new?person={team.ada.person_uuid}", {"attempts": "9", **REASON}),
    "quizzes_time.change": lambda team: Act(f"{QUIZ}/overrides/{team.override()}", {"attempts": "9", **REASON}),
    "quizzes_time.end": lambda team: Act(f"{QUIZ}/overrides/{team.override()}/end"),
    "quizzes_time.restore": lambda team: Act(f"{QUIZ}/overrides/{team.override(ended=True)}/restoration"),
    "quizzes_reopening.reopen": lambda team: Act(f"/attempts/{team.attempt}/reopening", REASON),
    "lms_people.revoke_completion": lambda team: Act(_people(team, "courses/prueba/revocation"), {"activity": "leccion-1", **REASON}),
    "enrolments_completion_reviews.settle": lambda team: Act(
        f"/administration/completion-reviews/{_completion_review(team)}/settlement", {"decision": "leave", **REASON}
    ),
    "compliance_waivers.decide": lambda team: Act(f"/training/waivers/{_waiver(team)}/decision", {"decision": "approve"}),
    "compliance_waivers.revoke": lambda team: Act(f"/training/waivers/{_waiver(team, approved=True)}/revocation", REVOKED),
    "compliance_recognitions.decide": lambda team: Act(f"/training/recognitions/{_recognition(team)}/decision", {"decision": "approve"}),
    "compliance_recognitions.revoke": lambda team: Act(f"/training/recognitions/{_recognition(team, approved=True)}/revocation", REVOKED),
    "enrolments_takes.begin": lambda team: Act(_learner(team, "takes"), REASON),
    "enrolments_roster.remove": lambda team: Act(_learner(team, "removal")),
    "federation_providers.remove_link": lambda team: Act(
        f"/administration/providers/{KEY}/links/{a_link(team.instance, team.ada.person_id or 0)}/removal", REASON
    ),
    "lms_people.set_role": lambda team: Act(_people(team, "role"), {"role": "instructor"}),
    "accounts_names.correct_name": lambda team: Act(_people(team, "name"), {**NAMES, **REASON}),
    "lms_merges.merge": _merge,
    "lms_people.restore": lambda team: Act(_people(team, "restoration"), REASON),
    "lms_people.suspend": lambda team: Act(_people(team, "suspension"), REASON),
}
"""Every act of staff on one person, by its endpoint: on Ada's record. What ends the ground for others comes last."""
