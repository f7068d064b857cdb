"""Which version of a clip a person is shown: the one with faces blurred, unless they revealed it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert, Clip
from apps.alerts.queries import clip_of
from apps.reviews.models import Reveal
from apps.sites.queries import allows


class Version(StrEnum):
    """`blurred`: what everybody sees. `original`: the footage with faces, or its playable copy."""

    BLURRED = "blurred"
    ORIGINAL = "original"


class Blur(StrEnum):
    """Where the blurred copy is."""

    READY = "ready"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Footage:
    """What one person may do with an alert's clip now.

    `version` is None when there is nothing to show: the blurred copy is not there and nothing is revealed.
    """

    key: str
    version: Version | None
    blur: Blur
    blur_note: str
    may_reveal: bool
    revealed: Reveal | None

    def __post_init__(self) -> None:
        if bool(self.key) != (self.version is not None):
            raise ValueError("a version that is shown has a key")


def footage_for(*, user: User, alert: Alert, now: datetime) -> Footage | None:
    """The clip as this person is shown it; None without viewable footage. The caller asks whether they may see it."""
    clip = clip_of(alert)
    if clip is None or not clip.is_viewable:
        return None
    may_reveal = allows(user, Permission.REVEAL_FACES, alert.site_id)
    revealed = current_reveal(user=user, alert=alert, now=now) if may_reveal else None
    version, key = _shown(clip, revealed)
    return Footage(
        key=key,
        version=version,
        blur=blur_of(clip),
        blur_note=clip.blur_note,
        may_reveal=may_reveal,
        revealed=revealed,
    )


def current_reveal(*, user: User, alert: Alert, now: datetime) -> Reveal | None:
    """The person's reveal of this clip that lasts longest, if one is open."""
    open_ones = Reveal.objects.filter(
        alert=alert, user=user, covered_at__isnull=True, expires_at__gt=now
    )
    return open_ones.order_by("-expires_at").first()


def was_shown_something(*, user: User, alert: Alert) -> bool:
    """Whether this person can have played the clip at all, in either version."""
    clip = clip_of(alert)
    if clip is None or not clip.is_viewable:
        return False
    return bool(clip.blurred_key) or Reveal.objects.filter(alert=alert, user=user).exists()


def has_footage(alert: Alert) -> bool:
    clip = clip_of(alert)
    return clip is not None and clip.is_viewable


def blur_of(clip: Clip) -> Blur:
    if clip.blurred_key:
        return Blur.READY
    return Blur.FAILED if clip.blur_note else Blur.WAITING


def _shown(clip: Clip, revealed: Reveal | None) -> tuple[Version | None, str]:
    if revealed is not None:
        return Version.ORIGINAL, clip.playable_key
    if clip.blurred_key:
        return Version.BLURRED, clip.blurred_key
    return None, ""
