// The Blind A/B tab's elements. CONFIG (labels, control_hz) comes from tab.py.
const blindPanel = (side, title) => `
  <section class="panel take" data-side="${side}" aria-label="${title}">
    <header><h3><span class="who">${title}</span></h3><span class="note" data-text="ended"></span></header>
    <div class="pair">
      <div class="frame"><video class="front" muted playsinline preload="auto" aria-label="${title}: front camera"></video><p class="absent"></p></div>
      <div class="aside"><canvas class="wrist" width="256" height="256" role="img" aria-label="${title}: wrist camera"></canvas></div>
    </div>
  </section>`;
const choice = (name, label, key, path) =>
  `<button type="button" class="choice" data-choice="${name}" title="${label} (${key})" disabled>${icon(path)}<span>${label}</span><kbd>${key}</kbd></button>`;

const MARKUP = `
<div class="wam blindtab" data-state="waiting">
  <div class="toolbar">
    <p class="task"><span class="soft">Told to</span> <q data-text="instruction">–</q></p>
    <p class="condition" data-text="condition"></p>
  </div>
  <div class="stage">
    <div class="work">
      <div class="takes">${blindPanel("left", "Left")}${blindPanel("right", "Right")}</div>
      <div class="deck">
        <button type="button" class="tool" data-do="play" title="Play or pause (Space)" aria-label="Play or pause">${icon(ICONS.pause)}</button>
        <input type="range" min="0" max="1" step="0.001" value="0" aria-label="Time">
        <p class="clock"><b data-text="time">0.0</b> s</p>
        <button type="button" class="tool" data-do="speed" title="Speed (S)" aria-label="Speed">1×</button>
      </div>
      <div class="ballot" role="group" aria-label="Which one is better?">
        ${choice("left", "Left is better", "1", "M9 3v3h5v4H9v3L3 8z")}
        ${choice("tie", "As good", "2", "M3 5h10v2H3zM3 9h10v2H3z")}
        ${choice("neither", "Both bad", "3", ICONS.cross)}
        ${choice("right", "Right is better", "4", "M7 3v3H2v4h5v3l6-5z")}
        <p class="ruling" role="status" aria-live="polite"></p>
        <button type="button" class="pad primary" data-do="next" title="Next match (N)">Next match</button>
      </div>
    </div>
    <aside class="side" aria-label="Scores">
      <section><h3 class="kicker">Preferred <span class="note">Bradley–Terry, 95 %</span></h3>
        <ol class="scores"></ol><p class="soft small" data-text="scale"></p></section>
      <section><h3 class="kicker">Votes <span class="note"><b data-text="votes">0</b> <span data-text="voters"></span></span></h3><table class="tallies"><tbody></tbody></table></section>
      <section class="how"><h3 class="kicker">How it works</h3>
        <p class="soft">Two policies get the same scene and the same disturbance, more often one on which they are expected to differ. Which is which stays hidden until you vote, once both have ended; sides are drawn by coin. Votes are kept without names, for these weights only; your browser's are told from others'.</p></section>
    </aside>
  </div>
  <p class="status" role="status" aria-live="polite"></p>
</div>`;
