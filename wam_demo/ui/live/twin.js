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

const TWIN_CHARTS = `
  <section class="panel chart twins" aria-label="Difference in action">
    <header><h3>Difference in action</h3>
      <ul class="legend"><li class="a">hand</li><li class="g">gripper</li></ul>
      <span class="note">cm commanded in each step of 0.1 s</span></header>
    <div class="plot" data-plot="gap" role="img" aria-label="Difference in action at every step"></div>
  </section>
  <section class="panel chart twins" aria-label="Tools apart">
    <header><h3>Tools apart</h3><span class="note">cm</span></header>
    <div class="plot" data-plot="apart" role="img" aria-label="Distance of the two tools at every step"></div>
  </section>`;

function twinAxes(twin, w, h, most, unit) {
  const left = 44, right = w - 14, top = 12, bottom = h - 20;
  const span = Math.max(40, Math.ceil((twin.step - twin.forked + 1) / 20) * 20);
  const x = (step) => left + ((step - twin.forked) / span) * (right - left);
  const y = (value) => bottom - (value / most) * (bottom - top);
  const grid = [
    svgLine("grid", left, bottom, right, bottom), svgLine("grid", left, top, right, top),
    svgText("", left - 6, bottom + 3.5, "0", "end"), svgText("", left - 6, top + 3.5, `${most}${unit}`, "end"),
    svgText("", left, h - 5, `${seconds(twin.forked)} s, parted`), svgText("", right, h - 5, `${seconds(twin.forked + span)} s`, "end"),
    svgLine("now", x(twin.step), top, x(twin.step), bottom),
  ];
  return { x, y, grid };
}

const rangeOf = (values, least) => Math.max(least, Math.ceil(Math.max(0, ...values)));

// One bar a step: a difference that comes and goes stays countable.
function gapChart(twin, w, h) {
  const most = rangeOf(twin.gaps.map((row) => row[1]), 2), { x, y, grid } = twinAxes(twin, w, h, most, "");
  const width = Math.max(1.5, x(twin.forked + 1) - x(twin.forked) - 1.5);
  const bars = twin.gaps.map(([step, cm]) => `<rect class="bar" x="${x(step).toFixed(1)}" y="${y(cm).toFixed(1)}" width="${width.toFixed(1)}" height="${(y(0) - y(cm)).toFixed(1)}"/>`);
  const grip = twin.gaps.map(([step, , gripper]) => [x(step) + width / 2, y(Math.abs(gripper) * most)]);
  return [...grid, ...bars, svgPath("g", grip)].join("");
}

function apartChart(twin, w, h) {
  const most = rangeOf(twin.gaps.map((row) => row[3]), 5), { x, y, grid } = twinAxes(twin, w, h, most, "");
  return [...grid, svgPath("error", twin.gaps.map(([step, , , cm]) => [x(step + 1), y(cm)]))].join("");
}

function paintTwinCharts() {
  const twin = live.track?.twin;
  if (!twin) return;
  show("gap", (w, h) => gapChart(twin, w, h));
  show("apart", (w, h) => apartChart(twin, w, h));
}

function showTwin(twin) {
  const was = root.classList.contains("twinned");
  root.classList.toggle("twinned", Boolean(twin));
  $('.switch[data-do="twin"]').setAttribute("aria-checked", String(Boolean(twin)));
  if (was !== Boolean(twin)) { paintCharts(); paintStrip(); }
  if (!twin) return;
  const what = twin.what.length ? twin.what.join(", ") : "nothing yet";
  setText($('[data-side="with"] h3'), twin.what.length ? `With: ${what}` : "Left: disturb this one");
  setText($('[data-side="without"] h3'), twin.what.length ? "Without" : "Right: stays undisturbed");
  for (const side of SIDES) setText($(`[data-side="${side}"] .note`), `${seconds(twin.step)} s`);
  for (const name of ["action_cm", "largest_cm", "tool_cm"]) {
    const value = twin[name];
    setHtml($(`[data-gap="${name}"]`), value === null ? "–" : `${value.toFixed(1)}<small> cm</small>`);
  }
  setText($(".verdict"), twin.verdict);
  for (const side of SIDES) showEnd($(`[data-side="${side}"] .outcome`), twin.outcomes[side]);
}

function paintTwin(tiles = {}) {
  for (const side of SIDES) {
    const name = `twin.${side}`;
    if (tiles[name]) paint($(`[data-side="${side}"] .main`), live.tiles.get(name));
  }
}
