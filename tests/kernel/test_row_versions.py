"""The version of a row, which forms send back, and what an older save is answered."""

import pytest

from communities.models import CommunityLink, CommunityLinkKind, CommunityPage, PlanEntry
from kernel import clock
from kernel.row_versions import RowWasChanged, change_row, require_version, version_of


def a_line(**values: object) -> PlanEntry:
    return PlanEntry(**{"title": "Seminario", "kind": "webinar", "note": "", **values})


def test_a_version_is_a_number_or_a_digest_of_what_is_said_without_marks() -> None:
    assert version_of(CommunityPage(row_version=3)) == "3"
    assert version_of(a_line()) == version_of(a_line(done_at=clock.now(), done_by=1))
    assert version_of(a_line()) != version_of(a_line(note="La doctora Paz."))


def test_a_change_names_what_changed_and_counts_it_once() -> None:
    page = CommunityPage(row_version=3, title="Uno", category="")
    assert change_row(page, {"title": "Dos", "category": ""}) == ["title"]
    assert change_row(page, {"title": "Dos", "category": ""}) == []
    assert (page.title, page.row_version) == ("Dos", 4)
    assert change_row(page, {}, also=True) == []
    assert page.row_version == 5
    link = CommunityLink(kind=CommunityLinkKind.TOOL.value, title="")
    assert change_row(link, {"title": "Pizarra"}) == ["title"]


@pytest.mark.parametrize(
    ("row", "seen"), [(None, None), (None, "3"), (CommunityPage(row_version=4), "3"), (CommunityPage(row_version=4), "")]
)
def test_an_older_save_is_refused(row: CommunityPage | None, seen: str | None) -> None:
    with pytest.raises(RowWasChanged):
        require_version(row, seen)


def test_the_present_one_and_an_act_without_a_form_are_not_refused() -> None:
    require_version(CommunityPage(row_version=4), "4")
    require_version(CommunityPage(row_version=4), None)
