/* Writing a follow-up: the e-mail as it would look stands below the form while one is typing. */

"use strict";

const FOLLOW_UP_PAUSE_MS = 350;

document.addEventListener("DOMContentLoaded", () => {
    const form = document.getElementById("followup_form");
    const body = form?.elements.body;
    if (!body) return;
    const place = document.createElement("div");
    place.className = "nova-panels follow-up-typed";
    place.setAttribute("role", "status");
    body.closest("fieldset")?.append(place);
    const address = location.pathname.replace(/(\d+\/change|add)\/$/, "typed/");
    let wait, last;
    const draw = async () => {
        last?.abort();
        if (!body.value.trim()) {
            place.replaceChildren();
            return;
        }
        last = new AbortController();
        try {
            const reply = await fetch(address, { method: "POST", body: new FormData(form), signal: last.signal });
            if (reply.ok) place.innerHTML = await reply.text();
        } catch {
            // Overtaken by the next change, or the page was left.
        }
    };
    for (const field of [body, form.elements.subject]) {
        field.addEventListener("input", () => {
            clearTimeout(wait);
            wait = setTimeout(draw, FOLLOW_UP_PAUSE_MS);
        });
    }
    draw();
});
