"""Shapes of what is filled in about interventions; whether it may be recorded is the operations' question."""

from typing import Any

from django import forms

from apps.accounts.models import User
from apps.reviews.intervention_queries import InterventionFilters
from apps.reviews.models import InterventionKind, InterventionOutcome
from apps.reviews.operations.interventions import LARGEST_COST, LONGEST_REASON, SHORTEST_REASON
from apps.sites.models import Site
from apps.sites.queries import sites_visible_to

ANY = ("", "Any")
STATE_WORDS = [ANY, ("open", "Something is missing"), ("closed", "Complete")]
COMPLAINT_WORDS = [ANY, ("none", "None"), ("received", "Received"), ("settled", "Settled")]


def _small() -> forms.Select:
    return forms.Select(attrs={"class": "input input-small"})


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date", "class": "input input-small"})


class InterventionFilterForm(forms.Form):
    """Filters of the list; what is not understood filters nothing."""

    site: forms.ModelChoiceField[Site] = forms.ModelChoiceField(
        label="Site", required=False, queryset=None, widget=_small()
    )
    state = forms.ChoiceField(label="State", required=False, choices=STATE_WORDS, widget=_small())
    outcome = forms.ChoiceField(
        label="Outcome",
        required=False,
        choices=[ANY, *InterventionOutcome.choices],
        widget=_small(),
    )
    complaint = forms.ChoiceField(
        label="Complaint", required=False, choices=COMPLAINT_WORDS, widget=_small()
    )
    since = forms.DateField(label="From", required=False, widget=_day())
    until = forms.DateField(label="To", required=False, widget=_day())

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = self.fields["site"]
        assert isinstance(sites, forms.ModelChoiceField)
        sites.queryset = sites_visible_to(user).order_by("name")
        sites.empty_label = "Any"

    def filters(self) -> InterventionFilters:
        """What was asked for; a wrong value is dropped."""
        self.is_valid()
        asked = self.cleaned_data
        site = asked.get("site")
        return InterventionFilters(
            site_id=site.id if site else None,
            state=asked.get("state") or "",
            outcome=asked.get("outcome") or "",
            complaint=asked.get("complaint") or "",
            since=asked.get("since"),
            until=asked.get("until"),
        )


class AuthoriseForm(forms.Form):
    kind = forms.ChoiceField(
        label="What is done on the floor",
        choices=InterventionKind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what is done on the floor."},
    )


def _reason(label: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class _EntryForm(forms.Form):
    """`instead_of` names the entry that is corrected; empty for a first one."""

    instead_of = forms.UUIDField(required=False, widget=forms.HiddenInput)


class OutcomeForm(_EntryForm):
    outcome = forms.ChoiceField(label="How it ended", choices=InterventionOutcome.choices)
    reason = _reason("What was seen")


class ComplaintForm(_EntryForm):
    reason = _reason("What the person complained about")


class SettlementForm(_EntryForm):
    """`currency` is the tenant's; the cost is everything the complaint cost in the end."""

    cost = forms.DecimalField(
        label="What it cost",
        min_value=0,
        max_value=LARGEST_COST,
        max_digits=12,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "0.01", "inputmode": "decimal"}),
    )
    reason = _reason("How it was settled")

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cost"].label = f"What it cost in the end, in {currency}"
        self.fields[
            "cost"
        ].help_text = "Vouchers, refunds, damages and lawyers together; 0 if nothing."
