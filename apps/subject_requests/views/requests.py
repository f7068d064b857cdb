"""The list of requests, a request's page, and the steps before its end."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import authenticated_recently, kept_for
from apps.people.queries import name_of
from apps.subject_requests import forms
from apps.subject_requests.models import (
    Finding,
    IdentityCheck,
    ReceivedBy,
    RefusalGround,
    RequestKind,
    SubjectRequest,
)
from apps.subject_requests.operations.disclosing import standing_package
from apps.subject_requests.operations.keeping import in_force
from apps.subject_requests.operations.looking import record_request_viewed
from apps.subject_requests.operations.moving import UnableToHandle
from apps.subject_requests.operations.receiving import (
    Received,
    answer_request,
    check_identity,
    extend_request,
    receive_request,
    refuse_request,
)
from apps.subject_requests.operations.searching import judge_findings, search_for
from apps.subject_requests.queries.plan import plan_for
from apps.subject_requests.queries.requests import OPEN, due_of, read, requests_visible_to
from apps.subject_requests.queries.search import FOUND_HOW, Criteria
from apps.subject_requests.views.access import WRONG, asking, doing, request_for

PAGE_ROWS = 50
MOST_SHOWN = 300
HANDLE = Permission.HANDLE_SUBJECT_REQUESTS
STEPS = (
    ("received", gettext_noop("Received")),
    ("searching", gettext_noop("Found")),
    ("prepared", gettext_noop("Prepared")),
    ("approved", gettext_noop("Approved")),
    ("disclosed", gettext_noop("Disclosed")),
)
ENDS = {
    "erased": gettext_noop("Erased"),
    "refused": gettext_noop("Refused"),
    "answered": gettext_noop("Answered"),
}


@login_required
@never_cache
@require_GET
def requests(request: HttpRequest) -> HttpResponse:
    """Every request, soonest due first; the ended ones on request."""
    user = asking(request, HANDLE)
    ended = request.GET.get("show") == "ended"
    found = requests_visible_to(user)
    found = found.exclude(state__in=OPEN) if ended else found.filter(state__in=OPEN)
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    now = timezone.now()
    rows = [{"request": one, "due": due_of(one, now=now)} for one in page]
    return render(
        request, "subject_requests/requests.html", {"rows": rows, "page": page, "ended": ended}
    )


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def receive(request: HttpRequest) -> HttpResponse:
    """Write a request down."""
    user = asking(request, HANDLE)
    form = forms.ReceiveForm(
        request.POST or None, user=user, initial={"received_at": timezone.localtime()}
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        received = Received(
            kind=RequestKind(said["kind"]),
            how=ReceivedBy(said["how"]),
            received_at=said["received_at"],
            name=said["name"],
            person=said["person"],
            contact=said["contact"],
            wording=said["wording"],
        )
        try:
            made = receive_request(
                actor=actor_of(request), user=user, received=received, now=timezone.now()
            )
            return redirect("subject-request", request_id=made.id)
        except UnableToHandle as refusal:
            form.add_error(None, str(refusal))
    status = WRONG if form.is_bound else 200
    return render(request, "subject_requests/receive.html", {"form": form}, status=status)


@login_required
@never_cache
@require_GET
def subject_request(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """One request as steps."""
    user, found = request_for(request, request_id)
    record_request_viewed(actor=actor_of(request), request=found)
    return render(request, "subject_requests/request.html", page_of(request, user, found))


def page_of(request: HttpRequest, user: User, found: SubjectRequest) -> dict[str, object]:
    """What the page shows; findings newest place first, the erasure's plan once findings are judged."""
    now, kept = timezone.now(), kept_for(request)
    findings = list(found.findings.all()[:MOST_SHOWN])
    erasure = getattr(found, "erasure", None)
    erases = found.kind in (RequestKind.ERASURE, RequestKind.OBJECTION)
    open_findings = found.findings.filter(state=Finding.State.OPEN).count()
    shows_plan = erases and findings and not open_findings and not (erasure and erasure.executed_at)
    return {
        "found": found,
        "name": name_of(found.person),
        "contact": read(found.person, found.contact_sealed),
        "wording": read(found.person, found.words_sealed),
        "outcome": read(found.person, found.outcome_sealed),
        "due": due_of(found, now=now),
        "steps": _steps(found),
        "findings": [
            (one, gettext(FOUND_HOW[one.found_how]), read(found.person, one.reason_sealed))
            for one in findings
        ],
        "finding_count": found.findings.count(),
        "open_findings": open_findings,
        "held": in_force(found),
        "package": standing_package(found),
        "erasure": erasure,
        "erases": erases,
        "plan": plan_for(found, now=now) if shows_plan else None,
        "may": {
            "handle": user.may(HANDLE),
            "approve": user.may(Permission.APPROVE_DISCLOSURE) and user.id != found.prepared_by,
            "erase": user.may(Permission.ERASE_PEOPLE) and user.id != found.prepared_by,
        },
        "must_sign_in": not authenticated_recently(request),
        "forms": {
            "identity": forms.IdentityForm(),
            "search": forms.SearchForm(user=user),
            "extend": forms.ReasonForm(auto_id="extend-%s"),
            "send_back": forms.ReasonForm(auto_id="back-%s"),
            "erase": forms.ReasonForm(auto_id="erase-%s", initial=kept),
            "refusal": forms.RefusalForm(auto_id="refusal-%s"),
            "answer": forms.AnswerForm(auto_id="answer-%s"),
            "disclose": forms.DiscloseForm(initial={"days": 14, **kept}),
        },
    }


