"""Endpoints of the shell."""

from django.urls import path

from apps.console import audit_api, desk_api
from apps.console.setup import members_api

urlpatterns = [
    path("queue/hand-out/", desk_api.HandOutView.as_view(), name="api-queue-hand-out"),
    path("audit/events/", audit_api.AuditEventsView.as_view(), name="api-audit-events"),
    path("audit/checks/", audit_api.AuditChecksView.as_view(), name="api-audit-checks"),
    path("members/", members_api.MembersView.as_view(), name="api-members"),
    path("members/<uuid:user_id>/", members_api.MemberView.as_view(), name="api-member"),
    path(
        "members/<uuid:user_id>/sites/",
        members_api.MemberSitesView.as_view(),
        name="api-member-sites",
    ),
    path(
        "members/<uuid:user_id>/sites/<uuid:site_id>/",
        members_api.MemberSiteView.as_view(),
        name="api-member-site",
    ),
]
