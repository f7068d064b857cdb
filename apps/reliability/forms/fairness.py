"""Bringing in an audit sample, and closing an alarm."""

from django import forms

from apps.reliability.fairness_file import COLUMNS, MOST_BYTES
from apps.reliability.models import FairnessSample


class AuditSampleForm(forms.Form):
    """A CSV file of judged alerts with its name and how it came about."""

    name = forms.CharField(
        label="Name", max_length=FairnessSample._meta.get_field("name").max_length
    )
    method = forms.CharField(
        label="How it was drawn and labelled",
        max_length=2_000,
        help_text="Which alerts were drawn, by whom the groups were labelled, and when the labels are destroyed.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    file = forms.FileField(
        label="CSV file",
        help_text=f"The columns {', '.join(COLUMNS)} and no others: no names, no ids, no pictures.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )
    is_simulated = forms.BooleanField(
        label="These rows are simulated", required=False, help_text="For rehearsals only."
    )

    def clean_file(self) -> bytes:
        """The file's content. Raises ValidationError when it is too large."""
        upload = self.cleaned_data["file"]
        if upload.size > MOST_BYTES:
            raise forms.ValidationError(f"The file is larger than {MOST_BYTES // 2**20} MiB.")
        content: bytes = upload.read()
        return content


class CloseAlarmForm(forms.Form):
    """Why an alarm is closed."""

    reason = forms.CharField(
        label="What was found and done",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
