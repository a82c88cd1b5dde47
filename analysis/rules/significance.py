"""Distributions and tests of significance in arithmetic that gives the same digits everywhere, and the power of item analysis."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from math import ceil, comb, cosh, exp, floor, lgamma, log, pi, sinh, sqrt

_TINY = 1e-300
_ENOUGH = 1e-16
_MOST_TERMS = 20_000
REACH = 4
"""As far the variable of `nodes_below` runs to both sides; beyond, its weights are below 10⁻³⁵."""


def log_beta(a: float, b: float) -> float:
    """Return the logarithm of the beta function of two positive numbers."""
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b): its continued fraction by Lentz's method.

    Press, Teukolsky, Vetterling and Flannery, «Numerical Recipes», 6.4.
    """
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    return exp(a * log(x) + b * log(1 - x) - log_beta(a, b)) / a * _continued(a, b, x)


def _continued(a: float, b: float, x: float) -> float:
    before, turned = 1.0, 1 / _far(1 - (a + b) * x / (a + 1))
    value = turned
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            turned = 1 / _far(1 + term * turned)
            before = _far(1 + term / before)
            value *= before * turned
        if abs(before * turned - 1) < _ENOUGH:
            break
    return value


def _far(value: float) -> float:
    """Keep a divisor away from 0."""
    return value if abs(value) > _TINY else _TINY


def f_quantile(share: float, over: float, under: float) -> float:
    """Return the quantile of the distribution of F with so many degrees of freedom, by bisection."""
    low, high = 0.0, 1.0
    for _step in range(100):
        middle = (low + high) / 2
        if incomplete_beta(over / 2, under / 2, middle) < share:
            low = middle
        else:
            high = middle
    return low * under / ((1 - low) * over)


def t_quantile(share: float, degrees: float) -> float:
    """Return a quantile over the median of Student's t with so many degrees of freedom, by bisection of the incomplete beta."""
    low, high = 0.0, 1.0
    for _step in range(100):
        middle = (low + high) / 2
        if incomplete_beta(degrees / 2, 0.5, middle) < 2 * (1 - share):
            low = middle
        else:
            high = middle
    return sqrt(degrees * (1 - low) / low)


def nodes_below(a: float, b: float, cut: float, steps: int) -> Iterator[tuple[float, float]]:
    """Yield values below ``cut`` with their weights, whose sum with a function's values is its integral over the beta distribution there.

    Tanh-sinh quadrature with so many steps to the unit (Takahasi and Mori 1974): at 0 the density may be endless.
    """
    whole = log_beta(a, b)
    for at in range(-REACH * steps, REACH * steps + 1):
        point = at / steps
        share = 1 / (1 + exp(-pi * sinh(point)))
        value = cut * share
        if 0 < value < 1 and share < 1:
            density = exp((a - 1) * log(value) + (b - 1) * log(1 - value) - whole)
            yield value, density * value * (1 - share) * pi * cosh(point) / steps


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


LEAST = 30
FIVE_PERCENT = Fraction("2.7055")
ONE_PERCENT = Fraction("5.4119")
ONE_PER_MILLE = Fraction("9.5495")
"""Squares of 1.6449, 2.3263 and 3.0902: the quantiles of the normal distribution that one side leaves 5 %, 1 % and 0.1 % beyond."""
_NOTHING = Fraction(0)
_NEARLY_ALL = Decimal("0.999")
"""Correlation that stands for all beyond it, whose Fisher's z would be endless."""
_ENDLESS = Fraction(10**6)
"""Instead of the square of a test whose variance is 0 while there is a difference."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A set of values: their number, their sum and the sum of their squares."""

    count: int
    whole: Fraction
    squares: Fraction

    @property
    def mean(self) -> Fraction:
        """Return their mean; 0 of nothing."""
        return self.whole / self.count if self.count else _NOTHING

    @property
    def variance(self) -> Fraction:
        """Return the mean of their squared distances from the mean."""
        return self.squares / self.count - self.mean**2 if self.count else _NOTHING


