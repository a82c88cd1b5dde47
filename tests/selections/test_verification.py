"""The public page of an acta: genuine or not, amended since, files and lines compared, nobody named (spec/selection 4.9)."""

from hashlib import sha256
from io import BytesIO

import pytest
from sqlalchemy import select, update

from accounts.models import Person
from kernel.codes import printed_code
from lms.instance import Instance
from selections.models import ActaExport, Selection, SelectionActaEntry
from tests.support.browser import Browser
from tests.support.builders import sign_in
from tests.support.learning import actor_of
from tests.support.selection_access import a_selection_cast
from tests.support.selections import SCORES, a_final, a_juror, a_sat_selection, all_actas, an_acta, answer, document, sign_by_two, void
from tests.support.wording import in_spanish

SAME, DIFFERENT = "The file is the same.", "The file is not the same."
CONTAINED, ABSENT = "The line stands in this acta.", "The line does not stand in this acta."


@pytest.fixture
def selection(instance: Instance) -> Selection:
    """Four people who sat a selecting quiz of five questions, and one who did not."""
    return a_sat_selection(instance)


@pytest.fixture
def juror(browser: Browser, instance: Instance, selection: Selection) -> Browser:
    """Return a member of the jury of a selection whose final acta is in force."""
    return a_final(browser, instance, selection)


def public(instance: Instance, at: int = -1) -> str:
    return f"/acta/selection/{printed_code(all_actas(instance)[at].code)}"


def compare(visitor: Browser, address: str, content: bytes, name: str = "acta.json") -> str:
    visitor.get(address)
    return visitor.post(f"{address}/file", {"file": (BytesIO(content), name)}).text  # type: ignore[dict-item]  # a file as Werkzeug takes it


def test_everybody_learns_that_an_acta_is_genuine_and_nobody_who_is_in_it(
    browser: Browser, juror: Browser, instance: Instance, selection: Selection
) -> None:
    """spec/selection 4.9: number, date, title, whether amended since; no names."""
    page = browser.another().get(public(instance))

    assert in_spanish("The acta is genuine and in force") in page.text
    assert all(words in page.text for words in ("Marzo", in_spanish("Final acta"), all_actas(instance)[-1].sha256))
    with instance.database.unit_of_work(write=False) as session:
        people = session.scalars(select(Person).where(Person.email.in_(SCORES))).all()
    assert not [one.full_name for one in people if one.full_name in page.text]


