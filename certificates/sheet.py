"""The printed content of a certificate and the template by which it is drawn."""

from dataclasses import dataclass
from datetime import date

from certificates.layout.placing import SheetContent, SheetDescriptions
from certificates.layout.template import CertificateTemplate


@dataclass(frozen=True, slots=True)
class CertificateSheet:
    """Everything that is printed, in one language; an item is the value of a field."""

    template: CertificateTemplate
    content: SheetContent
    issued_on: date
    keywords: str

    @property
    def language(self) -> str:
        """Return the language of the sheet."""
        return self.content.language

    @property
    def title(self) -> str:
        """Return what the document is called."""
        return f"{self['document']}: {self['person.name']}"

    @property
    def descriptions(self) -> SheetDescriptions:
        """Return the figures in words."""
        return self.content.descriptions

    def __getitem__(self, name: str) -> str:
        return self.content.values[name]
