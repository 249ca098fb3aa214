// Success by severity, one small chart a disturbance, and the radar over disturbances.
const svgText = (x, y, text, anchor, name = "") => `<text class="${name}" x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escapeHtml(text)}</text>`;
const svgLine = (name, x1, y1, x2, y2) => `<line class="${name}" x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}"/>`;
const svgPath = (name, dots, close = "") => `<path class="${name}" d="${dots.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("")}${close}"/>`;

function curve(run, axis) {
  const w = 172, h = 104, left = 30, right = w - 8, top = 20, bottom = h - 16;
  const x = (severity) => left + (severity / 5) * (right - left), y = (rate) => bottom - rate * (bottom - top);
  const parts = [0, 0.5, 1].map((rate) => svgLine("grid", left, y(rate), right, y(rate)) + svgText(left - 7, y(rate) + 3, whole(rate), "end"));
  parts.push(svgText(left - 5, 11, axisLabel(axis), "start", "title"), ...[0, 1, 2, 3, 4, 5].map((s) => svgText(x(s), h - 4, s, "middle")));
  run.grid.policies.forEach((policy, i) => {
    const shift = (i - (run.grid.policies.length - 1) / 2) * 3;
    const cells = [[0, find(run, policy, "none", 0)], ...sortedSeverities(run.grid).map((s) => [s, find(run, policy, axis, s)])].filter(([, cell]) => cell?.n);
    parts.push(...cells.map(([s, cell]) => svgLine(`bar k${i}`, x(s) + shift, y(cell.low), x(s) + shift, y(cell.high))));
    if (cells.length > 1) parts.push(svgPath(`line k${i}`, cells.map(([s, cell]) => [x(s) + shift, y(cell.k / cell.n)])));
    parts.push(...cells.map(([s, cell]) => `<circle class="dot k${i}" cx="${(x(s) + shift).toFixed(1)}" cy="${y(cell.k / cell.n).toFixed(1)}" r="2.6"/>`));
  });
  return `<svg viewBox="0 0 ${w} ${h}" role="img" aria-label="Success by severity: ${escapeHtml(axisLabel(axis))}">${parts.join("")}</svg>`;
}

function radar(run, axes) {
  const w = 320, h = 250, cx = w / 2, cy = h / 2 + 2, r = 78;
  const at = (i, share) => { const turn = (2 * Math.PI * i) / axes.length - Math.PI / 2; return [cx + r * share * Math.cos(turn), cy + r * share * Math.sin(turn)]; };
  const parts = [0.25, 0.5, 0.75, 1].map((share) => svgPath("grid", axes.map((_, i) => at(i, share)), "Z"));
  axes.forEach((axis, i) => {
    const [x, y] = at(i, 1.13), [ex, ey] = at(i, 1);
    parts.push(svgLine("grid", cx, cy, ex, ey), svgText(x, y + 3, axisLabel(axis), Math.abs(x - cx) < 12 ? "middle" : x < cx ? "end" : "start"));
  });
  run.grid.policies.forEach((policy, p) => {
    const cells = axes.map((axis) => find(run, policy, axis, ALL_SEVERITIES));
    if (!cells.every((cell) => cell?.n)) return;
    const dots = cells.map((cell, i) => at(i, cell.k / cell.n));
    parts.push(svgPath(`web k${p}`, dots, "Z"), ...dots.map(([x, y]) => `<circle class="dot k${p}" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="2.6"/>`));
  });
  return `<svg viewBox="0 0 ${w} ${h}" role="img" aria-label="Success by disturbance, all severities together; rings at 25, 50, 75 and 100 percent">${parts.join("")}</svg>`;
}

function paintCharts(run) {
  const axes = run.grid.axes.filter((axis) => axis !== "none");
  setHtml($(".keys"), run.grid.policies.map((policy, i) => `<li class="k${i}">${escapeHtml(policyLabel(policy))}</li>`).join(""));
  setHtml($(".curves"), axes.map((axis) => curve(run, axis)).join("") || `<p class="soft">Choose a disturbance to see how success falls with its severity.</p>`);
  setHtml($(".radar"), axes.length > 2 ? radar(run, axes) : `<p class="soft">Three disturbances or more make a radar.</p>`);
}
