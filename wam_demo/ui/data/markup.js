// The elements of the tab "Data". CONFIG (policies, parents, what this server offers) comes from tab.py.
const verdictPads = (where) => `
  <div class="pads two" role="group" aria-label="Verdict"><button type="button" class="pad" data-${where}="yes">Success</button>
    <button type="button" class="pad" data-${where}="no">Failure</button></div>`;
const PUBLISH = `<form class="field" data-form="publish"><label class="hidden" for="data-repository">Repository on the Hub</label>
  <input id="data-repository" type="text" placeholder="owner/name on the Hub" autocomplete="off" spellcheck="false"><button type="submit" class="pad" title="A private repository; the server's own token is used">Publish</button></form>`;
const TEACH = `
  <details class="teach" ${CONFIG.parents.length ? "" : "hidden"}><summary><h3>Teach a policy</h3></summary>
    <form data-form="teach">
      <label class="entry"><span>who learns</span><select data-teach="policy" data-policies>${options(CONFIG.parents)}</select></label>
      <label class="entry"><span>new name</span><input type="text" data-teach="as" maxlength="40" placeholder="e.g. ruby" autocomplete="off" spellcheck="false"></label>
      <label class="entry"><span>minutes</span><input type="text" inputmode="decimal" data-teach="minutes" value="10"></label>
      <p class="soft" data-text="lesson"></p>
      <button type="submit" class="pad primary wide">Teach</button></form>
    <div class="lesson" hidden><p role="status"><b></b><span></span></p><div class="meter"><i></i></div>
      <div class="plot" data-plot="loss" role="img" aria-label="Loss"></div>
      <div class="pads two"><button type="button" class="pad" data-lesson="enough" title="End the training now; what was learnt is kept">Stop and keep</button>
        <button type="button" class="pad" data-lesson="cancel" title="End the training and drop what was learnt">Cancel</button></div>
      <button type="button" class="pad wide" data-lesson="compare" hidden>Compare on Robustness</button></div>
  </details>`;

const LIST = `
  <div class="setup">
    <div class="toolbar">
      <label class="field"><span>Dataset</span><select data-field="set" aria-label="Dataset"></select></label>
      <span class="summary" data-text="summary"></span><span class="grow"></span>
      <div class="only" role="group" aria-label="Which episodes">${[["all", "All"], ["odd", "To look at"], ["failed", "Failures"], ["corrected", "Corrected"]]
        .map(([name, label]) => `<button type="button" data-only="${name}" aria-pressed="${name === "all"}">${label} <span></span></button>`).join("")}</div>
    </div>
    <div class="panel unsaved" hidden><b></b><button type="button" class="tool" data-do="undo">Undo</button><span class="grow"></span>
      <form data-form="save"><label class="field"><span>save as</span><input type="text" data-field="as" maxlength="40" autocomplete="off" spellcheck="false" aria-label="Save as"></label>
        <button type="submit" class="pad primary">Save</button></form></div>
    <div class="stage">
      <div class="work"><ol class="cards" aria-label="Episodes"></ol>
        <button type="button" class="pad more" data-do="more" hidden>Show more</button>
        <div class="panel empty" hidden><h3>Nothing was recorded yet</h3>
          <p>On the Live tab, switch on <b>Record</b>: drive the arm yourself or let a policy act, and say after each episode how it went. What you keep lies here.${CONFIG.public ? " Only this page sees it, and it is gone an hour after you leave." : ""}</p></div></div>
      <aside class="side">
        <section class="chosen"><h3 class="kicker">Selected <span class="note" data-text="chosen"></span></h3>
          <div class="pads two"><button type="button" class="pad" data-choose="all">All shown</button><button type="button" class="pad" data-choose="none">None</button></div>
          <form data-form="say"><label class="hidden" for="data-said">Instruction</label><input id="data-said" type="text" placeholder="another instruction" autocomplete="off">
            <button type="submit" class="pad" data-needs>Relabel</button></form>
          ${verdictPads("judge")}
          <button type="button" class="pad wide" data-do="delete" data-needs>Delete</button></section>
        ${CONFIG.teaches ? TEACH : ""}
        <details class="hand"><summary><h3>Dataset</h3></summary>
          <form data-form="merge"><label class="hidden" for="data-other">Another dataset</label><select id="data-other"></select><button type="submit" class="pad" title="Append its episodes; nothing is written before you save">Add</button></form>
          <button type="button" class="pad wide" data-do="pack" title="LeRobotDataset v3">Download zip</button>
          ${CONFIG.publishes ? PUBLISH : ""}
          <button type="button" class="pad wide" data-do="remove">Delete the dataset</button></details>
      </aside>
    </div>
  </div>`;

const THIS_EPISODE = `
  <section class="one"><h3 class="kicker">This episode <span class="note" data-text="kept"></span></h3>
    <ul class="reasons"></ul>
    <div class="pads two"><button type="button" class="pad" data-mark="start" title="Everything before this moment goes">Keep from here</button>
      <button type="button" class="pad" data-mark="stop" title="Everything after this moment goes">Keep to here</button></div>
    <button type="button" class="pad primary wide" data-do="trim" disabled>Trim</button>
    ${verdictPads("one")}
    <button type="button" class="pad wide" data-do="delete-one">Delete</button></section>`;

mount(`<div class="wam robot data" data-state="setup">${LIST}${PLAYER}<p class="status" role="status" aria-live="polite"></p></div>`);
$(".player .side").insertAdjacentHTML("afterbegin", THIS_EPISODE);
$(".player .toolbar .progress").insertAdjacentHTML("afterend",
  `<label class="field"><span>policy</span><select data-field="policy" data-policies aria-label="Policy">${options(CONFIG.policies)}</select></label>`);
setText($('.player [data-do="setup"]'), "Back to the episodes");
