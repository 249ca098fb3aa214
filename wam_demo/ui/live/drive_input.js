// What a person holds: keys, gamepad, buttons on the screen, and the gripper dragged in the picture.
const DRIVE_KEYS = {
  w: "away", s: "towards", a: "leftwards", d: "rightwards", r: "up", f: "down", q: "left", e: "right-turn",
  ArrowUp: "away", ArrowDown: "towards", ArrowLeft: "leftwards", ArrowRight: "rightwards", PageUp: "up", PageDown: "down",
};
const DRIVE_TAPS = { " ": grip, Enter: hand, ...Object.fromEntries([...Array(CONFIG.speeds).keys()].map((i) => [String(i + 1), () => setSpeed(i)])) };
const keyOf = (event) => (event.key.length === 1 ? event.key.toLowerCase() : event.key);
const typing = (event) => event.target.closest?.("input:not([type=range]):not([type=checkbox]), select, textarea, [contenteditable]");

// Ahead of the page's other shortcuts, but only while one drives.
document.addEventListener("keydown", (event) => {
  if (!drive.on || !root.offsetParent || event.ctrlKey || event.metaKey || event.altKey || typing(event) || $("dialog[open]")) return;
  const key = keyOf(event), tap = plugged("taps").map((taps) => taps[key]).find(Boolean) || DRIVE_TAPS[key];
  const pressing = [" ", "Enter"].includes(key) && event.target.closest?.("button, summary, [role=tab]");
  if (pressing || (!DRIVE_KEYS[key] && !tap)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (event.repeat) return;
  if (tap) tap(); else hold(key, HOLDS[DRIVE_KEYS[key]]);
}, true);
document.addEventListener("keyup", (event) => { if (DRIVE_KEYS[keyOf(event)]) hold(keyOf(event), null); }, true);

// Buttons on the screen, for fingers and for the mouse.
for (const button of $$("[data-hold]")) {
  const name = button.dataset.hold;
  button.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    button.setPointerCapture(event.pointerId);
    button.classList.add("down");
    hold(`pad-${name}`, HOLDS[name]);
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) button.addEventListener(end, () => {
    button.classList.remove("down");
    hold(`pad-${name}`, null);
  });
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  // Enter or Space on the focused button moves a little.
  button.addEventListener("click", (event) => { if (event.detail === 0) { hold(`pad-${name}`, HOLDS[name]); setTimeout(() => hold(`pad-${name}`, null), 100); } });
}

// Any standard gamepad: left stick moves, right stick lifts and turns.
const DEAD = 0.15, PAD_EVERY_MS = 16;
const beyond = (value) => (Math.abs(value) < DEAD ? 0 : (value - Math.sign(value) * DEAD) / (1 - DEAD));
const padTaps = [grip, hand, () => plugged("padTaps")[0]?.failure(), () => plugged("padTaps")[0]?.success(), () => setSpeed(drive.speed - 1), () => setSpeed(drive.speed + 1)];
const padDown = new Set();
function pollGamepads() {
  if (!drive.on || document.hidden || !document.hasFocus()) return;
  const pad = [...navigator.getGamepads()].find((each) => each?.connected && each.axes.length >= 2);
  if (!pad) { hold("gamepad", null); return; }
  const [x = 0, y = 0, turn = 0, lift = 0] = pad.axes.map(beyond);
  const parts = [x, -y, -lift, -turn].map((part) => Math.round(50 * part) / 50);
  const before = drive.held.get("gamepad");
  if (!parts.some(Boolean)) hold("gamepad", null);
  else if (!before || parts.some((part, i) => part !== before[i])) (before ? drive.held.set("gamepad", parts) : hold("gamepad", parts));
  padTaps.forEach((work, i) => {
    const down = Boolean(pad.buttons[i]?.pressed);
    if (down && !padDown.has(i)) work();
    if (down) padDown.add(i); else padDown.delete(i);
  });
}
setInterval(pollGamepads, PAD_EVERY_MS);

// The gripper dragged on Now: along the plane at its height; the wheel, or a second finger, lifts it.
const LIFT_M = 0.4, WHEEL_M = 0.0002;
let drags = 0;
const dragging = {
  down: (at, event) => {
    if (drive.drag) { Object.assign(drive.drag, { second: event.pointerId, from: at[1], lifted: drive.drag.lift }); return; }
    if (shownCameras()[0] !== "front") return;
    const before = isHeld();
    drive.drag = { n: (drags += 1), at, lift: 0, pointer: event.pointerId };
    if (!before) touched_arm();
    sendDrive(true);
  },
  move: (at, event) => {
    if (!drive.drag) return;
    if (event.pointerId === drive.drag.second) drive.drag.lift = drive.drag.lifted + LIFT_M * (drive.drag.from - at[1]);
    else drive.drag.at = at;
  },
  up: () => { drive.drag = null; sendDrive(true); },
  cancel: () => { drive.drag = null; sendDrive(true); },
};
nowCanvas.addEventListener("wheel", (event) => {
  if (!drive.drag) return;
  event.preventDefault();
  drive.drag.lift = Math.min(1, Math.max(-1, drive.drag.lift - WHEEL_M * event.deltaY));
}, { passive: false });
