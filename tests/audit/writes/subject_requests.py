"""Requests of data subjects, from receipt to disclosure or erasure."""

from collections.abc import Callable
from uuid import uuid4

from django.test import Client
from django.utils import timezone

from apps.audit.events import Event
from apps.cases.models import CaseFile
from apps.cases.operations import open_case
from apps.subject_requests.models import (
    DisclosurePackage,
    Erasure,
    RecipientNotice,
    RequestKind,
    SubjectRequest,
)
from apps.subject_requests.operations.disclosing import (
    approve_disclosure,
    disclose,
    prepare_disclosure,
)
from apps.subject_requests.operations.erasing import ask_erasure
from tests.audit.writes import Story, Write, call, post
from tests.subject_requests.acts import NAME, WHY, actor, identified, judge, received, search
from tests.watchlists.people import confirmed_alert
from tests.world import NOW, World

_DIGEST = "a" * 64
_RECEIVED = {"kind": "access", "name": NAME, "how": "letter", "received_at": "2026-11-20T10:00"}
_REASON = {"reason": WHY}


def _judged(world: World, kind: RequestKind) -> SubjectRequest:
    request = identified(world, kind)
    search(world, request, references=(confirmed_alert(world, clip=False).reference,))
    judge(world, request)
    return request


def _prepared(world: World) -> SubjectRequest:
    request = _judged(world, RequestKind.ACCESS)
    user = world.compliance
    package = prepare_disclosure(actor=actor(user), user=user, request=request, now=NOW)
    DisclosurePackage.objects.filter(id=package.id).update(
        key="tenants/x/p.zip", sha256=_DIGEST, size_bytes=1, written_at=NOW
    )
    return request


def _approved(world: World) -> SubjectRequest:
    request, user = _prepared(world), world.administrator
    approve_disclosure(
        actor=actor(user), user=user, request=request, package_sha256=_DIGEST, now=NOW
    )
    return request


def _asked(world: World) -> SubjectRequest:
    request, user = _judged(world, RequestKind.ERASURE), world.compliance
    ask_erasure(actor=actor(user), user=user, request=request, reason=WHY, now=NOW)
    return request


def _finding_ids(request: SubjectRequest) -> list[str]:
    return [str(pk) for pk in request.findings.values_list("id", flat=True)]


_Setting = Callable[[World], SubjectRequest]
# What is done, from where it is done, by whom, with which fields of the form and of the JSON body, and its event.
_ACTS: dict[str, tuple[_Setting, str, dict[str, object], dict[str, object], Event]] = {
    "identify": (
        received,
        "compliance",
        {"check": "document"},
        {"check": "document"},
        Event.SUBJECT_REQUEST_IDENTIFIED,
    ),
    "search": (identified, "compliance", {}, {}, Event.SUBJECT_REQUEST_SEARCHED),
    "extend": (identified, "compliance", _REASON, _REASON, Event.SUBJECT_REQUEST_EXTENDED),
    "refuse": (
        received,
        "compliance",
        {"ground": "unfounded", "wording": WHY},
        {"ground": "unfounded", "wording": WHY},
        Event.SUBJECT_REQUEST_REFUSED,
    ),
    "answer": (
        lambda world: identified(world, RequestKind.OBJECTION),
        "compliance",
        {"wording": WHY},
        {"wording": WHY},
        Event.SUBJECT_REQUEST_ANSWERED,
    ),
    "prepare": (
        lambda world: _judged(world, RequestKind.ACCESS),
        "compliance",
        {},
        {},
        Event.SUBJECT_REQUEST_PREPARED,
    ),
    "return": (_prepared, "compliance", _REASON, _REASON, Event.SUBJECT_REQUEST_RETURNED),
    "approve": (
        _prepared,
        "administrator",
        {"sha256": _DIGEST},
        {"sha256": _DIGEST},
        Event.SUBJECT_REQUEST_APPROVED,
    ),
    "erasure/ask": (
        lambda world: _judged(world, RequestKind.ERASURE),
        "compliance",
        _REASON,
        _REASON,
        Event.ERASURE_ASKED,
    ),
    "erasure/execute": (_asked, "administrator", _REASON, _REASON, Event.ERASURE_EXECUTED),
}
# Acts that are offered on screen only.
_ON_SCREEN: dict[str, tuple[_Setting, str, dict[str, object], Event]] = {
    "package": (_prepared, "administrator", {}, Event.SUBJECT_REQUEST_PACKAGE_FETCHED),
    "disclose": (_approved, "compliance", {"days": 7}, Event.SUBJECT_REQUEST_DISCLOSED),
}


