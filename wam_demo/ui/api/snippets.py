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
    task="pick_place", policy="hold", scene=3, api_name="/run_episode"
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
    task="pick_place", policy="hold", axis="shove", severity=3,
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
  -d '{{"data": ["pick_place", "hold", 3, "none", 3, ""]}}' \\
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
    Snippet(
        "robot",
        "Drive a robot with the policy",
        "python",
        "pip install openpi-client typing-extensions, and a running: python -m wam_demo serve --policy agra",
        """\
import numpy as np
from openpi_client.websocket_client_policy import WebsocketClientPolicy

policy = WebsocketClientPolicy(host="127.0.0.1", port=8000)
observation = {
    "observation/image": np.zeros((128, 128, 3), np.uint8),
    "observation/wrist_image": np.zeros((128, 128, 3), np.uint8),
    "observation/state": np.zeros(17, np.float32),
    "prompt": "pick up the red cube and put it in the bowl",
}
actions = policy.infer(observation)["actions"]  # (16, 7) at 10 Hz
print(actions.shape)
""",
    ),
)
