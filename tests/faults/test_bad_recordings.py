"""Uploads that must be refused: one clear line, in time, without the server growing, and the next one works."""

import json
import os
import pickle
import resource
import struct
import zipfile
import zlib
from fractions import Fraction

import av
import h5py
import numpy as np
import psutil
import pytest
import zarr

from tests.fakes import recordings
from wam_demo.data.uploads.process import describe
from wam_demo.data.uploads.reader_process import ReaderLimits
from wam_demo.errors import InvalidInputError

CPU_SECONDS, MEGABYTES = 10, 200


def half(path):
    """Cut a file in the middle."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path


def empty(tmp):
    (tmp / "a.mp4").write_bytes(b"")
    return tmp / "a.mp4"


def truncated_mp4(tmp):
    return half(recordings.video(tmp / "a.mp4"))


def truncated_faststart_mp4(tmp):
    """The index is whole, the pictures are not."""
    frames = [np.random.default_rng(k).integers(0, 255, (96, 128, 3), np.uint8) for k in range(60)]
    path = tmp / "b.mp4"
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return half(path)


def truncated_hdf5(tmp):
    return half(recordings.aloha(tmp / "a.hdf5"))


def truncated_mcap(tmp):
    return half(recordings.mcap_json(tmp / "a.mcap"))


def truncated_bag(tmp):
    return half(recordings.rosbag1(tmp / "a.bag"))


def truncated_zip(tmp):
    return half(recordings.zipped(recordings.lerobot_v21(tmp / "set"), tmp / "a.zip"))


def text_named_mp4(tmp):
    (tmp / "a.mp4").write_text("just some notes\n" * 10)
    return tmp / "a.mp4"


def no_frames(tmp):
    with av.open(str(tmp / "a.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.start_encoding()
    return tmp / "a.mp4"


def only_sound(tmp):
    return recordings.sound(tmp / "a.mp4")


def huge_frame(tmp):
    with av.open(str(tmp / "a.mp4"), "w") as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.width = stream.height = 8192
        stream.pix_fmt = "yuvj420p"
        container.mux(stream.encode(av.VideoFrame(8192, 8192, "yuvj420p")))
        container.mux(stream.encode())
    return tmp / "a.mp4"


def hundred_thousand_frames(tmp):
    with av.open(str(tmp / "a.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=1000)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        frame = av.VideoFrame(16, 16, "yuv420p")
        for k in range(100_000):
            frame.pts = k
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return tmp / "a.mp4"


def long_video(tmp):
    return recordings.video(tmp / "a.mp4", frames=recordings.pictures(130), rate=1)


def picture_bomb() -> bytes:
    """A PNG that claims 50,000 x 50,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 10**6))
        + chunk(b"IEND", b"")
    )


def image_bomb(tmp):
    (tmp / "a.png").write_bytes(picture_bomb())
    return tmp / "a.png"


def image_bomb_in_hdf5(tmp):
    with h5py.File(tmp / "a.hdf5", "w") as file:
        row = np.frombuffer(picture_bomb(), np.uint8)
        file["observations/images/top"] = np.stack([row, row])
        file["action"] = np.zeros((2, 14))
    return tmp / "a.hdf5"


def hdf5_bomb(tmp):
    """A few kilobytes that unpack to gigabytes."""
    with h5py.File(tmp / "a.hdf5", "w") as file:
        file.create_dataset(
            "observations/images/top",
            (4, 20_000, 20_000, 3),
            np.uint8,
            chunks=(1, 20_000, 20_000, 3),
            compression="gzip",
        )
    return tmp / "a.hdf5"


def hdf5_endless(tmp):
    with h5py.File(tmp / "a.hdf5", "w") as file:
        file.create_dataset("observations/images/top", (10**9, 4, 4, 3), np.uint8, chunks=(1024, 4, 4, 3))
        file.create_dataset("action", (10**9, 14), np.float32, chunks=(1024, 14))
    return tmp / "a.hdf5"


def hdf5_external_link(tmp):
    recordings.aloha(tmp / "other.hdf5")
    with h5py.File(tmp / "a.hdf5", "w") as file:
        file["observations"] = h5py.ExternalLink(str(tmp / "other.hdf5"), "/observations")
    return tmp / "a.hdf5"


def hdf5_external_storage(tmp):
    with h5py.File(tmp / "a.hdf5", "w") as file:
        file.create_dataset("observations/images/top", (2, 4, 4, 3), np.uint8, external=[("/etc/passwd", 0, 96)])
    return tmp / "a.hdf5"


def hdf5_virtual(tmp):
    recordings.aloha(tmp / "other.hdf5", compressed=False)
    layout = h5py.VirtualLayout((recordings.FRAMES, 48, 64, 3), np.uint8)
    layout[:] = h5py.VirtualSource(str(tmp / "other.hdf5"), "observations/images/cam_high", layout.shape)
    with h5py.File(tmp / "a.hdf5", "w") as file:
        file.create_virtual_dataset("observations/images/top", layout)
    return tmp / "a.hdf5"


