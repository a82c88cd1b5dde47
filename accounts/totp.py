"""Codes of an application (RFC 6238: SHA-1, six digits, thirty seconds): secrets, their QR code, and which code is right."""

from datetime import datetime

import pyotp
import segno

CODE_STEP = 30
CODE_DRIFT = 1
"""Steps that a phone's clock may be early or late."""


def new_app_secret() -> str:
    """Return a random secret of 160 bits, in base32."""
    return pyotp.random_base32()


def app_address(secret: str, email: str, site: str) -> str:
    """Return what the application reads: whose codes these are, and the secret."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=site)


def qr_picture(text: str) -> str:
    """Return a QR code as an address that an image can show: black on white also on a dark page."""
    symbol: str = segno.make(text, error="m", micro=False).svg_data_uri(scale=5, border=4, dark="#000", light="#fff")
    return symbol


def step_of_code(secret: str, code: str, *, after: int, now: datetime) -> int | None:
    """Return the time step whose code this is, later than the last one that was used, or nothing."""
    present = int(now.timestamp()) // CODE_STEP
    codes = pyotp.TOTP(secret)
    matching = [
        step for step in range(present - CODE_DRIFT, present + CODE_DRIFT + 1) if pyotp.utils.strings_equal(codes.generate_otp(step), code)
    ]
    return next((step for step in matching if step > after), None)
