import { isStasisError, StasisError } from '@stasis/errors';
import { createClient, shortType } from '@stasis/api-contract';
import { allPages } from '../pages.ts';
import type { Session } from '../session.ts';
import { up, type Up } from '../up/index.ts';
import { verifyTreeHead } from '../verification.ts';
import { busVersion } from './busVersion.ts';
import { checkClaims } from './claims.ts';
import { endContainers } from './endContainers.ts';
import { makeHome, removeHome } from './home.ts';
import { type DemoOptions, nodes } from './options.ts';
import { tryAsAuditor } from './refusal.ts';
import { type DemoReport, type Findings, reportOf } from './report.ts';
import { playStory } from './story.ts';
import type { Teller } from './teller.ts';

/**
 * A running program is checkpointed, lost, and restored on another node, on a platform that is made for it and is gone
 * afterwards, however it ends.
 * @param show told the report before the verdict.
 * @throws StasisError what did not work, or Internal naming the claims that were not shown.
 */
export const runDemo = async (
  base: Pick<Session, 'io' | 'printer'>,
  options: DemoOptions,
  teller: Teller,
  show: (report: DemoReport) => void,
): Promise<void> => {
  const home = makeHome();
  const started = start(base, options, home, teller);
  try {
    const platform = await started;
    base.io.signal.throwIfAborted();
    const session = sessionOf(base, platform);
    try {
      const findings = await findOut(session, platform, home, teller);
      tellEvents(findings, teller);
      show(reportOf(findings));
      judge(findings, teller);
    } finally {
      if (!options.keep) await endContainers(session, home);
    }
  } catch (error) {
    throw isStasisError(error) ? whereToLook(error, options, home) : error;
  } finally {
    const platform = await started.catch(() => {
      // It stopped what it had started; the error itself is on its way out.
    });
    await platform?.stop();
    if (!options.keep) await removeHome(home);
    const again = `npx stasis up --node ${nodes.join(',')}${platform === undefined ? '' : ` --bus ${platform.bus}`}`;
    teller.tell(options.keep ? `kept: STASIS_HOME=${home} ${again}` : 'all of it is gone again');
  }
};

const whereToLook = (error: StasisError, { keep }: DemoOptions, home: string): StasisError =>
  new StasisError(error.code, error.message, {
    details: error.details,
    next: keep
      ? `The logs of every part are in ${home}/logs.`
      : 'Run it again with --keep: the logs of every part stay.',
    cause: error,
  });

const start = (base: Pick<Session, 'io'>, options: DemoOptions, home: string, teller: Teller): Promise<Up> =>
  teller.step(
    () =>
      up({
        home,
        nodes,
        runtime: options.runtime,
        listen: '127.0.0.1:0',
        signal: base.io.signal,
        say: (line) => base.io.terminal && base.io.err(`${line}\n`),
        ...(options.bus !== undefined && { bus: options.bus }),
      }),
    ({ bus, why, url }) => `platform: Postgres, bus ${bus} (${why}), api at ${url}, ${nodes.join(' and ')}`,
  );

const sessionOf = ({ io, printer }: Pick<Session, 'io' | 'printer'>, { url, token }: Up): Session => {
  const connection = { server: url, token };
  return { io, printer, connection, client: createClient(connection) };
};

const findOut = async (session: Session, platform: Up, home: string, teller: Teller): Promise<Findings> => {
  const { client } = session;
  const version = await busVersion(platform);
  const node = (await client.listNodes()).items.find(({ id }) => id === nodes[0]);
  teller.tell(`         bus ${platform.bus} ${version}; runtime ${node?.runtime?.name} ${node?.runtime?.version}`);
  const story = await playStory(session, home, teller);
  const refusal = await teller.step(
    () => tryAsAuditor(session, story.restore.checkpoint),
    ({ code, next }) => `an auditor asks for a restore: ${code ?? 'NOT refused'}. ${next ?? ''}`,
  );
  const page = await allPages((cursor) => client.listEvents({ query: { ...cursor, order: 'asc' } }));
  const verification = await teller.step(
    () => client.verifyLedger(),
    ({ verified, size }) => `ledger ${verified ? 'verified' : 'NOT verified'}: ${size} events`,
  );
  const head = await verifyTreeHead(client, verification.ledger);
  const events = page.items.filter(({ position }) => position <= verification.size);
  return {
    ...{ bus: { kind: platform.bus, version }, node, story, events, verification, refusal },
    signed: head.size <= verification.size && head.size > 0,
  };
};

const tellEvents = ({ events }: Findings, teller: Teller): void => {
  teller.tell('');
  const begun = Date.parse(events[0]?.time ?? '');
  for (const { position, time, type, subject } of events) {
    const at = `+${((Date.parse(time) - begun) / 1000).toFixed(3)} s`;
    teller.tell(`${String(position).padStart(4)} ${at.padStart(11)}  ${shortType(type).padEnd(22)} ${subject}`);
  }
  teller.tell('');
};

const judge = (findings: Findings, teller: Teller): void => {
  const claims = checkClaims(findings);
  for (const { claim, shown, seen } of claims) {
    teller.tell(`${shown ? 'shown ' : 'FAILED'}  ${claim}`);
    teller.tell(`        ${seen}`);
  }
  const failed = claims.filter(({ shown }) => !shown);
  if (failed.length > 0)
    throw new StasisError('Internal', `not shown: ${failed.map(({ claim }) => claim).join('; ')}`, {
      details: failed.map(({ claim, seen }) => ({ field: claim, message: seen })),
    });
  teller.tell('');
  teller.tell('where to look next: `npm start` runs the platform and prints the address of its console,');
  teller.tell('docs/life-of-a-checkpoint.md follows one checkpoint through it, `npx stasis --help` has the verbs.');
};
