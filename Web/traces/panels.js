// @ts-check
// The panels beside the lanes: the selected event with its causes and effects, the state at an instant in both orders, and the diagnosis.

import { element } from './dom.js';
import { CONFIDENCES, EDGE_KINDS, EDGE_REASONS } from './edges.js';
import { MARKS } from './theme.js';
import { num, textOf } from './trace.js';
import { formatTime } from './viewport.js';

/** @typedef {import('./model.js').Model} Model */
/** @typedef {(event: number) => void} Choose */

const MAXIMUM_LISTED = 60;
/** Rows of state; a scrub builds them anew at every step. */
const MAXIMUM_ROWS = 80;

/** @param {Model} model @param {number} event @param {Choose} choose @param {...(Node | string)} more */
function eventButton(model, event, choose, ...more) {
  const kind = model.trace.kind(event);
  return element('button', { type: 'button', class: 'event', 'data-event': String(event), click: () => choose(event) },
    element('span', { class: `dot ${MARKS[kind]?.colour ?? 'faint'}`, 'aria-hidden': 'true' }),
    element('span', { class: 'name' }, model.trace.name(event)), ' ', element('span', { class: 'kind' }, kind), ' ', element('span', { class: 'title' }, model.title(event)), ...more);
}

/** @param {HTMLElement} box @param {Model} model @param {Choose} choose */
export function showEvent(box, model, choose) {
  const event = model.selected;
  if (event < 0) {
    box.replaceChildren(element('p', { class: 'quiet' }, 'Choose an event in the lanes or in the list: its causes and effects are drawn and listed here.'));
    return;
  }
  const { trace } = model;
  const record = trace.records[event] ?? {};
  const mark = MARKS[trace.kind(event)];
  const parts = [
    element('h2', {}, element('span', { class: `dot ${mark?.colour ?? 'faint'}`, 'aria-hidden': 'true' }), `${trace.name(event)} `, element('span', { class: 'kind' }, mark?.name ?? trace.kind(event))),
    element('p', { class: 'what' }, model.title(event)),
    element('p', { class: 'where' }, `line ${num(trace.lines, event)}, ${trace.process(event).role} \u201c${trace.process(event).name}\u201d`,
      model.axis.kind === 'time' ? `, ${formatTime(model.axis.timeOf(model.at(event)), 0.001)}` : ''),
  ];
  for (const divergence of model.divergences) {
    if (divergence.write !== event) continue;
    parts.push(element('p', { class: divergence.isViolation ? 'verdict bad' : 'verdict warn' },
      divergence.sentence || (divergence.isViolation
        ? `This write came after a write that was asked for later${divergence.overtaken >= 0 ? ` (${trace.name(divergence.overtaken)})` : ''}, and put another value in its place.`
        : 'This write was applied out of the order of asking. Whether that is wrong depends on the slot\u2019s policy, which is not known.')));
  }
  for (const finding of model.findingsAt.get(event) ?? []) {
    parts.push(element('p', { class: 'finding' }, element('strong', {}, textOf(finding.rule)), ` ${textOf(finding.name)} (${textOf(finding.severity)}, ${textOf(finding.confidence)}): ${textOf(finding.sentence)}`));
  }
  for (const advice of model.adviceAt.get(event) ?? []) parts.push(element('p', { class: 'finding' }, ...adviceWords(advice)));
  parts.push(linkList('Causes', model, event, 'causes', choose), linkList('Effects', model, event, 'effects', choose), members(record));
  box.replaceChildren(...parts);
}

/** @param {string} title @param {Model} model @param {number} event @param {'causes' | 'effects'} side @param {Choose} choose */
function linkList(title, model, event, side, choose) {
  const { edges } = model;
  const own = side === 'causes' ? edges.into(event) : edges.outOf(event);
  const list = element('ul', { class: 'links' });
  for (const edge of own.subarray(0, MAXIMUM_LISTED)) {
    const other = num(side === 'causes' ? edges.from : edges.to, edge);
    const kind = EDGE_KINDS[num(edges.kind, edge)] ?? 'await';
    list.append(element('li', {}, eventButton(model, other, choose, element('span', { class: 'why' }, `${EDGE_REASONS[kind]} (${CONFIDENCES[num(edges.confidence, edge)]})`))));
  }
  const all = model.linked[side].size;
  return element('section', { 'aria-label': title }, element('h3', {}, title, element('span', { class: 'count' }, all > own.length ? ` ${own.length} direct, ${all}${all >= 399 ? ' or more' : ''} in all` : ` ${own.length}`)),
    own.length ? list : element('p', { class: 'quiet' }, side === 'causes' ? 'None recorded.' : 'None recorded.'));
}

/** @param {import('./trace.js').TraceRecord} record */
function members(record) {
  const rows = Object.entries(record).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value) ?? '';
    return element('tr', {}, element('th', { scope: 'row' }, name), element('td', {}, text.length > 2_000 ? `${text.slice(0, 2_000)}\u2026` : text));
  });
  return element('section', { 'aria-label': 'Record' }, element('h3', {}, 'Record'), element('table', { class: 'record' }, element('tbody', {}, ...rows)));
}

