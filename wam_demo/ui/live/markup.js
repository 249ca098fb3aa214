// The Live tab's elements. CONFIG (tasks, policies, axes, horizons) comes from tab.py.
const sliders = (when) => CONFIG.axes.filter((axis) => axis.when === when).map((axis) => severitySlider("axis", axis.name, axis.label, axis.help)).join("");
const MARKUP = `
<div class="wam" data-state="connecting">
  <ul class="badges" aria-label="Measurements">
    ${badge("policy", "policy call", "ms", "From observation to plan and attention")}
    ${badge("imagination", "imagination", "ms", "From asking to pictures, waiting for plans included")}
    ${badge("age", "chunk age", "s", "How long ago the plan was made that the arm follows now")}
    ${badge("success", "success", "", "Episodes that succeeded, of those that ended")}
    ${badge("fps", "", "fps", `Pictures drawn on this page in a second; the policy acts at ${CONFIG.control_hz} Hz`)}
    <li><button type="button" class="tool plain" data-do="theme" title="Light or dark (L)" aria-label="Light or dark">${icon("M8 2a6 6 0 1 0 0 12zM8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1z")}</button></li>
    <li><button type="button" class="tool plain" data-do="help" title="Keyboard shortcuts (H)" aria-label="Keyboard shortcuts">${icon("M7.2 11h1.6v1.6H7.2zM8 3.2c1.8 0 3 1.1 3 2.7 0 2-2.2 2.2-2.2 3.9H7.2c0-2.5 2.1-2.6 2.1-3.9 0-.7-.5-1.2-1.3-1.2s-1.4.6-1.4 1.5H5c0-1.8 1.2-3 3-3z")}</button></li>
  </ul>
  <div class="toolbar intro" role="group" aria-label="Episode">
    ${introMarkup}
    <label class="field"><span>Policy</span><select data-set="policy" data-policies>${options(CONFIG.policies)}</select></label>${about("policy")}
    <form class="field" data-form="seed"><label for="wam-seed">Seed</label>
      <input id="wam-seed" type="text" inputmode="numeric" size="5" autocomplete="off"></form>
    <div class="speeds" role="group" aria-label="Speed">${CONFIG.time_speeds.map((speed) =>
      `<button type="button" data-speed="${speed}" aria-pressed="false" title="Speed of the simulated time">${{ 0.25: "¼", 0.5: "½" }[speed] || speed}×</button>`).join("")}</div>
    <div class="transport">
      ${tool("toggle", "Pause", "Space", ICONS.pause, 'data-role="toggle"')}
      ${tool("step", "Step", "S", "M3 3l7 5-7 5zM11 3h2v10h-2z")}
      ${tool("reset", "Reset", "R", "M8 3a5 5 0 1 1-4.8 3.6l1.5.4A3.4 3.4 0 1 0 8 4.6V7L4.5 3.8 8 .8z")}
      ${tool("next", "Next", "N", "M2 3l5 5-5 5zM7.5 3l5 5-5 5zM13 3h1.5v10H13z")}
      <button type="button" class="tool" data-do="autoplay" role="switch" aria-checked="true" title="Start the next seed by itself (A)"><i class="knob"></i><span>Autoplay</span></button>
    </div>
  </div>
  <div class="toolbar wording" role="group" aria-label="Instruction">
    <label class="field"><span>Task</span><select data-set="task">${options(CONFIG.tasks)}</select></label>
    <div class="chips" role="group" aria-label="What can be asked for here"></div>
    <form class="field grow" data-form="instruction">
      <label for="wam-instruction" class="hidden">Instruction</label>
      <input id="wam-instruction" type="text" autocomplete="off" spellcheck="false" enterkeyhint="send" aria-describedby="wam-understood">
      <span class="understood" id="wam-understood" role="status"></span>
      <button type="button" class="tool" data-do="own" title="Back to the scene's own instruction" aria-label="Take my words back" hidden>${icon(ICONS.cross)}</button>
      <button type="submit" class="send">Send</button>
    </form>
  </div>
  <div class="stage">
    <div class="work">
      ${stripMarkup({ now: `<svg class="gesture" aria-hidden="true"><line/><circle r="5"/></svg><p class="outcome" hidden></p>` })}
      <div class="panel scrubber" role="group" aria-label="Episode so far">
        <div class="line"><input type="range" min="0" max="1" step="1" value="0" data-role="scrub" aria-label="Look back in this episode"><div class="marks" aria-hidden="true"></div></div>
        <span data-text="time"></span>
        <button type="button" class="tool" data-do="live" title="Back to the present">Go on</button>
      </div>
      ${TWIN_PANELS}
      <div class="charts">
        ${chartPanel("action", "Action", "cm from start · solid done, dashed plan, faint earlier", AXIS_LEGEND)}
        ${chartPanel("error", "Imagination error", "a mark at every disturbance")}
        ${TWIN_CHARTS}
      </div>
      ${bandsMarkup}
    </div>
    <aside class="side" aria-label="Disturb">
      <section><h3 class="kicker">Disturb
        <button type="button" class="tool switch" data-do="twin" role="switch" aria-checked="false" title="Play on twice from the last disturbance: with it and without it (B)"><i class="knob"></i><span>Twin</span></button></h3>
        <div class="pads">
          <button type="button" class="pad primary" data-act="distractor" title="Drop an unseen object at a random place (D); click on Now to choose the place">Drop distractor</button>
          <button type="button" class="pad" data-act="shove" title="Push the task's object (F); drag on Now to choose object and direction">Shove</button>
          <button type="button" class="pad" data-act="swap_target" title="Move the target somewhere else (T)">Move target</button>
          <button type="button" class="pad" data-act="clear" title="Remove every disturbance (C)">Clear</button>
        </div></section>
      <section><h3 class="kicker">Scene <span class="note">severity 0–5</span></h3>${sliders("first")}
        <details class="more"><summary>All axes</summary>${sliders("more")}
          <h3 class="kicker">From the next episode</h3>${sliders("next")}</details></section>
      <section class="log"><h3 class="kicker">Events</h3>
        <ol class="events" aria-label="Disturbances of this episode"></ol>
        ${LOG_TOOLS}</section>
    </aside>
  </div>
  <p class="status" id="wam-status" role="status" aria-live="polite"></p>
  <dialog class="help" aria-label="Keyboard shortcuts"><h2>Keyboard</h2>
    <dl></dl>
    <p>Click on <b>Now</b> to drop an object there. Drag on <b>Now</b> to shove what you grab.</p>
    <form method="dialog"><button class="pad">Close</button></form></dialog>
</div>`;
