// The episode so far: every packet is kept, so that all panels can be put back to one time step of it.
const MOST_PACKETS = 2000;
const lookback = { on: false, step: 0, episode: null, packets: [], turn: 0, at: 0 };
root.lookback = lookback;
const scrub = $('[data-role="scrub"]');

function remember(packet) {
  const s = packet.status;
  if (!s || s.twin) return;
  if (s.episode !== lookback.episode) Object.assign(lookback, { episode: s.episode, packets: [] });
  if (lookback.packets.length < MOST_PACKETS) lookback.packets.push({ step: s.step, image: packet.image, tiles: packet.tiles, strip: s.strip, track: packet.track });
}
// The newest packets up to a step: for each picture the one that holds it, and what was said with the last.
async function lookBack(step) {
  const turn = (lookback.turn += 1), until = lookback.packets.filter((packet) => packet.step <= step), last = until.at(-1);
  if (!last) return;
  const tiles = new Map(), missing = new Map();
  for (const packet of until) for (const name of Object.keys(packet.tiles || {})) missing.set(name, packet);
  for (const packet of new Set(missing.values())) {
    const bitmap = await createImageBitmap(new Blob([bytesOf(packet.image)], { type: "image/jpeg" }));
    for (const [name, [x, y, w, h]] of Object.entries(packet.tiles)) {
      if (missing.get(name) !== packet) continue;
      const tile = Object.assign(document.createElement("canvas"), { width: w, height: h });
      tile.getContext("2d").drawImage(bitmap, x, y, w, h, 0, 0, w, h);
      tiles.set(name, tile);
    }
    bitmap.close();
  }
  if (turn !== lookback.turn || !lookback.on) return;
  Object.assign(lookback, { step, tiles, strip: last.strip, track: until.findLast(({ track }) => track)?.track });
  showPast();
}
function showPast() {
  Object.assign(strip, { tiles: lookback.tiles, status: lookback.strip });
  paintStrip();
  paintCharts();
}
function backToNow() {
  if (!lookback.on) return;
  lookback.on = false;
  lookback.turn += 1;
  root.classList.remove("scrubbed");
  Object.assign(strip, { tiles: live.tiles, status: live.status.strip });
  paintStrip();
  paintCharts();
}
scrub.addEventListener("input", () => {
  const step = Number(scrub.value);
  if (!lookback.on) {
    Object.assign(lookback, { on: true, at: performance.now() });
    if (["running", "finished"].includes(live.status.state)) send("pause"); // the end of an episode stays as well
  }
  root.classList.add("scrubbed");
  fill(scrub);
  showTime(step);
  lookBack(Math.min(step, live.status.step));
});
const showTime = (step) => setText($('[data-text="time"]'), `${seconds(step)} / ${seconds(live.status.horizon)} s`);
plug({
  listen({ status }) {
    if (!status) return;
    const goesOn = status.state === "running" && performance.now() - lookback.at > 1500;
    if (lookback.on && (goesOn || status.twin || status.episode !== lookback.episode)) backToNow();
    if (lookback.on) return;
    scrub.max = status.horizon;
    scrub.value = status.step;
    fill(scrub);
    showTime(status.step);
    setHtml($(".scrubber .marks"), (live.track?.events || []).map((mark) =>
      `<i style="left:${(100 * mark.step / status.horizon).toFixed(1)}%" title="${escapeHtml(mark.label)}"></i>`).join(""));
  },
});
$('[data-do="live"]').addEventListener("click", () => (live.status.state === "running" ? backToNow() : send("run")));
