"""Tables of identity providers, of the accounts of people there, and of the sessions that were begun by them."""

from collections.abc import Mapping

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Entity, Moment, ShortText, Slug
from kernel.errors import N_
from kernel.personal import Erase, personal

LONGEST_SUBJECT = 255


class IdentityProvider(Entity):
    """An institution's server that says who somebody is, as this site is registered there."""

    noun = N_("Identity provider")
    __table_args__ = (
        CheckConstraint("authentication IN ('client_secret_basic', 'client_secret_post', 'private_key_jwt')", name="authentication"),
    )

    key: Mapped[Slug] = mapped_column(unique=True)
    """Names it in addresses, and never changes: they are registered at the provider."""
    institution_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    names: Mapped[Mapping[str, str]]
    """Of the button, by language: «Ingresar con …»."""
    issuer: Mapped[str] = mapped_column(String(500))
    client_id: Mapped[ShortText]
    secret: Mapped[str] = mapped_column(Text, default="")
    """The client secret, or for `private_key_jwt` the private key; locked with the secret key of the instance."""
    authentication: Mapped[str] = mapped_column(String(20), default="client_secret_basic")
    scopes: Mapped[tuple[str, ...]] = mapped_column(default=("profile", "email"))
    """Beside `openid`."""
    claims: Mapped[Mapping[str, str]] = mapped_column(default=dict)
    """Names of claims by what they say (`federation.claims.ClaimField`); without one it is not read."""
    instructor_groups: Mapped[tuple[str, ...]] = mapped_column(default=())
    """Ids of the groups whose people are instructors."""
    factor_values: Mapped[tuple[str, ...]] = mapped_column(default=())
    """Values of `amr` or `acr` that stand for a second factor."""
    domains: Mapped[tuple[str, ...]] = mapped_column(default=())
    """Domains of addresses that are the institution's own: an address there is its person's unless the provider says it is not."""
    sources: Mapped[tuple[str, ...]] = mapped_column(default=())
    """Fields that follow the provider at each sign-in: `names`, `email`, `language`; all others are taken once."""
    uses_object_id: Mapped[bool] = mapped_column(default=False)
    """The subject is `tid` with `oid` (Entra), which another registration of this site does not change."""
    uses_userinfo: Mapped[bool] = mapped_column(default=False)
    creates: Mapped[bool] = mapped_column(default=False)
    """Whoever is not known gets an account."""
    local_password: Mapped[bool] = mapped_column(default=False)
    """Whoever came in by it may also choose a password."""
    is_on: Mapped[bool] = mapped_column(default=False)
    row_version: Mapped[int] = mapped_column(default=1)
    discovery: Mapped[str] = mapped_column(Text, default="")
    """What the provider published of its endpoints (JSON)."""
    key_set: Mapped[str] = mapped_column(Text, default="")
    """The keys that it published (JWK Set)."""
    fetched_at: Mapped[Moment | None]
    fresh_until: Mapped[Moment | None]
    created_at: Mapped[Moment]


class ExternalIdentity(Entity):
    """The account of a person at a provider."""

    noun = N_("Link with an institution")
    __table_args__ = (UniqueConstraint("provider_id", "subject"), UniqueConstraint("provider_id", "person_id"))

    provider_id: Mapped[int] = mapped_column(ForeignKey("identity_provider.id"))
    subject: Mapped[str] = mapped_column(String(2 * LONGEST_SUBJECT))
    person_id: Mapped[int] = personal(erase=Erase.DELETE, index=True)
    linked_at: Mapped[Moment]
    linked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """None where what the provider says was enough."""
    last_seen_at: Mapped[Moment]
    unknown_unit: Mapped[str] = mapped_column(String(40), default="")
    """The code of their unit as the provider said it last, where no unit has it."""


class FederatedSession(Base):
    """A session that was begun by a provider."""

    device_id: Mapped[int] = mapped_column(ForeignKey("device.id", ondelete="CASCADE"), primary_key=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("external_identity.id", ondelete="CASCADE"), index=True)
    sid: Mapped[str] = mapped_column(String(255), default="")
    """The provider's name of the session, which its logout tokens name."""


class ProviderRole(Base):
    """A site role that a person has because of a group at the provider; the row stays when somebody takes the role away."""

    identity_id: Mapped[int] = mapped_column(ForeignKey("external_identity.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)
    given_at: Mapped[Moment]


class SpentToken(Base):
    """A logout token that was followed, until it could not be sent again."""

    provider_id: Mapped[int] = mapped_column(ForeignKey("identity_provider.id", ondelete="CASCADE"), primary_key=True)
    jti_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[Moment] = mapped_column(index=True)
