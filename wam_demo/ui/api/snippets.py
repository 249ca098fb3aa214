"""Programs to paste: every snippet of the tab works as it stands, and the tests run them all."""

from __future__ import annotations

from dataclasses import dataclass

PLACE = "http://127.0.0.1:7860"
"""Stands for the address of the app in the snippets; the page puts its own there."""


@dataclass(frozen=True)
class Snippet:
    """A program to paste.

    Attributes:
        name: Short and unique.
        title: What it does.
        language: ``python``, ``sh`` or ``json``.
        needs: What has to be installed or running, for people; empty if nothing.
        text: The program, with `PLACE` for the address of the app.
    """

    name: str
    title: str
    language: str
    needs: str
    text: str


SNIPPETS = (
    Snippet(
        "episode",
        "Run one episode",
        "python",
        "pip install gradio_client",
        f"""\
from gradio_client import Client

client = Client("{PLACE}")
episode = client.predict(
    task="pick_place", policy="agra", scene=3, api_name="/run_episode"
)
print(episode["outcome"], "after", episode["steps"], "steps")
""",
    ),
    Snippet(
        "evaluate",
        "Measure a success rate under a disturbance",
        "python",
        "pip install gradio_client",
        f"""\
from gradio_client import Client

client = Client("{PLACE}")
result = client.predict(
    task="pick_place", policy="agra", axis="shove", severity=3,
    episodes=2, api_name="/evaluate",
)
low, high = result["ci95"]
print(result["successes"], "of", result["n"])
print(f"95 % interval {{low:.2f}} .. {{high:.2f}}")
""",
    ),
    Snippet(
        "predict",
        "Plan on a picture of your own",
        "python",
        "pip install gradio_client pillow",
        f"""\
from gradio_client import Client, handle_file
from PIL import Image

# Put your camera's picture here.
Image.new("RGB", (640, 480), "grey").save("frame.png")

client = Client("{PLACE}")
policy = client.predict(api_name="/choices")["imagining"][0]
plan = client.predict(
    image=handle_file("frame.png"),
    instruction="pick up the red cube and put it in the bowl",
    policy=policy,
    api_name="/predict",
)
for x, y, z, *rotation, gripper in plan["actions"]:
    print(f"move {{x:+.3f}} {{y:+.3f}} {{z:+.3f}} m, gripper {{gripper:.2f}}")
""",
    ),
    Snippet(
        "curl",
        "The same without Python",
        "sh",
        "curl",
        f"""\
CALL={PLACE}/gradio_api/call/run_episode
EVENT=$(curl -s $CALL -H "Content-Type: application/json" \\
  -d '{{"data": ["pick_place", "agra", 3, "none", 3, ""]}}' \\
  | cut -d '"' -f 4)
curl -s -N $CALL/$EVENT
""",
    ),
    Snippet(
        "mcp",
        "Tools for a language model (MCP)",
        "json",
        "an MCP client with streamable HTTP",
        f"""\
{{
  "mcpServers": {{
    "wam-demo": {{ "url": "{PLACE}/gradio_api/mcp/" }}
  }}
}}
""",
    ),
)

SERVER = "ws://127.0.0.1:8000"
"""Stands for the address of the policy server in the snippets for robots."""

ROBOT_SNIPPETS = (
    Snippet(
        "serve",
        "Start a policy server",
        "sh",
        "a checkout, or pip install . (then the command is wam-demo)",
        """\
python -m wam_demo serve --policy agra --port 8000
""",
    ),
    Snippet(
        "client",
        "Let the policy move the simulated arm",
        "python",
        "this package, and the server above",
        f"""\
from wam_demo.policies.remote.client import RemoteConfig, RemotePolicy
from wam_demo.robots.simulator import SimulatorSource
from wam_demo.sim.world import World

policy = RemotePolicy(RemoteConfig("{SERVER}"))
robot = SimulatorSource(World("pick_place"))
observation = robot.reset(seed=3)
print(observation.instruction)
while not robot.success and observation.time < 20:
    (plan,) = policy.predict([observation], seeds=[0])
    for action in plan.chunk.actions[:4]:  # then it plans anew
        robot.apply(action)
    observation = robot.observe()
print("done" if robot.success else "not done", f"after {{observation.time:.1f}} s")
robot.close()
policy.close()
""",
    ),
    Snippet(
        "openpi",
        "Move a robot of yours, with openpi's client",
        "python",
        "pip install openpi-client typing-extensions",
        """\
import numpy as np
from openpi_client.websocket_client_policy import WebsocketClientPolicy

policy = WebsocketClientPolicy(host="127.0.0.1", port=8000)
tool = np.array([0.49, 0.0, 0.15])  # m, in the base frame
opening = 1.0  # of the gripper, 0 closed .. 1 open
down = [1, 0, 0, 0, -1, 0]  # first two columns of the tool's rotation matrix
joints = [0, 0.17, 0, -2.36, 0, 2.52, 0.78]  # rad

for _ in range(5):
    observation = {  # put your cameras' pictures and your robot's state here
        "observation/image": np.full((128, 128, 3), 110, np.uint8),
        "observation/wrist_image": np.full((128, 128, 3), 110, np.uint8),
        "observation/state": np.float32([*tool, *down, opening, *joints]),
        "prompt": "put the red cube into the bowl",
    }
    plan = policy.infer(observation)["actions"]  # (16, 7) at 10 Hz
    for action in plan[:4]:  # then it plans anew; here your robot moves
        tool, opening = tool + action[:3], float(action[6])
    print("tool at", np.round(100 * tool, 1), f"cm, gripper {opening:.2f}")
""",
    ),
)
"""How a policy server is started and used."""
