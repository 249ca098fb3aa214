// Probe: mark a region on Now and see where the policy looks and what its plan would be without the region.
const probe = { on: false, region: null, drag: null, waiting: 0, asked: 0, episode: 0 };
root.probe = probe;
const FOLLOW_MS = 1500, PATIENCE_MS = 8000;
const nowCanvas = $('[data-view="now"] .main');
const views = Object.fromEntries($$(".view").map((view) => [view.dataset.view, view]));
const found = () => (probe.on ? live.status?.probe : null);

// The switch and the marked region are elements of their own.
views.now.querySelector("header").insertAdjacentHTML("beforeend",
  `<button type="button" class="tool probe-switch" role="switch" aria-checked="false" data-probe
    title="Mark a region on Now: where does the policy look, and what would its plan be without it? (M)"><i class="knob"></i><span>Probe</span></button>`);
const probeSwitch = $("[data-probe]");
for (const name of ["now", "attention", "surprise"]) {
  views[name].querySelector(".frame").insertAdjacentHTML("beforeend", `<svg class="region" aria-hidden="true"><rect/></svg>`);
}
const helpList = $("dialog.help dl");
helpList.insertAdjacentHTML("beforeend", `<div><dt><kbd>M</kbd></dt><dd>probe: what matters to the plan</dd></div>`);

// What the panels show while probing: one moment, raw attention beside the causal map.
const usual = { tiles: { ...tileNames }, describe: { ...describe }, title: views.surprise.querySelector("h3").textContent };
tileNames.attention = (camera) => (found() ? `probe.attention.${camera}` : usual.tiles.attention(camera));
tileNames.surprise = (camera) => (probe.on ? `probe.causal.${camera}` : usual.tiles.surprise(camera));
describe.now = (s) => (probe.on
  ? { facts: fact(seconds(s.step), " s", "Drag to mark a region. Arrows move it, Shift resizes.") }
  : usual.describe.now(s));
describe.attention = (s) => {
  const masked = found()?.masked;
  if (!masked) return usual.describe.attention(s);
  const times = masked.looks / masked.area;
  return { facts: fact(Math.round(100 * masked.looks), " %", `of the attention on the images is here, ${times.toFixed(1)} times an even spread`) };
};
describe.surprise = (s) => {
  if (!probe.on) return usual.describe.surprise(s);
  const answer = s.probe;
  if (!answer) return { absent: s.attention ? (probe.waiting ? "Masking one cell after the other." : "Mark a region on Now.") : s.absent.surprise };
  const masked = answer.masked, when = `at ${seconds(answer.step)} s`;
  if (!masked) return { facts: `<p>How much the plan changes without a cell, ${when}. Mark a region on Now.</p>` };
  const elsewhere = masked.background_cm === null ? "" : `; ${masked.background_cm.toFixed(1)} cm for as much elsewhere`;
  return { facts: fact(masked.shift_cm.toFixed(1), " cm", `plan shift without it ${when}${elsewhere}`) };
};

function drawRegion() {
  const shownCamera = live.swapped ? "wrist" : "front";
  const region = probe.on && probe.region?.camera === shownCamera ? probe.region : null;
  for (const box of $$("svg.region")) {
    box.classList.toggle("on", Boolean(region));
    if (!region) continue;
    const [top, left, bottom, right] = cellsOf(region), rect = box.firstElementChild;
    const percent = (cells) => `${(100 * cells) / CONFIG.cells}%`;
    rect.setAttribute("x", percent(left));
    rect.setAttribute("y", percent(top));
    rect.setAttribute("width", percent(right - left + 1));
    rect.setAttribute("height", percent(bottom - top + 1));
  }
}
const cellOf = (share) => Math.min(CONFIG.cells - 1, Math.floor(share * CONFIG.cells));
function cellsOf({ from, to }) {
  const [columns, rows] = [0, 1].map((axis) => [cellOf(from[axis]), cellOf(to[axis])].sort((a, b) => a - b));
  return [rows[0], columns[0], rows[1], columns[1]];
}

