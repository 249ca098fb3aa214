// The elements of "Your robot". CONFIG (policies, horizons, choices, limits) comes from tab.py.
const row = (name, label, field, help = "") =>
  `<label class="entry" title="${help}"><span>${label}</span>${field.replace("data-map", `data-map="${name}"`)}</label>`;
const select = (items) => `<select data-map>${options(items)}</select>`;
const numbersField = (hint) => `<input type="text" data-map list="robot-numbers" placeholder="${hint}" autocomplete="off" spellcheck="false">`;
const valueField = `<input type="text" inputmode="decimal" data-map size="6" autocomplete="off">`;

const TURN_WORDS = { none: "as it is", half: "turned by half", flip: "upside down", left: "turned left", right: "turned right" };
const FIT_WORDS = { crop: "cut to a square", pad: "bars to a square" };
const ACTION_WORDS = { recorded: "the file's actions", motion: "the recorded motion", none: "none" };
const CALIBRATION_WORDS = { none: "nobody knows", usual: "as in our own scene", recorded: "as the file says" };
const words = (names, table) => names.map((name) => ({ name, label: table[name] || name }));

const SETUP = `
  <div class="setup">
    <section class="panel bring">
      <label class="drop" tabindex="0"><input type="file" class="hidden">
        <b>Drop a recording here</b><span>or choose a file, up to ${CONFIG.megabytes} MB</span>
        <small>mp4 · webm · LeRobot (zip) · HDF5 · MCAP · ROS bag · zarr (zip) · GIF · images (zip)</small></label>
      <div class="or">
        ${CONFIG.example ? `<button type="button" class="pad primary" data-do="example">Try the example</button>` : ""}
        <form data-form="hub"><label class="hidden" for="robot-hub">LeRobot dataset on the Hub</label>
          <input id="robot-hub" type="text" placeholder="or a LeRobot repo id: owner/name" autocomplete="off" spellcheck="false">
          <button type="submit" class="pad">Fetch</button></form>
      </div>
    </section>
    <ol class="steps">
      <li><b>1 · Bring it</b>The format is told from the content. Files are read in a process of their own, with limits.</li>
      <li><b>2 · Say what is what</b>Which camera stands for front and wrist, where the tool and the gripper are. A guess fills it in.</li>
      <li><b>3 · Look</b>What the policy imagines, attends to and plans at every step, beside what really came.</li></ol>
    <section class="panel found" hidden>
      <header><h3>Found</h3><span class="note" data-text="title"></span></header>
      <ul class="facts-list"></ul>
      <form class="mapping" data-form="open">
        <fieldset class="several" hidden><legend>Episode <small data-text="several"></small></legend><ol class="episodes"></ol></fieldset>
        <section class="preview" aria-label="The first frame as the policy reads it">
          ${["front", "wrist"].map((name) => `<figure data-preview="${name}" hidden><img alt=""><figcaption>${name}</figcaption></figure>`).join("")}
          <div class="reading"><p data-text="tool" role="status">The first frame is on its way.</p>
            <p class="soft">Bright: what the policy sees. Orange: the path of the tool; arrows: its axes, both as the policy's own front camera would see them. Directions
              must fit your picture; places fit only if your camera stands where ours does.</p></div></section>
        <fieldset class="part"><legend>Part and policy</legend><input type="hidden" data-field="episode" value="0">
          <label class="entry"><span>from second</span><input type="text" inputmode="decimal" data-field="start" size="6" placeholder="0"></label>
          <label class="entry"><span>to second</span><input type="text" inputmode="decimal" data-field="stop" size="6" placeholder="end"></label>
          <label class="entry"><span>policy</span><select data-field="policy" data-policies>${options(CONFIG.policies)}</select></label>
          ${row("instruction", "what it is told", `<input type="text" data-map autocomplete="off">`)}
          <button type="submit" class="pad primary">Open episode</button></fieldset>
        <details class="what"><summary>What stands for what <span class="soft" data-text="mapping"></span></summary><div class="folded">
        <fieldset><legend>Cameras</legend>
          ${row("front", "stands for front", select([]))}${row("front_turn", "picture", select(words(CONFIG.turns, TURN_WORDS)))}
          ${row("wrist", "stands for wrist", select([]))}${row("wrist_turn", "picture", select(words(CONFIG.turns, TURN_WORDS)))}
          ${row("fit", "not square", select(words(CONFIG.fits, FIT_WORDS)))}
          ${row("calibration", "cameras stand", select(words(CONFIG.calibrations, CALIBRATION_WORDS)), "Labels in metres need to know where")}${row("poses", "poses (26)", numbersField("camera_poses[0:26]"))}
          ${row("fps", "frames a second", valueField, "Only if the file states another rate than the true one")}</fieldset>
        <fieldset><legend>State <small>signal[start:stop] or empty</small></legend>
          ${row("position", "tool position (3)", numbersField("state[0:3]"), "Metres")}
          ${row("rotation", "tool rotation", numbersField("state[3:7]"))}${row("rotation_kind", "written as", select(CONFIG.rotations))}${row("rotation_unit", "rotation in", select(CONFIG.units))}
          ${row("gripper", "gripper (1)", numbersField("state[7:8]"))}
          ${row("gripper_closed", "when closed", valueField)}${row("gripper_open", "when open", valueField)}
          ${row("joints", "joints (up to 7)", numbersField("qpos[0:7]"))}${row("joint_unit", "joints in", select(CONFIG.units))}${row("kinematics", "tool from joints of", select(CONFIG.kinematics))}
          ${row("align", "start at our home", `<input type="checkbox" data-map>`, "Moves the recorded path, not its shape")}</fieldset>
        <fieldset><legend>Action to compare with</legend>
          ${row("action_kind", "taken from", select(words(CONFIG.actions, ACTION_WORDS)))}
          ${row("action", "actions (7)", numbersField("action[0:7]"))}
          ${row("action_scale", "metres a unit", valueField)}${row("action_turn_scale", "radians a unit", valueField)}
          <div class="keep"><button type="button" class="tool" data-mapping="save">Save mapping</button><button type="button" class="tool" data-mapping="load">Load mapping</button>
            <input type="file" class="hidden" accept=".json" aria-label="Mapping to load" tabindex="-1"></div></fieldset></div></details>
        <datalist id="robot-numbers"></datalist>
      </form>
    </section>
  </div>`;

const MARKUP = `<div class="wam robot" data-state="setup">${SETUP}${PLAYER}<p class="status" role="status" aria-live="polite"></p></div>`;
