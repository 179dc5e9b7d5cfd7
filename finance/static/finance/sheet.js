/* The sheet of expenses by keyboard: Enter goes to the next row and takes over what usually stays the
   same, a paste from a spreadsheet fills cells and rows, the beginning of a choice is enough. */

"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("[data-sheet]");
    if (!form) return;
    const body = form.querySelector("tbody");
    const most = Number(form.dataset.mostRows);
    const cellsOf = (row) => [...row.querySelectorAll("input[data-column]")];
    const cell = (row, name) => row.querySelector(`input[data-column="${name}"]`);

    function addRow() {
        if (body.rows.length >= most) return null;
        const last = body.rows[body.rows.length - 1];
        const number = Math.max(...[...body.rows].map((row) => Number(row.dataset.row))) + 1;
        const row = last.cloneNode(true);
        row.dataset.row = number;
        row.querySelectorAll(".sheet-problem").forEach((problem) => problem.remove());
        row.querySelector("th").textContent = number;
        for (const input of cellsOf(row)) {
            input.name = `${number}-${input.dataset.column}`;
            input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/\d+$/, number));
            input.value = "";
            input.removeAttribute("aria-invalid");
            input.removeAttribute("aria-describedby");
            input.closest("td").classList.remove("has-problem");
        }
        body.append(row);
        return row;
    }

    function carry(from, to) {
        for (const input of from.querySelectorAll("input[data-carried]")) {
            const below = cell(to, input.dataset.column);
            if (!below.value) below.value = input.value;
        }
    }

    /* “mark” is enough for Marketing, and the beginning of a name for a show, where only one fits. */
    function complete(input) {
        const typed = input.value.trim().toLowerCase();
        if (!typed || !input.list || input.dataset.column === "vendor_id") return;
        const options = [...input.list.options].map((option) => option.value);
        if (options.some((option) => option.toLowerCase() === typed)) return;
        const fitting = options.filter((option) => option.toLowerCase().startsWith(typed));
        if (fitting.length === 1) input.value = fitting[0];
    }

    form.addEventListener("change", (event) => {
        if (event.target.matches("input[data-column]")) complete(event.target);
    });

    form.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
        if (!event.target.matches("input[data-column]")) return;
        event.preventDefault();
        complete(event.target);
        const row = event.target.closest("tr");
        const next = row.nextElementSibling || addRow();
        if (!next) return;
        carry(row, next);
        const missing = cellsOf(next).find((input) => input.hasAttribute("data-carried") && !input.value
            && input.dataset.column !== "event_id");
        (missing || cell(next, "amount")).focus();
    });

    form.addEventListener("paste", (event) => {
        const start = event.target;
        const text = event.clipboardData.getData("text").replace(/\r/g, "").replace(/\n$/, "");
        if (!start.matches("input[data-column]") || !/[\t\n]/.test(text)) return;
        event.preventDefault();
        let row = start.closest("tr");
        const column = cellsOf(row).indexOf(start);
        for (const line of text.split("\n")) {
            if (!row) return;
            line.split("\t").forEach((value, place) => {
                const input = cellsOf(row)[column + place];
                if (!input) return;
                input.value = value.trim();
                complete(input);
            });
            if (row.previousElementSibling) carry(row.previousElementSibling, row);
            row = row.nextElementSibling || addRow();
        }
    });

    form.querySelector("[data-sheet-more]").addEventListener("click", () => {
        for (let more = 0; more < 10; more += 1) addRow();
    });

    const wrong = form.querySelector("[aria-invalid]");
    (wrong || cell(body.rows[0], "category")).setAttribute("autofocus", "");
});
