"""The embedded servers (PostgreSQL, Redis, S3, Temporal) and what starts and watches them."""
