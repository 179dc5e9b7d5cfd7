/* Building an audience: each condition offers what fits it, and who belongs is counted anew with
   every change, before anything is saved. */

"use strict";

const PAUSE_MS = 350;

function offerWhatFits(subject, questions) {
    const question = questions[subject.value];
    if (!question) return;
    const beside = (name) => subject.form.elements[subject.name.replace(/subject$/, name)];
    const [relation, value] = [beside("relation"), beside("value")];
    for (const option of relation.options) {
        option.hidden = option.disabled = option.value !== "" && !question.relations.includes(option.value);
    }
    if (relation.selectedOptions[0]?.disabled || !relation.value) relation.value = question.relations[0];
    let list = document.getElementById(`${value.id}_list`);
    if (!list) {
        list = document.createElement("datalist");
        list.id = `${value.id}_list`;
        value.after(list);
        value.setAttribute("list", list.id);
        value.autocomplete = "off";
    }
    list.replaceChildren(...question.suggestions.map((text) => new Option(text, text)));
}

function placeFor(side, form) {
    const found = document.querySelector(`.nova-panels--${side}`);
    if (found) return found;
    const place = document.createElement("div");
    place.className = `nova-panels nova-panels--${side}`;
    form[side === "above" ? "before" : "after"](place);
    return place;
}

function show(html, form) {
    const drawn = document.createElement("div");
    drawn.innerHTML = html;
    for (const [side, section] of [["above", drawn.children[0]], ["below", drawn.children[1]]]) {
        const place = placeFor(side, form);
        if (side === "above") place.setAttribute("role", "status");
        const old = place.querySelector("[data-preview]") ?? place.querySelector(":scope > section");
        if (!section) {
            if (old?.dataset.preview) old.remove();
            continue;
        }
        section.dataset.preview = "1";
        if (old) old.replaceWith(section);
        else place.prepend(section);
    }
}

function countWhileTyping(form) {
    const address = location.pathname.replace(/(add|change)\/$/, "preview/").replace(/\/add\//, "/");
    let wait, last;
    const count = async () => {
        last?.abort();
        last = new AbortController();
        try {
            const reply = await fetch(address, { method: "POST", body: new FormData(form), signal: last.signal });
            if (reply.ok) show(await reply.text(), form);
        } catch {
            // Overtaken by the next change, or the page was left: the numbers shown stay.
        }
    };
    const soon = () => {
        clearTimeout(wait);
        wait = setTimeout(count, PAUSE_MS);
    };
    form.addEventListener("input", soon);
    form.addEventListener("change", soon);
    document.addEventListener("formset:removed", soon);
}

document.addEventListener("DOMContentLoaded", async () => {
    const form = document.getElementById("audience_form");
    if (!form || !form.querySelector("[name=conditions-TOTAL_FORMS]")) return;
    countWhileTyping(form);
    const list = location.pathname.replace(/(\d+\/change|add)\/$/, "");
    const reply = await fetch(`${list}questions/`).catch(() => null);
    if (!reply?.ok) return;
    const questions = await reply.json();
    for (const subject of form.querySelectorAll("select[name$=-subject]")) offerWhatFits(subject, questions);
    form.addEventListener("change", (event) => {
        if (event.target.matches("select[name$=-subject]")) offerWhatFits(event.target, questions);
    });
});
