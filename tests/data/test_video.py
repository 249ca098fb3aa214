"""A video is written beside what its frames come from, and what goes wrong there is told."""

import threading

import numpy as np
import pytest

from wam_demo.data import video
from wam_demo.data.video import VideoEncoder, read_frames


def frames(count):
    return [np.full((32, 48, 3), 20 * number % 240, np.uint8) for number in range(count)]


def test_frames_come_back_although_their_array_is_used_again(tmp_path):
    encoder, array = VideoEncoder(tmp_path / "film.mp4", 32, 48, 10), np.empty((32, 48, 3), np.uint8)
    for frame in frames(8):
        array[:] = frame
        encoder.add(array)
    encoder.close()
    encoder.close()
    read = list(read_frames(tmp_path / "film.mp4"))
    assert [round(frame.mean() / 20) for frame in read] == list(range(8))


def test_whoever_adds_a_frame_does_not_wait_for_the_encoder(tmp_path, monkeypatch):
    goes_on = threading.Event()
    monkeypatch.setattr(VideoEncoder, "_mux", lambda *_: goes_on.wait(10))
    encoder = VideoEncoder(tmp_path / "film.mp4", 32, 48, 10)
    for frame in frames(5):
        encoder.add(frame)
    assert not goes_on.is_set()
    goes_on.set()
    encoder.close()


def test_frames_that_wait_are_bounded(tmp_path, monkeypatch):
    goes_on, added = threading.Event(), []
    monkeypatch.setattr(VideoEncoder, "_mux", lambda *_: goes_on.wait(10))
    monkeypatch.setattr(video, "MOST_WAITING", 3)
    encoder = VideoEncoder(tmp_path / "film.mp4", 32, 48, 10)

    def add():
        for frame in frames(8):
            encoder.add(frame)
            added.append(frame)

    thread = threading.Thread(target=add)
    thread.start()
    thread.join(0.3)
    assert len(added) <= 4
    goes_on.set()
    thread.join(10)
    encoder.close()
    assert len(added) == 8


def test_a_file_that_cannot_be_written_is_an_error_of_the_frames(tmp_path):
    encoder = VideoEncoder(tmp_path / "nowhere" / "film.mp4", 32, 48, 10)
    with pytest.raises(OSError, match="No such file"):
        for frame in frames(200):
            encoder.add(frame)
    with pytest.raises(OSError, match="No such file"):
        encoder.close()
