// Blind A/B: shows a match, plays both sides in step, takes the vote, reveals, shows the scores.
mount(MARKUP);
const SIDES = ["left", "right"];
const page = pageName("blind"), voter = drawnName("wam-voter", "localStorage");
const ask = (kind, more = {}) => request(server.blind, { kind, page, ...more });
const takes = Object.fromEntries(SIDES.map((side) => [side, $(`[data-side="${side}"]`)]));
const videos = Object.fromEntries(SIDES.map((side) => [side, takes[side].querySelector("video")]));
const say = (side, name, text) => setText(takes[side].querySelector(name), text);
const tell = (name, text) => setText($(`[data-text="${name}"]`), text);

const blind = { match: null, state: "waiting", speed: 1, playing: true, time: 0, watched: 0, length: 0 };
root.blind = blind; // tests and the curious look here
taught.listen((policy) => { CONFIG.labels[policy.name] ??= policy.label; });
const label = (policy) => CONFIG.labels[policy] || policy;
const axisLabel = (axis) => axis.replace("_", " ");

function enter(state) {
  blind.state = root.dataset.state = state;
  for (const button of $$(".choice")) button.disabled = state !== "voting";
}

// A match comes in: words at once, videos as they arrive.
async function open(match) {
  blind.match = match;
  enter("loading");
  tell("instruction", match.instruction);
  tell("condition", match.axis === "none" ? "nothing disturbs" : `${axisLabel(match.axis)}, severity ${match.severity} of 5`);
  for (const side of SIDES) reset(side);
  const files = await Promise.all(SIDES.map((side) => ask("video", { match: match.name, side })));
  await Promise.all(SIDES.map((side, i) => load(videos[side], files[i].video)));
  for (const side of SIDES) say(side, ".absent", "");
  blind.length = Math.max(...SIDES.map((side) => videos[side].duration));
  Object.assign(blind, { time: 0, watched: 0, playing: true });
  notice("Watch both to their end, then vote.");
  enter("watching");
}

function reset(side) {
  takes[side].classList.remove("won", "lost");
  say(side, ".who", side === "left" ? "Left" : "Right");
  say(side, '[data-text="ended"]', "");
}

function load(video, base64) {
  if (video.src) URL.revokeObjectURL(video.src);
  video.src = urlOf(base64, "video/mp4");
  return new Promise((done, failed) => {
    video.onloadeddata = done;
    video.onerror = () => failed(new Error("this browser cannot play the video"));
  });
}

// One clock for both sides: each video follows it, the shorter one waits at its end.
const IDLE_MS = 250; // nothing plays: an animation frame costs the whole page one
let last = performance.now();
function frame(now) {
  const passed = Math.min(0.1, (now - last) / 1000);
  last = now;
  const shown = ["watching", "voting", "revealed"].includes(blind.state) && root.offsetParent;
  if (shown) {
    if (blind.playing) blind.time += passed * blind.speed;
    if (blind.playing) blind.watched += passed * blind.speed;
    if (blind.state === "watching" && blind.watched >= blind.length) openBallot();
    if (blind.time > blind.length + 1) blind.time = 0; // a second at the end, then again
    for (const side of SIDES) follow(side);
    showTime();
  }
  if (shown) requestAnimationFrame(frame);
  else setTimeout(requestAnimationFrame, IDLE_MS, frame);
}

// Who has seen the end of both may vote; looking ahead with the slider is not watching.
function openBallot() {
  enter("voting");
  notice("Vote now: keys 1 to 4.");
}

function follow(side) {
  const video = videos[side], end = Math.max(0, video.duration - 0.05);
  const target = Math.min(blind.time, end), behind = target - video.currentTime;
  const runs = blind.playing && blind.time < end;
  if (runs && video.paused) video.play().catch(() => {});
  if (!runs && !video.paused) video.pause();
  video.playbackRate = blind.speed;
  if (!video.seeking && Math.abs(behind) > (runs ? 0.25 : 0.06)) video.currentTime = target;
  const wrist = takes[side].querySelector(".wrist"), half = video.videoWidth / 2;
  if (half && video.readyState >= 2) wrist.getContext("2d").drawImage(video, half, 0, half, video.videoHeight, 0, 0, wrist.width, wrist.height);
}

function showTime() {
  const slider = $(".deck input"), share = blind.length ? Math.min(1, blind.time / blind.length) : 0;
  if (document.activeElement !== slider || blind.playing) slider.value = share;
  fill(slider);
  tell("time", Math.min(blind.time, blind.length).toFixed(1));
  setHtml($('[data-do="play"]'), icon(blind.playing ? ICONS.pause : ICONS.play));
}

