// The grids: one panel a policy, severity by disturbance, and the difference of two policies on the same scenes.
mount(MARKUP);
const tell = (name, text) => setText($(`[data-text="${name}"]`), text);
const ask = (kind, more = {}) => request(server.robustness, { kind, ...more });

const ALL = "", ALL_SEVERITIES = -1;
const lab = { name: null, run: null, task: ALL, against: null };
root.lab = lab; // tests and the curious look here
const policyLabel = (name) => labelIn(CONFIG.policies, name);
const axisLabel = (name) => labelIn(CONFIG.axes, name);
const whole = (share) => Math.sign(share) * Math.round(100 * Math.abs(share)); // halves away from zero on both sides
const range = (low, high) => `${whole(low)}–${whole(high)}`;
const points = (share) => signed(whole(share));
const idOf = (cell) => [cell.policy ?? `${cell.first}|${cell.second}`, cell.task, cell.axis, cell.severity].join("\u0000");

// With one task there is no pool of tasks: its own cells are shown.
const shownTask = (grid) => (grid.tasks.length === 1 ? grid.tasks[0] : lab.task);
const sortedSeverities = (grid) => [...grid.severities].sort((a, b) => a - b);
function indexed(run) {
  run.index = new Map([...(run.cells || []), ...(run.pairs || [])].map((cell) => [idOf(cell), cell]));
  return run;
}
const find = (run, of, axis, severity) => run.index.get([of, shownTask(run.grid), axis, severity].join("\u0000"));

function cellHtml(run, policy, axis, severity, planned) {
  const cell = find(run, policy, axis, severity);
  if (!cell || !cell.n) return `<span class="cell empty">${cell?.faults ? "fault" : "·"}</span>`;
  const faults = cell.faults ? `; ${cell.faults} episodes not counted` : "";
  const description = `${policyLabel(policy)}, ${axisLabel(axis)}${severity ? ` ${severity}` : ""}: ${cell.k} of ${cell.n}, 95 % interval ${range(cell.low, cell.high)} %, ${cell.held} held to the end${faults}`;
  return `<button type="button" class="cell" style="--rate:${(cell.k / cell.n).toFixed(3)};--done:${Math.min(1, (cell.n + cell.faults) / planned).toFixed(3)}"
    data-policy="${escapeHtml(policy)}" data-axis="${axis}" data-severity="${severity}" title="${escapeHtml(description)}" aria-label="${escapeHtml(description)}"><b>${cell.k}/${cell.n}</b><small>${range(cell.low, cell.high)}</small></button>`;
}

function differenceHtml(run, pair, axis, severity) {
  const cell = find(run, pair, axis, severity);
  if (!cell) return `<span class="cell empty">·</span>`;
  const p = cell.p_holm ?? cell.p, clear = p < 0.05;
  const [first, second] = [cell.first, cell.second].map(policyLabel);
  const description = `${first} minus ${second}, ${axisLabel(axis)}${severity ? ` ${severity}` : ""}: ${points(cell.difference)} points, 95 % interval ${points(cell.low)} to ${points(cell.high)}; only ${first} ${cell.only_first}, only ${second} ${cell.only_second} of ${cell.n} scenes; p = ${cell.p}${cell.p_holm === undefined ? "" : `, corrected for all cells ${cell.p_holm}`}`;
  return `<span class="cell contrast${clear ? " clear" : ""}" role="img" tabindex="0" style="--gap-size:${Math.abs(cell.difference).toFixed(3)};--gap-hue:var(--${cell.difference < 0 ? "second" : "first"})" title="${escapeHtml(description)}" aria-label="${escapeHtml(description)}"><b>${points(cell.difference)}</b><small>p ${shortP(p)}</small></span>`;
}
const shortP = (p) => (p >= 0.995 ? "1" : p < 0.001 ? "<.001" : p.toFixed(p < 0.1 ? 3 : 2).replace(/^0/, ""));

