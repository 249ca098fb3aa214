// The strip of any source: Now | Imagined | Attention | Imagined − actual, and a row of whatever else a policy shows.
const strip = {
  status: null, tiles: new Map(), horizon: CONFIG.horizons.at(-1), swapped: false, plugins: [],
  now: () => ({}), // what a source says below its own picture
  cameraName: (name) => name,
  horizonChanged: () => {},
  viewsSwapped: () => {},
};
// A plugin may give: panels (by view: status -> {tile, facts, absent, title}, or nothing), lines (of the action chart),
// note (beside its title), pointer (who takes the pointer on Now), wording (of the status line), listen (to packets).
const plug = (plugin) => strip.plugins.push(plugin);
const plugged = (name, ...given) => strip.plugins.map((plugin) => plugin[name]?.(...given)).filter(Boolean);
const into = (view, selector, html) => $(`[data-view="${view}"] ${selector}`).insertAdjacentHTML("beforeend", html);

const stripPanel = (id, title, { aside = "", body = "", second = true } = {}) => `
  <section class="panel view" data-view="${escapeHtml(id)}" data-title="${escapeHtml(title)}" aria-label="${escapeHtml(title)}">
    <header><h3>${escapeHtml(title)}</h3>${aside}</header>
    <div class="frame"><canvas class="main" width="256" height="256" role="img"></canvas><p class="absent" hidden></p>${body}</div>
    <div class="below">${second ? `<canvas class="second" width="128" height="128" role="img" title="Swap the views (W)"></canvas>` : ""}
      <div class="facts"></div></div>
  </section>`;
const horizonSlider = `
  <label class="horizon"><span class="hidden">How far ahead</span>
    <input type="range" min="0" max="${CONFIG.horizons.length - 1}" step="1" title="How far ahead to look ([ and ])"><output></output></label>`;
const stripMarkup = ({ second = true, now = "" } = {}) => `
  <div class="strip">
    ${stripPanel("now", "Now", { body: now, second })}${stripPanel("imagined", "Imagined", { aside: horizonSlider, second })}
    ${stripPanel("attention", "Attention", { second })}${stripPanel("error", "Imagined − actual", { second })}
  </div>
  <div class="extras" aria-label="Further panels" hidden></div>`;

const fact = (value, unit, text) => `<p class="value">${value}<small>${unit}</small></p><p>${text}</p>`;
const share = ([name, value]) =>
  `<li><span>${escapeHtml(strip.cameraName(name))}</span><i style="--share:${value.toFixed(3)}"></i><b>${Math.round(100 * value)}<small>%</small></b></li>`;
const ahead = () => `+${seconds(strip.horizon)}`;
const VIEWS = {
  now: (s) => ({ tile: (camera) => `now.${camera}`, ...strip.now(s) }),
  imagined: (s) => ({
    tile: (camera) => `imagined.${strip.horizon}.${camera}`,
    ...(s.imagined_at === null ? { absent: s.absent.imagined }
      : { facts: fact(ahead(), " s", `imagined at ${seconds(s.imagined_at)} s for ${seconds(s.imagined_at + strip.horizon)} s`) }),
  }),
  attention: (s) => ({
    tile: (camera) => `attention.${camera}`,
    ...(s.shares ? { facts: `<ul class="shares">${Object.entries(s.shares).map(share).join("")}</ul>` } : { absent: s.absent.attention }),
  }),
  error: (s) => {
    const found = s.errors[strip.horizon];
    return {
      tile: (camera) => `error.${strip.horizon}.${camera}`,
      ...(found ? { facts: fact(found.error.toFixed(3), "", `mean error at ${seconds(found.at)} s, imagined at ${seconds(found.made)} s`) }
        : { absent: s.absent.error }),
    };
  },
};
// A panel of the policy's own: of several pictures the one next to the moment that is looked at. Its views may be others than the cameras.
function policyView(panel) {
  const near = (step) => Math.abs(step - strip.horizon);
  const steps = panel.steps, index = steps.reduce((best, step, i) => (near(step) < near(steps[best]) ? i : best), 0);
  const cameras = shownCameras().some((camera) => panel.cameras.includes(camera)) ? shownCameras() : panel.cameras;
  return { cameras, tile: (camera) => `panel.${panel.title}.${index}.${camera}`, facts: steps[index] ? `<p>+${seconds(steps[index])} s</p>` : "" };
}

function viewOf(name, s) {
  const panel = s.panels.find(({ title }) => `panel.${title}` === name);
  const shown = { facts: "", absent: "", ...(panel ? policyView(panel) : VIEWS[name](s)) };
  for (const plugin of strip.plugins) {
    const over = plugin.panels?.[name]?.(s);
    if (over) Object.assign(shown, "facts" in over || "absent" in over ? { facts: "", absent: "" } : {}, over);
  }
  return shown;
}
const shownCameras = () => (strip.swapped ? ["wrist", "front"] : ["front", "wrist"]);

