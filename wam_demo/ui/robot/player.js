// Looks at an opened episode: scrub, disturb, compare, download.
const player = { step: 0, steps: 0, total: 0, shown: null, curves: null, stage: "empty", hint: "Done. Scrub, disturb, or download.", playing: null, wanted: null, asking: false };
root.player = player; // tests and the curious read it here
strip.now = () => ({ facts: fact(player.shown.seconds.toFixed(1), " s", disturbed() ? "as recorded, disturbed" : "as recorded") });

function showMode(mode) {
  root.dataset.state = mode;
  $(".setup").hidden = mode !== "setup";
  $(".player").hidden = mode === "setup";
  if (mode === "setup") pause();
}

function started(state) {
  Object.assign(player, { step: 0, shown: null, curves: null, steps: 0 });
  strip.status = null;
  for (const input of $$("[data-retouch]")) setSlider(input, 0);
  for (const canvas of $$(".view canvas")) canvas.style.visibility = "hidden";
  $("video").hidden = true;
  showMode("player");
  progressed(state);
  setText($('[data-do="play"]'), PLAY);
}

const retouch = () => Object.fromEntries($$("[data-retouch]").map((input) => [input.dataset.retouch, Number(input.value)]));
const disturbed = () => Object.values(retouch()).some(Boolean);

// The newest wish wins: while one step is on its way, only the last one asked for is remembered.
async function lookAt(step) {
  player.step = Math.max(0, Math.min(step, Math.max(0, player.steps - 1)));
  scrub.value = player.step;
  fill(scrub);
  setText($(".scrub output"), `${seconds(player.step)} s`);
  player.wanted = { step: player.step, ahead: strip.horizon, retouch: retouch() };
  if (player.asking || !player.steps) return;
  player.asking = true;
  while (player.wanted) {
    const wish = player.wanted;
    player.wanted = null;
    try { await show(await ask("look", wish)); } catch (error) { notice(error.message, true); }
  }
  player.asking = false;
}

async function show(shown) {
  await keepTiles(shown, () => true);
  player.shown = shown;
  strip.status = shown.strip;
  paintStrip();
  paintLabels();
  setText($(".change"), changeWords(shown.change));
  paintCharts();
}
function changeWords(change) {
  if (!change) return disturbed() ? "…" : "Move a slider: what the policy would have done then.";
  const looked = change.attention === null ? "" : `, ${Math.round(100 * change.attention)} % of the attention moved`;
  return `The plan's end moved by ${(100 * change.plan_m).toFixed(1)} cm, the gripper by ${Math.round(100 * change.gripper)} %${looked}.`;
}

function paintCharts() {
  const { curves, shown } = player;
  if (!curves) return;
  const { path, known, steps } = curves, now = shown ? shown.step : null, chunks = shown?.chunks || [];
  const axes = { first: 0, last: steps - 1, now, start: "0 s", end: `${seconds(steps - 1)} s` };
  const recorded = { path, step: 0, style: "", tool: known.tool, grip: known.gripper };
  const planned = shown ? [{ path: shown.plan, step: shown.step, style: "plan", grip: true }] : [];
  plot("path", (w, h) => actionChart(w, h, {
    ...axes, lines: [recorded, ...planned, ...labelLines(curves.labels), ...chunkLines(chunks)], note: known.tool ? "" : "the recording does not say where the tool was",
  }));
  const series = Object.entries(curves.errors).map(([name, values]) => (
    { style: `error ${name}`, points: values.map((value, step) => [step, value === null ? null : 100 * value]) }));
  const all = series.flatMap(({ points }) => points.map(([, value]) => value));
  plot("error", (w, h) => (known.tool ? valueChart(w, h, { ...axes, most: mostOf(all, 1), series })
    : svgText("", w / 2, h / 2, "needs the recorded tool position", "middle")));
  showChunkNames(chunks);
  paintBands(curves.bands, 0, Math.max(1, steps - 1));
}
for (const box of $$(".plot")) box.addEventListener("pointerdown", (event) => {
  if (!player.curves) return;
  const place = box.getBoundingClientRect(), width = place.width - LEFT - RIGHT;
  lookAt(Math.round(((event.clientX - place.left - LEFT) / width) * (player.curves.steps - 1)));
});

const STAGES = { waiting: (s) => (s.ahead > 1 ? `${s.ahead - 1} before you` : "begins now"), opening: (s) => `taking out ${s.steps} of ${s.total} steps`,
  running: (s) => `policy at ${s.done} of ${s.steps} steps`, labelling: (s) => `label ${s.done + 1}`, ready: () => "done", failed: () => "stopped" };
