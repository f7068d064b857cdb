"""Reading ids that come from outside."""

from uuid import UUID


def is_uuid(text: str) -> bool:
    """Whether `text` is a UUID exactly as we write them."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
