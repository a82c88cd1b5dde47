"""Reading the values behind the words of a rule: lists of keys, days, whole numbers, truth values."""

from collections.abc import Collection
from datetime import date

from kernel.clock import FIRST_DAY, LAST_DAY
from kernel.errors import N_
from organisations.audience_rules.faults import FaultCollector
from organisations.audience_rules.tree import PlainValue

MOST_VALUES = 200
LONGEST_VALUE = 150
_TRUTHS = {"true": True, "false": False}


def read_word(value: PlainValue, faults: FaultCollector) -> str | None:
    """Read one text of one line."""
    text = " ".join(str(value).split()) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not text:
        faults.add(N_("A name or code is missing here."))
        return None
    if not text.isprintable():
        faults.add(N_("“%(text)s” contains a character that cannot be seen."), text=text[:30])
        return None
    if len(text) > LONGEST_VALUE:
        faults.add(N_("“%(text)s…” is too long."), text=text[:30])
        return None
    return text


def read_words(value: PlainValue, faults: FaultCollector) -> tuple[str, ...] | None:
    """Read one text or a list of several, each once."""
    values = list(value) if isinstance(value, list | tuple) else [value]
    if not values:
        faults.add(N_("This list is empty. Write at least one value."))
        return None
    if len(values) > MOST_VALUES:
        faults.add(N_("This list has more than %(most)s entries. Upload a list of people instead."), most=MOST_VALUES)
        return None
    texts = [read_word(item, faults) for item in values]
    return None if None in texts else tuple(dict.fromkeys(word for word in texts if word is not None))


def read_day(value: PlainValue, faults: FaultCollector) -> date | None:
    """Read a day as 2026-07-01."""
    day = value if type(value) is date else None
    if isinstance(value, str) and len(value) == len("2026-07-01"):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            day = None
    if day is None or not FIRST_DAY <= day <= LAST_DAY:
        faults.add(N_("“%(text)s” is not a day. Write it as 2026-07-01."), text=value)
        return None
    return day


def read_whole(value: PlainValue, most: int, faults: FaultCollector) -> int | None:
    """Read a whole number from 1 to `most`."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most):
        faults.add(N_("“%(text)s” is not a whole number from 1 to %(most)s."), text=value, most=most)
        return None
    return int(text)


def read_truth(value: PlainValue, faults: FaultCollector) -> bool | None:
    """Read true or false."""
    truth = value if isinstance(value, bool) else _TRUTHS.get(str(value))
    if truth is None:
        faults.add(N_("Write true or false instead of “%(text)s”."), text=value)
    return truth


def check_words(value: dict[str, PlainValue], known: Collection[str], faults: FaultCollector) -> bool:
    """Say whether a mapping has only known words; note those that are not."""
    unknown = [str(word) for word in value if word not in known]
    for word in unknown:
        faults.add_unknown(word, known)
    return not unknown
