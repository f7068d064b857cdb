"""Shapes of the forms about training. What is allowed is decided by the operations."""

from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.accounts.queries import people_who_need_training
from apps.accounts.training import LONGEST_REASON, LONGEST_TEXT, LONGEST_TRAINER

_USUAL_YEAR: Final = timedelta(days=365)


class _People(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    def label_from_instance(self, obj: Any) -> str:
        assert isinstance(obj, User)
        return f"{obj.display_name} · {obj.get_role_display()}"


class TrainingForm(forms.Form):
    """Who took part in which training. One's own name is not among the choices."""

    people = _People(
        label=_("Who took part"),
        queryset=User.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Say who took part.")},
    )
    release = forms.CharField(
        label=_("For release"),
        max_length=40,
        help_text=_("The release in use; another one to prepare for it."),
    )
    trainer = forms.CharField(label=_("Who held the training"), max_length=LONGEST_TRAINER)
    covered = forms.CharField(
        label=_("What it covered"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "Such as: what the machine can and cannot see, its known errors, when to go against it, STOP."
        ),
    )
    trained_on = forms.DateField(
        label=_("Held on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    valid_until = forms.DateField(
        label=_("Valid until, that day included"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, user: User, now: datetime, **kwargs: Any) -> None:
        start = {
            "release": settings.TRAINING_RELEASE,
            "trained_on": now.date(),
            "valid_until": (now + _USUAL_YEAR).date(),
        }
        super().__init__(*args, **kwargs | {"initial": start | kwargs.get("initial", {})})
        others = people_who_need_training(user.tenant_id).exclude(id=user.id)
        people = self.fields["people"]
        assert isinstance(people, forms.ModelMultipleChoiceField)
        people.queryset = others


class RevocationForm(forms.Form):
    reason = forms.CharField(
        label=_("Why it is taken back"),
        max_length=LONGEST_REASON,
        error_messages={"required": _("Say why it is taken back.")},
    )
