"""Tail probabilities of the normal and the binomial distribution, by decimal arithmetic that gives the same digits on every machine.

They are rounded to DIGITS significant digits and returned as fractions, so that what is compared, ordered and stored is exact.
"""

from decimal import Decimal, localcontext
from fractions import Fraction
from math import comb

PRECISION = 60
DIGITS = 12
FARTHEST = 100
"""Square of z beyond which the tail is that of this one, 8·10⁻²⁴."""
_PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")
_NEGLIGIBLE = Decimal("1e-40")


def normal_tail(square: Fraction) -> Fraction:
    """Return ½·erfc(√(z²/2)), the probability beyond z, from z² with the sign of z.

    Taylor series around 0, whose terms are all positive: Abramowitz and Stegun 1964, 26.2.11.
    """
    with localcontext() as context:
        context.prec = PRECISION
        half = _upper(as_decimal(min(abs(square), Fraction(FARTHEST))))
        return rounded(half if square >= 0 else 1 - half)


def _upper(square: Decimal) -> Decimal:
    term = square.sqrt()
    whole, odd = Decimal(0), 1
    while term > whole * _NEGLIGIBLE:
        whole += term
        odd += 2
        term = term * square / odd
    return Decimal("0.5") - whole * (-square / 2).exp() / (2 * _PI).sqrt()


def normal_square(square: Fraction, freedom: int) -> Fraction:
    """Return the signed square of the z that is as seldom as a t with so many degrees of freedom, from the signed square of t.

    Wallace 1959, «Bounds on normal approximations to Student's and the chi-square distributions», with ν degrees of freedom:
    z = ±((8ν + 1)/(8ν + 3))·√(ν·ln(1 + t²/ν)).
    """
    with localcontext() as context:
        context.prec = PRECISION
        bent = freedom * (1 + as_decimal(abs(square)) / freedom).ln()
        normal = rounded(bent) * Fraction(8 * freedom + 1, 8 * freedom + 3) ** 2
    return normal if square >= 0 else -normal


def binomial_at_most(count: int, whole: int, chance: Fraction) -> Fraction:
    """Return the probability that of so many events at most ``count`` succeed, each with the chance given: 0 < chance < 1."""
    if count < 0:
        return Fraction(0)
    if count >= whole:
        return Fraction(1)
    with localcontext() as context:
        context.prec = PRECISION
        if count <= whole * chance:
            return rounded(_falling(count, whole, chance))
        return rounded(1 - _falling(whole - count - 1, whole, 1 - chance))


def binomial_at_least(count: int, whole: int, chance: Fraction) -> Fraction:
    """Return the probability that at least ``count`` succeed: that at most the others fail."""
    return binomial_at_most(whole - count, whole, 1 - chance)


def _falling(count: int, whole: int, chance: Fraction) -> Decimal:
    """Add the probabilities of ``count`` and fewer successes, downwards until they are negligible."""
    success, failure = as_decimal(chance), as_decimal(1 - chance)
    term = comb(whole, count) * success**count * failure ** (whole - count)
    odds, tail = failure / success, term
    for at in range(count, 0, -1):
        term = term * at / (whole - at + 1) * odds
        tail += term
        if term < tail * _NEGLIGIBLE:
            break
    return tail


def artanh(value: Decimal) -> Decimal:
    """Return the inverse hyperbolic tangent of a number between -1 and 1, in the precision of the context: Fisher's z of a correlation."""
    return ((1 + value) / (1 - value)).ln() / 2


def as_decimal(value: Fraction) -> Decimal:
    """Return a fraction in the precision of the context."""
    return Decimal(value.numerator) / Decimal(value.denominator)


def rounded(value: Decimal) -> Fraction:
    """Return a number with DIGITS significant digits."""
    with localcontext() as context:
        context.prec = DIGITS
        return Fraction(+value)
