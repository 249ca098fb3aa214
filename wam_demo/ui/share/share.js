// Sharing an attempt: a clip of its panels or a link in two clicks, and what opens when somebody follows the link.
root.insertAdjacentHTML("beforeend", `
  <dialog class="share" aria-label="Share"><h2>Share this attempt</h2>
    <img class="poster" alt="What is shared" hidden>
    <p class="told"></p>
    <div class="row"><button type="button" class="pad primary" data-clip="mp4">Clip (mp4)</button>
      <button type="button" class="pad" data-clip="gif">Clip (GIF)</button></div>
    <div class="row link"><input type="text" readonly data-text="link" aria-label="Link"><button type="button" class="pad" data-copy>Copy link</button></div>
    <p class="soft">Whoever opens the link sees this attempt again, as it was, with the policy's imagination and attention, and can then disturb it.</p>
    <form method="dialog"><button class="pad">Close</button></form></dialog>`);
into("now", ".frame", `<button type="button" class="pad primary nowyou" hidden>Now you: break it</button>`);

const shared = { packed: null, pair: null, wanted: null, fault: "" };
root.shared = shared; // tests and the curious look here
const dialog = $("dialog.share"), part = (selector) => dialog.querySelector(selector);
const askShare = (kind, question = {}) => request(server.share, { kind, page: live.status?.clip, ...question });
const linkTo = (name) => `${location.origin}${location.pathname.replace(/\/$/, "")}/share/${name}`;

// A twin and a dream are clips alone: a link is replayed from its log, and neither is part of it.
const PAIRS = { twin: "Share this twin", both: "Share reality and its dream", dream: "Share this dream" };
const pairKind = ({ twin, dream }) => (twin ? (twin.dream ? "both" : "twin") : dream ? "dream" : null);
async function openShare() {
  const kind = pairKind(live.status || {});
  if (!kind) return ask("link");
  showShare(PAIRS[kind], kind);
  try {
    const { line, picture } = await askShare("pair");
    showShared(line, picture);
  } catch (error) { setText(part(".told"), error.message); }
}
function showShare(title, pair) {
  shared.pair = pair;
  setText(part("h2"), title);
  setText(part(".told"), "One moment.");
  for (const node of dialog.querySelectorAll(".row.link, p.soft")) node.hidden = Boolean(pair);
  part(".poster").hidden = true;
  dialog.showModal();
}
function showShared(line, picture) {
  setText(part(".told"), line);
  if (picture) Object.assign(part(".poster"), { src: `data:image/jpeg;base64,${picture}`, hidden: false });
}
exports.link = async (packed) => {
  shared.packed = packed;
  part('[data-text="link"]').value = "";
  showShare("Share this attempt", null);
  try {
    const { share, line, picture } = await askShare("keep", { packed });
    part('[data-text="link"]').value = linkTo(share);
    showShared(line, picture);
  } catch (error) { // the log itself still fits into an address
    part('[data-text="link"]').value = `${location.origin}${location.pathname}${location.search}#replay=${packed}`;
    setText(part(".told"), error.message);
  }
};

for (const button of dialog.querySelectorAll("[data-clip]")) button.addEventListener("click", async () => {
  button.disabled = true;
  setText(part(".told"), "The clip is being drawn.");
  try {
    const { file, type, content } = await askShare(shared.pair ? "pair_clip" : "clip", { packed: shared.packed, format: button.dataset.clip });
    saveFile(file, urlOf(content, type));
    setText(part(".told"), `${file} is saved.`);
  } catch (error) { setText(part(".told"), error.message); }
  button.disabled = false;
});
part("[data-copy]").addEventListener("click", async () => {
  const field = part('[data-text="link"]');
  field.select();
  try { await navigator.clipboard.writeText(field.value); } catch { document.execCommand("copy"); } // no clipboard without https
  setText(part("[data-copy]"), "Copied");
  setTimeout(() => setText(part("[data-copy]"), "Copy link"), 1500);
});

// A link is replayed once, as soon as this page has a session. It ends in an invitation: the same scene, now by hand.
{
  const { share, replay } = pagePlace.read();
  shared.wanted = share ? { share } : replay ? { packed: replay } : null;
}
async function openShared() {
  const { share, packed } = shared.wanted;
  shared.opening = true;
  try { send("replay", { packed: packed || (await askShare("open", { share })).packed }); } catch (error) { Object.assign(shared, { wanted: null, fault: error.message }); setTimeout(() => { shared.fault = ""; }, 8000); }
}
plug({
  wording: () => shared.fault, // the session's own line comes with every packet and would hide it
  listen({ status }) {
    if (!status) return;
    if (shared.wanted && !shared.opening) openShared();
    else if (status.replay || status.notice.warn) shared.wanted = null; // it plays, or the server said why not
    $(".nowyou").hidden = !(status.replay && status.state === "finished");
  },
});
$(".nowyou").addEventListener("click", () => send("reset"));