def zip_bomb(tmp):
    """Its directory says that a member unpacks to 1 GiB."""
    data = recordings.zip_bytes({"meta/info.json": b"{}", "data/big": b"\0" * 1_234_567})
    (tmp / "a.zip").write_bytes(data.replace(struct.pack("<I", 1_234_567), struct.pack("<I", 2**30)))
    return tmp / "a.zip"


def zip_large_member(tmp):
    (tmp / "a.zip").write_bytes(recordings.zip_bytes({"meta/info.json": b"\0" * (60 * 2**20)}))
    return tmp / "a.zip"


def zip_liar(tmp):
    """A member unpacks to more than it says."""
    data = recordings.zip_bytes({"meta/info.json": b" " * 1_234_567})
    (tmp / "a.zip").write_bytes(data.replace(struct.pack("<I", 1_234_567), struct.pack("<I", 17)))
    return tmp / "a.zip"


def zip_many(tmp):
    (tmp / "a.zip").write_bytes(recordings.zip_bytes({f"images/{i}.png": b"" for i in range(20_001)}))
    return tmp / "a.zip"


def zip_way_out(tmp):
    (tmp / "a.zip").write_bytes(recordings.zip_bytes({"meta/info.json": b"{}", "../../etc/cron.d/x": b"x"}))
    return tmp / "a.zip"


def zip_link(tmp):
    with zipfile.ZipFile(tmp / "a.zip", "w") as archive:
        archive.writestr("meta/info.json", "{}")
        link = zipfile.ZipInfo("data/passwd")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return tmp / "a.zip"


def folder_link(tmp):
    folder = recordings.lerobot_v21(tmp / "set")
    (folder / "data" / "passwd").symlink_to("/etc/passwd")
    return folder


def ffconcat(tmp):
    recordings.video(tmp / "neighbour.mp4")
    (tmp / "a.mp4").write_text("ffconcat version 1.0\nfile 'neighbour.mp4'\n")
    return tmp / "a.mp4"


def m3u8(tmp):
    recordings.video(tmp / "neighbour.mp4")
    (tmp / "a.mp4").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nneighbour.mp4\n#EXT-X-ENDLIST\n")
    return tmp / "a.mp4"


def dash(tmp):
    (tmp / "a.mp4").write_text("<?xml version='1.0'?>\n<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'></MPD>\n")
    return tmp / "a.mp4"


class Harm:
    def __reduce__(self):
        return os.mkdir, ("unpickled",)


def pickled(tmp):
    (tmp / "a.hdf5").write_bytes(pickle.dumps(Harm()))
    return tmp / "a.hdf5"


def pickle_in_npz(tmp):
    np.savez(tmp / "a.npz", images=np.array([Harm()], object))
    return tmp / "a.npz"


def pickle_in_zarr(tmp):
    recordings.diffusion_policy(tmp / "a.zarr")
    path = tmp / "a.zarr" / "data" / "state" / ".zarray"
    entry = json.loads(path.read_text())
    path.write_text(json.dumps({**entry, "dtype": "|O", "filters": [{"id": "pickle", "protocol": 5}]}))
    return tmp / "a.zarr"


def zarr_bomb(tmp):
    root = zarr.open_group(str(tmp / "a.zarr"), mode="w", zarr_format=2)
    root.create_group("data").create_array(
        "img", shape=(1, 20_000, 20_000, 3), chunks=(1, 20_000, 20_000, 3), dtype="uint8"
    )
    return tmp / "a.zarr"


def lerobot_way_out(tmp):
    folder = recordings.lerobot_v21(tmp / "set")
    info = json.loads((folder / "meta/info.json").read_text())
    info["data_path"] = "../../../../etc/passwd"
    (folder / "meta/info.json").write_text(json.dumps(info))
    return folder


def large_photo(tmp):
    (tmp / "a.png").write_bytes(recordings.png(np.zeros((3000, 4000, 3), np.uint8)))
    return tmp / "a.png"


def gif_of(frames):
    """One pixel, many times."""
    frame = b"\x21\xf9\x04\x04\x01\0\0\0" + b"\x2c\0\0\0\0\1\0\1\0\0" + b"\x02\x02\x44\x01\0"
    return b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + frame * frames + b"\x3b"


def long_gif(tmp):
    (tmp / "a.gif").write_bytes(gif_of(100_000))
    return tmp / "a.gif"


def large_gif(tmp):
    (tmp / "a.gif").write_bytes(gif_of(2).replace(b"GIF89a\1\0\1\0", b"GIF89a" + struct.pack("<HH", 4000, 3000)))
    return tmp / "a.gif"


def mcap_wrong_checksum(tmp):
    """A number in a chunk that is not compressed has changed."""
    data = recordings.mcap_json(tmp / "a.mcap", compressed=False).read_bytes()
    (tmp / "a.mcap").write_bytes(data.replace(b'"frame_id": "b"', b'"frame_id": "B"', 1))
    return tmp / "a.mcap"


