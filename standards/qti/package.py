"""Packages of IMS Content Packaging: a manifest and files in a ZIP, the same bytes each time."""

import zipfile
from collections.abc import Mapping
from io import BytesIO
from types import MappingProxyType

from standards import _xml
from standards.qti.model import PACKAGE

NOTHING: Mapping[str, bytes] = MappingProxyType({})
_DAY = (1980, 1, 1, 0, 0, 0)


def package(files: Mapping[str, bytes], kind: str, schema_version: str, media: Mapping[str, bytes] = NOTHING) -> bytes:
    """Return a ZIP with these files, each a resource of the manifest; `kind` is the resources' type, that of `media` is web content."""
    root = _xml.root("manifest", PACKAGE, identifier="MANIFEST")
    metadata = _xml.add(root, f"{{{PACKAGE}}}metadata")
    _xml.add(metadata, f"{{{PACKAGE}}}schema", "IMS Content")
    _xml.add(metadata, f"{{{PACKAGE}}}schemaversion", schema_version)
    _xml.add(root, f"{{{PACKAGE}}}organizations")
    resources = _xml.add(root, f"{{{PACKAGE}}}resources")
    for at, path in enumerate((*files, *media), start=1):
        type_ = kind if path in files else "webcontent"
        resource = _xml.add(resources, f"{{{PACKAGE}}}resource", identifier=f"R{at}", type=type_, href=path)
        _xml.add(resource, f"{{{PACKAGE}}}file", href=path)
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in {"imsmanifest.xml": _xml.serialize(root), **files, **media}.items():
            info = zipfile.ZipInfo(path, _DAY)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o100644 << 16
            archive.writestr(info, content)
    return target.getvalue()
