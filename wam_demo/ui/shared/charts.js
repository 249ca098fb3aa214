// Every chart, as SVG, so that marks are text and colours follow the theme.
const AXES = ["x", "y", "z"];
const LEFT = 44, RIGHT = 14;
const AXIS_LEGEND = `<ul class="legend"><li class="x">x</li><li class="y">y</li><li class="z">z</li><li class="g">gripper</li></ul>`;
const px = (value) => Number(value.toFixed(1));
const linePath = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${px(x)} ${px(y)}`).join("");
const svgPath = (name, points, close = "") => (points.length > 1 ? `<path class="${name}" d="${linePath(points)}${close}"/>` : "");
const svgText = (name, x, y, text, anchor = "start") => `<text class="${name}" x="${px(x)}" y="${px(y)}" text-anchor="${anchor}">${escapeHtml(text)}</text>`;
const svgLine = (name, x1, y1, x2, y2) => `<line class="${name}" x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}"/>`;
const svgDot = (name, x, y, r) => `<circle class="${name}" cx="${px(x)}" cy="${px(y)}" r="${r}"/>`;

// A chart follows the size of its box, which is told when it changes: to ask for it at each drawing lays out the whole page.
const plots = new WeakMap();
const plotSizes = new ResizeObserver((changes) => {
  for (const { target } of changes) { Object.assign(plots.get(target), sizeOf(target)); drawPlot(target); }
});
const sizeOf = (box) => ({ w: box.clientWidth, h: box.clientHeight });
function plot(name, draw) {
  const box = $(`[data-plot="${name}"]`), known = plots.get(box);
  plots.set(box, Object.assign(known || sizeOf(box), { draw }));
  if (!known) plotSizes.observe(box);
  drawPlot(box);
}
function drawPlot(box) {
  const { w, h, draw } = plots.get(box);
  if (w && h) box.innerHTML = `<svg viewBox="0 0 ${w} ${h}" preserveAspectRatio="none">${draw(w, h)}</svg>`;
}
const across = (w, first, last) => (step) => LEFT + ((step - first) / Math.max(1, last - first)) * (w - LEFT - RIGHT);
const ends = (w, h, start, end) => svgText("", LEFT, h - 5, start) + svgText("", w - RIGHT, h - 5, end, "end");

// Where the tool goes, in cm, symmetric in steps of 5 cm, so that the axis rests while the arm moves; the gripper's lane
// below. A line is {path: rows of x, y, z [m] and opening, step it begins at, style, grip: whether the opening is drawn}.
function actionChart(w, h, { first, last, now, lines, marks = [], start, end, least = 10, ahead = false, nowLabel = "", note = "" }) {
  const right = w - RIGHT, top = 8, lane = h - 22, bottom = lane - 22, x = across(w, first, last);
  const values = lines.flatMap((line) => line.path).flatMap((row) => row.slice(0, 3).map(Math.abs));
  const reach = Math.max(least, Math.ceil((values.reduce((most, value) => Math.max(most, value), 0) * 100) / 5) * 5);
  const y = (metres) => (top + bottom) / 2 - ((metres * 100) / reach) * ((bottom - top) / 2);
  const opening = (share) => lane - share * 12;
  const rows = ({ path, step }, column, scale) =>
    path.map((row, i) => [x(step + i), scale(row[column])]).filter(([at]) => at >= LEFT - 1 && at <= right + 1);
  const parts = [
    ahead ? `<rect class="ahead" x="${x(now)}" y="0" width="${right - x(now)}" height="${lane + 3}"/>` : "",
    ...[-reach, 0, reach].map((cm) => svgLine("grid", LEFT, y(cm / 100), right, y(cm / 100)) + svgText("", LEFT - 6, y(cm / 100) + 3.5, cm > 0 ? `+${cm}` : cm, "end")),
    svgText("g", LEFT - 6, lane - 2, "grip", "end"), ends(w, h, start, end),
    now === null ? "" : svgLine("now", x(now), 0, x(now), lane + 3) + svgText("", x(now), h - 5, nowLabel, "middle"),
    note ? svgText("", (LEFT + w) / 2, top + 12, note, "middle") : "",
  ];
  for (const line of lines) {
    if (line.tool !== false) AXES.forEach((axis, i) => parts.push(svgPath(`${line.style} ${axis}`, rows(line, i, y))));
    if (line.grip) parts.push(svgPath(`${line.style} g`, rows(line, 3, opening)));
  }
  for (const mark of marks) if (mark.step > first) parts.push(svgLine("mark", x(mark.step), 0, x(mark.step), lane));
  return parts.join("");
}
// Chunks that a policy shows beside the one that is executed: lines of their own pattern, with their names.
const chunkLines = (chunks) => chunks.map((chunk, i) => ({ ...chunk, style: `chunk c${i % 4}` }));
function showChunkNames(chunks) {
  const legend = $(".legend:has(.g)"), names = chunks.map(({ name }) => name);
  if (legend.dataset.chunks === names.join("\n") || (!legend.dataset.chunks && !names.length)) return;
  legend.dataset.chunks = names.join("\n");
  legend.querySelectorAll(".chunk").forEach((item) => item.remove());
  legend.insertAdjacentHTML("beforeend", names.map((name, i) =>
    `<li class="chunk c${i % 4}"><svg viewBox="0 0 22 4" aria-hidden="true"><path d="M0 2H22"/></svg>${escapeHtml(name)}</li>`).join(""));
}

