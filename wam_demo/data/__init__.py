"""Demonstrations and recordings on disk: LeRobotDataset v3 written, merged and read."""
