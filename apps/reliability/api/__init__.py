"""The endpoints under /api/v1/reliability/."""