/** @param {HTMLElement} box @param {Model} model @param {Choose} choose */
export function showState(box, model, choose) {
  const event = num(model.order, model.playhead);
  const rows = model.orders.stateAt(model.playhead);
  const differing = rows.filter((row) => row.isDifferent).length;
  const several = model.trace.processes.filter((process) => process.count > 0).length > 1;
  const body = rows.slice(0, MAXIMUM_ROWS).map((row) => element('tr', { class: row.isDifferent ? 'different' : '' },
    element('th', { scope: 'row' }, row.key, several ? element('span', { class: 'process' }, ` ${row.process}`) : null),
    element('td', {}, valueButton(row.recorded, row.recordedEvent, choose)),
    element('td', {}, row.isDifferent ? element('span', { class: 'mark', 'aria-label': 'differs: ' }, '\u2260 ') : null, row.note ? element('em', {}, row.asked) : valueButton(row.asked, row.askedEvent, choose))));
  box.replaceChildren(
    element('p', { class: 'where' }, 'After ', eventButton(model, event, choose)),
    element('p', { class: differing ? 'verdict bad' : 'verdict good' }, differing
      ? `${differing} of ${rows.length} ${rows.length === 1 ? 'key differs' : 'keys differ'} from what was asked for.`
      : rows.length ? `All ${rows.length} keys hold what was asked for.` : 'Nothing has been written yet.'),
    element('table', { class: 'state' }, element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, 'Key'), element('th', { scope: 'col' }, 'As recorded'), element('th', { scope: 'col' }, 'In the order of asking'))),
      element('tbody', {}, ...body)),
    rows.length > MAXIMUM_ROWS ? element('p', { class: 'quiet' }, `Differing keys first, then those written last: ${MAXIMUM_ROWS} of ${rows.length} are shown.`) : '',
    element('p', { class: 'quiet' }, 'Right column: the same responses that were applied until here, per slot in the order in which they were asked for (merging slots aside). Drag the ruler, or press , and . to move.'));
}

/** @param {string} text @param {number} event @param {Choose} choose */
function valueButton(text, event, choose) {
  return element('button', { type: 'button', class: 'value', click: () => choose(event) }, text.length > 300 ? `${text.slice(0, 300)}\u2026` : text);
}

/** @param {HTMLElement} box @param {Model} model @param {Choose} choose */
export function showDiagnosis(box, model, choose) {
  const { diagnosis, trace } = model;
  /** @type {(Node | string)[]} */
  const parts = [];
  const first = model.firstDivergence;
  parts.push(element('h2', {}, 'First divergence'));
  if (first) {
    parts.push(element('p', { class: 'verdict bad' }, first.sentence || `${trace.name(first.write)} wrote ${first.key} after a request that was asked for later had written it.`),
      element('p', {}, eventButton(model, first.write, choose)), element('p', {}, first.overtaken >= 0 ? eventButton(model, first.overtaken, choose) : ''));
  } else if (model.verdict.tone === 'good') parts.push(element('p', { class: 'verdict good' }, 'None: no response replaced the value of one that was asked for later.'));
  else {
    parts.push(element('p', { class: 'verdict warn' }, model.orders.hasResponseWrites
      ? 'Some writes depended on the order of responses. Whether that is wrong depends on the slots\u2019 policies, which are not known.'
      : 'Not known: this trace records no writes caused by responses, so it cannot show what replaced what.'));
  }
  const proven = model.divergences.filter((divergence) => divergence.isProven);
  if (proven.length > 1) parts.push(...listed('Divergences', proven, model, choose));
  const others = model.divergences.filter((divergence) => !divergence.isFirst && !divergence.isProven);
  if (others.length) parts.push(...listed('Other inversions', others, model, choose));
  if (diagnosis) parts.push(...explained(model, diagnosis, choose));
  else parts.push(element('p', { class: 'quiet' }, 'No diagnosis came with this trace: inversions were found by this page. ', element('code', {}, 'trueline diagnose FILE'), ' proves them by replay and names the guard.'));
  parts.push(about(model));
  box.replaceChildren(...parts);
}

/** @param {string} title @param {import('./model.js').Divergence[]} divergences @param {Model} model @param {Choose} choose @returns {Node[]} */
function listed(title, divergences, model, choose) {
  const list = element('ul', { class: 'links' });
  for (const divergence of divergences.slice(0, MAXIMUM_LISTED)) list.append(element('li', {}, eventButton(model, divergence.write, choose)));
  return [element('h3', {}, title, element('span', { class: 'count' }, ` ${divergences.length}`)), list];
}

