"""``arm``: serve a connected arm behind its gate, check it, stop it, and run trials on it."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

from wam_demo.arguments import DEFAULT_TASK, Parser, listed, one_of, real, whole, word
from wam_demo.commands.output import finish, prepare
from wam_demo.errors import InvalidInputError, SourceFault

if TYPE_CHECKING:
    from wam_demo.evaluate.grid.trials import Verdict
    from wam_demo.policies.registry import PolicySpec
    from wam_demo.robots.arm.source import ArmSource
    from wam_demo.runtime import Planner

SUMMARY = "connect an arm behind a safety gate: serve it, check it, run trials on it"
ACTIONS = ("serve", "check", "run", "stop")


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    from wam_demo.robots.arm.wire import MODES, PORT

    parser.add_argument("action", type=one_of("action", ACTIONS), metavar="{serve,check,run,stop}")
    parser.add_argument("--driver", metavar="D", help="panda-sim, so101-sim, so101, or module:Class (serve, check)")
    parser.add_argument("--options", default="{}", metavar="JSON", help="keyword arguments of the driver")
    parser.add_argument("--port", type=whole(0, 65535), default=PORT, metavar="N", help=f"of the bridge ({PORT})")
    parser.add_argument("--policy", type=listed(word), default=["agra"], metavar="P[,P2]", help="who acts (agra)")
    parser.add_argument("--task", type=word, default=DEFAULT_TASK, metavar="T", help="what the trials are about")
    parser.add_argument("--instruction", metavar="TEXT", help="said to the policy; a simulated arm knows its own")
    parser.add_argument("--episodes", type=whole(1, 1000), default=10, metavar="N", help="trials of each policy (10)")
    parser.add_argument("--mode", type=one_of("mode", MODES), default="half", help="dry, half or full speed (half)")
    parser.add_argument("--sequential", type=real(0.0001, 0.5), metavar="ALPHA", help="stop once two policies differ")


def run(options: argparse.Namespace) -> None:
    """Serve, check, run or stop an arm."""
    {"serve": _serve, "check": _check, "run": _run, "stop": _stop}[options.action](options)


def _driver_options(options: argparse.Namespace) -> dict[str, Any]:
    if options.driver is None:
        raise InvalidInputError(f"arm {options.action} needs --driver: panda-sim, so101-sim, so101 or module:Class")
    try:
        values = json.loads(options.options)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise InvalidInputError(f"--options is not an object of JSON: {options.options[:80]!r}")
    return values


def _serve(options: argparse.Namespace) -> None:
    """The bridge replaces this process, so that a signal reaches it and nothing is left behind."""
    from wam_demo.config import ROOT
    from wam_demo.robots.arm.process import LOG, bridge_command, bridge_environment
    from wam_demo.robots.arm.settings import TOKEN_VARIABLE

    values = _driver_options(options)
    command = bridge_command(options.driver, values, "--port", str(options.port), "--log", str(LOG))
    token = os.environ.get(TOKEN_VARIABLE)
    if not token:
        token = secrets.token_hex(16)
        print(f"export {TOKEN_VARIABLE}={token}   # for whoever commands this arm", flush=True)
    os.chdir(ROOT)
    os.execve(command[0], command, bridge_environment(token))


def _check(options: argparse.Namespace) -> None:
    """The conformance test of a driver, or the pre-flight list of the arm that is connected."""
    out = prepare(options, "arm-check")
    if options.driver is not None:
        from wam_demo.config import ROOT
        from wam_demo.robots.arm.process import bridge_command, bridge_environment

        command = bridge_command(options.driver, _driver_options(options), "--check")
        done = subprocess.run(command, cwd=ROOT, env=bridge_environment("-"), capture_output=True, text=True)
        if done.returncode:
            raise InvalidInputError((done.stderr.strip().splitlines() or ["the check did not run"])[-1])
        rules = json.loads(done.stdout.strip().splitlines()[-1])
        items = [{"item": rule["rule"], "ok": rule["fault"] is None, "detail": rule["fault"] or ""} for rule in rules]
    else:
        from wam_demo.robots.arm.client import ArmClient
        from wam_demo.robots.arm.preflight import preflight
        from wam_demo.robots.arm.settings import arm_address

        with ArmClient.connect(arm_address()) as client:
            found = preflight(client)
        for extra in (each for each in found if not each.needed):
            print(f"{'ok  ' if extra.ok else 'note'} {extra.name}{': ' + extra.detail if extra.detail else ''}")
        items = [{"item": each.name, "ok": each.ok, "detail": each.detail} for each in found if each.needed]
    for item in items:
        print(f"{'ok  ' if item['ok'] else 'FAIL'} {item['item']}{': ' + item['detail'] if item['detail'] else ''}")
    finish(out, "arm-check", {"driver": options.driver, "passed": all(i["ok"] for i in items), "items": items}, True)
    if not all(item["ok"] for item in items):
        raise SourceFault(f"{sum(not item['ok'] for item in items)} of {len(items)} checks failed")


def _stop(options: argparse.Namespace) -> None:
    """STOP from a terminal."""
    from wam_demo.robots.arm.client import ArmClient
    from wam_demo.robots.arm.settings import arm_address

    with ArmClient.connect(arm_address()) as client:
        client.ask("stop")
    print("STOP: the arm comes to rest and obeys nobody until it is released (this is not a safety-rated stop)")


def _run(options: argparse.Namespace) -> None:
    """Trials of one policy or of several in a blinded order, into the report that simulated episodes go to."""
    from wam_demo.evaluate.grid.document import condition_document, grid_document
    from wam_demo.evaluate.grid.run import weights
    from wam_demo.evaluate.grid.trials import Trials
    from wam_demo.evaluate.report.tables import comparison_lines, evaluation_table, grid_table
    from wam_demo.evaluate.report.write import write_report
    from wam_demo.evaluate.specs.grid import GridSpec
    from wam_demo.policies.registry import policy_spec
    from wam_demo.robots.arm.settings import arm_address
    from wam_demo.robots.arm.source import ArmSource

    spec = GridSpec(
        tuple(options.policy), (options.task,), episodes=options.episodes, seed=options.seed,
        instruction=options.instruction,
    ).validated()  # fmt: skip
    for name in spec.policies:
        require_arm_policy(policy_spec(name))
    planners = {name: arm_planner(name) for name in spec.policies}  # loaded before the arm is connected
    out = prepare(options, "arm-run")
    with closing(ArmSource.connect(arm_address(), options.mode, options.instruction or "", "arm run")) as source:
        with Trials(source, spec, out, lambda name, source: planners[name]) as trials:
            for trial in trials.order():
                record = trials.play(trial, _judge(source))
                print(
                    f"trial {trial.number}: {record.outcome}{f' ({record.fault})' if record.fault else ''}", flush=True
                )
                if options.sequential is not None and trials.decided(options.sequential):
                    print("decided by the any-time test")
                    break
            records = tuple(trials.records)
        status = source.client.ask("status")["status"]
    digests = weights(spec)
    if len(spec.policies) <= 2:
        content = condition_document(spec, digests, records)
        print(evaluation_table([content, *([content["compare"]] if "compare" in content else [])]))
    else:
        content = grid_document(spec, digests, records)
        print(grid_table(content["cells"]))
    for line in comparison_lines(spec.policies, content):
        print(line)
    print(write_report(out, videos=0).html)
    finish(out, "arm-run", {"seed": options.seed, "mode": options.mode, **content, "gate": status}, printed=True)


def require_arm_policy(spec: PolicySpec) -> None:
    """Raises `InvalidInputError` for a policy that needs a simulator."""
    if spec.privileged:
        raise InvalidInputError(f"policy {spec.name!r} reads the simulator's state, which an arm does not have")


def arm_planner(name: str) -> Planner:
    """Plans come later, from another thread: an arm's loop never waits for one."""
    from wam_demo.policies.engines import engines
    from wam_demo.policies.receding import InlinePlanner
    from wam_demo.policies.registry import load_policy, policy_spec
    from wam_demo.runtime import Planner

    if not policy_spec(name).needs_images:
        return Planner(InlinePlanner(load_policy(name)).submit)
    return Planner(engines.get(name).submit)


def _judge(source: ArmSource) -> Callable[[bool], Verdict]:
    """A simulated task judges itself; otherwise a person does, without knowing which policy acted."""
    from wam_demo.commands.verdict import ask_verdict
    from wam_demo.evaluate.grid.trials import Verdict

    def judge(success: bool) -> Verdict:
        return Verdict(success) if source.is_judged else Verdict(*ask_verdict())

    return judge
