"""Settings: one frozen model, every field with type, default and description, unknown `LMS_…` names are errors; and secret files."""

import os
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import quote, urlsplit
from zoneinfo import available_timezones

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kernel.i18n import DEFAULT_LANGUAGE, LANGUAGES

SIGNATORY_LENGTH, SIGNATURE_BYTES = 100, 300_000
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class SettingsError(Exception):
    """A setting is unknown or wrong; the text is one line for the person who starts the server."""


@dataclass(frozen=True, slots=True)
class SignatorySetting:
    """A signatory of the institution's certificates: their name, their office by language, and the file of their signature."""

    name: str
    offices: Mapping[str, str]
    picture: Path | None


def _signatory(text: str, picture: Path | None) -> SignatorySetting:
    name, *offices = (part.strip() for part in text.split(";"))
    return SignatorySetting(name, {"es": offices[0], "en": offices[-1]}, picture)


def word_list(text: str) -> tuple[str, ...]:
    """Return the words of a list divided by commas."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def sqlite_address(path: Path) -> str:
    """Return the address of an SQLite file, whatever signs its path has."""
    return f"sqlite:///{quote(str(path.resolve()))}"


def known_database(value: str) -> str:
    """Return the address of a database; raise ValueError, which repeats nothing of it, for one that cannot be read."""
    if not value.startswith(("postgresql+psycopg://", "sqlite:///")):
        raise ValueError("must begin with postgresql+psycopg:// or sqlite:///")
    if value == "sqlite:///":
        raise ValueError("must name a file after sqlite:///")
    try:
        urlsplit(value).port  # noqa: B018 - it is read to see whether it can be
    except ValueError:
        raise ValueError("has a port that is no number; in a password write / : @ as %2F %3A %40") from None
    return value


def known_origin(value: str) -> str:
    """Return the address of a site without a slash at its end; raise ValueError, in words for the operator, where it is none."""
    parts = urlsplit(value)
    rest = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if value and (parts.scheme not in ("https", "http") or not parts.hostname or rest):
        raise ValueError("must look like https://cursos.example.org, without a path")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("must begin with https://")
    if parts.port == 0:
        raise ValueError("has no port that can be used")
    return value.rstrip("/")


def known_port(value: str) -> str:
    """Return an address whose port can be used; raise ValueError for another."""
    if not urlsplit(value).port:
        raise ValueError("has no port that can be used")
    return value


Network = IPv4Network | IPv6Network
HOST_NAME = re.compile(r"(?=.*[a-z])[a-z0-9_]([a-z0-9_.-]*[a-z0-9])?")


def known_targets(text: str) -> tuple[frozenset[str], tuple[Network, ...]]:
    """Return the hosts, in lower case, and the networks of a list divided by commas; raise ValueError for anything else."""
    hosts, networks = set[str](), list[Network]()
    for target in word_list(text.lower()):
        try:
            networks.append(ip_network(target, strict=False))
        except ValueError:
            if not HOST_NAME.fullmatch(target):
                raise ValueError(f"{target} is neither a host nor a network") from None
            hosts.add(target)
    return frozenset(hosts), tuple(networks)


class Settings(BaseSettings):
    """The settings of this instance. Read from the environment; `lms settings` prints them."""

    model_config = SettingsConfigDict(env_prefix="LMS_", env_ignore_empty=True, frozen=True, extra="forbid")

    data_dir: Path = Field(Path("instance"), description="Folder for the database, files, keys and mail that was not sent.")
    database_url: str = Field("", description="Database address (postgresql+psycopg://…); empty means SQLite in the data folder.")
    backup_before_upgrade: bool = Field(
        True, description="Whether a start makes a backup before it changes the schema of the database; false starts without one."
    )
    backup_before_upgrade_gb: float = Field(
        1.0, ge=0, le=1000, description="Largest PostgreSQL database of which that backup is made, in GB; larger ones are the operator's."
    )
    public_url: str = Field("", description="Address under which people reach the site, https://…; needed beyond this machine.")
    former_urls: str = Field(
        "", description="Addresses that the site had before, divided by commas: certificates verify by them too, and QR codes lead on."
    )
    secret_key_file: Path | None = Field(
        None, description="File with the secret key (32 bytes or more; older keys on further lines); default: made in the data folder."
    )
    files_url: str = Field("", description="Bucket for files, s3://BUCKET/PREFIX; empty means the data folder's files/.")
    s3_endpoint: str = Field("", description="Address of an S3-compatible store that is not Amazon's, https://….")
    s3_region: str = Field("us-east-1", description="Region of the bucket.")
    s3_access_key: str = Field("", description="Access key of the bucket; empty asks the machine's role.")
    s3_secret_key: SecretStr = Field(SecretStr(""), description="Secret key of the bucket.")
    files_links: bool = Field(
        False,
        description="Whether whoever may read a file of the bucket is sent to it by a link signed for five minutes, "
        "instead of through the program; needs LMS_S3_ACCESS_KEY.",
    )
    redis_url: str = Field(
        "", description="Redis for limits and for waking workers, redis://… or rediss://…; needed where several `lms serve` serve."
    )
    metrics_from: str = Field(
        "127.0.0.1, ::1", description="Addresses and networks that may read /metrics besides administrators, divided by commas."
    )
    smtp_host: str = Field("", description="Mail server; empty writes mail to the data folder's mail/ instead.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the mail server.")
    smtp_user: str = Field("", description="User at the mail server.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Password at the mail server.")
    smtp_starttls: bool = Field(True, description="Encrypt the connection to the mail server with STARTTLS.")
    mail_from: str = Field("aulario@example.org", description="Sender of the mail.")
    mails_per_second: float = Field(5, ge=0, le=1000, description="Mails to many people that one process sends in a second; 0: no limit.")
    contact_email: str = Field("ayuda@example.org", description="Address shown on the help page.")
    data_officer: str = Field(
        "", max_length=300, description="Data-protection officer of the institution and how to reach them: notice on personal data."
    )
    data_processors: str = Field(
        "",
        max_length=600,
        description="Where the data are kept and who processes them for the institution (hosting, mail): notice on personal data.",
    )
    instructors_activate_communities: bool = Field(
        False, description="Whether people who teach activate communities of their own; else administrators of the site do."
    )
    sign_up: bool = Field(True, description="Whether people can create an account of their own; else administrators add them.")
    languages: str = Field("es, en", description="Languages of the site, divided by commas; the first where nobody chose.")
    zone: str = Field("America/Guayaquil", description="Time zone of the institution: visitors' times, and the start of new accounts.")
    topics: str = Field(
        "",
        description="What courses are about, for their field `topic`, as in `pensiones=Pensiones, salud-mental=Salud mental`. "
        "A course that names another topic is told so.",
    )
    institution: str = Field(
        "Aulario",
        max_length=80,
        description="Short name of the institution that runs the site, shown at the top of pages and on certificates.",
    )
    institution_name: str = Field(
        "Aulario",
        max_length=120,
        description="Full name of the institution: certificates, personal data notice.",
    )
    signatory_1: str = Field("", description="Who signs certificates: NAME; OFFICE, or NAME; OFFICE IN SPANISH; OFFICE IN ENGLISH.")
    signatory_1_picture: Path | None = Field(
        None, description="Picture of that signature, PNG or JPEG, 300 kB at most; copied when a certificate is issued."
    )
    signatory_2: str = Field("", description="Who signs beside the first, in the same form.")
    signatory_2_picture: Path | None = Field(None, description="Picture of the second signature.")
    threads: int = Field(128, ge=1, le=1024, description="Connections one process serves at once.")
    max_active_requests: int = Field(
        48,
        ge=0,
        le=1024,
        description="Active requests of one process from which it asks new visitors to wait; 0 asks nobody.",
    )
    database_pool: int = Field(8, ge=2, le=100, description="Database connections one process holds.")
    worker_threads: int = Field(1, ge=0, le=16, description="Threads for background jobs inside `lms serve`; 0 where `lms worker` runs.")
    request_seconds: int = Field(30, ge=1, le=600, description="Seconds that a request may work after its arrival; then it is rolled back.")
    keep_audit_days: int = Field(
        1830, ge=1830, description="Days that entries of the audit log are kept; five years at least, then they go whole seals at a time."
    )
    keep_notices_days: int = Field(180, ge=7, description="Days that notices stay in the bell.")
    keep_withdrawn_posts_days: int = Field(30, ge=30, description="Days after which posts that their author withdrew are erased.")
    keep_post_drafts_days: int = Field(90, ge=7, description="Days that drafts of posts are kept after they were last changed.")
    keep_post_reports_days: int = Field(365, ge=30, description="Days that reports of posts are kept after they were decided.")
    keep_board_reads_days: int = Field(730, ge=30, description="Days that it is kept when a person last looked at a board.")
    keep_community_requests_days: int = Field(365, ge=90, description="Days that requests to join communities are kept after the decision.")
    keep_community_invitations_days: int = Field(90, ge=1, description="Days that invitations to communities are kept after they ended.")
    keep_mistake_reports_days: int = Field(730, ge=30, description="Days that mistake reports are kept after they were settled.")
    keep_reminders_days: int = Field(365, ge=7, description="Days that people's own reminders stay in their calendar after their day.")
    keep_integrity_days: int = Field(180, ge=30, description="Days that what quizzes record beside answers is kept after the attempt.")
    keep_withdrawn_lines_days: int = Field(3653, ge=365, description="Days that lines of deleted people in actas stay sealed.")
    leaver_days: int = Field(30, ge=0, description="Days after their last day on which the accounts of people who left are suspended.")
    keep_sessions_days: int = Field(90, ge=31, description="Days that sessions are remembered after they were last used.")
    keep_links_days: int = Field(30, ge=1, description="Days that traces of links sent by mail stay after the links are over.")
    keep_unconfirmed_days: int = Field(
        30,
        ge=15,
        description="Days after which an account is forgotten whose address was never confirmed and that takes part in nothing;"
        " where no mail is sent it stays.",
    )
    keep_training_days: int = Field(
        2557, ge=365, description="Days that records of compulsory training are kept after the training ended or the person left."
    )
    keep_jobs_days: int = Field(30, ge=1, description="Days that background work is remembered after it was done or given up.")
    quota_person_mb: int = Field(200, ge=1, description="Megabytes of the files that one person may hand in to one course.")
    quota_course_mb: int = Field(
        5000, ge=1, description="Megabytes of the files of one course, with those of its history and without what learners hand in."
    )
    quota_evidence_person_mb: int = Field(
        100, ge=1, description="Megabytes of the files with which one person may prove waivers and recognitions."
    )
    quota_evidence_mb: int = Field(20_000, ge=1, description="Megabytes of such files about the people of one institution.")
    outgoing_allow: str = Field(
        "",
        description="Hosts and networks that the program may call although they are not on the public internet, divided by commas, such as"
        " `idp.example.org, 10.20.0.0/16`; with LMS_OUTGOING_PROXY it calls these alone.",
    )
    outgoing_proxy: str = Field(
        "", description="Proxy for calls to other servers, http://proxy.example.org:3128; mail, files and databases do not use it."
    )
    trusted_proxies: int = Field(0, ge=0, le=5, description="Proxies in front whose X-Forwarded headers are believed.")
    breached_passwords_file: Path | None = Field(
        None,
        description="File of breached passwords that new ones may not be among: sorted lines HASH:COUNT of SHA-1, as Have I Been Pwned"
        " gives them; `lms check --deploy` tells where it cannot be read.",
    )
    session_idle_minutes: int = Field(60, ge=5, le=720, description="Minutes without a request after which a session ends.")
    session_hours: int = Field(12, ge=1, le=72, description="Hours after which a session ends in any case.")

    @field_validator("public_url")
    @classmethod
    def _origin_only(cls, value: str) -> str:
        return known_origin(value)

    @field_validator("former_urls")
    @classmethod
    def _origins_only(cls, value: str) -> str:
        return ", ".join(known_origin(address) for address in word_list(value))

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        return value and known_database(value)

    @field_validator("files_url")
    @classmethod
    def _known_store(cls, value: str) -> str:
        if value and not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]+(/[\w./-]*)?", value):
            raise ValueError("must look like s3://bucket/prefix")
        return value.rstrip("/")

    @field_validator("s3_endpoint")
    @classmethod
    def _known_endpoint(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https://")
        return value.rstrip("/")

    @field_validator("files_links")
    @classmethod
    def _can_sign(cls, value: bool, given: ValidationInfo) -> bool:
        if value and not (given.data.get("files_url") and given.data.get("s3_access_key")):
            raise ValueError("needs LMS_FILES_URL and LMS_S3_ACCESS_KEY")
        return value

    @field_validator("redis_url")
    @classmethod
    def _known_redis(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://")):
            raise ValueError("must begin with redis:// or rediss://")
        return value

    @field_validator("topics")
    @classmethod
    def _known_topics(cls, value: str) -> str:
        for part in value.split(",") if value else ():
            if not re.fullmatch(r"\s*[a-z0-9]+(-[a-z0-9]+)*=\s*\S.*", part):
                raise ValueError(f"must look like salud-mental=Salud mental, with commas between; {part.strip()} does not")
        return value

    @field_validator("languages")
    @classmethod
    def _known_languages(cls, value: str) -> str:
        if not 0 < len(chosen := word_list(value)) <= len(LANGUAGES) or not set(chosen) <= set(LANGUAGES):
            raise ValueError(f"must name some of {', '.join(LANGUAGES)}")
        return ", ".join(dict.fromkeys(chosen))

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("must be a time zone such as America/Guayaquil")
        return value

    @field_validator("metrics_from")
    @classmethod
    def _known_networks(cls, value: str) -> str:
        for network in value.split(","):
            try:
                ip_network(network.strip(), strict=False)
            except ValueError:
                raise ValueError(f"{network.strip()} is no address or network") from None
        return value

    @field_validator("outgoing_allow")
    @classmethod
    def _known_targets(cls, value: str) -> str:
        known_targets(value)
        return value

    @field_validator("outgoing_proxy")
    @classmethod
    def _known_proxy(cls, value: str) -> str:
        if value and not re.fullmatch(r"http://([a-z0-9._-]+|\[[0-9a-f:]+\]):[0-9]{1,5}/?", value):
            raise ValueError("must look like http://proxy.example.org:3128, without user and password")
        return value and known_port(value).rstrip("/")

    @field_validator("signatory_1", "signatory_2")
    @classmethod
    def _known_signatory(cls, value: str) -> str:
        parts = [part.strip() for part in value.split(";")]
        if value and not (2 <= len(parts) <= 3 and all(0 < len(part) <= SIGNATORY_LENGTH for part in parts)):
            raise ValueError(f"must look like NAME; OFFICE or NAME; OFFICE IN SPANISH; OFFICE IN ENGLISH, {SIGNATORY_LENGTH} signs each")
        return value

    @field_validator("signatory_1_picture", "signatory_2_picture")
    @classmethod
    def _known_picture(cls, value: Path | None) -> Path | None:
        if value is None:
            return None
        try:
            content = value.read_bytes()
        except OSError as error:
            raise ValueError(f"cannot be read ({error.strerror})") from None
        if len(content) > SIGNATURE_BYTES or not content.startswith((b"\x89PNG\r\n", b"\xff\xd8\xff")):
            raise ValueError("must be a PNG or JPEG file of 300 kB at most")
        return value

    @property
    def signatories(self) -> tuple[SignatorySetting, ...]:
        """Return who signs certificates from now on, in their order."""
        given = ((self.signatory_1, self.signatory_1_picture), (self.signatory_2, self.signatory_2_picture))
        return tuple(_signatory(text, picture) for text, picture in given if text)

    @property
    def names(self) -> Mapping[str, str]:
        """Return the full name of the institution by language."""
        return {DEFAULT_LANGUAGE: self.institution_name}

    @property
    def short_names(self) -> Mapping[str, str]:
        """Return the short name of the institution by language."""
        return {DEFAULT_LANGUAGE: self.institution}

    @property
    def database(self) -> str:
        """Return the address of the database, the data folder's SQLite file by default."""
        return self.database_url or sqlite_address(self.data_dir / "aulario.sqlite")

    @property
    def sends_mail(self) -> bool:
        """Return whether mail leaves; else it is written to the data folder."""
        return bool(self.smtp_host)

    @property
    def confirms_since(self) -> datetime | None:
        """Return since when a new account's address has to be confirmed; nothing where no mail is sent that could confirm it."""
        return ALWAYS if self.sends_mail else None

    @property
    def mail_server(self) -> str:
        """Return host and port of the mail server."""
        return f"{self.smtp_host}:{self.smtp_port}"

    @property
    def is_reachable(self) -> bool:
        """Return whether others than the people at this machine can reach the site."""
        return bool(self.public_url) and urlsplit(self.public_url).hostname not in LOOPBACK

    @property
    def outgoing_targets(self) -> tuple[frozenset[str], tuple[Network, ...]]:
        """Return the hosts and the networks that may be called although they are not public."""
        return known_targets(self.outgoing_allow)

    @property
    def topic_names(self) -> Mapping[str, str]:
        """Return the names of the topics by their keys, in the order given."""
        pairs = (part.partition("=") for part in self.topics.split(",") if part.strip())
        return {key.strip(): name.strip() for key, _sign, name in pairs}

    @property
    def former_addresses(self) -> tuple[str, ...]:
        """Return the addresses that the site had before."""
        return word_list(self.former_urls)

    @property
    def host_names(self) -> tuple[str, ...]:
        """Return the host names that requests may name."""
        public = urlsplit(self.public_url).hostname
        return (*LOOPBACK, public) if public else LOOPBACK


