"""Shapes of the forms of oversight. What is allowed is decided by the operations."""

from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.oversight.models import Seriousness
from apps.oversight.queries.stops import target_of, targets_of
from apps.oversight.register import LONGEST_TEXT
from apps.sites.stopping import LONGEST_REASON

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

AT_ONCE = "Something looks wrong with what the machine proposes; it is being looked into."


class StopForm(forms.Form):
    """What to stop and why. The reason is filled in, so that Enter is enough when there is no time."""

    target = forms.ChoiceField(label=_("Stop"), error_messages={"required": _("Say what to stop.")})
    reason = forms.CharField(
        label=_("Why"),
        max_length=LONGEST_REASON,
        initial=AT_ONCE,
        widget=forms.TextInput(attrs={"autofocus": True}),
        error_messages={"required": _("Say why, in a few words.")},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user
        self.fields["target"].choices = targets_of(user)  # type: ignore[attr-defined]

    def clean_target(self) -> object:
        try:
            return target_of(self._user, self.cleaned_data["target"])
        except LookupError:
            raise ValidationError(gettext("That is not something you can stop.")) from None


class ResumeForm(forms.Form):
    reason = forms.CharField(
        label=_("Why the machine may go on"),
        max_length=LONGEST_REASON,
        error_messages={"required": _("Say why the machine may go on.")},
    )


def _text(
    label: "StrOrPromise",
    *,
    rows: int = 3,
    required: bool = True,
    longest: int = LONGEST_TEXT,
    help_text: "StrOrPromise" = "",
) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(
        label=label, max_length=longest, required=required, widget=area, help_text=help_text
    )


class RiskForm(forms.Form):
    """One entry of the register, and why it changes."""

    instead_of = forms.IntegerField(widget=forms.HiddenInput)
    id = forms.RegexField(
        r"^[A-Z0-9][A-Z0-9-]{0,20}$",
        label=_("Number"),
        help_text=_("Such as R-20. An existing one is replaced."),
    )
    hazard = _text(_("Hazard: what may happen"), rows=2)
    cause = _text(_("Cause"), rows=2)
    affected = forms.CharField(label=_("Who is affected"), max_length=200)
    control = _text(_("Control: what stands against it"))
    test = forms.CharField(
        label=_("Test that fails without the control"),
        max_length=300,
        required=False,
        help_text=_("Empty for an organisational control."),
    )
    residual = _text(_("What remains"))
    owner = forms.CharField(label=_("Owner"), max_length=120)
    review_on = forms.DateField(
        label=_("Review on"), widget=forms.DateInput(attrs={"type": "date"})
    )
    reason = forms.CharField(label=_("Why the register changes"), max_length=500)

    def clean_review_on(self) -> date:
        found: date = self.cleaned_data["review_on"]
        return found


class IncidentForm(forms.Form):
    """What happened, how serious it may be, and which alerts it is about."""

    what = _text(_("What happened"), rows=5, longest=2_000)
    seriousness = forms.ChoiceField(
        label=_("How serious"), choices=Seriousness.choices, widget=forms.RadioSelect
    )
    aware_at = forms.DateTimeField(
        label=_("When the organisation became aware (UTC)"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("The clocks run from here."),
    )
    alerts = _text(
        _("Alerts it is about"),
        rows=2,
        required=False,
        longest=6_000,
        help_text=_("Such as A-1A2B3C4D; several with spaces or commas between."),
    )


class NotifiedForm(forms.Form):
    whom = forms.CharField(label=_("Which authority was told"), max_length=300)


class FindingsForm(forms.Form):
    findings = _text(_("What was found, and what was changed"), rows=5, longest=2_000)


class NoticeForm(forms.Form):
    """The facts of a notice. Free text is printed as written, in every language."""

    controller = forms.CharField(label=_("Who is responsible"), max_length=200)
    address = forms.CharField(label=_("Address"), max_length=300)
    contact = forms.CharField(label=_("Contact for people"), max_length=200)
    officer = forms.CharField(label=_("Data protection officer"), max_length=200, required=False)
    purposes = forms.CharField(label=_("Purposes"), max_length=500)
    legal_basis = forms.CharField(label=_("Legal basis"), max_length=300)
    retention_footage_days = forms.IntegerField(label=_("Footage is kept, days"), min_value=1)
    retention_case_days = forms.IntegerField(label=_("Footage of an incident, days"), min_value=1)
    retention_log_days = forms.IntegerField(label=_("Logs, days"), min_value=183, initial=183)
    recipients = forms.CharField(label=_("Who receives it"), max_length=300)
    authority = forms.CharField(label=_("Supervisory authority"), max_length=200)


class PeriodForm(forms.Form):
    """The period of an export of records: whole days, UTC."""

    since = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(
        label=_("To, that day included"), widget=forms.DateInput(attrs={"type": "date"})
    )
