// Errors of a run by steps ahead, in a table.
const cell = (value, scale, digits) => (value === undefined || value === null ? "–" : (value * scale).toFixed(digits));
// Errors by step ahead; the disturbed run stands beside the clean one.
function scoreTable(scores) {
  const runs = Object.entries(scores);
  if (!runs.length) return `<p class="soft">when the episode is done</p>`;
  const line = (name, unit, of, scale, digits) =>
    runs.map(([run, s]) => `<tr class="${run}"><th>${run === "clean" ? `${name} <small>${unit}</small>` : "disturbed"}</th>${CONFIG.horizons.map((k) => `<td>${cell(of(s)?.[k], scale, digits)}</td>`).join("")}</tr>`).join("");
  const last = `<tr class="soft"><th>last frame kept</th>${CONFIG.horizons.map((k) => `<td>${cell(scores.clean?.psnr_copy_last_by_step?.[k], 1, 1)}</td>`).join("")}</tr>`;
  const dimensions = Object.keys(scores.clean?.action_error_by_dimension || {}).map((name) =>
    `<tr><th>${escapeHtml(name.replace("_", " "))}</th>${CONFIG.horizons.map((k) => `<td>${cell(scores.clean.action_error_by_dimension[name]?.[k], 1, 3)}</td>`).join("")}</tr>`).join("");
  return `<table><thead><tr><th>seconds ahead</th>${CONFIG.horizons.map((k) => `<th>+${seconds(k)}</th>`).join("")}</tr></thead><tbody>
    ${line("plan", "cm", (s) => s.action_error_by_step, 100, 1)}${line("imagined", "dB", (s) => s.psnr_by_step, 1, 1)}${last}</tbody></table>
    ${dimensions ? `<details><summary>action error by dimension</summary><table><tbody>${dimensions}</tbody></table></details>` : ""}`;
}
