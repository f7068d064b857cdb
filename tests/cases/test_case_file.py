"""A case file leaves the house whole, for one recipient, and can be checked by a stranger with nothing but Python."""

import hashlib
import io
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Clip
from apps.audit.events import Actor, Channel, Subject
from apps.audit.proofs import NotSignedYet
from apps.audit.queries import AuditEvent, events_of
from apps.cases.case_file import verify
from apps.cases.case_file.bag import ChunkReader, Part, PayloadAltered, bag_bytes, made
from apps.cases.case_file.operations import (
    UnableToExport,
    advance_case_file,
    fetch_case_file,
    release_case_file,
    released_by_link,
    remove_case_file,
    request_case_file,
    try_again,
    withdraw_case_file,
    write_case_file,
)
from apps.cases.models import Case, CaseFile, Exhibit, Incident
from apps.cases.operations import open_case, seal_exhibits
from apps.evidence.models import CustodyEvent, EvidenceItem, EvidenceKind
from apps.evidence.operations import acquire_item
from apps.storage.errors import ObjectMissing
from apps.storage.keys import alert_working
from apps.storage.objects import StoredObject
from apps.storage.store import media_store
from tests.audit import chain
from tests.audit.chain import Connection
from tests.cases.test_from_theft_to_case import CLIP, decide, store_master
from tests.console.people import signed_in
from tests.world import NOW, World, make_waiting_alert, make_world

VERIFY = Path(verify.__file__)


@pytest.fixture
def sealed(s3: dict[str, str], sequencer_connection: Connection) -> tuple[World, UUID]:
    return sealed_case(sequencer_connection)


def sealed_case(sequencer: Connection) -> tuple[World, UUID]:
    """A world with a case of one sealed exhibit, its chain signed."""
    world = make_world()
    with tenant_scope(world.tenant.id):
        world.tenant.exhibit_retention_days = 20 / 86_400
        world.tenant.save()
        alert = make_waiting_alert(world.camera)
        decide(alert, world)
        store_master(alert)
        case = open_case(alert_id=alert.id, now=timezone.now())
    seal_exhibits(tenant_id=world.tenant.id, case_id=case.id, now=timezone.now())
    chain.chain(sequencer)
    chain.sign(sequencer)
    return world, case.id


def actor_of(user: User) -> Actor:
    return Actor(tenant_id=user.tenant_id, user_id=user.id, role=user.role, channel=Channel.SCREEN)


def store_blurred(world: World, case_id: UUID) -> EvidenceItem:
    """A copy with faces blurred beside the case's clip (here the same bytes: what counts is whose they are)."""
    with tenant_scope(world.tenant.id):
        alert = Incident.objects.get(case_id=case_id).alert
        key = alert_working(tenant_id=alert.tenant_id, alert_id=alert.id, name="blurred-1.mp4")
        stored = media_store().put_stream(
            key=key, stream=io.BytesIO(CLIP), length=len(CLIP), content_type="video/mp4"
        )
        Clip.objects.filter(alert=alert).update(blurred_key=key)
        return acquire_item(
            actor=Actor.system(alert.tenant_id),
            alert=alert,
            kind=EvidenceKind.WORKING,
            bucket=media_store().bucket,
            stored=StoredObject(
                key=key, size=stored.size, etag="", version_id=None, sha256=stored.sha256
            ),
            media_type="video/mp4",
            now=timezone.now(),
        )


def ask(world: World, case_id: UUID, **fields: object) -> CaseFile:
    wishes = {
        "recipient": "Police, PC 4711",
        "purpose": "Report of a theft",
        "with_originals": True,
        "with_password": False,
        "days": 7,
        "now": timezone.now(),
    } | fields
    with tenant_scope(world.tenant.id):
        return request_case_file(
            actor=actor_of(world.lead),
            user=world.lead,
            case=world_case(case_id),
            **wishes,  # type: ignore[arg-type]
        )


def world_case(case_id: UUID) -> Case:
    return Case.objects.select_related("site").get(id=case_id)


def written(world: World, file: CaseFile, now: datetime | None = None) -> CaseFile:
    write_case_file(tenant_id=world.tenant.id, file_id=file.id, now=now or timezone.now())
    with tenant_scope(world.tenant.id):
        return CaseFile.objects.select_related("case").get(id=file.id)


def archive_of(file: CaseFile, folder: Path) -> Path:
    path = folder / "case file.zip"
    with media_store().get_stream(key=file.key) as stream:
        path.write_bytes(stream.read())
    return path


