"""What a case is connected with: alerts, other cases, people. A connection that is taken back stays in its history."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Tenant
from apps.alerts.models import Alert
from apps.cases.models.cases import Case
from apps.people.models import Person


class CaseRelation(models.TextChoices):
    """Why two cases belong together: what was observed to be the same."""

    SAME_PERSON = "same_person", _("Same person observed")
    SAME_METHOD = "same_method", _("Same way of doing it")
    SAME_GOODS = "same_goods", _("Same kind of goods")
    SAME_VEHICLE = "same_vehicle", _("Same vehicle")
    OTHER = "other", _("Another reason")


class PersonRole(models.TextChoices):
    """What somebody is to a case. `subject` is whom the observed acts are about; it says nothing of guilt."""

    SUBJECT = "subject", _("Subject of the observed acts")
    WITNESS = "witness", _("Witness")
    STAFF = "staff", _("Member of staff")
    VICTIM = "victim", _("Victim")


class Connection(models.Model):
    """Who connected what, when and why; and who took it back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    made_by = models.UUIDField(help_text="Opaque id of the person.")
    made_at = models.DateTimeField()
    reason = models.CharField(max_length=500, blank=True)
    ended_by = models.UUIDField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        abstract = True


def _ends_by_somebody(name: str) -> models.CheckConstraint:
    open_ = models.Q(ended_at__isnull=True, ended_by__isnull=True)
    ended = models.Q(ended_at__isnull=False, ended_by__isnull=False)
    return models.CheckConstraint(condition=open_ | ended, name=name)


STANDING = models.Q(ended_at__isnull=True)


class AlertLink(Connection):
    """An alert that has to do with a case without being one of its confirmed happenings."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="alert_links")
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="case_links")

    class Meta:
        ordering = ["made_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "alert"], condition=STANDING, name="alert_linked_once"
            ),
            _ends_by_somebody("alert_link_is_ended_by_somebody"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} – {self.alert_id}"


class CaseLink(Connection):
    """Two cases that belong together; `case` is the one with the smaller id."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="links_onward")
    other = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="links_back")
    relation = models.CharField(max_length=20, choices=CaseRelation)

    class Meta:
        ordering = ["made_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "other", "relation"], condition=STANDING, name="cases_linked_once"
            ),
            models.CheckConstraint(
                condition=models.Q(case__lt=models.F("other")), name="case_link_has_one_direction"
            ),
            _ends_by_somebody("case_link_is_ended_by_somebody"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} – {self.other_id}"


class CasePerson(Connection):
    """Somebody in a case. What was observed of them is sealed under their own key, as is their name."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="people")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20, choices=PersonRole)
    observed_sealed = models.BinaryField(
        null=True, help_text="Clothing and acts as observed, under the person's key."
    )
    entry_id = models.UUIDField(
        null=True, blank=True, help_text="Watchlist entry, if there is one."
    )

    class Meta:
        verbose_name_plural = "case people"
        ordering = ["made_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "person", "role"], condition=STANDING, name="person_in_case_once"
            ),
            _ends_by_somebody("case_person_is_ended_by_somebody"),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.id.hex[:8]}"


class ActKind(models.TextChoices):
    MERGE = "merge", _("merged")
    SPLIT = "split", _("split")
    UNDO = "undo", _("merge undone")


class CaseAct(models.Model):
    """A merge, a split, or the undoing of a merge: what went from one case to another. Written once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=ActKind)
    source = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="acts_away")
    target = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="acts_here")
    moved = models.JSONField(help_text="Ids by kind: incident, note, task, person, alert_link.")
    reason = models.CharField(max_length=500)
    acted_by = models.UUIDField()
    acted_at = models.DateTimeField()

    class Meta:
        ordering = ["acted_at"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(source=models.F("target")), name="case_act_joins_two_cases"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id.hex[:8]}"
