"""``python -m wam_demo``: the command line."""

import sys

from wam_demo.cli import main

if __name__ == "__main__":
    sys.exit(main())
