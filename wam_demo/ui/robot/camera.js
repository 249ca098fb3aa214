// Sends the page's camera to the server and draws what the policy sees, imagines, attends to and plans.
const escapeHtml = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const options = (items) => items.map((item) => `<option value="${escapeHtml(item.name)}">${escapeHtml(item.label)}</option>`).join("");
const panel = (id, title, why, aside = "") => `
  <section class="panel view" data-view="${id}" aria-label="${title}">
    <header><h3>${title}</h3>${aside}</header>
    <div class="frame"><canvas class="main" width="256" height="256" role="img" aria-label="${title}"></canvas><p class="absent">${why}</p></div>
    <div class="facts"></div>
  </section>`;
const meter = (name, label, unit) => `<span class="badge" data-meter="${name}"><span>${label}</span> <b>–</b> <span>${unit}</span></span>`;

element.innerHTML = `<style>${CONFIG.style}</style>
<div class="wam cam" id="camera-stream" data-state="idle">
  <div class="toolbar" role="group" aria-label="Live stream">
    <label class="field"><span>Camera</span><select data-choice="camera">${options(CONFIG.cameras)}</select></label>
    <label class="field"><span>Policy</span><select data-choice="policy">${options(CONFIG.policies)}</select></label>
    <form class="field grow"><label for="cam-instruction">Instruction</label>
      <input id="cam-instruction" type="text" maxlength="500" autocomplete="off" spellcheck="false" enterkeyhint="send" value="${escapeHtml(CONFIG.instruction)}"></form>
    <button type="button" class="primary" data-do="toggle">Start</button>
    <div class="meters">${meter("rate", "looks at", "frames/s")}${meter("policy", "policy call", "ms")}${meter("age", "picture to plan", "ms")}</div>
  </div>
  <p class="line" role="status" aria-live="polite">not watching</p>
  <p class="said">Open loop: nothing moves. The weights have seen neither this camera nor this robot; the wrist view is grey and
    the arm is assumed at rest, so this shows what the policy makes of pictures that are new to it.</p>
  <div class="strip">
    ${panel("now", "Now", "Start the stream to see the camera as the policy sees it.")}
    ${panel("imagined", "Imagined", "Comes with the first imagination.", `<label class="horizon"><span class="hidden">How far ahead</span>
      <input type="range" min="0" max="${CONFIG.horizons.length - 1}" value="0"><output></output></label>`)}
    ${panel("attention", "Attention", "Comes with the first plan.")}
    ${panel("surprise", "Imagined − actual", "Comes when an imagined moment has passed.")}
  </div>
  <section class="panel plan" aria-label="Plan">
    <header><h3>Plan</h3><ul class="legend"><li class="x">x</li><li class="y">y</li><li class="z">z</li><li class="g">gripper</li></ul>
      <span class="note">cm from here over the next 1.6 s; not executed</span></header>
    <svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label="Planned motion of the tool"></svg>
  </section>
  <video muted playsinline></video>
</div>`;
const root = element.querySelector(".cam");
const $ = (selector) => root.querySelector(selector);
const video = $("video"), toggle = $('[data-do="toggle"]'), field = $("#cam-instruction"), ahead = $(".horizon input");
const cam = { running: false, media: null, stream: 0, sent: 0, got: 0, heard: 0, drawn: 0, status: null, tiles: new Map(), timer: null };
root.cam = cam; // tests and the curious read the counters here

const SEND_MS = 125, AHEAD = 12, SIDE = 256, SILENT_MS = 4000;
const choice = (name) => $(`[data-choice="${name}"]`);
const say = (text, warn = false) => {
  const line = $(".line");
  if (line.textContent !== text) line.textContent = text;
  line.classList.toggle("warn", warn);
};

// The camera of this device. Its pictures are cut to the square that the policy sees before they leave.
const shutter = document.createElement("canvas");
shutter.width = shutter.height = SIDE;
async function openCamera() {
  if (!navigator.mediaDevices) throw new Error("this page may not use the camera: it needs https or localhost");
  cam.media = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 }, audio: false });
  video.srcObject = cam.media;
  await video.play();
}
function takePicture() {
  const live = cam.media?.getVideoTracks()[0]?.readyState === "live";
  if (!live || video.readyState < 2 || cam.sent - cam.got >= AHEAD) return; // the server notices the pause
  const side = Math.min(video.videoWidth, video.videoHeight);
  shutter.getContext("2d").drawImage(video, (video.videoWidth - side) / 2, (video.videoHeight - side) / 2, side, side, 0, 0, SIDE, SIDE);
  trigger("picture", { n: (cam.sent += 1), jpeg: shutter.toDataURL("image/jpeg", 0.85).split(",")[1] });
}

async function start() {
  const own = choice("camera").value === "browser";
  // Pictures and streams count on, so that what is still under way from the last stream is told apart.
  Object.assign(cam, { running: true, stream: cam.stream + 1, got: cam.sent, heard: performance.now(), status: null });
  cam.tiles.clear();
  show();
  say(own ? "asking for the camera" : "opening the camera");
  try {
    if (own) await openCamera();
  } catch (error) {
    return stop(error.name === "NotAllowedError" ? "the browser has not allowed the camera" : `the camera cannot be used: ${error.message}`, true);
  }
  if (!cam.running) return closeCamera();
  say("loading the policy");
  cam.heard = performance.now() + 60000; // weights may load first
  trigger("connect", { camera: choice("camera").value, policy: choice("policy").value, instruction: field.value, stream: cam.stream });
}
function closeCamera() {
  for (const track of cam.media?.getTracks() || []) track.stop();
  cam.media = video.srcObject = null;
}
function stop(text = "stopped", warn = false) {
  if (!cam.running) return;
  cam.running = false;
  clearInterval(cam.timer);
  cam.timer = null;
  closeCamera();
  trigger("command", { kind: "stop", stream: cam.stream });
  show();
  say(text, warn);
}

