"""What a dream remembers of the table, against the simulator's own pictures of it."""

import numpy as np
import pytest
import torch

from wam_demo.models.warping import CELLS, TableMemory, beside_hand, warped_wrist
from wam_demo.sim.world import World
from wam_demo.train.calibration import calibrate

ASIDE = (0, -0.3, 0)
STILL = torch.zeros(1, 1, 7)


@pytest.fixture(scope="module")
def calibration():
    return calibrate(["pick_place"])


@pytest.fixture(scope="module")
def looks():
    """State and pictures (1, 2, 3, 128, 128): over the table, aside, and over it again with everything taken away."""
    world = World("pick_place")
    world.reset(500_007)
    found = []

    def look():
        images = world.observe().images
        pictures = [torch.from_numpy(images[name].copy()).permute(2, 0, 1) / 255 for name in ("front", "wrist")]
        found.append((torch.tensor(world.state_vector()).float()[None], torch.stack(pictures).float()[None]))

    _move(world, (0, 0, 0.1))
    look()
    _move(world, ASIDE)
    look()
    for body in range(3):
        world.scene.place(f"object{body}", np.array([0.2, -0.3 - 0.08 * body, 0.03]))
    _move(world, [-part for part in ASIDE])
    look()
    yield found
    world.close()


def _move(world, by):
    target = world.state_vector()[:3] + by
    for _ in range(25):
        action = np.zeros(7, np.float32)
        action[:3] = np.clip(target - world.state_vector()[:3], -0.03, 0.03)
        action[-1] = 1
        world.step(action)


def back(calibration, looks, memory):
    """(3, 128, 128) what is brought over from the wrist's picture aside into its view over the table."""
    (there, _), (aside, images) = looks[0], looks[1]
    motion = STILL.clone()
    motion[..., :3] = there[:, :3] - aside[:, :3]
    return warped_wrist(calibration, aside, motion, images, memory)[0, 0, 1]


def test_what_left_the_view_comes_back_where_it_was(calibration, looks):
    state, images = looks[0]
    memory = TableMemory.blank(1).after(calibration, state, images[:, 1])
    without, brought = back(calibration, looks, None), back(calibration, looks, memory)
    missing = without.amax(0) == 0
    assert 0.3 < missing.float().mean() < 0.9
    filled = missing & (brought.amax(0) > 0)
    wanted = missing & (beside_hand(calibration.wrist, 128)[0, 0] > 0)
    assert (filled & wanted).sum() > 0.9 * wanted.sum()
    off = (brought - images[0, 1]).abs().mean(0)
    assert off[filled].mean() < 0.03
    assert (images[0, 1] - images[0, 1].mean((1, 2), keepdim=True)).abs().mean(0)[filled].mean() > 0.05
    assert torch.equal(brought[:, ~missing], without[:, ~missing])  # what is seen now goes first


def test_a_place_is_remembered_as_it_was_seen_last(calibration, looks):
    (first, earlier), _, (last, later) = looks
    once = TableMemory.blank(1).after(calibration, first, earlier[:, 1])
    twice = once.after(calibration, last, later[:, 1])
    emptied = back(calibration, looks, twice)
    known = (emptied.amax(0) > 0) & (back(calibration, looks, None).amax(0) == 0)
    assert (emptied - later[0, 1]).abs().mean(0)[known].mean() < 0.03
    assert (emptied - earlier[0, 1]).abs().mean(0)[known].max() > 0.3
    assert torch.equal(once.picture, TableMemory.blank(1).after(calibration, first, earlier[:, 1]).picture)


def test_what_was_never_seen_is_not_known_and_the_hand_is_no_part_of_the_table(calibration, looks):
    state, images = looks[0]
    memory = TableMemory.blank(1).after(calibration, state, images[:, 1])
    colours, known = memory.seen_along(torch.tensor([[[0.5, 0.7, 0.0], [5.0, 5.0, 0.0]]]))
    assert not known.any()
    assert (colours == 0).all()
    assert memory.picture.shape == (1, 4, CELLS, CELLS)
    assert set(memory.picture[:, 3].unique().tolist()) == {0.0, 1.0}
    dark = (images[0, 1].amax(0) < 0.12).float()
    assert dark.mean() > 0.05  # of the fingers
    assert (dark * beside_hand(calibration.wrist, 128)[0, 0]).sum() < 0.02 * dark.sum()


def test_each_dream_has_a_memory_of_its_own(calibration, looks):
    (first, seen), (other, also), _ = looks
    both = TableMemory.blank(2).after(calibration, torch.cat([first, other]), torch.cat([seen, also])[:, 1])
    alone = [TableMemory.blank(1).after(calibration, s, i[:, 1]) for s, i in ((first, seen), (other, also))]
    torch.testing.assert_close(both.picture, torch.cat([memory.picture for memory in alone]))
