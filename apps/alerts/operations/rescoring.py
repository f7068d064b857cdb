"""Whether and how an external detector can be asked to score frames again: set, tried, switched off."""

from typing import Final

from django.core.exceptions import ValidationError

from apps.alerts.addresses import AddressRefused, require_url
from apps.alerts.models import DetectorSource
from apps.alerts.plain_png import plain_png
from apps.alerts.rescoring import RescoreEndpoint, UnableToRescore
from apps.alerts.signing import UnableToUnseal, new_secret, seal, unseal
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record

NOT_SET: Final = "No address is set at which this detector scores frames again."
UNREADABLE: Final = "The secret for asking this detector cannot be read; make a new one."
_TEST_SIDE: Final = 64
_FIELDS: Final = ("rescore_url", "rescore_timeout_seconds", "rescore_beyond_network")


def set_rescoring(
    *,
    actor: Actor,
    source: DetectorSource,
    url: str,
    timeout_seconds: float | None = None,
    beyond_network: bool | None = None,
) -> str | None:
    """Ask this detector at `url` from now on ("": not at all); None keeps a setting.

    Returns the secret that our questions are signed with when one had to be made, shown this once. Raises
    ValidationError.
    """
    before = _facts(source)
    source.rescore_url = url
    if timeout_seconds is not None:
        source.rescore_timeout_seconds = timeout_seconds
    if beyond_network is not None:
        source.rescore_beyond_network = beyond_network
    require_rescoring(url=source.rescore_url, beyond_network=source.rescore_beyond_network)
    source.full_clean()
    source.save(update_fields=list(_FIELDS))
    record(
        actor=actor,
        event=Event.SOURCE_CHANGED,
        subject=Subject("source", source.id),
        before=before,
        after=_facts(source),
        details={"fields": "rescoring"},
    )
    return settle_rescore_secret(actor=actor, source=source)


def require_rescoring(*, url: str, beyond_network: bool) -> None:
    """Raises ValidationError with a sentence for an address that frames must not go to; "" is none."""
    if not url:
        return
    try:
        require_url(url, beyond_network=beyond_network)
    except AddressRefused as refusal:
        raise ValidationError({"rescore_url": str(refusal)}) from None


def settle_rescore_secret(*, actor: Actor, source: DetectorSource) -> str | None:
    """A source with an address has a secret and one without has none; returns one that was made."""
    if source.rescore_url and source.rescore_secret_sealed is None:
        return rotate_rescore_secret(actor=actor, source=source)
    if not source.rescore_url and source.rescore_secret_sealed is not None:
        source.rescore_secret_sealed = None
        source.save(update_fields=["rescore_secret_sealed"])
    return None


def rotate_rescore_secret(*, actor: Actor, source: DetectorSource) -> str:
    """Sign our questions to this detector with a new secret from now on; the old one is gone."""
    if not source.rescore_url:
        raise ValidationError({"rescore_url": NOT_SET})
    secret = new_secret()
    source.rescore_secret_sealed = seal(secret)
    source.save(update_fields=["rescore_secret_sealed"])
    record(
        actor=actor,
        event=Event.SOURCE_SECRET_ROTATED,
        subject=Subject("source", source.id),
        details={"used_for": "rescoring"},
    )
    return secret


def endpoint_of(source: DetectorSource) -> RescoreEndpoint:
    """Where and how a source's detector is asked. Raises UnableToRescore."""
    if not source.rescore_url:
        raise UnableToRescore(NOT_SET)
    if source.rescore_secret_sealed is None:
        raise UnableToRescore(UNREADABLE)
    try:
        return RescoreEndpoint(
            source_id=source.id,
            url=source.rescore_url,
            secret=unseal(source.rescore_secret_sealed),
            timeout_seconds=source.rescore_timeout_seconds,
            beyond_network=source.rescore_beyond_network,
        )
    except UnableToUnseal:
        raise UnableToRescore(UNREADABLE) from None
    except AddressRefused as refusal:
        raise UnableToRescore(str(refusal)) from None


def try_rescoring(*, source: DetectorSource) -> float:
    """The detector's score of two drawn pictures that show nobody. Raises UnableToRescore."""
    ramp = bytes(4 * column for column in range(_TEST_SIDE) for _ in "RGB")
    frames = [
        (0.2 * k, plain_png(row * _TEST_SIDE, width=_TEST_SIDE, height=_TEST_SIDE))
        for k, row in enumerate((ramp, ramp[::-1]))
    ]
    return endpoint_of(source).ask(frames)


def _facts(source: DetectorSource) -> dict[str, str]:
    return {name: str(getattr(source, name)) for name in _FIELDS}
