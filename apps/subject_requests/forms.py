"""What a person may write about a request: shapes only, the operations decide."""

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.people.models import Person
from apps.sites.models import Camera, Site
from apps.sites.queries import cameras_visible_to, sites_visible_to
from apps.subject_requests.models import IdentityCheck, ReceivedBy, RefusalGround, RequestKind
from apps.subject_requests.operations.disclosing import LONGEST_DAYS
from apps.subject_requests.operations.moving import LONGEST_WORDS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _words(
    label: "StrOrPromise", help_text: "StrOrPromise" = "", *, required: bool = True
) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=required,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


def _moment(label: "StrOrPromise", *, required: bool = False) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        required=required,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


class ReceiveForm(forms.Form):
    """A request is written down."""

    kind = forms.ChoiceField(label=_("What is asked for"), choices=RequestKind.choices)
    name = forms.CharField(
        label=_("Name of the person"),
        required=False,
        max_length=200,
        help_text=_(
            "Sealed under a key of the person's own. Leave it empty for a person on record."
        ),
    )
    person = forms.ModelChoiceField(
        label=_("Person on record"),
        queryset=Person.objects.none(),
        required=False,
        empty_label=_("Somebody new"),
    )
    how = forms.ChoiceField(label=_("How it was received"), choices=ReceivedBy.choices)
    received_at = _moment(_("When it was received"), required=True)
    contact = forms.CharField(
        label=_("Where the answer goes"),
        required=False,
        max_length=300,
        help_text=_("Sealed as well."),
    )
    wording = _words(
        _("What the person says"), _("In their words. Sealed as well."), required=False
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = Person.objects.filter(tenant_id=user.tenant_id, erased_at=None)
        self.fields["person"].queryset = people  # type: ignore[attr-defined]


class IdentityForm(forms.Form):
    check = forms.ChoiceField(
        label=_("How the person's identity was checked"),
        choices=[("", _("Choose one")), *(c for c in IdentityCheck.choices if c[0])],
    )


class SearchForm(forms.Form):
    """What leads to the person's data: references, or the time and place of a visit or receipt."""

    references = forms.CharField(
        label=_("References"),
        required=False,
        max_length=400,
        help_text=_("A-…, C-…, W-… or F-…, as on a letter; several with spaces between them."),
    )
    site = forms.ModelChoiceField(label=_("Site"), queryset=Site.objects.none(), required=False)
    camera = forms.ModelChoiceField(
        label=_("Camera"),
        queryset=Camera.objects.none(),
        required=False,
        empty_label=_("Every camera"),
    )
    since = _moment(_("From"))
    until = _moment(_("Until"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = sites_visible_to(user)  # type: ignore[attr-defined]
        self.fields["camera"].queryset = cameras_visible_to(user)  # type: ignore[attr-defined]

    def clean_references(self) -> tuple[str, ...]:
        return tuple(re.split(r"[\s,;]+", self.cleaned_data["references"].strip())[:20])


class JudgeForm(forms.Form):
    findings = forms.MultipleChoiceField(label=_("Findings"), choices=())
    about = forms.ChoiceField(
        label=_("Are they about the person?"),
        choices=[("yes", _("Yes: include them")), ("no", _("No: leave them out"))],
        widget=forms.RadioSelect,
    )
    reason = _words(_("How you know"))

    def __init__(self, *args: Any, ids: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["findings"].choices = [(i, i) for i in ids]  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    reason = _words(_("Reason"))


class RefusalForm(forms.Form):
    ground = forms.ChoiceField(
        label=_("Legal ground"), choices=[("", _("Choose one")), *RefusalGround.choices]
    )
    wording = _words(_("What the person is told"))


class AnswerForm(forms.Form):
    corrected_name = forms.CharField(
        label=_("Corrected name"),
        required=False,
        max_length=200,
        help_text=_("Only for a correction."),
    )
    wording = _words(_("What was decided, as the person is told"))


class DiscloseForm(forms.Form):
    days = forms.IntegerField(
        label=_("Days the link lasts"), min_value=1, max_value=LONGEST_DAYS, initial=14
    )


class ApproveForm(forms.Form):
    sha256 = forms.RegexField(regex=r"^[0-9a-f]{64}$", widget=forms.HiddenInput)
