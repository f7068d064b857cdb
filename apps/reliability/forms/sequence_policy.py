"""The editor of a sequence policy: which steps, in which order, how soon after each other."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from apps.reliability.forms.choices import ChoiceForm, Section, hundredths, number, share
from apps.triage.sequence import MOST_REQUIRED, Order, SequencePolicy, Step
from apps.triage.vocabulary import LABEL_WORDS, SIGNAL_WORDS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MOST_SUPPORTING = 6
OWN, USUAL = "own", "usual"
_COUNTS_FROM = 0.5
_NAME = r"^[a-z][a-z0-9_]*$"
_NAME_WORDS = _("Lower-case letters, digits and _ only, as the detector sends it.")

_NO_SIGNAL = {
    "required": gettext_noop("the required step %(number)s has a value but names no signal"),
    "supporting": gettext_noop("the supporting step %(number)s has a value but names no signal"),
}


def _name(label: "StrOrPromise", *, choices: str, required: bool = False) -> forms.RegexField:
    return forms.RegexField(
        regex=_NAME,
        label=label,
        required=required,
        max_length=80,
        error_messages={"invalid": _NAME_WORDS},
        widget=forms.TextInput(attrs={"list": choices, "autocomplete": "off"}),
    )


class SequencePolicyForm(ChoiceForm):
    """Steps by row; with the order as listed, the row is the place in the sequence."""

    label = _name(_("Label of the alert"), choices="known-labels", required=True)
    detector_id = forms.CharField(
        label=_("Only for the detector"),
        required=False,
        max_length=120,
        help_text=_("Empty: for every detector that has no policy of its own."),
    )
    order = forms.ChoiceField(
        label=_("Order of the required steps"),
        choices=[(Order.AS_LISTED.value, _("As listed")), (Order.ANY.value, _("Any order"))],
    )
    max_gap_seconds = number(
        _("Longest gap, seconds"),
        low=0,
        high=86_400,
        words=_("From the end of one required step to the start of the next."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, most in (("required", MOST_REQUIRED), ("supporting", MOST_SUPPORTING)):
            for at in range(most):
                for part, one in _step_fields(at, kind).items():
                    self.fields[f"{kind}_{part}_{at}"] = one

    @staticmethod
    def initial_of(policy: SequencePolicy) -> dict[str, Any]:
        """What the form is filled in with."""
        found: dict[str, Any] = {
            "label": policy.label,
            "order": policy.order.value,
            "max_gap_seconds": policy.max_gap_seconds,
        }
        for kind, steps in (("required", policy.required), ("supporting", policy.supporting)):
            for at, step in enumerate(steps):
                found[f"{kind}_signal_{at}"] = step.signal
                found[f"{kind}_at_least_{at}"] = step.at_least
                found[f"{kind}_unit_{at}"] = USUAL if step.relative else OWN
                found[f"{kind}_weight_{at}"] = hundredths(step.least_weight) or None
                found[f"{kind}_gap_{at}"] = step.max_gap_seconds
        return found

    def sections(self) -> list[Section]:
        return [
            Section(title=gettext("What it is for"), fields=self.chosen("label", "detector_id")),
            Section(
                title=gettext("Required steps"),
                words=gettext(
                    "All of them make the sequence complete. A step counts from a value of its signal "
                    "on, in the signal's own unit or as a multiple of what is usual in the segment."
                ),
                rows=self._rows("required", MOST_REQUIRED),
            ),
            Section(
                title=gettext("Order and gaps"), fields=self.chosen("order", "max_gap_seconds")
            ),
            Section(
                title=gettext("Supporting steps"),
                words=gettext("Seen beside a required step, they make it more than isolated."),
                rows=self._rows("supporting", MOST_SUPPORTING),
            ),
        ]

    def read(self, data: Mapping[str, Any]) -> SequencePolicy:
        return SequencePolicy(
            version="draft",
            label=data["label"],
            required=_steps(data, "required", MOST_REQUIRED),
            supporting=_steps(data, "supporting", MOST_SUPPORTING),
            order=Order(data["order"]),
            max_gap_seconds=data["max_gap_seconds"],
        )

    def known_labels(self) -> list[str]:
        return list(LABEL_WORDS)

    def known_signals(self) -> list[str]:
        return list(SIGNAL_WORDS)

    def _rows(self, kind: str, most: int) -> list[list[Any]]:
        parts = list(_step_fields(0, kind))
        return [self.chosen(*(f"{kind}_{part}_{at}" for part in parts)) for at in range(most)]


def _step_fields(at: int, kind: str) -> dict[str, forms.Field]:
    """One row: the signal, from where it counts and in which unit, its weight, and its own gap."""
    found: dict[str, forms.Field] = {
        "signal": _name(gettext("Step %(number)s") % {"number": at + 1}, choices="known-signals"),
        "at_least": number(_("Counts from"), low=-1e9, high=1e9, required=False),
        "unit": forms.ChoiceField(
            label=_("Measured"),
            required=False,
            choices=[(OWN, _("in its own unit")), (USUAL, _("times the usual there"))],
        ),
        "weight": number(_("Least weight, of 100"), low=0, high=100, required=False),
    }
    if kind == "required":
        found["gap"] = number(_("Own gap, seconds"), low=0, high=86_400, required=False)
    return found


def _steps(data: Mapping[str, Any], kind: str, most: int) -> tuple[Step, ...]:
    found = []
    for at in range(most):
        part = {name: data.get(f"{kind}_{name}_{at}") for name in _step_fields(at, kind)}
        if part["signal"]:
            found.append(_step(part))
        elif any(part[name] is not None for name in ("at_least", "weight")):
            raise ValueError(gettext(_NO_SIGNAL[kind]) % {"number": at + 1})
    return tuple(found)


def _step(part: Mapping[str, Any]) -> Step:
    least, weight = part["at_least"], part["weight"]
    return Step(
        signal=part["signal"],
        at_least=_COUNTS_FROM if least is None else least,
        relative=part["unit"] == USUAL,
        least_weight=0.0 if weight is None else share(weight),
        max_gap_seconds=part.get("gap"),
    )
