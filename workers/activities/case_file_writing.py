"""Writing and removing case files, on the queue of documents: gigabytes must not hold up a decision."""

from uuid import UUID

from django.utils import timezone

from apps.cases.case_file import operations
from workflows.case_file_activities import REMOVE_CASE_FILE, WRITE_CASE_FILE
from workflows.case_file_messages import CaseFileRef


@WRITE_CASE_FILE.implemented_by
def write_case_file(message: CaseFileRef) -> None:
    operations.write_case_file(
        tenant_id=UUID(message.tenant_id), file_id=UUID(message.file_id), now=timezone.now()
    )


@REMOVE_CASE_FILE.implemented_by
def remove_case_file(message: CaseFileRef) -> None:
    operations.remove_case_file(
        tenant_id=UUID(message.tenant_id), file_id=UUID(message.file_id), now=timezone.now()
    )