// Labels of marks that would overlap go to further rows; when there are none left they are left out.
function eventMarks(events, x, w, h) {
  const taken = Array(Math.max(1, Math.floor((h - 20) / 12))).fill(-9);
  return events.map((mark) => {
    const at = x(mark.step), width = 6.1 * mark.label.length + 8, flip = at + width > w;
    const from = flip ? at - width : at;
    const row = taken.findIndex((end) => end < from);
    if (row >= 0) taken[row] = from + width;
    const label = row < 0 ? "" : svgText("mark", flip ? at - 4 : at + 4, 10 + 12 * row, mark.label, flip ? "end" : "start");
    return svgLine("mark", at, 0, at, h) + label;
  }).join("");
}

// Values from 0 to `most` over control steps; a null breaks its line. A series is {style, points, dots, bars}.
function valueChart(w, h, { first, last, now, most, digits = 0, series, marks = [], start, end }) {
  const top = 14, bottom = h - 20, right = w - RIGHT, x = across(w, first, last);
  const y = (value) => bottom - (value / most) * (bottom - top), wide = Math.max(1.5, x(first + 1) - x(first) - 1.5);
  const parts = [
    svgLine("grid", LEFT, bottom, right, bottom), svgLine("grid", LEFT, top, right, top),
    svgText("", LEFT - 6, bottom + 3.5, "0", "end"), svgText("", LEFT - 6, top + 3.5, most.toFixed(digits), "end"), ends(w, h, start, end),
    now === null ? "" : svgLine("now", x(now), 0, x(now), bottom), eventMarks(marks, x, right, bottom),
  ];
  for (const { style, points, dots, bars } of series) {
    const known = points.filter(([, value]) => value !== null).map(([step, value]) => [x(step), y(value)]);
    if (bars) { parts.push(...known.map(([at, up]) => `<rect class="${style}" x="${px(at)}" y="${px(up)}" width="${px(wide)}" height="${px(bottom - up)}"/>`)); continue; }
    const runs = points.reduce((found, [step, value]) => {
      if (value === null) found.push([]); else found.at(-1).push([x(step), y(value)]);
      return found;
    }, [[]]);
    parts.push(`<path class="${style}" d="${runs.map(linePath).join("")}"/>`);
    if (dots) parts.push(...known.map(([at, up]) => svgDot("dot", at, up, 2.2)));
  }
  return parts.join("");
}
const mostOf = (values, least, unit = 1) => Math.max(least, Math.ceil(values.reduce((most, value) => Math.max(most, value), 0) / unit - 1e-9) * unit);

