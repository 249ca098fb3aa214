"""All flags of a dataset: damage first, then what a person should look at."""

from collections.abc import Sequence

from wam_demo.data.integrity import damages
from wam_demo.data.lerobot import Dataset
from wam_demo.data.quality.compared import compared_problems
from wam_demo.data.quality.episode import EpisodeNumbers, Problem, episode_numbers
from wam_demo.data.quality.motion import motion_problems


def check_dataset(dataset: Dataset) -> list[Problem]:
    """Every problem, by episode.

    Raises:
        DataError: The dataset's states or actions are others than ours.
    """
    damaged = [Problem(episode, "damaged", detail) for episode, detail in damages(dataset)]
    if damaged:
        return damaged  # numbers of a damaged set cannot be trusted
    return check_numbers(list(episode_numbers(dataset)))


def check_numbers(episodes: Sequence[EpisodeNumbers]) -> list[Problem]:
    """What a person should look at in episodes that are whole."""
    problems = [problem for numbers in episodes for problem in motion_problems(numbers)]
    problems += compared_problems(episodes) if episodes else ()
    return sorted(problems, key=lambda problem: problem.episode)
