"""Numbers of outside files as exact fractions, within limits; and fractions as their decimals."""

import re
from fractions import Fraction

from kernel.errors import N_
from standards.model import NotTranslatable

MAXIMUM = 10**15
MAXIMUM_LENGTH = 40
MAXIMUM_EXPONENT = 15
LARGEST_DENOMINATOR = 20
NEARNESS = Fraction(5, 10**6)
CREDIT_DIGITS = 5
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]([+-]?[0-9]{1,4}))?\Z")


def number(text: str) -> Fraction:
    """Read a number with a decimal point, exactly; raises NotTranslatable for anything else and for huge ones."""
    written = text.strip().replace("−", "-")
    match = _NUMBER.match(written) if len(written) <= MAXIMUM_LENGTH else None
    if match is None:
        raise NotTranslatable(
            N_("“%(text)s” is not a number."), N_("Write digits with a decimal point."), text=text.strip()[:MAXIMUM_LENGTH]
        )
    if abs(int(match[1] or 0)) > MAXIMUM_EXPONENT or abs(value := Fraction(written)) > MAXIMUM:
        raise NotTranslatable(N_("The number %(text)s is too large or too small."), text=written)
    return value


def is_number(text: str) -> bool:
    """Say whether a text is a number that is read here."""
    try:
        number(text)
    except NotTranslatable:
        return False
    return True


def whole(text: str, usual: int) -> int:
    """Read a whole number up to a thousand, or the usual one where there is none."""
    written = text.strip()
    return int(written) if re.fullmatch(r"[0-9]{1,3}", written) else usual


def credit(percent: Fraction) -> Fraction:
    """Return a percentage as a share: 33.33333 is 1/3, as an author who wrote five digits meant."""
    share = percent / 100
    near = share.limit_denominator(LARGEST_DENOMINATOR)
    value = near if abs(near - share) <= NEARNESS else share
    if not -1 <= value <= 1:
        raise NotTranslatable(N_("The weight %(weight)s %% is outside −100 to 100."), weight=decimal(percent))
    return value


def percent(share: Fraction) -> str:
    """Write a share as a percentage, cut to five decimals where it has no end."""
    return decimal(share * 100, CREDIT_DIGITS)


def decimal(value: Fraction, digits: int = 20) -> str:
    """Write a fraction with a decimal point and without zeros at the end, cut to so many decimals."""
    scale = 10**digits
    whole_part, rest = divmod(abs(round(value * scale)), scale)
    sign = "-" if value < 0 and (whole_part or rest) else ""
    decimals = f"{rest:0{digits}d}".rstrip("0")
    return f"{sign}{whole_part}.{decimals}" if decimals else f"{sign}{whole_part}"
