"""Headers that stand on every answer: content policy without inline code, no framing, no sniffing, no other origins."""

from flask import Flask, Response, current_app, g, request


def content_policy(media: str = "") -> str:
    """Return the content policy of pages; pictures and films also come from where links to files lead."""
    return "; ".join(
        [
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' data: {media}".rstrip(),
            f"media-src 'self' {media}".rstrip(),
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ]
    )


CONTENT_POLICY = content_policy()
PERMISSIONS = ", ".join(f"{name}=()" for name in ("accelerometer", "camera", "geolocation", "gyroscope", "microphone", "payment", "usb"))
ALWAYS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS,
}
KEPT = "private, no-cache"
EXTENSION = "headers"


def allow_browser_caching() -> None:
    """Let the browser keep this page and ask whether it is still the same (courses and lessons); others are `no-store`."""
    g.cache_control = KEPT


def hide_address() -> None:
    """Keep the address of this page from other pages: it holds a link's secret (spec/security 2.5)."""
    g.referrer_policy = "no-referrer"


def _headers(response: Response) -> Response:
    headers = response.headers
    if "referrer_policy" in g:
        headers["Referrer-Policy"] = g.referrer_policy
    present = {name.lower(): value for name, value in headers}  # each look at the headers goes through all of them
    for key, name, value in current_app.extensions[EXTENSION]:
        if key not in present:
            headers.add(name, value)
    caching = present.get("cache-control")
    if caching is None:
        own_caching = g.get("cache_control") if response.status_code in (200, 304) and request.method in ("GET", "HEAD") else None
        caching = own_caching or "no-store"
        headers.add("Cache-Control", caching)
    if "public" not in caching:
        vary_by(response, "Cookie")
    return response


def vary_by(response: Response, name: str) -> None:
    """Add a header of the request to those that an answer depends on, once."""
    present = response.headers.get("Vary")
    if present is None:
        response.headers.add("Vary", name)
    elif name.lower() not in present.lower().split(", "):
        response.headers["Vary"] = f"{present}, {name}"


def install(app: Flask, *, media: str = "") -> None:
    """Put the headers on every answer of the application; `media` is where links to files lead."""
    always = {**ALWAYS, "Content-Security-Policy": content_policy(media)}
    app.extensions[EXTENSION] = tuple((name.lower(), name, value) for name, value in always.items())
    app.after_request(_headers)
