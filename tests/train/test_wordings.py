"""Other wordings of what was said: beside the sentence itself, not as far from it as another sentence."""

import torch

from wam_demo.train.wordings import wordings


def test_a_sentence_comes_first_and_others_stay_near_it():
    said = ["open the compartment", "put the ruby cube in the bowl"]
    found = wordings(said, seed=1, count=5)
    assert found.shape == (2, 5, 384)
    torch.testing.assert_close(found, wordings(said, seed=1, count=5))
    assert not torch.equal(found, wordings(said, seed=2, count=5))
    alike = torch.einsum("mvd,nd->mvn", found, found[:, 0])
    assert torch.allclose(alike[:, 0].diagonal(), torch.ones(2), atol=1e-5)
    assert (alike[0, :, 0] > alike[0, :, 1]).all()
    assert (alike[1, :, 1] > alike[1, :, 0]).all()
