// What is imagined, as a clip of the plan that is executed; afterwards the horizon's picture stays. An imagination that
// comes while a clip plays does not start it anew, or a fast machine would never show a clip to its end.
const CLIP_MS = 260;
const clip = { frame: null, of: null, timer: null, source: "imagined" }; // whose tiles are played
root.clip = clip;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
function playClip() {
  clearTimeout(clip.timer);
  clip.frame = 0;
  nextFrame();
}
const playedTile = (moment) => `${clip.source}.${moment}.${shownCameras()[0]}`;
function nextFrame() {
  paintStrip(new Set([playedTile(CONFIG.horizons[clip.frame] ?? strip.horizon)]));
  clip.timer = setTimeout(() => {
    clip.frame = clip.frame + 1 < CONFIG.horizons.length ? clip.frame + 1 : null;
    if (clip.frame === null) paintStrip(new Set([playedTile(strip.horizon)]));
    else nextFrame();
  }, CLIP_MS);
}
plug({
  panels: {
    imagined: (s) => clip.frame !== null && s.imagined_at !== null && {
      tile: (camera) => `imagined.${CONFIG.horizons[clip.frame]}.${camera}`,
      facts: fact(`+${seconds(CONFIG.horizons[clip.frame])}`, " s", `of the plan that is executed, imagined at ${seconds(s.imagined_at)} s`),
    },
  },
  listen({ status }) {
    const made = status && !status.twin ? `${status.episode} ${status.strip.imagined_at}` : clip.of;
    if (made === clip.of) return;
    clip.of = made;
    if (status.strip.imagined_at !== null && !calm.matches && clip.frame === null && !document.hidden && !lookback.on) playClip();
  },
});
act.clip = playClip;
$('[data-view="imagined"] .horizon').insertAdjacentHTML("beforebegin",
  `<button type="button" class="tool play" data-do="clip" title="Play what is imagined (Y)" aria-label="Play what is imagined">${icon(ICONS.play)}</button>`);
$('[data-do="clip"]').addEventListener("click", playClip);
shortcut("y", playClip, "play what is imagined");