def lerobot_ragged(tmp):
    """States of five and seven numbers, so that all together they are as many as six each."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = recordings.lerobot_v21(tmp / "set")
    path = next(folder.glob("data/*/episode_000000.parquet"))
    table = pq.read_table(path)
    rows = [[0.0] * (5 + 2 * (k % 2)) for k in range(len(table))]
    index = table.column_names.index("observation.state")
    pq.write_table(table.set_column(index, "observation.state", pa.array(rows, pa.list_(pa.float32()))), path)
    return folder


def many_cameras(tmp):
    image = recordings.png(np.zeros((2, 2, 3), np.uint8))
    (tmp / "a.zip").write_bytes(recordings.zip_bytes({f"cam{i}/0.png": image for i in range(200)}))
    return tmp / "a.zip"


def zarr_bomb_of_doubles(tmp):
    root = zarr.open_group(str(tmp / "a.zarr"), mode="w", zarr_format=2)
    root.create_group("data").create_array(
        "img", shape=(40, 1000, 1000, 1), chunks=(40, 1000, 1000, 1), dtype="float64"
    )
    return tmp / "a.zarr"


CASES = {
    empty: "is empty",
    truncated_mp4: "damaged or cut off",
    truncated_faststart_mp4: "cut off",
    truncated_hdf5: "damaged or cut off",
    truncated_mcap: "damaged or cut off",
    truncated_bag: "damaged or cut off",
    truncated_zip: "damaged or cut off",
    text_named_mp4: "no known format",
    no_frames: "no (frames|video)|damaged",
    only_sound: "only sound",
    huge_frame: "8192 x 8192",
    hundred_thousand_frames: "100000 frames, more than",
    long_video: "more than 120 s",
    image_bomb: "megapixels",
    image_bomb_in_hdf5: "megapixels",
    hdf5_bomb: "unpacks in pieces of 1144 MB",
    hdf5_endless: "1000000000 frames, more than",
    hdf5_external_link: "links to another file",
    hdf5_external_storage: "lies in another file",
    hdf5_virtual: "lies in another file",
    zip_bomb: "unpacks to 1024 MB",
    zip_large_member: "unpacks to more than 50 MB",
    zip_liar: "damaged|not JSON",
    zip_many: "20001 files",
    zip_way_out: "leads out of it",
    zip_link: "symbolic link",
    folder_link: "symbolic link",
    ffconcat: "playlist",
    m3u8: "playlist",
    dash: "playlist",
    pickled: "pickle",
    pickle_in_npz: "numpy .npz",
    pickle_in_zarr: "only numbers are read",
    zarr_bomb: "unpacks in pieces",
    lerobot_way_out: "unknown way",
    large_photo: "4000 x 3000 pixels exceeds 4 megapixels",
    large_gif: "4000 x 3000 pixels exceeds 4 megapixels",
    long_gif: "more than 7200 frames",
    mcap_wrong_checksum: "damaged",
    lerobot_ragged: "rows of different lengths",
    many_cameras: "200 cameras, more than 64",
    zarr_bomb_of_doubles: "pieces of more than 256 MB",
}


def children_cpu_s():
    """Processor time of all children that have ended; unlike time on the wall it is the same on a busy machine."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize(("make", "reason"), [pytest.param(*case, id=case[0].__name__) for case in CASES.items()])
def test_it_is_refused_with_one_line(make, reason, tmp_path):
    path = make(tmp_path)
    server = psutil.Process()
    before, began, others = server.memory_info().rss, children_cpu_s(), set(server.children())
    with pytest.raises(InvalidInputError, match=reason) as caught:
        describe(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert server.memory_info().rss - before < MEGABYTES * 2**20
    assert children_cpu_s() - began < CPU_SECONDS
    assert set(server.children()) <= others
    assert not os.path.exists("unpickled")


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "a.mp4").open("wb") as file:
        file.truncate(51 * 2**20)
    with pytest.raises(InvalidInputError, match="51 MB, more than 50 MB"):
        describe(tmp_path / "a.mp4")


def test_the_next_upload_works(tmp_path):
    with pytest.raises(InvalidInputError):
        describe(text_named_mp4(tmp_path))
    assert describe(recordings.video(tmp_path / "good.bin.mp4")).frames == recordings.FRAMES


def test_a_pipe_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInputError, match="neither a file nor a folder"):
        describe(tmp_path / "pipe")


def test_a_reader_that_is_silent_or_computes_too_long_is_stopped(tmp_path):
    others = set(psutil.Process().children())
    with pytest.raises(InvalidInputError, match="kept silent for 0 s"):
        describe(recordings.gif(tmp_path / "a.gif"), limits=ReaderLimits(silence_s=0.0))
    path = slow(tmp_path)
    with pytest.raises(InvalidInputError, match="more than 1 s of processor time"):
        describe(path, limits=ReaderLimits(describe_cpu_s=1))
    assert set(psutil.Process().children()) <= others


def slow(tmp):
    """Twenty thousand images take some seconds to look at."""
    image = recordings.png(np.zeros((2, 2, 3), np.uint8))
    (tmp / "slow.zip").write_bytes(recordings.zip_bytes({f"cam{i}/0.png": image for i in range(19_000)}))
    return tmp / "slow.zip"
