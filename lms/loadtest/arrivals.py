"""When learners arrive: an open loop, in which nobody waits for those before. Pure."""

from random import Random

QUIET = 0.25
"""Share of the highest rate at which a deadline's last hours begin."""


def arrivals(seconds: float, rate: float, seed: int, *, rising: bool) -> list[float]:
    """Return the moments of arrival in seconds from the beginning, at random (Poisson).

    With `rising` the rate grows with the square of the time from a quarter to `rate` learners a second, as before a deadline; else it is
    `rate` throughout.
    """
    chance = Random(f"arrivals:{seed}")  # noqa: S311 - a simulation, no secrets
    moments, at = list[float](), 0.0
    while True:
        at += chance.expovariate(rate)
        if at >= seconds:
            return moments
        share = QUIET + (1 - QUIET) * (at / seconds) ** 2 if rising else 1.0
        if chance.random() < share:
            moments.append(at)
