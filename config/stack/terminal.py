"""What a person sees while the stack starts: one line a step, a spinner on a terminal, one table.

Where the output is not a terminal (a file, a CI log) every line is plain, and slow steps say when
they begin.
"""

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table

_FRAME = 7  # what lines and spaces take up beside the text of two columns


@dataclass
class Step:
    """A step under way: `say` what it is doing, `note` what came of it."""

    title: str
    status: Status | None
    outcome: str = ""

    def say(self, text: str) -> None:
        if self.status:
            self.status.update(f"{escape(self.title)} [dim]{escape(text)}[/dim]")

    def note(self, outcome: str) -> None:
        self.outcome = outcome


@dataclass
class Terminal:
    """The lines of one start. `console` decides whether it is a terminal."""

    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """One slow thing: shown while it runs, one line with its seconds when it is done."""
        began = time.monotonic()
        with self._under_way(title) as step:
            try:
                yield step
            except Exception:
                self.console.print(f"[red]✗[/red] {escape(title)}")
                raise
        took = time.monotonic() - began
        outcome = f"  {escape(step.outcome)}" if step.outcome else ""
        self.console.print(f"[green]✓[/green] {escape(title)}{outcome}  [dim]{took:.1f} s[/dim]")

    @contextlib.contextmanager
    def _under_way(self, title: str) -> Iterator[Step]:
        if not self.console.is_terminal:
            self.console.print(f"… {escape(title)}")
            yield Step(title, None)
            return
        with self.console.status(escape(title)) as status:
            yield Step(title, status)

    @contextlib.contextmanager
    def busy(self, title: str) -> Iterator[None]:
        """Something that may be slow the first time: shown on a terminal while it lasts, no more."""
        if not self.console.is_terminal:
            yield
            return
        with self.console.status(escape(title)):
            yield

    def done(self, text: str) -> None:
        self.console.print(f"[green]✓[/green] {escape(text)}")

    def warn(self, text: str) -> None:
        self.console.print(f"[yellow]![/yellow] {escape(text)}")

    def fail(self, text: str) -> None:
        self.console.print(f"[red]✗[/red] {escape(text)}")

    def event(self, text: str, *, at: datetime) -> None:
        """Something happened while the stack was running."""
        self.console.print(f"[dim]{at:%H:%M:%S}[/dim] [yellow]![/yellow] {escape(text)}")

    def line(self, text: str = "") -> None:
        self.console.print(escape(text))

    def summary(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """The one table at the end: what, and where or how. Addresses are never broken in two."""
        needed = max(len(name) for name, _ in rows) + max(len(text) for _, text in rows) + _FRAME
        framed = needed <= self.console.width or not self.console.is_terminal
        table = Table(
            title=title,
            title_justify="left",
            show_header=False,
            box=box.ROUNDED if framed else None,
        )
        table.add_column(style="bold", no_wrap=True)
        table.add_column(no_wrap=True)
        for name, text in rows:
            table.add_row(escape(name), escape(text))
        wide = Console(
            file=self.console.file,
            width=max(needed, self.console.width),
            force_terminal=self.console.is_terminal,
        )
        self.console.print()
        wide.print(table)

    def processes(self, rows: Sequence[Sequence[str]]) -> None:
        """`manage.py status`: one row a process."""
        table = Table(box=box.SIMPLE_HEAD)
        for heading in ("process", "pid", "state", "restarts", "address", "last end"):
            table.add_column(heading, no_wrap=heading != "last end")
        for row in rows:
            table.add_row(*map(escape, row))
        self.console.print(table)
