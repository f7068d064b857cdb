"""The editor of a cost model: ranges, judgements and recovery, each with its source and its mark."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from apps.reliability.forms.choices import (
    ChoiceForm,
    Section,
    hundredths,
    number,
    of_hundred,
    share,
)
from apps.triage.cost_model import (
    LARGEST_AMOUNT,
    SMALLEST_AMOUNT,
    SOURCES,
    CostModel,
    Judgement,
    MoneyRange,
    RecoveryPoint,
)

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

RECOVERY_POINTS = 6
_JUDGEMENT = ("minutes", "delay_minutes", "sensitivity", "specificity")
_TITLES = {
    "wrong_intervention": gettext_noop("Cost of a wrong intervention"),
    "item_value": gettext_noop("Value of an item"),
    "minute_price": gettext_noop("Price of an operator minute"),
    "escalate.minutes": gettext_noop("Minutes an escalation takes"),
    "escalate.delay_minutes": gettext_noop("Minutes until an escalation is acted on"),
    "escalate.sensitivity": gettext_noop("Thefts an escalation confirms"),
    "escalate.specificity": gettext_noop("Everything else an escalation does not confirm"),
    "verify.minutes": gettext_noop("Minutes a verification takes"),
    "verify.delay_minutes": gettext_noop("Minutes until a verification is acted on"),
    "verify.sensitivity": gettext_noop("Thefts a verification confirms"),
    "verify.specificity": gettext_noop("Everything else a verification does not confirm"),
    "recovery": gettext_noop("Value recovered, by the minutes that have passed"),
}


def _amount(label: "StrOrPromise") -> forms.FloatField:
    return number(label, low=SMALLEST_AMOUNT, high=LARGEST_AMOUNT)


def _mark() -> forms.BooleanField:
    return forms.BooleanField(required=False, label=_("Still an assumption"))


class CostModelForm(ChoiceForm):
    """Amounts in the tenant's currency; shares as numbers of 100."""

    wrong_intervention_low = _amount(_("From (5th percentile)"))
    wrong_intervention_high = _amount(_("To (95th percentile)"))
    item_value_low = _amount(_("From (5th percentile)"))
    item_value_high = _amount(_("To (95th percentile)"))
    minute_price = number(_("Amount"), low=0, high=LARGEST_AMOUNT)
    escalate_minutes = number(_("Minutes"), low=0.01, high=480)
    escalate_delay_minutes = number(_("Minutes"), low=0, high=10_080)
    escalate_sensitivity = of_hundred(_("Confirmed"))
    escalate_specificity = of_hundred(_("Not confirmed"))
    verify_minutes = number(_("Minutes"), low=0.01, high=480)
    verify_delay_minutes = number(_("Minutes"), low=0, high=10_080)
    verify_sensitivity = of_hundred(_("Confirmed"))
    verify_specificity = of_hundred(_("Not confirmed"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for at in range(RECOVERY_POINTS):
            self.fields[f"recovery_minutes_{at}"] = number(
                _("After minutes"), low=0, high=10_080, required=at == 0
            )
            self.fields[f"recovery_share_{at}"] = number(
                _("Recovered, of 100"), low=0, high=100, required=at == 0
            )
        for name in SOURCES:
            self.fields[_mark_of(name)] = _mark()

    @staticmethod
    def initial_of(model: CostModel) -> dict[str, Any]:
        """What the form is filled in with."""
        found: dict[str, Any] = {"minute_price": model.minute_price}
        for name in ("wrong_intervention", "item_value"):
            amount: MoneyRange = getattr(model, name)
            found |= {f"{name}_low": amount.low, f"{name}_high": amount.high}
        for name in ("escalate", "verify"):
            found |= _filled(name, getattr(model, name))
        for at, point in enumerate(model.recovery[:RECOVERY_POINTS]):
            found[f"recovery_minutes_{at}"] = point.after_minutes
            found[f"recovery_share_{at}"] = hundredths(point.share)
        return found | {_mark_of(name): name in model.assumed for name in SOURCES}

    def sections(self) -> list[Section]:
        return [
            Section(
                title=gettext(title),
                words=gettext("in %(currency)s") % {"currency": self.currency}
                if name in _MONEY
                else "",
                source=f"{gettext(SOURCES[name])} {self.records}".strip()
                if name == "wrong_intervention"
                else gettext(SOURCES[name]),
                fields=self.chosen(*_MONEY.get(name, (name.replace(".", "_"),)))
                if name != "recovery"
                else (),
                rows=self._recovery_rows() if name == "recovery" else (),
                mark=self[_mark_of(name)],
            )
            for name, title in _TITLES.items()
        ]

    def read(self, data: Mapping[str, Any]) -> CostModel:
        return CostModel(
            version="draft",
            currency=self.currency,
            wrong_intervention=_range(data, "wrong_intervention"),
            item_value=_range(data, "item_value"),
            minute_price=data["minute_price"],
            escalate=_judgement(data, "escalate"),
            verify=_judgement(data, "verify"),
            recovery=_recovery(data),
            assumed=tuple(name for name in SOURCES if data.get(_mark_of(name))),
        )

    def _recovery_rows(self) -> list[list[Any]]:
        return [
            self.chosen(f"recovery_minutes_{at}", f"recovery_share_{at}")
            for at in range(RECOVERY_POINTS)
        ]


_MONEY = {
    "wrong_intervention": ("wrong_intervention_low", "wrong_intervention_high"),
    "item_value": ("item_value_low", "item_value_high"),
    "minute_price": ("minute_price",),
}


def _mark_of(name: str) -> str:
    return f"assumed_{name.replace('.', '_')}"


def _filled(name: str, judgement: Judgement) -> dict[str, float]:
    return {
        f"{name}_minutes": judgement.minutes,
        f"{name}_delay_minutes": judgement.delay_minutes,
        f"{name}_sensitivity": hundredths(judgement.sensitivity),
        f"{name}_specificity": hundredths(judgement.specificity),
    }


def _range(data: Mapping[str, Any], name: str) -> MoneyRange:
    return MoneyRange(low=data[f"{name}_low"], high=data[f"{name}_high"])


def _judgement(data: Mapping[str, Any], name: str) -> Judgement:
    minutes, delay, sensitivity, specificity = (data[f"{name}_{part}"] for part in _JUDGEMENT)
    return Judgement(
        minutes=minutes,
        delay_minutes=delay,
        sensitivity=share(sensitivity),
        specificity=share(specificity),
    )


def _recovery(data: Mapping[str, Any]) -> tuple[RecoveryPoint, ...]:
    pairs = [
        (data.get(f"recovery_minutes_{at}"), data.get(f"recovery_share_{at}"))
        for at in range(RECOVERY_POINTS)
    ]
    if any((minutes is None) != (part is None) for minutes, part in pairs):
        raise ValueError(gettext("each point of recovery has its minutes and its share"))
    return tuple(
        RecoveryPoint(after_minutes=minutes, share=share(part))
        for minutes, part in pairs
        if minutes is not None and part is not None
    )
