"""Every hard limit of the product, in one place."""

INSTRUCTION_CHARACTERS = 500
"""Longest instruction that is accepted; longer ones are refused with one line."""

ACTION_TRANSLATION_M = 0.05
"""Largest TCP translation of one control step [m], per axis."""

ACTION_ROTATION_RAD = 0.2
"""Largest TCP rotation of one control step [rad], per axis."""

UPLOAD_BYTES = 50 * 2**20
IMAGE_PIXELS = 4_000_000
VIDEO_WIDTH, VIDEO_HEIGHT, VIDEO_SECONDS = 1920, 1080, 120
VIDEO_FRAMES = VIDEO_SECONDS * 60
DECODE_MEMORY_BYTES, DECODE_SECONDS = 2**30, 20
INSPECT_SECONDS = 8.0
"""A recording that has not been described after this long is refused."""
ARCHIVE_BYTES = 10 * UPLOAD_BYTES
"""What the members of a zip archive may unpack to, together."""
ARCHIVE_MEMBERS = 20_000
EPISODE_FRAMES = 50_000
"""Frames of one episode."""
EPISODES = 20_000
"""Episodes of one recording."""

QUEUE_SIZE = 64
LIVE_SESSIONS = 8
"""Live sessions on 2 vCPU; later visitors wait in a queue with a visible position."""

SESSION_IDLE_S = 60.0
"""A session whose page stopped asking for frames for this long is closed and its simulator freed."""

ARM_COMMAND_AGE_S = 0.1
CAMERA_FRAME_AGE_S = 0.5

CHECKPOINT_BYTES = 60 * 2**20

RECORDING_DESKS = 16
"""Visitors with a recording at a time."""
RECORDING_IDLE_S = 180.0
"""A recording whose page was not heard of for this long is forgotten."""
