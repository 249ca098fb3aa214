"""Colours and type of the page; the Live tab's own rules are in canvas.css."""

import gradio as gr

ACCENT = ("#fff3ea", "#ffe2cc", "#ffc59b", "#ffa869", "#ff9750", "#ff8a3d", "#d9600b", "#b34a00",
          "#7d3400", "#542300", "#331500")  # fmt: skip
NEUTRAL = ("#f7f8fa", "#f0f1f4", "#dcdfe5", "#c3c8d1", "#98a1af", "#6d7683", "#565e6b", "#3a414e",
           "#282d37", "#161920", "#0e1115")  # fmt: skip
FONT = ("Inter", "ui-sans-serif", "system-ui", "Segoe UI", "Roboto", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "monospace")


def theme() -> gr.themes.Base:
    """Neutral ground with one orange accent; system fonts only, so nothing is fetched."""
    accent = gr.themes.Color(*ACCENT, name="accent")
    neutral = gr.themes.Color(*NEUTRAL, name="neutral")
    base = gr.themes.Base(
        primary_hue=accent,
        secondary_hue=accent,
        neutral_hue=neutral,
        text_size=gr.themes.sizes.text_sm,
        spacing_size=gr.themes.sizes.spacing_sm,
        radius_size=gr.themes.sizes.radius_md,
        font=list(FONT),
        font_mono=list(MONO),
    )
    return base.set(
        body_background_fill="#f4f5f7",
        body_background_fill_dark="#0e1115",
        block_border_width="0px",
        block_shadow="none",
    )
