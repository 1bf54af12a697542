import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { messageOf, StasisError } from '@stasis/errors';

/** Policies that were read, found to fit their schema, and handed to Cedar under `id`. */
export interface Policies {
  /** `sha256:` of the schema's bytes and those of the other files, in order of name: which rules are in force. */
  readonly id: string;
  readonly actions: readonly string[];
  readonly policyIds: readonly string[];
  /** What a policy says to whom it forbids something, by policy id (`@says`). */
  readonly says: ReadonlyMap<string, string>;
}

/** The set that is shipped. */
export const shippedPolicies = path.resolve(import.meta.dirname, '../../policies');
const schemaFile = 'schema.cedarschema';

/**
 * Reads `schema.cedarschema` and every `*.cedar` of a folder. Each policy carries `@id("…")`, which events say later.
 * @throws StasisError ConfigInvalid naming the file or policy that is missing, does not parse, or does not fit the schema.
 */
export async function loadPolicies(folder: string): Promise<Policies> {
  const schema = await read(folder, schemaFile);
  const files = (await names(folder)).filter((name) => name.endsWith('.cedar')).toSorted();
  if (files.length === 0) throw invalid(folder, 'holds no .cedar file');
  const policies = new Map<string, string>();
  const says = new Map<string, string>();
  const hash = createHash('sha256').update(schema);
  for (const file of files) {
    const text = await read(folder, file);
    hash.update(text);
    for (const { id, policy, said } of policiesIn(text, path.join(folder, file))) {
      if (policies.has(id)) throw invalid(path.join(folder, file), `gives the id "${id}" to a second policy`);
      policies.set(id, policy);
      if (said !== undefined) says.set(id, said);
    }
  }
  const id = `sha256:${hash.digest('hex')}`;
  const staticPolicies = Object.fromEntries(policies);
  requireFit(folder, schema, staticPolicies);
  parsed(folder, cedar.preparseSchema(id, schema));
  parsed(folder, cedar.preparsePolicySet(id, { staticPolicies }));
  return { id, says, actions: actionsOf(folder, schema), policyIds: [...policies.keys()].toSorted() };
}

function policiesIn(text: string, file: string): { id: string; policy: string; said: string | undefined }[] {
  const parts = cedar.policySetTextToParts(text);
  if (parts.type === 'failure') throw invalid(file, wordsOf(parts.errors));
  if (parts.policy_templates.length > 0) throw invalid(file, 'holds a template, which no request could use');
  return parts.policies.map((policy) => {
    const read = cedar.policyToJson(policy);
    if (read.type === 'failure') throw invalid(file, wordsOf(read.errors));
    const { id, says } = read.json.annotations ?? {};
    if (id === undefined || !/^[a-z0-9-]{1,60}$/.test(id))
      throw invalid(file, 'holds a policy without an @id("…") of a-z, 0-9 and "-"');
    return { id, policy, said: says };
  });
}

function requireFit(folder: string, schema: string, staticPolicies: Record<string, string>): void {
  const answer = cedar.validate({ schema, policies: { staticPolicies } });
  if (answer.type === 'failure') throw invalid(folder, wordsOf(answer.errors));
  const [first] = [...answer.validationErrors, ...answer.validationWarnings];
  if (first !== undefined) throw invalid(folder, `policy "${first.policyId}": ${first.error.message}`);
}

/** The actions that something can be asked to do; groups are left out. */
function actionsOf(folder: string, schema: string): string[] {
  const read = cedar.schemaToJson(schema);
  if (read.type === 'failure') throw invalid(folder, wordsOf(read.errors));
  return Object.values(read.json).flatMap(({ actions }) =>
    Object.entries(actions).flatMap(([name, { appliesTo }]) =>
      appliesTo === undefined || appliesTo.principalTypes.length === 0 ? [] : [name],
    ),
  );
}

function parsed(folder: string, answer: cedar.CheckParseAnswer): void {
  if (answer.type === 'failure') throw invalid(folder, wordsOf(answer.errors));
}

const wordsOf = (errors: readonly cedar.DetailedError[]): string => errors.map(({ message }) => message).join('; ');

const names = (folder: string): Promise<string[]> => orInvalid(folder, () => readdir(folder));
const read = (folder: string, file: string): Promise<string> =>
  orInvalid(path.join(folder, file), () => readFile(path.join(folder, file), 'utf8'));

async function orInvalid<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw invalid(place, messageOf(error), error);
  }
}

const invalid = (place: string, what: string, cause?: unknown): StasisError =>
  new StasisError('ConfigInvalid', `policies: ${place}: ${what}`, {
    next: 'STASIS_POLICIES names the folder; without it the shipped policies are used.',
    ...(cause !== undefined && { cause }),
  });
