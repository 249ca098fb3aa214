// The actions that the pictures show: drawn into Now, dotted in the chart, and how far they are from what was recorded.
const LABEL_POINTS = ["tool", "x", "z"];
into("now", ".frame", `<svg class="labels" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
  ${LABEL_POINTS.map((name) => `<path class="${name}"/><path class="end ${name}"/>`).reverse().join("")}</svg>`);

const labelLines = (labels) => (labels?.paths || []).map((line) => ({ ...line, style: "labelled", grip: true }));
const labelRow = (name, value) => `<tr><th>${name}</th><td>${value}</td></tr>`;
const portion = (value) => (value === null ? "–" : percent(value));
function sayLabels(labels) {
  if (!labels) return;
  setText($('[data-plot="path"]').closest(".panel").querySelector(".note"), labels.paths.length ? "cm · solid recorded, dashed planned, dotted labelled" : "cm from start · solid recorded, dashed planned");
  const apart = Object.entries(labels.label_cm || {}).map(([k, cm]) => labelRow(`tool at +${seconds(k)} s, median`, `${cm.toFixed(1)} cm`));
  const rows = labels.calibrated ? [...apart, labelRow("could not be read off", `${portion(labels.undecoded)} of steps`)]
    : Object.entries(labels.seen).map(([camera, seen]) => labelRow(`tool found in ${escapeHtml(camera)}`, `${portion(seen)} of steps`));
  const words = labels.calibrated ? (apart.length ? "" : "<p>The recording holds no actions to compare with.</p>")
    : "<p><b>In the pictures only.</b> Nobody says where the cameras stand and where the tool is, so points cannot become metres.</p>";
  setHtml($(".label-words"), `${words}<table><tbody>${rows.join("")}${labelRow("gripper agrees", `${portion(labels.gripper_agreement)}${labels.gripper_agreement === null ? "" : " of steps"}`)}</tbody></table>`);
}
function allowLabels() {
  const button = $('[data-do="label"]');
  if (!button) return;
  button.disabled = player.stage !== "ready";
  $('[data-do="labels"]').disabled = player.stage !== "ready" || !player.curves?.labels;
}

// Lines break where a point is not seen.
function wayOf(ahead, index) {
  let pen = false;
  return ahead.map((points) => {
    const point = points[index], step = point ? `${pen ? "L" : "M"}${point.join(" ")}` : "";
    pen = Boolean(point);
    return step;
  }).join("");
}
function paintLabels() {
  const ahead = player.shown?.label?.[shownCameras()[0]] || [];
  $("svg.labels").classList.toggle("on", ahead.length > 0);
  LABEL_POINTS.forEach((name, index) => {
    const last = ahead.map((points) => points[index]).filter(Boolean).at(-1);
    $(`svg.labels .${name}:not(.end)`).setAttribute("d", wayOf(ahead, index));
    $(`svg.labels .end.${name}`).setAttribute("d", last ? `M${last.join(" ")}h0` : "");
  });
}
strip.viewsSwapped = paintLabels;
