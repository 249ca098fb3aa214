// Toolbar, palette, pointer and keyboard: everything a person does becomes one command.
let sequence = 0;
const send = (kind, parameters = {}) => trigger("command", { kind, sequence: (sequence += 1), ...parameters });

const act = {
  toggle: () => send(live.status?.state === "running" ? "pause" : "run"),
  step: () => send("step"), reset: () => send("reset"), next: () => send("next"),
  autoplay: () => send("autoplay", { on: !live.status?.autoplay }),
  distractor: () => send("distractor"), shove: () => send("shove"), swap_target: () => send("swap_target"),
  clear: () => send("clear"), swap: swapViews, nearer: () => setHorizon(-1), further: () => setHorizon(+1),
  instruct: () => $("#wam-instruction").select(),
  theme: () => {
    const dark = document.body.classList.toggle("dark");
    try { localStorage.setItem("wam-theme", dark ? "dark" : "light"); } catch { /* private mode */ }
  },
  twin: () => send("twin", { on: !live.status?.twin }),
  log: () => ask("log"), link: () => ask("link"), paired: () => ask("paired"),
  replay: () => $('[data-file="log"]').click(),
  help: () => { const dialog = $("dialog.help"); dialog.open ? dialog.close() : dialog.showModal(); },
};
const KEYS = {};
// A key, what it does, and how the help shows it; one without words is not shown.
function shortcut(key, work, words = "", shown = key.toUpperCase()) {
  KEYS[key] = work;
  const keys = shown.split(" ").map((k) => `<kbd>${k}</kbd>`).join(" ");
  if (words) $("dialog.help dl").insertAdjacentHTML("beforeend", `<div><dt>${keys}</dt><dd>${words}</dd></div>`);
}
shortcut(" ", act.toggle, "run or pause", "Space");
shortcut("s", act.step, "one step"); shortcut("r", act.reset, "reset this seed"); shortcut("n", act.next, "next seed");
shortcut("a", act.autoplay, "autoplay on or off"); shortcut("d", act.distractor, "drop a distractor");
shortcut("f", act.shove, "shove the object"); shortcut("t", act.swap_target, "move the target");
shortcut("c", act.clear, "clear every disturbance"); shortcut("w", act.swap, "swap front and wrist");
shortcut("[", act.nearer, "imagine nearer or further", "[ ]"); shortcut("]", act.further);
shortcut("i", act.instruct, "type an instruction"); shortcut("l", act.theme, "light or dark");
shortcut("b", act.twin, "twin: with and without"); shortcut("j", act.log, "download the log");
shortcut("k", act.link, "share: clip or link"); shortcut("o", act.replay, "replay a log");
shortcut("p", act.paired, "test on n seeds"); shortcut("h", act.help, "this help"); shortcut("?", act.help);
onKeys(KEYS, (work) => !$("dialog.share").open && (!$("dialog.help").open || work === act.help));
for (const button of $$("[data-do], [data-act]")) button.addEventListener("click", () => act[button.dataset.do || button.dataset.act]());

// Fields follow the server, except the one a person is editing.
const fields = { task: $('[data-set="task"]'), policy: $('[data-set="policy"]') };
for (const [name, field] of Object.entries(fields)) field.addEventListener("change", () => { send(name, { name: field.value }); field.blur(); });
const texts = { instruction: $("#wam-instruction"), seed: $("#wam-seed") };
const typed = {
  instruction: (text) => ({ text }),
  seed: (text) => ({ seed: text.trim() === "" ? NaN : Number(text) }),
};
for (const [name, field] of Object.entries(texts)) $(`[data-form="${name}"]`).addEventListener("submit", (event) => {
  event.preventDefault();
  send(name, typed[name](field.value));
  field.blur();
});
const follow = (field, value) => { if (document.activeElement !== field && field.value !== String(value)) field.value = value; };

// Sliders: at most ten commands a second while dragging, and always the last value.
const touched = new Map();
function showSlider(input) { fill(input); setText(input.nextElementSibling, input.value); }
for (const input of $$("[data-axis]")) {
  let waiting = null;
  input.addEventListener("input", () => {
    showSlider(input);
    touched.set(input.dataset.axis, performance.now());
    waiting ??= setTimeout(() => { waiting = null; send("axis", { axis: input.dataset.axis, severity: Number(input.value) }); }, 100);
  });
}
function followSlider(input, severity) {
  if (performance.now() - (touched.get(input.dataset.axis) || -9e9) < 1500) return;
  input.value = severity;
  showSlider(input);
}

