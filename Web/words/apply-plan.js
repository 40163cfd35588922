// @ts-check
// An accepted plan, done by the same deeds as by hand: columns, prompts, and last the view, so that one read shows it all.

import { viewOf } from './plan-steps.js';

/** @param {import('./turn.js').Plan} plan @param {import('../grid/store.js').Store} store @param {import('../columns/column-deeds.js').ColumnDeeds} deeds
 * @param {() => void} didOne told after each deed that Ctrl+Z takes back
 * @returns {Promise<string[]>} the columns that have a new prompt @throws {Error} when the server refuses a step; those before it are done */
export async function applyPlan(plan, store, deeds, didOne) {
  const filled = [];
  for (const step of [...plan.steps]) {
    if (step.step === 'addColumn') {
      const fill = plan.steps.find((s) => s.step === 'fillColumn' && s.name === step.name);
      const id = await deeds.add(step.name.trim(), step.type, fill?.step === 'fillColumn' ? { prompt: fill.prompt.trim() } : undefined);
      if (fill) filled.push(id);
    } else if (step.step === 'fillColumn' && step.column) {
      await deeds.instruct(step.column, step.prompt.trim());
      filled.push(step.column);
    } else continue;
    // Done once: accepting again after a refusal goes on with the next step.
    plan.steps = plan.steps.filter((s) => s !== step && !(step.step === 'addColumn' && s.step === 'fillColumn' && s.name === step.name));
    didOne();
  }
  const view = viewOf(plan);
  if (view) store.openView(view);
  return filled;
}
