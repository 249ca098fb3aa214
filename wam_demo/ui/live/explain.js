// What a stranger needs: one sentence, three steps, and what every picture and number means, where it stands.
const COACH = [
  ["say", "Say", "what the arm should do", () => $("#wam-instruction").focus()],
  ["click", "Click", "on Now to disturb it", () => point('[data-view="now"]')],
  ["break", "Break", "its dream: watch imagination and reality part", () => point('[data-view="error"]')],
];
const introMarkup = `
  <p class="sentence"><b>A robot that imagines before it moves: break its dream.</b></p>
  <ol class="coach" aria-label="Three steps">${COACH.map(([name, verb, rest], i) => `
    <li><button type="button" class="step" data-coach="${name}"><i>${i + 1}</i><b>${verb}</b><span> ${rest}</span></button></li>`).join("")}
    <li><button type="button" class="tool" data-do="dismiss" aria-label="Hide the three steps" title="Hide the three steps">${icon(ICONS.cross)}</button></li></ol>`;

const EXPLAINED = {
  now: ["Now", "What the robot's cameras see at this moment: the front camera large, the wrist camera below it (click it to swap, or press W). Click to drop an object, drag to shove one."],
  imagined: ["Imagined", "What the model expects to see, so many seconds after the plan that is executed was begun. It was sampled from that plan, before it came true. ▶ plays it; click a place to ask what would come if the hand went there."],
  attention: ["Attention", "Where the model looks while it plans: dark is little, yellow is much. The bars below say how much of it goes to each camera, to the robot's own pose and to your words; together 100 %."],
  error: ["Imagined − actual", "How far the imagined picture was from the one that came: black is equal, yellow is very different. The number is the mean difference over all pixels, 0 to 1; about 0.02 is usual, 0.10 is another scene."],
  action: ["Action", "Where the hand went and is planned to go, in centimetres from where it started: x away from the robot, y to its left, z up. The lowest line is the gripper, up is open."],
  errors: ["Imagination error", "The number of Imagined − actual over the episode, at the horizon that is shown, with a mark at each thing you did."],
  policy: ["Policies", Object.entries(CONFIG.about).map(([name, sentence]) => `<b>${escapeHtml(labelIn(CONFIG.policies, name))}</b>: ${escapeHtml(sentence)}`).join("<br>")],
};
const about = (name) => `
  <button type="button" class="about" popovertarget="about-${name}" aria-label="What is ${EXPLAINED[name][0]}?">?</button>
  <div popover id="about-${name}" class="explained" role="note"><h4>${EXPLAINED[name][0]}</h4><p>${EXPLAINED[name][1]}</p></div>`;
const heatScale = (few, many) => `<p class="scale" aria-hidden="true"><span>${few}</span><i></i><span>${many}</span></p>`;

// After the markup is there: an explanation in each header, and a scale on each heat map.
function explain() {
  for (const view of ["now", "imagined", "attention", "error"]) $(`[data-view="${view}"] header h3`).insertAdjacentHTML("afterend", about(view));
  for (const [plotted, name] of [["action", "action"], ["error", "errors"]]) $(`.chart:has([data-plot="${plotted}"]) header h3`).insertAdjacentHTML("afterend", about(name));
  into("attention", ".frame", heatScale("little", "much"));
  into("error", ".frame", heatScale("equal", "different"));
  $("dialog.help dl").insertAdjacentHTML("beforebegin", `<ul class="meanings">${$$(".badge").map((item) =>
    `<li><b>${item.querySelector("span").textContent || item.lastElementChild.textContent}</b> ${escapeHtml(item.title)}.</li>`).join("")}</ul><h2>Keyboard</h2>`);
  for (const [name, , , show] of COACH) $(`[data-coach="${name}"]`).addEventListener("click", show);
}
function point(selector) {
  const node = $(selector);
  node.scrollIntoView({ block: "nearest" });
  node.classList.add("pointed");
  setTimeout(() => node.classList.remove("pointed"), 1600);
}

const kept = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
const keep = (name, value) => { try { localStorage.setItem(name, value); } catch { /* private mode */ } };
function showCoach(s) {
  const disturbed = Boolean(live.track?.events.some(({ label }) => label !== "new words"));
  const done = { say: Boolean(s.words), click: disturbed, break: disturbed && Boolean(s.outcome) };
  for (const [name] of COACH) if (done[name]) $(`[data-coach="${name}"]`).classList.add("done");
}
