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
    keep("wam-theme", dark ? "dark" : "light");
  },
  dismiss: () => { root.classList.remove("coached"); keep("wam-coach", "off"); },
  twin: () => send("twin", { on: !live.status?.twin }),
  log: () => ask("log"), link: () => openShare(), paired: () => ask("paired"),
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
onKeys(KEYS, (work) => !$("dialog[open]:not(.help)") && !$(".explained:popover-open") && (!$("dialog.help").open || work === act.help));
for (const button of $$("[data-do], [data-act]")) button.addEventListener("click", (event) => {
  act[button.dataset.do || button.dataset.act]?.();
  if (event.detail) button.blur(); // after a click with the pointer the space key pauses again
});
for (const button of $$("[data-speed]")) button.addEventListener("click", () => send("speed", { speed: Number(button.dataset.speed) }));

// Fields follow the server, except the one a person is editing.
const fields = { task: $('[data-set="task"]'), policy: $('[data-set="policy"]') };
for (const [name, field] of Object.entries(fields)) field.addEventListener("change", () => { send(name, { name: field.value }); field.blur(); });
const texts = { instruction: $("#wam-instruction"), seed: $("#wam-seed") };
$('[data-form="seed"]').addEventListener("submit", (event) => {
  event.preventDefault();
  send("seed", { seed: texts.seed.value.trim() === "" ? NaN : Number(texts.seed.value) });
  texts.seed.blur();
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

// What the server says, in words.
function showStatus(s) {
  root.dataset.state = s.state;
  const running = s.state === "running", toggle = $('[data-role="toggle"]');
  setText(toggle.querySelector("span"), running ? "Pause" : "Run");
  toggle.querySelector("path").setAttribute("d", running ? ICONS.pause : ICONS.play);
  $('[data-do="autoplay"]').setAttribute("aria-checked", String(s.autoplay));
  follow(fields.task, s.task); follow(fields.policy, s.policy);
  follow(texts.instruction, s.instruction); follow(texts.seed, s.seed);
  for (const button of $$("[data-speed]")) button.setAttribute("aria-pressed", String(Number(button.dataset.speed) === s.speed));
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