// The pointer on Now, or on the left twin: a click drops an object there, a drag shoves what lies under its start.
const inPercent = (share) => `${(100 * share).toFixed(1)}%`;
const unit = (value) => Math.min(1, Math.max(0, value));
function place(event) {
  const box = event.currentTarget.getBoundingClientRect();
  return [unit((event.clientX - box.left) / box.width), unit((event.clientY - box.top) / box.height)];
}
function listenToPointer(canvas, taker) {
  let taken = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    taken = taker();
    taken.down(place(event), event);
  });
  canvas.addEventListener("pointermove", (event) => taken?.move(place(event), event));
  canvas.addEventListener("pointerup", (event) => { taken?.up(place(event)); taken = null; });
  canvas.addEventListener("pointercancel", () => { taken?.cancel(); taken = null; });
}
function disturbing(gesture, camera) {
  let grab = null;
  const draw = (from, to) => {
    gesture.classList.toggle("on", Boolean(from));
    if (!from) return;
    const [line, ring] = gesture.children;
    [["x1", from[0]], ["y1", from[1]], ["x2", to[0]], ["y2", to[1]]].forEach(([name, share]) => line.setAttribute(name, inPercent(share)));
    [["cx", from[0]], ["cy", from[1]]].forEach(([name, share]) => ring.setAttribute(name, inPercent(share)));
  };
  return {
    down: (at, event) => { grab = { from: at, x: event.clientX, y: event.clientY, far: false }; },
    move: (at, event) => {
      grab.far ||= Math.hypot(event.clientX - grab.x, event.clientY - grab.y) > 6;
      if (grab.far) draw(grab.from, at);
    },
    up: (at) => {
      if (grab.far) send("shove", { camera: camera(), from: grab.from, to: at });
      else send("distractor", { camera: camera(), at: grab.from });
      draw(null);
    },
    cancel: () => draw(null),
  };
}
const onNow = disturbing($('[data-view="now"] .gesture'), () => shownCameras()[0]);
const onTwin = disturbing($('[data-side="with"] .gesture'), () => "front");
listenToPointer($('[data-view="now"] .main'), () => plugged("pointer")[0] || onNow);
listenToPointer($('[data-side="with"] .main'), () => onTwin);

// What the server says, in words.
function showStatus(s) {
  root.dataset.state = s.state;
  const running = s.state === "running", toggle = $('[data-role="toggle"]');
  setText(toggle.querySelector("span"), running ? "Pause" : "Run");
  toggle.querySelector("path").setAttribute("d", running ? ICONS.pause : ICONS.play);
  $('[data-do="autoplay"]').setAttribute("aria-checked", String(s.autoplay));
  follow(fields.task, s.task); follow(fields.policy, s.policy);
  follow(texts.instruction, s.instruction); follow(texts.seed, s.seed);
  setText($('[data-text="step"]'), String(s.step)); setText($('[data-text="horizon"]'), `/ ${s.horizon}`);
  for (const input of $$("[data-axis]")) followSlider(input, s.severities[input.dataset.axis] || 0);
  showBadge("policy", decimal(s.badges.policy_ms)); showBadge("imagination", decimal(s.badges.imagination_ms));
  showBadge("age", decimal(s.badges.chunk_age_s, 1), s.badges.chunk_age_s > 1);
  showBadge("success", s.badges.episodes ? `${s.badges.successes}/${s.badges.episodes}` : "–");
  showEnd($('[data-view="now"] .outcome'), s.outcome);
  notice(plugged("wording", s.notice.text)[0] || s.notice.text, s.notice.warn);
}
function showEnd(box, outcome) {
  box.hidden = !outcome;
  if (!outcome || box.dataset.of === outcome.name + outcome.detail) return;
  box.dataset.of = outcome.name + outcome.detail;
  box.className = `outcome ${outcome.name}`;
  box.innerHTML = `<i></i>${escapeHtml(outcome.title)}<small>${escapeHtml(outcome.detail)}</small>`;
}
const showEvents = (events) => setHtml($(".events"), events.length
  ? [...events].reverse().map((e) => `<li><time>${seconds(e.step)} s</time><span>${escapeHtml(e.label)}</span></li>`).join("")
  : `<li class="none">none yet in this episode</li>`);
function showPacket(packet) {
  if (packet.waiting) { root.dataset.state = "waiting"; notice(packet.waiting); }
  if (packet.status) showStatus(packet.status);
  if (packet.track) { paintCharts(); showEvents(packet.track.events); }
  const moving = live.status?.state === "running" && live.fps;
  showBadge("fps", moving ? live.fps.toFixed(0) : "–", moving && live.fps < 8);
}

try { const theme = localStorage.getItem("wam-theme"); if (theme) document.body.classList.toggle("dark", theme === "dark"); } catch { /* private mode */ }
startStrip();
listenForLogs();
connect();
setInterval(pulse, 1000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) pulse(); });
