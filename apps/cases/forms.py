"""What a person may ask of a case."""

from django import forms

from apps.triage.states import CaseState


class CaseMoveForm(forms.Form):
    """Where the case goes next, and why; `version` is the case as the person saw it."""

    to = forms.ChoiceField(choices=[(state.value, state.value) for state in CaseState])
    version = forms.IntegerField(min_value=1)
    reason = forms.CharField(max_length=500, required=False, strip=True)