function table(grid, cell) {
  const severities = sortedSeverities(grid), hasSeverities = grid.axes.some((axis) => axis !== "none");
  const head = hasSeverities ? `<thead><tr><th></th>${severities.map((s) => `<th scope="col">${s}</th>`).join("")}</tr></thead>` : "";
  const rows = grid.axes.map((axis) => `<tr><th scope="row" title="${escapeHtml(CONFIG.axes.find((a) => a.name === axis)?.help || "")}">${escapeHtml(axisLabel(axis))}</th>${
    axis === "none" ? `<td colspan="${hasSeverities ? severities.length : 1}">${cell(axis, 0)}</td>` : severities.map((s) => `<td>${cell(axis, s)}</td>`).join("")}</tr>`);
  return `<table class="cells">${head}<tbody>${rows.join("")}</tbody></table>`;
}

function policyPanel(run, policy, place) {
  const { grid } = run, total = find(run, policy, ALL, ALL_SEVERITIES);
  const planned = grid.episodes * (shownTask(grid) === ALL ? grid.tasks.length : 1);
  const sum = total?.n ? `<b>${whole(total.k / total.n)} %</b> <span class="soft">${total.k}/${total.n}, ${range(total.low, total.high)}</span>` : "";
  return `<section class="panel gridbox" data-policy="${escapeHtml(policy)}"><header><h3><i class="key k${place}"></i>${escapeHtml(policyLabel(policy))}</h3><span class="note">${sum}</span></header>
    ${table(grid, (axis, severity) => cellHtml(run, policy, axis, severity, planned))}</section>`;
}

// Which two are compared: the first of the grid and another one that a person may choose.
function pairPanel(run) {
  const { policies } = run.grid;
  if (policies.length < 2) return "";
  const pairs = policies.flatMap((a, i) => policies.slice(i + 1).map((b) => `${a}|${b}`));
  if (!pairs.includes(lab.against)) lab.against = pairs[0];
  const [first, second] = lab.against.split("|").map(policyLabel), total = find(run, lab.against, ALL, ALL_SEVERITIES);
  const title = pairs.length === 1 ? `${first} − ${second}` : `<select data-pick="pair" aria-label="Policies to compare">${pairs.map((pair) => `<option value="${escapeHtml(pair)}"${pair === lab.against ? " selected" : ""}>${pair.split("|").map((name) => escapeHtml(policyLabel(name))).join(" − ")}</option>`).join("")}</select>`;
  const sum = total ? `<b>${points(total.difference)}</b> <span class="soft">${points(total.low)} to ${points(total.high)}</span>` : "";
  const tests = total ? `On ${total.n} scenes of ${total.seeds} seeds p ${shortP(total.p)}${total.p_anytime === undefined ? "" : `, p ${shortP(total.p_anytime)} if you stop because of what you see`}. ` : "";
  return `<section class="panel gridbox pairs"><header><h3>${title}</h3><span class="note" title="Percentage points on the same scenes, 95 % interval, exact sign-flip test; all scenes of a seed are one observation">${sum}</span></header>
    ${table(run.grid, (axis, severity) => differenceHtml(run, lab.against, axis, severity))}
    <p class="foot soft">${tests}Cells: percentage points on the same scenes; p exact, Holm-corrected for all cells, ringed below .05.</p></section>`;
}

function paintGrids(run) {
  const focus = document.activeElement?.closest?.(".cell"), held = focus && focus.dataset.policy && { ...focus.dataset };
  setHtml($(".grids"), run.grid.policies.map((policy, i) => policyPanel(run, policy, i)).join("") + pairPanel(run));
  if (held && !document.activeElement.closest(".cell")) $(`.cell[data-policy="${held.policy}"][data-axis="${held.axis}"][data-severity="${held.severity}"]`)?.focus();
  const pick = $(".taskpick"), several = run.grid.tasks.length > 1;
  pick.hidden = !several;
  if (several) setHtml(pick.querySelector("select"), [`<option value="">all together</option>`, ...run.grid.tasks.map((t) => `<option value="${t}"${t === lab.task ? " selected" : ""}>${escapeHtml(labelIn(CONFIG.tasks, t))}</option>`)].join(""));
  root.style.setProperty("--first", `var(--k${lab.against ? run.grid.policies.indexOf(lab.against.split("|")[0]) : 0})`);
  root.style.setProperty("--second", `var(--k${lab.against ? run.grid.policies.indexOf(lab.against.split("|")[1]) : 1})`);
}
