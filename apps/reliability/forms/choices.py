"""What the editors of cost model, triage policy and sequence policy share: sections of fields, read back as one value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.reliability.queries.versions import AnyChoice

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LONGEST_NOTE = 2_000


@dataclass(frozen=True, kw_only=True)
class Section:
    """Fields under one heading; `source` says what the shipped figure rests on, `mark` whether it is still assumed."""

    title: str
    words: str = ""
    source: str = ""
    fields: Sequence[BoundField] = ()
    mark: BoundField | None = None
    rows: Sequence[Sequence[BoundField]] = ()


class ChoiceForm(forms.Form):
    """A form that fills in from a value and reads back as one."""

    note = forms.CharField(
        label=_("What this draft is for"),
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Kept with the version and named in the audit trail."),
    )

    def __init__(self, *args: Any, currency: str = "EUR", records: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.records = records
        self.initial = {name: _tidy(value) for name, value in self.initial.items()}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            try:
                data["value"] = self.read(data)
            except ValueError as fault:
                self.add_error(None, in_words(fault))
        return data

    @staticmethod
    def initial_of(value: Any) -> dict[str, Any]:
        """What the form is filled in with."""
        raise NotImplementedError

    def sections(self) -> list[Section]:
        """The fields as they are shown."""
        raise NotImplementedError

    def read(self, data: Mapping[str, Any]) -> AnyChoice:
        """The value filled in. Raises ValueError with a sentence."""
        raise NotImplementedError

    def chosen(self, *names: str) -> list[BoundField]:
        return [self[name] for name in names]


def number(
    label: "StrOrPromise",
    *,
    low: float,
    high: float,
    words: "StrOrPromise" = "",
    **more: Any,
) -> forms.FloatField:
    """A number within limits; any number of decimals."""
    return forms.FloatField(
        label=label,
        min_value=low,
        max_value=high,
        help_text=words,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
        **more,
    )


def of_hundred(
    label: "StrOrPromise", *, low: float = 0, high: float = 100, words: "StrOrPromise" = ""
) -> forms.FloatField:
    """A share, filled in as a number of 100."""
    return number(format_lazy(_("{label}, of 100"), label=label), low=low, high=high, words=words)


def share(value: float) -> float:
    """A number of 100 as a share 0..1, without the noise of the division."""
    return round(value / 100, 12)


def hundredths(value: float) -> float:
    """A share 0..1 as a number of 100."""
    return round(value * 100, 10)


def in_words(fault: ValueError) -> str:
    """What a value refused, as a sentence."""
    text = gettext(str(fault).strip().rstrip("."))
    return f"{text[:1].upper()}{text[1:]}."


def _tidy(value: Any) -> Any:
    """50000.0 is filled in as 50000."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
