// What to test: choices, the estimate before the start, and what the Live tab hands over.
const inputs = (group) => $$(`.setup input[name="${group}"]`);
const chosen = (group) => inputs(group).filter((input) => input.checked).map((input) => input.value);
const field = (name) => { const text = $(`.setup input[name="${name}"]`).value.trim(); return text === "" ? null : Number(text); };
const setup = () => ({
  policies: chosen("policies"), tasks: chosen("tasks"), axes: chosen("axes"), severities: chosen("severities").map(Number),
  episodes: field("episodes"), seed: field("seed"),
});

function choose(grid) {
  for (const group of ["policies", "tasks", "axes", "severities"])
    for (const input of inputs(group)) input.checked = grid[group].map(String).includes(input.value);
  for (const name of ["episodes", "seed"]) $(`.setup input[name="${name}"]`).value = grid[name];
  changed();
}

// Before anything has run the grid shows what would be filled.
function preview() {
  const grid = setup();
  paintGrids(indexed({ grid, cells: [], pairs: [] }));
  paintCharts(indexed({ grid, cells: [], pairs: [] }));
}

let asking = 0;
async function estimate() {
  const turn = (asking += 1), box = $(".estimate");
  try {
    const expected = await ask("estimate", { grid: setup() });
    if (turn !== asking) return;
    const wait = expected.wait_s > 1 ? `, after about ${clock(expected.wait_s)} in the queue` : "";
    const power = setup().policies.length < 2 ? "" : expected.detectable === null ? `${expected.scenes} scenes are too few to show a difference`
      : `${expected.scenes} scenes show differences above <b>${whole(expected.detectable)}</b> points`;
    const help = "What the paired test over all cells finds in 4 of 5 such runs, if the better policy solves eight in ten";
    setHtml(box, `<b>${expected.episodes}</b> episodes, about <b>${clock(expected.seconds)}</b>${wait}<br><span class="power" title="${help}">${power}</span>`);
    ready(true);
  } catch (error) {
    if (turn !== asking) return;
    setText(box, error.message);
    ready(false);
  }
}
function ready(yes) { $(".estimate").classList.toggle("warn", !yes); $('[data-do="start"]').disabled = !yes; }

// A reload finds the choices that were made in this browser tab.
const CHOSEN = "wam-robustness-setup";
function choicesMade() {
  let kept = null;
  try { kept = JSON.parse(sessionStorage.getItem(CHOSEN)); } catch { /* private mode */ }
  return kept && ["policies", "tasks", "axes", "severities"].every((group) => Array.isArray(kept[group])) ? kept : CONFIG.usual;
}

let soon = null;
function changed() {
  try { sessionStorage.setItem(CHOSEN, JSON.stringify(setup())); } catch { /* private mode */ }
  if (!lab.name) preview();
  if (looks.open) paintLooks();
  clearTimeout(soon);
  soon = setTimeout(estimate, 250);
}
$(".setup").addEventListener("input", changed);
for (const button of $$("[data-all]")) button.addEventListener("click", () => {
  const group = inputs(button.dataset.all), every = group.every((input) => input.checked);
  for (const input of group) input.checked = !every;
  changed();
});

// The set of scenes that a seed of the Live tab selects: the one it belongs to, or another one for every other seed.
const setOf = (seed) => (seed >= CONFIG.first_seed && seed < CONFIG.first_seed + CONFIG.sets * CONFIG.seeds_a_set
  ? Math.floor((seed - CONFIG.first_seed) / CONFIG.seeds_a_set) : (Number(seed) || 0) % CONFIG.sets);
// From the Live tab: the same disturbance on n seeds, paired with another policy.
function prefill() {
  const test = window.wamPrefill;
  if (!test) return;
  window.wamPrefill = null;
  const known = (items, name) => items.some((item) => item.name === name);
  if (!known(CONFIG.axes, test.axis)) return notice(`the Live tab sent a disturbance that cannot be tested here: ${test.axis}`, true);
  const usual = CONFIG.usual, policy = known(CONFIG.policies, test.policy) ? test.policy : usual.policies[0];
  const other = [...(test.against ? [test.against] : []), ...usual.policies, ...CONFIG.policies.map((p) => p.name)].find((name) => name !== policy);
  show(null);
  choose({
    policies: other ? [policy, other] : [policy], tasks: [known(CONFIG.tasks, test.task) ? test.task : usual.tasks[0]],
    axes: [...new Set(["none", test.axis])], severities: [[1, 2, 3, 4, 5].includes(test.severity) ? test.severity : 3],
    episodes: CONFIG.prefill_seeds, seed: setOf(test.seed),
  });
  notice(test.axis === "none" ? `${policyLabel(policy)} beside ${policyLabel(other)} on ${CONFIG.prefill_seeds} scenes. Choose what else disturbs, and press Start.`
    : `From the Live tab: ${axisLabel(test.axis)} on ${CONFIG.prefill_seeds} scenes of set ${setOf(test.seed)}, which its seed selects, each with and without it, for both policies. Press Start.`);
  $('[data-do="start"]').focus({ preventScroll: true });
}
joinPolicies((policy) => $('.setup .chips[aria-label="policies"]').insertAdjacentHTML("beforeend", chip("policies", policy.name, policy.label)));
window.addEventListener("wam-prefill", prefill);
