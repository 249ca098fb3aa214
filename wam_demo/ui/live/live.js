// Draws the stream of packets, one after the other, and tells the server what has arrived.
mount(MARKUP);
const live = {
  status: null, track: null, tiles: strip.tiles, episode: null, fps: 0,
  drawn: 0, missed: false, newest: 0, last: 0, receiptAt: 0, received: 0,
};
root.live = live; // tests and the curious read the counters here
strip.now = () => ({ facts: fact(seconds(lookback.on ? lookback.step : live.status.step), " s", "Click to drop an object, drag to shove one.") });

async function draw(packet) {
  // A new episode starts with empty panels: nothing of another episode stays on one time step.
  const anew = Boolean(packet.status) && packet.status.episode !== live.episode;
  if (lookback.on) strip.tiles = live.tiles;
  await keepTiles(packet, (name) => anew && !name.startsWith("now."));
  if (packet.status) {
    Object.assign(live, { status: packet.status, episode: packet.status.episode });
    strip.status = packet.status.strip;
  }
  if (packet.track) live.track = packet.track;
  remember(packet);
  if (lookback.on && !anew) Object.assign(strip, { tiles: lookback.tiles || live.tiles, status: lookback.strip || live.status.strip });
  else paintStrip(anew ? null : new Set(Object.keys(packet.tiles || {})));
  listen(packet);
  live.drawn += 1;
  live.last = packet.n;
  if (performance.now() - live.receiptAt > 250) receipt();
}
function listen(packet) {
  showPacket(packet);
  plugged("listen", packet);
}
onPacket(draw, (packet) => {
  // Two packets in one turn of the browser's loop leave only the second: ask for the pictures again.
  live.missed ||= packet.n > 1 && packet.n !== live.newest + 1;
  live.newest = packet.n;
  live.received = performance.now();
});

// Receipts tell the server what was drawn, so that it never runs far ahead of a slow page.
function receipt() {
  live.receiptAt = performance.now();
  trigger("receipt", { n: live.last, missed: live.missed });
  live.missed = false;
}

// Once a second: is anything still coming? Silence from a page frees its simulator.
let counted = 0, countedAt = performance.now();
function pulse() {
  const now = performance.now();
  live.fps = (1000 * (live.drawn - counted)) / (now - countedAt);
  [counted, countedAt] = [live.drawn, now];
  if (now - live.received > 4000) connect();
  else receipt();
  rest();
  listen({});
}
// While another tab of the page is in front nobody watches: the episode pauses, and its processor is free for others.
// A connected arm does not move again by itself.
let resting = false;
function rest() {
  const hidden = !root.offsetParent, running = live.status?.state === "running";
  if (hidden && running) { resting = true; send("pause"); }
  if (!hidden && resting) { resting = false; if (!running && !live.status?.real) send("run"); }
}
function connect() {
  live.received = performance.now();
  trigger("connect", { wishes: wishes() });
}

const PAST_STEPS = 48, FUTURE_STEPS = 16;
const actionNote = $('[aria-label="Action"] .note'), usualNote = actionNote.textContent;
function paintCharts() {
  const track = lookback.on && lookback.track ? lookback.track : live.track;
  if (!track || plugged("charts").length) return;
  const now = track.step, past = { path: track.past, step: now - track.past.length + 1, style: "", grip: true };
  const plans = track.plans.map((plan) => ({ ...plan, style: plan.current ? "plan" : "old", grip: plan.current }));
  plot("action", (w, h) => actionChart(w, h, {
    first: now - PAST_STEPS, last: now + FUTURE_STEPS, now, nowLabel: "now", ahead: true, marks: track.events,
    start: `−${seconds(PAST_STEPS)} s`, end: `+${seconds(FUTURE_STEPS)} s`,
    lines: [...plans, ...chunkLines(track.chunks), ...plugged("lines").flat(), past],
  }));
  setText(actionNote, plugged("note")[0] || usualNote);
  showChunkNames(track.chunks);
  const points = track.errors[strip.horizon] || [], last = Math.max(80, Math.ceil((now + 1) / 40) * 40);
  plot("error", (w, h) => valueChart(w, h, {
    first: 0, last, now, most: mostOf(points.map(([, error]) => error), 0.05, 0.05), digits: 2, marks: track.events,
    series: [{ style: "error", points, dots: true }], start: "0 s", end: `${seconds(last)} s`,
  }));
  paintBands(track.bands, 0, last);
}
strip.horizonChanged = paintCharts;
