"""The decision form: shape only. Whether the decision is allowed is the operation's question."""

import json
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.reviews.models import LEAST_REVEAL_REASON
from apps.reviews.payload import LONGEST_COMMENT, REASONS, DecisionPayload
from apps.triage.states import Verdict

LONGEST_CLIP_MS = 24 * 60 * 60 * 1000


class VerdictForm(forms.Form):
    """Which verdict a panel is opened for."""

    verdict = forms.ChoiceField(choices=[(verdict.value, verdict.value) for verdict in Verdict])


class DecisionForm(forms.Form):
    """One verdict with its reasons; theft asks besides whether the transfer was seen."""

    verdict = forms.ChoiceField(
        choices=[(verdict.value, verdict.value) for verdict in Verdict], widget=forms.HiddenInput
    )
    reasons = forms.MultipleChoiceField(
        required=False, label=_("Why"), widget=forms.CheckboxSelectMultiple
    )
    transfer_seen = forms.TypedChoiceField(
        required=False,
        label=_("Did you see the item change place?"),
        choices=[("yes", _("Yes, I saw it")), ("no", _("No"))],
        coerce=lambda answer: answer == "yes",
        empty_value=None,
        widget=forms.RadioSelect,
        error_messages={"required": _("Answer whether you saw the item change place.")},
    )
    comment = forms.CharField(
        required=False,
        label=_("In your words"),
        max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, verdict: Verdict, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asks_for_transfer = verdict is Verdict.THEFT_CONFIRMED
        self.fields["reasons"].choices = [  # type: ignore[attr-defined]
            (code, capfirst(gettext(words))) for code, words in REASONS[verdict].items()
        ]
        self.fields["transfer_seen"].required = self.asks_for_transfer

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("reasons") and not data.get("comment"):
            self.add_error("reasons", gettext("Choose a reason or write one."))
        return data

    def payload(self) -> DecisionPayload:
        """What the person decided, as it will be recorded. Raises UnreadablePayload."""
        data = self.cleaned_data
        return DecisionPayload(
            verdict=Verdict(data["verdict"]),
            reasons=tuple(data["reasons"]),
            comment=data["comment"],
            transfer_seen=data["transfer_seen"] if self.asks_for_transfer else None,
        )


class SubmitForm(forms.Form):
    """What the confirm step sends back: the one-time token and the payload as it was shown."""

    token = forms.CharField(max_length=200, strip=False)
    payload = forms.JSONField()


class RegroupForm(forms.Form):
    """Which alert of the item is meant (empty: the one on the page), and why."""

    member = forms.UUIDField(required=False)
    reason = forms.CharField(max_length=500)


class RevealForm(forms.Form):
    """Why faces have to be seen."""

    reason = forms.CharField(min_length=LEAST_REVEAL_REASON, max_length=500)

    @property
    def sentence(self) -> str:
        """What is wrong with the reason."""
        return " ".join(str(error) for errors in self.errors.values() for error in errors)


class PlaybackForm(forms.Form):
    """A player's report of a span it really played, in milliseconds of the clip."""

    session = forms.RegexField(r"^[0-9a-f]{32}$")
    from_ms = forms.IntegerField(min_value=0, max_value=LONGEST_CLIP_MS)
    to_ms = forms.IntegerField(min_value=1, max_value=LONGEST_CLIP_MS)

    @classmethod
    def of_json(cls, body: bytes) -> "PlaybackForm":
        """A form over a JSON body; anything but an object makes it invalid."""
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            data = {}
        return cls(data if isinstance(data, dict) else {})

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("from_ms", 0) >= data.get("to_ms", 1):
            raise forms.ValidationError(gettext("A span has a length."))
        return data
