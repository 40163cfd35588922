import test from 'node:test';
import assert from 'node:assert/strict';
import { simulate } from '../../Examples/checkout/simulate.mjs';

const run = (guard, latency) => simulate({ sessions: 3_000, seed: 7, guard, latency });

test('calm, the faulty shop does as well as any, and in production it does not, with no error anywhere', async () => {
  const calm = await run('none', 'calm'), production = await run('none', 'production');
  assert.ok(Math.abs(calm.success - 0.987) < 0.006, `${calm.success}`);
  assert.ok(Math.abs(production.success - 0.913) < 0.015, `${production.success}`);
  assert.deepEqual([calm.errors, production.errors], [0, 0]);
});

for (const guard of ['G1', 'G2', 'G3', 'G4', 'G5', 'G9']) {
  test(`${guard} brings production back`, async () => {
    const found = await run(guard, 'production');
    assert.ok(Math.abs(found.success - 0.987) < 0.006, `${found.success}`);
    assert.equal(found.errors, 0);
  });
}
