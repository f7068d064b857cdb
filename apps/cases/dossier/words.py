"""How a dossier writes: one section per article, every field with its value or with why it is not known."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

Facts = list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under headings; each row has as many cells as there are headings."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]

    def __post_init__(self) -> None:
        if any(len(row) != len(self.header) for row in (*self.rows, self.widths)):
            raise ValueError("every row has as many cells as there are headings")


@dataclass(frozen=True, kw_only=True)
class Section:
    """What is recorded for one article. A section never judges whether that is enough."""

    article: str
    title: str
    facts: tuple[tuple[str, str], ...]
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = field(default=())

    def as_json(self) -> dict[str, object]:
        return asdict(self) | {"heading": f"Record for {self.article}: {self.title}"}


def utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def not_known(because: str) -> str:
    return f"not known because {because}"


def known(value: object, *, because: str) -> str:
    """The value, or why there is none."""
    text = "" if value is None else str(value).strip()
    return text or not_known(because)


def listed(values: Iterable[str], *, nothing: str) -> str:
    return ", ".join(values) or nothing


def spaced(code: str) -> str:
    """A code in words."""
    return code.replace("_", " ")


def table(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, widths: Sequence[int] = ()
) -> tuple[Table, ...]:
    """A table, or none when there is no row. `widths`: shares of the page by column; all alike when not given."""
    kept = tuple(tuple(row) for row in rows)
    shares = tuple(widths) or (1,) * len(header)
    return (Table(header=tuple(header), rows=kept, widths=shares),) if kept else ()
