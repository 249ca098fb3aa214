// On the Live page: STOP of a connected arm, as a button and as Escape, while the arm is what is shown.
$(".transport").insertAdjacentHTML("afterbegin", `<button type="button" class="stop" title="STOP every commander of the arm (Esc); released on the Arm tab" hidden>STOP</button>`);
const stopArm = async () => {
  const { error } = await server.stop_arm({ kind: "stop" });
  if (error) notice(error, true);
};
$(".transport .stop").addEventListener("click", stopArm);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !live.status?.real || !root.offsetParent) return;
  event.preventDefault();
  stopArm();
}, true);
plug({ listen({ status }) {
  if (!status) return;
  $(".transport .stop").hidden = !status.real;
  root.classList.toggle("real", status.real); // what only a simulator has is folded away
} });
