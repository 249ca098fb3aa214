"""The Your robot tab: recordings in open loop, and live cameras."""
