// What each severity looks like: one picture with an axis a row, fetched when somebody wants to see it.
const SIDE_PX = 96;
const looks = $(".looks");
function paintLooks() {
  const axes = CONFIG.pictured, chosenAxes = lab.run?.grid?.axes || setup().axes;
  const rows = axes.map((axis, row) => [axis, row]).filter(([axis]) => chosenAxes.includes(axis));
  const tile = (row, severity) => `<td><i style="--x:${-(severity - 1) * SIDE_PX}px;--y:${-row * SIDE_PX}px" role="img" aria-label="severity ${severity}"></i></td>`;
  setHtml(looks.querySelector("table"), `<thead><tr><th></th>${[1, 2, 3, 4, 5].map((s) => `<th scope="col">${s}</th>`).join("")}</tr></thead><tbody>${rows.map(([axis, row]) =>
    `<tr><th scope="row">${escapeHtml(axisLabel(axis))}<small>${escapeHtml(CONFIG.axes.find(({ name }) => name === axis).help)}</small></th>${[1, 2, 3, 4, 5].map((s) => tile(row, s)).join("")}</tr>`).join("")}</tbody>`);
}
looks.hidden = !CONFIG.pictured.length;
looks.addEventListener("toggle", async () => {
  if (!looks.open) return;
  paintLooks();
  if (looks.style.getPropertyValue("--sheet")) return;
  try {
    const { picture } = await ask("pictures");
    looks.style.setProperty("--sheet", `url(${urlOf(picture, "image/jpeg")})`);
    looks.style.setProperty("--size", `${5 * SIDE_PX}px ${CONFIG.pictured.length * SIDE_PX}px`);
  } catch (error) { notice(error.message, true); }
});
