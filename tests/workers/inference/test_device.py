"""One place decides what decodes and what computes."""

import pytest

from workers.inference.device import Decoder, Device, this_device

CPU = Device(kind="cpu", providers=("CPUExecutionProvider",), has_dali=True, threads=2)
CUDA = Device(
    kind="cuda",
    providers=("CUDAExecutionProvider", "CPUExecutionProvider"),
    has_dali=True,
    threads=2,
)
BARE = Device(kind="cpu", providers=("CPUExecutionProvider",), has_dali=False, threads=2)


@pytest.mark.parametrize(
    ("device", "codec", "decoder"),
    [
        (CPU, "h264", Decoder.PYAV),
        (CPU, "hevc", Decoder.PYAV),
        (CPU, "vp8", Decoder.DALI_CPU),
        (CPU, "vp9", Decoder.DALI_CPU),
        (CPU, "mjpeg", Decoder.DALI_CPU),
        (CUDA, "h264", Decoder.DALI_GPU),
        (CUDA, "av1", Decoder.DALI_GPU),
        (CUDA, "msmpeg4", Decoder.PYAV),
        (BARE, "vp9", Decoder.PYAV),
    ],
)
def test_the_decoder_follows_from_device_and_codec(
    device: Device, codec: str, decoder: Decoder
) -> None:
    assert device.decoder_for(codec) is decoder


def test_interlaced_clips_are_read_where_fields_can_be_told_apart() -> None:
    assert CUDA.decoder_for("h264", interlaced=True) is Decoder.PYAV


def test_the_device_is_what_hardware_says_not_what_the_build_offers() -> None:
    import onnxruntime as ort

    found = {device.ep_name for device in ort.get_ep_devices()}
    assert (this_device().kind == "cuda") == ("CUDAExecutionProvider" in found)
    assert this_device().providers[-1] == "CPUExecutionProvider"
    assert this_device().threads >= 1


def test_a_device_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="cpu or cuda"):
        Device(kind="abacus", providers=(), has_dali=False, threads=1)
