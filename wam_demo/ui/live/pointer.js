// The pointer on Now, or on the left twin: a click drops an object there, a drag shoves what lies under its start.
// A finger that swipes scrolls the page; one that is held still for a moment takes hold.
const HOLD_MS = 350, SLIP_PX = 8;
const inPercent = (share) => `${(100 * share).toFixed(1)}%`;
const unit = (value) => Math.min(1, Math.max(0, value));
function place(event) {
  const box = event.currentTarget.getBoundingClientRect();
  return [unit((event.clientX - box.left) / box.width), unit((event.clientY - box.top) / box.height)];
}
function listenToPointer(canvas, taker) {
  let taken = null, waiting = null;
  const take = (at, event) => {
    canvas.setPointerCapture(event.pointerId);
    taken = taker();
    taken.down(at, event);
  };
  const forget = () => { clearTimeout(waiting?.timer); waiting = null; };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    const at = place(event);
    if (event.pointerType !== "touch" || plugged("pointer").length) return take(at, event);
    waiting = { at, x: event.clientX, y: event.clientY, event, timer: setTimeout(() => { take(at, waiting.event); waiting = null; navigator.vibrate?.(15); }, HOLD_MS) };
  });
  canvas.addEventListener("pointermove", (event) => {
    if (waiting && Math.hypot(event.clientX - waiting.x, event.clientY - waiting.y) > SLIP_PX) forget();
    taken?.move(place(event), event);
  });
  canvas.addEventListener("pointerup", (event) => {
    if (waiting) { take(waiting.at, waiting.event); forget(); } // a tap
    taken?.up(place(event));
    taken = null;
  });
  canvas.addEventListener("pointercancel", () => { forget(); taken?.cancel(); taken = null; });
  canvas.addEventListener("touchmove", (event) => { if (taken) event.preventDefault(); }, { passive: false });
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
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
    down: (at, event) => { grab = { from: at, x: event.clientX, y: event.clientY, far: false }; if (event.pointerType === "touch") draw(at, at); },
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

// A swipe that crosses a slider scrolls: what the slider had is put back.
for (const input of $$("input[type=range]")) {
  let before = null;
  input.addEventListener("pointerdown", (event) => { before = event.pointerType === "touch" ? input.value : null; });
  input.addEventListener("pointercancel", () => {
    if (before === null || before === input.value) return;
    input.value = before;
    input.dispatchEvent(new Event("input"));
  });
}
