"""What a person may say about a watchlist: shapes only, the operations decide."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.sites.models import Site
from apps.sites.queries import sites_visible_to
from apps.watchlists.models import EntryCategory
from apps.watchlists.models.entries import LONGEST_TERM_DAYS
from apps.watchlists.models.gate import LawfulBasis, SpecialCategoryCondition
from apps.watchlists.models.sightings import Answer
from apps.watchlists.operations.proposing import LONGEST_WORDS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _words(label: "StrOrPromise", help_text: "StrOrPromise" = "", rows: int = 3) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


def _date(label: "StrOrPromise", help_text: "StrOrPromise" = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        help_text=help_text,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class BasisForm(forms.Form):
    """Step 1 of the gate."""

    lawful_basis = forms.ChoiceField(
        label=_("Lawful basis (GDPR Art. 6)"), choices=[("", _("Choose one")), *LawfulBasis.choices]
    )
    special_category_condition = forms.ChoiceField(
        label=_("Condition for biometric data (GDPR Art. 9)"),
        choices=[("", _("Choose one")), *SpecialCategoryCondition.choices],
    )
    basis_text = _words(
        _("The law and the interest relied on"),
        _("Name the article of national law and the interest, as the record of processing does."),
    )


class DpiaForm(forms.Form):
    """Step 2 of the gate."""

    dpia_version = forms.CharField(label=_("Version of the impact assessment"), max_length=40)
    dpia_on = _date(_("Date of that version"))


class SignOffForm(forms.Form):
    """Step 3 of the gate."""

    signatory = forms.CharField(
        label=_("Who signed, by function"),
        max_length=120,
        help_text=_("Such as data protection officer. No names."),
    )
    signed_on = _date(_("Signed on"))
    valid_until = _date(
        _("Valid until"), _("Two years at most. On the day after, everything is off.")
    )


class ReasonForm(forms.Form):
    """Why: written down with the act."""

    reason = _words(_("Reason"), rows=2)


class SeenForm(ReasonForm):
    """A decision about exactly what was seen; a refusal says why."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    digest = forms.RegexField(r"^[0-9a-f]{64}$", widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = False


class TermForm(forms.Form):
    """How long, in days."""

    valid_days = forms.IntegerField(
        label=_("Days until it ends"),
        min_value=1,
        max_value=LONGEST_TERM_DAYS,
        initial=90,
        help_text=_("From the approval, %(longest_term_days)s at most.")
        % {"longest_term_days": LONGEST_TERM_DAYS},
    )
    review_days = forms.IntegerField(
        label=_("Days until somebody must look again"),
        min_value=1,
        max_value=LONGEST_TERM_DAYS,
        initial=30,
        help_text=_("Without a renewal by then it is disabled."),
    )


class RenewalForm(TermForm):
    """A new statement of necessity."""

    necessity = _words(_("Why it is still needed"), _("Written anew; another person decides."))
    field_order = ["necessity", "valid_days", "review_days"]


class ProposalForm(TermForm):
    """A proposal: ground, picture, sites, term and the three declarations."""

    category = forms.ChoiceField(
        label=_("What was done"), choices=[("", _("Choose one")), *EntryCategory.choices]
    )
    seriousness = _words(_("How serious it was"), _("Observed acts and their value; no character."))
    necessity = _words(
        _("Why nothing milder will do"),
        _("What else was tried or considered, and why it does not do."),
    )
    display_name = forms.CharField(
        label=_("A short description"),
        max_length=80,
        required=False,
        help_text=_("As little as colleagues need. It is kept apart and erased with the entry."),
    )
    sites = forms.ModelMultipleChoiceField(
        label=_("Sites it applies to"),
        queryset=Site.objects.none(),
        widget=forms.CheckboxSelectMultiple,
    )
    at_seconds = forms.FloatField(
        label=_("Moment of the clip, in seconds"), min_value=0, required=False
    )
    at_x = forms.FloatField(
        label=_("Face, percent from the left"), min_value=0, max_value=100, required=False
    )
    at_y = forms.FloatField(
        label=_("Face, percent from the top"), min_value=0, max_value=100, required=False
    )
    picture = forms.FileField(
        label=_("Or a picture"),
        required=False,
        help_text=_("JPEG or PNG with one face. Only its pixels are kept."),
        widget=forms.ClearableFileInput(attrs={"accept": "image/jpeg,image/png"}),
    )
    declared_adult = forms.BooleanField(label=_("I declare that the person is an adult."))
    declared_not_vulnerable = forms.BooleanField(
        label=_(
            "I declare that nothing suggests a vulnerable person (illness, distress, disability)."
        )
    )
    declared_not_staff = forms.BooleanField(label=_("I declare that the person is not staff."))
    field_order = [
        "category",
        "seriousness",
        "necessity",
        "display_name",
        "sites",
        "valid_days",
        "review_days",
    ]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = self.fields["sites"]
        assert isinstance(sites, forms.ModelMultipleChoiceField)
        sites.queryset = sites_visible_to(user).order_by("name")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        moment = [data.get(name) for name in ("at_seconds", "at_x", "at_y")]
        given = sum(value is not None for value in moment)
        if 0 < given < len(moment):
            self.add_error(
                "at_seconds", gettext("Give the moment and where the face is, or none of them.")
            )
        elif not given and not data.get("picture"):
            self.add_error(
                "at_seconds", gettext("Point at the face in the clip, or upload a picture.")
            )
        return data


class JudgementForm(forms.Form):
    """One person's answer to: is it the same person?"""

    answer = forms.ChoiceField(
        label=_("Is it the same person?"), choices=Answer.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("What did you compare?"),
        max_length=1000,
        help_text=_(
            "Shape of ears, nose, marks, gait. Clothing changes; looks of a group are no reason."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ObjectionForm(ReasonForm):
    """A decision about an objection."""

    upheld = forms.TypedChoiceField(
        label=_("Decision"),
        choices=[
            ("yes", _("Upheld: erase everything about the person")),
            ("no", _("Rejected: it stays suspended")),
        ],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
