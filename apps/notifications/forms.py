"""What the page of choices asks for."""

import zoneinfo
from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.notifications.models import NotificationChoice
from apps.notifications.rules import KIND_WORDS, Kind

_KINDS: Final = [(kind.value, words) for kind, words in KIND_WORDS.items()]
_TIME: Final = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class ChoiceForm(forms.Form):
    """What somebody wants to hear of. Kinds that are not offered to them stay as they were."""

    on_screen = forms.MultipleChoiceField(choices=_KINDS, required=False)
    by_email = forms.MultipleChoiceField(choices=_KINDS, required=False)
    quiet_from = forms.TimeField(label=_("No e-mail from"), required=False, widget=_TIME)
    quiet_until = forms.TimeField(label=_("Until"), required=False, widget=_TIME)
    timezone = forms.ChoiceField(
        label=_("Time zone of these hours"),
        choices=[(zone, zone) for zone in sorted(zoneinfo.available_timezones())],
    )
    language = forms.ChoiceField(label=_("Language of the e-mails"), choices=settings.LANGUAGES)

    def __init__(
        self, *args: Any, choice: NotificationChoice, offered: Iterable[Kind], **options: Any
    ) -> None:
        self._offered, self._choice = set(offered), choice
        names = ("on_screen", "by_email", "quiet_from", "quiet_until", "timezone", "language")
        options["initial"] = {name: getattr(choice, name) for name in names}
        super().__init__(*args, **options)

    @property
    def rows(self) -> list[dict[str, object]]:
        """Each offered kind in words, and whether its two boxes are ticked."""
        screen, email = (set(self[name].value() or []) for name in ("on_screen", "by_email"))
        return [
            {
                "kind": kind.value,
                "words": KIND_WORDS[kind],
                "on_screen": kind in screen,
                "by_email": kind in email,
            }
            for kind in Kind
            if kind in self._offered
        ]

    @property
    def said(self) -> dict[str, Any]:
        """What was chosen, as `choose` wants it. Only of a valid form."""
        return self.cleaned_data | {
            name: self._with_the_others(name) for name in ("on_screen", "by_email")
        }

    def _with_the_others(self, name: str) -> list[Kind]:
        kept = set(getattr(self._choice, name)) - self._offered
        ticked = set(self.cleaned_data[name]) & self._offered
        return [Kind(kind) for kind in kept | ticked]
