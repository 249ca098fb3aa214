// The counterfactual twin: two courses from one state side by side, and how far they are apart.
const SIDES = ["with", "without"];
const twinPanel = (side, title) => `
  <section class="panel" data-side="${side}" aria-label="${title}">
    <header><h3>${title}</h3><span class="note"></span></header>
    <div class="frame">
      <canvas class="main" width="256" height="256" role="img" aria-label="${title}: front camera"></canvas>
      ${side === "with" ? `<svg class="gesture" aria-hidden="true"><line/><circle r="5"/></svg>` : ""}
      <p class="outcome" hidden></p>
    </div>
  </section>`;

const TWIN_PANELS = `
  <div class="twin" aria-label="Counterfactual twin">
    ${twinPanel("with", "With it")}${twinPanel("without", "Without it")}
    <section class="panel gap" aria-label="Difference">
      <header><h3>Difference</h3></header>
      <dl>
        <div><dt>action of this step</dt><dd data-gap="action_cm">–</dd></div>
        <div><dt>largest so far</dt><dd data-gap="largest_cm">–</dd></div>
        <div><dt>tools apart</dt><dd data-gap="tool_cm">–</dd></div>
      </dl>
      <p class="verdict" role="status"></p>
      <button type="button" class="pad" data-do="twin">End the twin</button>
    </section>
  </div>`;
const TWIN_CHARTS = chartPanel("gap", "Difference in action", "cm commanded in each step of 0.1 s",
  `<ul class="legend"><li class="a">hand</li><li class="g">gripper</li></ul>`, "twins") + chartPanel("apart", "Tools apart", "cm", "", "twins");

function paintTwinCharts({ forked, step, gaps }) {
  const last = forked + Math.max(40, Math.ceil((step - forked + 1) / 20) * 20);
  const axes = { first: forked, last, now: step, start: `${seconds(forked)} s, parted`, end: `${seconds(last)} s` };
  const most = mostOf(gaps.map(([, cm]) => cm), 2), apart = gaps.map(([at, , , cm]) => [at + 1, cm]);
  // One bar a step: a difference that comes and goes stays countable.
  plot("gap", (w, h) => valueChart(w, h, { ...axes, most, series: [
    { style: "bar", points: gaps, bars: true }, { style: "g", points: gaps.map(([at, , gripper]) => [at + 0.5, Math.abs(gripper) * most]) }] }));
  plot("apart", (w, h) => valueChart(w, h, { ...axes, most: mostOf(apart.map(([, cm]) => cm), 5), series: [{ style: "error", points: apart }] }));
}

function showTwin(twin) {
  const was = root.classList.contains("twinned");
  root.classList.toggle("twinned", Boolean(twin));
  $('.switch[data-do="twin"]').setAttribute("aria-checked", String(Boolean(twin)));
  if (was !== Boolean(twin)) { paintCharts(); paintStrip(); }
  if (!twin) return;
  setText($('[data-side="with"] h3'), twin.what.length ? `With: ${twin.what.join(", ")}` : "Left: disturb this one");
  setText($('[data-side="without"] h3'), twin.what.length ? "Without" : "Right: stays undisturbed");
  for (const name of ["action_cm", "largest_cm", "tool_cm"]) {
    const value = twin[name];
    setHtml($(`[data-gap="${name}"]`), value === null ? "–" : `${value.toFixed(1)}<small> cm</small>`);
  }
  setText($(".verdict"), twin.verdict);
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
