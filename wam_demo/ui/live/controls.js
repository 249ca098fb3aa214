// Toolbar, palette, pointer and keyboard: everything a person does becomes one command.
let sequence = 0;
const send = (kind, parameters = {}) => trigger("command", { kind, sequence: (sequence += 1), ...parameters });

const act = {
  toggle: () => send(live.status?.state === "running" ? "pause" : "run"),
  step: () => send("step"), reset: () => send("reset"), next: () => send("next"),
  autoplay: () => send("autoplay", { on: !live.status?.autoplay }),
  distractor: () => send("distractor"), shove: () => send("shove"), swap_target: () => send("swap_target"),
  clear: () => send("clear"),
  swap: () => { live.swapped = !live.swapped; paintStrip(); },
  nearer: () => setHorizon(-1), further: () => setHorizon(+1),
  instruct: () => $("#wam-instruction").select(),
  theme: () => {
    const dark = document.body.classList.toggle("dark");
    try { localStorage.setItem("wam-theme", dark ? "dark" : "light"); } catch { /* private mode */ }
  },
  twin: () => send("twin", { on: !live.status?.twin }),
  log: () => ask("log"), link: () => ask("link"), paired: () => ask("paired"),
  replay: () => $('[data-file="log"]').click(), copy: copyLink,
  help: () => { const dialog = $("dialog.help"); dialog.open ? dialog.close() : dialog.showModal(); },
};
const KEYS = {
  " ": "toggle", s: "step", r: "reset", n: "next", a: "autoplay", d: "distractor", f: "shove", t: "swap_target",
  c: "clear", w: "swap", "[": "nearer", "]": "further", i: "instruct", l: "theme", h: "help", "?": "help",
  b: "twin", j: "log", k: "link", o: "replay", p: "paired",
};
for (const button of $$("[data-do], [data-act]")) button.addEventListener("click", () => act[button.dataset.do || button.dataset.act]());
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !root.offsetParent) return;
  if (event.target.closest("input[type=text], select, textarea, [contenteditable]")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key === " " && event.target.closest("button, [role=tab]")) return; // the focused button's own key
  const name = KEYS[event.key.toLowerCase()];
  if (!name || $("dialog.share").open || ($("dialog.help").open && name !== "help")) return;
  event.preventDefault();
  act[name]();
});

// Fields follow the server, except the one a person is editing.
const fields = { task: $('[data-set="task"]'), policy: $('[data-set="policy"]') };
for (const [name, field] of Object.entries(fields)) field.addEventListener("change", () => { send(name, { name: field.value }); field.blur(); });
const texts = { instruction: $("#wam-instruction"), seed: $("#wam-seed") };
$('[data-form="instruction"]').addEventListener("submit", (event) => { event.preventDefault(); send("instruction", { text: texts.instruction.value }); texts.instruction.blur(); });
$('[data-form="seed"]').addEventListener("submit", (event) => { event.preventDefault(); send("seed", { seed: texts.seed.value.trim() === "" ? NaN : Number(texts.seed.value) }); texts.seed.blur(); });
const follow = (field, value) => { if (document.activeElement !== field && field.value !== String(value)) field.value = value; };

// Sliders: at most ten commands a second while dragging, and always the last value.
const fill = (input) => input.style.setProperty("--at", `${(100 * (input.value - input.min)) / (input.max - input.min)}%`);
const touched = new Map();
for (const input of $$("[data-axis]")) {
  let waiting = null;
  input.addEventListener("input", () => {
    fill(input);
    setText(input.nextElementSibling, input.value);
    touched.set(input.dataset.axis, performance.now());
    waiting ??= setTimeout(() => { waiting = null; send("axis", { axis: input.dataset.axis, severity: Number(input.value) }); }, 100);
  });
}
function followSlider(input, severity) {
  if (performance.now() - (touched.get(input.dataset.axis) || -9e9) < 1500) return;
  follow(input, severity);
  input.value = severity;
  fill(input);
  setText(input.nextElementSibling, String(severity));
}

const horizon = $(".horizon input");
function setHorizon(change = 0) {
  if (change) horizon.value = Number(horizon.value) + change;
  live.horizon = CONFIG.horizons[Number(horizon.value)];
  fill(horizon);
  setText($(".horizon output"), `+${seconds(live.horizon)} s`);
  paintStrip();
  paintCharts();
}
horizon.addEventListener("input", () => setHorizon());

