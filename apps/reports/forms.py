"""What a person may say about a report: shapes only, the operations decide."""

from typing import Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.cases.models import Case
from apps.reports.models import ReportKind
from apps.reports.operations.drafts import Edit
from apps.reports.queries.reports import authors_of

TEXT: Final = "text:"
FIELD: Final = "field:"


class DraftForm(forms.Form):
    """Which kind of statement, and whose."""

    kind = forms.ChoiceField(label=_("Kind"), choices=ReportKind.choices)
    author = forms.ChoiceField(
        label=_("Whose statement"), help_text=_("This person reads it, edits it and signs it.")
    )

    def __init__(self, *args: object, case: Case, user: User, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.people = {str(person.id): person for person in authors_of(case)}
        field = self.fields["author"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(id_, person.display_name) for id_, person in self.people.items()]
        if str(user.id) in self.people:
            field.initial = str(user.id)

    @property
    def person(self) -> User:
        return self.people[self.cleaned_data["author"]]


class SignForm(forms.Form):
    """Exactly which wording, and that it was read."""

    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)
    read = forms.BooleanField(label=_("I have read every sentence, and it is my statement."))


class EndForm(forms.Form):
    """Why a report is withdrawn."""

    reason = forms.CharField(max_length=500, strip=True)


class StillForm(forms.Form):
    """Of which alert, and at which second of the clip."""

    alert = forms.UUIDField()
    seconds = forms.FloatField(required=False, min_value=0, max_value=86_400)


class BaseForm(forms.Form):
    """The number of the wording that the person saw."""

    base = forms.IntegerField(min_value=1)


def edit_of(sent: QueryDict) -> Edit:
    """The edit in a posted editor: `key` names every sentence shown, `keep` those that stay."""
    given = sent.dict()
    texts = {name.removeprefix(TEXT): str(given[name]) for name in given if name.startswith(TEXT)}
    fields = {
        name.removeprefix(FIELD): str(given[name]) for name in given if name.startswith(FIELD)
    }
    left_out = frozenset(sent.getlist("key")) - frozenset(sent.getlist("keep"))
    return Edit(texts=texts, left_out=left_out, fields=fields, added=tuple(sent.getlist("added")))
