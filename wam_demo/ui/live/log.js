// The session's log: downloaded, replayed, or turned into a paired test; the script of sharing takes its link.
const LOG_TOOLS = `
  <div class="logtools">
    ${tool("log", "Download log", "J", "M7.2 2h1.6v6l2-2 1.1 1.1L8 11 4.1 7.1 5.2 6l2 2zM3 12.4h10V14H3z")}
    ${tool("link", "Share", "K", "M9 4.5l1.2-1.2a2.6 2.6 0 0 1 3.6 3.6L11.6 9a2.6 2.6 0 0 1-3.6 0l1-1a1.2 1.2 0 0 0 1.7 0l2.2-2.1a1.2 1.2 0 0 0-1.7-1.7L10 5.5zM7 11.5l-1.2 1.2a2.6 2.6 0 0 1-3.6-3.6L4.4 7A2.6 2.6 0 0 1 8 7L7 8a1.2 1.2 0 0 0-1.7 0L3.2 10.1a1.2 1.2 0 0 0 1.7 1.7L6 10.5z")}
    ${tool("replay", "Replay a log", "O", "M8 2a6 6 0 1 1-5.8 4.5l1.5.4A4.5 4.5 0 1 0 8 3.5V5.8L4.2 2.9 8 0zM6.6 5.8l4 2.4-4 2.4z")}
    ${tool("paired", "Test on n seeds", "P", "M2 14V8h3v6zM6.5 14V2h3v12zM11 14V5h3v9z")}
    <input type="file" class="hidden" data-file="log" accept=".jsonl,.json,.txt" aria-label="Log to replay" tabindex="-1">
  </div>`;

const asked = new Set(); // an export that nobody on this page asked for belongs to an earlier visit
function ask(kind) { asked.add(kind); send(kind); }

const exports = {
  log: (text) => {
    const name = `session-${new Date().toISOString().slice(0, 19).replace(/[:T]/g, "-")}.jsonl`;
    saveFile(name, URL.createObjectURL(new Blob([text], { type: "application/jsonl" })));
  },
  paired: (test) => toRobustness(test),
};
plug({
  listen({ export: made }) {
    if (made && asked.delete(made.kind)) exports[made.kind](made.content);
  },
});

// The Robustness tab takes what lies there when it opens, or at once if it is open.
function toRobustness(test) {
  window.wamPrefill = test;
  window.dispatchEvent(new CustomEvent("wam-prefill"));
  [...document.querySelectorAll('#tabs button[role="tab"]')].find((tab) => tab.textContent.trim() === "Robustness")?.click();
}

function listenForLogs() {
  const file = $('[data-file="log"]');
  file.addEventListener("change", async () => {
    if (file.files.length) send("replay", { text: await readLog(file.files[0]) });
    file.value = "";
  });
}
// A file that is far too large is not read at all: its first bytes get the same answer from the server.
const readLog = (file) => (file.size > CONFIG.log_bytes ? file.slice(0, CONFIG.log_bytes + 1) : file).text();
