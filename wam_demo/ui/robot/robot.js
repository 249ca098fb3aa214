// Looks at an opened episode: scrub, disturb, compare, download.
const seen = { step: 0, steps: 0, total: 0, shown: null, curves: null, stage: "empty", ahead: CONFIG.horizons.at(-1), playing: null, wanted: null, asking: false };
root.seen = seen; // tests and the curious read it here
const PLAY = "▶", PAUSE = "❚❚";

function showMode(mode) {
  root.dataset.state = mode;
  $(".setup").hidden = mode !== "setup";
  $(".player").hidden = mode === "setup";
  if (mode === "setup") pause();
}

function started(state) {
  Object.assign(seen, { step: 0, shown: null, curves: null, steps: 0 });
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
  seen.step = Math.max(0, Math.min(step, Math.max(0, seen.steps - 1)));
  scrub.value = seen.step;
  fill(scrub);
  setText($(".scrub output"), secondsOf(seen.step));
  seen.wanted = { step: seen.step, ahead: seen.ahead, retouch: retouch() };
  if (seen.asking || !seen.steps) return;
  seen.asking = true;
  while (seen.wanted) {
    const wish = seen.wanted;
    seen.wanted = null;
    try { await paint(await ask("look", wish)); } catch (error) { say(error.message, true); }
  }
  seen.asking = false;
}

