// What if: point at a place on Imagined, and see what is imagined if the hand goes there instead of following the plan.
const whatif = { on: false, at: [0.5, 0.6], asked: 0, resume: false, episode: 0, said: "", since: 0 };
root.whatif = whatif;
const imaginedCanvas = views.imagined.querySelector(".main");
const wondered = () => (whatif.on && (live.status?.whatif?.number || 0) > whatif.asked ? live.status.whatif : null);

views.imagined.querySelector("h3").insertAdjacentHTML("afterend",
  `<button type="button" class="tool whatif-close" data-whatif hidden title="Back to the policy's own plan (Escape)">✕</button>`);
views.imagined.querySelector(".frame").insertAdjacentHTML("beforeend", `<svg class="aim" aria-hidden="true"><circle r="9"/><circle r="2"/></svg>`);
imaginedCanvas.title = "Click a place: what if the hand went there?";
helpList.insertAdjacentHTML("beforeend", `<div><dt><kbd>V</kbd></dt><dd>what if the hand went elsewhere; arrows move the place</dd></div>`);
const whatifClose = $("[data-whatif]"), aim = views.imagined.querySelector(".aim");

const plain = { tiles: tileNames.imagined, describe: describe.imagined };
tileNames.imagined = (camera) => (wondered() ? `whatif.${live.horizon}.${camera}` : plain.tiles(camera));
describe.imagined = (s) => {
  if (!whatif.on) return plain.describe(s);
  const answer = wondered();
  if (!answer) return { facts: "<p>Imagining the other plan.</p>" };
  return { facts: fact(`+${seconds(live.horizon)}`, " s", "if the hand went to the mark. ✕ goes back.") };
};

function showAim() {
  const shown = whatif.on && !live.swapped;
  aim.classList.toggle("on", shown);
  for (const ring of aim.children) {
    ring.setAttribute("cx", percent100(whatif.at[0]));
    ring.setAttribute("cy", percent100(whatif.at[1]));
  }
}

// The moment stands still while one asks about it.
function askWhatif(at) {
  const s = live.status;
  if (!s || s.twin) return;
  if (!whatif.on) {
    whatif.resume = s.state === "running" || (s.state === "finished" && s.autoplay);
    whatif.episode = s.episode;
    if (whatif.resume) send("pause");
  }
  whatif.on = true;
  whatif.at = at;
  whatif.asked = s.whatif?.number || 0;
  whatif.said = s.notice.text;
  whatif.since = performance.now();
  showWhatif();
  trigger("whatif", { at });
}
function endWhatif() {
  if (!whatif.on) return;
  whatif.on = false;
  if (whatif.resume && ["paused", "finished"].includes(live.status?.state)) send("run");
  showWhatif();
}
function showWhatif() {
  root.classList.toggle("wondering", whatif.on);
  const title = whatif.on ? "What if" : "Imagined";
  setText(views.imagined.querySelector("h3"), title);
  views.imagined.setAttribute("aria-label", title);
  whatifClose.hidden = !whatif.on;
  showAim();
  showOtherPlan();
  paintStrip();
}
imaginedCanvas.tabIndex = 0;
imaginedCanvas.addEventListener("click", (event) => {
  if (!live.swapped) askWhatif(place(event));
});
imaginedCanvas.addEventListener("keydown", (event) => {
  const step = ARROWS[event.key];
  if (!step || !whatif.on) return;
  event.preventDefault();
  askWhatif([unit(whatif.at[0] + step[1] / CONFIG.cells), unit(whatif.at[1] + step[0] / CONFIG.cells)]);
});
whatifClose.addEventListener("click", endWhatif);
act.whatif = () => (whatif.on ? endWhatif() : askWhatif(whatif.at));
act.endWhatif = endWhatif;
KEYS.v = "whatif";
KEYS.escape = "endWhatif";

// The other plan, beside the policy's, in the action chart: dotted, from where the arm was.
let otherPlan = "";
function showOtherPlan() {
  const answer = wondered(), track = live.track;
  const start = answer && track?.past[track.past.length - 1 - (track.step - answer.step)];
  const which = start ? `${live.episode} ${answer.number}` : "";
  if (which === otherPlan) return;
  otherPlan = which;
  live.wondered = start
    ? { step: answer.step, style: "masked", path: answer.path.map(([x, y, z, g]) => [x + start[0], y + start[1], z + start[2], g]) }
    : null;
  setText(actionNote, live.wondered ? "cm from start · dashed plan, dotted what if" : usualNote);
  paintCharts();
}
live.listeners.push(() => {
  const s = live.status;
  if (whatif.on && s && s.episode !== whatif.episode) { whatif.resume = false; endWhatif(); }
  // What cannot be asked is answered by a line, and everything goes on.
  const refused = s?.notice.warn && s.notice.text !== whatif.said;
  if (whatif.on && !wondered() && (refused || performance.now() - whatif.since > PATIENCE_MS)) endWhatif();
  showAim();
  showOtherPlan();
});
