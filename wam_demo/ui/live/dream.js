// Reality, Dream, or Both side by side: one switch. In a dream Now is what the model imagines, and whatever needs the truth is set aside, with the reason.
const DREAM_MARKUP = `
  <div class="realms" role="group" aria-label="Reality, dream, or both">
    <button type="button" data-realm="reality" aria-pressed="true" title="The simulator, as it was left (U)">Reality</button>
    <button type="button" data-realm="dream" aria-pressed="false" title="Leave reality here and go on in what the policy imagines (U)">Dream</button>
    <button type="button" data-realm="both" aria-pressed="false">Both</button>
  </div>`;
const WHY_NOT = "Not in a dream: nothing in it says where things really are. Go back to Reality.";
const ENTERS = {
  dream: "Leave reality here and go on in what the policy imagines (U)",
  both: "Reality and the dream of it side by side, from this moment on",
};
const CANNOT = "This policy has no imagination that it could go on in";
const TRUTH = ".side [data-act], .side [data-axis], .switch[data-do='twin'], [data-record], .logtools [data-do]:not([data-do='link'])";
$(".wording").insertAdjacentHTML("beforeend", DREAM_MARKUP);
into("now", ".frame", `<p class="dreamt" hidden>imagined, not seen<span class="doubt" hidden></span></p>`);
$(".side").insertAdjacentHTML("afterbegin", `<p class="dream-note" role="note" hidden>Every picture here is imagined. Nothing is judged, and nothing can be disturbed.</p>`);

// How far the pictures are likely to be from real ones: measured on dreams beside the simulator, told by what the network makes of its own frames.
const DOUBT = [[0.03, "close"], [0.07, "drifting"], [Infinity, "lost"]], MUCH = 0.12;
function showDoubt(off) {
  const node = $(".dreamt .doubt");
  node.hidden = off === null;
  if (off === null) return;
  const [, word] = DOUBT.find(([most]) => off < most);
  node.className = `doubt ${word}`;
  node.title = `Pictures of dreams like this one differ from the simulator's by ${off.toFixed(3)} (0 to 1)`;
  node.style.setProperty("--share", Math.min(1, off / MUCH).toFixed(3));
  setText(node, `${word}: likely ${off.toFixed(3)} off`);
}
const dreaming = () => Boolean(live.status?.dream);
// One command each: two that are sent at once may arrive in either order.
function setRealm(realm) {
  if (realm === "both") send("twin", { on: true, dream: "same" });
  else if (realm === "dream") send("dream", { on: true });
  else send(live.status?.twin ? "twin" : "dream", { on: false });
}
act.does = () => send("twin", { on: true, dream: CHANGE[live.status.twin.dream][0] });
act.dream = () => setRealm(dreaming() ? "reality" : "dream");
shortcut("u", act.dream, "dream, or back to reality");
for (const button of $$("[data-realm]")) button.addEventListener("click", (event) => {
  setRealm(button.dataset.realm);
  if (event.detail) button.blur();
});

let shownRealm = "";
function showDream(status) {
  showDoubt(status.dream?.expected_error ?? null);
  const realm = status.twin?.dream ? "both" : status.dream ? "dream" : "reality", able = status.dreams;
  const free = able && (!status.twin || status.twin.dream) && !status.replay && !status.recording;
  for (const [name, title] of Object.entries(ENTERS)) {
    const button = $(`[data-realm="${name}"]`);
    button.disabled = !free || (name === "both" && status.real);
    button.title = !able ? CANNOT : !free ? "End the twin, the replay or the recording first" : button.disabled ? "An arm cannot be set back to the moment at which a dream began" : title;
  }
  if (realm === shownRealm) return;
  shownRealm = realm;
  root.classList.toggle("dreaming", realm === "dream");
  for (const button of $$("[data-realm]")) button.setAttribute("aria-pressed", String(button.dataset.realm === realm));
  for (const node of [$(".dreamt"), $(".dream-note")]) node.hidden = realm !== "dream";
  for (const node of $$(TRUTH)) setAside(node, realm === "dream");
}
// A control that is set aside says why, and has its own words back afterwards.
function setAside(node, aside) {
  if (aside === "why" in node.dataset) return;
  node.disabled = aside;
  if (aside) [node.dataset.why, node.title] = [node.title, WHY_NOT];
  else { node.title = node.dataset.why; delete node.dataset.why; }
}
const nothing = { down: () => notice(WHY_NOT, true), move() {}, up() {}, cancel() {} };
strip.plugins.unshift({
  panels: {
    now: () => dreaming() && { title: "Now, imagined", facts: fact(seconds(live.status.dream.steps), " s", `dreamt; reality waits at ${seconds(live.status.dream.left)} s`) },
    error: () => dreaming() && { title: "Imagined − dreamt" },
  },
  listen({ status }) { if (status) showDream(status); },
});
plug({ pointer: () => dreaming() && nothing });