def secret(text: str) -> SecretStr:
    """Return a text that is not printed by accident."""
    return SecretStr(text)


def with_default(settings: Settings, **values: object) -> Settings:
    """Return settings with other values, which are no more than defaults: nobody gave them."""
    return Settings.model_construct(settings.model_fields_set, **{**dict(settings), **values})


BARE = ("PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "LANG", "LC_ALL", "TZ")


def bare_environment() -> dict[str, str]:
    """Return the environment of a process of ours that reads what strangers sent: no setting, no secret."""
    return {name: os.environ[name] for name in BARE if name in os.environ}


def whole_environment() -> dict[str, str]:
    """Return the environment of a process of ours that does what this one does, with the credentials of a bucket."""
    return dict(os.environ)


def environment_of(settings: "Settings") -> dict[str, str]:
    """Return the environment in which `load` reads these settings: that of this process, with what was given to them."""
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    plain = {name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in given.items()}
    return whole_environment() | {f"LMS_{name.upper()}": "" if value is None else str(value) for name, value in plain.items()}


RENAMED = {"LMS_CROWD": "LMS_MAX_ACTIVE_REQUESTS"}
"""Settings by the name that they had in 0.1, which is still read in 0.2 and tells in `lms check --deploy`."""


def former_names() -> list[str]:
    """Return which settings the environment gives by a former name."""
    return sorted(name for name in os.environ if name.upper() in RENAMED)


def load(**given: object) -> Settings:
    """Read the settings from the environment, or raise SettingsError with every fault in one line; what is given comes first."""
    names = {f"LMS_{name.upper()}" for name in Settings.model_fields}
    for former in former_names():
        if os.environ[former] and not os.environ.get(RENAMED[former.upper()]):
            given.setdefault(RENAMED[former.upper()].removeprefix("LMS_").lower(), os.environ[former])
    unknown = sorted(name for name in os.environ if name.upper().startswith("LMS_") and name.upper() not in names | RENAMED.keys())
    if unknown:
        hints = [f"{name} (did you mean {close[0]}?)" if (close := get_close_matches(name, names, 1)) else name for name in unknown]
        raise SettingsError(f"Unknown setting: {', '.join(hints)}. `lms settings` lists the names.")
    try:
        settings = Settings(**given)  # type: ignore[arg-type]  # values given by tests and the command line are checked by the model
    except ValidationError as error:
        faults = [f"LMS_{str(fault['loc'][0]).upper()}: {fault['msg'].removeprefix('Value error, ')}" for fault in error.errors()]
        raise SettingsError("; ".join(faults)) from None
    _check_libraries(settings)
    return settings


LIBRARIES = (("LMS_DATABASE_URL", "psycopg", "postgres"), ("LMS_REDIS_URL", "redis", "scaled"), ("LMS_FILES_URL", "obstore", "scaled"))
"""Settings that need a library, and with which extra of the package it comes."""


def extra_of(library: str | None) -> str:
    """Return with which extra of the package a library comes, nothing where with none."""
    return next((extra for _name, known, extra in LIBRARIES if known == library), "")


def how_to_install(*extras: str) -> str:
    """Return the command that installs extras of the package."""
    named = ",".join(sorted(set(extras)))
    return f"Install it: pip install 'aulario[{named}]', or in a checkout: pip install -r requirements-scaled.txt"


def _check_libraries(settings: Settings) -> None:
    """Raise SettingsError where a setting needs a library that only a part of the installations has."""
    values = (settings.database_url.startswith("postgresql"), settings.redis_url, settings.files_url)
    lacking = {
        f"{name} needs the library {library}": extra
        for value, (name, library, extra) in zip(values, LIBRARIES, strict=True)
        if value and find_spec(library) is None
    }
    if lacking:
        raise SettingsError(f"{'; '.join(lacking)}, which is not installed. {how_to_install(*lacking.values())}")


def private_file(path: Path, content: bytes) -> None:
    """Write a new file that only its owner can read; raise FileExistsError where there is one. Nobody ever sees half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as target:
            target.write(content)
            target.flush()
            os.fsync(target.fileno())
        os.link(draft, path)
    finally:
        draft.unlink()


def made_once(path: Path, content: Callable[[], bytes]) -> None:
    """Make a secret file where there is none; of servers that start together the first one's counts."""
    if not path.exists():
        with suppress(FileExistsError):
            private_file(path, content())


def read_private(path: Path) -> bytes:
    """Return the content of a secret file; raise SettingsError where it is absent, or open to others."""
    try:
        if path.stat().st_mode & 0o077:
            raise SettingsError(f"Others can read {path}: run chmod 600 {path}")
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"The secret file {path} cannot be read ({error.strerror}).") from None


