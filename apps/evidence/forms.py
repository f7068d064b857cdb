"""What a person may say about evidence: shapes only, the operations decide."""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.evidence.models import CheckOutcome, EvidenceKind
from apps.evidence.operations.holds import LEAST_REASON, LONGEST_REASON
from apps.evidence.retention_rules import DEFAULTS, FLOOR_DAYS, LONGEST_DAYS, RECORDS, Category
from apps.triage.states import EvidenceState

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _reason(label: "StrOrPromise", help_text: "StrOrPromise") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        min_length=LEAST_REASON,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class HoldForm(forms.Form):
    reason = _reason(
        _("Why it must not be deleted"),
        _("Who asked, and for what. It is read by people who were not there."),
    )


class ReleaseForm(forms.Form):
    reason = _reason(
        _("Why it need not be held any longer"), _("Other holds on the same thing stand.")
    )


class PeriodsForm(forms.Form):
    """One number of days a category, and why they change."""

    def __init__(self, *args: Any, days: dict[Category, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for category, default in DEFAULTS.items():
            least = FLOOR_DAYS if category.value in RECORDS else 1
            self.fields[category.value] = forms.IntegerField(
                label=gettext(default.words),
                help_text=_(
                    "Days from %(default_counts_from)s. %(default_reason)s Default: %(default_days)s."
                )
                % {
                    "default_counts_from": gettext(default.counts_from),
                    "default_reason": gettext(default.reason),
                    "default_days": default.days,
                },
                max_value=LONGEST_DAYS,
                initial=days[category],
                widget=forms.NumberInput(attrs={"min": least, "max": LONGEST_DAYS}),
            )
        self.fields["reason"] = _reason(_("Why the periods change"), _("Kept with the version."))

    def days(self) -> dict[Category, int]:
        return {category: self.cleaned_data[category.value] for category in Category}


def _small() -> forms.Select:
    return forms.Select(attrs={"class": "input input-small"})


def _any_or_one_of(choices: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The choices of a filter, in the reader's language."""
    return [("", gettext("Any")), *((value, gettext(words)) for value, words in choices)]


class EvidenceFilterForm(forms.Form):
    """Filters of the list; what is not understood filters nothing."""

    kind = forms.ChoiceField(
        label=_("Kind"),
        required=False,
        choices=partial(_any_or_one_of, EvidenceKind.choices),
        widget=_small(),
    )
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=partial(
            _any_or_one_of, [(one.value, one.value.capitalize()) for one in EvidenceState]
        ),
        widget=_small(),
    )
    check = forms.ChoiceField(
        label=_("Last check"),
        required=False,
        choices=partial(_any_or_one_of, CheckOutcome.choices),
        widget=_small(),
    )
    held = forms.BooleanField(label=_("Held only"), required=False)