def _steps(found: SubjectRequest) -> list[tuple[str, bool, bool]]:
    """(words, is done, is current) for each step of this kind of request."""
    steps = list(STEPS)
    if found.kind in (RequestKind.ERASURE, RequestKind.OBJECTION):
        steps = [*STEPS[:3], ("erased", ENDS["erased"])]
    if found.state in ("refused", "answered"):
        steps = [*STEPS[:2], (found.state, ENDS[found.state])]
    order = [state for state, _ in steps]
    at = order.index(found.state)
    return [(gettext(words), i < at, i == at) for i, (_, words) in enumerate(steps)]


@login_required
@require_POST
def identify(request: HttpRequest, request_id: UUID) -> HttpResponse:
    user, found = request_for(request, request_id, HANDLE)
    form = forms.IdentityForm(request.POST)
    check = form.cleaned_data["check"] if form.is_valid() else ""
    return doing(
        request,
        found,
        lambda now: check_identity(
            actor=actor_of(request), user=user, request=found, check=IdentityCheck(check), now=now
        ),
        done=gettext("The identity check is recorded. Search for the person's data."),
    )


@login_required
@require_POST
def extend(request: HttpRequest, request_id: UUID) -> HttpResponse:
    user, found = request_for(request, request_id, HANDLE)
    return doing(
        request,
        found,
        lambda now: extend_request(
            actor=actor_of(request),
            user=user,
            request=found,
            reason=request.POST.get("reason", ""),
            now=now,
        ),
        done=gettext("Extended by two months. Tell the person, and why."),
    )


@login_required
@require_POST
def search(request: HttpRequest, request_id: UUID) -> HttpResponse:
    user, found = request_for(request, request_id, HANDLE)
    form = forms.SearchForm(request.POST, user=user)
    if not form.is_valid():
        context = page_of(request, user, found)
        context["forms"] = {**context["forms"], "search": form}  # type: ignore[dict-item]
        return render(request, "subject_requests/request.html", context, status=WRONG)
    said = form.cleaned_data
    criteria = Criteria(
        references=tuple(one for one in said["references"] if one),
        site_id=said["site"].id if said["site"] else None,
        camera_id=said["camera"].id if said["camera"] else None,
        since=said["since"],
        until=said["until"],
    )
    return doing(
        request,
        found,
        lambda now: search_for(
            actor=actor_of(request), user=user, request=found, criteria=criteria, now=now
        ),
        done=gettext("Searched. Judge what was found."),
        anchor="#findings",
    )


@login_required
@require_POST
def judge(request: HttpRequest, request_id: UUID) -> HttpResponse:
    user, found = request_for(request, request_id, HANDLE)
    ids = [str(pk) for pk in found.findings.values_list("id", flat=True)]
    form = forms.JudgeForm(request.POST, ids=ids)
    said = form.cleaned_data if form.is_valid() else {}
    return doing(
        request,
        found,
        lambda now: judge_findings(
            actor=actor_of(request),
            user=user,
            request=found,
            finding_ids=[UUID(one) for one in said.get("findings", [])],
            is_about_the_person=said.get("about") == "yes",
            reason=said.get("reason", request.POST.get("reason", "")),
            now=now,
        ),
        done=gettext("Recorded."),
        anchor="#findings",
    )


@login_required
@require_POST
def refuse(request: HttpRequest, request_id: UUID) -> HttpResponse:
    user, found = request_for(request, request_id, HANDLE)
    ground = request.POST.get("ground", "")
    return doing(
        request,
        found,
        lambda now: refuse_request(
            actor=actor_of(request),
            user=user,
            request=found,
            ground=RefusalGround(ground) if ground in RefusalGround.values else ground,  # type: ignore[arg-type]
            wording=request.POST.get("wording", ""),
            now=now,
        ),
        done=gettext("Refused. Tell the person on which ground, and where they may complain."),
    )


@login_required
@require_POST
def answer(request: HttpRequest, request_id: UUID) -> HttpResponse:
    user, found = request_for(request, request_id, HANDLE)
    return doing(
        request,
        found,
        lambda now: answer_request(
            actor=actor_of(request),
            user=user,
            request=found,
            wording=request.POST.get("wording", ""),
            corrected_name=request.POST.get("corrected_name", ""),
            now=now,
        ),
        done=gettext("The outcome is recorded. Tell the person."),
    )
