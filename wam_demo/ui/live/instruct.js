// What the arm is told: chips made from the scene's own objects, free words, and whether they are judged.
const sameWords = (a, b) => a.trim().toLowerCase() === b.trim().toLowerCase();
function showWords(s) {
  setHtml($(".chips"), s.suggestions.map(({ text, label }) =>
    `<button type="button" class="chip" data-say="${escapeHtml(text)}" title="${escapeHtml(text)}" aria-pressed="${sameWords(text, s.instruction)}">${escapeHtml(label)}</button>`).join(""));
  $('[data-do="own"]').hidden = s.words === null;
  const verdict = $(".understood"), editing = document.activeElement === texts.instruction && !sameWords(texts.instruction.value, s.instruction);
  setText(verdict, editing ? "" : s.unscored ? `not scored: ${s.unscored}` : s.words === null ? "" : "understood, scored");
  verdict.classList.toggle("warn", Boolean(s.unscored));
}
const say = (text) => (text.trim() ? send("instruction", { text }) : send("own_words"));
act.own = () => { texts.instruction.blur(); send("own_words"); };
$('[data-do="own"]').addEventListener("click", act.own);
$('[data-form="instruction"]').addEventListener("submit", (event) => {
  event.preventDefault();
  say(texts.instruction.value);
  texts.instruction.blur();
});
$(".chips").addEventListener("click", (event) => {
  const chip = event.target.closest("[data-say]");
  if (chip) say(chip.dataset.say);
});
plug({ listen({ status }) { if (status) showWords(status); } });
