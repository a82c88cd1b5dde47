"""Links by which an S3-compatible store gives one content for some minutes: AWS Signature Version 4, in the query.

obstore signs links too, but none that say with which name and kind the store has to answer.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import quote, urlsplit

UNRESERVED = "-_.~"


@dataclass(frozen=True, slots=True)
class UrlSigner:
    """A signer of links to a region of a store."""

    region: str
    access_key: str
    secret_key: str

    def link(self, address: str, answer: Mapping[str, str], *, seconds: int, now: datetime) -> str:
        """Return the address with a signature for so many seconds; `answer` are the headers that the store is to answer with."""
        parts, moment = urlsplit(address), now.astimezone(UTC)
        scope = f"{moment:%Y%m%d}/{self.region}/s3/aws4_request"
        parameters = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{self.access_key}/{scope}",
            "X-Amz-Date": f"{moment:%Y%m%dT%H%M%SZ}",
            "X-Amz-Expires": str(seconds),
            "X-Amz-SignedHeaders": "host",
            **{f"response-{name.lower()}": value for name, value in answer.items()},
        }
        query = "&".join(f"{quote(name, safe=UNRESERVED)}={quote(value, safe=UNRESERVED)}" for name, value in sorted(parameters.items()))
        path = quote(parts.path, safe="/" + UNRESERVED)
        canonical = "\n".join(("GET", path, query, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD"))
        to_sign = "\n".join(("AWS4-HMAC-SHA256", parameters["X-Amz-Date"], scope, sha256(canonical.encode()).hexdigest()))
        key = f"AWS4{self.secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return f"{parts.scheme}://{parts.netloc}{path}?{query}&X-Amz-Signature={hmac.digest(key, to_sign.encode(), 'sha256').hex()}"
