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
  setText(box.querySelector("p.soft"), "");
  setHtml(box.querySelector(".episodes"), "");
  if (!box.open) box.showModal();
  try {
    const { episodes } = await ask("episodes", { name: lab.name, ...cell });
    if (turn !== opened.turn) return;
    const failures = episodes.filter((e) => !e.success).length;
    setText(box.querySelector("p.soft"), `${failures ? "Failures first, the worst at the top" : "All of these were solved, the slowest first"}; a green frame marks success.`);
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
      <p><b>${escapeHtml(policyLabel(e.policy))}: ${escapeHtml(ended(e))}</b></p><p class="soft">seed ${e.seed}${lab.run.grid.tasks.length > 1 ? `, ${escapeHtml(labelIn(CONFIG.tasks, e.task))}` : ""} · <a href="${liveAddress(e)}" title="The same scene, disturbance and policy, played live and yours to disturb; its plans may come later than in the test">Open in Live</a></p>
      ${e.others.map((o, k) => `<p class="soft">${escapeHtml(policyLabel(o.policy))}: ${escapeHtml(ended(o))} <button type="button" class="link" data-episode="${i}" data-other="${k}">side by side</button></p>`).join("")}
    </li>`).join(""));
  for (const button of list.querySelectorAll("[data-episode]"))
    button.addEventListener("click", () => play(Number(button.dataset.episode), episodes, opened.turn, button.dataset.other));
}

const liveAddress = ({ task, policy, seed, axis, severity }) =>
  `#${new URLSearchParams({ tab: "live", task, policy, seed, ...(severity ? { with: `${axis}-${severity}` } : {}), ...(lab.name ? { run: lab.name } : {}) })}`;

async function videoOf({ policy, task, axis, severity, seed }, turn) {
  const { video } = await ask("video", { name: lab.name, policy, task, axis, severity, seed });
  const url = urlOf(video, "video/mp4");
  if (turn === opened.turn) opened.urls.push(url);
  return url;
}
const film = (url, episode, controls) => `<figure><video src="${url}" muted playsinline autoplay ${controls ? "loop controls" : ""} aria-label="${escapeHtml(`${policyLabel(episode.policy)}, seed ${episode.seed}`)}"></video>
  ${controls ? "" : `<figcaption>${escapeHtml(policyLabel(episode.policy))}: ${escapeHtml(ended(episode))}</figcaption>`}</figure>`;

// One episode alone, or beside what another policy did on the same scene, both from the same moment.
async function play(index, episodes, turn, other) {
  if (turn !== opened.turn) return; // another cell was opened meanwhile
  const shown = other === undefined ? [episodes[index]] : [episodes[index], episodes[index].others[other]];
  const screen = box.querySelectorAll(".episodes .screen")[index];
  screen.innerHTML = `<p class="absent">rendering</p>`;
  screen.closest("li").classList.toggle("both", shown.length > 1);
  try {
    const urls = [];
    for (const episode of shown) urls.push(await videoOf(episode, turn));
    if (turn !== opened.turn) return;
    screen.innerHTML = shown.map((episode, i) => film(urls[i], episode, shown.length === 1)).join("");
    if (shown.length > 1) inStep([...screen.querySelectorAll("video")]);
  } catch (error) { screen.innerHTML = `<p class="absent">${escapeHtml(error.message)}</p>`; }
}

// The longer video is the clock; a second after its end both begin again. A click stops and goes on.
function inStep(videos) {
  let clock = videos[0];
  const behind = () => videos.filter((video) => video !== clock && !video.ended && Math.abs(video.currentTime - clock.currentTime) > 0.12);
  const begin = () => { if (!clock.isConnected) return; for (const video of videos) { video.currentTime = 0; video.play().catch(() => {}); } };
  for (const video of videos) {
    video.addEventListener("loadedmetadata", () => { if (video.duration > (clock.duration || 0)) clock = video; begin(); });
    video.addEventListener("timeupdate", () => { if (video === clock) for (const late of behind()) late.currentTime = Math.min(clock.currentTime, late.duration || 0); });
    video.addEventListener("ended", () => { if (video === clock) setTimeout(begin, 1000); });
    video.addEventListener("click", () => { const stop = !clock.paused; for (const each of videos) stop ? each.pause() : each.ended || each.play(); });
  }
}

box.addEventListener("close", () => { opened.turn += 1; opened.urls.splice(0).forEach((url) => URL.revokeObjectURL(url)); setHtml(box.querySelector(".episodes"), ""); });
box.addEventListener("click", (event) => { if (event.target === box || event.target.closest("a")) box.close(); });
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
