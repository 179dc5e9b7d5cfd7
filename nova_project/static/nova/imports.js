/* The page of an import that is under way: shows how far it is, and follows it to the next state. */
(() => {
    "use strict";

    const status = document.querySelector("[data-import-progress]");
    if (!status) {
        return;
    }
    const auto = document.querySelector("[data-import-auto]");
    if (auto) {
        auto.submit();
        return;
    }
    const here = document.querySelector("[data-import-here]");
    const bar = document.querySelector(".import-progress");
    const number = new Intl.NumberFormat("en-GB");
    const patience = 5;
    let last = Number(bar.value);
    let silent = 0;

    const look = async () => {
        const answer = await fetch(status.dataset.importProgress, { credentials: "same-origin" });
        if (!answer.ok || answer.redirected) {
            return;
        }
        const job = await answer.json();
        if (job.state !== status.dataset.importState) {
            window.location.reload();
            return;
        }
        silent = job.done === last ? silent + 1 : 0;
        last = job.done;
        bar.value = job.done;
        status.querySelector("[data-import-done]").textContent = number.format(job.done);
        here.hidden = silent < patience;
    };

    window.setInterval(() => look().catch(() => {}), 1000);
})();
