"""The reports API: the same operations, permissions and records as on the screen."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import authenticated_recently
from apps.cases.models import Case
from apps.cases.queries import cases_visible_to
from apps.reports.models import Report, ReportKind
from apps.reports.operations.drafts import (
    Edit,
    UnableToChange,
    edit_report,
    make_draft,
    redraft_report,
)
from apps.reports.operations.ending import (
    UnableToSign,
    UnableToWithdraw,
    sign_report,
    withdraw_report,
)
from apps.reports.operations.rendering import record_viewed
from apps.reports.queries.reports import newest, reports_visible_to, standing_of
from apps.reports.serializers import (
    EditRequest,
    ReportDetail,
    ReportRefusal,
    ReportRequest,
    ReportSummary,
    SignRequest,
    WithdrawRequest,
    WordingShape,
    detail_of,
)
from apps.sites.queries import allows

REFUSED = {403: ReportRefusal, 404: ReportRefusal, 409: ReportRefusal}


class _Reports(APIView):
    """People who may see the case's evidence; others get 403, strangers 404."""

    authentication_classes = [SessionAuthentication]

    def case(self, request: Request, case_id: UUID, *permissions: Permission) -> tuple[User, Case]:
        user = request.user
        assert isinstance(user, User)
        found = cases_visible_to(user).filter(id=case_id).first()
        if found is None:
            raise Http404
        for permission in (Permission.VIEW_CASES, Permission.VIEW_EVIDENCE, *permissions):
            if not allows(user, permission, found.site_id):
                raise PermissionDenied("This is not part of your role.")
        return user, found

    def report(
        self, request: Request, report_id: UUID, *permissions: Permission
    ) -> tuple[User, Report]:
        user = request.user
        assert isinstance(user, User)
        found = reports_visible_to(user).filter(id=report_id).first()
        if found is None:
            raise Http404
        self.case(request, found.case_id, *permissions)
        return user, found

    def detail(self, report_id: UUID, code: int = status.HTTP_200_OK) -> Response:
        report = Report.objects.select_related("case__site").get(id=report_id)
        return Response(detail_of(report, standing_of(report)), status=code)


class CaseReports(_Reports):
    @extend_schema(operation_id="case_reports", responses={200: ReportSummary(many=True)})
    def get(self, request: Request, case_id: UUID) -> Response:
        """The reports of a case, newest first."""
        user, case = self.case(request, case_id)
        found = reports_visible_to(user).filter(case=case)
        return Response(ReportSummary(found, many=True).data)

    @extend_schema(
        operation_id="case_draft_report",
        request=ReportRequest,
        responses={201: ReportDetail, **REFUSED},
    )
    def post(self, request: Request, case_id: UUID) -> Response:
        """Draft a report from the record."""
        user, case = self.case(request, case_id, Permission.DRAFT_REPORTS)
        wished = _read(ReportRequest, request)
        author = User.objects.filter(tenant_id=user.tenant_id, id=wished["author"]).first()
        if author is None:
            return _refused("no_such_author", "There is no such person here.")
        try:
            made = make_draft(
                actor=actor_of(request._request),
                user=user,
                case=case,
                kind=ReportKind(wished["kind"]),
                author=author,
                now=timezone.now(),
            )
        except UnableToChange as refusal:
            return _refused("not_drafted", str(refusal))
        return self.detail(made.id, status.HTTP_201_CREATED)


class OneReport(_Reports):
    @extend_schema(operation_id="report", responses={200: ReportDetail, **REFUSED})
    def get(self, request: Request, report_id: UUID) -> Response:
        """The newest wording, each sentence with its sources."""
        _, report = self.report(request, report_id)
        record_viewed(actor=actor_of(request._request), report=report, version=newest(report))
        return self.detail(report.id)


