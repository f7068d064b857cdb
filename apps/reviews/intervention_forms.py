"""Shapes of what is filled in about interventions; whether it may be recorded is the operations' question."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.reviews.intervention_queries import InterventionFilters
from apps.reviews.models import InterventionKind, InterventionOutcome
from apps.reviews.operations.interventions import LARGEST_COST, LONGEST_REASON, SHORTEST_REASON
from apps.sites.models import Site
from apps.sites.queries import sites_visible_to

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ANY = ("", _("Any"))
STATE_WORDS = [ANY, ("open", _("Something is missing")), ("closed", _("Complete"))]
COMPLAINT_WORDS = [ANY, ("none", _("None")), ("received", _("Received")), ("settled", _("Settled"))]


def _small() -> forms.Select:
    return forms.Select(attrs={"class": "input input-small"})


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date", "class": "input input-small"})


class InterventionFilterForm(forms.Form):
    """Filters of the list; what is not understood filters nothing."""

    site: forms.ModelChoiceField[Site] = forms.ModelChoiceField(
        label=_("Site"), required=False, queryset=None, widget=_small()
    )
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=STATE_WORDS, widget=_small()
    )
    outcome = forms.ChoiceField(
        label=_("Outcome"),
        required=False,
        choices=[ANY, *InterventionOutcome.choices],
        widget=_small(),
    )
    complaint = forms.ChoiceField(
        label=_("Complaint"), required=False, choices=COMPLAINT_WORDS, widget=_small()
    )
    since = forms.DateField(label=_("From"), required=False, widget=_day())
    until = forms.DateField(label=_("To"), required=False, widget=_day())

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = self.fields["site"]
        assert isinstance(sites, forms.ModelChoiceField)
        sites.queryset = sites_visible_to(user).order_by("name")
        sites.empty_label = gettext("Any")

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
        label=_("What is done on the floor"),
        choices=InterventionKind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what is done on the floor.")},
    )


def _reason(label: "StrOrPromise") -> forms.CharField:
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
    outcome = forms.ChoiceField(label=_("How it ended"), choices=InterventionOutcome.choices)
    reason = _reason(_("What was seen"))


class ComplaintForm(_EntryForm):
    reason = _reason(_("What the person complained about"))


class SettlementForm(_EntryForm):
    """`currency` is the tenant's; the cost is everything the complaint cost in the end."""

    cost = forms.DecimalField(
        label=_("What it cost"),
        min_value=0,
        max_value=LARGEST_COST,
        max_digits=12,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "0.01", "inputmode": "decimal"}),
    )
    reason = _reason(_("How it was settled"))

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cost"].label = gettext("What it cost in the end, in %(currency)s") % {
            "currency": currency
        }
        self.fields["cost"].help_text = gettext(
            "Vouchers, refunds, damages and lawyers together; 0 if nothing."
        )
