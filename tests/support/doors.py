"""The doors of the application, read from its address map, and what each of them shows of some signs: in its body, headers, redirects."""

from __future__ import annotations

import email
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from email import policy
from itertools import product
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from tests.support.browser import Browser

MOST_HOPS = 8
MOVED = (301, 302, 303, 307, 308)


@dataclass(frozen=True, order=True)
class Door:
    """An address that can be opened or sent to, and its route."""

    address: str
    endpoint: str
    method: str = "GET"


def rules_of(app: Flask, method: str, chosen: Callable[[Rule], bool] = lambda _rule: True) -> list[Rule]:
    """Return the rules of the address map that take a method."""
    return [rule for rule in app.url_map.iter_rules() if method in (rule.methods or ()) and rule.endpoint != "static" and chosen(rule)]


def doors(
    app: Flask, known: Mapping[str, Collection[Any]], chosen: Callable[[Rule], bool] = lambda _rule: True, *, method: str = "GET"
) -> list[Door]:
    """Return every door that can be named by what is known, each variable with each of its values."""
    found = set[Door]()
    adapter = app.url_map.bind("localhost")
    for rule in rules_of(app, method, chosen):
        names = sorted(rule.arguments)
        for values in product(*(known.get(name, ()) for name in names)):
            address = adapter.build(rule.endpoint, dict(zip(names, values, strict=True)), method=method)
            found.add(Door(address, rule.endpoint, method))
    return sorted(found)


@dataclass(frozen=True)
class Shown:
    """What came of a door: the status of each answer up to the last, and the signs in any of them."""

    statuses: tuple[int, ...]
    signs: frozenset[str]


def shown_at(browser: Browser, door: Door, signs: re.Pattern[bytes], fields: Mapping[str, str] | None = None) -> Shown:
    """Open a door, and follow where it leads."""
    method, address, statuses, seen = door.method, door.address, [], set[bytes]()
    for _hop in range(MOST_HOPS):
        response = browser._request(method, address, **({"data": dict(fields or {})} if method == "POST" else {}))
        statuses.append(response.status_code)
        seen |= set(signs.findall(response.get_data().lower() + str(response.headers).lower().encode()))
        if response.status_code not in MOVED:
            break
        method, address = "GET", response.headers["Location"]
    return Shown(tuple(statuses), frozenset(sign.decode() for sign in seen))


def mails_by_person(folder: Path) -> dict[str, str]:
    """Return all mails that went out as text, headers and both parts, by the address that got them."""
    texts = defaultdict[str, list[str]](list)
    for path in sorted((folder / "mail").glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
        parts = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
        texts[str(message["To"])].append("\n".join([*(f"{name}: {value}" for name, value in message.items()), *parts]))
    return {address: "\n".join(mails) for address, mails in texts.items()}


def signs_in(texts: Iterable[str], signs: re.Pattern[bytes]) -> set[str]:
    """Return the signs that stand in some texts."""
    return {sign.decode() for text in texts for sign in signs.findall(text.lower().encode())}
