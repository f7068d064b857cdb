"""Bringing in an audit sample, and closing an alarm."""

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.reliability.fairness_file import COLUMNS, MOST_BYTES
from apps.reliability.models import FairnessSample


class AuditSampleForm(forms.Form):
    """A CSV file of judged alerts with its name and how it came about."""

    name = forms.CharField(
        label=_("Name"), max_length=FairnessSample._meta.get_field("name").max_length
    )
    method = forms.CharField(
        label=_("How it was drawn and labelled"),
        max_length=2_000,
        help_text=_(
            "Which alerts were drawn, by whom the groups were labelled, and when the labels are destroyed."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    file = forms.FileField(
        label=_("CSV file"),
        help_text=format_lazy(
            _("The columns {columns} and no others: no names, no ids, no pictures."),
            columns=", ".join(COLUMNS),
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )
    is_simulated = forms.BooleanField(
        label=_("These rows are simulated"), required=False, help_text=_("For rehearsals only.")
    )

    def clean_file(self) -> bytes:
        """The file's content. Raises ValidationError when it is too large."""
        upload = self.cleaned_data["file"]
        if upload.size > MOST_BYTES:
            raise forms.ValidationError(
                gettext("The file is larger than %(limit)s MiB.") % {"limit": MOST_BYTES // 2**20}
            )
        content: bytes = upload.read()
        return content


class CloseAlarmForm(forms.Form):
    """Why an alarm is closed."""

    reason = forms.CharField(
        label=_("What was found and done"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
