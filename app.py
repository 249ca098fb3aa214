"""Entry of a Space and of `make demo`: builds the app and serves it."""

import os

from wam_demo.ui.app import launch

if __name__ == "__main__":
    on_a_space = "SPACE_ID" in os.environ
    launch(host=os.environ.get("GRADIO_SERVER_NAME", "0.0.0.0" if on_a_space else "127.0.0.1"))