/** @param {Model} model @param {import('./model.js').Diagnosis} diagnosis @param {Choose} choose */
function explained(model, diagnosis, choose) {
  const parts = [];
  const steps = Array.isArray(diagnosis.explanation) ? diagnosis.explanation : [];
  if (steps.length) {
    const list = element('ol', { class: 'links' });
    for (const step of steps.slice(0, 9)) {
      const event = model.trace.find(textOf(step?.event));
      const because = textOf(step?.because);
      list.append(element('li', {}, because ? element('span', { class: 'why' }, `${because} (${textOf(step.confidence)})`) : '',
        event === undefined ? `${textOf(step?.event)} ${textOf(step?.label)}` : eventButton(model, event, choose)));
    }
    parts.push(element('h3', {}, 'Explanation'), list);
  }
  const guards = Array.isArray(diagnosis.guards) ? diagnosis.guards : [];
  if (guards.length) {
    parts.push(element('h3', {}, 'Guards'), element('table', { class: 'record' }, element('tbody', {}, ...guards.slice(0, 12).map((guard) => element('tr', { class: guard?.advised ? 'advised' : '' },
      element('th', { scope: 'row' }, `${textOf(guard?.guard)}${guard?.advised ? ' (advised)' : ''}`),
      element('td', {}, textOf(guard?.name)),
      element('td', {}, guard?.missing ? `not judged: ${textOf(guard.missing)}` : `${textOf(guard?.residual)} left, ${textOf(guard?.wronglyBlocked)} wrongly blocked, in ${textOf(guard?.orders)} orders`))))));
  }
  const advised = [...model.adviceAt].flatMap(([event, list]) => list.map((advice) => ({ event, advice })));
  if (advised.length) {
    const list = element('ul', { class: 'links' });
    for (const { event, advice } of advised.slice(0, MAXIMUM_LISTED)) {
      list.append(element('li', {}, element('span', { class: 'why' }, ...adviceWords(advice)), eventButton(model, event, choose)));
    }
    parts.push(element('h3', {}, 'What prevents each', element('span', { class: 'count' }, ` ${advised.length}`)), list);
  }
  const findings = Array.isArray(diagnosis.findings) ? diagnosis.findings : [];
  if (findings.length) {
    const list = element('ul', { class: 'links' });
    for (const finding of findings.slice(0, MAXIMUM_LISTED)) {
      const event = model.trace.find(textOf(finding?.event));
      list.append(element('li', {}, element('strong', {}, textOf(finding?.rule)), ` ${textOf(finding?.name)}, ${textOf(finding?.severity)} `, event === undefined ? '' : eventButton(model, event, choose)));
    }
    parts.push(element('h3', {}, 'Findings', element('span', { class: 'count' }, ` ${findings.length}`)), list);
  }
  return parts;
}

/** The guard that prevents a finding and how that was proved, in words. @param {import('./model.js').Diagnosis} advice @returns {(Node | string)[]} */
function adviceWords(advice) {
  const guards = Array.isArray(advice.guards) ? advice.guards : [];
  const rule = element('strong', {}, textOf(advice.rule));
  if (advice.missing) return [rule, ` no guard proved: the trace lacks ${textOf(advice.missing)}`];
  const guard = guards.find((one) => one?.advised);
  if (!guard) return [rule, ' none of the guards tried suffices alone'];
  const over = Number(advice.orders) || 1;
  return [rule, ' prevented by ', element('strong', {}, textOf(guard.guard)), ` ${textOf(guard.name)} (${textOf(advice.proof)}, ${over} ${over === 1 ? 'order' : 'orders'})${guard.note ? `: ${textOf(guard.note)}` : ''}`];
}

/** How the axis came about, and what could not be read. @param {Model} model */
function about(model) {
  const { axis, trace } = model;
  const sentences = axis.kind === 'order'
    ? ['Events stand in causal order, one step each; distances mean nothing.']
    : ['Time runs within a process. Clocks of different processes are not compared: each is shifted as a whole so that messages arrive after they were sent.'];
  if (axis.cuts.length) sentences.push(`${axis.cuts.length} long ${axis.cuts.length === 1 ? 'pause is' : 'pauses are'} cut short (dashed).`);
  if (axis.moved) sentences.push(`${axis.moved} events stand later than their clock says, because a message says so.`);
  if (axis.isolated.length) sentences.push(`No message connects ${axis.isolated.slice(0, 5).join(', ')} to the others: where it stands against them means nothing.`);
  if (model.droppedEdges) sentences.push(`${model.droppedEdges} edges contradict the order of their process and were dropped.`);
  const limits = Array.isArray(trace.header.limits) ? trace.header.limits.slice(0, 20).map(textOf).filter(Boolean) : [];
  sentences.push(...limits);
  if (trace.rejected) sentences.push(`${trace.rejected} lines could not be read, the first is line ${trace.rejections[0]?.line}: ${trace.rejections[0]?.reason}.`);
  return element('section', { 'aria-label': 'About this picture' }, element('h3', {}, 'About this picture'), ...sentences.map((sentence) => element('p', { class: 'quiet' }, sentence)));
}
