// Success by severity, one small chart a disturbance, and the radar over disturbances.
function severityOf(run, axis) {
  const series = run.grid.policies.map((policy, k) => {
    const cells = [[0, find(run, policy, "none", 0)], ...sortedSeverities(run.grid).map((s) => [s, find(run, policy, axis, s)])];
    return { k, points: cells.filter(([, cell]) => cell?.n).map(([at, cell]) => ({ at, value: cell.k / cell.n, low: cell.low, high: cell.high })) };
  });
  return severityChart(axisLabel(axis), [0, 1, 2, 3, 4, 5], series);
}

function radarOf(run, axes) {
  const found = run.grid.policies.map((policy, k) => ({ k, cells: axes.map((axis) => find(run, policy, axis, ALL_SEVERITIES)) }));
  const series = found.filter(({ cells }) => cells.every((cell) => cell?.n)).map(({ k, cells }) => ({ k, values: cells.map((cell) => cell.k / cell.n) }));
  return radarChart(axes.map(axisLabel), series, "Success by disturbance, all severities together; rings at 25, 50, 75 and 100 percent");
}

function paintCharts(run) {
  const axes = run.grid.axes.filter((axis) => axis !== "none");
  setHtml($(".keys"), run.grid.policies.map((policy, i) => `<li class="k${i}">${escapeHtml(policyLabel(policy))}</li>`).join(""));
  setHtml($(".curves"), axes.map((axis) => severityOf(run, axis)).join("") || `<p class="soft">Choose a disturbance to see how success falls with its severity.</p>`);
  setHtml($(".radar"), axes.length > 2 ? radarOf(run, axes) : `<p class="soft">Three disturbances or more make a radar.</p>`);
}
