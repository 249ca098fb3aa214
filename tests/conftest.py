"""Settings every test needs before anything heavy is imported."""

import os

os.environ.setdefault("MUJOCO_GL", "osmesa")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("WAM_DEMO_COMPUTE", "eager")  # apps under test make no graphs beside the test
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