def squared_correlation(scale: Scale, other: Scale, products: Fraction) -> Fraction:
    """Return r² with the sign of r, from the sum of products; 0 where one of them does not vary."""
    if not scale.count or not scale.variance or not other.variance:
        return _NOTHING
    both = products / scale.count - scale.mean * other.mean
    return _signed(both * both, scale.variance * other.variance, both)


def fishers_z(square: Fraction) -> Decimal:
    """Return the inverse hyperbolic tangent of a correlation from its signed square, in the precision of the context."""
    r = min(as_decimal(abs(square)).sqrt(), _NEARLY_ALL)
    return artanh(r) if square >= 0 else -artanh(r)


def poorer_tail(square: Fraction, count: int, bound: Fraction) -> Fraction:
    """Return how often a correlation that is ``bound`` shows as little as this one, of its signed square, in so many pairs.

    Fisher 1921: artanh r is nearly normal with the variance 1/(n − 3).
    """
    with localcontext() as context:
        context.prec = PRECISION
        distance = artanh(as_decimal(bound)) - fishers_z(square)
        z = rounded(distance * distance * (count - 3))
        return normal_tail(z if distance >= 0 else -z)


def correlation_square(scale: Scale, other: Scale, products: Fraction) -> Fraction:
    """Return the signed square of the t of a correlation, from the sum of products; 0 of two pairs, and where one does not vary."""
    square = squared_correlation(scale, other, products)
    return _signed(abs(square) * (scale.count - 2), 1 - abs(square), square)


def tail_of_t(square: Fraction, freedom: int) -> Fraction:
    """Return how often a t with so many degrees of freedom exceeds the one of this signed square; 1 without any."""
    return normal_tail(normal_square(square, freedom)) if freedom > 0 else Fraction(1)


def group_square(count: int, rests: Fraction, scale: Scale) -> Fraction:
    """Compare a group (its size, the sum of its rests) with all: positive where the group is the better one."""
    return correlation_square(Scale(scale.count, Fraction(count), Fraction(count)), scale, rests)


def knows(beside: Fraction, among_all: Fraction) -> bool:
    """Return whether those who gave an answer know more than others who were wrong, from its squares beside these and among all.

    A wrong answer falls among all as knowing rises: one that does not fall and is better than the other wrong ones, or surely
    better than these, is given by who knows.
    """
    return beside > ONE_PER_MILLE or (beside > FIVE_PERCENT and among_all >= 0) or among_all > ONE_PERCENT


def means_square(scale: Scale, other: Scale) -> Fraction:
    """Compare two means, each with its own variance: positive where the first is larger."""
    if not scale.count or not other.count:
        return _NOTHING
    difference = scale.mean - other.mean
    return _signed(difference * difference, scale.variance / scale.count + other.variance / other.count, difference)


def means_tail(scale: Scale, other: Scale) -> Fraction:
    """Return how often two equal means differ as much as these in one of the two directions.

    Welch's t; of its degrees of freedom there are at least those of the smaller group.
    """
    freedom = min(scale.count, other.count) - 1
    if freedom < 1:
        return Fraction(1)
    return 2 * tail_of_t(abs(means_square(scale, other)) * freedom / (freedom + 1), freedom)


def more_tail(count: int | Fraction, whole: int, expected: Fraction) -> Fraction:
    """Return how often chance gives at least such a share of a whole where one is expected: exact binomial.

    A sum of parts of marks counts the whole ones that it surely holds.
    """
    return binomial_at_least(floor(count), whole, expected)


def fewer_tail(count: int | Fraction, whole: int, expected: Fraction) -> Fraction:
    """Return how often chance gives at most such a share of a whole where one is expected: exact binomial."""
    return binomial_at_most(max(ceil(count), 0), whole, expected)


def _signed(numerator: Fraction, denominator: Fraction, sign: Fraction) -> Fraction:
    square = numerator / denominator if denominator > 0 else _ENDLESS if numerator else _NOTHING
    return -square if sign < 0 else square


RATE = Fraction(1, 20)
"""Share of false ones among what is told that is borne on average; where nothing is true, how often anything is told."""


