"""Choosing alerts for retraining."""

from typing import Any
from uuid import UUID

from django import forms

from apps.reliability.queries.retraining import HIGH_SCORE, Basis, RetrainingFilters


class RetrainingForm(forms.Form):
    """Reads the filters from an address. A wrong value is dropped, never an error page."""

    basis = forms.ChoiceField(
        choices=[(basis.value, basis.value) for basis in Basis], required=False
    )
    detector = forms.CharField(max_length=190, required=False)
    site = forms.UUIDField(required=False)
    least_score = forms.FloatField(min_value=0, max_value=1, required=False)

    def filters(self) -> RetrainingFilters:
        """The readable part of what was asked."""
        self.is_valid()
        values: dict[str, Any] = self.cleaned_data
        least = values.get("least_score")
        return RetrainingFilters(
            basis=Basis(values.get("basis") or Basis.JUDGED),
            detector=values.get("detector") or "",
            site=values.get("site"),
            least_score=HIGH_SCORE if least is None else least,
        )


def chosen_ids(values: list[str]) -> list[UUID]:
    """The ids among the values of ticked boxes."""
    found = []
    for value in values:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return found
