"""What pip was told holds for the installer."""

import importlib.util
import subprocess
import sys
from types import ModuleType

import pytest

from config.env import REPOSITORY


@pytest.fixture(scope="module")
def install() -> ModuleType:
    path = REPOSITORY / "requirements" / "install.py"
    spec = importlib.util.spec_from_file_location("install", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pips_index_certificates_and_proxy_are_translated(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _, variable, _ in install.TRANSLATIONS:
        monkeypatch.delenv(variable, raising=False)
    told = {
        "index-url": "https://mirror.example/simple",
        "extra-index-url": "https://one.example\nhttps://two.example",
        "find-links": "/a /b",
        "cert": "/etc/ca.pem",
        "timeout": "60",
    }
    environment = install.installer_environment(told)
    assert environment["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert environment["UV_INDEX"] == "https://one.example https://two.example"
    assert environment["UV_FIND_LINKS"] == "/a,/b"
    assert environment["SSL_CERT_FILE"] == "/etc/ca.pem"
    assert environment["UV_HTTP_TIMEOUT"] == "60"


def test_what_the_installer_itself_was_told_wins(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://mine.example")
    environment = install.installer_environment({"index-url": "https://pip.example"})
    assert environment["UV_DEFAULT_INDEX"] == "https://mine.example"


def test_a_variable_of_pip_wins_over_its_file(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = "global.timeout='15'\ninstall.find-links='/c'\n:env:.timeout='99'\n"
    done = subprocess.CompletedProcess([], 0, stdout=listed)
    monkeypatch.setattr(install.subprocess, "run", lambda *_, **__: done)
    assert install.pip_configuration() == {"timeout": "99", "find-links": "/c"}


def test_pips_own_listing_can_be_read(install: ModuleType) -> None:
    assert isinstance(install.pip_configuration(), dict)


def test_it_refuses_to_install_outside_a_virtual_environment() -> None:
    done = subprocess.run(
        [sys._base_executable, "-I", str(REPOSITORY / "requirements" / "install.py"), "base"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "virtual environment" in done.stderr
