"""The cases API: reading, for people who work at the site."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView
from rest_framework.pagination import CursorPagination

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.cases.models import Case
from apps.cases.queries import cases_visible_to
from apps.cases.serializers import CaseDetail, CaseSummary


class NewestFirst(CursorPagination):
    ordering = ("-opened_at", "-id")
    page_size = 50


class _Visible(GenericAPIView[Case]):
    """The cases the asking person may see; whoever works with none gets 403."""

    def get_queryset(self) -> QuerySet[Case]:
        if getattr(self, "swagger_fake_view", False):
            return Case.objects.none()
        user = self.request.user
        assert isinstance(user, User)
        if not user.may(Permission.VIEW_CASES):
            raise PermissionDenied("Cases are not part of your role.")
        return cases_visible_to(user)


class CasesView(_Visible, ListAPIView[Case]):
    """List the cases you may see, newest first."""

    serializer_class: Any = CaseSummary
    pagination_class = NewestFirst


class CaseView(_Visible, RetrieveAPIView[Case]):
    """One case, with its alerts and exhibits."""

    serializer_class: Any = CaseDetail
    lookup_url_kwarg = "case_id"