def _by_form(act: str) -> Story:
    setting, who, form, _, event = _ACTS[act]

    def story(world: World) -> Write:
        path = f"/subject-requests/{setting(world).id}/{act}/"
        return post(getattr(world, who), path, form, event=event)

    return story


def _by_api(act: str) -> Story:
    setting, who, _, body, event = _ACTS[act]

    def story(world: World) -> Write:
        path = f"/api/v1/subject-requests/{setting(world).id}/{act}/"
        return call(getattr(world, who), path, body, event=event)

    return story


def _on_screen(act: str) -> Story:
    setting, who, form, event = _ON_SCREEN[act]

    def story(world: World) -> Write:
        path = f"/subject-requests/{setting(world).id}/{act}/"
        return post(getattr(world, who), path, form, event=event)

    return story


def _received(world: World) -> Write:
    event = Event.SUBJECT_REQUEST_RECEIVED
    return post(world.compliance, "/subject-requests/new/", _RECEIVED, event=event)


def _received_by_api(world: World) -> Write:
    body = _RECEIVED | {"received_at": NOW.isoformat()}
    event = Event.SUBJECT_REQUEST_RECEIVED
    return call(world.compliance, "/api/v1/subject-requests/", body, event=event)


def _judge(world: World) -> Write:
    request = _judged(world, RequestKind.ACCESS)
    form = {"findings": _finding_ids(request), "about": "no", "reason": WHY}
    event = Event.SUBJECT_REQUEST_FINDING_JUDGED
    return post(world.compliance, f"/subject-requests/{request.id}/judge/", form, event=event)


def _judge_by_api(world: World) -> Write:
    request = _judged(world, RequestKind.ACCESS)
    body = {"findings": _finding_ids(request), "about": False, "reason": WHY}
    path = f"/api/v1/subject-requests/{request.id}/judge/"
    return call(world.compliance, path, body, event=Event.SUBJECT_REQUEST_FINDING_JUDGED)


def _tell(world: World) -> Write:
    request = _asked(world)
    erasure = Erasure.objects.get(request=request)
    case = open_case(alert_id=confirmed_alert(world).id, now=NOW)
    file = CaseFile.objects.create(
        tenant_id=world.tenant.id,
        case=case,
        recipient="Police",
        purpose="Report",
        with_originals=False,
        requested_by=uuid4(),
        requested_at=NOW,
        expires_at=NOW,
    )
    notice = RecipientNotice.objects.create(
        tenant_id=world.tenant.id, erasure=erasure, case_file_id=file.id
    )
    path = f"/subject-requests/{request.id}/erasure/recipients/{notice.id}/"
    return post(world.compliance, path, event=Event.ERASURE_RECIPIENT_TOLD)


def _fetched_by_the_person(world: World) -> Write:
    user = world.compliance
    handed = disclose(
        actor=actor(user), user=user, request=_approved(world), days=7, now=timezone.now()
    )
    path = f"/subject-packages/{world.tenant.id}/{handed.package.id}/{handed.link_secret}/"
    client = Client()
    return Write(event=Event.SUBJECT_REQUEST_PACKAGE_FETCHED, send=lambda: client.post(path))


STORIES = {
    "POST subject-request-receive": _received,
    "POST api-subject-requests": _received_by_api,
    "POST subject-request-judge": _judge,
    "POST api-subject-request-judge": _judge_by_api,
    "POST erasure-recipient": _tell,
    "POST subject-package": _fetched_by_the_person,
    **{f"POST subject-request-{act}": _by_form(act) for act in _ACTS if "/" not in act},
    **{f"POST {act.replace('/', '-')}": _by_form(act) for act in _ACTS if "/" in act},
    **{f"POST api-subject-request-{act.replace('/', '-')}": _by_api(act) for act in _ACTS},
    **{f"POST subject-request-{act}": _on_screen(act) for act in _ON_SCREEN},
}
