"""`manage.py seed_demo`: the demonstration tenant with one account per role."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from apps.console.demo import seed


class Command(BaseCommand):
    help = (
        "Seed the demo tenant (a drill) and print its accounts. Repeating it adds what is missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        facts = seed(now=timezone.now())
        self.stdout.write(json.dumps(facts) if options["json"] else _in_words(facts))


def _in_words(facts: dict[str, Any]) -> str:
    rows = [
        f"  {who['role']:<14} {who['email']:<28} {who['password']}" for who in facts["accounts"]
    ]
    source = facts["source"]
    return "\n".join(
        [
            "Demo store: a drill, labelled as one on every screen.",
            *rows,
            f"  {'detector':<14} {source['id']}  {source['secret']}",
        ]
    )
