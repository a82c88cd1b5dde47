"""Every form that no walk meets, with the situation in which it stands."""

from __future__ import annotations

from tests.support.situations import Room
from tests.support.situations_left_out import LEFT_OUT
from tests.support.situations_of_certificates import CERTIFICATES
from tests.support.situations_of_communities import COMMUNITIES
from tests.support.situations_of_courses import PUBLISHING, QUIZZES, REGRADING, TAKING_PART, WRITING
from tests.support.situations_of_discussions import DISCUSSIONS
from tests.support.situations_of_federation import FEDERATION
from tests.support.situations_of_obligations import OBLIGATIONS
from tests.support.situations_of_people import ADMINISTRATION, LINKS, SECOND_STEPS, SESSIONS
from tests.support.situations_of_quizzes import AUTHORING
from tests.support.situations_of_reminders import REMINDERS
from tests.support.situations_of_selections import INCIDENTS, OBJECTIONS, SELECTIONS
from tests.support.situations_of_site import MISTAKES, SITE_SETTINGS, TAKES
from tests.support.situations_of_training import CLAIMS, REPORT

ROOMS: dict[str, Room] = {
    "links of mails": LINKS,
    "second steps": SECOND_STEPS,
    "sessions": SESSIONS,
    "administration": ADMINISTRATION,
    "writing": WRITING,
    "publishing and teams": PUBLISHING,
    "taking part": TAKING_PART,
    "quizzes, tasks, recordings": QUIZZES,
    "regrading": REGRADING,
    "blueprints, variants, histories": AUTHORING,
    "certificates": CERTIFICATES,
    "left out": LEFT_OUT,
    "juries and actas": SELECTIONS,
    "questions about a sitting": INCIDENTS,
    "objections": OBJECTIONS,
    "mistake reports": MISTAKES,
    "site settings": SITE_SETTINGS,
    "takes": TAKES,
    "waivers and recognitions": CLAIMS,
    "training report": REPORT,
    "obligations": OBLIGATIONS,
    "reminders": REMINDERS,
    "discussions": DISCUSSIONS,
    "communities": COMMUNITIES,
    "sign-in by institutions": FEDERATION,
}
SITUATIONS: Room = {endpoint: arrange for room in ROOMS.values() for endpoint, arrange in room.items()}
