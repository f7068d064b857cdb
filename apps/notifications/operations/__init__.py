"""Writing notifications: from the chain, to the mail server, and as people read and choose."""

from apps.notifications.operations.choosing import UnableToChoose, choose, mark_read
from apps.notifications.operations.gathering import forget, gather
from apps.notifications.operations.mailing import mail_due

__all__ = ["UnableToChoose", "choose", "forget", "gather", "mail_due", "mark_read"]
