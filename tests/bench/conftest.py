"""Benchmarks print one table each and append what they saw to `var/bench.json`; docs/benchmarks.md is written from it."""

import json
import os
import platform
import statistics
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.harness.product import REPOSITORY


class Report:
    """Figures of one benchmark, printed at once and kept."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.figures: dict[str, float | int | str] = {}

    def say(self, name: str, value: float | int | str) -> None:
        self.figures[name] = round(value, 4) if isinstance(value, float) else value
        print(f"  {name:<52} {self.figures[name]}", flush=True)

    def latencies(self, name: str, seconds: list[float]) -> float:
        """Say count, median, p95 and worst in milliseconds; return the p95 in milliseconds."""
        cuts = statistics.quantiles(seconds, n=100) if len(seconds) > 1 else seconds * 100
        p95 = cuts[94] * 1000
        self.say(f"{name}: n", len(seconds))
        self.say(f"{name}: median ms", statistics.median(seconds) * 1000)
        self.say(f"{name}: p95 ms", p95)
        self.say(f"{name}: worst ms", max(seconds) * 1000)
        return p95

    def keep(self) -> None:
        path = Path(os.environ.get("BENCH_FILE", REPOSITORY / "var" / "bench.json"))
        path.parent.mkdir(parents=True, exist_ok=True)
        known = json.loads(path.read_text()) if path.exists() else []
        known.append(
            {
                "benchmark": self.name,
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
                "figures": self.figures,
            }
        )
        path.write_text(json.dumps(known, indent=1))


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Iterator[Report]:
    made = Report(request.node.name)
    print(f"\n{made.name}")
    yield made
    made.keep()