async function paint(shown) {
  const bytes = Uint8Array.from(atob(shown.image), (c) => c.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
  for (const panel of $$(".view")) {
    for (const [camera, name] of [["front", "main"], ["wrist", "second"]]) paintTile(panel.querySelector(`.${name}`), bitmap, shown.tiles[`${panel.dataset.view}.${camera}`]);
    describe(panel, shown);
  }
  bitmap.close();
  seen.shown = shown;
  setText($(".change"), changeWords(shown.change));
  paintCharts();
}

function paintTile(canvas, bitmap, place) {
  canvas.style.visibility = place ? "" : "hidden";
  if (!place) return;
  const [x, y, w, h] = place;
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  canvas.getContext("2d").drawImage(bitmap, x, y, w, h, 0, 0, w, h);
}

const fact = (value, unit, text) => `<p class="value">${value}<small>${unit}</small></p><p>${text}</p>`;
const share = (name, value) => `<li><span>${name}</span><i style="--share:${value.toFixed(3)}"></i><b>${Math.round(100 * value)}<small>%</small></b></li>`;
const NOTHING = "this policy neither imagines nor attends";
const describing = {
  now: (s) => ({ facts: fact(s.seconds.toFixed(1), " s", disturbed() ? "as recorded, disturbed" : "as recorded") }),
  imagined: (s) => s.tiles["imagined.front"] ? { facts: fact(`+${(seen.ahead / CONFIG.control_hz).toFixed(1)}`, " s", `imagined at ${secondsOf(s.step)}`) } : { absent: NOTHING },
  attention: (s) => s.shares ? { facts: `<ul class="shares">${Object.entries(s.shares).map(([n, v]) => share(escapeHtml(n), v)).join("")}</ul>` } : { absent: NOTHING },
  surprise: (s) => s.surprise !== null && s.surprise !== undefined ? { facts: fact(s.surprise.toFixed(3), "", `mean error at ${secondsOf(s.step + seen.ahead)}`) }
    : { absent: s.tiles["imagined.front"] ? "the recording ends before that moment" : NOTHING },
};
function describe(panel, shown) {
  const { facts = "", absent = "" } = describing[panel.dataset.view](shown);
  panel.querySelector(".facts").innerHTML = facts;
  const why = panel.querySelector(".absent");
  setText(why, absent);
  why.hidden = !absent;
}
function changeWords(change) {
  if (!change) return disturbed() ? "…" : "Move a slider: what the policy would have done then.";
  const looked = change.attention === null ? "" : `, ${Math.round(100 * change.attention)} % of the attention moved`;
  return `The plan's end moved by ${(100 * change.plan_m).toFixed(1)} cm, the gripper by ${Math.round(100 * change.gripper)} %${looked}.`;
}

function paintCharts() {
  if (!seen.curves) return;
  plot("path", (w, h) => pathChart(seen.shown, seen.curves, w, h));
  plot("error", (w, h) => errorChart(seen.shown, seen.curves, w, h));
}
new ResizeObserver(paintCharts).observe($(".work"));
for (const box of $$(".plot")) box.addEventListener("pointerdown", (event) => {
  if (!seen.curves) return;
  const place = box.getBoundingClientRect(), width = place.width - LEFT - RIGHT;
  lookAt(Math.round(((event.clientX - place.left - LEFT) / width) * (seen.curves.steps - 1)));
});

const STAGES = { waiting: (s) => (s.ahead > 1 ? `${s.ahead - 1} before you` : "begins now"), opening: (s) => `taking out ${s.steps} of ${s.total} steps`,
  running: (s) => `policy at ${s.done} of ${s.steps} steps`, ready: () => "done", failed: () => "stopped" };
async function progressed(state) {
  const before = seen.stage, grew = state.steps > seen.steps;
  seen.stage = state.stage;
  seen.steps = state.steps;
  scrub.max = Math.max(0, state.steps - 1);
  fill(scrub);
  setText($('[data-text="progress"]'), STAGES[state.stage]?.(state) || "");
  $('[data-do="run"]').disabled = !disturbed() || !["ready"].includes(state.stage);
  const done = state.stage === "ready";
  if (before !== state.stage && state.stage === "failed") say(state.fault, true);
  if (before !== state.stage && done) say("Done. Scrub, disturb, or download.");
  if (state.steps && (state.stage === "running" || before !== state.stage)) seen.curves = await ask("curves", { retouch: retouch() });
  if (seen.curves) $(".scores").innerHTML = scoreTable(seen.curves.scores);
  allowDownloads();
  // What lies ahead of a step is known once all of the episode is there.
  if ((grew && !seen.shown) || (before === "opening" && state.stage !== "opening")) lookAt(seen.step);
  paintCharts();
}
function allowDownloads() {
  const run = disturbed() ? "disturbed" : "clean";
  for (const button of $$("[data-download]")) button.disabled = !seen.curves?.scores[run];
}

// Twice a second while work is going on, else now and then, so that the server keeps the recording.
let heard = 0, polling = false;
async function poll() {
  const busy = ["waiting", "opening", "running"].includes(seen.stage);
  if (polling || (!busy && (performance.now() - heard < 20_000 || seen.stage === "empty")) || (busy && !root.offsetParent && performance.now() - heard < 5000)) return;
  polling = true;
  heard = performance.now();
  try { await progressed(await ask("state")); } catch (error) { say(error.message, true); }
  polling = false;
}
setInterval(poll, 500);

const fill = (input) => input.style.setProperty("--at", `${(100 * (input.value - input.min)) / Math.max(1, input.max - input.min)}%`);
const scrub = $('[data-role="scrub"]');
scrub.addEventListener("input", () => { pause(); lookAt(Number(scrub.value)); });
function pause() { clearInterval(seen.playing); seen.playing = null; setText($('[data-do="play"]'), PLAY); }
function play() {
  if (seen.playing) return pause();
  if (seen.step >= seen.steps - 1) seen.step = 0;
  setText($('[data-do="play"]'), PAUSE);
  seen.playing = setInterval(() => { if (seen.asking) return; if (seen.step >= seen.steps - 1) pause(); else lookAt(seen.step + 1); }, 100);
}
$('[data-do="play"]').addEventListener("click", play);
$('[data-do="setup"]').addEventListener("click", () => { showMode("setup"); say("Check what stands for what, then open an episode."); });

function setSlider(input, value) { input.value = value; fill(input); setText(input.nextElementSibling, String(value)); }
let settling = null;
for (const input of $$("[data-retouch]")) input.addEventListener("input", () => {
  setSlider(input, input.value);
  setText($(".change"), "…");
  clearTimeout(settling);
  settling = setTimeout(async () => {
    await lookAt(seen.step);
    heard = 0;
    if (seen.steps) { seen.curves = await ask("curves", { retouch: retouch() }); $(".scores").innerHTML = scoreTable(seen.curves.scores); }
    $('[data-do="run"]').disabled = !disturbed() || seen.stage !== "ready";
    allowDownloads();
    paintCharts();
  }, 150);
});
$('[data-do="run"]').addEventListener("click", async () => {
  try { progressed(await ask("run", { retouch: retouch() })); } catch (error) { say(error.message, true); }
});

for (const button of $$("[data-download]")) button.addEventListener("click", async () => {
  button.disabled = true;
  say("Writing the download …");
  try {
    const made = await ask("download", { what: button.dataset.download, retouch: retouch() });
    const address = `${window.gradio_config?.root || ""}/gradio_api/file=${made.path.split("/").map(encodeURIComponent).join("/")}`;
    const link = Object.assign(document.createElement("a"), { href: address, download: made.file });
    document.body.append(link);
    link.click();
    link.remove();
    if (button.dataset.download === "video") { const film = $("video"); film.src = address; film.hidden = false; }
    say(`${made.file} is on its way.`);
  } catch (error) { say(error.message, true); }
  button.disabled = false;
});

const ahead = $(".horizon input");
function setAhead() {
  seen.ahead = CONFIG.horizons[Number(ahead.value)];
  fill(ahead);
  setText($(".horizon output"), `+${(seen.ahead / CONFIG.control_hz).toFixed(1)} s`);
}
ahead.addEventListener("input", () => { setAhead(); lookAt(seen.step); });
setAhead();
document.addEventListener("keydown", (event) => {
  if (!root.offsetParent || root.dataset.state === "setup" || event.target.closest("input, select, textarea, button, summary, video")) return;
  const move = { ArrowLeft: -1, ArrowRight: +1, PageUp: -10, PageDown: +10 }[event.key];
  if (move) { event.preventDefault(); pause(); lookAt(seen.step + move); }
  if (event.key === " ") { event.preventDefault(); play(); }
});
showMode("setup");
say("Bring a recording of your robot, or try the example.");
