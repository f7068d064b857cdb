"""A process of writers: `python -m tests.bench.audit_writers recorded|plain THREADS EVENTS TENANT`.

Every thread has its own connection as the application's role and commits one event a transaction, either
through `record()` or as the same row by a plain INSERT into `bench_plain`, a copy of the inbox that nobody
sequences. Says when all are connected, and starts when a line arrives on standard input.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from threading import Event as StartSignal
from uuid import UUID, uuid4

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402

from apps.accounts.tenancy import tenant_scope  # noqa: E402
from apps.audit.events import Actor, Channel, Event, Subject  # noqa: E402
from apps.audit.operations import record  # noqa: E402

_PLAIN = """
    INSERT INTO bench_plain (event_id, tenant_id, occurred_at, actor, role, channel, session, event,
        subject_kind, subject_id, before_digest, after_digest, reason_commitment, details)
    VALUES (%s, %s, clock_timestamp(), %s, 'operator', 'screen', 's1', 'alert:viewed', 'alert', %s, '', '', '', %s)
"""


def recorded(tenant: UUID, number: int) -> None:
    actor = Actor(
        tenant_id=tenant, user_id=uuid4(), role="operator", channel=Channel.SCREEN, session="s1"
    )
    with tenant_scope(tenant):
        record(
            actor=actor,
            event=Event.ALERT_VIEWED,
            subject=Subject("alert", uuid4()),
            details={"number": number},
        )


def plain(tenant: UUID, number: int) -> None:
    with tenant_scope(tenant), connection.cursor() as cursor:
        values = [uuid4(), tenant, str(uuid4()), str(uuid4()), f'{{"number":{number}}}']
        cursor.execute(_PLAIN, values)


def main() -> None:
    write = {"recorded": recorded, "plain": plain}[sys.argv[1]]
    threads, events, tenant = int(sys.argv[2]), int(sys.argv[3]), UUID(sys.argv[4])

    connected, go = Barrier(threads + 1), StartSignal()

    def writer(_: int) -> None:
        connection.ensure_connection()
        connected.wait()
        go.wait()
        for number in range(events):
            write(tenant, number)
        connection.close()

    with ThreadPoolExecutor(threads) as pool:
        writers = [pool.submit(writer, number) for number in range(threads)]
        connected.wait()
        print("ready", flush=True)
        sys.stdin.readline()
        go.set()
        for one in writers:
            one.result()


if __name__ == "__main__":
    main()
