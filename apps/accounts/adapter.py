"""How people sign in: accounts are made by administrators, and every sign-in, success or failure, is in the chain."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.http import HttpRequest

from apps.accounts.access_events import tell_access
from apps.accounts.actors import actor_of, channel_of
from apps.accounts.models import User
from apps.accounts.tenancy import tenant_scope
from apps.audit.events import NO_TENANT, Actor, Event, Subject
from apps.audit.operations import record


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth's seams that concern us."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> Any:
        response = super().post_login(request, user, **kwargs)
        with tenant_scope(user.tenant_id):
            record(
                actor=actor_of(request),
                event=Event.ACCESS_SIGNED_IN,
                subject=Subject("user", user.id),
            )
        return response

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        super().authentication_failed(request, **credentials)
        user = User.objects.filter(email__iexact=str(credentials.get("email") or "")).first()
        tenant_id = user.tenant_id if user else NO_TENANT
        actor = Actor(
            tenant_id=tenant_id, user_id=None, role="anonymous", channel=channel_of(request)
        )
        with tenant_scope(tenant_id):
            record(
                actor=actor,
                event=Event.ACCESS_SIGN_IN_FAILED,
                subject=Subject("user", user.id if user else "unknown"),
            )

    def reauthenticate(self, user: User, password: str) -> bool:
        proven: bool = super().reauthenticate(user, password)
        event = Event.ACCESS_REAUTHENTICATED if proven else Event.ACCESS_REAUTHENTICATION_FAILED
        tell_access(request=context.request, user=user, event=event, how="password")
        return proven