def checked(*arguments: object, script: Path = VERIFY) -> subprocess.CompletedProcess[str]:
    """What `verify.py` says, run by a Python that knows no site-packages and no environment."""
    command = [sys.executable, "-I", "-S", str(script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


transactional = pytest.mark.django_db(transaction=True)


@transactional
def test_a_stranger_checks_a_case_file_with_python_alone(
    sealed: tuple[World, UUID], tmp_path: Path
) -> None:
    world, case_id = sealed
    file = written(world, ask(world, case_id))
    assert (file.state, file.note) == ("ready", "")
    path = archive_of(file, tmp_path)
    said = checked(path)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "1 exhibits" in said.stdout
    assert "Everything holds" in said.stdout
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / file.archive_name
    assert (folder / "data/originals/E001.mp4").read_bytes() == CLIP
    page = (folder / "index.html").read_text()
    assert "For Police, PC 4711 only" in page
    assert "<script" not in page
    assert checked(script=folder / "verify.py").returncode == 0


@transactional
def test_a_bare_python_in_an_empty_folder_names_the_flipped_byte(
    sealed: tuple[World, UUID], tmp_path: Path
) -> None:
    """All there is: the archive, the script taken out of it, and a Python without environment or site-packages."""
    world, case_id = sealed
    folder = tmp_path / "empty"
    folder.mkdir()
    path = archive_of(written(world, ask(world, case_id)), folder)
    with zipfile.ZipFile(path) as archive:
        name = next(one for one in archive.namelist() if one.endswith("/verify.py"))
        (folder / "verify.py").write_bytes(archive.read(name))
        stored = next(one for one in archive.infolist() if one.filename.endswith("E001.mp4"))
    said = bare(folder, path.name)
    assert (said.returncode, "Everything holds" in said.stdout) == (0, True), said.stderr
    content = bytearray(path.read_bytes())
    content[content.index(CLIP, stored.header_offset)] ^= 1
    path.write_bytes(content)
    said = bare(folder, path.name)
    assert said.returncode == 1
    assert "data/originals/E001.mp4" in said.stdout


def bare(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", "verify.py", *arguments],
        cwd=folder,
        env={},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def dropped(path: Path) -> None:
    path.unlink()


def listed_anew(path: Path) -> None:
    """Somebody who changes the manifests along with the file is found by the chain."""
    before = path.read_bytes()
    flipped(path)
    after, root = path.read_bytes(), path.parents[2]
    for algorithm in ("sha256", "sha512"):
        old, new = (hashlib.new(algorithm, content).hexdigest() for content in (before, after))
        _replace(root / f"manifest-{algorithm}.txt", old, new)
        _replace(root / "data/case.json", old, new)
    _relist(root)


def _replace(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))


def _relist(root: Path) -> None:
    """New digests of every payload and tag file, as a careful forger would write them."""
    for kind in ("manifest", "tagmanifest"):
        for algorithm in ("sha256", "sha512"):
            listing = root / f"{kind}-{algorithm}.txt"
            names = [line.partition("  ")[2] for line in listing.read_text().splitlines()]
            lines = [
                f"{hashlib.new(algorithm, (root / name).read_bytes()).hexdigest()}  {name}\n"
                for name in names
            ]
            listing.write_text("".join(lines))


@transactional
@pytest.mark.parametrize(
    ("harm", "name", "sentence"),
    [
        (flipped, "data/originals/E001.mp4", "data/originals/E001.mp4 has been changed"),
        (dropped, "data/originals/E001.mp4", "data/originals/E001.mp4 is missing"),
        (flipped, "index.html", "index.html has been changed"),
        (listed_anew, "data/originals/E001.mp4", "the audit chain does not know"),
    ],
)
def test_what_was_changed_is_named(
    sealed: tuple[World, UUID],
    tmp_path: Path,
    harm: Callable[[Path], None],
    name: str,
    sentence: str,
) -> None:
    world, case_id = sealed
    file = written(world, ask(world, case_id))
    with zipfile.ZipFile(archive_of(file, tmp_path)) as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / file.archive_name
    harm(folder / name)
    said = checked(folder)
    assert said.returncode == 1
    assert sentence in said.stdout


@transactional
def test_a_rewritten_audit_entry_and_a_strange_key_are_named(
    sealed: tuple[World, UUID], tmp_path: Path
) -> None:
    world, case_id = sealed
    file = written(world, ask(world, case_id))
    with zipfile.ZipFile(archive_of(file, tmp_path)) as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / file.archive_name
    strange = "second-look-audit+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert "not a verifier key" in checked(folder, "--key", strange).stdout
    entries = folder / "data/audit/entries.ndjson"
    entries.write_text(
        entries.read_text().replace('\\"role\\":\\"system\\"', '\\"role\\":\\"nobody\\"', 1)
    )
    _relist(folder)
    said = checked(folder)
    assert said.returncode == 1
    assert "is not what was chained" in said.stdout


@transactional
def test_bytes_that_changed_in_the_store_are_not_exported(sealed: tuple[World, UUID]) -> None:
    """The copy with faces blurred lies in the bucket that can be written to."""
    world, case_id = sealed
    blurred = store_blurred(world, case_id)
    media_store().put_stream(key=blurred.key, stream=io.BytesIO(CLIP[::-1]), length=len(CLIP))
    file = written(world, ask(world, case_id, with_originals=False))
    assert file.state == "failed"
    assert "E001.mp4 is not the file that was registered" in file.note
    assert media_store().keys(prefix=f"tenants/{world.tenant.id}/cases/") == []
    media_store().put_stream(key=blurred.key, stream=io.BytesIO(CLIP), length=len(CLIP))
    with tenant_scope(world.tenant.id):
        try_again(actor=actor_of(world.lead), user=world.lead, file=file, now=timezone.now())
    assert written(world, file).state == "ready"


@transactional
def test_without_blurred_copies_the_footage_cannot_be_shared_redacted(
    sealed: tuple[World, UUID],
) -> None:
    world, case_id = sealed
    file = written(world, ask(world, case_id, with_originals=False))
    assert file.state == "failed"
    assert "no copy with faces blurred" in file.note


@transactional
def test_a_chain_that_was_never_signed_is_waited_for(
    s3: dict[str, str], sequencer_connection: Connection
) -> None:
    world = make_world()
    with tenant_scope(world.tenant.id):
        alert = make_waiting_alert(world.camera)
        decide(alert, world)
        case = open_case(alert_id=alert.id, now=timezone.now())
    file = ask(world, case.id)
    with pytest.raises(NotSignedYet):
        written(world, file)
    chain.chain(sequencer_connection)
    chain.sign(sequencer_connection)
    assert written(world, file).state == "ready"


@pytest.mark.filterwarnings(
    "ignore:PBKDF2 without:DeprecationWarning"
)  # WinZip AES prescribes SHA-1
@transactional
def test_only_an_administrator_releases_and_the_password_is_shown_once(
    sealed: tuple[World, UUID], tmp_path: Path
) -> None:
    world, case_id = sealed
    file, now = written(world, ask(world, case_id, with_password=True)), timezone.now()
    with tenant_scope(world.tenant.id):
        with pytest.raises(UnableToExport, match="not released"):
            fetch_case_file(actor=actor_of(world.lead), file=file, seconds=60)
        with pytest.raises(UnableToExport, match="administrator"):
            release_case_file(actor=actor_of(world.lead), user=world.lead, file=file, now=now)
        admin = world.administrator
        handed = release_case_file(actor=actor_of(admin), user=admin, file=file, now=now)
        assert min(len(handed.password), len(handed.link_secret)) >= 20
        found = partial(released_by_link, file_id=file.id)
        assert found(link_secret=handed.link_secret, now=now) == file
        assert found(link_secret=handed.link_secret + "x", now=now) is None
        assert found(link_secret=handed.link_secret, now=now + timedelta(days=8)) is None
        file = CaseFile.objects.select_related("case").get(id=file.id)
        assert (file.state, file.password_sealed) == ("released", None)
        assert fetch_case_file(actor=actor_of(admin), file=file, seconds=60).startswith("http")
        told = [one.event for one in _events(world, file)]
        for exhibit in Exhibit.objects.select_related("item").filter(case=case_id):
            step = CustodyEvent.objects.filter(evidence_item_id=exhibit.item_id).last()
            assert step is not None
            assert (step.action, step.details["case_file"]) == ("exported", str(file.id))
    assert told == [
        "case_file:requested",
        "case_file:written",
        "case_file:released",
        "case_file:downloaded",
    ]
    assert "has to be unpacked" in VERIFY.read_text()
    assert (
        checked(archive_of(file, tmp_path)).returncode == 2
    )  # encrypted: the standard library reads none of it


def _events(world: World, file: CaseFile) -> list[AuditEvent]:
    return events_of(tenant_id=world.tenant.id, subjects=[Subject("case_file", str(file.id))])


@transactional
def test_a_file_ends_by_time_or_by_withdrawal_and_its_bytes_go(sealed: tuple[World, UUID]) -> None:
    world, case_id = sealed
    one, other = (written(world, ask(world, case_id, days=days)) for days in (1, 2))
    later = timezone.now() + timedelta(days=1, minutes=1)
    with tenant_scope(world.tenant.id):
        assert advance_case_file(file_id=one.id, now=later).step == "remove"
        assert advance_case_file(file_id=other.id, now=later).step == "wait"
        with pytest.raises(UnableToExport, match="why"):
            withdraw_case_file(
                actor=actor_of(world.lead), user=world.lead, file=other, reason=" ", now=later
            )
        withdraw_case_file(
            actor=actor_of(world.lead),
            user=world.lead,
            file=other,
            reason="sent in error",
            now=later,
        )
    for file, state in ((one, "expired"), (other, "withdrawn")):
        for _ in range(2):
            remove_case_file(tenant_id=world.tenant.id, file_id=file.id, now=later)
        with pytest.raises(ObjectMissing):
            media_store().stat(key=file.key)
        with tenant_scope(world.tenant.id):
            standing = advance_case_file(file_id=file.id, now=later)
            assert (standing.state, standing.step) == (state, "done")
            assert [e.event for e in _events(world, file)][-1] == "case_file:removed"


@transactional
def test_who_may_not_export_is_refused(sealed: tuple[World, UUID]) -> None:
    world, case_id = sealed
    with tenant_scope(world.tenant.id):
        for user in (world.operator, world.store_manager, world.stranger):
            with pytest.raises(UnableToExport):
                request_case_file(
                    actor=actor_of(user),
                    user=user,
                    case=world_case(case_id),
                    recipient="x",
                    purpose="y",
                    with_originals=True,
                    with_password=False,
                    days=1,
                    now=timezone.now(),
                )


def test_an_archive_is_written_chunk_by_chunk() -> None:
    """Fifty megabytes pass through while a few are held."""
    content = bytes(1024 * 1024)
    parts = (made(f"data/{number}.bin", content) for number in range(50))
    tracemalloc.start()
    reader = ChunkReader(bag_bytes(parts=parts, info={}, at=NOW, folder="f"))
    size = 0
    while chunk := reader.read(65_536):
        size += len(chunk)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 50 * 1024 * 1024
    assert peak < 12 * 1024 * 1024


def test_other_bytes_than_registered_end_the_archive() -> None:
    part = Part(path="data/a", size=3, sha256="0" * 64, opened=lambda: io.BytesIO(b"abc"))
    with pytest.raises(PayloadAltered, match="data/a"):
        list(bag_bytes(parts=[part], info={}, at=NOW, folder="f"))


@pytest.mark.parametrize("path", ["/etc/passwd", "data/../x", "a//b", "data\\x", "."])
def test_no_part_leaves_the_archive(path: str) -> None:
    with pytest.raises(ValueError, match="relative path"):
        made(path, b"")


@transactional
def test_from_the_request_on_screen_to_the_recipients_download(sealed: tuple[World, UUID]) -> None:
    world, case_id = sealed
    lead, admin, anybody = signed_in(world.lead), signed_in(world.administrator), Client()
    page = f"/cases/{case_id}/files/"
    wishes = {"recipient": "Police", "purpose": "Report", "footage": "originals", "days": 7}
    assert lead.post(page, wishes | {"days": 99}).status_code == 422
    assert "being written" in lead.post(page, wishes, follow=True).content.decode()
    with tenant_scope(world.tenant.id):
        file = CaseFile.objects.get()
    assert "hx-get" in lead.get(f"{page}{file.id}/").content.decode()
    file = written(world, file)
    assert lead.post(f"{page}{file.id}/release/").status_code == 403
    stale = signed_in(world.administrator, seconds_ago=3600)
    assert "/reauthenticate/" in stale.post(f"{page}{file.id}/release/")["Location"]
    shown = admin.post(f"{page}{file.id}/release/")
    link = shown.context["link"].removeprefix("http://testserver")
    assert link not in admin.get(page).content.decode()
    landing = anybody.get(link)
    assert (landing.status_code, "Police" in landing.content.decode()) == (200, True)
    assert anybody.post(link)["Location"].startswith("http")
    assert anybody.get(link[:-3] + "/").status_code == 404
    assert admin.post(f"{page}{file.id}/withdraw/", {"reason": "wrong office"}).status_code == 302
    assert anybody.get(link).status_code == 404
    with tenant_scope(world.tenant.id):
        fetched = [e for e in _events(world, file) if e.event == "case_file:downloaded"]
    assert [e.role for e in fetched] == ["recipient"]


@transactional
def test_strangers_and_other_retailers_find_no_case_files(sealed: tuple[World, UUID]) -> None:
    world, case_id = sealed
    page = f"/cases/{case_id}/files/"
    assert signed_in(world.stranger).get(page).status_code == 404
    assert signed_in(world.foreign_operator).get(page).status_code == 404
    assert signed_in(world.operator).get(page).status_code == 200
    assert signed_in(world.operator).post(page, {}).status_code == 403
