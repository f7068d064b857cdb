"""Bars of shares, drawn as SVG: no inline style passes the content security policy."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def share_bar(share: float | None) -> SafeString:
    """A share 0..1 as a bar from zero; an unknown one as an empty, dashed lane."""
    if share is None:
        return format_html(
            '<svg class="share-bar" aria-hidden="true"><line class="{}" x1="0" x2="100%" y1="6" y2="6"/></svg>',
            "share-unknown",
        )
    return format_html(
        '<svg class="share-bar" aria-hidden="true"><line class="zero" x1="0" x2="0" y1="0" y2="12"/>'
        '<rect class="amount" x="0" y="2" width="{}%" height="8" rx="1"/></svg>',
        f"{100 * share:.1f}",
    )
