// The twin: two courses from one state side by side, and how far they are apart. With a disturbance and without it, or
// reality and its dream.
const SIDES = ["with", "without"];
const CHANGE = { same: ["own", "Let it plan for itself"], own: ["same", "Give it the same actions"] };
const KINDS = {
  twin: {
    numbers: [["action_cm", "action of this step"], ["largest_cm", "largest so far"], ["tool_cm", "tools apart"]],
    chart: "Difference in action", note: "cm commanded in each step of 0.1 s", end: "End the twin",
    titles: ({ what }) => (what.length ? [`With: ${what.join(", ")}`, "Without"] : ["Left: disturb this one", "Right: stays undisturbed"]),
  },
  dream: {
    numbers: [["picture", "pictures differ by"], ["expected", "the dream expects"], ["tool_cm", "tools apart"]],
    chart: "Pictures differ by", note: "0 to 1; dashed: as the dream expects", end: "Back to reality",
    titles: ({ dream }) => ["Reality", dream === "own" ? "Dream, its own plans" : "Dream, same actions"],
  },
};
const kindOf = (twin) => KINDS[twin.dream ? "dream" : "twin"];
const twinPanel = (side, title) => `
  <section class="panel" data-side="${side}" aria-label="${title}">
    <header><h3>${title}</h3><span class="note"></span></header>
    <div class="frame">
      <canvas class="main" width="256" height="256" role="img" aria-label="${title}: front camera"></canvas>
      ${side === "with" ? `<svg class="gesture" aria-hidden="true"><line/><circle r="5"/></svg>` : `<p class="dreamt">imagined, not seen</p>`}
      <p class="outcome" hidden></p>
    </div>
  </section>`;

const TWIN_PANELS = `
  <div class="twin" aria-label="Counterfactual twin">
    ${twinPanel("with", "With it")}${twinPanel("without", "Without it")}
    <section class="panel gap" aria-label="Difference">
      <header><h3>Difference</h3></header>
      <dl></dl>
      <p class="verdict" role="status"></p>
      <button type="button" class="pad" data-do="does" title="Once more from the same moment">–</button>
      <button type="button" class="pad" data-do="twin">End the twin</button>
    </section>
  </div>`;
const TWIN_CHARTS = chartPanel("gap", "Difference in action", "cm commanded in each step of 0.1 s",
  `<ul class="legend"><li class="a">hand</li><li class="g">gripper</li></ul>`, "twins") + chartPanel("apart", "Tools apart", "cm", "", "twins");

function paintTwinCharts({ forked, step, gaps, pictures, expected, events }) {
  const last = forked + Math.max(40, Math.ceil((step - forked + 1) / 20) * 20), dreamt = Boolean(live.status.twin?.dream);
  const axes = { first: forked, last, now: step, start: `${seconds(forked)} s, parted`, end: `${seconds(last)} s` };
  const most = mostOf(gaps.map(([, cm]) => cm), 2), apart = gaps.map(([at, , , cm]) => [at + 1, cm]);
  // One bar a step: a difference that comes and goes stays countable.
  plot("gap", (w, h) => (dreamt
    ? valueChart(w, h, { ...axes, most: mostOf([...pictures, ...expected].map(([, gap]) => gap), 0.05, 0.05), digits: 2, marks: events, series: [{ style: "error", points: pictures }, { style: "expected", points: expected }] })
    : valueChart(w, h, { ...axes, most, series: [
      { style: "bar", points: gaps, bars: true }, { style: "g", points: gaps.map(([at, , gripper]) => [at + 0.5, Math.abs(gripper) * most]) }] })));
  plot("apart", (w, h) => valueChart(w, h, { ...axes, most: mostOf(apart.map(([, cm]) => cm), 5), series: [{ style: "error", points: apart }] }));
}

function showKind(twin) {
  const { chart, note, end } = kindOf(twin), box = $('.chart:has([data-plot="gap"])');
  root.classList.toggle("beside", Boolean(twin.dream));
  setText(box.querySelector("h3"), chart);
  setText(box.querySelector(".note"), note);
  for (const node of [box, box.querySelector(".plot")]) node.setAttribute("aria-label", chart);
  setText($('.gap [data-do="twin"]'), end);
  if (twin.dream) setText($('[data-do="does"]'), CHANGE[twin.dream][1]);
}

let shownTwin = "";
function showTwin(twin) {
  const kind = twin ? twin.dream || "twin" : "";
  root.classList.toggle("twinned", Boolean(twin));
  $('.switch[data-do="twin"]').setAttribute("aria-checked", String(kind === "twin"));
  if (shownTwin !== kind) {
    shownTwin = kind;
    if (twin) showKind(twin); else root.classList.remove("beside");
    paintCharts();
    paintStrip();
  }
  if (!twin) return;
  const { numbers, titles } = kindOf(twin);
  setHtml($(".gap dl"), numbers.map(([name, label]) => {
    const value = twin[name], text = value === null ? "–" : name.endsWith("_cm") ? `${value.toFixed(1)}<small> cm</small>` : value.toFixed(3);
    return `<div><dt>${label}</dt><dd data-gap="${name}">${text}</dd></div>`;
  }).join(""));
  setText($(".verdict"), twin.verdict);
  titles(twin).forEach((title, i) => setText($(`[data-side="${SIDES[i]}"] h3`), title));
  for (const side of SIDES) {
    setText($(`[data-side="${side}"] .note`), `${seconds(twin.step)} s`);
    showEnd($(`[data-side="${side}"] .outcome`), twin.outcomes[side]);
  }
}

plug({
  charts: () => {
    if (!root.classList.contains("twinned")) return false;
    if (live.track.twin) paintTwinCharts(live.track.twin);
    return true;
  },
  listen({ status, tiles = {} }) {
    if (status) showTwin(status.twin);
    for (const side of SIDES) if (tiles[`twin.${side}`]) paint($(`[data-side="${side}"] .main`), live.tiles.get(`twin.${side}`));
  },
});
