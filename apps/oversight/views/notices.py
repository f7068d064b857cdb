"""Notices of a site: the text in force, every version, and a form that makes the next one."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.actors import actor_of
from apps.accounts.permissions import Permission
from apps.audit.events import Event, Subject
from apps.audit.operations import record
from apps.oversight.forms import NoticeForm
from apps.oversight.models import Notice
from apps.oversight.notice_texts import NoticeFacts
from apps.oversight.operations.notices import notice_pdf, publish_notice
from apps.oversight.views.access import WRONG, asking
from apps.sites.queries import sites_visible_to
from apps.watchlists.queries.gate import faces_are_on


@login_required
@never_cache
@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    """The notices in force of each site, and those there were."""
    user = asking(request, Permission.VIEW_OVERSIGHT)
    rows = Notice.objects.filter(site__in=sites_visible_to(user)).select_related("site")
    context = {
        "sites": sites_visible_to(user),
        "notices": rows[:100],
        "may_manage": user.may(Permission.MANAGE_OVERSIGHT),
    }
    return render(request, "oversight/notices.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def notice_new(request: HttpRequest, site_id: UUID) -> HttpResponse:
    """The facts of the next version; whether faces are compared is read from the legal gate, not asked."""
    user = asking(request, Permission.MANAGE_OVERSIGHT)
    site = get_object_or_404(sites_visible_to(user), id=site_id)
    now = timezone.now()
    last = Notice.objects.filter(site=site).order_by("-version").first()
    form = NoticeForm(request.POST or None, initial=last.content if last else {})
    biometrics = faces_are_on(user.tenant_id, now=now)
    if request.method == "POST" and form.is_valid():
        facts = NoticeFacts(**form.cleaned_data, biometrics=biometrics)
        publish_notice(actor=actor_of(request), user=user, site=site, facts=facts, now=now)
        messages.success(request, gettext("The notice has a new version, in English and Spanish."))
        return redirect("notices")
    status = WRONG if request.method == "POST" else 200
    context = {"form": form, "site": site, "biometrics": biometrics}
    return render(request, "oversight/notice_new.html", context, status=status)


@login_required
@never_cache
@require_GET
def notice_file(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    """The notice as a PDF to print."""
    user = asking(request, Permission.VIEW_OVERSIGHT)
    rows = Notice.objects.filter(site__in=sites_visible_to(user)).select_related("site")
    notice = get_object_or_404(rows, id=notice_id)
    content = notice_pdf(notice)
    with transaction.atomic():
        record(
            actor=actor_of(request),
            event=Event.NOTICE_RENDERED,
            subject=Subject("notice", notice.id),
            details={"version": notice.version, "language": notice.language},
        )
    name = f"notice-{notice.site.slug}-{notice.language}-v{notice.version}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)
