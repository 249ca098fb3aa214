// Recorded path and plan, and the error of the plans, as SVG over the whole episode; a click goes there.
const AXES = ["x", "y", "z"];
const line = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
const path = (name, points) => (points.length > 1 ? `<path class="${name}" d="${line(points)}"/>` : "");
const label = (name, x, y, text, anchor = "start") => `<text class="${name}" x="${x}" y="${y}" text-anchor="${anchor}">${escapeHtml(text)}</text>`;
const rule = (name, x1, y1, x2, y2) => `<line class="${name}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
const LEFT = 44, RIGHT = 14;

function plot(name, draw) {
  const box = $(`[data-plot="${name}"]`), [w, h] = [box.clientWidth, box.clientHeight];
  if (w && h) box.innerHTML = `<svg viewBox="0 0 ${w} ${h}" preserveAspectRatio="none">${draw(w, h)}</svg>`;
}
const across = (w, steps) => (step) => LEFT + (step / Math.max(1, steps - 1)) * (w - LEFT - RIGHT);
const secondsOf = (step) => `${(step / CONFIG.control_hz).toFixed(1)} s`;

function pathChart(shown, curves, w, h) {
  const lane = h - 22, bottom = lane - 22, top = 8, x = across(w, curves.steps);
  const plan = shown?.plan || [], values = [...curves.path, ...plan].flatMap((r) => r.slice(0, 3)).map(Math.abs);
  const reach = Math.max(10, Math.ceil((Math.max(0, ...values) * 100) / 5) * 5);
  const y = (metres) => (top + bottom) / 2 - ((metres * 100) / reach) * ((bottom - top) / 2), g = (opening) => lane - opening * 12;
  const rows = (points, from, column, scale) => points.map((r, i) => [x(from + i), scale(r[column])]).filter(([at]) => at <= w - RIGHT + 1);
  const parts = [-reach, 0, reach].map((cm) => rule("grid", LEFT, y(cm / 100), w - RIGHT, y(cm / 100)) + label("", LEFT - 6, y(cm / 100) + 3.5, cm > 0 ? `+${cm}` : cm, "end"));
  parts.push(label("g", LEFT - 6, lane - 2, "grip", "end"), label("", LEFT, h - 5, "0 s"), label("", w - RIGHT, h - 5, secondsOf(curves.steps - 1), "end"));
  if (curves.known.tool) AXES.forEach((axis, i) => parts.push(path(axis, rows(curves.path, 0, i, y))));
  else parts.push(label("", (LEFT + w) / 2, top + 12, "the recording does not say where the tool was", "middle"));
  if (curves.known.gripper) parts.push(path("g", rows(curves.path, 0, 3, g)));
  if (shown) {
    parts.push(rule("now", x(shown.step), 0, x(shown.step), lane + 3));
    AXES.forEach((axis, i) => parts.push(path(`plan ${axis}`, rows(plan, shown.step, i, y))));
    parts.push(path("plan g", rows(plan, shown.step, 3, g)));
  }
  return parts.join("");
}

function errorChart(shown, curves, w, h) {
  const top = 14, bottom = h - 20, x = across(w, curves.steps);
  const all = Object.values(curves.errors).flat().filter((v) => v !== null);
  if (!curves.known.tool) return label("", w / 2, h / 2, "needs the recorded tool position", "middle");
  const most = Math.max(1, Math.ceil(100 * Math.max(0, ...all)));
  const y = (metres) => bottom - ((100 * metres) / most) * (bottom - top);
  const runs = (values) => {
    const found = [[]];
    values.forEach((v, i) => (v === null ? found.push([]) : found.at(-1).push([x(i), y(v)])));
    return found.map((points) => line(points)).join("");
  };
  return [
    rule("grid", LEFT, bottom, w - RIGHT, bottom), rule("grid", LEFT, top, w - RIGHT, top),
    label("", LEFT - 6, bottom + 3.5, "0", "end"), label("", LEFT - 6, top + 3.5, most, "end"),
    label("", LEFT, h - 5, "0 s"), label("", w - RIGHT, h - 5, secondsOf(curves.steps - 1), "end"),
    shown ? rule("now", x(shown.step), 0, x(shown.step), bottom) : "",
    ...Object.entries(curves.errors).map(([name, values]) => `<path class="error ${name}" d="${runs(values)}"/>`),
  ].join("");
}

const STEPS_SHOWN = [4, 8, 12, 16];
const cell = (value, scale, digits) => (value === undefined || value === null ? "–" : (value * scale).toFixed(digits));
// Errors by step ahead; the disturbed run stands beside the clean one.
function scoreTable(scores) {
  const runs = Object.entries(scores);
  if (!runs.length) return `<p class="soft">when the episode is done</p>`;
  const line = (name, unit, of, scale, digits) =>
    runs.map(([run, s]) => `<tr class="${run}"><th>${run === "clean" ? `${name} <small>${unit}</small>` : "disturbed"}</th>${STEPS_SHOWN.map((k) => `<td>${cell(of(s)?.[k], scale, digits)}</td>`).join("")}</tr>`).join("");
  const last = `<tr class="soft"><th>last frame kept</th>${STEPS_SHOWN.map((k) => `<td>${cell(scores.clean?.psnr_copy_last_by_step?.[k], 1, 1)}</td>`).join("")}</tr>`;
  const dimensions = Object.keys(scores.clean?.action_error_by_dimension || {}).map((name) =>
    `<tr><th>${escapeHtml(name.replace("_", " "))}</th>${STEPS_SHOWN.map((k) => `<td>${cell(scores.clean.action_error_by_dimension[name]?.[k], 1, 3)}</td>`).join("")}</tr>`).join("");
  return `<table><thead><tr><th>seconds ahead</th>${STEPS_SHOWN.map((k) => `<th>+${(k / CONFIG.control_hz).toFixed(1)}</th>`).join("")}</tr></thead><tbody>
    ${line("plan", "cm", (s) => s.action_error_by_step, 100, 1)}${line("imagined", "dB", (s) => s.psnr_by_step, 1, 1)}${last}</tbody></table>
    ${dimensions ? `<details><summary>action error by dimension</summary><table><tbody>${dimensions}</tbody></table></details>` : ""}`;
}