def test_the_former_acta_says_that_it_was_amended_since(browser: Browser, juror: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.9, end-to-end 3: it is still genuine, and leads to the one that is in force."""
    void(instance, "p5")
    juror.deliver_jobs()
    sign_by_two(browser, instance, selection, juror, "La pregunta 5 admitía dos respuestas.")

    former = browser.another().get(public(instance, -2))
    assert in_spanish("Genuine, but amended since") in former.text
    assert former.has_link(public(instance))
    assert in_spanish("The acta is genuine and in force") in browser.another().get(public(instance)).text


def test_a_code_is_found_on_the_page_for_all_codes_and_an_unknown_one_is_not(browser: Browser, juror: Browser, instance: Instance) -> None:
    """spec/selection 4.9: typed as people type it; a draft is found nowhere."""
    visitor = browser.another()
    code = printed_code(all_actas(instance)[-1].code)

    visitor.get(f"/verify?code={code.lower().replace('-', ' ')}")
    assert visitor.path.endswith(public(instance))
    visitor.get("/acta/selection/7K4M-92XD-C3QF-8TRA", status=404)
    visitor.get("/acta/selection/no-es-un-codigo", status=404)


def test_a_draft_is_not_public(browser: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.9: what is not in force has no public page."""
    an_acta(a_juror(browser, instance, selection), selection)

    browser.another().get(public(instance), status=404)


def test_a_file_is_the_same_byte_for_byte_or_not(browser: Browser, juror: Browser, instance: Instance) -> None:
    """spec/selection 4.9 and 12, bad input: changed byte, truncated, encoded again."""
    visitor, content = browser.another(), document(instance, all_actas(instance)[-1])

    assert in_spanish(SAME) in compare(visitor, public(instance), content)
    for other in (content.replace(b'"80', b'"81', 1), content[:-1], b"\xef\xbb\xbf" + content, b""):
        assert in_spanish(DIFFERENT) in compare(visitor, public(instance), other)
    assert in_spanish(DIFFERENT) in compare(visitor, public(instance, 0), content)


def test_a_typed_digest_is_compared_however_it_is_grouped(browser: Browser, juror: Browser, instance: Instance) -> None:
    """spec/selection 4.9; what is no digest is refused with a sentence."""
    visitor, digest = browser.another(), all_actas(instance)[-1].sha256
    grouped = " ".join(digest[at : at + 8].upper() for at in range(0, 64, 8))

    visitor.get(public(instance))
    assert in_spanish(SAME) in visitor.submit("/file", {"digest": grouped}).text
    visitor.get(public(instance))
    assert in_spanish(DIFFERENT) in visitor.submit("/file", {"digest": "0" * 64}).text
    for wrong in ("", "xyz", "0" * 63):
        visitor.get(public(instance))
        visitor.submit("/file", {"digest": wrong}, status=422)


@pytest.mark.parametrize("kind", ["pdf", "csv", "xlsx", "ods", "json", "sig"])
def test_each_file_that_was_taken_out_is_recognised(browser: Browser, juror: Browser, instance: Instance, kind: str) -> None:
    """spec/selection 4.9 and 4.13: the file that somebody holds is one of this acta, whatever its kind."""
    juror.get(f"/selections/actas/{all_actas(instance)[-1].uuid}/exports/{kind}")
    content = juror.response.data

    with instance.database.unit_of_work(write=False) as session:
        (kept,) = session.scalars(select(ActaExport)).all()
    assert (kept.kind, kept.sha256, kept.identities) == (kind, sha256(content).hexdigest(), False)
    visitor = browser.another()
    assert in_spanish(SAME) in compare(visitor, public(instance), content, f"acta.{kind}")
    assert in_spanish(DIFFERENT) in compare(visitor, public(instance), content + b" ", f"acta.{kind}")


@pytest.mark.parametrize("kind", ["pdf", "json"])
def test_a_file_of_an_acta_on_the_page_for_all_files_leads_to_its_own(
    browser: Browser, juror: Browser, instance: Instance, kind: str
) -> None:
    """spec/selection 4.9: it is no certificate without a seal, but an acta whose page says that the file is the same."""
    juror.get(f"/selections/actas/{all_actas(instance)[-1].uuid}/exports/{kind}")
    content, visitor = juror.response.data, browser.another()
    address = f"{public(instance)}?file={sha256(content).hexdigest()}"
    pages = []
    for sent in (content, content + b" "):
        visitor.get("/verify")
        pages.append(visitor.post("/verify", {"files": (BytesIO(sent), f"acta.{kind}")}))

    assert [page.has_link(address) for page in pages] == [True, False]
    assert in_spanish(SAME) in visitor.get(address).text
    assert in_spanish(DIFFERENT) in visitor.get(f"{public(instance)}?file={'0' * 64}").text


def test_two_files_of_one_name_are_both_judged(browser: Browser, juror: Browser, instance: Instance) -> None:
    """spec/certificates: a genuine file vouches for no other one that is called like it."""
    juror.get(f"/selections/actas/{all_actas(instance)[-1].uuid}/exports/json")
    content, visitor = juror.response.data, browser.another()
    visitor.get("/verify")

    page = visitor.post("/verify", {"files": [(BytesIO(sent), "acta.json") for sent in (content, content + b" ")]})

    assert page.text.count(in_spanish("File: %(name)s", name="acta.json")) == 2
    assert page.text.count(in_spanish("This site gave out this file, byte for byte")) == 1


def test_a_line_with_its_salt_is_contained_or_not(browser: Browser, juror: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.9: as its person copies it; another result, name or salt is not contained, nor is it in another acta."""
    berta = sign_in(browser.another(), "berta@example.org").get(f"/selections/{selection.uuid}/own-line")
    with instance.database.unit_of_work(write=False) as session:
        lines = session.scalars(
            select(SelectionActaEntry)
            .join(Person, Person.id == SelectionActaEntry.person_id)
            .where(Person.email == "berta@example.org")
            .order_by(SelectionActaEntry.id)
        ).all()
    former, line = lines
    assert line.salt in berta.text
    visitor = browser.another()

    def says(text: str, salt: str, at: int = -1) -> str:
        visitor.get(public(instance, at))
        return visitor.submit("/line", {"line": text, "salt": salt}).text

    assert in_spanish(CONTAINED) in says(f"  {line.sealed}\n", line.salt.upper())
    assert in_spanish(CONTAINED) in says(line.sealed.replace(",", ", ").replace(":", ": "), line.salt)
    assert in_spanish(CONTAINED) in says(former.sealed, former.salt, 0)
    for text, salt in ((line.sealed.replace('"80', '"81'), line.salt), (line.sealed, former.salt), (line.sealed, "zz"), ("{", line.salt)):
        assert in_spanish(ABSENT) in says(text, salt)
    assert in_spanish(ABSENT) in says(former.sealed, former.salt)


def test_a_register_that_was_changed_is_noticed(browser: Browser, juror: Browser, instance: Instance) -> None:
    """spec/selection 4.8 and 4.9: the page checks the signature over what the register holds."""
    with instance.database.unit_of_work() as session:
        changed = select(SelectionActaEntry.id).where(
            SelectionActaEntry.acta_id == all_actas(instance)[-1].id, SelectionActaEntry.place == 4
        )
        row = session.scalars(select(SelectionActaEntry).where(SelectionActaEntry.id.in_(changed))).one()
        session.execute(
            update(SelectionActaEntry).where(SelectionActaEntry.id == row.id).values(text=row.text.replace("not_passed", "passed"))
        )

    page = browser.another().get(public(instance))

    assert in_spanish("What the register holds is not what was signed") in page.text
    assert in_spanish("The acta is genuine and in force") not in page.text


@pytest.mark.matrix
def test_every_cell_of_verifying_and_taking_out(browser: Browser, instance: Instance) -> None:
    """Access: acta.verify, acta.export, acta.export_identity."""
    cast = a_selection_cast(browser, instance)
    with instance.database.unit_of_work(write=False) as session:
        ema = session.scalars(select(Person).where(Person.email == "ema@example.org")).one()
    answer(instance, actor_of(ema), 4)
    juror = cast.browsers["J"]
    an_acta(juror, cast.selection)
    (draft,) = all_actas(instance)
    faults = cast.check("acta.export", "draft", cast.outcomes(f"/selections/actas/{draft.uuid}/exports/csv"))
    juror.submit("/publication")
    faults += cast.check(
        "acta.export_identity", "provisional", cast.outcomes(f"/selections/actas/{draft.uuid}/identity-numbers", "POST", {"kind": "csv"})
    )
    faults += cast.check("acta.verify", "of_a_selection", cast.outcomes(public(instance)))
    faults += cast.check("acta.verify", "of_a_selection", cast.outcomes(f"{public(instance)}/file", "POST", {"digest": draft.sha256}))
    sign_by_two(browser, instance, cast.selection, juror)
    final = all_actas(instance)[-1]
    faults += cast.check("acta.export", "in_force", cast.outcomes(f"/selections/actas/{final.uuid}/exports/csv"))
    reason = {"kind": "csv", "reason": "Resolución 12"}
    faults += cast.check("acta.export_identity", "final", cast.outcomes(f"/selections/actas/{final.uuid}/identity-numbers", "POST", reason))
    faults += cast.check("acta.verify", "of_a_selection_amended", cast.outcomes(public(instance, 0)))

    assert faults == []
