"""Requests run inside their person's tenant; denials are audited whatever the view was."""

from collections.abc import Callable
from typing import Any

from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from psycopg_pool import PoolTimeout

from apps.accounts.actors import actor_of
from apps.accounts.queries import names_read_once
from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Event, Subject
from apps.audit.operations import record

RETRY_AFTER_SECONDS = 5
SIGN_IN_PAGES = "/accounts/"


class HealthMiddleware:
    """`/healthz` answers without session, database or tenant: the process is alive."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/healthz":
            return HttpResponse("ok\n", content_type="text/plain")
        return self.get_response(request)


class TenantMiddleware:
    """Run a signed-in person's view in one transaction that sees their tenant only.

    Lazy responses (the admin's) are rendered inside it, because their queries run while rendering.
    An exception rolls the transaction back; a refusal (403) is then recorded in a transaction of
    its own. A view that answers 409 or 422 keeps what it wrote: refusals are recorded too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code == 403 and request.user.is_authenticated:
            _record_denial(request)
        return response

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: list[Any],
        kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        # Django hands no exception of a process_view to process_exception, so both happen here. The
        # sign-in pages touch identity tables only, and allauth steers by exceptions: not wrapped.
        if request.path.startswith(SIGN_IN_PAGES):
            return None
        try:
            return self._in_scope(request, view, args, kwargs)
        except (OperationalError, PoolTimeout) as error:
            return self.process_exception(request, error)

    def _in_scope(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: list[Any],
        kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        if not request.user.is_authenticated or getattr(view, "opens_own_scope", False):
            return None
        with tenant_scope(request.user.tenant_id), names_read_once():
            response = view(request, *args, **kwargs)
            if not getattr(response, "is_rendered", True):
                response.render()  # type: ignore[attr-defined]
            if response.status_code >= 500:
                transaction.set_rollback(True)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A database that cannot be reached or is overloaded is said so, with the time to come back."""
        if isinstance(exception, OperationalError | PoolTimeout):
            response = render(request, "503.html", status=503)
            response["Retry-After"] = str(RETRY_AFTER_SECONDS)
            return response
        return None


def _record_denial(request: HttpRequest) -> None:
    actor = actor_of(request)
    with tenant_scope(actor.tenant_id):
        record(
            actor=actor,
            event=Event.ACCESS_DENIED,
            subject=Subject("user", str(actor.user_id)),
            details={"method": request.method or "", "route": _route(request)},
        )


def _route(request: HttpRequest) -> str:
    match = request.resolver_match
    return match.route if match else ""
