// Draws the stream: one JPEG atlas + JSON per packet, decoded once, in order, onto the panels.
const root = element.querySelector(".wam") || (() => { element.innerHTML = MARKUP; return element.firstElementChild; })();
const $ = (selector) => root.querySelector(selector);
const $$ = (selector) => [...root.querySelectorAll(selector)];
const seconds = (steps) => (steps / CONFIG.control_hz).toFixed(1);

const live = {
  status: null, track: null, tiles: new Map(), horizon: CONFIG.horizons.at(-1), swapped: false,
  drawn: 0, missed: false, newest: 0, told: 0, received: 0, last: 0, fps: 0, listeners: [],
  wording: (text) => text, // of the status line
};
root.live = live; // tests and the curious read the counters here

// Tiles stay on their own small canvases, so that a packet carries only what has changed.
function keepTile(name, bitmap, [x, y, w, h]) {
  let tile = live.tiles.get(name);
  if (!tile) live.tiles.set(name, (tile = document.createElement("canvas")));
  if (tile.width !== w || tile.height !== h) { tile.width = w; tile.height = h; }
  tile.getContext("2d").drawImage(bitmap, x, y, w, h, 0, 0, w, h);
}

const tileNames = {
  now: (camera) => `now.${camera}`,
  imagined: (camera) => `imagined.${live.horizon}.${camera}`,
  attention: (camera) => `attention.${camera}`,
  surprise: (camera) => `surprise.${live.horizon}.${camera}`,
};

function paint(canvas, tile) {
  canvas.style.visibility = tile ? "" : "hidden";
  if (!tile) return;
  if (canvas.width !== tile.width) { canvas.width = tile.width; canvas.height = tile.height; }
  canvas.getContext("2d").drawImage(tile, 0, 0);
}

function paintView(view) {
  const [front, wrist] = ["front", "wrist"].map((camera) => live.tiles.get(tileNames[view.dataset.view](camera)));
  paint(view.querySelector(".main"), live.swapped ? wrist : front);
  paint(view.querySelector(".second"), live.swapped ? front : wrist);
}

function say(view, { facts = "", absent = "" }) {
  setHtml(view.querySelector(".facts"), facts);
  const why = view.querySelector(".absent");
  setText(why, absent);
  why.hidden = !absent;
}

function setText(node, text) { if (node && node.textContent !== text) node.textContent = text; }
const written = new WeakMap();
function setHtml(node, html) { if (written.get(node) !== html) { written.set(node, html); node.innerHTML = html; } }
const fact = (value, unit, text) => `<p class="value">${value}<small>${unit}</small></p><p>${text}</p>`;
const share = (name, value) =>
  `<li><span>${name}</span><i style="--share:${value.toFixed(3)}"></i><b>${Math.round(100 * value)}<small>%</small></b></li>`;

const describe = {
  now: (s) => ({ facts: fact(seconds(s.step), " s", "Click to drop an object, drag to shove one.") }),
  imagined: (s) => s.imagined
    ? { facts: fact(`+${seconds(live.horizon)}`, " s", `imagined at ${seconds(s.imagined.step)} s for ${seconds(s.imagined.step + live.horizon)} s`) }
    : { absent: s.absent.imagined },
  attention: (s) => s.attention
    ? { facts: `<ul class="shares">${["front", "wrist", "proprio", "text"].map((name) => share(name, s.attention[name] || 0)).join("")}</ul>` }
    : { absent: s.absent.attention },
  surprise: (s) => {
    const found = s.surprise[live.horizon];
    return found
      ? { facts: fact(found.error.toFixed(3), "", `mean error at ${seconds(found.at)} s, imagined at ${seconds(found.made)} s`) }
      : { absent: s.absent.surprise };
  },
};

// Repainting is what costs a page most: panels whose tiles have not changed are left alone.
function paintStrip(changed = null) {
  if (!live.status) return;
  for (const view of $$(".view")) {
    say(view, describe[view.dataset.view](live.status));
    const name = tileNames[view.dataset.view];
    if (!changed || ["front", "wrist"].some((camera) => changed.has(name(camera)))) paintView(view);
  }
}

// A new episode starts with empty panels: nothing of another episode stays on one time step.
function forget(episode) {
  if (live.episode === episode) return false;
  live.episode = episode;
  for (const name of [...live.tiles.keys()]) if (!name.startsWith("now.")) live.tiles.delete(name);
  return true;
}

async function draw(packet) {
  const bytes = packet.image && Uint8Array.from(atob(packet.image), (c) => c.charCodeAt(0));
  const bitmap = bytes && (await createImageBitmap(new Blob([bytes], { type: "image/jpeg" })));
  const anew = packet.status ? forget(packet.status.episode) : false;
  if (bitmap) {
    for (const [name, place] of Object.entries(packet.tiles)) keepTile(name, bitmap, place);
    bitmap.close();
  }
  if (packet.status) live.status = packet.status;
  if (packet.track) live.track = packet.track;
  paintStrip(anew ? null : new Set(Object.keys(packet.tiles || {})));
  for (const listen of live.listeners) listen(packet);
  live.drawn += 1;
  live.last = packet.n;
  if (performance.now() - live.told > 250) receipt();
}

// Packets are drawn one after the other; the server sends no more than a few ahead of the receipts.
let drawing = Promise.resolve();
watch("value", () => {
  if (!props.value) return;
  const packet = JSON.parse(props.value);
  // Two packets in one turn of the browser's loop leave only the second: ask for the pictures again.
  live.missed ||= packet.n > 1 && packet.n !== live.newest + 1;
  live.newest = packet.n;
  live.received = performance.now();
  drawing = drawing.then(() => draw(packet)).catch((error) => console.error("packet", error));
});

// Receipts tell the server what was drawn, so that it never runs far ahead of a slow page.
function receipt() {
  live.told = performance.now();
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
  for (const listen of live.listeners) listen({});
}
// While another tab of the page is in front nobody watches: the episode pauses, and its processor is free for others.
let resting = false;
function rest() {
  const hidden = !root.offsetParent, running = live.status?.state === "running";
  if (hidden && running) { resting = true; send("pause"); }
  if (!hidden && resting) { resting = false; if (!running) send("run"); }
}
function connect() {
  live.received = performance.now();
  trigger("connect", {});
}