// Pointer on Now, or on the left twin: a click drops an object there, a drag shoves what lies under its start.
const percent100 = (share) => `${(100 * share).toFixed(1)}%`;
const unit = (value) => Math.min(1, Math.max(0, value));
function place(event) {
  const box = event.currentTarget.getBoundingClientRect();
  return [unit((event.clientX - box.left) / box.width), unit((event.clientY - box.top) / box.height)];
}
function showGesture(gesture, from, to) {
  gesture.classList.toggle("on", Boolean(from));
  if (!from) return;
  const [line, ring] = gesture.children;
  [["x1", from[0]], ["y1", from[1]], ["x2", to[0]], ["y2", to[1]]].forEach(([name, share]) => line.setAttribute(name, percent100(share)));
  ring.setAttribute("cx", percent100(from[0]));
  ring.setAttribute("cy", percent100(from[1]));
}
function listenToPointer(view, cameraShown) {
  const canvas = view.querySelector(".main"), gesture = view.querySelector(".gesture");
  let grab = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    grab = { from: place(event), x: event.clientX, y: event.clientY, far: false };
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!grab) return;
    grab.far ||= Math.hypot(event.clientX - grab.x, event.clientY - grab.y) > 6;
    if (grab.far) showGesture(gesture, grab.from, place(event));
  });
  canvas.addEventListener("pointerup", (event) => {
    if (!grab) return;
    const camera = cameraShown();
    if (grab.far) send("shove", { camera, from: grab.from, to: place(event) });
    else send("distractor", { camera, at: grab.from });
    grab = null;
    showGesture(gesture, null);
  });
  canvas.addEventListener("pointercancel", () => { grab = null; showGesture(gesture, null); });
}
listenToPointer($('[data-view="now"]'), () => (live.swapped ? "wrist" : "front"));
listenToPointer($('[data-side="with"]'), () => "front");
for (const second of $$(".second")) second.addEventListener("click", act.swap);

// What the server says, in words.
const PLAY = "M4 2.5l9 5.5-9 5.5z", PAUSE = "M4 3h3v10H4zM9 3h3v10H9z";
function showBadge(name, text, warn = false) {
  const item = $(`[data-badge="${name}"]`);
  setText(item.querySelector("b"), text);
  item.classList.toggle("warn", warn);
}
const number = (value, digits = 0) => (value === null || value === undefined ? "–" : value.toFixed(digits));
function showStatus(s) {
  root.dataset.state = s.state;
  const running = s.state === "running", toggle = $('[data-role="toggle"]');
  setText(toggle.querySelector("span"), running ? "Pause" : "Run");
  toggle.querySelector("path").setAttribute("d", running ? PAUSE : PLAY);
  $('[data-do="autoplay"]').setAttribute("aria-checked", String(s.autoplay));
  follow(fields.task, s.task); follow(fields.policy, s.policy);
  follow(texts.instruction, s.instruction); follow(texts.seed, s.seed);
  setText($('[data-text="step"]'), String(s.step)); setText($('[data-text="horizon"]'), `/ ${s.horizon}`);
  for (const input of $$("[data-axis]")) followSlider(input, s.severities[input.dataset.axis] || 0);
  showBadge("policy", number(s.badges.policy_ms)); showBadge("imagination", number(s.badges.imagination_ms));
  showBadge("age", number(s.badges.chunk_age_s, 1), s.badges.chunk_age_s > 1); showBadge("success", s.badges.episodes ? `${s.badges.successes}/${s.badges.episodes}` : "–");
  showEnd($('[data-view="now"] .outcome'), s.outcome);
  showTwin(s.twin);
  const line = $(".status");
  setText(line, live.wording(s.notice.text));
  line.classList.toggle("warn", s.notice.warn);
}
function showEnd(box, outcome) {
  box.hidden = !outcome;
  if (!outcome || box.dataset.of === outcome.name + outcome.detail) return;
  box.dataset.of = outcome.name + outcome.detail;
  box.className = `outcome ${outcome.name}`;
  box.innerHTML = `<i></i>${escapeHtml(outcome.title)}<small>${escapeHtml(outcome.detail)}</small>`;
}
let listed = "";
function showEvents(events) {
  const text = JSON.stringify(events);
  if (text === listed) return;
  listed = text;
  $(".events").innerHTML = events.length
    ? [...events].reverse().map((e) => `<li><time>${seconds(e.step)} s</time><span>${escapeHtml(e.label)}</span></li>`).join("")
    : `<li class="none">none yet in this episode</li>`;
}
live.listeners.push((packet) => {
  if (packet.waiting) {
    root.dataset.state = "waiting";
    setText($(".status"), packet.waiting);
    $(".status").classList.remove("warn");
  }
  if (packet.status) { showStatus(packet.status); replayShared(); }
  if (packet.tiles) paintTwin(packet.tiles);
  if (packet.handout) takeHandout(packet.handout);
  if (packet.track) { paintCharts(); showEvents(packet.track.events); }
  const moving = live.status?.state === "running" && live.fps;
  showBadge("fps", moving ? live.fps.toFixed(0) : "–", moving && live.fps < 8);
});

try { const theme = localStorage.getItem("wam-theme"); if (theme) document.body.classList.toggle("dark", theme === "dark"); } catch { /* private mode */ }
setHorizon();
listenForLogs();
connect();
setInterval(pulse, 1000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) pulse(); });
