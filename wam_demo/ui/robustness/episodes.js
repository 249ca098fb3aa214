// A cell's episodes, worst failures first; a video is rendered when it is asked for, the first few at once.
const AT_ONCE = 3;
const box = $(".cellbox"), opened = { urls: [], turn: 0 };
const metres = (miss) => (miss === null || miss === undefined ? "" : `, ${(100 * miss).toFixed(0)} cm off`);
const OUTCOMES = { timeout: (e) => `not solved${metres(e.goal_distance_m)}`, success: (e) => `solved in ${e.seconds.toFixed(1)} s${e.held ? "" : ", not held"}`,
  sim_fault: () => "the simulation diverged: not counted", policy_busy: () => "the policy server was busy: not counted", unscored: (e) => `not scored: ${e.fault}`, policy_fault: (e) => `the policy failed: ${e.fault || ""}` };
const ended = (episode) => OUTCOMES[episode.outcome](episode);

async function openCell({ policy, axis, severity }) {
  const cell = { policy, task: shownTask(lab.run.grid), axis, severity: Number(severity) };
  const turn = (opened.turn += 1);
  setText(box.querySelector("h2"), cell.severity ? `${axisLabel(axis)}, severity ${cell.severity}` : axisLabel(axis));
  setHtml(box.querySelector(".sides"), lab.run.grid.policies.map((name) => {
    const known = find(lab.run, name, axis, cell.severity);
    return `<button type="button" data-side="${escapeHtml(name)}" aria-pressed="${name === policy}"${known?.n ? "" : " disabled"}>${escapeHtml(policyLabel(name))} <b>${known?.n ? `${known.k}/${known.n}` : "–"}</b></button>`;
  }).join(""));
  for (const button of box.querySelectorAll("[data-side]")) button.addEventListener("click", () => openCell({ policy: button.dataset.side, axis, severity }));
  setText(box.querySelector("p.soft"), "Worst failures first; a green frame marks success.");
  setHtml(box.querySelector(".episodes"), "");
  if (!box.open) box.showModal();
  try {
    const { episodes } = await ask("episodes", { name: lab.name, ...cell });
    if (turn !== opened.turn) return;
    showEpisodes(episodes);
    for (const [i] of episodes.slice(0, AT_ONCE).entries()) await play(i, episodes, turn);
  } catch (error) { setText(box.querySelector("p.soft"), error.message); }
}

function showEpisodes(episodes) {
  opened.urls.splice(0).forEach((url) => URL.revokeObjectURL(url));
  const list = box.querySelector(".episodes");
  setHtml(list, episodes.map((e, i) => `
    <li class="${e.success ? "good" : ["sim_fault", "policy_busy", "unscored"].includes(e.outcome) ? "void" : "bad"}">
      <div class="screen"><button type="button" data-episode="${i}">${icon(ICONS.play)}<span>Play</span></button></div>
      <p><b>${escapeHtml(ended(e))}</b></p><p class="soft">seed ${e.seed}${lab.run.grid.tasks.length > 1 ? `, ${escapeHtml(labelIn(CONFIG.tasks, e.task))}` : ""}</p>
      ${e.others.map((o, k) => `<p class="soft">${escapeHtml(policyLabel(o.policy))}: ${escapeHtml(ended(o))} <button type="button" class="link" data-episode="${i}" data-other="${k}">watch</button></p>`).join("")}
    </li>`).join(""));
  for (const button of list.querySelectorAll("[data-episode]"))
    button.addEventListener("click", () => play(Number(button.dataset.episode), episodes, opened.turn, button.dataset.other));
}

async function play(index, episodes, turn, other) {
  if (turn !== opened.turn) return; // another cell was opened meanwhile
  const episode = other === undefined ? episodes[index] : episodes[index].others[other];
  const screen = box.querySelectorAll(".episodes .screen")[index];
  screen.innerHTML = `<p class="absent">rendering</p>`;
  try {
    const { policy, task, axis, severity, seed } = episode;
    const { video } = await ask("video", { name: lab.name, policy, task, axis, severity, seed });
    if (turn !== opened.turn) return;
    const url = urlOf(video, "video/mp4");
    opened.urls.push(url);
    const who = `${policyLabel(policy)}, seed ${seed}`;
    screen.innerHTML = `<video src="${url}" muted playsinline autoplay loop controls aria-label="${escapeHtml(who)}"></video>${other === undefined ? "" : `<em>${escapeHtml(policyLabel(policy))}</em>`}`;
  } catch (error) { screen.innerHTML = `<p class="absent">${escapeHtml(error.message)}</p>`; }
}

box.addEventListener("close", () => { opened.turn += 1; opened.urls.splice(0).forEach((url) => URL.revokeObjectURL(url)); setHtml(box.querySelector(".episodes"), ""); });
box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
$(".grids").addEventListener("click", (event) => {
  const cell = event.target.closest("button.cell");
  if (cell && lab.name) openCell(cell.dataset);
  const gap = event.target.closest(".contrast");
  if (gap) notice(gap.title); // a finger has no pointer to rest on it
});
// Arrow keys walk through the cells, as in a table.
$(".grids").addEventListener("keydown", (event) => {
  const cell = event.target.closest(".cell"), step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (!cell || !step) return;
  event.preventDefault();
  const row = cell.closest("tr"), rows = [...row.parentElement.children], column = [...row.querySelectorAll(".cell")].indexOf(cell);
  const cells = rows[rows.indexOf(row) + step[0]]?.querySelectorAll(".cell");
  cells?.[Math.min(cells.length - 1, column + step[1])]?.focus();
});
