"""Supervised processes: answers belong to their request, and an end is never a wait."""

import os
import time
from functools import partial

import pytest

from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.processes import ProcessDied, SupervisedProcess


def handler(request, report):
    kind, content = request
    if kind == "crash":
        os._exit(3)
    if kind == "hang":
        time.sleep(60)
    if kind == "refuse":
        raise UnknownNameError("task", content, ["push"])
    report(f"at work on {content}")
    return content


def broken():
    raise InvalidInputError("nothing works")


@pytest.fixture
def process():
    process = SupervisedProcess(partial(partial, handler), 30.0)
    yield process
    process.close()


def test_an_answer_that_nobody_waited_for_is_dropped(process):
    for number in range(3):
        process.send(("echo", number))
    assert process.receive() == 2


def test_progress_is_told(process):
    process.send(("echo", 7))
    said = []
    while len(said) < 2:
        said += process.messages()
    assert said == [("progress", "at work on 7"), ("answer", 7)]


def test_an_error_over_there_is_raised_here_and_the_process_goes_on(process):
    process.send(("refuse", "pusch"))
    with pytest.raises(InvalidInputError, match="unknown task 'pusch': did you mean 'push'"):
        process.receive()
    process.send(("echo", 8))
    assert process.receive() == 8


def test_a_crash_is_told_with_its_exit_code_also_to_who_asks_later(process):
    process.send(("crash", None))
    with pytest.raises(ProcessDied, match="exit code 3"):
        process.receive()
    process.send(("echo", 1))
    with pytest.raises(ProcessDied, match="exit code 3"):
        process.receive()


def test_silence_counts_as_death():
    process = SupervisedProcess(partial(partial, handler), 0.5)
    process.send(("hang", None))
    with pytest.raises(ProcessDied, match="no sign of life"):
        process.receive()
    process.close()


def test_what_fails_to_begin_says_so():
    process = SupervisedProcess(broken, 30.0)
    process.send(("echo", 1))
    with pytest.raises(InvalidInputError, match="nothing works"):
        process.receive()
    process.close()
