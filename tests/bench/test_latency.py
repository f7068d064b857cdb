"""One alert at a time, from POST to waiting for a person: without a clip, and with a 10 s clip."""

import time
from pathlib import Path

import pytest

from tests.bench.conftest import Report
from tests.harness.product import BUNDLED_CLIP, Product

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]


def _one(product: Product, clip: Path | None) -> float:
    began = time.monotonic()
    answer = product.post_alert(clip=clip)
    assert answer.status_code == 202, answer.text
    address = answer.json()["id"]
    while product.state_of(address) not in {"awaiting_review", "archived", "model_review"}:
        assert time.monotonic() - began < 120
        time.sleep(0.02)
    return time.monotonic() - began


def test_from_post_to_waiting_without_a_clip(product: Product, report: Report) -> None:
    _one(product, None)
    p95 = report.latencies("without a clip", [_one(product, None) for _ in range(30)])
    report.say("p95 / limit of 2 s", p95 / 2000)


def test_from_post_to_waiting_with_a_clip(
    product: Product, report: Report, ten_seconds: Path
) -> None:
    _one(product, ten_seconds)
    seconds = [_one(product, ten_seconds) for _ in range(12)]
    p95 = report.latencies("with a 10 s clip", seconds)
    report.say("p95 / limit of 8 s", p95 / 8000)
    report.say("clips a minute, one at a time", 60 * len(seconds) / sum(seconds))


@pytest.fixture
def ten_seconds(tmp_path: Path) -> Path:
    """The bundled clip, repeated or cut to exactly 10 s, as H.264."""
    import av

    path = tmp_path / "ten.mp4"
    with av.open(str(BUNDLED_CLIP)) as source:
        stream = source.streams.video[0]
        rate = stream.average_rate
        frames = [frame.to_ndarray(format="rgb24") for frame in source.decode(stream)]
    wanted = int(10 * rate)
    with av.open(str(path), "w") as target:
        out = target.add_stream("libx264", rate=rate, options={"preset": "veryfast"})
        out.height, out.width = frames[0].shape[:2]
        out.pix_fmt = "yuv420p"
        for number in range(wanted):
            picture = av.VideoFrame.from_ndarray(frames[number % len(frames)], format="rgb24")
            target.mux(out.encode(picture))
        target.mux(out.encode())
    return path
