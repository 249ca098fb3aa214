// The Arm tab: asks the server for the arm's state a few times a second, draws it, and sends what the person does.
mount(`
<div class="wam arm" id="arm-page" tabindex="-1">
  <div class="toolbar" role="group" aria-label="Arm">
    <button type="button" class="stop" data-do="stop">STOP</button>
    <button type="button" data-do="release_stop" hidden>Release STOP</button>
    <button type="button" data-do="hold">Hold</button>
    <button type="button" data-do="home">Go home</button>
    <button type="button" data-do="slacken">Release torque</button>
    <button type="button" data-do="connect" hidden>Connect again</button>
    <span class="arm-state"></span>
  </div>
  <p class="line" role="status" aria-live="polite"></p>
  <p class="said">Space or Esc stops every commander; closing this page stops its trials. It is not a safety-rated stop: keep the power switch at hand.</p>
  <div class="arm-columns">
    <section><h3>Front camera</h3><img alt="Front camera of the arm"></section>
    <section><h3>Before it moves</h3><ul class="arm-list"></ul>
      <button type="button" data-do="preflight">Check again</button></section>
    <section><h3>Trials</h3>
      <div class="arm-setup">
        <label class="field"><span>Speed</span><select data-choice="mode">${options(CONFIG.modes)}</select></label>
        <label class="field"><span>Policy</span><select data-choice="policy" data-policies>${options(CONFIG.policies)}</select></label>
        <label class="field"><span>Against</span><select data-choice="second" data-policies><option value="">nobody</option>${options(CONFIG.policies)}</select></label>
        <label class="field"><span>Task</span><select data-choice="task">${options(CONFIG.tasks)}</select></label>
        <label class="field"><span>Trials of each</span><input type="number" data-choice="episodes" min="1" max="${CONFIG.max}" value="10"></label>
        <label class="field grow"><span>Instruction</span><input type="text" data-choice="instruction" maxlength="500" placeholder="a simulated arm knows its own"></label>
      </div>
      <button type="button" class="primary" data-do="begin">Start</button>
      <div class="arm-verdict" hidden><input type="text" aria-label="Note" placeholder="note" maxlength="200">
        <button type="button" data-do="success">Success (S)</button><button type="button" data-do="failure">Failure (F)</button></div>
      <p class="arm-count"></p></section>
  </div>
  <section class="arm-motion" hidden><h3>Commanded and applied <small>cm a control step; dashed is what the policy asked for</small></h3><svg class="arm-chart" viewBox="0 0 600 120" preserveAspectRatio="none" role="img" aria-label="Commanded and applied motion"></svg></section>
  <details class="arm-cameras"><summary>Cameras: where they stand</summary></details>
  <details><summary>What the gate did</summary><dl class="arm-gate"></dl></details>
</div>`);
const page = { state: null, busy: false };
const ask = async (question) => {
  const answer = await server.arm(question);
  if (answer.error) say(answer.error, true);
  return answer;
};
const say = (text, warn = false) => notice(text, warn, $(".line"));
const choice = (name) => $(`[data-choice="${name}"]`).value;
const visible = () => root.offsetParent !== null;

const doing = {
  preflight: async () => {
    const { items = [] } = await ask({ kind: "preflight" });
    $(".arm-list").innerHTML = items.map((item) => `<li data-ok="${item.ok || item.needed ? item.ok : "later"}">${escapeHtml(item.name)}${item.detail ? `<small>${escapeHtml(item.detail)}</small>` : ""}</li>`).join("");
  },
  home: () => ask({ kind: "home" }),
  begin: () => ask({ kind: "begin", mode: choice("mode"), policy: choice("policy"), second: choice("second"), task: choice("task"), instruction: choice("instruction"), episodes: Number(choice("episodes")) }),
  success: () => judge(true),
  failure: () => judge(false),
};
const judge = (success) => ask({ kind: "judge", success, note: $(".arm-verdict input").value }).then(() => ($(".arm-verdict input").value = ""));
const act = (name) => (doing[name] ? doing[name]() : ask({ kind: "ask", command: name }));
for (const button of root.querySelectorAll("[data-do]")) button.addEventListener("click", () => act(button.dataset.do));

document.addEventListener("keydown", (event) => {
  if (!visible()) return;
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (event.key === "Escape" || (event.key === " " && !typing)) { event.preventDefault(); act("stop"); }
  else if (!typing && page.state?.trials.running && "sf".includes(event.key.toLowerCase())) judge(event.key.toLowerCase() === "s");
}, true);

function show(state) {
  page.state = state;
  const { status, trials } = state;
  const known = Boolean(status.state);
  setText($(".arm-state"), known ? `${status.stopped ? "STOPPED" : status.state}${status.holder ? ` · ${status.holder} at ${status.mode} speed` : ""}` : "not connected");
  root.dataset.state = status.stopped || status.fault || !known ? "stale" : "live";
  $('[data-do="release_stop"]').hidden = !status.stopped;
  $('[data-do="connect"]').hidden = !status.fault;
  $('[data-do="begin"]').disabled = trials.running;
  $(".arm-verdict").hidden = !trials.running;
  say(state.bridge || status.fault || trials.line || status.why, Boolean(state.bridge || status.fault));
  const counts = Object.entries(trials.counts).map(([name, n]) => `${n} ${name}`).join(", ");
  setText($(".arm-count"), trials.total ? `${trials.number} of ${trials.total}${counts ? `: ${counts}` : ""}${trials.report ? ` · report: ${trials.report}` : ""}` : "");
  const gate = known ? { "clamped": status.clamped, "refused": status.refused, "stopped by": status.stops, "gate, median": `${status.gate_ms} ms`, "late ticks": `${status.late_ticks} of ${status.ticks}` } : {};
  $(".arm-gate").innerHTML = Object.entries(gate).map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(typeof value === "string" ? value : Object.entries(value).map(([k, n]) => `${k} ${n}`).join(", ") || "nothing")}</dd>`).join("");
  drawChart(state.chart);
}
function drawChart(rows) {
  $(".arm-motion").hidden = !rows.length;
  const most = Math.max(1, ...rows.flat(2).map(Math.abs));
  const line = (axis, which) => rows.map((row, i) => `${i ? "L" : "M"}${(600 * i) / 99},${60 - (55 * row[which][axis]) / most}`).join("");
  $(".arm-chart").innerHTML = `<path class="zero" d="M0,60L600,60"/>` + [0, 1, 2].map((axis) => `<path class="axis${axis} asked" d="${line(axis, 0)}"/><path class="axis${axis}" d="${line(axis, 1)}"/>`).join("");
}
async function look() {
  if (page.busy || !visible()) return;
  page.busy = true;
  try {
    show(await server.arm({ kind: "state" }));
    const { jpeg } = page.state.status.state ? await server.arm({ kind: "picture" }) : {};
    if (jpeg) $("img").src = `data:image/jpeg;base64,${jpeg}`;
    if (!$(".arm-list").children.length && page.state.status.state) await doing.preflight();
  } finally {
    page.busy = false;
  }
}
setInterval(look, 250);
addEventListener("pagehide", () => { if (page.state?.trials.running) server.arm({ kind: "ask", command: "stop" }); });
joinPolicies();