class ReportWordings(_Reports):
    @extend_schema(operation_id="report_wordings", responses={200: WordingShape(many=True)})
    def get(self, request: Request, report_id: UUID) -> Response:
        """Every wording that was ever saved."""
        _, report = self.report(request, report_id)
        return Response(WordingShape(report.versions.order_by("number"), many=True).data)

    @extend_schema(
        operation_id="report_edit", request=EditRequest, responses={201: ReportDetail, **REFUSED}
    )
    def post(self, request: Request, report_id: UUID) -> Response:
        """Write the next wording."""
        user, report = self.report(request, report_id, Permission.DRAFT_REPORTS)
        wished = _read(EditRequest, request)
        edit = Edit(
            texts=wished["texts"],
            left_out=frozenset(wished["left_out"]),
            fields=wished["fields"],
            added=tuple(wished["added"]),
        )
        try:
            edit_report(
                actor=actor_of(request._request),
                user=user,
                report=report,
                base=wished["base"],
                edit=edit,
                now=timezone.now(),
            )
        except UnableToChange as refusal:
            return _refused("not_changed", str(refusal))
        return self.detail(report.id, status.HTTP_201_CREATED)


class RedraftReport(_Reports):
    @extend_schema(
        operation_id="report_redraft", request=None, responses={200: ReportDetail, **REFUSED}
    )
    def post(self, request: Request, report_id: UUID) -> Response:
        """Draft again from the record as it is now."""
        user, report = self.report(request, report_id, Permission.DRAFT_REPORTS)
        try:
            redraft_report(
                actor=actor_of(request._request), user=user, report=report, now=timezone.now()
            )
        except UnableToChange as refusal:
            return _refused("not_changed", str(refusal))
        return self.detail(report.id)


class NewerReport(_Reports):
    @extend_schema(
        operation_id="report_newer", request=None, responses={201: ReportDetail, **REFUSED}
    )
    def post(self, request: Request, report_id: UUID) -> Response:
        """Draft a report that supersedes this signed one once it is signed itself."""
        user, report = self.report(request, report_id, Permission.DRAFT_REPORTS)
        try:
            made = make_draft(
                actor=actor_of(request._request),
                user=user,
                case=report.case,
                kind=ReportKind(report.kind),
                author=User.objects.get(id=report.author_id),
                supersedes=report,
                now=timezone.now(),
            )
        except UnableToChange as refusal:
            return _refused("not_drafted", str(refusal))
        return self.detail(made.id, status.HTTP_201_CREATED)


class SignReport(_Reports):
    @extend_schema(
        operation_id="report_sign", request=SignRequest, responses={200: ReportDetail, **REFUSED}
    )
    def post(self, request: Request, report_id: UUID) -> Response:
        """Sign exactly one wording of your own statement, a moment after you proved who you are."""
        user, report = self.report(request, report_id, Permission.SIGN_REPORTS)
        wished = _read(SignRequest, request)
        if not authenticated_recently(request._request):
            return _refused("prove_it_is_you", "Sign in again first.", status.HTTP_403_FORBIDDEN)
        try:
            sign_report(
                actor=actor_of(request._request),
                user=user,
                report=report,
                digest=wished["digest"],
                now=timezone.now(),
            )
        except UnableToSign as refusal:
            return _refused("not_signed", str(refusal))
        return self.detail(report.id)


class WithdrawReport(_Reports):
    @extend_schema(
        operation_id="report_withdraw",
        request=WithdrawRequest,
        responses={200: ReportDetail, **REFUSED},
    )
    def post(self, request: Request, report_id: UUID) -> Response:
        """Take a report back, for a reason; its wordings are kept."""
        user, report = self.report(request, report_id, Permission.DRAFT_REPORTS)
        wished = _read(WithdrawRequest, request)
        try:
            withdraw_report(
                actor=actor_of(request._request),
                user=user,
                report=report,
                reason=wished["reason"],
                now=timezone.now(),
            )
        except UnableToWithdraw as refusal:
            return _refused("not_withdrawn", str(refusal))
        return self.detail(report.id)


def _read(shape: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    body = shape(data=request.data)
    body.is_valid(raise_exception=True)
    found: dict[str, Any] = body.validated_data
    return found


def _refused(code: str, words: str, http_status: int = status.HTTP_409_CONFLICT) -> Response:
    return Response({"code": code, "detail": words}, status=http_status)
