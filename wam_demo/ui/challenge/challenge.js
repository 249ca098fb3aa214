// The challenge: today's scene, how large the disturbances were so far, and today's best of everybody here.
root.insertAdjacentHTML("beforeend", `
  <dialog class="challenge" aria-label="Challenge"><h2>Challenge: make it fail</h2>
    <p>Today's scene is the same for everybody, and the policy solves it undisturbed. Make it fail with at most three disturbances,
      as small as you can: their sizes add up, in steps of severity 1 to 5; what you drop counts 1. Your own words and your own hand on the arm do not count.</p>
    <div class="row"><label class="field"><span>Against</span><select data-role="rival"></select></label>
      <button type="button" class="pad primary" data-do="play">Play today's scene</button></div>
    <h3 class="kicker">Today's best <span class="note" data-text="against"></span></h3>
    <ol class="best"></ol>
    <form method="dialog"><button class="pad">Close</button></form></dialog>`);
$('.side .kicker [data-do="twin"]').insertAdjacentHTML("beforebegin",
  `<button type="button" class="tool switch" data-do="challenge" title="Make it fail with at most three small disturbances" hidden><span>Challenge</span></button>`);
into("now", ".frame", `<button type="button" class="stake" hidden></button><button type="button" class="pad primary nowyou again" hidden>Try again</button>`);

const challenge = { scene: null, rival: null };
root.challenge = challenge; // tests and the curious look here
const arena = $("dialog.challenge"), rivals = arena.querySelector("select");
const SMALLER = ["", "today's smallest", "today's second", "today's third"];

async function showBest() {
  const policy = challenge.rival, list = arena.querySelector(".best");
  setText(arena.querySelector('[data-text="against"]'), `against ${labelIn(CONFIG.policies, policy)}`);
  try {
    const { entries } = await request(server.challenge, { kind: "best", policy });
    setHtml(list, entries.map(({ share, size, line }) => `<li><b>${size.toFixed(1)}</b><span>${escapeHtml(line)}</span>
      <button type="button" class="pad" data-watch="${escapeHtml(share)}">Watch</button></li>`).join("") || `<li class="none">Nobody has broken it yet today.</li>`);
  } catch (error) { setHtml(list, `<li class="none">${escapeHtml(error.message)}</li>`); }
}
function openArena() {
  const known = challenge.scene.policies.filter((name) => CONFIG.policies.some((policy) => policy.name === name));
  challenge.rival = known.includes(live.status.policy) ? live.status.policy : known[0];
  setHtml(rivals, options(CONFIG.policies.filter(({ name }) => known.includes(name))));
  rivals.value = challenge.rival;
  arena.showModal();
  showBest();
}
function playToday() {
  const { task, seed } = challenge.scene;
  arena.close();
  if (live.status.words !== null) send("own_words");
  send("autoplay", { on: false }); // the next seed would take the verdict away
  send("scene", { task, policy: challenge.rival, seed, severities: {} });
  send("run");
}
// One line over Now: disturbances left, their size so far, and what came of it.
function stakeOf({ sizes, most, foul, total, place, fault }) {
  if (fault) return escapeHtml(fault);
  const pips = Array.from({ length: Math.max(most, sizes.length) }, (_, i) => `<i class="${i < sizes.length ? "used" : ""}"></i>`).join("");
  const sum = (total ?? sizes.reduce((a, b) => a + b, 0)).toFixed(1);
  const rank = place ? `: ${SMALLER[place] || `today's no. ${place}`}` : "";
  const text = foul ? `does not count: ${escapeHtml(foul)}` : total !== undefined ? `broken at size ${sum}${rank}` : sizes.length ? `size ${sum}` : "make it fail";
  return `<span class="pips" aria-hidden="true">${pips}</span><span>${text}</span>`;
}
function showStake(s) {
  const now = s.challenge, stake = $(".stake");
  stake.hidden = !now.on;
  if (now.on) setHtml(stake, stakeOf(now));
  $(".again").hidden = !(s.state === "finished" && now.on);
}
plug({
  listen({ status }) {
    if (!status?.challenge) return;
    challenge.scene = status.challenge;
    $('[data-do="challenge"]').hidden = false;
    showStake(status);
  },
});
$('[data-do="challenge"]').addEventListener("click", openArena);
$(".stake").addEventListener("click", openArena);
$(".again").addEventListener("click", () => send("reset"));
$('[data-do="play"]').addEventListener("click", playToday);
rivals.addEventListener("change", () => { challenge.rival = rivals.value; showBest(); });
arena.querySelector(".best").addEventListener("click", (event) => {
  const watch = event.target.closest("[data-watch]");
  if (!watch) return;
  arena.close();
  Object.assign(shared, { wanted: { share: watch.dataset.watch }, opening: false }); // sharing plays what was shared
});
