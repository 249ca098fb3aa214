// What if: point at a place on Imagined, or draw the hand's way there, and see what is imagined if the hand goes there
// instead of following the plan. What comes plays as a clip.
const BEND_STEP = 0.02, BEND_POINTS = 64, ANSWER_MS = 15_000; // the engine answers, or refuses, before
const whatif = { on: false, way: [[0.5, 0.6]], asked: 0, resume: false, episode: 0, said: "", since: 0, bend: null, played: 0 };
root.whatif = whatif;
const imaginedCanvas = $('[data-view="imagined"] .main');
const otherFuture = () => (whatif.on && (live.status?.whatif?.number || 0) > whatif.asked ? live.status.whatif : null);
const pointedPlan = () => otherPlan(otherFuture(), otherFuture()?.path);
const shownMoment = () => CONFIG.horizons[clip.frame] ?? strip.horizon;
const goal = () => (whatif.way.length > 1 ? "if the hand went along the line." : "if the hand went to the mark.");

$('[data-view="imagined"] h3').insertAdjacentHTML("afterend",
  `<button type="button" class="tool whatif-close" data-whatif hidden title="Back to the policy's own plan (Escape)" aria-label="Close what if">✕</button>`);
into("imagined", ".frame", `<svg class="bend" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true"><polyline class="drawn"/><polyline class="led"/></svg>
  <svg class="aim" aria-hidden="true"><circle r="9"/><circle r="2"/></svg>`);
Object.assign(imaginedCanvas, { title: "Click a place, or draw the hand's way: what if it went there?", tabIndex: 0 });

plug({
  panels: {
    imagined: () => whatif.on && { title: "What if", ...(otherFuture()
      ? { tile: (camera) => `whatif.${shownMoment()}.${camera}`, facts: fact(`+${seconds(shownMoment())}`, " s", `${goal()} ✕ goes back.`) }
      : { facts: "<p>Imagining the other plan.</p>" }) },
  },
  lines: pointedPlan,
  note: () => pointedPlan().length && "cm from start · dashed plan, dotted what if",
  listen() {
    const s = live.status;
    if (whatif.on && s && s.episode !== whatif.episode) { whatif.resume = false; act.endWhatif(); }
    // What cannot be asked is answered by a line, and everything goes on.
    const refused = s?.notice.warn && s.notice.text !== whatif.said;
    if (whatif.on && !otherFuture() && (refused || performance.now() - whatif.since > ANSWER_MS)) act.endWhatif();
    showAim();
    playOnce();
    repaintOnce(whatif, pointedPlan().length ? `${live.episode} ${otherFuture().number}` : "");
  },
});

const polyline = (name, points) => $(`svg.bend .${name}`).setAttribute("points", points.map((point) => point.join()).join(" "));
function showAim() {
  const aim = $("svg.aim"), shown = whatif.on && !strip.swapped, drawn = whatif.bend || (whatif.on && whatif.way.length > 1 ? whatif.way : []);
  aim.classList.toggle("on", shown && !whatif.bend);
  for (const ring of aim.children) ["cx", "cy"].forEach((name, i) => ring.setAttribute(name, inPercent(whatif.way.at(-1)[i])));
  $("svg.bend").classList.toggle("on", !strip.swapped && (shown || Boolean(whatif.bend)));
  polyline("drawn", drawn);
  polyline("led", whatif.bend ? [] : otherFuture()?.way || []);
}

// The moment stands still while one asks about it.
function askWhatif(way) {
  const s = live.status;
  if (!s || s.twin) return;
  if (!whatif.on) {
    Object.assign(whatif, { resume: s.state === "running" || (s.state === "finished" && s.autoplay), episode: s.episode });
    if (whatif.resume) send("pause");
  }
  Object.assign(whatif, { on: true, way, asked: s.whatif?.number || 0, said: s.notice.text, since: performance.now() });
  showWhatif();
  trigger("whatif", { way });
}
act.endWhatif = () => {
  if (!whatif.on) return;
  whatif.on = false;
  clip.source = "imagined";
  if (whatif.resume && live.status?.state !== "fault") send("run"); // also where the pause is still on its way
  showWhatif();
};
function showWhatif() {
  root.classList.toggle("whatif", whatif.on);
  $("[data-whatif]").hidden = !whatif.on;
  showAim();
  paintStrip();
  paintCharts();
}
// Each answer is played once, as what is imagined of the plan is.
function playOnce() {
  const found = otherFuture();
  if (!found || found.number === whatif.played) return;
  Object.assign(whatif, { played: found.number });
  clip.source = "whatif";
  if (!calm.matches) playClip();
}

// A click asks about a place, a line about the way along it.
const bending = {
  down: (at) => { whatif.bend = [at]; },
  move: (at) => {
    const [u, v] = whatif.bend.at(-1);
    if (Math.hypot(at[0] - u, at[1] - v) > BEND_STEP) { whatif.bend.push(at); showAim(); }
  },
  up: (at) => {
    const way = whatif.bend, every = Math.ceil(way.length / BEND_POINTS);
    whatif.bend = null;
    askWhatif(way.length > 2 ? way.filter((_, i) => i % every === 0 || i === way.length - 1).slice(-BEND_POINTS) : [at]);
  },
  cancel: () => { whatif.bend = null; showAim(); },
};
const idle = { down() {}, move() {}, up() {}, cancel() {} };
listenToPointer(imaginedCanvas, () => (strip.swapped ? idle : bending));
imaginedCanvas.addEventListener("keydown", (event) => {
  const step = ARROWS[event.key];
  if (!step || !whatif.on) return;
  event.preventDefault();
  const [u, v] = whatif.way.at(-1);
  askWhatif([[unit(u + step[1] / CONFIG.cells), unit(v + step[0] / CONFIG.cells)]]);
});
$("[data-whatif]").addEventListener("click", act.endWhatif);
shortcut("v", () => (whatif.on ? act.endWhatif() : askWhatif(whatif.way.slice(-1))), "what if the hand went elsewhere; arrows move the place");
shortcut("Escape", act.endWhatif);
