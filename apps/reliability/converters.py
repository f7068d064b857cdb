"""Kinds of versions in addresses; importing this registers `<version_kind:…>`, once."""

from django.urls import register_converter

from apps.reliability.queries.versions import VersionKind


class VersionKindConverter:
    """`cost-model`, `triage-policy` or `sequence-policy`; anything else is no address."""

    regex = "|".join(kind.value for kind in VersionKind)

    def to_python(self, value: str) -> VersionKind:
        return VersionKind(value)

    def to_url(self, value: VersionKind) -> str:
        return VersionKind(value).value


register_converter(VersionKindConverter, "version_kind")
