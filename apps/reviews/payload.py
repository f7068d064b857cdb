"""Exactly what a person decides: the words on the panel, the digest in the record, the same on every channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from django.utils.translation import gettext, gettext_noop

from apps.triage.canonical import JsonValue, canonical_digest
from apps.triage.states import Verdict

ACTION = "alert.dispose"
LONGEST_COMMENT = 2000

REASONS: Mapping[Verdict, Mapping[str, str]] = MappingProxyType(
    {
        Verdict.THEFT_CONFIRMED: {
            "item_concealed": gettext_noop("item seen going out of sight on the person"),
            "exit_unpaid": gettext_noop("exit passed with the item, no checkout"),
            "item_not_scanned": gettext_noop("item past the scanner without a scan"),
        },
        Verdict.FALSE_ALARM: {
            "nothing_taken": gettext_noop("no item changed place"),
            "item_put_back": gettext_noop("item put back"),
            "paid": gettext_noop("item paid for"),
            "wrong_detection": gettext_noop("the detector saw something that is not there"),
        },
        Verdict.INCONCLUSIVE: {
            "view_blocked": gettext_noop("view blocked"),
            "too_dark": gettext_noop("too dark"),
            "clip_too_short": gettext_noop("clip too short"),
            "no_clip": gettext_noop("no clip to watch"),
        },
        Verdict.BENIGN_EXPLAINED: {
            "own_item": gettext_noop("own item put away"),
            "staff": gettext_noop("staff at work"),
            "child": gettext_noop("a child"),
            "agreed_with_staff": gettext_noop("agreed with staff"),
        },
    }
)
"""The reason chips of each verdict, in words: observed acts, never intent."""


class UnreadablePayload(ValueError):
    """The decision does not have the documented shape; the message names the fault."""


@dataclass(frozen=True, kw_only=True)
class Duplicate:
    """Another alert of the same review item, in the version in which the decision settles it too."""

    alert_id: UUID
    version: int


@dataclass(frozen=True, kw_only=True)
class DecisionPayload:
    """A verdict with its reasons. `transfer_seen` answers "was the item seen changing place?".

    `duplicates` are the other alerts of the item that the same look settles; preparing fills them in.
    """

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    comment: str = ""
    transfer_seen: bool | None = None
    duplicates: tuple[Duplicate, ...] = ()

    def __post_init__(self) -> None:
        known = REASONS[Verdict(self.verdict)]
        if unknown := set(self.reasons) - set(known):
            raise UnreadablePayload(f"{sorted(unknown)} are no reasons for {self.verdict}")
        if len(set(self.reasons)) != len(self.reasons):
            raise UnreadablePayload("a reason is given once")
        if len(self.comment) > LONGEST_COMMENT or "\x00" in self.comment:
            raise UnreadablePayload(f"a comment has at most {LONGEST_COMMENT} characters, no NUL")
        try:
            self.comment.encode()
        except UnicodeEncodeError:
            raise UnreadablePayload("the comment is not Unicode text") from None

    @property
    def reason_words(self) -> tuple[str, ...]:
        return tuple(gettext(REASONS[self.verdict][code]) for code in self.reasons)

    def to_json(self) -> dict[str, JsonValue]:
        """As stored with the attempt and as hashed. An alert on its own says nothing of others."""
        words: dict[str, JsonValue] = {
            "verdict": self.verdict.value,
            "reasons": list(self.reasons),
            "comment": self.comment,
            "transfer_seen": self.transfer_seen,
        }
        if self.duplicates:
            words["duplicates"] = [
                {"alert": str(one.alert_id), "version": one.version} for one in self.duplicates
            ]
        return words

    @classmethod
    def from_json(cls, raw: Mapping[str, object]) -> "DecisionPayload":
        """Read what `to_json` wrote. Raises UnreadablePayload."""
        reasons, seen = raw.get("reasons", []), raw.get("transfer_seen")
        if not isinstance(reasons, list | tuple) or not all(isinstance(r, str) for r in reasons):
            raise UnreadablePayload("reasons are a list of codes")
        if seen is not None and not isinstance(seen, bool):
            raise UnreadablePayload("transfer_seen is true, false or null")
        try:
            verdict = Verdict(str(raw.get("verdict")))
        except ValueError:
            raise UnreadablePayload("the verdict is not one of " + ", ".join(Verdict)) from None
        return cls(
            verdict=verdict,
            reasons=tuple(reasons),
            comment=str(raw.get("comment", "")),
            transfer_seen=seen,
            duplicates=_duplicates(raw.get("duplicates", [])),
        )

    def digest(self, *, tenant_id: UUID, alert_id: UUID, version: int) -> str:
        """SHA-256 over this payload for exactly this alert in exactly this version."""
        return canonical_digest(
            {
                "action": ACTION,
                "tenant": tenant_id,
                "alert": alert_id,
                "version": version,
                "payload": self.to_json(),
            }
        )


def _duplicates(raw: object) -> tuple[Duplicate, ...]:
    fault = "duplicates are a list of {alert, version}"
    if not isinstance(raw, list | tuple) or not all(isinstance(one, Mapping) for one in raw):
        raise UnreadablePayload(fault)
    try:
        found = tuple(
            Duplicate(alert_id=UUID(str(one["alert"])), version=int(one["version"])) for one in raw
        )
    except (KeyError, TypeError, ValueError):
        raise UnreadablePayload(fault) from None
    if len({one.alert_id for one in found}) != len(found):
        raise UnreadablePayload("an alert is named once")
    return found
