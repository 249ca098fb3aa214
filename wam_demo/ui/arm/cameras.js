// Cameras of the Arm tab: a board to print, where it lies, and a picture of it. The answer says how well it fits.
const BOARD_FIELDS = [
  ["x", "ahead of the base", "cm", 25], ["y", "to its left", "cm", 0], ["z", "above its foot", "cm", 0], ["yaw", "turned left", "°", 0], ["square", "side of a square", "mm", 35],
];
$(".arm-cameras").insertAdjacentHTML("beforeend", `
  <p>With its pose known, a camera shows workspace and plans, and policies that read poses get them. Print the board at 100 % (or show it flat on a screen), lay it where the camera sees all of it, its arrow pointing away from the robot, and say where its centre is. A camera that looks straight down needs a second picture with the board tilted: take that one first.</p>
  <div class="arm-setup">
    <button type="button" data-cam="board">Download the board</button>
    ${BOARD_FIELDS.map(([name, label, unit, value]) => `<label class="field"><span>${label} [${unit}]</span><input type="number" step="any" data-board="${name}" value="${value}"></label>`).join("")}
    <button type="button" data-cam="here" title="Takes the gripper's place for the board's centre">The gripper is above it</button>
  </div>
  <div class="arm-setup">
    <label class="field"><span>Camera</span><select data-board="camera"><option>front</option></select></label>
    <button type="button" class="primary" data-cam="take">Take a picture of the board</button>
    <button type="button" data-cam="forget">Begin again</button>
    <output class="arm-fit" aria-live="polite"></output>
  </div>`);
const boardField = (name) => $(`[data-board="${name}"]`);
const fit = (text) => setText($(".arm-fit"), text);
const camera = {
  board: async () => {
    const { png } = await ask({ kind: "board" });
    if (!png) return;
    const link = Object.assign(document.createElement("a"), { href: `data:image/png;base64,${png}`, download: "marker-board-a4.png" });
    link.click();
  },
  here: async () => {
    const { position } = await ask({ kind: "where" });
    if (position) [boardField("x").value, boardField("y").value] = position;
  },
  take: async () => {
    const numbers = Object.fromEntries(BOARD_FIELDS.map(([name]) => [name, boardField(name).valueAsNumber]));
    const found = await ask({ kind: "calibrate", camera: boardField("camera").value, ...numbers });
    fit(found.error ? found.error : `${found.pictures} picture${found.pictures === 1 ? "" : "s"}: corners lie ${found.error_px} px from where they should (of ${found.size}); the camera is at ${found.position.join(", ")} cm${boardField("camera").value === "wrist" ? " from the gripper" : ""}`);
    doing.preflight();
  },
  forget: async () => {
    const { error } = await ask({ kind: "forget", camera: boardField("camera").value });
    fit(error || "not calibrated any more");
    doing.preflight();
  },
};
for (const button of root.querySelectorAll("[data-cam]")) button.addEventListener("click", () => camera[button.dataset.cam]());
$(".arm-cameras").addEventListener("toggle", async () => {
  const { cameras = [] } = $(".arm-cameras").open ? await ask({ kind: "where" }) : {};
  if (cameras.length) boardField("camera").innerHTML = cameras.map((name) => `<option>${escapeHtml(name)}</option>`).join("");
});
