// What to do about a failure mode: a checklist with what each action is predicted to give.

const ACTIONS_SHOWN = 3;

/** The checklist of a mode, the later actions folded, and what to watch; null where nothing is proposed. */
function checklistOf(mode, memory) {
  if (mode.interventions.length === 0) return null;
  const list = (actions) => element("ul", { class: "actions" }, ...actions.map((action) => actionLine(mode, action, memory)));
  const later = mode.interventions.slice(ACTIONS_SHOWN);
  return element(
    "div",
    { class: "todo" },
    element(
      "div",
      { class: "head" },
      element("h4", {}, "What to do"),
      copyButton(markdownOf(mode), "Copy the checklist as Markdown", "Copy as Markdown"),
    ),
    list(mode.interventions.slice(0, ACTIONS_SHOWN)),
    later.length > 0
      ? element("details", {}, element("summary", {}, plural(later.length, "further actions")), list(later))
      : null,
    mode.watch.length > 0
      ? element(
          "details",
          {},
          element("summary", {}, `Then watch ${plural(mode.watch.length, "other modes")}, which a remedy may make worse`),
          element("ul", { class: "watch" }, ...mode.watch.map((name) => element("li", {}, element("code", {}, name)))),
        )
      : null,
  );
}

function actionLine(mode, action, memory) {
  const key = `${mode.title} | ${action.action}`;
  const box = element("input", {
    type: "checkbox",
    checked: memory.has(key),
    onChange: () => memory.set(key, box.checked),
  });
  return element(
    "li",
    {},
    element(
      "label",
      {},
      box,
      element("span", {}, element("b", {}, `${action.title}. `), ...withCode(action.text)),
    ),
    element("p", { class: "promise" }, ...promises(action).map((words) => element("span", {}, words))),
  );
}

/** What an action is predicted to give, what it takes, and how many images would show it. */
function promises({ errors_gone: gone, false_positives: price, f1_gain: gain, basis, effort, images_needed: needed, images_here: here }) {
  const told = [];
  if (basis === "unknown") told.push("effect not predicted");
  else {
    const most = basis === "at most" ? "at most " : "";
    told.push(`${most}${plural(Math.round(gone), "errors")} gone`);
    if (gain !== null) told.push(`F1 ${gain < 0 ? "−" : "+"}${formatScore(Math.abs(gain))}`);
    if (Math.round(price) > 0) told.push(`${plural(Math.round(price), "false positives")} more`);
    if (Math.round(price) < 0) told.push(`${plural(-Math.round(price), "false positives")} fewer`);
    if (basis === "replayed") told.push("replayed on the stored outcomes");
  }
  told.push(`${effort} of work`);
  if (needed !== null) told.push(`seen in ${plural(needed, "images")} of the slice, ${formatCount(here)} are here`);
  return told;
}

function markdownOf(mode) {
  const lines = mode.interventions.map(
    (action) => `- [ ] **${action.title}.** ${action.text} (${promises(action).join(", ")})`,
  );
  const watch = mode.watch.map((name) => `- [ ] watch \`${name}\``);
  return [`### ${mode.title}`, "", mode.sentence, "", ...lines, ...watch, ""].join("\n");
}
