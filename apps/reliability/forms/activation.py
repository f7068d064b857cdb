"""Activating a version, and trying one on the past."""

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from apps.reliability.forms.choices import LONGEST_NOTE, in_words
from apps.reliability.queries.past_alerts import Period

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class ActivationForm(forms.Form):
    """Why, and which version the person saw as active."""

    reason = forms.CharField(
        label=_("Why it is activated"),
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    instead_of = forms.UUIDField(required=False, widget=forms.HiddenInput)


def _day(label: "StrOrPromise") -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}),
        validators=[MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2999, 12, 31))],
    )


class BacktestForm(forms.Form):
    """A period in whole days, UTC, and the versions tried on it; an empty one stays as it is active."""

    first_day = _day(_("First day"))
    last_day = _day(_("Last day"))
    cost_model = forms.UUIDField(required=False)
    triage_policy = forms.UUIDField(required=False)

    @staticmethod
    def last_quarter(today: date) -> dict[str, date]:
        """The last 90 whole days."""
        return {"first_day": today - timedelta(days=90), "last_day": today - timedelta(days=1)}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "first_day" in data and "last_day" in data:
            try:
                data["period"] = whole_days(data["first_day"], data["last_day"])
            except ValueError as fault:
                self.add_error("last_day", in_words(fault))
        return data


def whole_days(first: date, last: date) -> Period:
    """From the start of `first` to the end of `last`, UTC. Raises ValueError unless it runs forward."""
    return Period(
        start=datetime.combine(first, time.min, tzinfo=UTC),
        end=datetime.combine(last + timedelta(days=1), time.min, tzinfo=UTC),
    )
