"""The database side of a case file's workflow: a message in, one operation, a message out."""

from uuid import UUID

from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.cases.case_file import operations
from workflows.case_file_activities import ADVANCE_CASE_FILE
from workflows.case_file_messages import CaseFileRef, CaseFileStanding


@ADVANCE_CASE_FILE.implemented_by
def advance_case_file(message: CaseFileRef) -> CaseFileStanding:
    with tenant_scope(message.tenant_id):
        return operations.advance_case_file(file_id=UUID(message.file_id), now=timezone.now())
