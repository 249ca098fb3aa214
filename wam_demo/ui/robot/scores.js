// Errors of a run by steps ahead, in a table.
const cell = (value, scale, digits) => (value === undefined || value === null ? "–" : (value * scale).toFixed(digits));
// Errors by step ahead; the disturbed run stands beside the clean one.
function scoreTable(scores) {
  const runs = Object.entries(scores);
  if (!runs.length) return `<p class="soft">when the episode is done</p>`;
  const line = (name, unit, of, scale, digits) =>
    runs.map(([run, s]) => `<tr class="${run}"><th>${run === "clean" ? `${name} <small>${unit}</small>` : "disturbed"}</th>${CONFIG.horizons.map((k) => `<td>${cell(of(s)?.[k], scale, digits)}</td>`).join("")}</tr>`).join("");
  const last = line("last frame kept", "dB", (s) => s.psnr_copy_last_by_step, 1, 1); // of a disturbed run: equally disturbed
  const dimensions = Object.keys(scores.clean?.action_error_by_dimension || {}).map((name) =>
    `<tr><th>${escapeHtml(name.replace("_", " "))}</th>${CONFIG.horizons.map((k) => `<td>${cell(scores.clean.action_error_by_dimension[name]?.[k], 1, 3)}</td>`).join("")}</tr>`).join("");
  return `<table><thead><tr><th>seconds ahead</th>${CONFIG.horizons.map((k) => `<th>+${seconds(k)}</th>`).join("")}</tr></thead><tbody>
    ${line("plan", "cm", (s) => s.action_error_by_step, 100, 1)}${line("imagined", "dB", (s) => s.psnr_by_step, 1, 1)}${last}</tbody></table>
    ${runs.map(([run, s]) => domainWords(s.domain, run === "clean" ? "" : ", disturbed")).join("")}
    ${dimensions ? `<details><summary>action error by dimension</summary><table><tbody>${dimensions}</tbody></table></details>` : ""}`;
}
// Whether imagination says more than that all stays as it is: then the recording looks like what the model was trained on.
const VERDICTS = { inside: "Inside the training domain", outside: "Outside the training domain", unclear: "Not clear whether inside the training domain" };
function domainWords(domain, of) {
  if (!domain) return "";
  if (domain.verdict === "still") return `<p class="domain unclear"><b>Training domain${of}:</b> nothing moves enough to tell.</p>`;
  const gain = `at +${seconds(domain.steps_ahead)} s imagination ${domain.gain_db > 0 ? "beats" : "is behind"} the last frame by ${Math.abs(domain.gain_db).toFixed(1)} dB`;
  const advice = domain.verdict === "inside" ? "" : " Read plans and attention with care.";
  return `<p class="domain ${domain.verdict}"><b>${VERDICTS[domain.verdict]}${of}:</b> ${gain} (better in ${domain.better} of ${domain.moments} moments).${advice}</p>`;
}
