"""The application's own settings, with the addresses of this test run's servers.

pytest-django reads settings before any conftest.py, so the addresses are chosen here, and the run
enters a network of its own before it has any thread or child.
"""

from tests.harness import environment, isolation

isolation.isolate()
environment.choose()

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES, HOME  # noqa: E402

# Every transactional test has a database of its own; a pool would hold connections to the last one.
del DATABASES["default"]["OPTIONS"]["pool"]

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # speed; never outside tests
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

# WhiteNoise warns about a folder that is not there, and warnings are errors here.
HOME.joinpath("static").mkdir(parents=True, exist_ok=True)
