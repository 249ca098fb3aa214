// A policy learns the selected episodes, or all; how far it is; and what became of it.
const lesson = { state: { stage: "" }, losses: [] };
root.lesson = lesson;
const STAGE_WORDS = {
  starting: "starting", collecting: "collecting demonstrations to rehearse, once: some minutes", encoding: "reading the pictures",
  watching: "looking at every frame", learning: "learning", done: "has learnt", stopped: "stopped, nothing was kept", failed: "failed",
};
const goesOn = (stage) => stage && !["done", "stopped", "failed"].includes(stage);
const error = (part, state) => state.result?.plan_error_cm?.[part]?.recorded;

function paintLesson() {
  const { state } = lesson, box = $(".lesson"), on = goesOn(state.stage);
  box.hidden = !state.stage;
  $('[data-form="teach"]').hidden = Boolean(on);
  if (!state.stage) return;
  const learnt = state.stage === "done" && error("after", state) !== undefined
    ? `plan error on the recording ${error("before", state).toFixed(1)} → ${error("after", state).toFixed(1)} cm; in every list of policies` : state.fault || "";
  setText(box.querySelector("b"), `${state.name} (from ${state.policy})`);
  setText(box.querySelector("span"), ` ${STAGE_WORDS[state.stage]}${state.stage === "learning" ? ` · step ${state.step} · loss ${state.loss.toFixed(3)}` : ""}${learnt ? `: ${learnt}` : ""}`);
  box.querySelector("i").style.setProperty("--share", on ? state.share || 0 : Number(state.stage === "done"));
  box.querySelector(".meter").hidden = !on;
  $('[data-plot="loss"]').hidden = lesson.losses.length < 2;
  const most = Math.max(0.001, ...lesson.losses.map(([, value]) => value));
  if (lesson.losses.length > 1) plot("loss", (w, h) => valueChart(w, h, { first: 0, last: lesson.losses.at(-1)[0], now: null, most, digits: 2, series: [{ style: "error", points: lesson.losses }], start: "loss", end: `step ${lesson.losses.at(-1)[0]}` }));
  $('[data-lesson="enough"]').disabled = state.stage !== "learning";
  $('[data-lesson="enough"]').parentNode.hidden = !on;
  $('[data-lesson="compare"]').hidden = state.stage !== "done";
}
async function lessonState(state) {
  const before = lesson.state;
  lesson.state = state;
  if (state.name !== before.name) lesson.losses = [];
  if (state.stage === "learning" && lesson.losses.at(-1)?.[0] !== state.step) lesson.losses.push([state.step, state.loss]);
  if (state.stage === "done" && before.stage !== "done") await taught.ask();
  if (goesOn(before.stage) && !goesOn(state.stage)) notice(`${state.name} ${STAGE_WORDS[state.stage]}.`, state.stage === "failed");
  paintLesson();
}
if (CONFIG.teaches) {
  plug({ chosen() {
    const count = data.selected.size || data.draft?.episodes.length || 0;
    setText($('[data-text="lesson"]'), data.selected.size ? `It learns the ${times(count, "selected episode")}.` : `It learns all ${times(count, "episode")}; select some to choose. What it can do already is rehearsed.`);
  } });
  $('[data-form="teach"]').addEventListener("submit", attempt(async (event) => {
    event.preventDefault();
    if (!data.draft) throw new Error("choose a dataset first");
    if (data.draft.changes) throw new Error("save first: a policy learns what is on the disk");
    const value = (name) => $(`[data-teach="${name}"]`).value.trim();
    const episodes = data.selected.size ? chosen() : data.draft.episodes.map((e) => e.number);
    await lessonState(await ask("teach", { name: data.draft.name, episodes, policy: value("policy"), as: value("as"), minutes: Number(value("minutes")) }));
  }));
  for (const kind of ["enough", "cancel"]) $(`[data-lesson="${kind}"]`).addEventListener("click", attempt(async () => lessonState(await ask(kind))));
  $('[data-lesson="compare"]').addEventListener("click", () => {
    window.wamPrefill = { policy: lesson.state.name, against: lesson.state.policy, axis: "none", task: data.draft?.episodes[0]?.task, seed: 0 };
    window.dispatchEvent(new CustomEvent("wam-prefill"));
    [...document.querySelectorAll('#tabs button[role="tab"]')].find((tab) => tab.textContent.trim() === "Robustness")?.click();
  });
  whileVisible(root, 1000, async () => { if (!lesson.asked || goesOn(lesson.state.stage)) { lesson.asked = true; await attempt(async () => lessonState(await ask("teaching")))(); } });
}
