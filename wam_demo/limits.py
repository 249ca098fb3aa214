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
DECODE_MEMORY_BYTES, DECODE_SECONDS, INSPECT_SECONDS = 2**30, 20, 8
"""Memory of one process that reads a recording; its processor time to read an episode, to describe a file [s]."""
READER_SILENCE_S = 120.0
"""Longest wait for a word from such a process, however busy the machine is."""
READERS_BYTES = 2 * DECODE_MEMORY_BYTES
"""Memory of all such processes together, which bounds their number."""
READERS_WAITING, READER_TURNS, READER_WAIT_S = 8, 2, 120.0
"""Readings that wait for their turn, of everybody and of one visitor, and how long [s]."""
CAMERAS = 64
"""Cameras of one recording."""
HUB_CACHE_BYTES, HUB_CACHE_AGE_S = 2**30, 86_400.0
"""What fetched datasets may take on the disk together, and how long they stay unused [s]."""
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

BLIND_AHEAD = 2
"""Blind matches that are played before anybody asks for them, while somebody is there."""

GRID_EPISODES = 600
"""Most episodes of one run of the Robustness tab: some minutes on 2 vCPU. The command line has no such limit."""
GRID_QUEUE = 8
"""Runs that may wait for the one that is running."""
GRID_RUNS_KEPT = 12
"""Finished runs whose results and videos stay on the disk."""
GRID_PROCESSES = 1
"""Simulator processes of a run, so that live sessions keep the other of 2 vCPU."""
GRID_VIDEOS_WAITING = 8
"""Videos that may wait for being rendered."""

ARM_PAGE_S = 1.5
"""An arm halts when the page that commands it was not heard of for this long [s]."""
DRIVE_COMMAND_AGE_S = 0.3
"""A person's command from a page that is older than this moves nothing: the network lost the release, or the page."""
DRIVE_SPEED_M, DRIVE_TURN_RAD = 0.4, 1.6
"""Fastest that a person may drive [m/s, rad/s]: within what a control step lets through."""
CAMERA_FRAME_AGE_S = 0.5
DREAM_STEPS = 36_000
"""Control steps after which a dream ends by itself: an hour."""
RECORDING_FREE_BYTES = 2**29
"""No episode is begun on a disk with less space than this."""
RECORD_COUNTDOWN_S = 3.0
"""From the reset to the first recorded control step, for a person to get ready."""
DATA_DRAFTS = 32
"""Datasets that pages have open for editing at a time; the longest unused one is forgotten."""
CAMERA_STREAMS = 4
"""Live camera streams at a time; further visitors are told so."""
CAMERA_IDLE_S = 10.0
"""A page with a live camera that was not heard of for this long loses its place."""
CAMERA_JPEG_BYTES, CAMERA_JPEG_SIDE = 256 * 2**10, 1024
"""Largest picture that a page may send of its camera: bytes, and side [px] read from the header."""

CHECKPOINT_BYTES = 60 * 2**20

RECORDING_SESSIONS = 16
"""Visitors with a recording at a time."""
RECORDING_IDLE_S = 180.0
"""A recording whose page was not heard of for this long is forgotten."""

SERVER_MESSAGE_BYTES = 16 * 2**20
"""Largest websocket message that the policy server or its client accepts."""
SERVER_UNREAD_BYTES = 2 * SERVER_MESSAGE_BYTES
"""What may wait for a robot to take it: an answer, and those to its pings."""
SERVER_CLIENTS = 64
"""Robots connected to one policy server; further ones are turned away."""
SERVER_SEND_S = 5.0
"""A robot that has not taken its answer for this long has stopped reading and is dropped."""
SERVER_REACH_M = 10.0
"""Largest coordinate [m] of a tool centre point that a robot may send."""
SERVER_JOINT_RAD = 12.6
"""Largest joint angle [rad] that a robot may send: two turns. Larger ones are degrees, or nonsense."""
SERVER_ANSWER_S = 10.0
"""Longest wait for a plan, in the server's queue and on the wire."""

API_EPISODES = 20
"""Episodes that a program may ask of the app in one call; the command line has no such limit."""

LOG_BYTES = 2 * 2**20
LOG_ATTEMPTS = 32
LOG_STEPS = 5000
"""Largest session log that is read: size, attempts, control steps of an attempt."""

SHARES_KEPT = 1000
"""Shared attempts that stay on the disk, 50 KB each."""

LINK_CHARACTERS = 16_000
"""Longest log that travels in a link."""