def secret_keys(settings: Settings) -> list[bytes]:
    """Return the secret key, made at the first start, and the older ones on further lines, which are still read but no longer used.

    Raise SettingsError where one is short or the file is open to others.
    """
    path = settings.secret_key_file or settings.data_dir / "secret.key"
    if settings.secret_key_file is None:
        made_once(path, lambda: secrets.token_urlsafe(48).encode())
    keys = read_private(path).split()
    if not keys or min(len(key) for key in keys) < 32:
        raise SettingsError(f"The secret key in {path} is shorter than 32 bytes.")
    if any(_is_example(key) for key in keys):
        raise SettingsError(f"The secret key in {path} is an example: delete the file, or write random signs into it.")
    return keys


_EXAMPLES = (b"example", b"ejemplo", b"change", b"cambi", b"secret", b"password")


def _is_example(key: bytes) -> bool:
    """Return whether a key was written by hand: a word of manuals, or few different signs (spec/security 8.3)."""
    return len(set(key)) < 8 or any(word in key.lower() for word in _EXAMPLES)


KEPT_KEYS = 3
"""Older keys that are still read after a rotation."""


def rotate_secret_key(settings: Settings) -> list[bytes]:
    """Put a new secret key before the others, of which the latest stay readable; return them all. The file is replaced whole.

    Raise SettingsError where it cannot be replaced: a container's secret, a folder with another owner.
    """
    path = settings.secret_key_file or settings.data_dir / "secret.key"
    keys = [secrets.token_urlsafe(48).encode(), *secret_keys(settings)[:KEPT_KEYS]]
    fresh = path.with_name(f"{path.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        private_file(fresh, b"\n".join(keys) + b"\n")
        fresh.replace(path)
    except OSError as error:
        raise SettingsError(f"The secret file {path} cannot be replaced ({error.strerror}): see Keys in operations/install.md.") from None
    return keys
