"""What people do to their own means of signing in, told to the audit chain: allauth acts, its signals speak.

Second factors are told of by their rows: allauth's own signals for them come after the commit, too late to undo the act.
"""

from typing import Any

from allauth.account import signals as account
from allauth.core import context
from allauth.mfa import signals as second_factor
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import Signal
from django.http import HttpRequest

from apps.accounts.actors import actor_of, channel_of, session_reference
from apps.accounts.models import User
from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record

_CHANGES: dict[str, Signal] = {
    "password_set": account.password_set,
    "password_changed": account.password_changed,
    "password_reset": account.password_reset,
    "sign_in_address_added": account.email_added,
    "sign_in_address_changed": account.email_changed,
    "sign_in_address_removed": account.email_removed,
}


def connect() -> None:
    """Let every change of a credential be recorded; called once, when the process starts."""
    for change, signal in _CHANGES.items():
        signal.connect(_told_of(change), weak=False, dispatch_uid=f"audit {change}")
    post_save.connect(_factor_saved, sender=Authenticator, dispatch_uid="audit factor saved")
    post_delete.connect(_factor_deleted, sender=Authenticator, dispatch_uid="audit factor deleted")
    second_factor.authenticator_used.connect(_second_factor_used, dispatch_uid="audit used")
    second_factor.authentication_failed.connect(_second_factor_failed, dispatch_uid="audit failed")
    user_logged_out.connect(_signed_out, dispatch_uid="audit signed out")


def tell_access(*, request: HttpRequest, user: User, event: Event, how: str = "") -> None:
    """Record what happened to a person's access, in the chain of their tenant.

    The actor is who is signed in; before that nobody is, and the person is only the subject.
    """
    actor = actor_of(request)
    if actor.user_id != user.id:
        actor = Actor(
            tenant_id=user.tenant_id,
            user_id=None,
            role="anonymous",
            channel=channel_of(request),
            session=session_reference(request),
        )
    with tenant_scope(user.tenant_id):
        record(
            actor=actor,
            event=event,
            subject=Subject("user", user.id),
            details={"how": how} if how else None,
        )


def _told_of(change: str) -> Any:
    def told(*, request: HttpRequest, user: User, **_: object) -> None:
        tell_access(request=request, user=user, event=Event.ACCESS_CREDENTIAL_CHANGED, how=change)

    return told


def _factor_saved(*, instance: Authenticator, created: bool, **_: object) -> None:
    if created:
        _factor_changed(instance, "added")


def _factor_deleted(*, instance: Authenticator, **_: object) -> None:
    _factor_changed(instance, "removed")


def _factor_changed(factor: Authenticator, how: str) -> None:
    """Through a request a person did it; without one (a command, an erasure) the system did."""
    how = f"{factor.type}_{how}"
    if context.request is not None:
        tell_access(
            request=context.request,
            user=factor.user,
            event=Event.ACCESS_CREDENTIAL_CHANGED,
            how=how,
        )
        return
    with transaction.atomic():
        record(
            actor=Actor.system(factor.user.tenant_id),
            event=Event.ACCESS_CREDENTIAL_CHANGED,
            subject=Subject("user", factor.user_id),
            details={"how": how},
        )


def _second_factor_used(*, request: HttpRequest, user: User, **more: Any) -> None:
    if more.get("reauthenticated"):
        tell_access(
            request=request, user=user, event=Event.ACCESS_REAUTHENTICATED, how="second_factor"
        )


def _second_factor_failed(*, request: HttpRequest, user: User, **more: Any) -> None:
    again = more.get("reauthentication")
    event = Event.ACCESS_REAUTHENTICATION_FAILED if again else Event.ACCESS_SIGN_IN_FAILED
    tell_access(request=request, user=user, event=event, how="second_factor")


def _signed_out(*, request: HttpRequest, user: User | None, **_: object) -> None:
    if user is not None:
        tell_access(request=request, user=user, event=Event.ACCESS_SIGNED_OUT)
