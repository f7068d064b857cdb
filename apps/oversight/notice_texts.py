"""What a site tells people about its cameras: from its facts to text, in English and Spanish.

The text follows Art. 13 GDPR and Art. 50 of Regulation (EU) 2024/1689. It is a draft of the organisation's own
notice, for which the organisation is answerable.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
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


_FACES: Final = {
    ("en", False): (
        "no face is compared with anything; nobody is identified by their body. Faces are blurred in the "
        "footage that staff see."
    ),
    ("en", True): (
        "faces are compared with a short list of people who are confirmed to have stolen here. A match is "
        "judged by two people. Faces that match nobody are forgotten at once."
    ),
    ("es", False): (
        "ningún rostro se compara con nada; no se identifica a nadie por su cuerpo. Los rostros se "
        "difuminan en las imágenes que ve el personal."
    ),
    ("es", True): (
        "los rostros se comparan con una lista breve de personas con un hurto confirmado aquí. Dos "
        "personas juzgan cada coincidencia. Los rostros sin coincidencia se olvidan al instante."
    ),
}
_OFFICER: Final = {
    "en": " Data protection officer: {officer}.",
    "es": " Delegado de protección de datos: {officer}.",
}


def notice_text(*, facts: NoticeFacts, site: str, language: str) -> str:
    """The notice in one of `LANGUAGES`. Free text of the facts is taken as it was written, in whichever language."""
    if language not in LANGUAGES:
        raise ValueError(f"there is no notice in {language!r}")
    template = Path(__file__).with_name(f"notice_{language}.txt").read_text(encoding="utf-8")
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
