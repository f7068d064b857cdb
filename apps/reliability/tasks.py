"""What triage learns and tries in the background. Runs under the service role, across tenants; may run twice."""

from celery import shared_task
from django.utils import timezone

from apps.reliability import operations
from apps.reliability.models import Backtest


@shared_task
def run_backtests() -> int:
    """Run what waits, oldest first; each is taken by one worker only. Returns how many were run."""
    operations.give_up_stopped_backtests(now=timezone.now())
    waiting = Backtest.objects.filter(state=Backtest.State.WAITING).order_by("created_at")
    ids = list(waiting.values_list("id", flat=True))
    return sum(operations.run_backtest(backtest_id=one, clock=timezone.now) for one in ids[:1])