async function vote(choice) {
  if (blind.state !== "voting") return;
  enter("sending");
  try {
    reveal(choice, await ask("vote", { match: blind.match.name, choice, voter }));
  } catch (error) {
    enter("voting");
    notice(error.message, true);
  }
}

function reveal(choice, answer) {
  for (const side of SIDES) {
    const shown = answer.sides[side];
    takes[side].classList.toggle("won", choice === side);
    say(side, ".who", label(shown.policy));
    say(side, '[data-text="ended"]', shown.success ? `solved in ${seconds(shown.steps)} s` : "not solved");
  }
  const names = SIDES.map((side) => label(answer.sides[side].policy));
  const words = { left: `You preferred ${names[0]} to ${names[1]}.`, right: `You preferred ${names[1]} to ${names[0]}.`,
    tie: `${names[0]} and ${names[1]}: as good.`, neither: `${names[0]} and ${names[1]}: both bad.` };
  setText($(".ruling"), words[choice]);
  showScores(answer.standing);
  enter("revealed");
  notice(`Vote stored. Scene ${answer.scene}, disturbed by its own seed.`);
  $('[data-do="next"]').focus({ preventScroll: true });
}

function showScores(standing) {
  if (!standing) return;
  const n = standing.pairs.reduce((sum, pair) => sum + pair.n, 0);
  const people = standing.voters.length;
  tell("votes", String(n));
  tell("voters", n ? `of ${people} ${people === 1 ? "person" : "people"}${people > 1 && standing.voters[0] > n / 2 ? `, ${standing.voters[0]} of one` : ""}` : "");
  setHtml($(".scores"), standing.scores.map((s) => `
    <li title="${escapeHtml(label(s.policy))}: preferred to the average policy with ${percent(s.share)}, 95 % interval ${percent(s.low)} to ${percent(s.high)}">
      <span>${escapeHtml(label(s.policy))}</span><b>${percent(s.share)}</b>
      <i style="--low:${s.low};--high:${s.high};--at:${s.share}"></i><small>${percent(s.low)} – ${percent(s.high)}</small></li>`).join("")
    || `<li class="none">No votes yet: yours is the first.</li>`);
  tell("scale", standing.scores.length ? "Chance to be preferred to the average policy." : "");
  setHtml($(".tallies tbody"), standing.pairs.map((p) => `
    <tr><th scope="row">${escapeHtml(label(p.first))}<br>${escapeHtml(label(p.second))}</th><td><b>${p.first_wins}</b><br><b>${p.second_wins}</b></td>
    <td class="soft">${p.ties} as good<br>${p.neither} both bad</td></tr>`).join(""));
}

// Once a second: is there a match, and who else voted?
async function look(kind = "look") {
  try {
    const place = await ask(kind);
    showScores(place.standing);
    if (place.trouble) notice(place.trouble, true);
    if (!["waiting", "next"].includes(blind.state)) return;
    if (place.match) await open(place.match);
    else wait(place);
  } catch (error) {
    notice(error.message, true);
    if (blind.state === "loading") enter("waiting");
  }
}

function wait(place) {
  enter("waiting");
  const queue = place.position > 1 ? `You are number ${place.position} in the queue; about ${clock(place.wait_s)}.` : `Two policies play it now; about ${clock(place.wait_s)}.`;
  for (const side of SIDES) { reset(side); videos[side].pause(); say(side, ".absent", side === "left" ? "The next match is being played." : queue); }
  tell("instruction", "–"); tell("condition", "");
  if (!place.trouble) notice(queue);
}

function next() {
  if (!["revealed", "voting", "watching"].includes(blind.state)) return;
  enter("next");
  setText($(".ruling"), "");
  look("next");
}

const act = {
  play: () => { blind.playing = !blind.playing; },
  speed: () => { blind.speed = { 1: 2, 2: 0.5, 0.5: 1 }[blind.speed]; setText($('[data-do="speed"]'), `${blind.speed === 0.5 ? "½" : blind.speed}×`); },
  next,
};
for (const button of $$("[data-do]")) button.addEventListener("click", () => act[button.dataset.do]());
for (const button of $$("[data-choice]")) button.addEventListener("click", () => vote(button.dataset.choice));
$(".deck input").addEventListener("input", (event) => { blind.playing = false; blind.time = Number(event.target.value) * blind.length; });

onKeys({ " ": act.play, s: act.speed, n: next, 1: () => vote("left"), 2: () => vote("tie"), 3: () => vote("neither"), 4: () => vote("right") });

requestAnimationFrame(frame);
whileVisible(root, 1000, () => look());
