/* Mends what the theme leaves out for keyboards and screen readers, and speeds up entry.

   The theme draws some controls as plain elements with a click handler; here they get a place in
   the tab order, a role and a name, and Enter and Space do what a click does. */

"use strict";

const PLAIN_CONTROLS = [
    ["#changelist a[x-on\\:click^='filterOpen']", "Filters"],
    [".border-t > .cursor-pointer[x-on\\:click*='openUserLinks']", "Your account"],
    ["h2[x-on\\:click*='navigationOpen']", ""],
    ["[x-on\\:click*='sidebarDesktopOpen']", "Show or hide the menu"],
    ["[x-on\\:click*='sidebarMobileOpen']", "Show or hide the menu"],
    ["td [x-on\\:click*='rowOpen']", "Show or hide details"],
];

function makeButton(element, name) {
    if (element.dataset.novaButton || element.closest("template")) return;
    element.dataset.novaButton = "1";
    element.tabIndex = 0;
    element.setAttribute("role", "button");
    if (name && !element.getAttribute("aria-label")) element.setAttribute("aria-label", name);
    element.addEventListener("keydown", (event) => {
        if (event.target !== element || (event.key !== "Enter" && event.key !== " ")) return;
        event.preventDefault();
        element.click();
    });
}

function tellWhatIsOpen(heading) {
    const list = heading.nextElementSibling;
    const tell = () => heading.setAttribute("aria-expanded", String(list.style.display !== "none"));
    new MutationObserver(tell).observe(list, { attributes: true, attributeFilter: ["style"] });
    tell();
}

function hideIcons(root) {
    for (const icon of root.querySelectorAll(".material-symbols-outlined")) {
        if (icon.hasAttribute("aria-hidden")) continue;
        const button = icon.closest("[role=button], button, a");
        const isAlone = icon === button || (button && button.textContent.trim() === icon.textContent.trim());
        if (isAlone && !button.getAttribute("aria-label")) {
            button.setAttribute("aria-label", button.title || icon.textContent.trim().replaceAll("_", " "));
        }
        if (icon !== button) icon.setAttribute("aria-hidden", "true");
    }
}

function addLandmarks() {
    const content = document.getElementById("content");
    if (!content || document.querySelector("main, [role=main]")) return;
    content.setAttribute("role", "main");
    content.tabIndex = -1;
    const skip = document.createElement("a");
    skip.className = "nova-skip";
    skip.href = "#content";
    skip.textContent = "Skip to the content";
    document.body.prepend(skip);
}

function mend(root) {
    for (const heading of root.querySelectorAll("h2[x-on\\:click*='navigationOpen']")) {
        if (!heading.dataset.novaButton) tellWhatIsOpen(heading);
    }
    for (const [selector, name] of PLAIN_CONTROLS) {
        for (const element of root.querySelectorAll(selector)) makeButton(element, name);
    }
    hideIcons(root);
}

/* Amounts stand to the right, and so do the headings over them. */
function alignAmounts() {
    const list = document.getElementById("result_list");
    const first = list?.querySelector("tbody tr");
    if (!first) return;
    [...first.children].forEach((cell, place) => {
        if (!cell.querySelector(".nova-money, .nova-occupancy")) return;
        for (const other of list.querySelectorAll(`tr > :nth-child(${place + 1})`)) {
            other.classList.add("nova-number");
        }
    });
}

/* The filter sheet: the focus goes in when it opens and back when it closes. */
function followFilterSheet() {
    const sheet = document.getElementById("changelist-filter");
    const opener = document.querySelector("#changelist a[data-nova-button]");
    if (!sheet || !opener) return;
    new MutationObserver(() => {
        const isOpen = sheet.style.display !== "none";
        opener.setAttribute("aria-expanded", String(isOpen));
        if (isOpen) sheet.querySelector("input:not([type=hidden]), select, button")?.focus();
        else if (sheet.contains(document.activeElement)) opener.focus();
    }).observe(sheet, { attributes: true, attributeFilter: ["style"] });
}

/* A closed choice that has the focus opens with the first letter typed, and takes it. Letters that
   follow before the search field has the focus are added, so fast typing loses none. */
function typeIntoChoices() {
    document.addEventListener("keydown", (event) => {
        const choice = event.target.closest?.(".select2-selection");
        if (!choice || event.key.length !== 1) return;
        const isOpen = choice.getAttribute("aria-expanded") === "true";
        if (event.key === " " && !isOpen) return;
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const select = choice.closest(".select2").previousElementSibling;
        if (!select || !window.django?.jQuery) return;
        if (!isOpen) window.django.jQuery(select).select2("open");
        const search = document.querySelector(".select2-container--open .select2-search__field");
        if (!search) return;
        event.preventDefault();
        search.focus();
        search.value += event.key;
        search.dispatchEvent(new Event("input", { bubbles: true }));
        window.django.jQuery(search).trigger("input");
    });
}

/* Ctrl+Enter saves: on a new row and starts the next one, on an existing one and closes it. */
function saveByKeyboard() {
    document.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
        const button = document.querySelector("[name=_addanother]") || document.querySelector("[name=_save]");
        if (!button) return;
        event.preventDefault();
        button.click();
    });
}

/* The browser gives up on autofocus while the theme still hides the page, and a busy one may show it
   late: the field is asked anew, frame by frame, until it has the focus or somebody does something. */
function focusFirstField() {
    const field = document.querySelector("[autofocus]");
    if (!field) return;
    const acted = new AbortController();
    for (const kind of ["keydown", "pointerdown"]) {
        document.addEventListener(kind, () => acted.abort(), { signal: acted.signal });
    }
    const ask = () => {
        const isFree = [null, document.body].includes(document.activeElement);
        if (acted.signal.aborted || !isFree) return acted.abort();
        field.focus();
        requestAnimationFrame(ask);
    };
    ask();
}

window.addEventListener("load", focusFirstField);

document.addEventListener("DOMContentLoaded", () => {
    addLandmarks();
    mend(document);
    followFilterSheet();
    alignAmounts();
    typeIntoChoices();
    saveByKeyboard();
    new MutationObserver((changes) => {
        if (changes.some((change) => change.addedNodes.length)) mend(document);
    }).observe(document.body, { childList: true, subtree: true });
});