// Tiles stay on their own small canvases, so that a packet carries only what has changed.
async function keepTiles({ image, tiles = {} }, forget = () => false) {
  const bitmap = image && (await createImageBitmap(new Blob([bytesOf(image)], { type: "image/jpeg" })));
  for (const name of [...strip.tiles.keys()]) if (forget(name)) strip.tiles.delete(name);
  for (const [name, [x, y, w, h]] of Object.entries(tiles)) {
    const tile = strip.tiles.get(name) || document.createElement("canvas");
    if (tile.width !== w || tile.height !== h) Object.assign(tile, { width: w, height: h });
    tile.getContext("2d").drawImage(bitmap, x, y, w, h, 0, 0, w, h);
    strip.tiles.set(name, tile);
  }
  if (bitmap) bitmap.close();
}

function paint(canvas, tile) {
  if (!canvas) return;
  canvas.style.visibility = tile ? "" : "hidden";
  if (!tile) return;
  if (canvas.width !== tile.width || canvas.height !== tile.height) Object.assign(canvas, { width: tile.width, height: tile.height });
  canvas.getContext("2d").drawImage(tile, 0, 0);
}

// Repainting is what costs a page most: panels whose tiles have not changed are left alone.
function paintStrip(changed = null) {
  if (!strip.status) return;
  const anew = showExtras(strip.status.panels);
  for (const view of $$(".view")) {
    const { tile, facts, absent, title = view.dataset.title, cameras = shownCameras() } = viewOf(view.dataset.view, strip.status);
    const why = view.querySelector(".absent");
    setText(view.querySelector("h3"), title);
    setHtml(view.querySelector(".facts"), facts);
    setText(why, absent);
    why.hidden = !absent;
    const canvases = [view.querySelector(".main"), view.querySelector(".second")];
    if (changed && !anew && !cameras.some((camera) => changed.has(tile(camera)))) continue;
    view.setAttribute("aria-label", title);
    cameras.slice(0, 2).forEach((camera, i) => {
      paint(canvases[i], strip.tiles.get(tile(camera)));
      canvases[i]?.setAttribute("aria-label", `${title}: ${camera} camera`);
    });
  }
}

// Pictures and numbers of the policy's own; chunks and bands go into the charts.
const scalarsPanel = ({ title }) =>
  `<section class="panel scalars" aria-label="${escapeHtml(title)}"><header><h3>${escapeHtml(title)}</h3></header><dl></dl></section>`;
// Pictures get a row under the strip. Numbers alone go beside it, so that the charts stay where they are.
function placeExtras(box, numbersAlone) {
  const beside = $(".side > section:last-of-type");
  if (!numbersAlone) $(".strip").after(box);
  else if (beside) beside.before(box);
  else $(".strip").parentNode.append(box);
}
function showExtras(panels) {
  const box = $(".extras"), cards = panels.filter(({ kind }) => ["frames", "heatmap", "scalars"].includes(kind));
  const which = JSON.stringify(cards.map(({ kind, title, cameras }) => [kind, title, cameras]));
  const anew = box.dataset.of !== which;
  if (anew) {
    Object.assign(box.dataset, { of: which });
    box.hidden = !cards.length;
    placeExtras(box, cards.every(({ kind }) => kind === "scalars"));
    box.innerHTML = cards.map((panel) => (panel.kind === "scalars" ? scalarsPanel(panel)
      : stripPanel(`panel.${panel.title}`, panel.title, { second: panel.cameras.includes("wrist") && panel.cameras.length > 1 }))).join("");
  }
  const numbers = cards.filter(({ kind }) => kind === "scalars");
  box.querySelectorAll(".scalars dl").forEach((list, i) => setHtml(list, Object.entries(numbers[i].values)
    .map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${value === null ? "–" : Math.abs(value) < 1000 ? Number(value.toPrecision(3)) : Math.round(value)}</dd></div>`).join("")));
  return anew;
}

function setHorizon(change = 0, index = null) {
  const input = $(".horizon input");
  if (index !== null) input.value = index;
  if (change) input.value = Number(input.value) + change;
  strip.horizon = CONFIG.horizons[Number(input.value)];
  fill(input);
  setText($(".horizon output"), `${ahead()} s`);
  paintStrip();
  strip.horizonChanged();
}
function swapViews() { strip.swapped = !strip.swapped; paintStrip(); strip.viewsSwapped(); }
function startStrip(index = 1) {
  setHorizon(0, index);
  $(".horizon input").addEventListener("input", () => setHorizon());
  root.addEventListener("click", (event) => { if (event.target.matches(".second")) swapViews(); });
}
