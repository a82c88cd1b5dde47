"""Acronyms that learners of social security meet, and their meanings: alphanumeric, in lower case, without accents."""

from collections.abc import Mapping

_NAMES = (
    ("iess", "institutoecuatorianodeseguridadsocial", "ecuadoriansocialsecurityinstitute"),
    ("biess", "bancodeliess", "bancodelinstitutoecuatorianodeseguridadsocial"),
    ("isspol", "institutodeseguridadsocialdelapolicianacional"),
    ("issfa", "institutodeseguridadsocialdelasfuerzasarmadas"),
    ("ruc", "registrounicodecontribuyentes"),
    ("rise", "regimenimpositivosimplificadoecuatoriano"),
    ("sri", "servicioderentasinternas"),
    ("oit", "organizacioninternacionaldeltrabajo", "ilo", "internationallabourorganization", "internationallabororganization"),
    ("oiss", "organizacioniberoamericanadeseguridadsocial"),
    ("aiss", "asociacioninternacionaldelaseguridadsocial", "issa", "internationalsocialsecurityassociation"),
    ("onu", "organizaciondelasnacionesunidas", "nacionesunidas", "unitednations"),
    ("oms", "organizacionmundialdelasalud", "worldhealthorganization"),
    ("ops", "organizacionpanamericanadelasalud", "paho", "panamericanhealthorganization"),
    ("oim", "organizacioninternacionalparalasmigraciones", "iom", "internationalorganizationformigration"),
    ("oea", "organizaciondelosestadosamericanos", "oas", "organizationofamericanstates"),
    ("ocde", "organizacionparalacooperacionyeldesarrolloeconomicos", "oecd", "organisationforeconomiccooperationanddevelopment"),
    ("fmi", "fondomonetariointernacional", "imf", "internationalmonetaryfund"),
    ("pib", "productointernobruto", "gdp", "grossdomesticproduct"),
    ("iva", "impuestoalvaloragregado", "vat", "valueaddedtax"),
    ("sbu", "salariobasicounificado"),
    ("msp", "ministeriodesaludpublica"),
    ("mdt", "ministeriodeltrabajo"),
)
NAMES: Mapping[str, tuple[str, ...]] = {name: names for names in _NAMES for name in names}
"""By each of its names, all names of the same thing."""
