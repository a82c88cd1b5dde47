"""The beta distribution in floats: the incomplete beta function, quantiles of F and t, and integrals between 0 and 1."""

from collections.abc import Iterator
from math import cosh, exp, lgamma, log, pi, sinh, sqrt

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
