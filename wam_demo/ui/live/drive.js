// Driving: the arm follows what a person holds. This file knows who drives and talks to the server;
// drive_input.js turns keys, pads and pointers into what is held.
const drive = {
  on: false, number: 0, speed: 2, gripper: null, drag: null, held: new Map(), pressed: null, latencies: [], sent: 0, moving: false,
};
root.drive = drive;
const DRIVE_EVERY_MS = 40, UNANSWERED = 15, LATENCIES = 21;
const driving = () => (drive.on ? live.status?.drive : null);

const padButton = (name, label, title, extra = "") =>
  `<button type="button" class="pad key" data-hold="${name}" aria-label="${title}" title="${title}" ${extra}>${label}</button>`;
const arrow = (turn) => `<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" style="transform:rotate(${turn}deg)"><path d="M8 2l5 6H9.6v6H6.4V8H3z"/></svg>`;
const DRIVE_MARKUP = `
  <section class="drive" aria-label="Drive"><h3 class="kicker">Drive
    <button type="button" class="tool switch" data-drive="switch" role="switch" aria-checked="false" title="Take the arm yourself: keyboard, gamepad, these buttons, or drag on Now (G)"><i class="knob"></i><span>Controls</span></button></h3>
    <div class="drive-body" hidden>
      <p class="driver" role="status"><b></b><span></span></p>
      <div class="cross">
        ${padButton("left", "↺", "Turn left (Q)", 'data-turn')}${padButton("away", arrow(0), "Away (W)")}${padButton("right-turn", "↻", "Turn right (E)", 'data-turn')}${padButton("up", arrow(0), "Up (R)", 'data-height')}
        ${padButton("leftwards", arrow(-90), "Left (A)")}${padButton("towards", arrow(180), "Towards you (S)")}${padButton("rightwards", arrow(90), "Right (D)")}${padButton("down", arrow(180), "Down (F)", 'data-height')}
      </div>
      <div class="pads two">
        <button type="button" class="pad" data-drive="gripper" title="Close or open the gripper (Space)">Close gripper</button>
        <button type="button" class="pad" data-drive="hand" title="Give the arm back, or take it (Enter)">Take the arm</button>
      </div>
      <label class="slider"><span>speed</span><input type="range" min="0" max="${CONFIG.speeds - 1}" step="1" value="2" data-drive-speed aria-label="Speed"><output>3</output></label>
      <details class="drive-more"><summary>More</summary>
        <label class="slider" title="How much of the motion is yours while you hold a control; the rest is the policy's"><span>your share</span><input type="range" min="0" max="100" step="10" value="100" data-drive-share aria-label="Your share"><output>100</output></label>
        <label class="field"><span>directions</span><select data-drive-frame aria-label="Directions">${option("camera", "as you see it")}${option("base", "the robot's own")}</select></label>
        <dl class="numbers"><div><dt>key to picture</dt><dd data-drive-text="latency">–</dd></div><div><dt>commands</dt><dd data-drive-text="rate">–</dd></div><div><dt>command age</dt><dd data-drive-text="age">–</dd></div></dl>
      </details>
      <p class="drive-help">W A S D move, R F up and down, Q E turn, Space grips, 1 to ${CONFIG.speeds} speed. Or drag on Now; the wheel lifts.</p>
    </div>
  </section>`;
$(".side section").insertAdjacentHTML("beforebegin", DRIVE_MARKUP);
into("now", ".frame", `<svg class="ghost" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true"><polyline/></svg><p class="resists" role="status" hidden></p>`);

// What is held, from every input, as one motion.
const HOLDS = {
  leftwards: [-1, 0, 0, 0], rightwards: [1, 0, 0, 0], away: [0, 1, 0, 0], towards: [0, -1, 0, 0],
  up: [0, 0, 1, 0], down: [0, 0, -1, 0], left: [0, 0, 0, 1], "right-turn": [0, 0, 0, -1],
};
function motion() {
  const sum = [0, 0, 0, 0];
  for (const parts of drive.held.values()) parts.forEach((part, i) => { sum[i] += part; });
  return sum.map((part) => Math.min(1, Math.max(-1, part)));
}
const isHeld = () => drive.held.size > 0 || Boolean(drive.drag);

function sendDrive(force = false) {
  const held = isHeld();
  if (!force && !held && !drive.moving) return;
  // A server that lags behind gets no queue of old commands to work off.
  if (!force && held && drive.number - (driving()?.received || 0) > UNANSWERED && performance.now() - drive.sent < 500) return;
  drive.moving = held;
  drive.sent = performance.now();
  drive.number += 1;
  const [right, away, up, turn] = motion();
  trigger("drive", {
    n: drive.number, held, move: [right, away, up], turn, speed: drive.speed, frame: $("[data-drive-frame]").value,
    gripper: drive.gripper, drag: drive.drag && { n: drive.drag.n, at: drive.drag.at, lift: drive.drag.lift },
  });
}
function hold(name, parts) {
  if (!drive.on) return;
  const before = isHeld();
  if (parts) drive.held.set(name, parts); else if (!drive.held.delete(name)) return;
  if (parts && !before) touched_arm();
  sendDrive(true);
}
// A first touch: the arm is the person's with the next control step. The time to the first picture of it is measured.
function touched_arm() {
  if (live.status?.state === "paused") send("run");
  drive.pressed = { at: performance.now(), number: drive.number + 1 };
}
function release() {
  drive.drag = null;
  if (!isHeld() && !drive.moving) return;
  drive.held.clear();
  sendDrive(true);
}
setInterval(() => sendDrive(), DRIVE_EVERY_MS);
// Whoever looks away moves nothing.
addEventListener("blur", release);
document.addEventListener("visibilitychange", () => { if (document.hidden) release(); });

