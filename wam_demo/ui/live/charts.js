// The action fan and the imagination error, as SVG, so that marks are text and colours follow the theme.
const PAST_STEPS = 48, FUTURE_STEPS = 16, AXES = ["x", "y", "z"];
const linePath = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
const svgPath = (name, points) => (points.length > 1 ? `<path class="${name}" d="${linePath(points)}"/>` : "");
const svgText = (name, x, y, text, anchor = "start") => `<text class="${name}" x="${x}" y="${y}" text-anchor="${anchor}">${escapeHtml(text)}</text>`;
const svgLine = (name, x1, y1, x2, y2) => `<line class="${name}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;

function show(name, draw) {
  const box = $(`[data-plot="${name}"]`);
  const [w, h] = [box.clientWidth, box.clientHeight];
  if (w && h) box.innerHTML = `<svg viewBox="0 0 ${w} ${h}" preserveAspectRatio="none">${draw(w, h)}</svg>`;
}

// Symmetric range in steps of 5 cm, so that the axis rests while the arm moves.
function reachOf(track) {
  const values = [track.past, ...track.plans.map((plan) => plan.path)].flat().flatMap((row) => row.slice(0, 3));
  return Math.max(10, Math.ceil((Math.max(...values.map(Math.abs), 0) * 100) / 5) * 5);
}

function actionFan(track, w, h) {
  const left = 44, right = w - 14, top = 8, lane = h - 22, bottom = lane - 22;
  const reach = reachOf(track), now = track.step;
  const x = (step) => left + ((step - now + PAST_STEPS) / (PAST_STEPS + FUTURE_STEPS)) * (right - left);
  const y = (metres) => (top + bottom) / 2 - ((metres * 100) / reach) * ((bottom - top) / 2);
  const g = (opening) => lane - opening * 12;
  const rows = (path, from, column, scale) => path.map((row, i) => [x(from + i), scale(row[column])]).filter(([at]) => at >= left - 1);
  const parts = [
    `<rect class="ahead" x="${x(now)}" y="0" width="${right - x(now)}" height="${lane + 3}"/>`,
    ...[-reach, 0, reach].map((cm) => svgLine("grid", left, y(cm / 100), right, y(cm / 100)) + svgText("", left - 6, y(cm / 100) + 3.5, cm > 0 ? `+${cm}` : cm, "end")),
    svgText("g", left - 6, lane - 2, "grip", "end"),
    svgLine("now", x(now), 0, x(now), lane + 3), svgText("", x(now), h - 5, "now", "middle"),
    svgText("", right, h - 5, `+${seconds(FUTURE_STEPS)} s`, "end"), svgText("", left, h - 5, `−${seconds(PAST_STEPS)} s`),
  ];
  const from = now - track.past.length + 1;
  for (const plan of [...track.plans, ...[live.masked, live.wondered].filter(Boolean)]) {
    const style = plan.style || (plan.current ? "plan" : "old");
    AXES.forEach((axis, i) => parts.push(svgPath(`${style} ${axis}`, rows(plan.path, plan.step, i, y))));
    if (plan.current) parts.push(svgPath("plan g", rows(plan.path, plan.step, 3, g)));
  }
  AXES.forEach((axis, i) => parts.push(svgPath(axis, rows(track.past, from, i, y))));
  parts.push(svgPath("g", rows(track.past, from, 3, g)));
  for (const mark of track.events) if (mark.step > now - PAST_STEPS) parts.push(svgLine("mark", x(mark.step), 0, x(mark.step), lane));
  return parts.join("");
}

// Labels of marks that would overlap go to further rows; when there are none left they are left out.
function eventMarks(events, x, w, h) {
  const ends = Array(Math.max(1, Math.floor((h - 20) / 12))).fill(-9);
  return events.map((mark) => {
    const at = x(mark.step), width = 6.1 * mark.label.length + 8, flip = at + width > w;
    const start = flip ? at - width : at;
    const row = ends.findIndex((end) => end < start);
    if (row >= 0) ends[row] = start + width;
    const label = row < 0 ? "" : svgText("mark", flip ? at - 4 : at + 4, 10 + 12 * row, mark.label, flip ? "end" : "start");
    return svgLine("mark", at, 0, at, h) + label;
  }).join("");
}

function errorChart(track, w, h) {
  const left = 44, right = w - 14, top = 14, bottom = h - 20;
  const points = track.errors[live.horizon] || [];
  const span = Math.max(80, Math.ceil((track.step + 1) / 40) * 40);
  const top_error = Math.max(0.05, Math.ceil(Math.max(...points.map(([, error]) => error), 0) * 20) / 20);
  const x = (step) => left + (step / span) * (right - left);
  const y = (error) => bottom - (error / top_error) * (bottom - top);
  const line = points.map(([step, error]) => [x(step), y(error)]);
  return [
    svgLine("grid", left, bottom, right, bottom), svgLine("grid", left, y(top_error), right, y(top_error)),
    svgText("", left - 6, bottom + 3.5, "0", "end"), svgText("", left - 6, y(top_error) + 3.5, top_error.toFixed(2), "end"),
    svgText("", left, h - 5, "0 s"), svgText("", right, h - 5, `${seconds(span)} s`, "end"),
    svgLine("now", x(track.step), 0, x(track.step), bottom),
    eventMarks(track.events, x, right, bottom),
    svgPath("error", line), ...line.map(([cx, cy]) => `<circle class="dot" cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="2.2"/>`),
  ].join("");
}

function paintCharts() {
  if (!live.track) return;
  if (root.classList.contains("twinned")) { paintTwinCharts(); return; }
  show("action", (w, h) => actionFan(live.track, w, h));
  show("error", (w, h) => errorChart(live.track, w, h));
}
new ResizeObserver(paintCharts).observe($(".work"));
