"""What a person may ask of their data: access, explanation, objection, erasure."""
