"""Endpoints of the shell."""

from django.urls import path

from apps.console import audit_api, desk_api

urlpatterns = [
    path("queue/hand-out/", desk_api.HandOutView.as_view(), name="api-queue-hand-out"),
    path("audit/events/", audit_api.AuditEventsView.as_view(), name="api-audit-events"),
    path("audit/checks/", audit_api.AuditChecksView.as_view(), name="api-audit-checks"),
]