async function progressed(state) {
  const before = player.stage, grew = state.steps > player.steps;
  player.stage = state.stage;
  player.steps = state.steps;
  scrub.max = Math.max(0, state.steps - 1);
  fill(scrub);
  setText($('[data-text="progress"]'), STAGES[state.stage]?.(state) || "");
  if (before !== state.stage && state.stage === "failed") { if (!state.steps) showMode("setup"); notice(state.fault, true); }
  if (before !== state.stage && state.stage === "ready") notice(player.hint);
  if (state.steps && (state.stage === "running" || before !== state.stage)) await askCurves();
  allowWork();
  // What lies ahead of a step is known once all of the episode is there.
  if ((grew && !player.shown) || (["opening", "labelling"].includes(before) && before !== state.stage)) lookAt(player.step);
  paintCharts();
}
async function askCurves() {
  const labelled = player.curves?.labels?.labels;
  player.curves = await ask("curves", { retouch: retouch() });
  setHtml($(".scores"), scoreTable(player.curves.scores));
  sayLabels(player.curves.labels);
  if (player.shown && player.curves.labels && player.curves.labels.labels !== labelled) lookAt(player.step); // labelled before anybody asked
}
function allowWork() {
  const run = disturbed() ? "disturbed" : "clean";
  $('[data-do="run"]').disabled = !disturbed() || player.stage !== "ready";
  for (const button of $$("[data-download]")) button.disabled = !player.curves?.scores[run];
  allowLabels();
}

// Twice a second while work is going on, else now and then, so that the server keeps the recording.
let heard = 0, polling = false;
async function poll() {
  const busy = ["waiting", "opening", "running", "labelling"].includes(player.stage);
  if (polling || (!busy && (performance.now() - heard < 20_000 || player.stage === "empty")) || (busy && !root.offsetParent && performance.now() - heard < 5000)) return;
  polling = true;
  heard = performance.now();
  try { await progressed(await ask("state")); } catch (error) { notice(error.message, true); }
  polling = false;
}
setInterval(poll, 500);

const PLAY = "▶", PAUSE = "❚❚";
const scrub = $('[data-role="scrub"]');
scrub.addEventListener("input", () => { pause(); lookAt(Number(scrub.value)); });
function pause() { clearInterval(player.playing); player.playing = null; setText($('[data-do="play"]'), PLAY); }
function play() {
  if (player.playing) return pause();
  if (player.step >= player.steps - 1) player.step = 0;
  setText($('[data-do="play"]'), PAUSE);
  player.playing = setInterval(() => { if (player.asking) return; if (player.step >= player.steps - 1) pause(); else lookAt(player.step + 1); }, 100);
}
$('[data-do="play"]').addEventListener("click", play);

function setSlider(input, value) { input.value = value; fill(input); setText(input.nextElementSibling, String(value)); }
let settling = null;
for (const input of $$("[data-retouch]")) input.addEventListener("input", () => {
  setSlider(input, input.value);
  setText($(".change"), "…");
  clearTimeout(settling);
  settling = setTimeout(async () => {
    await lookAt(player.step);
    heard = 0;
    if (player.steps) await askCurves();
    allowWork();
    paintCharts();
  }, 150);
});
$('[data-do="run"]').addEventListener("click", async () => {
  try { progressed(await ask("run", { retouch: retouch() })); } catch (error) { notice(error.message, true); }
});

async function fetchFile(button, what) {
  button.disabled = true;
  notice("Writing the download …");
  try {
    const made = await ask("download", { what, retouch: retouch() });
    const address = `${window.gradio_config?.root || ""}/gradio_api/file=${made.path.split("/").map(encodeURIComponent).join("/")}`;
    saveFile(made.file, address);
    if (what === "video") { const film = $("video"); film.src = address; film.hidden = false; }
    notice(`${made.file} is on its way.`);
  } catch (error) { notice(error.message, true); }
  button.disabled = false;
}
for (const button of $$("[data-download]")) button.addEventListener("click", () => fetchFile(button, button.dataset.download));
$('[data-do="labels"]')?.addEventListener("click", (event) => fetchFile(event.currentTarget, "labels"));
$('[data-do="label"]')?.addEventListener("click", async () => {
  try { progressed(await ask("label", { policy: $("[data-labeller]").value })); } catch (error) { notice(error.message, true); }
});

const jump = (steps) => () => { pause(); lookAt(player.step + steps); };
onKeys({ ArrowLeft: jump(-1), ArrowRight: jump(1), PageUp: jump(-10), PageDown: jump(10), " ": play, w: swapViews },
  (work, event) => root.dataset.state !== "setup" && !event.target.closest("input"));
startStrip();
strip.horizonChanged = () => lookAt(player.step);
showMode("setup");
