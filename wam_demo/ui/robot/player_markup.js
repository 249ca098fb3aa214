// An opened episode: the strip, its place, charts, and what can be asked of it. CONFIG (horizons) comes from the tab's Python.
const RETOUCHES = [["noise", "Pixel noise in both views"], ["occlusion", "A grey rectangle over the front view"],
  ["crop", "Both views cropped in the middle"], ["light", "Darker and tinted"]];

// Only where a policy can label.
const LABELLING = CONFIG.labellers.length ? `
        <section class="labelling"><h3 class="kicker">Actions in the pictures</h3>
          <select data-labeller aria-label="Policy that labels" ${CONFIG.labellers.length > 1 ? "" : "hidden"}>${options(CONFIG.labellers)}</select>
          <div class="label-words soft"><p>What the pictures alone say was done, drawn into them and into the chart.</p></div>
          <div class="pads two"><button type="button" class="pad" data-do="label" disabled>Label the actions</button>
          <button type="button" class="pad" data-do="labels" aria-label="Download labels" title="Download labels: table, film and, where calibrated, a LeRobotDataset v3" disabled>${icon("M7 2h2v6h3l-4 4-4-4h3zM3 13h10v1.5H3z")}</button></div></section>` : "";

const PLAYER = `
  <div class="player" hidden>
    <div class="toolbar">
      <b data-text="name"></b><span class="label" title="The recording goes on whatever the policy plans" data-text="label"></span>
      <span class="grow"></span><span class="progress" data-text="progress"></span>
      <button type="button" class="tool" data-do="setup">Change mapping</button>
    </div>
    <div class="stage">
      <div class="work">
        ${stripMarkup()}
        <div class="scrub"><button type="button" class="pad" data-do="play" aria-label="Play"></button>
          <input type="range" min="0" max="0" step="1" value="0" aria-label="Place in the episode" data-role="scrub"><output>0.0 s</output></div>
        <div class="charts">
          ${chartPanel("path", "Action", "cm from start · solid recorded, dashed planned", AXIS_LEGEND)}
          ${chartPanel("error", "Plan error", "cm at the plan's end")}
        </div>
        ${bandsMarkup}
      </div>
      <aside class="side">
        <section><h3 class="kicker">Disturb the recording <span class="note">0–5</span></h3>
          ${RETOUCHES.map(([name, help]) => severitySlider("retouch", name, name, help)).join("")}
          <p class="change"></p>
          <button type="button" class="pad wide" data-do="run" disabled>Run the episode so</button></section>
        <section><h3 class="kicker">Errors <span class="note">mean over the episode</span></h3><div class="scores"></div></section>
        ${LABELLING}
        <section><h3 class="kicker">Download</h3><div class="pads three">
          <button type="button" class="pad" data-download="dataset" title="LeRobotDataset v3, zipped" disabled>LeRobot v3</button>
          <button type="button" class="pad" data-download="table" disabled>CSV</button>
          <button type="button" class="pad" data-download="video" disabled>Video</button></div>
          <video controls muted playsinline hidden></video></section>
      </aside>
    </div>
  </div>`;
