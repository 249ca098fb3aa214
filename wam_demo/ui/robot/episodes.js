// The episodes of a recording, each with its first picture, which is asked for when it comes into sight.
const episodeList = $(".episodes");
const thumbs = { round: 0, asking: false, seen: new Set(), done: new Set() };
root.thumbs = thumbs; // tests and the curious read it here
const inSight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) isIntersecting ? thumbs.seen.add(Number(target.dataset.episode)) : thumbs.seen.delete(Number(target.dataset.episode));
  askThumbs();
}, { root: episodeList, rootMargin: "60px" });

function listEpisodes(episodes, total) {
  inSight.disconnect();
  thumbs.seen.clear();
  forgetThumbs();
  $(".several").hidden = episodes.length < 2;
  setText($('[data-text="several"]'), total > episodes.length ? `the first ${episodes.length} of ${total}` : `${total}`);
  episodeList.innerHTML = episodes.length < 2 ? "" : episodes.map((e, i) => `<li data-episode="${i}"><label title="${escapeHtml(e.instruction || e.name)}">
    <input type="radio" name="robot-episode" value="${i}"><span class="thumb"></span><span>${escapeHtml(e.name)} · ${e.seconds} s</span></label></li>`).join("");
  chooseEpisode(0);
  for (const item of episodeList.children) inSight.observe(item);
}
function forgetThumbs() {
  thumbs.round += 1;
  thumbs.done.clear();
}
function chooseEpisode(number) {
  $('[data-field="episode"]').value = number;
  const radio = episodeList.querySelector(`input[value="${number}"]`);
  if (radio) radio.checked = true;
}
episodeList.addEventListener("change", ({ target }) => {
  const before = present.f.episodes[readField("episode")], now = present.f.episodes[target.value], instruction = field("instruction");
  if (now.instruction && instruction.value === before.instruction) instruction.value = now.instruction;
  chooseEpisode(target.value);
  askPreview();
});
// One child process at a time; what has left the sight before its turn is not asked for.
async function askThumbs() {
  if (thumbs.asking || !present || present.f.episodes.length < 2 || root.dataset.state !== "setup") return;
  thumbs.asking = true;
  for (let missing; (missing = [...thumbs.seen].filter((i) => !thumbs.done.has(i)).slice(0, CONFIG.thumbnails)).length; ) {
    const round = thumbs.round;
    let pictures;
    try { ({ pictures } = await ask("thumbnails", { mapping: readMapping(), episodes: missing })); }
    catch { pictures = Object.fromEntries(missing.map((i) => [i, null])); }
    if (round !== thumbs.round) continue;
    for (const [i, picture] of Object.entries(pictures)) {
      thumbs.done.add(Number(i));
      setHtml(episodeList.querySelector(`[data-episode="${i}"] .thumb`), picture ? `<img alt="" src="data:image/jpeg;base64,${picture}">` : "no picture");
    }
  }
  thumbs.asking = false;
}