// Packets: one JPEG atlas of what changed, and JSON.
async function draw(packet) {
  const mine = (packet.status || packet).stream === cam.stream;
  if (!cam.running || !mine) return;
  if ("over" in packet) return stop(packet.over || "stopped", Boolean(packet.over));
  cam.heard = performance.now();
  if (!cam.timer && cam.media) cam.timer = setInterval(takePicture, SEND_MS);
  if (packet.image) {
    const bytes = Uint8Array.from(atob(packet.image), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
    for (const [name, [x, y, w, h]] of Object.entries(packet.tiles)) {
      const tile = cam.tiles.get(name) || document.createElement("canvas");
      Object.assign(tile, { width: w, height: h });
      tile.getContext("2d").drawImage(bitmap, x, y, w, h, 0, 0, w, h);
      cam.tiles.set(name, tile);
    }
    bitmap.close();
  }
  cam.status = packet.status;
  cam.got = Math.max(cam.got, packet.status.got);
  cam.drawn += 1;
  show();
}
let drawing = Promise.resolve();
watch("value", () => {
  if (!props.value) return;
  const packet = JSON.parse(props.value);
  drawing = drawing.then(() => draw(packet)).catch((error) => console.error("camera", error));
});

const number = (value, digits = 0) => (value === null || value === undefined ? "–" : value.toFixed(digits));
const fact = (value, unit, text) => `<p class="value">${value}<small>${unit}</small></p><p>${text}</p>`;
function paint(view, name, facts) {
  const box = $(`[data-view="${view}"]`), canvas = box.querySelector("canvas"), tile = cam.tiles.get(name);
  canvas.style.visibility = tile ? "" : "hidden";
  box.querySelector(".absent").hidden = Boolean(tile);
  box.querySelector(".facts").innerHTML = tile ? facts : "";
  if (!tile) return;
  if (canvas.width !== tile.width) canvas.width = canvas.height = tile.width;
  canvas.getContext("2d").drawImage(tile, 0, 0);
}
function show() {
  const s = cam.status, horizon = CONFIG.horizons[ahead.value], lead = (horizon / CONFIG.control_hz).toFixed(1);
  toggle.textContent = cam.running ? "Stop" : "Start";
  toggle.classList.toggle("primary", !cam.running);
  for (const name of ["camera", "policy"]) choice(name).disabled = cam.running;
  root.dataset.state = !cam.running ? "idle" : s?.notice ? "stale" : "live";
  $(".horizon output").textContent = `+${lead} s`;
  ahead.style.setProperty("--at", `${(100 * ahead.value) / ahead.max}%`);
  for (const [name, value] of [["rate", number(s?.rate_hz, 1)], ["policy", number(s?.policy_ms)], ["age", number(s?.age_ms)]]) $(`[data-meter="${name}"] b`).textContent = value;
  const error = s?.errors[horizon];
  paint("now", "now", s ? fact(number(s.time_s, 1), " s", "since the stream began") : "");
  paint("imagined", `imagined.${horizon}`, s?.imagined_at_s != null ? fact(`+${lead}`, " s", `imagined at ${number(s.imagined_at_s, 1)} s`) : "");
  paint("attention", "attention", s?.mass ? `<ul class="shares">${Object.entries(s.mass).map(([name, value]) => `<li><span>${name === "wrist" ? "wrist (grey)" : escapeHtml(name)}</span><i style="--share:${value}"></i><b>${Math.round(100 * value)}<small>%</small></b></li>`).join("")}</ul>` : "");
  paint("surprise", `surprise.${horizon}`, error != null ? fact(error.toFixed(3), "", "mean error of the newest moment that has come") : "");
  drawPlan(s);
  if (!cam.running) return;
  if (s) say(s.notice || (s.number ? "watching; nothing moves" : "waiting for the first picture"), Boolean(s.notice));
}
function drawPlan(s) {
  const svg = $(".plan svg");
  if (!s?.path_cm) return svg.replaceChildren();
  const reach = Math.max(5, ...s.path_cm.flat().map(Math.abs));
  const curve = (values, kind) => `<path class="${kind}" d="M0 ${kind === "g" ? 95 - 90 * values[0] : 50} ${values.map((v, k) => `L${(100 * (k + 1)) / values.length} ${(kind === "g" ? 95 - 90 * v : 50 - (45 * v) / reach).toFixed(2)}`).join(" ")}"/>`;
  svg.innerHTML = `<path class="zero" d="M0 50H100"/>` + ["x", "y", "z"].map((axis, i) => curve(s.path_cm.map((p) => p[i]), axis)).join("") + curve(s.gripper, "g");
}

toggle.addEventListener("click", () => (cam.running ? stop() : start()));
ahead.addEventListener("input", show);
$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (cam.running) trigger("command", { kind: "instruction", text: field.value });
  field.blur();
});
field.addEventListener("change", () => { if (cam.running) trigger("command", { kind: "instruction", text: field.value }); });
// Once a second: a sign of life, without which the server gives the place to somebody else.
setInterval(() => {
  if (!cam.running) return;
  if (!root.offsetParent) stop("stopped, because the page showed something else");
  else if (performance.now() - cam.heard > SILENT_MS) stop("the server has gone silent; start again", true);
  else trigger("command", { kind: "alive" });
}, 1000);
show();
