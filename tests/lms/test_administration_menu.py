"""The page Administration says of each of its entries what it is."""

from kernel.menu import Menu
from lms.app import FEATURES
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import an_administrator, sign_in
from tests.support.wording import in_spanish

GROUPS = (Menu.PEOPLE, Menu.TRAINING, Menu.CERTIFICATES, Menu.SYSTEM)
ENTRIES = [entry for feature in FEATURES for entry in feature.menu if entry.menu in GROUPS]


def test_every_entry_has_a_line_that_says_what_it_is_and_leads_to_a_page_of_its_name(browser: Browser, instance: Instance) -> None:
    an_administrator(instance)
    boss = sign_in(browser, "admin@example.org")
    page = boss.get("/administration")

    assert {entry.menu for entry in ENTRIES} == set(GROUPS)
    assert [
        entry.endpoint for entry in ENTRIES if in_spanish(entry.about) not in page.text or in_spanish(entry.title) not in page.text
    ] == []
    panels = page.html.split('aria-labelledby="group-')[1:]
    links = [link for panel in panels for link in {link for link, _words in type(page)(panel.split("</nav>")[0]).links}]
    assert len(links) == len(ENTRIES)
    names = {link: boss.get(link).html.split("<h1")[1].split("</h1>")[0] for link in links}
    titles = [in_spanish(entry.title) for entry in ENTRIES]
    assert {link: name for link, name in names.items() if not any(title in name for title in titles)} == {}


def test_no_two_entries_have_the_same_name() -> None:
    titles = [entry.title for entry in ENTRIES]

    assert len(set(titles)) == len(titles)
