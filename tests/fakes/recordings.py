"""Recordings in every format, each made by the format's own library: a dot that moves, and where it was."""

import io
import json
import zipfile
from pathlib import Path

import av
import cv2
import numpy as np

FRAMES, FPS = 24, 10
EPISODES = 2


def pictures(frames: int = FRAMES, height: int = 48, width: int = 64, shade: int = 90) -> list[np.ndarray]:
    """(H, W, 3) uint8 RGB: a red dot moves to the right over a grey ground."""
    found = []
    for k in range(frames):
        image = np.full((height, width, 3), shade, np.uint8)
        x = 8 + (width - 16) * k // max(1, frames - 1)
        cv2.circle(image, (x, height // 2), 6, (230, 40, 30), -1)
        found.append(image)
    return found


def poses(frames: int = FRAMES) -> dict[str, np.ndarray]:
    """TCP path: 1 cm to the right per frame, gripper closing half-way."""
    position = np.tile(np.float32([0.4, -0.1, 0.2]), (frames, 1))
    position[:, 1] += 0.01 * np.arange(frames)
    quaternion = np.tile(np.float32([1.0, 0.0, 0.0, 0.0]), (frames, 1))  # x, y, z, w: pointing down
    width = np.where(np.arange(frames) < frames // 2, 0.08, 0.0).astype(np.float32)[:, None]
    joints = np.tile(np.float32([0, 0.2, 0, -2.3, 0, 2.5, 0.8]), (frames, 1))
    return {"position": position, "quaternion": quaternion, "gripper": width, "joints": joints}


def video(path: Path, codec: str = "libx264", frames=None, rate: int = FPS, options=None) -> Path:
    """A video by PyAV; the suffix chooses the container."""
    frames = pictures() if frames is None else frames
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options or {})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path


def sound(path: Path) -> Path:
    """An mp4 without pictures."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def gif(path: Path) -> Path:
    from PIL import Image

    first, *rest = [Image.fromarray(image) for image in pictures()]
    first.save(path, format="GIF", save_all=True, append_images=rest, duration=100, loop=0)
    return path


def image_folder(path: Path) -> Path:
    for camera in ("front", "wrist"):
        (path / camera).mkdir(parents=True)
        for k, image in enumerate(pictures()):
            (path / camera / f"frame_{k}.png").write_bytes(png(image))
    return path


def png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image[..., ::-1])[1].tobytes()


def jpeg(image: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", image[..., ::-1])[1].tobytes()


def zipped(folder: Path, path: Path, top: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, top + file.relative_to(folder).as_posix())
    return path


def robomimic(path: Path) -> Path:
    import h5py

    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        data.attrs["total"] = FRAMES * EPISODES
        data.attrs["env_args"] = json.dumps({"env_name": "Lift", "type": 1, "env_kwargs": {"control_freq": 20}})
        for number in range(EPISODES):
            demo, pose = data.create_group(f"demo_{number}"), poses()
            demo.attrs["num_samples"] = FRAMES
            demo["actions"] = np.zeros((FRAMES, 7))
            demo["rewards"], demo["dones"] = np.zeros(FRAMES), np.zeros(FRAMES, np.int64)
            demo["states"] = np.zeros((FRAMES, 32))
            for group in ("obs", "next_obs"):
                obs = demo.create_group(group)
                obs.create_dataset("agentview_image", data=np.stack(pictures()), compression="gzip")
                obs.create_dataset("robot0_eye_in_hand_image", data=np.stack(pictures(shade=60)))
                obs["robot0_eef_pos"], obs["robot0_eef_quat"] = pose["position"], pose["quaternion"]
                obs["robot0_gripper_qpos"] = np.hstack([pose["gripper"] / 2, -pose["gripper"] / 2])
                obs["robot0_joint_pos"] = pose["joints"]
                obs["robot0_eef_vel_lin"] = np.zeros((FRAMES, 3))
    return path


def libero(path: Path) -> Path:
    import h5py

    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        data.attrs["problem_info"] = json.dumps({"language_instruction": ["pick up the black bowl"][0]})
        for number in range(EPISODES):
            demo, pose = data.create_group(f"demo_{number}"), poses()
            obs = demo.create_group("obs")
            obs["agentview_rgb"] = np.stack(pictures())[:, ::-1]
            obs["eye_in_hand_rgb"] = np.stack(pictures(shade=60))[:, ::-1]
            obs["ee_pos"] = pose["position"]
            obs["ee_ori"] = np.tile([np.pi, 0.0, 0.0], (FRAMES, 1))
            obs["ee_states"] = np.hstack([obs["ee_pos"][:], obs["ee_ori"][:]])
            obs["gripper_states"] = np.hstack([pose["gripper"] / 2, -pose["gripper"] / 2])
            obs["joint_states"] = pose["joints"]
            demo["actions"] = np.zeros((FRAMES, 7))
            demo["robot_states"], demo["states"] = np.zeros((FRAMES, 9)), np.zeros((FRAMES, 47))
    return path


def aloha(path: Path, compressed: bool = True) -> Path:
    import h5py

    with h5py.File(path, "w") as file:
        file.attrs["sim"], file.attrs["compress"] = False, compressed
        group = file.create_group("observations/images")
        for camera in ("cam_high", "cam_left_wrist"):
            if compressed:
                encoded = [np.frombuffer(jpeg(image), np.uint8) for image in pictures()]
                longest = max(map(len, encoded))
                group[camera] = np.stack([np.pad(row, (0, longest - len(row))) for row in encoded])
            else:
                group[camera] = np.stack(pictures())
        joints = np.zeros((FRAMES, 14), np.float32)
        joints[:, 6] = np.linspace(1, 0, FRAMES)
        file["observations/qpos"], file["observations/qvel"] = joints, np.zeros((FRAMES, 14))
        file["action"] = joints
    return path


def diffusion_policy(path: Path, zarr_format: int = 2) -> Path:
    """A PushT-like replay buffer, as a folder or, with ``.zip``, as an archive."""
    import zarr

    store = zarr.storage.ZipStore(path, mode="w") if path.suffix == ".zip" else str(path)
    root = zarr.open_group(store, mode="w", zarr_format=zarr_format)
    data, meta = root.create_group("data"), root.create_group("meta")
    images = np.stack(pictures(height=48, width=48) * EPISODES)
    total = len(images)
    _array(data, "img", images.astype(np.float32), (8, 48, 48, 3))
    _array(data, "state", np.zeros((total, 5), np.float32), (total, 5))
    _array(data, "action", np.zeros((total, 2), np.float32), (total, 2))
    _array(meta, "episode_ends", np.arange(1, EPISODES + 1) * FRAMES, (EPISODES,))
    if path.suffix == ".zip":
        store.close()
    return path


def umi(path: Path) -> Path:
    """A UMI-like replay buffer: one wrist camera, path of the gripper."""
    import zarr

    store = zarr.storage.ZipStore(path, mode="w")
    root = zarr.open_group(store, mode="w", zarr_format=2)
    data, meta, pose = root.create_group("data"), root.create_group("meta"), poses()
    repeated = {name: np.vstack([rows] * EPISODES) for name, rows in pose.items()}
    _array(data, "camera0_rgb", np.stack(pictures(height=48, width=48) * EPISODES), (1, 48, 48, 3))
    _array(data, "robot0_eef_pos", repeated["position"], (16, 3))
    _array(data, "robot0_eef_rot_axis_angle", np.zeros_like(repeated["position"]), (16, 3))
    _array(data, "robot0_gripper_width", repeated["gripper"], (16, 1))
    _array(meta, "episode_ends", np.arange(1, EPISODES + 1) * FRAMES, (EPISODES,))
    store.close()
    return path


def _array(group, name: str, values: np.ndarray, chunks) -> None:
    group.create_array(name, shape=values.shape, dtype=values.dtype, chunks=chunks)[:] = values


def lerobot_v3(path: Path) -> Path:
    """Our own writer's; LeRobot's own writer has a slow test."""
    from wam_demo.data.schema import Feature, image_key
    from wam_demo.data.writer import LeRobotWriter

    features = {
        image_key("front"): Feature("image", (48, 64, 3)),
        image_key("wrist"): Feature("image", (48, 64, 3)),
        "observation.state": Feature("float32", (8,), ["x", "y", "z", "rx", "ry", "rz", "gripper", "spare"]),
        "action": Feature("float32", (7,)),
    }
    pose = poses()
    with LeRobotWriter(path, features, robot_type="test_arm") as writer:
        for _ in range(EPISODES):
            for k, image in enumerate(pictures()):
                state = np.concatenate([pose["position"][k], [np.pi, 0, 0], pose["gripper"][k] * 12.5, [0]])
                frame = {image_key("front"): image, image_key("wrist"): image, "observation.state": state}
                writer.add_frame({**frame, "action": np.zeros(7)}, "push the dot")
            writer.end_episode()
    return path


def lerobot_v21(path: Path) -> Path:
    """The layout of v2.1, written with pyarrow and PyAV."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    (path / "meta").mkdir(parents=True)
    key = "observation.images.top"
    info = {
        "codebase_version": "v2.1", "robot_type": "so100", "fps": FPS, "total_episodes": EPISODES,
        "total_frames": EPISODES * FRAMES, "chunks_size": 1000,
        "data_path": "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
        "video_path": "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4",
        "features": {
            key: {"dtype": "video", "shape": [48, 64, 3], "names": ["height", "width", "channels"]},
            "observation.state": {"dtype": "float32", "shape": [6], "names": {"motors": [
                "main_shoulder_pan", "main_shoulder_lift", "main_elbow_flex",
                "main_wrist_flex", "main_wrist_roll", "main_gripper"]}},
            "action": {"dtype": "float32", "shape": [6], "names": None},
            **{name: {"dtype": "int64", "shape": [1], "names": None}
               for name in ("frame_index", "episode_index", "index", "task_index")},
            "timestamp": {"dtype": "float32", "shape": [1], "names": None},
        },
    }  # fmt: skip
    (path / "meta" / "info.json").write_text(json.dumps(info))
    rows = [json.dumps({"episode_index": i, "tasks": ["grasp it"], "length": FRAMES}) for i in range(EPISODES)]
    (path / "meta" / "episodes.jsonl").write_text("\n".join(rows))
    (path / "meta" / "tasks.jsonl").write_text(json.dumps({"task_index": 0, "task": "grasp it"}))
    for episode in range(EPISODES):
        numbers = np.zeros((FRAMES, 6), np.float32)
        numbers[:, 5] = np.linspace(0, 40, FRAMES)
        table = pa.table({
            "observation.state": list(numbers), "action": list(numbers),
            "timestamp": np.arange(FRAMES, dtype=np.float32) / FPS, "frame_index": np.arange(FRAMES),
            "episode_index": np.full(FRAMES, episode), "index": np.arange(FRAMES) + episode * FRAMES,
            "task_index": np.zeros(FRAMES, np.int64),
        })  # fmt: skip
        data = path / info["data_path"].format(episode_chunk=0, episode_index=episode)
        data.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, data)
        film = path / info["video_path"].format(episode_chunk=0, episode_index=episode, video_key=key)
        film.parent.mkdir(parents=True, exist_ok=True)
        video(film)
    return path


def rosbag1(path: Path) -> Path:
    from rosbags.rosbag1 import Writer
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS1_NOETIC)
    with Writer(path) as writer:
        connections = {}
        for topic, kind, stamp, message in _ros_messages(store):
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=store)
            writer.write(connections[topic], stamp, store.serialize_ros1(message, kind))
    return path


