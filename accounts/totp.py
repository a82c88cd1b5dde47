"""Codes of an application (RFC 6238: SHA-1, six digits, thirty seconds): secrets, their QR code, and which code is right."""

from datetime import datetime

import pyotp
import segno

STEP = 30
DRIFT = 1
"""Steps that a phone's clock may be early or late."""


def new_secret() -> str:
    """Return a random secret of 160 bits, in base32."""
    return pyotp.random_base32()


def address(secret: str, email: str, site: str) -> str:
    """Return what the application reads: whose codes these are, and the secret."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=site)


def picture(text: str) -> str:
    """Return a QR code as an address that an image can show: black on white also on a dark page."""
    found: str = segno.make(text, error="m", micro=False).svg_data_uri(scale=5, border=4, dark="#000", light="#fff")
    return found


def step_of(secret: str, code: str, *, after: int, now: datetime) -> int | None:
    """Return the time step whose code this is, later than the last one that was used, or nothing."""
    present = int(now.timestamp()) // STEP
    codes = pyotp.TOTP(secret)
    found = [step for step in range(present - DRIFT, present + DRIFT + 1) if pyotp.utils.strings_equal(codes.generate_otp(step), code)]
    return next((step for step in found if step > after), None)
