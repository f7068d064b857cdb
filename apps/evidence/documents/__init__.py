"""Documents: pages set as PDF/A-2b, and the organisation's signature over them."""
