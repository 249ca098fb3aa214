"""Recordings that people bring: one small reader per format, run in a child process with limits."""
