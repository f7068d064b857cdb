"""Shapes of the forms of oversight. What is allowed is decided by the operations."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.accounts.models import User
from apps.oversight.queries.stops import target_of, targets_of
from apps.sites.stopping import LONGEST_REASON

AT_ONCE = "Something looks wrong with what the machine proposes; it is being looked into."


class StopForm(forms.Form):
    """What to stop and why. The reason is filled in, so that Enter is enough when there is no time."""

    target = forms.ChoiceField(label="Stop", error_messages={"required": "Say what to stop."})
    reason = forms.CharField(
        label="Why",
        max_length=LONGEST_REASON,
        initial=AT_ONCE,
        widget=forms.TextInput(attrs={"autofocus": True}),
        error_messages={"required": "Say why, in a few words."},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user
        self.fields["target"].choices = targets_of(user)  # type: ignore[attr-defined]

    def clean_target(self) -> object:
        try:
            return target_of(self._user, self.cleaned_data["target"])
        except LookupError:
            raise ValidationError("That is not something you can stop.") from None


class ResumeForm(forms.Form):
    reason = forms.CharField(
        label="Why the machine may go on",
        max_length=LONGEST_REASON,
        error_messages={"required": "Say why the machine may go on."},
    )
