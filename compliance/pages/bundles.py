"""The words in a bundle of evidence: its dictionary of columns and its README, in Spanish and English (spec/compulsory 12.4)."""

from collections.abc import Mapping

from compliance.rules.bundles import COLUMNS, DICTIONARY, FACTS, PEOPLE, README, REMINDERS, STATES, WAIVERS
from kernel.errors import N_
from kernel.i18n import _, reading
from kernel.tables import csv_line

_PERSON = N_("Number of the person, the same in every file; actors and subjects in audit.jsonl are named by it too")
_OBLIGATION = N_("Number of the compulsory training in obligations.json")
_BY_WHOM = N_("Number of the person who did it")
_MOMENT = N_("Moment with its offset from UTC; empty: not by the moment of knowledge")
MEANINGS: Mapping[str, Mapping[str, str]] = {
    PEOPLE: {
        "person": _PERSON,
        "uuid": N_("The number by which addresses of pages name the person"),
        "name": N_("Given names and surnames as they are today"),
        "staff_number": N_("The number that the institution gave the person"),
        "unit": N_("Code of the unit that counts the person"),
        "unit_name": N_("Name of that unit as it is today"),
        "merged_later": N_("1: two accounts became one after the moment of knowledge, so states are not computed again; 0: no"),
    },
    FACTS: {
        "person": _PERSON,
        "kind": N_(
            "stay: in the audience; entry: into the institution; place: main unit; done, recognised, started, enrolled: of a "
            "course; waived: excused; closed: account closed or suspended"
        ),
        "first_on": N_("First day, or the day of what has one day"),
        "last_on": N_("Last day; empty: open"),
        "recorded_at": N_("Since when it is on record; empty: since it happened"),
        "ended_at": N_("When it was taken back, revoked or ended; empty: not by the moment of knowledge"),
        "at": N_("The moment at which it happened, of what has one"),
        "about": N_(
            "Number of the audience, institution, unit or compulsory training that it is about; of done: 1 where it was put "
            "together from older records"
        ),
        "version": N_("Number of the version of the course that was completed"),
        "course": N_("Key of the course"),
    },
    STATES: {
        "person": _PERSON,
        "obligation": _OBLIGATION,
        "state": N_("The state on record: one of the eight that the specification of compulsory training defines in 7.5"),
        "remarks": N_("What else holds beside the state, parted by blanks"),
        "unit": N_("Number of the unit in audiences.json that counts the person"),
    },
    REMINDERS: {
        "person": _PERSON,
        "obligation": _OBLIGATION,
        "cycle": N_("1: the first need; then one for each renewal"),
        "kind": N_("Which reminder it is"),
        "step": N_("Days before the last day, or the number of a reminder of what is overdue"),
        "due_on": N_("The day on which it fell due"),
        "last_on": N_("The last day that it speaks of"),
        "at": N_("The moment at which it was decided"),
        "not_sent_because": N_("Why it was not sent; empty: it was"),
        "mailed_at": N_("The moment at which the mail server took the mail; empty: not by the moment of knowledge"),
    },
    WAIVERS: {
        "claim": N_("waiver, or recognition of learning elsewhere"),
        "number": N_("Its number in audit.jsonl"),
        "person": _PERSON,
        "obligation": N_("Number of the compulsory training in obligations.json; empty: all of them, or a recognition"),
        "course": N_("Key of the course that is recognised"),
        "kind": N_("Reason of a waiver; reserved: for reasons of health, which are not in the bundle"),
        "first_on": N_("First day of a waiver, or the day of what is recognised"),
        "last_on": N_("Last day of a waiver; empty: open, for 24 months at most"),
        "issuer": N_("Who gave the training that is recognised"),
        "document": N_("Number of the document that proves it"),
        "evidence_sha256": N_("SHA-256 of the file that proves it; empty: there is none"),
        "state": N_("State by the moment of knowledge: proposed, approved, refused, revoked or withdrawn"),
        "proposed_at": _MOMENT,
        "proposed_by": _BY_WHOM,
        "decided_at": _MOMENT,
        "decided_by": _BY_WHOM,
        "revoked_at": _MOMENT,
        "revoked_by": _BY_WHOM,
    },
}
"""The meaning of every column."""
PARAGRAPHS = (
    N_("Evidence of compulsory training"),
    N_(
        "This bundle holds what the register of compulsory training said of one day (at) as it was known at one moment (known): "
        "both stand in manifest.json, with the scope. What was recorded after the moment of knowledge is not in it. Names of "
        "people and of units are those of the day on which it was made."
    ),
    N_(
        "obligations.json: the compulsory trainings with every version of their rules. audiences.json: whom they are for, and "
        "the units. people.csv: the people. facts.csv: what is on record of them. states.csv: the state of each person. "
        "reminders.csv: every reminder, sent or not. waivers.csv: waivers and recognitions, with the checksums of the files "
        "that prove them. Those files are in the folder evidence where they were asked for with the bundle, except for reasons of "
        "health. dictionary.csv explains every column."
    ),
    N_(
        "audit.jsonl: what was done to these trainings, audiences, waivers and recognitions, and by whom, with the seals over "
        "these entries. The seals cover other entries too, so they are compared where the whole log is: lms audit verify "
        "--expect HASH."
    ),
    N_(
        "manifest.json names the SHA-256 and the size of every file, and manifest.sig is the Ed25519 signature of its bytes. To "
        "verify all of it without a network: lms compliance verify FILE --public-key KEYS. Ask the institution for its public "
        "keys, which it prints with lms secrets public-key: the key in manifest.sig alone does not say who signed."
    ),
    N_(
        "With --replay every state is computed again from facts.csv and obligations.json by the rules of the program. People of "
        "whom something was recorded in the last hour before the moment of knowledge are passed over and counted."
    ),
    N_("The file holds personal data: keep it as the law asks for, and give it only to people who need to see it."),
)
LANGUAGES_IN_ORDER = ("es", "en")


def bundle_texts() -> dict[str, bytes]:
    """Return the dictionary and the README of a bundle, each in both languages."""
    rows: list[tuple[str, ...]] = [("file", "column", *LANGUAGES_IN_ORDER)]
    for file, columns in COLUMNS.items():
        rows += [(file, column, *_in_both(MEANINGS[file][column])) for column in columns]
    blocks = []
    for language in LANGUAGES_IN_ORDER:
        with reading(language):
            blocks.append("\r\n\r\n".join(_(paragraph) for paragraph in PARAGRAPHS))
    return {
        DICTIONARY: ("\ufeff" + "".join(map(csv_line, rows))).encode(),
        README: ("\r\n\r\n----\r\n\r\n".join(blocks) + "\r\n").encode(),
    }


def _in_both(message: str) -> list[str]:
    texts = []
    for language in LANGUAGES_IN_ORDER:
        with reading(language):
            texts.append(_(message))
    return texts