function grip() {
  const opening = drive.gripper ?? (driving()?.gripper ?? 1);
  drive.gripper = opening > 0.5 ? 0 : 1;
  if (!driving()?.mine) { send("take"); touched_arm(); }
  sendDrive(true);
}
function hand() {
  release();
  drive.gripper = null;
  send(driving()?.mine ? "give_back" : "take");
}
function setSpeed(step) {
  drive.speed = Math.min(CONFIG.speeds - 1, Math.max(0, step));
  const input = $("[data-drive-speed]");
  input.value = drive.speed;
  fill(input);
  setText(input.nextElementSibling, String(drive.speed + 1));
}
act.drive = () => {
  if (drive.on) { if (driving()?.mine) hand(); release(); }
  drive.on = !drive.on;
  drive.gripper = null;
  root.classList.toggle("driving", drive.on);
  $(".drive-body").hidden = !drive.on;
  $('[data-drive="switch"]').setAttribute("aria-checked", String(drive.on));
  if (drive.on && probe.on) act.probe();
  showDrive();
  paintStrip();
};
shortcut("g", act.drive, "drive the arm yourself");
$('[data-drive="switch"]').addEventListener("click", act.drive);
$('[data-drive="gripper"]').addEventListener("click", grip);
$('[data-drive="hand"]').addEventListener("click", hand);
$("[data-drive-speed]").addEventListener("input", (event) => setSpeed(Number(event.target.value)));
$("[data-drive-share]").addEventListener("input", ({ target }) => {
  fill(target);
  setText(target.nextElementSibling, target.value);
  send("share", { weight: Number(target.value) / 100 });
});
setSpeed(drive.speed);
fill($("[data-drive-share]"));

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
function measure(tiles) {
  const pressed = drive.pressed, s = driving();
  if (!pressed || !s || !tiles["now.front"] || s.acted < pressed.number || !s.mine) return;
  drive.latencies = [...drive.latencies, performance.now() - pressed.at].slice(-LATENCIES);
  drive.pressed = null;
}
// The ghost: where the policy would lead the gripper while a person has it.
function showGhost() {
  const way = (driving()?.mine && !strip.swapped && !lookback.on && live.track?.ghost) || [];
  $(".ghost").classList.toggle("on", way.length > 1);
  $(".ghost polyline").setAttribute("points", way.map((point) => point.join()).join(" "));
}
function showDrive() {
  showGhost();
  const s = driving(), policy = labelIn(CONFIG.policies, live.status?.policy);
  root.classList.toggle("mine", Boolean(s?.mine));
  const resists = $(".resists");
  resists.hidden = !s?.resistance;
  setText(resists, s?.resistance || "");
  if (!drive.on) return;
  const shared = s?.mine && s.share < 1;
  setText($(".driver b"), !s ? "Nobody can drive here" : s.mine ? (shared ? "You share the arm" : "You have the arm") : `${policy} has the arm`);
  setText($(".driver span"), !s ? "" : s.mine ? `dotted, here and in the chart: what ${policy} would do` : "touch a control to take it");
  setText($('[data-drive="hand"]'), s?.mine ? "Give it back" : "Take the arm");
  setText($('[data-drive="gripper"]'), (drive.gripper ?? s?.gripper ?? 1) > 0.5 ? "Close gripper" : "Open gripper");
  setText($('[data-drive-text="latency"]'), drive.latencies.length ? `${Math.round(median(drive.latencies))} ms` : "–");
  setText($('[data-drive-text="rate"]'), s ? `${s.rate} /s` : "–");
  setText($('[data-drive-text="age"]'), s?.held && s.age_ms !== null ? `${s.age_ms} ms` : "–");
}
plug({
  pointer: () => drive.on && dragging,
  note: () => driving()?.mine && "cm from start · solid done, dotted what the policy would do",
  wording: (text) => drive.on && driving()?.mine && live.status.state === "running" && !live.status.notice.warn
    && `You ${live.status.dream ? "drive in what the model imagines" : "have the arm"}. Enter gives it back; let go and it stands.`,
  panels: { now: () => drive.on && { facts: fact(seconds(live.status.step), " s", "Drag: the gripper follows. The wheel or a second finger lifts it.") } },
  listen({ tiles = {} }) { measure(tiles); showDrive(); },
});