// Bands: one coloured row each, a value holds until the next one.
const bandsMarkup = `<section class="panel bands" aria-label="Over time" hidden></section>`;
const bandRow = (band, first, last) => {
  const place = (step) => 100 * Math.min(1, Math.max(0, (step - first) / Math.max(1, last - first)));
  const cells = band.points.map(([step, value], i) => {
    const next = band.points[i + 1]?.[0] ?? band.until, from = place(step);
    return `<rect x="${from.toFixed(2)}%" width="${(place(next) - from).toFixed(2)}%" height="100%" style="--value:${Math.round(100 * value)}%"/>`;
  });
  return `<h3>${escapeHtml(band.title)}</h3><span class="low">${escapeHtml(band.low)}</span><svg role="img" aria-label="${escapeHtml(band.title)} over time">${cells.join("")}</svg>
    <span class="high">${escapeHtml(band.high)}</span><b>${band.points.at(-1)[1].toFixed(2)}</b>`;
};
function paintBands(bands, first, last) {
  const box = $(".bands");
  box.hidden = !bands.length;
  setHtml(box, bands.map((band) => `<div class="band">${bandRow(band, first, last)}</div>`).join(""));
}

// A small chart of shares by severity, with intervals; series are {k, points: [{at, value, low, high}]}.
function severityChart(title, severities, series) {
  const w = 172, h = 104, left = 30, right = w - 8, top = 20, bottom = h - 16;
  const x = (severity) => left + (severity / severities.at(-1)) * (right - left), y = (rate) => bottom - rate * (bottom - top);
  const parts = [0, 0.5, 1].map((rate) => svgLine("grid", left, y(rate), right, y(rate)) + svgText("", left - 7, y(rate) + 3, Math.round(100 * rate), "end"));
  parts.push(svgText("title", left - 5, 11, title), ...severities.map((s) => svgText("", x(s), h - 4, s, "middle")));
  series.forEach(({ k, points }, i) => {
    const shift = (i - (series.length - 1) / 2) * 3, at = (point) => x(point.at) + shift;
    parts.push(...points.map((point) => svgLine(`bar k${k}`, at(point), y(point.low), at(point), y(point.high))));
    parts.push(svgPath(`line k${k}`, points.map((point) => [at(point), y(point.value)])), ...points.map((point) => svgDot(`dot k${k}`, at(point), y(point.value), 2.6)));
  });
  return `<svg viewBox="0 0 ${w} ${h}" role="img" aria-label="Success by severity: ${escapeHtml(title)}">${parts.join("")}</svg>`;
}

// Shares 0..1 around a circle; series are {k, values}.
function radarChart(labels, series, description) {
  const w = 320, h = 250, cx = w / 2, cy = h / 2 + 2, r = 78;
  const at = (i, share) => { const turn = (2 * Math.PI * i) / labels.length - Math.PI / 2; return [cx + r * share * Math.cos(turn), cy + r * share * Math.sin(turn)]; };
  const parts = [0.25, 0.5, 0.75, 1].map((share) => svgPath("grid", labels.map((_, i) => at(i, share)), "Z"));
  labels.forEach((label, i) => {
    const [x, y] = at(i, 1.13), [ex, ey] = at(i, 1);
    parts.push(svgLine("grid", cx, cy, ex, ey), svgText("", x, y + 3, label, Math.abs(x - cx) < 12 ? "middle" : x < cx ? "end" : "start"));
  });
  for (const { k, values } of series) {
    const dots = values.map((value, i) => at(i, value));
    parts.push(svgPath(`web k${k}`, dots, "Z"), ...dots.map(([x, y]) => svgDot(`dot k${k}`, x, y, 2.6)));
  }
  return `<svg viewBox="0 0 ${w} ${h}" role="img" aria-label="${escapeHtml(description)}">${parts.join("")}</svg>`;
}
