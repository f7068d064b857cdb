"""Acts of the stories: a request received, identified, searched and judged."""

from typing import Any

from apps.accounts.models import User
from apps.audit.events import Actor, Channel
from apps.subject_requests.models import IdentityCheck, ReceivedBy, RequestKind, SubjectRequest
from apps.subject_requests.operations.receiving import Received, check_identity, receive_request
from apps.subject_requests.operations.searching import judge_findings, search_for
from apps.subject_requests.queries.search import Criteria
from tests.world import NOW, World

NAME = "Jördis Ødegård"
CONTACT = "12 Harbour Road"
WORDING = "Please tell me what you hold about me; I was at the till with a receipt."
WHY = "Clothing and time match what the person told us."


def actor(user: User) -> Actor:
    return Actor(tenant_id=user.tenant_id, user_id=user.id, role=user.role, channel=Channel.SCREEN)


def received(world: World, kind: RequestKind = RequestKind.ACCESS, **fields: Any) -> SubjectRequest:
    said: dict[str, Any] = {
        "kind": kind,
        "how": ReceivedBy.LETTER,
        "received_at": NOW,
        "name": NAME,
        "contact": CONTACT,
        "wording": WORDING,
    }
    user = world.compliance
    return receive_request(
        actor=actor(user), user=user, received=Received(**said | fields), now=NOW
    )


def identified(
    world: World, kind: RequestKind = RequestKind.ACCESS, **fields: Any
) -> SubjectRequest:
    request = received(world, kind, **fields)
    check_identity(
        actor=actor(world.compliance),
        user=world.compliance,
        request=request,
        check=IdentityCheck.DOCUMENT,
        now=NOW,
    )
    return request


def search(world: World, request: SubjectRequest, **criteria: Any) -> int:
    user = world.compliance
    return search_for(
        actor=actor(user), user=user, request=request, criteria=Criteria(**criteria), now=NOW
    )


def judge(world: World, request: SubjectRequest, *, about: bool = True, **which: Any) -> int:
    user = world.compliance
    ids = request.findings.filter(**which).values_list("id", flat=True)
    return judge_findings(
        actor=actor(user),
        user=user,
        request=request,
        finding_ids=ids,
        is_about_the_person=about,
        reason=WHY,
        now=NOW,
    )
