/* Choosing lines, walking through cards, and following a run that is under way. Without it the pages work as well. */

"use strict";

/* “All on this page” ticks every line; what needs a choice waits until there is one. */
function chooseLines(form) {
    const lines = [...form.querySelectorAll("li input[type=checkbox], td input[type=checkbox]")];
    const all = form.querySelector("[data-work-all]");
    const buttons = form.querySelectorAll("[data-work-needs-choice]");
    const show = () => {
        const chosen = lines.filter((line) => line.checked).length;
        for (const button of buttons) button.disabled = chosen === 0;
        if (!all) return;
        all.checked = chosen > 0 && chosen === lines.length;
        all.indeterminate = chosen > 0 && chosen < lines.length;
    };
    all?.addEventListener("change", () => {
        for (const line of lines) line.checked = all.checked;
        show();
    });
    form.addEventListener("change", show);
    show();
}

/* Looks once a second how far the run is, and shows the page anew when its state is another. */
function followRun(status) {
    const bar = document.querySelector(".work-progress");
    const words = status.querySelector("[data-work-words]");
    const here = document.querySelector("[data-work-here]");
    const patience = 5;
    let last = words.textContent;
    let silent = 0;

    const look = async () => {
        const answer = await fetch(status.dataset.workRun, { credentials: "same-origin" });
        if (!answer.ok || answer.redirected) return;
        const run = await answer.json();
        if (run.outcome !== status.dataset.workOutcome) {
            window.location.reload();
            return;
        }
        silent = run.words === last ? silent + 1 : 0;
        last = run.words;
        words.textContent = run.words;
        if (run.total) {
            bar.max = run.total;
            bar.value = run.done;
        } else {
            bar.removeAttribute("value");
        }
        if (here && run.outcome === "waiting" && silent >= patience) here.hidden = false;
    };
    const timer = window.setInterval(() => look().catch(() => {}), 1000);

    /* Done in this window: the answer takes as long as the run, and the page goes on following. */
    here?.addEventListener("submit", (event) => {
        event.preventDefault();
        here.hidden = true;
        fetch(here.action, { method: "POST", body: new FormData(here), credentials: "same-origin" })
            .then(() => window.location.reload())
            .catch(() => window.clearInterval(timer));
    });
}

/* j and k go from one card to the next and back, unless somebody types. */
function walkCards(form) {
    const cards = [...form.querySelectorAll("[data-work-card]")];
    document.addEventListener("keydown", (event) => {
        const step = { j: 1, k: -1 }[event.key];
        if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.target.matches("input:not([type=checkbox], [type=radio]), select, textarea")) return;
        const here = cards.findIndex((card) => card.contains(document.activeElement));
        const next = cards[here < 0 ? 0 : here + step];
        next?.focus();
    });
}

document.addEventListener("DOMContentLoaded", () => {
    for (const form of document.querySelectorAll("[data-work-cards]")) walkCards(form);
    for (const form of document.querySelectorAll("[data-work-choose]")) chooseLines(form);
    const status = document.querySelector("[data-work-run]");
    if (status) followRun(status);
});