def adjusted(values: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """Return p-values adjusted for being made together, in the order given: a finding stands out where its value is at most RATE."""
    order = sorted(range(len(values)), key=lambda at: values[at], reverse=True)
    adjusted_values = [Fraction(1)] * len(values)
    least = Fraction(1)
    for rank, at in zip(range(len(values), 0, -1), order, strict=True):
        least = min(least, values[at] * len(values) / rank)
        adjusted_values[at] = least
    return tuple(adjusted_values)


POOR = Fraction(1, 5)
"""Correlation with the rest below which a question is poor (Ebel and Frisbie 1991)."""
OFF = Fraction(1, 100)
"""Probability from which on what the best did is not what guessing gives."""
_NINETY_FIVE = Decimal("1.644854")
"""What a normal value stays below in 95 of 100 cases."""


def chance_tail(right: int, best: int, guess: Fraction, square: Fraction, answered: int) -> Fraction | None:
    """Return how often half of those who do not guess it knowing gives as few right answers of the best; None where it is not chance.

    ``right`` of the ``best`` have it right, guessing gives ``guess``; ``square`` is the signed square of its correlation with the rest
    among all who answered. It is chance only where that correlation is surely below POOR (one side, 95 %, Fisher's z), and the
    best do what guessing gives (exact binomial, OFF on each side). Both are conditions; the p-value is P(Bin(best, (1 + guess)/2) ≤ right).
    """
    if answered < LEAST or not best or not 0 < guess < 1 or not is_surely_poor(square, answered):
        return None
    if min(binomial_at_most(right, best, guess), binomial_at_least(right, best, guess)) <= OFF:
        return None
    return binomial_at_most(right, best, (1 + guess) / 2)


def is_surely_poor(square: Fraction, answered: int) -> bool:
    """Return whether a correlation, from its signed square, lies below POOR with 95 % certainty."""
    with localcontext() as context:
        context.prec = PRECISION
        return fishers_z(square) + _NINETY_FIVE / Decimal(answered - 3).sqrt() < artanh(as_decimal(POOR))


TESTS = 300
"""About as many tests as a quiz of thirty questions of mixed kinds gives."""
STANDS_OUT = RATE / TESTS


@dataclass(frozen=True, slots=True)
class Power:
    """The power to find a defect: at least as a sign, and as one that stands out, in thousandths of classes."""

    sign: int
    stands_out: int


@dataclass(frozen=True, slots=True)
class ClassPower:
    """The power of item analysis in classes with so many answers to a question."""

    answers: int
    wrong_key: Power
    second_key: Power
    guessed_statement: Power
    guessed_choice: Power
    sound: Power
    """Findings about the key or guessing where nothing is wrong: false alarms."""


POWER: tuple[ClassPower, ...] = (
    ClassPower(30, Power(316, 13), Power(75, 0), guessed_statement=Power(218, 24), guessed_choice=Power(270, 80), sound=Power(5, 0)),
    ClassPower(48, Power(466, 40), Power(147, 1), guessed_statement=Power(336, 70), guessed_choice=Power(374, 210), sound=Power(8, 0)),
    ClassPower(80, Power(696, 116), Power(274, 8), guessed_statement=Power(518, 216), guessed_choice=Power(546, 501), sound=Power(5, 0)),
    ClassPower(120, Power(858, 288), Power(432, 26), guessed_statement=Power(697, 450), guessed_choice=Power(698, 690), sound=Power(3, 0)),
    ClassPower(200, Power(985, 637), Power(660, 84), guessed_statement=Power(873, 785), guessed_choice=Power(881, 881), sound=Power(1, 0)),
    ClassPower(400, Power(999, 970), Power(923, 460), guessed_statement=Power(977, 977), guessed_choice=Power(978, 978), sound=Power(0, 0)),
)


def power_of(answers: int) -> ClassPower | None:
    """Return the power of the largest class of the table that is no larger than this one; None below the smallest."""
    return next((class_power for class_power in reversed(POWER) if class_power.answers <= answers), None)
