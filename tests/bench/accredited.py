"""What an accredited seal with a time stamp would cost: a sheet sealed PAdES B-LT by pyHanko, in a job (spec/certificates 12, D5).

The product has no such seal yet: this is the price of the library that D5 names, with a time stamp made here instead of asked for.
"""

import logging
from datetime import UTC, datetime, timedelta
from io import BytesIO

from asn1crypto import crl, keys, x509
from cryptography import x509 as certificates
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from certificates.pdf import render
from certificates.sheet import compose
from kernel import clock
from kernel.pdf.document import PdfAttachment
from tests.bench.libraries import DRAWN, alternating, bare_page
from tests.bench.table import Row, ratio
from tests.support.badges import vector
from tests.support.certificates import FACTS

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
ROOM = 16_384
"""Bytes for the seal: where none are named, the library seals twice to learn how many it needs."""
BEGINS = datetime(2026, 1, 1, tzinfo=UTC)


def accredited() -> list[Row]:
    """Measure a sheet with its badge, drawn and sealed B-LT by pyHanko, against the bare page."""
    logging.getLogger("pyhanko").setLevel(logging.ERROR)  # it warns that it may not ask the network
    seal = _Authority()
    sheet, badge = compose(FACTS), PdfAttachment("credential.json", "application/vc+ld+json", vector("credential.json"))
    pairs = alternating(lambda: seal.sealed(render(sheet, badge)), lambda: bare_page(sheet.content.verify_url), DRAWN)
    size = len(seal.sealed(render(sheet, badge))) / 1000
    return [
        ratio("D5", "PDF sealed B-LT by pyHanko, in a job, against bare ReportLab", pairs, 12, 9),
        Row("D5", "kB of it", size, 60, 45),
    ]


class _Authority:
    """An authority of its own with a key that seals, one that stamps times, and a list of what it revoked."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("Autoridad de prueba")
        self._root = self._certificate(self._name, self._key, is_authority=True)
        sealing, stamping = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)  # its stamper knows RSA alone
        certificate = self._certificate(_named("Sello de prueba"), sealing)
        stamp = self._certificate(_named("Sello de tiempo de prueba"), stamping, ExtendedKeyUsageOID.TIME_STAMPING)
        store = SimpleCertificateStore.from_certs([self._root, certificate, stamp])
        self._signer = signers.SimpleSigner(certificate, _as_asn1(sealing), store)
        self._stamper = DummyTimeStamper(stamp, _as_asn1(stamping), certs_to_embed=store)
        self._revoked = self._revocations()

    def sealed(self, sheet: bytes) -> bytes:
        """Return a sheet with a seal, a time stamp, and what is needed to verify both later."""
        context = ValidationContext(trust_roots=[self._root], crls=[self._revoked], allow_fetching=False, revocation_mode="require")
        wanted = signers.PdfSignatureMetadata(
            field_name="Sello",
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            embed_validation_info=True,
            validation_context=context,
        )
        target = BytesIO()
        writer = IncrementalPdfFileWriter(BytesIO(sheet))
        signers.sign_pdf(writer, wanted, signer=self._signer, timestamper=self._stamper, output=target, bytes_reserved=ROOM)
        return target.getvalue()

    def _certificate(
        self, name: certificates.Name, key: PrivateKey, use: certificates.ObjectIdentifier | None = None, *, is_authority: bool = False
    ) -> x509.Certificate:
        signs = certificates.KeyUsage(True, not is_authority, False, False, False, is_authority, is_authority, False, False)
        made = (
            certificates.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(certificates.random_serial_number())
            .not_valid_before(BEGINS)
            .not_valid_after(BEGINS + timedelta(days=3650))
            .add_extension(certificates.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(signs, critical=True)
        )
        if use is not None:
            made = made.add_extension(certificates.ExtendedKeyUsage([use]), critical=True)
        return x509.Certificate.load(made.sign(self._key, hashes.SHA256()).public_bytes(Encoding.DER))

    def _revocations(self) -> crl.CertificateList:
        now = clock.now()
        made = certificates.CertificateRevocationListBuilder().issuer_name(self._name).last_update(now).next_update(now + timedelta(days=7))
        return crl.CertificateList.load(made.sign(self._key, hashes.SHA256()).public_bytes(Encoding.DER))


def _named(words: str) -> certificates.Name:
    return certificates.Name([certificates.NameAttribute(NameOID.COMMON_NAME, words)])


def _as_asn1(key: PrivateKey) -> keys.PrivateKeyInfo:
    return keys.PrivateKeyInfo.load(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
