// Recording: episodes into a dataset, with a count-down, a verdict, and another try.
const record = { asked: false, countEnds: 0 };
const RECORD_MARKUP = `
  <section class="record" aria-label="Record"><h3 class="kicker">Record
    <button type="button" class="tool switch" data-record="switch" role="switch" aria-checked="false" title="Record episodes as a LeRobot dataset, whoever drives"><i class="knob"></i><span>Dataset</span></button></h3>
    <div class="record-setup" hidden>
      <label class="field"><span>name</span><input type="text" data-record-name value="my-episodes" maxlength="40" autocomplete="off" spellcheck="false" aria-label="Name of the dataset"></label>
      <label class="check"><input type="checkbox" data-record-auto checked> the task's judge decides</label>
      <button type="button" class="pad primary" data-record="start">Start recording</button>
    </div>
    <div class="record-run" hidden>
      <p class="recorder" role="status"><i></i><b></b><span></span></p>
      <div class="pads two">
        <button type="button" class="pad" data-record="success" title="It succeeded: keep it (Y)">Success</button>
        <button type="button" class="pad" data-record="failure" title="It failed: keep it, marked so (N)">Failure</button>
        <button type="button" class="pad" data-record="again" title="Drop it and record this scene again (X)">Once more</button>
        <button type="button" class="pad" data-record="stop" title="Stop recording">Stop</button>
      </div>
    </div>
  </section>`;
if (CONFIG.records) {
  $(".drive").insertAdjacentHTML("afterend", RECORD_MARKUP);
  into("now", ".frame", `<p class="countdown" hidden></p><p class="rec" hidden><i></i><span></span></p>`);
  const verdict = (success) => () => send("verdict", { success });
  const works = {
    switch: () => { record.asked = !record.asked; if (!record.asked && live.status?.recording) send("record", { on: false }); showRecording(); },
    start: () => send("record", { on: true, name: $("[data-record-name]").value.trim(), auto: $("[data-record-auto]").checked }),
    stop: () => { record.asked = false; send("record", { on: false }); },
    success: verdict(true), failure: verdict(false), again: () => send("again"),
  };
  for (const button of $$("[data-record]")) button.addEventListener("click", works[button.dataset.record]);
  const judging = () => Boolean(live.status?.recording?.frames);
  const taps = { y: works.success, n: works.failure, x: works.again };
  // While an episode runs its verdict goes before the page's other keys.
  document.addEventListener("keydown", (event) => {
    const tap = taps[keyOf(event)];
    if (!tap || !judging() || !root.offsetParent || typing(event) || event.ctrlKey || event.metaKey || event.altKey || event.repeat || $("dialog[open]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    tap();
  }, true);
  plug({ padTaps: () => judging() && { success: works.success, failure: works.failure }, listen: showRecording });
}
const STATES = { counting: "get ready", recording: "recording", verdict: "how did it go?" };
function showRecording() {
  const s = live.status?.recording, box = $(".countdown");
  record.asked ||= Boolean(s);
  $(".record-setup").hidden = Boolean(s) || !record.asked;
  $(".record-run").hidden = !s;
  $('[data-record="switch"]').setAttribute("aria-checked", String(record.asked));
  root.classList.toggle("recording", s?.state === "recording");
  $(".rec").hidden = !s || s.state === "counting";
  if (s?.state === "counting") record.countEnds ||= performance.now() + s.starts_ms;
  else record.countEnds = 0;
  box.hidden = !record.countEnds;
  if (!s) return;
  setText($(".rec span"), s.state === "verdict" ? STATES.verdict : `${seconds(s.frames)} s`);
  setText($(".recorder b"), `${s.name}: ${s.episodes} episode${s.episodes === 1 ? "" : "s"}`);
  setText($(".recorder span"), `${STATES[s.state]} · ${s.free_gb.toFixed(0)} GB free`);
  $('[data-record="success"]').disabled = $('[data-record="failure"]').disabled = !s.frames;
}
setInterval(() => {
  const left = record.countEnds - performance.now();
  if (record.countEnds) setText($(".countdown"), left > 0 ? String(Math.ceil(left / 1000)) : "");
}, 100);
