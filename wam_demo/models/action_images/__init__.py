"""Action Images: a video model whose action is a video too, drawn into calibrated views and read back by geometry."""
