"""Action Images as a policy: the video model draws the action into the camera views, geometry reads it back."""
