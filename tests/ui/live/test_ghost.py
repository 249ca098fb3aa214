"""The ghost plan: there while a person drives, and beginning where the tool is."""

import numpy as np
import pytest

from tests.fakes.brain import backend
from tests.fakes.clock import ManualClock
from tests.fakes.session import Driven
from wam_demo.runtime import Settings
from wam_demo.ui.live.ghost import ghost, planned_way, project


def test_it_is_drawn_while_a_person_has_the_arm():
    driven = Driven(backend(), Settings("reach", "steer"), ManualClock())
    try:
        driven.until(lambda view: len(planned_way(view)) > 1)
        assert ghost(driven.last) == []
        driven.post("take")
        view = driven.until(lambda view: view.drive.state.person and len(planned_way(view)) > 1)
        way = ghost(view)
        here = project(view.observation.state[None, :3], view.camera)[0]
        np.testing.assert_allclose(way[0], here, atol=1e-3)
        assert len(way) == len(planned_way(view))
        driven.post("give_back")
        driven.until(lambda view: not view.drive.state.person)
        assert ghost(driven.last) == []
    finally:
        driven.session.close()


def test_what_lies_behind_the_camera_is_left_out():
    driven = Driven(backend(), Settings("reach", "steer"), ManualClock())
    camera = driven.until(lambda view: view.camera is not None).camera
    driven.session.close()
    points = np.array([[0.5, 0, 0.2], [0.5, 0, 2.0]], np.float32)
    assert project(points, camera) == pytest.approx(np.array([[0.5, 0.5]]))