def rosbag2(path: Path, storage: str = "sqlite3") -> Path:
    """A rosbag2 folder."""
    from rosbags.rosbag2 import StoragePlugin, Writer
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS2_HUMBLE)
    plugin = StoragePlugin.SQLITE3 if storage == "sqlite3" else StoragePlugin.MCAP
    with Writer(path, version=9, storage_plugin=plugin) as writer:
        connections = {}
        for topic, kind, stamp, message in _ros_messages(store):
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=store)
            writer.write(connections[topic], stamp, store.serialize_cdr(message, kind))
    return path


def _ros_messages(store):
    types = store.types
    Header, Time = types["std_msgs/msg/Header"], types["builtin_interfaces/msg/Time"]

    def header(k: int):
        fields = {"stamp": Time(sec=k // 10, nanosec=100_000_000 * (k % 10)), "frame_id": "base"}
        return Header(seq=k, **fields) if "seq" in Header.__dataclass_fields__ else Header(**fields)

    pose = poses()
    for k, image in enumerate(pictures()):
        stamp = 1_000_000_000 + 100_000_000 * k
        raw = types["sensor_msgs/msg/Image"](
            header=header(k), height=48, width=64, encoding="bgr8", is_bigendian=0, step=192,
            data=np.ascontiguousarray(image[..., ::-1]).reshape(-1),
        )  # fmt: skip
        yield "/camera/front/image_raw", "sensor_msgs/msg/Image", stamp, raw
        packed = types["sensor_msgs/msg/CompressedImage"](
            header=header(k), format="jpeg", data=np.frombuffer(jpeg(image), np.uint8)
        )
        yield "/camera/wrist/compressed", "sensor_msgs/msg/CompressedImage", stamp, packed
        point = types["geometry_msgs/msg/Point"](*map(float, pose["position"][k]))
        turn = types["geometry_msgs/msg/Quaternion"](*map(float, pose["quaternion"][k]))
        body = types["geometry_msgs/msg/Pose"](position=point, orientation=turn)
        stamped = types["geometry_msgs/msg/PoseStamped"](header=header(k), pose=body)
        yield "/tcp_pose", "geometry_msgs/msg/PoseStamped", stamp, stamped
        joints = types["sensor_msgs/msg/JointState"](
            header=header(k), name=[*(f"panda_joint{i}" for i in range(1, 8)), "panda_finger_joint1"],
            position=np.append(pose["joints"][k], pose["gripper"][k] / 2).astype(np.float64),
            velocity=np.zeros(8), effort=np.zeros(8),
        )  # fmt: skip
        yield "/joint_states", "sensor_msgs/msg/JointState", stamp, joints


def mcap_json(path: Path, compressed: bool = True) -> Path:
    """Foxglove's JSON messages, by the mcap library."""
    import base64

    from mcap.writer import CompressionType, Writer

    with path.open("wb") as file:
        writer = Writer(file, compression=CompressionType.ZSTD if compressed else CompressionType.NONE)
        writer.start()
        schemas = {
            name: writer.register_schema(name, "jsonschema", b"{}")
            for name in ("foxglove.CompressedImage", "foxglove.PoseInFrame")
        }
        camera = writer.register_channel("/front", "json", schemas["foxglove.CompressedImage"])
        tool = writer.register_channel("/tcp", "json", schemas["foxglove.PoseInFrame"])
        pose = poses()
        for k, image in enumerate(pictures()):
            stamp = 1_000_000_000 + 100_000_000 * k
            picture = {"frame_id": "c", "format": "png", "data": base64.b64encode(png(image)).decode()}
            where = dict(zip("xyz", map(float, pose["position"][k]), strict=True))
            turn = dict(zip("xyzw", map(float, pose["quaternion"][k]), strict=True))
            _add(writer, camera, stamp, picture)
            _add(writer, tool, stamp, {"frame_id": "b", "pose": {"position": where, "orientation": turn}})
        writer.finish()
    return path


def _add(writer, channel: int, stamp: int, content) -> None:
    writer.add_message(channel, log_time=stamp, publish_time=stamp, data=json.dumps(content).encode())


def zip_bytes(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()
