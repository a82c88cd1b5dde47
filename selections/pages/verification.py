"""Facts of an acta that everybody may read: what it is of, never who is in it (spec/selection 4.9)."""

import json
from collections.abc import Mapping

from kernel.i18n import _, choose, number
from selections.models import SelectionActa
from selections.queries.selections import SelectionRow


def public_facts(row: SelectionActa, selection: SelectionRow, titles: Mapping[tuple[str, str], Mapping[str, str]]) -> list[tuple[str, str]]:
    """Return the facts of an acta in the order of the page, each with its name."""
    head = json.loads(row.head)
    facts = [
        (_("Number in its chain"), number(row.number)),
        (_("Quiz"), choose(titles[selection.slug, selection.activity_key])),
        (_("Course"), choose(head["course"])),
        (_("What the results are used for"), choose(head["use"]) if head["use"] else ""),
        (_("Edition or group"), head["whom"]),
        (_("People in it"), number(row.people)),
    ]
    return [fact for fact in facts if fact[1]]