// Asking: now, and again while the scene goes on, one question at a time.
function askProbe() {
  probe.waiting = (live.status?.probe?.number || 0) + 1;
  probe.asked = performance.now();
  trigger("probe", probe.region || {});
}
function followProbe() {
  const s = live.status;
  if (!probe.on || !s || s.twin || document.hidden) return;
  if (probe.episode !== s.episode) { probe.episode = s.episode; probe.waiting = 0; }
  if (probe.waiting && ((s.probe?.number || 0) >= probe.waiting || performance.now() - probe.asked > PATIENCE_MS)) probe.waiting = 0;
  const old = !s.probe || s.step > s.probe.step + 1;
  if (!probe.waiting && !probe.drag && s.attention && old && performance.now() - probe.asked > FOLLOW_MS) askProbe();
}

function setProbe(on) {
  probe.on = on;
  probe.waiting = 0;
  root.classList.toggle("probing", on);
  probeSwitch.setAttribute("aria-checked", String(on));
  const title = on ? "What matters" : usual.title;
  setText(views.surprise.querySelector("h3"), title);
  views.surprise.setAttribute("aria-label", title);
  views.surprise.querySelector(".main").setAttribute("aria-label", `${title}: front camera`);
  views.surprise.querySelector(".second").setAttribute("aria-label", `${title}: wrist camera`);
  nowCanvas.tabIndex = on ? 0 : -1;
  if (on) askProbe();
  showMasked();
  drawRegion();
  paintStrip();
}
live.wording = (text) => (probe.on ? text.replace(CONFIG.pointer_hint, "Drag on Now to mark a region.") : text);
act.probe = () => setProbe(!probe.on);
KEYS.m = "probe";
probeSwitch.addEventListener("click", act.probe);

// While probing, the pointer on Now marks cells; it neither drops nor shoves.
const marking = {
  pointerdown(event) {
    if (event.button) return;
    nowCanvas.setPointerCapture(event.pointerId);
    probe.drag = { camera: live.swapped ? "wrist" : "front", from: place(event), to: place(event) };
    probe.region = probe.drag;
  },
  pointermove(event) { if (probe.drag) probe.drag.to = place(event); },
  pointerup() { if (probe.drag) { probe.drag = null; askProbe(); } },
  pointercancel() { probe.drag = null; },
};
for (const [name, mark] of Object.entries(marking)) {
  views.now.querySelector(".frame").addEventListener(name, (event) => {
    if (!probe.on) return;
    event.stopPropagation();
    mark(event);
    drawRegion();
  }, true);
}
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
nowCanvas.addEventListener("keydown", (event) => {
  const step = ARROWS[event.key];
  if (!probe.on || !step) return;
  event.preventDefault();
  const camera = live.swapped ? "wrist" : "front", last = CONFIG.cells - 1;
  let [top, left, bottom, right] = probe.region?.camera === camera ? cellsOf(probe.region) : [3, 3, 4, 4];
  const within = (low, high) => low >= 0 && high <= last;
  if (event.shiftKey) {
    bottom = Math.min(last, Math.max(top, bottom + step[0]));
    right = Math.min(last, Math.max(left, right + step[1]));
  } else if (probe.region && within(top + step[0], bottom + step[0]) && within(left + step[1], right + step[1])) {
    [top, bottom, left, right] = [top + step[0], bottom + step[0], left + step[1], right + step[1]];
  }
  const middle = (cell) => (cell + 0.5) / CONFIG.cells;
  probe.region = { camera, from: [middle(left), middle(top)], to: [middle(right), middle(bottom)] };
  drawRegion();
  askProbe();
});

// The plan without the region, beside the plan, in the action chart: dotted, from where the arm was.
const actionNote = $('[aria-label="Action plan"] .note'), usualNote = actionNote.textContent;
let masked = ""; // of which answer the chart shows the plan
function showMasked() {
  const answer = found(), track = live.track;
  const start = answer?.masked && track?.past[track.past.length - 1 - (track.step - answer.step)];
  const which = start ? `${live.episode} ${answer.number}` : "";
  if (which === masked || (answer?.masked && !start)) return;
  masked = which;
  live.masked = start
    ? { step: answer.step, style: "masked", path: answer.masked.path.map(([x, y, z, g]) => [x + start[0], y + start[1], z + start[2], g]) }
    : null;
  setText(actionNote, live.masked ? "cm from start · dashed plan, dotted without the region" : usualNote);
  paintCharts();
}
live.listeners.push(() => { followProbe(); drawRegion(); showMasked(); });
