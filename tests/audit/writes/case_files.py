"""Case files: asked for, written anew, released, fetched, withdrawn."""

from django.test import Client
from django.utils import timezone

from apps.audit.events import Event
from apps.cases.case_file.operations import Handover, release_case_file, request_case_file
from apps.cases.models import CaseFile
from apps.triage.states import CaseFileState
from tests.audit.writes import Write, post
from tests.audit.writes.cases import a_case
from tests.cases.test_case_file import actor_of
from tests.world import World

WISHES = {"recipient": "Police", "purpose": "Report", "footage": "originals", "days": 7}


def asked(world: World) -> CaseFile:
    return request_case_file(
        actor=actor_of(world.lead),
        user=world.lead,
        case=a_case(world),
        recipient="Police",
        purpose="Report of a theft",
        with_originals=True,
        with_password=False,
        days=7,
        now=timezone.now(),
    )


def _in(world: World, *states: CaseFileState) -> CaseFile:
    """A file moved on as the run would, without its bytes."""
    file = asked(world)
    for state in states:
        CaseFile.objects.filter(id=file.id).update(
            state=state, key="tenants/x/cases/y.zip", size_bytes=1, sha256="0" * 64
        )
    return CaseFile.objects.select_related("case__site").get(id=file.id)


def _released(world: World) -> tuple[CaseFile, Handover]:
    file = _in(world, CaseFileState.READY)
    admin = world.administrator
    handed = release_case_file(actor=actor_of(admin), user=admin, file=file, now=timezone.now())
    return file, handed


def _page(file: CaseFile, end: str) -> str:
    return f"/cases/{file.case_id}/files/{file.id}/{end}/"


def a_file_is_asked_for(world: World) -> Write:
    path = f"/cases/{a_case(world).id}/files/"
    return post(world.lead, path, WISHES, event=Event.CASE_FILE_REQUESTED)


def a_file_is_written_anew(world: World) -> Write:
    path = _page(_in(world, CaseFileState.FAILED), "again")
    return post(world.lead, path, event=Event.CASE_FILE_REQUESTED)


def a_file_is_released(world: World) -> Write:
    path = _page(_in(world, CaseFileState.READY), "release")
    return post(world.administrator, path, event=Event.CASE_FILE_RELEASED)


def a_file_is_withdrawn(world: World) -> Write:
    path = _page(_in(world, CaseFileState.READY), "withdraw")
    return post(world.lead, path, {"reason": "wrong office"}, event=Event.CASE_FILE_WITHDRAWN)


def a_file_is_fetched_by_a_colleague(world: World) -> Write:
    file, _ = _released(world)
    return post(world.lead, _page(file, "fetch"), event=Event.CASE_FILE_DOWNLOADED)


def a_file_is_fetched_by_its_recipient(world: World) -> Write:
    file, handed = _released(world)
    path = f"/case-files/{world.tenant.id}/{file.id}/{handed.link_secret}/"
    anybody = Client()
    return Write(event=Event.CASE_FILE_DOWNLOADED, send=lambda: anybody.post(path))


STORIES = {
    "POST case-files": a_file_is_asked_for,
    "POST case-file-again": a_file_is_written_anew,
    "POST case-file-release": a_file_is_released,
    "POST case-file-withdraw": a_file_is_withdrawn,
    "POST case-file-fetch": a_file_is_fetched_by_a_colleague,
    "POST case-file-link": a_file_is_fetched_by_its_recipient,
}
