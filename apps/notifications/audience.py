"""Who hears of an event, and where: read once for many events."""

from collections.abc import Mapping
from uuid import UUID

from django.conf import settings

from apps.accounts.models import User
from apps.accounts.permissions import EVERY_SITE, TENANT_WIDE, Role
from apps.accounts.queries import people_of
from apps.notifications.models import NotificationChoice, kinds_by_email, kinds_on_screen
from apps.notifications.places import Where
from apps.notifications.rules import Rule
from apps.sites.models import SiteUserObjectPermission


class Audience:
    """The active people of a tenant, where they work and what they want to hear of. Three queries, when it is made."""

    def __init__(self, tenant_id: UUID) -> None:
        self._all = list(people_of(tenant_id))
        grants = SiteUserObjectPermission.objects.filter(
            content_object__tenant_id=tenant_id, permission__codename="work_site"
        )
        self._works_at = set(grants.values_list("user_id", "content_object_id"))
        choices = NotificationChoice.objects.filter(tenant_id=tenant_id)
        self._choices = {choice.user_id: choice for choice in choices}

    def who_hear(
        self, rule: Rule, where: Where, details: Mapping[str, object], *, without: str
    ) -> list[User]:
        """Who holds the rule's permission there and is meant, but not `without`, who did it."""
        meant = _meant(rule, where, details)
        if not meant and not rule.or_everybody and (rule.addressed_by or rule.to_holder):
            return []
        return [
            person
            for person in self._all
            if str(person.id) != without
            and (not meant or str(person.id) == meant)
            and person.may(rule.permission)
            and self._is_of(person, rule, where)
        ]

    def wants(self, person: User, rule: Rule) -> tuple[bool, bool]:
        """Whether the person hears of the rule's kind on screen, and by e-mail (never while e-mail is off)."""
        choice = self._choices.get(person.id)
        on_screen = choice.on_screen if choice else kinds_on_screen()
        by_email = choice.by_email if choice else kinds_by_email()
        can_mail = settings.NOTIFICATION_MAIL and bool(person.email)
        return rule.kind in on_screen, can_mail and rule.kind in by_email

    def _is_of(self, person: User, rule: Rule, where: Where) -> bool:
        everywhere = where.site_id is None or rule.permission in TENANT_WIDE
        return (
            everywhere
            or Role(person.role) in EVERY_SITE
            or (person.id, where.site_id) in self._works_at
        )


def _meant(rule: Rule, where: Where, details: Mapping[str, object]) -> str:
    """The id of the one person it is meant for; "" when there is none."""
    if rule.to_holder:
        return str(where.holder_id or "")
    return str(details.get(rule.addressed_by) or "") if rule.addressed_by else ""
