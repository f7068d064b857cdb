"""Every kind of page as a picture, wide light, wide dark and phone: `make screens` writes them into docs/screens."""
