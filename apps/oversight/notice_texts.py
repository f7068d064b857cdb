"""What a site tells people about its cameras: from its facts to text, in English and Spanish.

The text follows Art. 13 GDPR and Art. 50 of Regulation (EU) 2024/1689. It is a draft of the organisation's own notice, which
the organisation is answerable for.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType
from typing import Final

LANGUAGES: Final[Mapping[str, str]] = MappingProxyType({"en": "English", "es": "Español"})


@dataclass(frozen=True, kw_only=True)
class NoticeFacts:
    """What the organisation states. Periods are days; `retention_log_days` is never below 183."""

    controller: str
    address: str
    contact: str
    officer: str
    purposes: str
    legal_basis: str
    retention_footage_days: int
    retention_case_days: int
    retention_log_days: int
    recipients: str
    authority: str
    biometrics: bool

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, str) and not value.strip() and one.name != "officer":
                raise ValueError(f"{one.name.replace('_', ' ').capitalize()} is missing.")
        if min(self.retention_footage_days, self.retention_case_days) < 1:
            raise ValueError("A retention period is at least one day.")
        if self.retention_log_days < 183:
            raise ValueError("Logs are kept for at least 183 days.")

    def as_json(self) -> dict[str, object]:
        return asdict(self)


_EN: Final = """\
CAMERAS AND AUTOMATED ANALYSIS
{site}

Who is responsible: {controller}, {address}. Contact: {contact}.{officer}

What happens here: cameras record this place. A computer looks at the footage for observed acts, such as an item being moved into a bag, and proposes to a person which moments to look at. It decides nothing: a trained person looks at the footage before anybody is spoken to.

What for: {purposes}. Legal basis: {legal_basis}.

Faces: {faces}

How long: footage {footage} days; footage of a confirmed incident {case} days; the log of the system {log} days. After that it is deleted, unless a legal hold or a law requires otherwise.

Who receives it: {recipients}.

Your rights: you may ask for access to what is kept about you, for correction, erasure or restriction, and you may object. You may ask for an explanation of the part the system played in a decision about you. Write to {contact}. You may also complain to {authority}.
"""
_ES: Final = """\
CÁMARAS Y ANÁLISIS AUTOMATIZADO
{site}

Responsable: {controller}, {address}. Contacto: {contact}.{officer}

Qué ocurre aquí: unas cámaras graban este lugar. Un programa busca en las imágenes actos observados, por ejemplo que un artículo pase a una bolsa, y propone a una persona qué momentos mirar. No decide nada: una persona formada mira las imágenes antes de que nadie se dirija a usted.

Para qué: {purposes}. Base jurídica: {legal_basis}.

Rostros: {faces}

Cuánto tiempo: imágenes, {footage} días; imágenes de un hecho confirmado, {case} días; registro del sistema, {log} días. Después se suprimen, salvo que una retención legal o una ley exijan otra cosa.

Quién las recibe: {recipients}.

Sus derechos: puede pedir acceso a lo que se conserva sobre usted, su rectificación, supresión o limitación, y puede oponerse. Puede pedir una explicación del papel del sistema en una decisión que le afecte. Escriba a {contact}. También puede reclamar ante {authority}.
"""
_FACES: Final = {
    (
        "en",
        False,
    ): "no face is compared with anything; nobody is identified by their body. Faces are blurred in the footage that staff see.",
    (
        "en",
        True,
    ): "faces are compared with a short list of people who are confirmed to have stolen here. A match is judged by two people. Faces that match nobody are forgotten at once.",
    (
        "es",
        False,
    ): "ningún rostro se compara con nada; no se identifica a nadie por su cuerpo. Los rostros se difuminan en las imágenes que ve el personal.",
    (
        "es",
        True,
    ): "los rostros se comparan con una lista breve de personas con un hurto confirmado aquí. Dos personas juzgan cada coincidencia. Los rostros sin coincidencia se olvidan al instante.",
}
_OFFICER: Final = {
    "en": " Data protection officer: {officer}.",
    "es": " Delegado de protección de datos: {officer}.",
}


def notice_text(*, facts: NoticeFacts, site: str, language: str) -> str:
    """The notice in one of `LANGUAGES`. Free text of the facts is taken as it was written, in whichever language."""
    template = {"en": _EN, "es": _ES}[language]
    officer = _OFFICER[language].format(officer=facts.officer) if facts.officer.strip() else ""
    return template.format(
        site=site,
        controller=facts.controller,
        address=facts.address,
        contact=facts.contact,
        officer=officer,
        purposes=facts.purposes,
        legal_basis=facts.legal_basis,
        faces=_FACES[language, facts.biometrics],
        footage=facts.retention_footage_days,
        case=facts.retention_case_days,
        log=facts.retention_log_days,
        recipients=facts.recipients,
        authority=facts.authority,
    )
