"""The pages under /reliability/."""
