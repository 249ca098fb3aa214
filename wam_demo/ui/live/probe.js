// Probe: mark a region on Now and see where the policy looks and what its plan would be without the region.
const probe = { on: false, region: null, dragging: false, waiting: 0, asked: 0, episode: 0 };
root.probe = probe;
const FOLLOW_MS = 1500, PATIENCE_MS = 8000;
const nowCanvas = $('[data-view="now"] .main');

into("now", "header", `<button type="button" class="tool probe-switch" role="switch" aria-checked="false" data-probe
  title="Mark a region on Now: where does the policy look, and what would its plan be without it? (M)"><i class="knob"></i><span>Probe</span></button>`);
for (const name of ["now", "attention", "error"]) into(name, ".frame", `<svg class="region" aria-hidden="true"><rect/></svg>`);

// Another plan from a moment that has passed begins where the arm was then.
function otherPlan(answer, path) {
  const track = live.track, start = answer && path && track?.past[track.past.length - 1 - (track.step - answer.step)];
  return start ? [{ step: answer.step, style: "masked", path: path.map(([x, y, z, g]) => [x + start[0], y + start[1], z + start[2], g]) }] : [];
}
// The charts of a moment that stands still are drawn anew only when the answer is another one.
function repaintOnce(memory, which) { if (memory.drawn !== which) { memory.drawn = which; paintCharts(); } }

// What the strip shows while probing: one moment, raw attention beside the causal map.
const answered = () => (probe.on ? live.status?.probe : null);
const maskedPlan = () => otherPlan(answered(), answered()?.masked?.path);
plug({
  panels: {
    now: () => probe.on && { facts: fact(seconds(live.status.step), " s", "Drag to mark a region. Arrows move it, Shift resizes.") },
    attention: () => {
      const masked = answered()?.masked, tile = answered() && { tile: (camera) => `probe.attention.${camera}` };
      if (!masked) return tile;
      const times = (masked.looks / masked.area).toFixed(1);
      return { ...tile, facts: fact(Math.round(100 * masked.looks), " %", `of the attention on the images is here, ${times} times an even spread`) };
    },
    error: (s) => probe.on && { tile: (camera) => `probe.causal.${camera}`, title: "What matters", ...causes(s) },
  },
  lines: maskedPlan,
  note: () => maskedPlan().length && "cm from start · dashed plan, dotted without the region",
  wording: (text) => probe.on && text.replace(CONFIG.pointer_hint, "Drag on Now to mark a region."),
  // While probing, the pointer on Now marks cells; it neither drops nor shoves.
  pointer: () => probe.on && marking,
  listen() {
    followProbe();
    drawRegion();
    repaintOnce(probe, maskedPlan().length ? `${live.episode} ${answered().number}` : "");
  },
});
function causes(s) {
  const answer = live.status.probe, masked = answer?.masked;
  if (!answer) return { absent: s.shares ? (probe.waiting ? "Masking one cell after the other." : "Mark a region on Now.") : s.absent.error };
  const when = `at ${seconds(answer.step)} s`;
  if (!masked) return { facts: `<p>How much the plan changes without a cell, ${when}. Mark a region on Now.</p>` };
  const elsewhere = masked.background_cm === null ? "" : `; ${masked.background_cm.toFixed(1)} cm for as much elsewhere`;
  return { facts: fact(masked.shift_cm.toFixed(1), " cm", `plan shift without it ${when}${elsewhere}`) };
}

function drawRegion() {
  const region = probe.on && probe.region?.camera === shownCameras()[0] ? probe.region : null;
  for (const box of $$("svg.region")) {
    box.classList.toggle("on", Boolean(region));
    if (!region) continue;
    const [top, left, bottom, right] = cellsOf(region), sides = { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
    for (const [name, cells] of Object.entries(sides)) box.firstElementChild.setAttribute(name, inPercent(cells / CONFIG.cells));
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
  if (!probe.waiting && !probe.dragging && s.strip.shares && old && performance.now() - probe.asked > FOLLOW_MS) askProbe();
}

act.probe = () => {
  probe.on = !probe.on;
  probe.waiting = 0;
  root.classList.toggle("probing", probe.on);
  $("[data-probe]").setAttribute("aria-checked", String(probe.on));
  nowCanvas.tabIndex = probe.on ? 0 : -1;
  if (probe.on) askProbe();
  drawRegion();
  paintStrip();
  paintCharts();
};
shortcut("m", act.probe, "probe: what matters to the plan");
$("[data-probe]").addEventListener("click", act.probe);

const marking = {
  down: (at) => { probe.dragging = true; probe.region = { camera: shownCameras()[0], from: at, to: at }; drawRegion(); },
  move: (at) => { probe.region.to = at; drawRegion(); },
  up: () => { probe.dragging = false; askProbe(); },
  cancel: () => { probe.dragging = false; },
};
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
nowCanvas.addEventListener("keydown", (event) => {
  const step = ARROWS[event.key];
  if (!probe.on || !step) return;
  event.preventDefault();
  const camera = shownCameras()[0], last = CONFIG.cells - 1;
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
