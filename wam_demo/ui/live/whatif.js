// What if: point at a place on Imagined, and see what is imagined if the hand goes there instead of following the plan.
const whatif = { on: false, at: [0.5, 0.6], asked: 0, resume: false, episode: 0, said: "", since: 0 };
root.whatif = whatif;
const imaginedCanvas = $('[data-view="imagined"] .main');
const otherFuture = () => (whatif.on && (live.status?.whatif?.number || 0) > whatif.asked ? live.status.whatif : null);
const pointedPlan = () => otherPlan(otherFuture(), otherFuture()?.path);

$('[data-view="imagined"] h3').insertAdjacentHTML("afterend",
  `<button type="button" class="tool whatif-close" data-whatif hidden title="Back to the policy's own plan (Escape)">✕</button>`);
into("imagined", ".frame", `<svg class="aim" aria-hidden="true"><circle r="9"/><circle r="2"/></svg>`);
Object.assign(imaginedCanvas, { title: "Click a place: what if the hand went there?", tabIndex: 0 });

plug({
  panels: {
    imagined: () => whatif.on && { title: "What if", ...(otherFuture()
      ? { tile: (camera) => `whatif.${strip.horizon}.${camera}`, facts: fact(ahead(), " s", "if the hand went to the mark. ✕ goes back.") }
      : { facts: "<p>Imagining the other plan.</p>" }) },
  },
  lines: pointedPlan,
  note: () => pointedPlan().length && "cm from start · dashed plan, dotted what if",
  listen() {
    const s = live.status;
    if (whatif.on && s && s.episode !== whatif.episode) { whatif.resume = false; act.endWhatif(); }
    // What cannot be asked is answered by a line, and everything goes on.
    const refused = s?.notice.warn && s.notice.text !== whatif.said;
    if (whatif.on && !otherFuture() && (refused || performance.now() - whatif.since > PATIENCE_MS)) act.endWhatif();
    showAim();
    repaintOnce(whatif, pointedPlan().length ? `${live.episode} ${otherFuture().number}` : "");
  },
});

function showAim() {
  const aim = $("svg.aim");
  aim.classList.toggle("on", whatif.on && !strip.swapped);
  for (const ring of aim.children) ["cx", "cy"].forEach((name, i) => ring.setAttribute(name, inPercent(whatif.at[i])));
}

// The moment stands still while one asks about it.
function askWhatif(at) {
  const s = live.status;
  if (!s || s.twin) return;
  if (!whatif.on) {
    Object.assign(whatif, { resume: s.state === "running" || (s.state === "finished" && s.autoplay), episode: s.episode });
    if (whatif.resume) send("pause");
  }
  Object.assign(whatif, { on: true, at, asked: s.whatif?.number || 0, said: s.notice.text, since: performance.now() });
  showWhatif();
  trigger("whatif", { at });
}
act.endWhatif = () => {
  if (!whatif.on) return;
  whatif.on = false;
  if (whatif.resume && ["paused", "finished"].includes(live.status?.state)) send("run");
  showWhatif();
};
function showWhatif() {
  root.classList.toggle("whatif", whatif.on);
  $("[data-whatif]").hidden = !whatif.on;
  showAim();
  paintStrip();
  paintCharts();
}
imaginedCanvas.addEventListener("click", (event) => { if (!strip.swapped) askWhatif(place(event)); });
imaginedCanvas.addEventListener("keydown", (event) => {
  const step = ARROWS[event.key];
  if (!step || !whatif.on) return;
  event.preventDefault();
  askWhatif([unit(whatif.at[0] + step[1] / CONFIG.cells), unit(whatif.at[1] + step[0] / CONFIG.cells)]);
});
$("[data-whatif]").addEventListener("click", act.endWhatif);
shortcut("v", () => (whatif.on ? act.endWhatif() : askWhatif(whatif.at)), "what if the hand went elsewhere; arrows move the place");
shortcut("Escape", act.endWhatif);
