"""Networks: tokenizer, text encoder, video backbone, action head, alignment, and their union, the WAM."""

from wam_demo.models.torchvision_guard import ensure_torchvision

ensure_torchvision()
