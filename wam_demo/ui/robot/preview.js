// The first frame as the mapping reads it. The newest wish wins: while one is on its way, only the last one asked for is remembered.
const reading = { wanted: false, asking: false, pictures: null };
root.reading = reading; // tests and the curious read it here
async function askPreview() {
  reading.wanted = true;
  if (reading.asking) return;
  reading.asking = true;
  while (reading.wanted) {
    reading.wanted = false;
    try { showPreview(await ask("preview", { mapping: readMapping(), episode: Number(readField("episode")), start: readField("start") })); }
    catch (error) { if (!reading.wanted) sayReading(error.message, true); }
  }
  reading.asking = false;
}
function showPreview({ pictures, tool }) {
  reading.pictures = pictures;
  for (const figure of $$("[data-preview]")) {
    const name = figure.dataset.preview, picture = pictures[name];
    figure.hidden = !picture;
    if (!picture) continue;
    figure.querySelector("img").src = `data:image/jpeg;base64,${picture}`;
    figure.querySelector("img").alt = `First frame of the camera that stands for ${name}; ${tool}`;
  }
  sayReading(tool);
}
function sayReading(text, warn = false) {
  setText($('[data-text="tool"]'), text);
  $(".preview").classList.toggle("warn", warn);
}
let typed = null;
function previewSoon() { clearTimeout(typed); typed = setTimeout(askPreview, 300); }
