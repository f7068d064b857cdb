"""What a person may ask of a case."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.triage.states import CaseState


class CaseMoveForm(forms.Form):
    """Where the case goes next, and why; `version` is the case as the person saw it."""

    to = forms.ChoiceField(choices=[(state.value, state.value) for state in CaseState])
    version = forms.IntegerField(min_value=1)
    reason = forms.CharField(max_length=500, required=False, strip=True)


class CaseFileForm(forms.Form):
    """What an export is for, and how it is handed over."""

    recipient = forms.CharField(
        max_length=200,
        label=_("Recipient"),
        help_text=_("Who receives it: name, office, reference."),
    )
    purpose = forms.CharField(
        max_length=500,
        label=_("Purpose"),
        help_text=_("Written into the file and into the audit chain."),
    )
    footage = forms.ChoiceField(
        label=_("Footage"),
        choices=[
            ("blurred", _("Copies with faces blurred")),
            ("originals", _("Originals as recorded, nobody blurred")),
        ],
        initial="blurred",
    )
    days = forms.IntegerField(
        label=_("Days until it is deleted"), min_value=1, max_value=30, initial=7
    )
    password = forms.BooleanField(label=_("Encrypt with a password"), required=False, initial=True)


class WithdrawForm(forms.Form):
    """Why a case file is taken back."""

    reason = forms.CharField(max_length=500, strip=True)
