// Sends the page's camera to the server and draws what the policy sees, imagines, attends to and plans.
mount(`
<div class="wam cam" id="camera-stream" data-state="idle">
  <div class="toolbar" role="group" aria-label="Live stream">
    <label class="field"><span>Camera</span><select data-choice="camera">${options(CONFIG.cameras)}</select></label>
    <label class="field"><span>Policy</span><select data-choice="policy" data-policies>${options(CONFIG.policies)}</select></label>
    <form class="field grow"><label for="cam-instruction">Instruction</label>
      <input id="cam-instruction" type="text" maxlength="500" autocomplete="off" spellcheck="false" enterkeyhint="send" value="${escapeHtml(CONFIG.instruction)}"></form>
    <button type="button" class="primary" data-do="toggle">Start</button>
    <ul class="meters">${badge("rate", "looks at", "frames/s")}${badge("policy", "policy call", "ms")}${badge("age", "picture to plan", "ms")}</ul>
  </div>
  <p class="line" role="status" aria-live="polite">not watching</p>
  <p class="said">Open loop: nothing moves. The weights have seen neither this camera nor this robot; the wrist view is grey and
    the arm is assumed at rest, so this shows what the policy makes of pictures that are new to it.</p>
  ${stripMarkup({ second: false })}
  ${chartPanel("plan", "Plan", "cm from here over the next 1.6 s; not executed", AXIS_LEGEND, "plan")}
  ${bandsMarkup}
  <video muted playsinline></video>
</div>`);
const video = $("video"), toggle = $('[data-do="toggle"]'), field = $("#cam-instruction");
const cam = { running: false, media: null, stream: 0, sent: 0, got: 0, heard: 0, drawn: 0, status: null, track: null, tiles: strip.tiles, timer: null };
root.cam = cam; // tests and the curious read the counters here

const SEND_MS = 125, AHEAD = 12, SIDE = 256, SILENT_MS = 4000, LOOK_BACK = 300;
const choice = (name) => $(`[data-choice="${name}"]`);
const say = (text, warn = false) => notice(text, warn, $(".line"));
strip.cameraName = (name) => (name === "wrist" ? "wrist (grey)" : name);
strip.now = () => {
  if (!cam.status) return { absent: "Start the stream to see the camera as the policy sees it." };
  if (!cam.status.number) return { absent: "The camera's first picture is on its way." };
  return { facts: fact(seconds(cam.status.step), " s", "since the stream began") };
};
// Before a stream runs, every view says how it comes to be filled.
const IDLE = { imagined_at: null, shares: null, errors: {}, panels: [], absent: {
  imagined: "Comes with the first imagination.", attention: "Comes with the first plan.", error: "Comes when an imagined moment has passed." } };

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
  Object.assign(cam, { running: true, stream: cam.stream + 1, got: cam.sent, heard: performance.now(), status: null, track: null });
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

onPacket(async (packet) => {
  const mine = (packet.status || packet).stream === cam.stream;
  if (!cam.running || !mine) return;
  if ("over" in packet) return stop(packet.over || "stopped", Boolean(packet.over));
  cam.heard = performance.now();
  if (!cam.timer && cam.media) cam.timer = setInterval(takePicture, SEND_MS);
  await keepTiles(packet);
  cam.status = packet.status;
  if (packet.track) cam.track = packet.track;
  cam.got = Math.max(cam.got, packet.status.got);
  cam.drawn += 1;
  show();
});

function show() {
  const s = cam.status;
  setText(toggle, cam.running ? "Stop" : "Start");
  toggle.classList.toggle("primary", !cam.running);
  for (const name of ["camera", "policy"]) choice(name).disabled = cam.running;
  root.dataset.state = !cam.running ? "idle" : s?.notice ? "stale" : "live";
  for (const [name, value] of [["rate", decimal(s?.rate_hz, 1)], ["policy", decimal(s?.policy_ms)], ["age", decimal(s?.age_ms)]]) showBadge(name, value);
  strip.status = s ? s.strip : IDLE;
  paintStrip();
  paintCharts();
  if (cam.running && s) say(s.notice || (s.number ? "watching; nothing moves" : "waiting for the first picture"), Boolean(s.notice));
}
function paintCharts() {
  const { plan, chunks, bands } = cam.track || { plan: null, chunks: [], bands: [] };
  const lines = plan ? [{ path: plan, step: 0, style: "", grip: true }, ...chunkLines(chunks)] : [];
  plot("plan", (w, h) => actionChart(w, h, { first: 0, last: 16, now: null, least: 5, lines, start: "now", end: `+${seconds(16)} s` }));
  showChunkNames(chunks);
  const last = cam.status?.step || 0;
  paintBands(bands, Math.max(0, last - LOOK_BACK), Math.max(last, 1));
}

toggle.addEventListener("click", () => (cam.running ? stop() : start()));
function instruct() { if (cam.running) trigger("command", { kind: "instruction", text: field.value }); }
$("form").addEventListener("submit", (event) => { event.preventDefault(); instruct(); field.blur(); });
field.addEventListener("change", instruct);
// Once a second: a sign of life, without which the server gives the place to somebody else.
setInterval(() => {
  if (!cam.running) return;
  if (!root.offsetParent) stop("stopped, because the page showed something else");
  else if (performance.now() - cam.heard > SILENT_MS) stop("the server has gone silent; start again", true);
  else trigger("command", { kind: "alive" });
}, 1000);
startStrip(0);
show();
joinPolicies();
