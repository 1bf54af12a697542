import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { actions, type Route, roles, routes } from '@stasis/api-contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decide, type Question, whoMay } from './decide.ts';
import { loadPolicies, shippedPolicies } from './loadPolicies.ts';

const shipped = await loadPolicies(shippedPolicies);

describe('the actions', () => {
  it('are the same in the contract and in the schema', () => {
    expect(shipped.actions.toSorted()).toEqual([...actions].toSorted());
  });

  it('are each named by a route', () => {
    const named = new Set(Object.values<Route>(routes).map(({ action }) => action));
    expect(actions.filter((action) => !named.has(action))).toEqual([]);
  });

  it('are named by every route that asks for a token, and by no other', () => {
    const wrong = Object.values<Route>(routes).filter(({ auth, action }) => auth !== (action !== undefined));
    expect(wrong).toEqual([]);
  });
});

const platform = { kind: 'Platform', id: 'stasis' } as const;
const ledger = { kind: 'Ledger', id: 'default' } as const;
const aboutLedger = new Set(['events.follow', 'audit.read', 'audit.prove', 'audit.verify', 'audit.export']);
const question = (role: string, action: Question['action'], past = false): Question => ({
  principal: { id: 'sub_1', role, nodes: [] },
  action,
  resource: aboutLedger.has(action) ? ledger : platform,
  how: { past },
});

describe('a role', () => {
  const reads = ['container.read', 'checkpoint.read', 'restore.read', 'node.read', 'events.follow', 'token.whoami'];
  const audit = ['events.follow', 'token.whoami', ...actions.filter((action) => action.startsWith('audit.'))];
  const work = ['container.start', 'container.stop', 'container.remove', 'checkpoint.request', 'checkpoint.cancel'];
  it.each<[string, readonly string[]]>([
    ['viewer', reads],
    ['auditor', audit],
    ['operator', [...reads, ...work, 'node.report']],
    ['restorer', [...reads, 'restore.request', 'restore.cancel', 'node.report']],
    ['approver', [...reads, ...audit]],
    ['admin', actions],
    ['nobody-knows', ['token.whoami']],
  ])('%s may do this and nothing else', (role, may) => {
    const allowed = actions.filter((action) => decide(shipped, question(role, action)).allowed);
    expect(allowed.toSorted()).toEqual([...new Set(may)].toSorted());
  });

  it('is told which roles may, and by which policies', () => {
    const asked = question('auditor', 'restore.request');
    expect(decide(shipped, asked)).toEqual({ allowed: false, code: 'NotAuthorised' });
    expect(whoMay(shipped, asked)).toEqual({
      policies: ['admin', 'restorer'],
      roles: ['restorer', 'admin'],
    });
  });

  it('auditor reads the fleet as it was, not as it is', () => {
    expect(decide(shipped, question('auditor', 'container.read', true))).toEqual({
      allowed: true,
      policies: ['auditor-past'],
    });
    expect(decide(shipped, question('auditor', 'container.read')).allowed).toBe(false);
  });

  it.each(roles)('%s follows the system ledger only if it reads the audit', (role) => {
    const { allowed } = decide(shipped, {
      ...question(role, 'events.follow'),
      resource: { kind: 'Ledger', id: 'system' },
    });
    expect(allowed).toBe(['auditor', 'approver', 'admin'].includes(role));
  });
});

describe('a token held to a node', () => {
  const held = (action: Question['action'], resource: Question['resource'], node?: string): Question => ({
    principal: { id: 'sub_1', role: 'admin', nodes: ['node-1'] },
    action,
    resource,
    how: { past: false, ...(node !== undefined && { node }) },
  });
  const container = (node: string): Question['resource'] => ({
    kind: 'Container',
    id: `${node}/web`,
    attributes: { node, name: 'web', labels: [] },
  });
  const checkpoint = (node: string): Question['resource'] => ({
    kind: 'Checkpoint',
    id: 'ckp_1',
    attributes: { node, container: `${node}/web`, labels: [] },
  });

  it.each<[string, Question, boolean]>([
    ['stops a container there', held('container.stop', container('node-1')), true],
    ['stops none elsewhere', held('container.stop', container('node-2')), false],
    ['restores there', held('restore.request', checkpoint('node-1'), 'node-1'), true],
    ['restores nothing to elsewhere', held('restore.request', checkpoint('node-1'), 'node-2'), false],
    ['restores nothing from elsewhere', held('restore.request', checkpoint('node-2'), 'node-1'), false],
    ['makes no token that is held to less', held('token.create', platform), false],
    ['starts nothing where no node is named', held('container.start', platform), false],
  ])('%s', (_, asked, allowed) => {
    const decision = decide(shipped, asked);
    const code = allowed ? {} : { code: 'PolicyDenied' };
    expect(decision).toEqual({ allowed, ...code, policies: [allowed ? 'admin' : 'token-nodes'] });
  });
});

describe('a folder of policies is refused', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'stasis-test-policies-'));
    await writeFile(
      path.join(folder, 'schema.cedarschema'),
      await readFile(path.join(shippedPolicies, 'schema.cedarschema')),
    );
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it.each([
    ['when it holds no policy', undefined, /holds no \.cedar file/],
    ['when one does not parse', '@id("a") permit (principal', /a\.cedar/],
    ['when one has no id', 'permit (principal, action, resource);', /without an @id/],
    ['when two have one id', '@id("a") permit (principal, action, resource);'.repeat(2), /second policy/],
    [
      'when one speaks of an action that there is not',
      '@id("a") permit (principal, action == Stasis::Action::"restore.reqest", resource);',
      /policy "a".*restore\.reqest/,
    ],
    [
      'when one reads an attribute that there is not',
      '@id("a") forbid (principal, action == Stasis::Action::"checkpoint.request", resource) when { principal.admin };',
      /policy "a".*admin/,
    ],
    ['when one is a template', '@id("a") permit (principal == ?principal, action, resource);', /template/],
  ])('%s', async (_, text, message) => {
    if (text !== undefined) await writeFile(path.join(folder, 'a.cedar'), text);
    await expect(loadPolicies(folder)).rejects.toMatchObject({
      code: 'ConfigInvalid',
      message: expect.stringMatching(message),
    });
  });

  it('when it is not there', async () => {
    await expect(loadPolicies(path.join(folder, 'none'))).rejects.toMatchObject({ code: 'ConfigInvalid' });
  });
});
